//! PS016: tags whose outstanding counts move together.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;

/// Groups told, those with the most growth first.
const MOST_GROUPS: usize = 4;

/// Members told of one group.
const MOST_MEMBERS: usize = 6;

pub(super) const RULE: Rule = Rule {
    code: "PS016",
    name: "tags-move-in-lock-step",
    doc: "# PS016 tags-move-in-lock-step

## What it does
Lists groups of tags, at least one of them a suspect, whose outstanding counts change together in a fixed ratio, the
purest first.

## Why it matters
Tags in a fixed ratio share one code path: they are one leak, not several, and whoever causes one causes all. The
purest member points best at the code. A whole ratio (1 : 1, 2 : 1) is the rule for structures made together.

## Source
Reference field-lessons.md 3 (rule 4; cases 05, 07, 27); the groups are computed as docs/method.md says.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let suspects = view.suspects();
    let mut groups: Vec<_> = boot
        .judgement
        .groups
        .iter()
        .filter_map(|group| {
            let rank = group
                .members
                .iter()
                .filter_map(|member| suspects.iter().position(|tag| tag.key == member.key))
                .min()?;
            (group.members.len() > 1).then_some((rank, group))
        })
        .collect();
    groups.sort_by_key(|(rank, group)| (*rank, group.members.first().map(|member| member.key)));
    let told = groups.into_iter().take(MOST_GROUPS);
    told.filter_map(|(_, group)| {
        let (first, rest) = group.members.split_first()?;
        let others: Vec<String> = rest
            .iter()
            .take(MOST_MEMBERS)
            .map(|member| {
                format!("{} ({:.2} for each)", label(member.key.tag, member.key.pool), member.ratio)
            })
            .collect();
        let more = rest.len().saturating_sub(MOST_MEMBERS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let mut sources = view.end_sources(first.key, boot);
        sources.extend(rest.first().and_then(|member| view.last_source(member.key, boot)));
        Some(Finding {
            code: RULE.code,
            title: format!(
                "{} moves in lock-step with {}{more}: one leak, not several",
                label(first.key.tag, first.key.pool),
                others.join(", ")
            ),
            subject: Subject::Tag(first.key),
            numbers: vec![
                number("members", group.members.len() as f64, "count"),
                number("agreement", group.agreement, "correlation"),
            ],
            sources,
            strength: Strength::Measured,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::testcase::TestCase;

    #[test]
    fn a_group_with_a_suspect_is_told_and_others_are_not() {
        let mut case = TestCase::new(24);
        case.leaking(b"NPBL", 100.0, 64);
        case.leaking(b"Mdl ", 100.0, 128);
        case.flat(b"Aaaa", 10, 10);
        case.flat(b"Bbbb", 10, 10);
        case.group(&[(b"NPBL", 1.0), (b"Mdl ", 1.0)]);
        case.group(&[(b"Aaaa", 1.0), (b"Bbbb", 1.0)]);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.contains("NPBL (nonpaged) moves in lock-step with Mdl"), "{}", found[0].title);
    }
}
