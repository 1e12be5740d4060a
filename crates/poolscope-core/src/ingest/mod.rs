//! Records to facts: one module a format turns what one input held into facts of the case.
//!
//! Nothing here judges. Each module also offers the table that `inspect` shows of that format's content.

mod counters;
mod events;
mod httperr;
mod iis;
mod poolmon;
mod pooltag;

pub(crate) use poolmon::label;
use poolscope_formats::Records;

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
        _ => Vec::new(),
    }
}
