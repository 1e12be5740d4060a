//! Listings of processes and handles.

use poolscope_formats::facts::{HandleCount, ProcessFact};
use poolscope_formats::processes::ProcessListing;
use poolscope_formats::{Place, Zone};

use crate::model::{CaseBuilder, EvidenceId, ProcessMoment, Source, bare_image};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, mut listing: ProcessListing) {
    let later = std::mem::take(&mut listing.later);
    // One table is what the whole input says; of several each is known by its first row.
    let several = !later.is_empty();
    for listing in std::iter::once(listing).chain(later) {
        let first = listing.processes.first().filter(|_| several);
        let place = first.map_or(Place::Whole, |process| process.place);
        moment(case, Source { evidence, place }, listing);
    }
}

/// One listing.
fn moment(case: &mut CaseBuilder, source: Source, listing: ProcessListing) {
    let complete = listing.is_whole();
    let time = listing.taken.map(|taken| taken.spelled.in_order(true));
    if let Some(taken) = listing.taken {
        case.listing_time(taken, source);
        if taken.zone == Zone::Unknown {
            case.wall_times(source);
        }
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
        complete,
        processes,
        handles: listing.handles,
        total_handles: total,
    });
}

pub(super) fn tables(listing: &ProcessListing) -> Vec<Table> {
    let mut tables = Vec::new();
    for one in std::iter::once(listing).chain(&listing.later).filter(|one| !one.processes.is_empty()) {
        let taken = one.taken.map_or(String::new(), |taken| format!(", {}", taken.spelled.in_order(true)));
        tables.push(process_table(&format!("processes{taken}, most handles first"), &one.processes));
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
    let name = if name.is_empty() { "process" } else { bare_image(name) };
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
