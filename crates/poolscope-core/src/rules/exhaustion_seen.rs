//! PS001: the evidence itself says that a pool ran out.

use poolscope_formats::httperr::ReasonClass;

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::model::EventKind;
use crate::units::{count, span};

pub(super) const RULE: Rule = Rule {
    code: "PS001",
    name: "pool-exhaustion-seen",
    doc: "# PS001 pool-exhaustion-seen

## What it does
Reports `Connections_Refused` rows of HTTPERR logs (their counts summed: a row `24_Connections_Refused` stands for
24 connections) and Srv events 2019 (nonpaged) and 2020 (paged).

## Why it matters
http.sys stops accepting connections when less than 20 MB of nonpaged pool are free (8 MB with
EnableAggressiveMemoryUsage=1). Srv events are written when the file server cannot allocate. Both prove that
the pool ran out. Neither says who used it: Srv and http.sys are messengers.

## Source
KB820729, KB933844 and the list of errors logged by the HTTP Server API; reference peers-and-domain.md 2.3, 2.6.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for reason in view.case.http_reasons.iter().filter(|r| r.class == ReasonClass::MemoryRefusal) {
        findings.push(Finding {
            code: RULE.code,
            title: format!(
                "http.sys refused {} connections {}: less than 20 MB of nonpaged pool were free",
                count(reason.weight as f64),
                span(reason.first.0, reason.last.0)
            ),
            subject: Subject::Pool(poolscope_formats::Pool::Nonpaged),
            numbers: vec![
                number("refused_connections", reason.weight as f64, "count"),
                number("rows", reason.rows as f64, "count"),
            ],
            sources: reason.sources(),
            strength: Strength::Proven,
        });
    }
    for pool in [poolscope_formats::Pool::Nonpaged, poolscope_formats::Pool::Paged] {
        let told: Vec<_> =
            view.case.events.iter().filter(|event| event.kind == EventKind::PoolEmpty(pool)).collect();
        if let (Some(first), Some(last)) = (told.first(), told.last()) {
            findings.push(Finding {
                code: RULE.code,
                title: format!(
                    "the file server found the {pool} pool empty {} times, first at {} UTC",
                    told.len(),
                    first.time
                ),
                subject: Subject::Pool(pool),
                numbers: vec![number("events", told.len() as f64, "count")],
                sources: if first.source == last.source {
                    vec![first.source]
                } else {
                    vec![first.source, last.source]
                },
                strength: Strength::Proven,
            });
        }
    }
    findings
}
