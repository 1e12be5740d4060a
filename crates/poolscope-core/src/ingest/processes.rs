//! Listings of processes and handles.

use poolscope_formats::Time;
use poolscope_formats::facts::{HandleCount, ProcessFact};
use poolscope_formats::processes::ProcessListing;

use crate::model::{CaseBuilder, EvidenceId, ProcessMoment, Source};
use crate::table::Table;

pub(super) fn ingest(
    case: &mut CaseBuilder,
    evidence: EvidenceId,
    time: Option<Time>,
    listing: ProcessListing,
) {
    let source = Source { evidence, place: poolscope_formats::Place::Whole };
    if time.is_some() {
        case.wall_times(source);
    }
    let total = listing.totals.iter().find(|total| total.process.is_none()).map(|total| total.handles);
    let mut processes = listing.processes;
    // Totals a process, where the tool prints them apart from its list of processes.
    for total in &listing.totals {
        let Some(key) = &total.process else { continue };
        match processes.iter_mut().find(|p| p.pid == key.pid && p.name == key.name) {
            Some(known) => known.handles = known.handles.or(Some(total.handles)),
            None => {
                let mut fact = ProcessFact::named(total.place, key.name.clone());
                fact.pid = key.pid;
                fact.handles = Some(total.handles);
                processes.push(fact);
            }
        }
    }
    case.state.processes.push(ProcessMoment {
        time,
        source,
        complete: processes.iter().any(|p| p.pid == Some(4) || p.name.eq_ignore_ascii_case("system")),
        processes,
        handles: listing.handles,
        total_handles: total,
    });
}

/// The moment that the name of a file states, a wall time: such listings carry no time of their own.
pub(super) fn time_of(path: &str) -> Option<Time> {
    let name = path.rsplit('/').next().unwrap_or(path);
    poolscope_formats::poolmon::time_from_name(name).map(|(time, _)| time)
}

pub(super) fn tables(listing: &ProcessListing) -> Vec<Table> {
    let mut tables = Vec::new();
    if !listing.processes.is_empty() {
        tables.push(process_table("processes, most handles first", &listing.processes));
    }
    if !listing.handles.is_empty() {
        tables.push(handle_table("handles by type, most first", &listing.handles));
    }
    if !listing.totals.is_empty() {
        let rows = listing.totals.iter().map(|total| {
            let name = total.process.as_ref().map_or("(host)".to_owned(), |key| named(&key.name, key.pid));
            vec![name, total.handles.to_string()]
        });
        tables.push(Table::new("stated totals", &[("Process", false), ("Handles", true)], rows));
    }
    tables
}

/// `w3wp (1234)`, or the name alone.
pub(crate) fn named(name: &str, pid: Option<u64>) -> String {
    // One process, however a tool writes its image.
    let bare = name.len().checked_sub(4).and_then(|at| name.split_at_checked(at));
    let name = match bare {
        Some((bare, ext)) if !bare.is_empty() && ext.eq_ignore_ascii_case(".exe") => bare,
        _ if name.is_empty() => "process",
        _ => name,
    };
    pid.map_or_else(|| name.to_owned(), |pid| format!("{name} ({pid})"))
}

/// Processes, most handles first.
pub(super) fn process_table(title: &str, list: &[ProcessFact]) -> Table {
    let mut list: Vec<&ProcessFact> = list.iter().collect();
    list.sort_by(|a, b| (b.handles, &a.name, a.pid).cmp(&(a.handles, &b.name, b.pid)));
    let cell = |value: Option<u64>| value.map_or("-".to_owned(), |v| v.to_string());
    let rows = list.iter().map(|process| {
        vec![
            process.name.clone(),
            cell(process.pid),
            cell(process.handles),
            cell(process.nonpaged_quota_bytes),
            cell(process.paged_quota_bytes),
            if process.ended { "ended" } else { "" }.to_owned(),
        ]
    });
    let columns = [
        ("Process", false),
        ("Pid", true),
        ("Handles", true),
        ("Nonpaged quota", true),
        ("Paged quota", true),
        ("", false),
    ];
    Table::new(title, &columns, rows)
}

/// Handles by type, most first.
pub(super) fn handle_table(title: &str, list: &[HandleCount]) -> Table {
    let mut list: Vec<&HandleCount> = list.iter().collect();
    list.sort_by(|a, b| {
        (b.handles, &a.object_type, &a.process).cmp(&(a.handles, &b.object_type, &b.process))
    });
    let rows = list.iter().map(|row| {
        let name = row.process.as_ref().map_or("(host)".to_owned(), |key| named(&key.name, key.pid));
        vec![name, row.object_type.clone(), row.handles.to_string()]
    });
    Table::new(title, &[("Process", false), ("Type", false), ("Handles", true)], rows)
}
