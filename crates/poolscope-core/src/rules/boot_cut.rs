//! PS007: a boot cuts the series.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::model::BootMarkKind;

pub(super) const RULE: Rule = Rule {
    code: "PS007",
    name: "boot-cuts-the-series",
    doc: "# PS007 boot-cuts-the-series

## What it does
Reports boots that lie between measurements. Boots come from events (6009, 6005, Kernel-General 12), the uptime
counter, and snapshots between which most cumulative counts fell.

## Why it matters
A restart clears the pool. A growth rate computed across one is wrong, and a fall after one is no cure: the leak
goes on. poolscope computes nothing across a boot.

## Source
Reference field-lessons.md 4; peers-and-domain.md 2.6.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pair in view.boots.windows(2) {
        let Some(boot) = view.case.boots.get(pair[1].boot) else { continue };
        let Some(mark) = boot.marks.first() else { continue };
        let how = match mark.kind {
            BootMarkKind::Stated => "Windows started",
            BootMarkKind::CountersFell => "the counters of most tags fell back, so Windows started before",
        };
        findings.push(Finding {
            code: RULE.code,
            title: format!("{how} {} UTC: measurements before and after are judged apart", mark.time),
            subject: Subject::Host,
            numbers: vec![
                number("snapshots_before", pair[0].judgement.snapshots as f64, "count"),
                number("snapshots_after", pair[1].judgement.snapshots as f64, "count"),
            ],
            sources: vec![mark.source],
            strength: if mark.kind == BootMarkKind::Stated { Strength::Proven } else { Strength::Measured },
        });
    }
    findings
}
