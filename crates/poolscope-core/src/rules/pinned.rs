//! PS019: a tag grew, then stopped, and nothing was given back.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::judge::Class;
use crate::units::{bytes, hours};

/// Byte for byte the same over at least this long is no accident.
const MIN_HOURS_IDENTICAL: f64 = 2.0;

/// And over at least so many snapshots.
const MIN_SNAPSHOTS_IDENTICAL: usize = 3;

/// Growth below this share of what stands is not worth a line.
const MIN_SHARE_GROWN: f64 = 0.2;

/// Tags told.
const MOST_TAGS: usize = 5;

pub(super) const RULE: Rule = Rule {
    code: "PS019",
    name: "pinned-not-growing",
    doc: "# PS019 pinned-not-growing

## What it does
Reports tags that grew by at least a fifth of what they hold and then stood byte for byte the same for two hours and
three snapshots or more, up to the last one.

## Why it matters
Growth that stopped is not leaking now: the workload behind it has ended, or a limit is reached. What was not given
back is pinned by whoever made it. Find what ran while it grew; the end of the growth dates it.

## Source
Reference field-lessons.md 3 (rules 5, 6; cases 05, 10, 18). The thresholds are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let mut findings = Vec::new();
    let mut grown: Vec<_> = boot
        .judgement
        .tags
        .iter()
        .filter(|tag| matches!(tag.class, Class::PinnedAfterGrowth | Class::StepThenFlat))
        .filter(|tag| tag.growth_bytes >= tag.outstanding_bytes as f64 * MIN_SHARE_GROWN)
        .filter(|tag| tag.growth_bytes > 0.0)
        .collect();
    grown.sort_by_key(|tag| (std::cmp::Reverse(tag.outstanding_bytes), tag.key));
    for tag in grown {
        let Some(series) = view.case.tags.get(&tag.key) else { continue };
        let range = series.range(boot.from, boot.to);
        let (Some(held), Some(times)) = (series.bytes.get(range.clone()), series.times.get(range)) else {
            continue;
        };
        let same = held.iter().rev().take_while(|&&one| held.last() == Some(&one)).count();
        let (Some(since), Some(last)) = (times.get(held.len() - same), times.last()) else { continue };
        let stood = last.hours_since(*since);
        if same < MIN_SNAPSHOTS_IDENTICAL || stood < MIN_HOURS_IDENTICAL {
            continue;
        }
        findings.push(Finding {
            code: RULE.code,
            title: format!(
                "{} holds exactly {} since {since} UTC ({}, {same} snapshots): it grew before, grows no more, and \
                 was not given back",
                label(tag.key.tag, tag.key.pool),
                bytes(tag.outstanding_bytes as f64),
                hours(stood)
            ),
            subject: Subject::Tag(tag.key),
            numbers: vec![
                number("outstanding_bytes", tag.outstanding_bytes as f64, "bytes"),
                number("hours_identical", stood, "hours"),
            ],
            sources: view.end_sources(tag.key, boot),
            strength: Strength::Measured,
        });
    }
    findings.truncate(MOST_TAGS);
    findings
}

#[cfg(test)]
mod tests {
    use crate::judge::Class;
    use crate::testcase::TestCase;

    #[test]
    fn growth_that_stopped() {
        let mut case = TestCase::new(24);
        let counts = (0..24).map(|sample| 1_000 + sample.min(12) * 500).collect();
        case.series(b"NtFC", counts, 144, Class::PinnedAfterGrowth);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.contains("5.5 hours, 12 snapshots"), "{}", found[0].title);
    }
}
