//! PS005: large tags that do not grow.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::judge::Class;
use crate::units::bytes;

/// A static tag is worth a line when it holds at least this share of its pool's tags.
const WORTH_A_LINE_SHARE: f64 = 0.05;

/// And at most this many of them.
const MOST_LINES: usize = 5;

pub(super) const RULE: Rule = Rule {
    code: "PS005",
    name: "big-but-static",
    doc: "# PS005 big-but-static

## What it does
Lists tags that hold at least 5 % of their pool's tagged bytes and do not grow (at most five).

## Why it matters
The biggest tag is the usual suspect and usually innocent: trace buffers, DMA buffers and registry hives are large
by design. Big is not leaking.

## Source
Reference peers-and-domain.md 0 (fact 6); field-lessons.md 3 (rule 1).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let mut findings = Vec::new();
    for pool in [poolscope_formats::Pool::Nonpaged, poolscope_formats::Pool::Paged] {
        let in_pool = || boot.judgement.tags.iter().filter(move |tag| tag.key.pool == pool);
        let total: f64 = in_pool().map(|tag| tag.outstanding_bytes as f64).sum();
        let mut big: Vec<_> = in_pool()
            .filter(|tag| {
                matches!(tag.class, Class::StaticBlock | Class::StepThenFlat | Class::PinnedAfterGrowth)
            })
            .filter(|tag| tag.outstanding_bytes as f64 >= total * WORTH_A_LINE_SHARE && total > 0.0)
            .collect();
        big.sort_by_key(|tag| (std::cmp::Reverse(tag.outstanding_bytes), tag.key));
        for tag in big.into_iter().take(MOST_LINES) {
            findings.push(Finding {
                code: RULE.code,
                title: format!(
                    "{} is big ({}) and does not grow",
                    label(tag.key.tag, tag.key.pool),
                    bytes(tag.outstanding_bytes as f64)
                ),
                subject: Subject::Tag(tag.key),
                numbers: vec![
                    number("outstanding_bytes", tag.outstanding_bytes as f64, "bytes"),
                    number("share_of_tagged_bytes", tag.outstanding_bytes as f64 / total, "share"),
                ],
                sources: view.end_sources(tag.key, boot),
                strength: Strength::Measured,
            });
        }
    }
    findings
}
