//! Per-process evidence as text: `handle.exe`, `tasklist`, PowerShell `Get-Process`, `wmic process`.
//!
//! `tasklist` speaks the language of its host and is read by its columns; the property names of PowerShell and
//! WMI are the same everywhere.

pub(crate) mod get_process;
pub(crate) mod handle_tool;
pub(crate) mod tasklist;

use crate::dates::Reading;
use crate::facts::{HandleCount, ProcessFact, ProcessKey};
use crate::input::ParseContext;
use crate::limits::MAX_LISTING_ROWS;
use crate::parsed::{Parsed, Place};
use crate::poolmon;
use crate::time::Zone;

/// What a listing of processes says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ProcessListing {
    /// The processes, in the order of the text.
    pub processes: Vec<ProcessFact>,
    /// Handles by type and process; a type occurs once a process, summed where the text shows it twice.
    pub handles: Vec<HandleCount>,
    /// Totals of handles, where the text states them.
    pub totals: Vec<HandleTotal>,
    /// When it was taken, as a line above it or the file's name states.
    pub taken: Option<Taken>,
    /// True if the command that made it, as far as the text shows it, chose some of the processes only.
    pub chosen: bool,
    /// The tables that stand below it in the same text: each is a listing of its own moment.
    pub later: Vec<ProcessListing>,
}

/// When a listing was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Taken {
    /// The date and time, day and month perhaps in either order.
    pub spelled: Reading,
    /// Its zone.
    pub zone: Zone,
    /// True if the text states it, false if it is from the file's name.
    pub inside: bool,
}

impl ProcessListing {
    /// Whether it holds what every Windows runs: the system process, the client-server runtime, the session and
    /// service managers, and several service hosts. A listing without them is a part of what ran.
    pub fn is_whole(&self) -> bool {
        /// Service hosts of the smallest server.
        const FEWEST_SERVICE_HOSTS: usize = 3;
        let is = |process: &ProcessFact, name: &str| {
            let image = process.name.as_bytes();
            let bare = image.get(..name.len()).unwrap_or(&[]);
            let ext = image.get(name.len()..).unwrap_or(&[]);
            bare.eq_ignore_ascii_case(name.as_bytes())
                && (ext.is_empty() || ext.eq_ignore_ascii_case(b".exe"))
        };
        let count = |name: &str| self.processes.iter().filter(|process| is(process, name)).count();
        let system = self.processes.iter().any(|process| process.pid == Some(4) || is(process, "System"));
        let everywhere = ["smss", "csrss", "services", "lsass"];
        let managers = everywhere.iter().all(|name| count(name) > 0);
        !self.chosen && system && managers && count("svchost") >= FEWEST_SERVICE_HOSTS
    }
}

/// Makes one record of a text's listings: the first, with those below it.
fn joined(above: Vec<ProcessListing>, last: ProcessListing) -> ProcessListing {
    let mut listings = above.into_iter();
    match listings.next() {
        Some(first) => ProcessListing { later: listings.chain([last]).collect(), ..first },
        None => last,
    }
}

/// Gives a text of one listing without a time the one that the file's name states.
fn timed(mut parsed: Parsed<ProcessListing>, context: &ParseContext) -> Parsed<ProcessListing> {
    let listing = &mut parsed.value;
    if listing.taken.is_none() && listing.later.is_empty() {
        let stated = poolmon::time_from_name(&context.name, context.modified);
        listing.taken = stated.map(|(spelled, zone)| Taken { spelled, zone, inside: false });
    }
    parsed
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
