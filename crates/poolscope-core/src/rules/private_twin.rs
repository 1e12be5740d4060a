//! PS017: a private tag names the owner of a shared one.

use super::{BootJudgement, Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::model::Grade;
use crate::twins::{Twin, twins};

/// Twins told for one tag.
const MOST_TWINS: usize = 2;

pub(super) const RULE: Rule = Rule {
    code: "PS017",
    name: "private-twin-names-the-owner",
    doc: "# PS017 private-twin-names-the-owner

## What it does
For a suspect tag that others allocate through (shared, object or unknown), it looks for a private tag in its
lock-step group, or in every step of a few listings, whose count stands in a whole ratio (one to four for each, 6 % off
at most), and names that tag's owner. A twin that no list knows is told as well: its four bytes are what to search the drivers for.

## Why it matters
Mdl, Irp, File or NtFC are made for anybody. The driver that asked for them usually makes a structure of its own each
time, under a tag of its own. Equal counts of both are how experts name the driver without a debugger.

## Source
Reference field-lessons.md 3 (rule 4; NPBL = Mdl in case 27, WCsc = NtfC = FMwi in case 05). The margins are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    // One private tag may stand behind many shared ones: one finding for it.
    let mut behind: Vec<(Twin, Vec<String>)> = Vec::new();
    for tag in view.suspects() {
        for twin in twins(view, boot, tag.key).into_iter().take(MOST_TWINS) {
            let shared = label(tag.key.tag, tag.key.pool);
            match behind.iter_mut().find(|(known, _)| known.pointer == twin.pointer) {
                Some((known, names)) => {
                    names.push(shared);
                    known.agreement = known.agreement.min(twin.agreement);
                }
                None => behind.push((twin, vec![shared])),
            }
        }
    }
    behind.into_iter().map(|(twin, shared)| finding(view, boot, &twin, &shared.join(", "))).collect()
}

fn finding(view: &View<'_>, boot: &BootJudgement, twin: &Twin, shared: &str) -> Finding {
    let pointer = label(twin.pointer.tag, twin.pointer.pool);
    let (title, subject) = match &twin.owner {
        Some(owner) => (
            format!(
                "{} {} behind {shared}: {} [{}]",
                owner.name,
                if owner.grade == Grade::Circumstance { "may be" } else { "is" },
                twin.reason(),
                owner.grade.words()
            ),
            Subject::Driver(owner.name.clone()),
        ),
        None => (
            format!(
                "{pointer} moves one to one with {shared} and no list knows it: search the drivers for its four bytes"
            ),
            Subject::Tag(twin.pointer),
        ),
    };
    let mut sources = view.end_sources(twin.pointer, boot);
    sources.extend(twin.owner.as_ref().and_then(|owner| owner.source));
    Finding {
        code: RULE.code,
        title,
        subject,
        numbers: vec![
            number("ratio", twin.ratio, "ratio"),
            number("agreement", twin.agreement, "correlation"),
        ],
        sources,
        strength: Strength::Measured,
    }
}

#[cfg(test)]
mod tests {
    use crate::testcase::TestCase;

    #[test]
    fn npcap_behind_mdl() {
        let mut case = TestCase::new(24);
        case.leaking(b"Mdl ", 100.0, 128);
        case.leaking(b"NPBL", 100.0, 64);
        case.group(&[(b"NPBL", 1.0), (b"Mdl ", 1.0)]);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.starts_with("npcap.sys is behind Mdl"), "{}", found[0].title);
    }

    #[test]
    fn of_a_few_listings_every_step_must_agree() {
        let found = |private: f64| {
            let mut case = TestCase::new(6);
            case.leaking(b"NDnd", 2_000.0, 2_176);
            case.leaking(b"PlNb", private, 288);
            case.check(&super::RULE)
        };
        let twins = found(2_000.0);
        assert_eq!(twins.len(), 1, "{twins:?}");
        assert!(twins[0].title.starts_with("PlNb (nonpaged) moves one to one with NDnd"), "{twins:?}");
        assert!(found(1_500.0).is_empty());
    }

    #[test]
    fn an_odd_ratio_points_at_nobody_and_an_unknown_twin_is_worth_a_search() {
        let mut case = TestCase::new(24);
        case.leaking(b"Mdl ", 100.0, 128);
        case.leaking(b"Qxyz", 100.0, 64);
        case.group(&[(b"Qxyz", 1.0), (b"Mdl ", 1.37)]);
        assert!(case.check(&super::RULE).is_empty());
        let mut case = TestCase::new(24);
        case.leaking(b"Mdl ", 200.0, 128);
        case.flat(b"Qxyz", 100, 64);
        case.group(&[(b"Qxyz", 1.0), (b"Mdl ", 2.02)]);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.contains("no list knows it"), "{}", found[0].title);
    }
}
