//! PS022: something changed before the growth began.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::changes::{before_the_onset, began, dating_tag};
use crate::ingest::label;
use crate::model::ChangeWhat;
use crate::units::hours;

/// Changes told for the first suspect.
const MOST_CHANGES: usize = 3;

pub(super) const RULE: Rule = Rule {
    code: "PS022",
    name: "change-before-the-onset",
    doc: "# PS022 change-before-the-onset

## What it does
Ranks what was installed in the 14 days before the first suspect began to grow: drivers, services, updates, signature
updates, from the event log, setup logs and update lists. Nearer changes weigh more (half after 24 hours), drivers
more than services, those more than updates; a change that names a driver which other evidence ties to the tag comes
first. What speaks against each stands beside it.

## Why it matters
The change before the onset is the first thing to undo. It is circumstance: most servers change daily, and a leak seen
from the first sample on began at an unknown time.

## Source
Reference field-lessons.md 3 (rules 8, 9); peers-and-domain.md 2.6, 4 (9). The weights are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let Some(tag) = dating_tag(view, boot) else { return Vec::new() };
    let Some(began) = began(view, boot, tag) else { return Vec::new() };
    let name = label(tag.key.tag, tag.key.pool);
    let ranked = before_the_onset(view, boot, tag).into_iter().take(MOST_CHANGES);
    ranked
        .enumerate()
        .map(|(at, one)| {
            let when = match (one.hours_before, began.seen) {
                (h, true) if h <= 0.0 => format!("when {name} began to grow"),
                (h, true) => format!("{} before {name} began to grow", hours(h)),
                (h, false) if h <= 0.0 => format!("before the first sample of {name}, which grew already"),
                (h, false) => format!("{} before {name} can have begun to grow", hours(h)),
            };
            let against = if one.against.is_empty() {
                String::new()
            } else {
                format!("; against it: {}", one.against.join("; "))
            };
            Finding {
                code: RULE.code,
                title: format!(
                    "change {}, {when}: {} at {} UTC{against}",
                    at + 1,
                    one.change.text,
                    one.change.time
                ),
                numbers: vec![
                    number("rank", (at + 1) as f64, "count"),
                    number("hours_before_the_onset", one.hours_before, "hours"),
                ],
                sources: vec![one.change.source],
                subject: match one.change.what {
                    ChangeWhat::Driver => Subject::Driver(one.change.name),
                    _ => Subject::Host,
                },
                strength: Strength::Suggests,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::model::EventKind;
    use crate::testcase::TestCase;

    #[test]
    fn the_driver_before_the_onset_comes_before_the_daily_signature() {
        let mut case = TestCase::new(96);
        case.leaking(b"Abcd", 500.0, 144);
        case.onset(20.0);
        case.event(
            19.0,
            EventKind::UpdateInstalled { name: "Security Intelligence Update KB2267602".into() },
            "u",
        );
        case.event(17.0, EventKind::DriverChange { name: "abc.sys".into() }, "driver installed: abc.sys");
        case.event(17.2, EventKind::ServiceInstalled { name: "Abc".into() }, "service Abc installed");
        case.event(30.0, EventKind::DriverChange { name: "late.sys".into() }, "driver installed: late.sys");
        let found = case.check(&super::RULE);
        let titles: Vec<&str> = found.iter().map(|f| f.title.as_str()).collect();
        assert_eq!(found.len(), 2, "{titles:?}");
        assert!(titles[0].contains("abc.sys"), "{titles:?}");
        assert!(titles[1].contains("signature updates come daily"), "{titles:?}");
    }

    #[test]
    fn a_few_listings_date_the_leak_between_the_last_low_one_and_the_next() {
        let mut case = TestCase::new(7);
        let counts = vec![1_000, 1_000, 1_000, 51_000, 101_000, 151_000, 201_000];
        case.series(b"Hgqx", counts, 240, crate::judge::Class::SteadyLeak).leaking = true;
        case.event(1.2, EventKind::DriverChange { name: "hg.sys".into() }, "driver installed: hg.sys");
        case.event(1.7, EventKind::DriverChange { name: "late.sys".into() }, "driver installed: late.sys");
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].title.contains("when Hgqx (nonpaged) began to grow: driver installed: hg.sys"),
            "{found:?}"
        );
        assert!(!found[0].title.contains("not known"), "{found:?}");
    }
}
