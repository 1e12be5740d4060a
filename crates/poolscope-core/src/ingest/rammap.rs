//! RAMMap snapshots: big pool allocations by tag. Small allocations are not in the file.

use poolscope_formats::rammap::RamMapSnapshot;

use crate::model::{CaseBuilder, EvidenceId, ProcessMoment, Source, StandingTable};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, snapshot: RamMapSnapshot) {
    let source = Source { evidence, place: poolscope_formats::Place::Whole };
    if !snapshot.big_pool.is_empty() {
        case.state.standing.push(StandingTable {
            what: "RAMMap's list of big pool allocations",
            since_trace: false,
            rows: snapshot.big_pool,
            source,
        });
    }
    if !snapshot.processes.is_empty() {
        case.state.processes.push(ProcessMoment {
            time: None,
            source,
            complete: true,
            processes: snapshot.processes,
            handles: Vec::new(),
            total_handles: None,
        });
    }
}

pub(super) fn tables(snapshot: &RamMapSnapshot) -> Vec<Table> {
    let uses = snapshot.page_uses.iter().map(|one| {
        vec![one.name.to_owned(), one.pages.iter().fold(0u64, |a, &b| a.saturating_add(b)).to_string()]
    });
    let mut pool: Vec<_> = snapshot.big_pool.iter().collect();
    pool.sort_by_key(|row| (std::cmp::Reverse(row.bytes), row.tag, row.pool));
    let rows = pool.iter().map(|row| {
        vec![
            row.tag.to_string(),
            row.pool.name().to_owned(),
            row.outstanding.to_string(),
            row.bytes.to_string(),
        ]
    });
    vec![
        Table::new("pages by use", &[("Use", false), ("Pages", true)], uses),
        Table::new(
            "big pool allocations by tag",
            &[("Tag", false), ("Pool", false), ("Outstanding", true), ("Bytes", true)],
            rows,
        ),
    ]
}
