//! PS025: memory ran out, and not in the pool.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::commit::{holder, spent};
use crate::units::{bytes, span};

pub(super) const RULE: Rule = Rule {
    code: "PS025",
    name: "exhaustion-that-is-not-pool",
    doc: "# PS025 exhaustion-that-is-not-pool

## What it does
Reads event 2004 (Resource-Exhaustion-Detector): commit at 90 % of its limit or more while both pools together hold
less than 20 % of it. Without such events it looks for the same in the counters of memory, from 97 % on. It names the
process that held most, if that was a tenth or more.

## Why it matters
Event 2004 is written when commit runs low, whoever spent it. With small pools the memory is in processes: look at
their private bytes, not at pool tags. Requests fail and services hang just the same.

## Source
Reference peers-and-domain.md 2.6; field-lessons.md 4. The shares are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let moments = spent(view.case);
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else { return Vec::new() };
    let times = if first.time == last.time {
        format!("at {} UTC", last.time)
    } else {
        format!("{} (seen {} times)", span(first.time, last.time), moments.len())
    };
    let most = holder(view.case, &moments);
    let held_most = most.as_ref().map_or(String::new(), |(process, held)| {
        format!("; most of it in {process}: {}", bytes(*held as f64))
    });
    vec![Finding {
        code: RULE.code,
        title: format!(
            "{times} {} of {} commit were spent and the pools held only {} of it: the memory is in processes{held_most}",
            bytes(last.charge as f64),
            bytes(last.limit as f64),
            bytes(last.pools as f64)
        ),
        subject: most.map_or(Subject::Host, |(process, _)| Subject::Process(process)),
        numbers: vec![
            number("commit_charge_bytes", last.charge as f64, "bytes"),
            number("commit_limit_bytes", last.limit as f64, "bytes"),
            number("pool_bytes", last.pools as f64, "bytes"),
        ],
        sources: if first.source == last.source {
            vec![last.source]
        } else {
            vec![first.source, last.source]
        },
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
                committed: vec![
                    ("sqlservr.exe (8)".to_owned(), 1 << 30),
                    ("app.exe (9)".to_owned(), 9 << 30),
                ],
                source,
            });
            let findings = case.check(&super::RULE);
            assert_eq!(findings.len(), found);
            assert!(
                findings.iter().all(|finding| finding.title.ends_with("most of it in app.exe (9): 9.0 GiB"))
            );
        }
    }
}
