//! Records to facts: one module a format turns what one input held into facts of the case.
//!
//! Nothing here judges. Each module also offers the table that `inspect` shows of that format's content.

mod counters;
mod debugger;
mod events;
mod host;
mod httperr;
mod iis;
mod images;
mod inventory;
mod notes;
mod poolmon;
mod pooltag;
mod processes;
mod rammap;
mod registry;
mod trace;
mod verifier;
mod xperf;

pub(crate) use poolmon::label;
use poolscope_formats::Records;
pub(crate) use processes::named;

use crate::model::{CaseBuilder, Evidence, short_name};
use crate::table::Table;

/// Adds one input to the case. Call it in the order of the inputs' paths.
pub fn ingest(case: &mut CaseBuilder, mut evidence: Evidence, records: Option<Records>) {
    evidence.host = records.as_ref().and_then(host_name);
    let id = case.add_evidence(evidence);
    match records {
        Some(Records::Poolmon(log)) => poolmon::ingest(case, id, log),
        Some(Records::Counters(log)) => counters::ingest(case, id, log),
        Some(Records::HttpErr(log)) => httperr::ingest(case, id, log),
        Some(Records::Events(log)) => events::ingest(case, id, log),
        Some(Records::Iis(log)) => iis::ingest(case, id, &log),
        Some(Records::Pooltag(file)) => case.pooltags.push((id, file)),
        Some(Records::Debugger(log)) => debugger::ingest(case, id, log),
        Some(Records::Verifier(report)) => verifier::ingest(case, id, report),
        Some(Records::XperfPool(report)) => xperf::ingest(case, id, report),
        Some(Records::RamMap(snapshot)) => rammap::ingest(case, id, snapshot),
        Some(Records::Processes(listing)) => processes::ingest(case, id, listing),
        Some(Records::Inventory(inventory)) => inventory::ingest(case, id, inventory),
        Some(Records::Notes(notes)) => notes::ingest(case, id, notes),
        Some(Records::Registry(export)) => registry::ingest(case, id, export),
        Some(Records::Driver(image)) => images::ingest(case, id, &image),
        Some(Records::DriverIndex(index)) => images::ingest_index(case, id, &index),
        Some(Records::Trace(found)) => trace::ingest(case, id, &found),
        // Names were used while the counters were parsed; the rest has nothing to say to a case.
        Some(_) | None => {}
    }
}

/// The host that an input is of, as [`short_name`] has it; `None` if it names none.
pub fn host_name(records: &Records) -> Option<String> {
    let name = match records {
        Records::Counters(log) => log.machine.as_deref(),
        Records::Events(log) => log.computer.as_deref(),
        Records::Iis(log) => log.computer.as_deref(),
        Records::Inventory(inventory) => host::name(&inventory.host),
        Records::Debugger(log) => host::name(&log.host),
        Records::Trace(found) => found.computer.as_deref(),
        _ => None,
    };
    name.map(short_name).filter(|name| !name.is_empty())
}

/// The tables that `inspect` shows of an input.
pub fn tables(records: &Records) -> Vec<Table> {
    match records {
        Records::Poolmon(log) => poolmon::tables(log),
        Records::Counters(log) => counters::tables(log),
        Records::HttpErr(log) => httperr::tables(log),
        Records::Events(log) => events::tables(log),
        Records::Iis(log) => iis::tables(log),
        Records::Pooltag(file) => pooltag::tables(file),
        Records::Debugger(log) => debugger::tables(log),
        Records::Verifier(report) => verifier::tables(report),
        Records::XperfPool(report) => xperf::tables(report),
        Records::RamMap(snapshot) => rammap::tables(snapshot),
        Records::Processes(listing) => processes::tables(listing),
        Records::Inventory(inventory) => inventory::tables(inventory),
        Records::Registry(export) => registry::tables(export),
        Records::Notes(notes) => notes::tables(notes),
        Records::Driver(image) => images::tables(image),
        Records::DriverIndex(index) => images::index_tables(index),
        Records::Trace(found) => trace::tables(found),
        _ => Vec::new(),
    }
}
