//! PS028: a table of what stands, made at one moment or over one trace, and which tag dominates it.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::judge::SeriesKey;
use crate::units::{bytes, count};

/// A tag dominates a table from this share of its pool's bytes on.
const DOMINATES: f64 = 0.25;

/// Tables told.
const MOST_TABLES: usize = 4;

pub(super) const RULE: Rule = Rule {
    code: "PS028",
    name: "standing-table-dominated-by-a-tag",
    doc: "# PS028 standing-table-dominated-by-a-tag

## What it does
Reads tables that are no snapshots of the whole tag table, xperf's pool table (what stands since the trace began) and
RAMMap's list of big allocations, and names the tag that holds a quarter or more of its pool there.

## Why it matters
A table of one moment shows what is big. xperf's counts only what was allocated during the trace and not freed, so its
first tag is growing, or was just busy: a trace of some minutes cannot tell the two apart. RAMMap lists allocations of
a page or more only: a leak of small ones is not in it.

## Source
Reference text-layouts.md; peers-and-domain.md 1.2, 1.4; field-lessons.md 3 (rule 1). The share is ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in view.case.state.standing.iter().take(MOST_TABLES) {
        let mut tags = std::collections::BTreeMap::<SeriesKey, (u64, u64)>::new();
        for row in &table.rows {
            let held = tags.entry(SeriesKey { pool: row.pool, tag: row.tag }).or_default();
            held.0 = held.0.saturating_add(row.bytes);
            held.1 = held.1.saturating_add(row.outstanding);
        }
        let first = tags.iter().max_by_key(|(key, (held, _))| (*held, std::cmp::Reverse(**key)));
        let Some((key, &(held, outstanding))) = first else { continue };
        let total: f64 =
            tags.iter().filter(|(other, _)| other.pool == key.pool).map(|(_, (held, _))| *held as f64).sum();
        if total <= 0.0 || (held as f64) < total * DOMINATES {
            continue;
        }
        let when = if table.since_trace { "since the trace began " } else { "" };
        findings.push(Finding {
            code: RULE.code,
            title: format!(
                "in {} {} holds most {when}({} in {} allocations, {:.0} % of its pool there); one table proves \
                 no leak",
                table.what,
                label(key.tag, key.pool),
                bytes(held as f64),
                count(outstanding as f64),
                held as f64 / total * 100.0
            ),
            subject: Subject::Tag(*key),
            numbers: vec![
                number("outstanding_bytes", held as f64, "bytes"),
                number("share_of_the_table", held as f64 / total, "share"),
            ],
            sources: vec![table.source],
            strength: Strength::Suggests,
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use poolscope_formats::facts::StandingPool;
    use poolscope_formats::{Place, Pool, Tag};

    use crate::model::StandingTable;
    use crate::testcase::TestCase;

    #[test]
    fn the_tag_that_holds_most_over_a_trace() {
        let mut case = TestCase::new(0);
        let row = |tag: &[u8; 4], bytes| StandingPool {
            place: Place::Line(4),
            tag: Tag(*tag),
            pool: Pool::Nonpaged,
            outstanding: bytes / 100,
            bytes,
            allocs: None,
            frees: None,
            owner: None,
        };
        let source = case.source(4);
        case.builder.state.standing.push(StandingTable {
            what: "xperf's pool table",
            since_trace: true,
            rows: vec![row(b"Abcd", 60_000), row(b"Efgh", 20_000), row(b"Abcd", 10_000)],
            source,
        });
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].title.contains("Abcd (nonpaged) holds most since the trace began"),
            "{}",
            found[0].title
        );
        assert!(found[0].title.contains("78 %"), "{}", found[0].title);
    }
}
