//! PS025: memory ran out, and not in the pool.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::units::bytes;

/// Commit is as good as spent from this share of its limit on.
const COMMIT_SPENT: f64 = 0.9;

/// Pools that hold less than this share of the commit charge did not spend it.
const SMALL_SHARE: f64 = 0.2;

pub(super) const RULE: Rule = Rule {
    code: "PS025",
    name: "exhaustion-that-is-not-pool",
    doc: "# PS025 exhaustion-that-is-not-pool

## What it does
Reads event 2004 (Resource-Exhaustion-Detector): commit at 90 % of its limit or more while both pools together hold
less than 20 % of it.

## Why it matters
Event 2004 is written when commit runs low, whoever spent it. With small pools the memory is in processes: look at
their private bytes, not at pool tags. Requests fail and services hang just the same.

## Source
Reference peers-and-domain.md 2.6; field-lessons.md 4. The shares are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let spent = view.case.exhaustion_reports.iter().rev().find_map(|report| {
        let (charge, limit) = report.commit.filter(|&(_, limit)| limit > 0)?;
        let pools = report.nonpaged_bytes?.saturating_add(report.paged_bytes.unwrap_or(0));
        let small = (pools as f64) < charge as f64 * SMALL_SHARE;
        (charge as f64 >= limit as f64 * COMMIT_SPENT && small).then_some((report, charge, limit, pools))
    });
    let Some((report, charge, limit, pools)) = spent else { return Vec::new() };
    vec![Finding {
        code: RULE.code,
        title: format!(
            "at {} UTC {} of {} commit were spent and the pools held only {} of it: the memory is in processes",
            report.time,
            bytes(charge as f64),
            bytes(limit as f64),
            bytes(pools as f64)
        ),
        subject: Subject::Host,
        numbers: vec![
            number("commit_charge_bytes", charge as f64, "bytes"),
            number("commit_limit_bytes", limit as f64, "bytes"),
            number("pool_bytes", pools as f64, "bytes"),
        ],
        sources: vec![report.source],
        strength: Strength::Proven,
    }]
}

#[cfg(test)]
mod tests {
    use crate::model::ExhaustionReport;
    use crate::testcase::{TestCase, at};

    #[test]
    fn small_pools_and_spent_commit() {
        for (nonpaged, found) in [(300u64 << 20, 1), (9 << 30, 0)] {
            let mut case = TestCase::new(2);
            let source = case.source(1);
            case.builder.exhaustion_reports.push(ExhaustionReport {
                time: at(1.0),
                nonpaged_bytes: Some(nonpaged),
                paged_bytes: Some(200 << 20),
                commit: Some((15 << 30, 16 << 30)),
                tags: Vec::new(),
                processes: Vec::new(),
                source,
            });
            assert_eq!(case.check(&super::RULE).len(), found);
        }
    }
}
