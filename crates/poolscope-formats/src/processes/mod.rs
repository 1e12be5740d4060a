//! Per-process evidence as text: `handle.exe`, `tasklist`, PowerShell `Get-Process`, `wmic process`.
//!
//! `tasklist` speaks the language of its host and is read by its columns; the property names of PowerShell and
//! WMI are the same everywhere.

pub(crate) mod get_process;
pub(crate) mod handle_tool;
pub(crate) mod tasklist;

use crate::facts::{HandleCount, ProcessFact, ProcessKey};
use crate::limits::MAX_LISTING_ROWS;
use crate::parsed::{Parsed, Place};

/// What a listing of processes says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ProcessListing {
    /// The processes, in the order of the text.
    pub processes: Vec<ProcessFact>,
    /// Handles by type and process; a type occurs once a process, summed where the text shows it twice.
    pub handles: Vec<HandleCount>,
    /// Totals of handles, where the text states them.
    pub totals: Vec<HandleTotal>,
}

/// A stated total of open handles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandleTotal {
    /// Where it is stated.
    pub place: Place,
    /// The process it is the total of; `None` for the host.
    pub process: Option<ProcessKey>,
    /// How many.
    pub handles: u64,
}

/// Adds a process, up to the limit.
fn push(parsed: &mut Parsed<ProcessListing>, process: ProcessFact) {
    if parsed.value.processes.len() < MAX_LISTING_ROWS {
        parsed.coverage.records += 1;
        parsed.value.processes.push(process);
    } else {
        parsed.bad(process.place, format!("more than {MAX_LISTING_ROWS} processes, this one is left out"));
    }
}
