//! PS006: rows whose outstanding count is not their allocations minus their frees.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::units::count;

/// Rows told one by one; more are summed up in the evidence's notes.
const MOST_ROWS: usize = 10;

pub(super) const RULE: Rule = Rule {
    code: "PS006",
    name: "row-contradicts-itself",
    doc: "# PS006 row-contradicts-itself

## What it does
Recomputes Diff as Allocs minus Frees, modulo 2^32 because the kernel's counters wrap there, and reports rows where
the printed Diff is another number.

## Why it matters
Such a row was copied from two refreshes of the screen or mistyped. Nothing computed from it can be trusted, and it
must not stand in a report to a vendor.

## Source
Reference field-lessons.md 2 and 4 (a published row is off by 86,649).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let rows = view.case.contradictions.iter().take(MOST_ROWS);
    rows.map(|row| Finding {
        code: RULE.code,
        title: format!(
            "the row of {} contradicts itself: {} allocations - {} frees = {}, but it prints {}",
            label(row.key.tag, row.key.pool),
            count(row.allocs as f64),
            count(row.frees as f64),
            count(row.recomputed as f64),
            count(row.printed as f64),
        ),
        subject: Subject::Tag(row.key),
        numbers: vec![
            number("allocs", row.allocs as f64, "count"),
            number("frees", row.frees as f64, "count"),
            number("recomputed", row.recomputed as f64, "count"),
            number("printed", row.printed as f64, "count"),
        ],
        sources: vec![row.source],
        strength: Strength::Proven,
    })
    .collect()
}
