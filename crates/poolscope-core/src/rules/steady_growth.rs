//! PS003: a tag grows, and the statistics call it a leak.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::units::{bytes_per_hour, count};

pub(super) const RULE: Rule = Rule {
    code: "PS003",
    name: "outstanding-grows-by-tag",
    doc: "# PS003 outstanding-grows-by-tag

## What it does
Reports each tag whose outstanding bytes and allocations grow, within one boot, by more than its own noise, its
daily cycle and chance among all tags explain. The rate is measured from the onset, with a 90 % interval.

## Why it matters
Growth of what is outstanding, not size and not the number of calls, is what a leak is. A tag names the kind of
allocation; the owner is another question.

## Source
docs/method.md; field practice in reference field-lessons.md 3 (rule 1).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for boot in view.boots {
        for tag in boot.judgement.tags.iter().filter(|tag| tag.leaking) {
            let rate = tag.rate_bytes_per_hour;
            findings.push(Finding {
                code: RULE.code,
                title: format!(
                    "{} grows by {} ({} allocations an hour)",
                    label(tag.key.tag, tag.key.pool),
                    bytes_per_hour(rate.estimate),
                    count(tag.rate_count_per_hour.estimate),
                ),
                subject: Subject::Tag(tag.key),
                numbers: vec![
                    number("rate_bytes_per_hour", rate.estimate, "bytes_per_hour"),
                    number("rate_low", rate.low, "bytes_per_hour"),
                    number("rate_high", rate.high, "bytes_per_hour"),
                    number("rate_count_per_hour", tag.rate_count_per_hour.estimate, "count_per_hour"),
                    number("outstanding_bytes", tag.outstanding_bytes as f64, "bytes"),
                    number("snapshots", tag.samples as f64, "count"),
                    number("confidence", tag.confidence, "probability"),
                ],
                sources: view.end_sources(tag.key, boot),
                strength: Strength::Measured,
            });
        }
    }
    findings
}
