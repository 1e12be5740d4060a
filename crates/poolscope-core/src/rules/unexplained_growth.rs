//! PS004: the pool grows, and no tag shows it.

use super::{BootJudgement, Finding, Rule, Strength, Subject, View, number};
use crate::judge::{ExplainedGrowth, LEAST_SNAPSHOTS};
use crate::model::CounterKey;
use crate::units::bytes_per_hour;
use poolscope_formats::Time;

/// The part of a pool that no tag shows (4 to 16 % of it on measured hosts) grows with the pool; only a larger share
/// of the growth is worth a line.
const LEAST_UNTAGGED_SHARE: f64 = 0.2;

pub(super) const RULE: Rule = Rule {
    code: "PS004",
    name: "total-grows-but-no-tag-explains-it",
    doc: "# PS004 total-grows-but-no-tag-explains-it

## What it does
Reports a pool whose total (\\Memory\\Pool Nonpaged Bytes or the head of the listings) grows while the tags that
were seen do not explain it.

## Why it matters
Naming the tag that grows most would accuse the wrong one. Listings are cut short, large allocations can be
missing from them, and 84 to 88 % is a usual share of the total for the sum of all tags: a steady remainder is
normal, a growing one is not.

## Source
Reference peers-and-domain.md 0 (fact 5); docs/method.md.",
    check,
};

fn title(boot: &BootJudgement, growth: &ExplainedGrowth) -> String {
    let run = if boot.from > Time(i64::MIN) {
        format!(" in the run of Windows since {} UTC", boot.from)
    } else {
        String::new()
    };
    let grows = format!(
        "the {} pool grows by {}{run}",
        growth.pool,
        bytes_per_hour(growth.total_bytes_per_hour.estimate)
    );
    if boot.judgement.tags.is_empty() {
        return format!("{grows}, and no snapshot of its tags was taken then");
    }
    let listed = boot.judgement.tags.iter().map(|tag| tag.samples).max().unwrap_or(0);
    if listed < LEAST_SNAPSHOTS {
        return format!(
            "{grows}; {listed} snapshots of its tags in that run are too few to say which tags make it"
        );
    }
    let explained = bytes_per_hour(growth.tagged_bytes_per_hour.estimate);
    format!("{grows}, and the tags seen explain only {explained} of it")
}

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for boot in view.boots {
        for growth in boot.judgement.growth.iter().filter(|growth| {
            let least = LEAST_UNTAGGED_SHARE * growth.total_bytes_per_hour.estimate;
            growth.untagged_leak && growth.untagged_bytes_per_hour.estimate >= least
        }) {
            findings.push(Finding {
                code: RULE.code,
                title: title(boot, growth),
                subject: Subject::Pool(growth.pool),
                numbers: vec![
                    number("total_bytes_per_hour", growth.total_bytes_per_hour.estimate, "bytes_per_hour"),
                    number("tagged_bytes_per_hour", growth.tagged_bytes_per_hour.estimate, "bytes_per_hour"),
                    number(
                        "untagged_bytes_per_hour",
                        growth.untagged_bytes_per_hour.estimate,
                        "bytes_per_hour",
                    ),
                ],
                sources: view
                    .case
                    .counters
                    .get(&CounterKey::total_of(growth.pool))
                    .map(|series| {
                        series.source_at(boot.from.max(series.times.first().copied().unwrap_or(boot.from)))
                    })
                    .into_iter()
                    .collect(),
                strength: Strength::Measured,
            });
        }
    }
    findings
}
