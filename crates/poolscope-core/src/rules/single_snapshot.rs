//! PS008: one snapshot only.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::units::bytes;
use poolscope_formats::Place;

use crate::judge::SeriesKey;
use crate::model::Source;

pub(super) const RULE: Rule = Rule {
    code: "PS008",
    name: "single-snapshot",
    doc: "# PS008 single-snapshot

## What it does
Says that only one snapshot of the tag table is there, and which tag dominates it.

## Why it matters
One snapshot never proves growth: it shows what is big, and big is not leaking. It can still say which tag to watch
and what kind of object it is.

## Source
Reference field-lessons.md 3 (rule 1: two samples first).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let [snapshot] = view.case.snapshots.as_slice() else { return Vec::new() };
    let biggest = view
        .case
        .tags
        .iter()
        .filter_map(|(key, series)| Some((*series.bytes.first()?, *key)))
        .max_by_key(|&(held, key)| (held, std::cmp::Reverse(key)));
    let source = Source { evidence: snapshot.evidence, place: Place::Line(snapshot.line) };
    let (what, numbers) = match biggest {
        Some((held, key)) => (
            format!(
                "; {} holds most in it ({}{})",
                label(key.tag, key.pool),
                bytes(held as f64),
                share(view, key, held)
            ),
            vec![
                number("outstanding_bytes", held as f64, "bytes"),
                number("rows", f64::from(snapshot.rows), "count"),
            ],
        ),
        None => (String::new(), vec![number("rows", f64::from(snapshot.rows), "count")]),
    };
    vec![Finding {
        code: RULE.code,
        title: format!("there is one snapshot only, and one snapshot proves no growth{what}"),
        subject: Subject::Host,
        numbers,
        sources: vec![source],
        strength: Strength::Proven,
    }]
}

/// How far the tag alone fills its pool: a tag that holds an eighth of the bound has not emptied the pool alone.
fn share(view: &View<'_>, key: SeriesKey, held: u64) -> String {
    let bound = view.bounds.iter().find(|(pool, _)| *pool == key.pool);
    bound.map_or(String::new(), |(_, bound)| {
        let percent = held as f64 / bound.bytes as f64 * 100.0;
        format!(", {percent:.0} % of the {}", bound.what)
    })
}
