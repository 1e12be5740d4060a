//! How the host was set up and what ran on it: drivers, changes, processes, settings, standing tables.
//!
//! Everything here is a fact at one moment (or at an unknown one); what changes over time stands in
//! [`super::series`].

use std::collections::BTreeMap;

use poolscope_formats::Time;
use poolscope_formats::facts::{HandleCount, ProcessFact, StandingPool};
use poolscope_formats::registry::RegistryData;
use poolscope_formats::verifier::PoolUse;

use super::drivers::{Driver, merged};
use super::events::{EventKind, TimelineEvent};
use super::evidence::Source;
use super::host::Stated;

/// What ran on the host and how it was set up.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct HostState {
    /// Drivers, one a name, sorted by name.
    pub drivers: Vec<Driver>,
    /// What changed and when, sorted by time.
    pub changes: Vec<Change>,
    /// Listings of processes and handles, in the order of their sources.
    pub processes: Vec<ProcessMoment>,
    /// Tables of what stands in the pool that are no snapshots of the whole tag table.
    pub standing: Vec<StandingTable>,
    /// Drivers under Driver Verifier with what it counted.
    pub verified: Vec<VerifiedState>,
    /// Verifier's flag words.
    pub verifier_flags: Vec<Stated<u32>>,
    /// Registry values that bear on the pool.
    pub registry: Vec<RegistrySetting>,
    /// What a person's notes say was advised.
    pub noted: Vec<NotedAdvice>,
    /// Allocations that WDF drivers left behind at unload.
    pub wdf_leaks: Vec<Source>,
}

impl HostState {
    /// The driver of this service or file name.
    pub fn driver(&self, name: &str) -> Option<&Driver> {
        let wanted = super::drivers::stem(name);
        self.drivers.iter().find(|driver| driver.name == wanted)
    }

    /// Sorts, merges, and adds the changes that the time line tells of.
    pub(super) fn sorted(mut self, events: &[TimelineEvent]) -> Self {
        // The build of Windows' own drivers puts a hash where their date was: many lie in the future.
        if let Some(last) = events.last() {
            let future = |driver: &Driver| {
                let wall = driver.date.as_ref().and_then(|(date, _)| date.wall);
                wall.is_some_and(|wall| wall.hours_since(last.time) > 24.0)
            };
            self.drivers.iter_mut().filter(|driver| future(driver)).for_each(|driver| driver.date = None);
        }
        self.drivers = merged(self.drivers);
        let mut filters_seen = std::collections::BTreeSet::new();
        let first_boot = events.iter().find(|event| event.kind == EventKind::Boot).map(|event| event.time);
        for event in events {
            let (what, name) = match &event.kind {
                EventKind::DriverChange { name } => (ChangeWhat::Driver, name),
                // Filters load at every start: one is new if an earlier start was logged without it.
                EventKind::FilterLoaded { name } => {
                    let new = filters_seen.insert(name.to_lowercase());
                    let known_start = first_boot.is_some_and(|at| event.time.hours_since(at) > 1.0);
                    if !new || !known_start {
                        continue;
                    }
                    (ChangeWhat::Driver, name)
                }
                EventKind::ServiceInstalled { name } | EventKind::ProductInstalled { name } => {
                    (ChangeWhat::Service, name)
                }
                EventKind::UpdateInstalled { name } => (ChangeWhat::of_update(name), name),
                _ => continue,
            };
            if !self.changes.iter().any(|known| known.source == event.source) {
                self.changes.push(Change {
                    time: event.time,
                    day_only: false,
                    what,
                    name: name.clone(),
                    text: event.text.clone(),
                    source: event.source,
                });
            }
        }
        self.changes
            .sort_by(|a, b| (a.time, a.what, &a.name, a.source).cmp(&(b.time, b.what, &b.name, b.source)));
        self.changes.dedup_by(|a, b| a.time == b.time && a.what == b.what && a.name == b.name);
        self.processes.sort_by_key(|listing| (listing.time, listing.source));
        name_by_pid(&mut self.processes);
        self.standing.sort_by_key(|table| table.source);
        self.verified.sort_by_key(|driver| driver.source);
        self.verifier_flags.sort_by_key(|flags| flags.source);
        self.registry.sort_by_key(|value| value.source);
        self.wdf_leaks.sort_unstable();
        self
    }
}

/// What kind of change, by how often its kind is behind a leak: the first weighs most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeWhat {
    /// A driver was installed, updated or loaded.
    Driver,
    /// A service or a program was installed.
    Service,
    /// An update of Windows or of a program was installed.
    Update,
    /// An update of signatures or definitions: these come daily.
    SignatureUpdate,
}

impl ChangeWhat {
    /// Tells signature updates from others by the title that Windows Update gives them.
    pub fn of_update(title: &str) -> Self {
        let lower = title.to_lowercase();
        let words = ["security intelligence", "definition update", "antivirus definition", "kb2267602"];
        if words.iter().any(|word| lower.contains(word)) { Self::SignatureUpdate } else { Self::Update }
    }

    /// `driver`, `service`, `update`, `signature update`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Service => "service",
            Self::Update => "update",
            Self::SignatureUpdate => "signature update",
        }
    }
}

/// One change of the host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// When; the begin of the day where only the day is known.
    pub time: Time,
    /// True if only the day is known.
    pub day_only: bool,
    /// What kind.
    pub what: ChangeWhat,
    /// What changed: a driver, a service, an update.
    pub name: String,
    /// In words, without a final dot.
    pub text: String,
    /// Where it stands.
    pub source: Source,
}

/// One listing of processes or of handles.
#[derive(Clone, PartialEq, Debug)]
pub struct ProcessMoment {
    /// When it was taken, if anything says so.
    pub time: Option<Time>,
    /// Where it stands.
    pub source: Source,
    /// True if it lists every process (tasklist, `!process 0 0`), so that they can be counted.
    pub complete: bool,
    /// The processes.
    pub processes: Vec<ProcessFact>,
    /// Handles by type.
    pub handles: Vec<HandleCount>,
    /// All handles of the host, where stated.
    pub total_handles: Option<u64>,
}

/// Gives processes of which a listing knows the id only (`handle -s -p 3412`) the name that another listing has for
/// that id, if all agree on one.
fn name_by_pid(listings: &mut [ProcessMoment]) {
    let mut names: BTreeMap<u64, Option<String>> = BTreeMap::new();
    for process in listings.iter().flat_map(|listing| &listing.processes).filter(|p| !p.name.is_empty()) {
        let Some(pid) = process.pid else { continue };
        let known = names.entry(pid).or_insert_with(|| Some(process.name.clone()));
        let same =
            |known: &String| bare_image(known).to_lowercase() == bare_image(&process.name).to_lowercase();
        if !known.as_ref().is_none_or(same) {
            *known = None;
        }
    }
    let name = |pid: Option<u64>| pid.and_then(|pid| names.get(&pid)?.clone());
    for listing in listings {
        let keys = listing.handles.iter_mut().filter_map(|row| row.process.as_mut());
        for key in keys.filter(|key| key.name.is_empty()) {
            key.name = name(key.pid).unwrap_or_default();
        }
        for process in listing.processes.iter_mut().filter(|process| process.name.is_empty()) {
            process.name = name(process.pid).unwrap_or_default();
        }
    }
}

/// The name of a process without `.exe`: listings write it with or without.
pub(crate) fn bare_image(name: &str) -> &str {
    let parts = name.len().checked_sub(4).and_then(|at| name.split_at_checked(at));
    parts
        .filter(|(bare, ext)| !bare.is_empty() && ext.eq_ignore_ascii_case(".exe"))
        .map_or(name, |(bare, _)| bare)
}

/// A table of what stands in the pool that is not a snapshot of the whole tag table.
#[derive(Clone, PartialEq, Debug)]
pub struct StandingTable {
    /// What it is: `xperf's pool table`, `RAMMap's big pool list`.
    pub what: &'static str,
    /// True if it counts from the start of a trace, not from boot.
    pub since_trace: bool,
    /// Its rows.
    pub rows: Vec<StandingPool>,
    /// Where it stands.
    pub source: Source,
}

/// A driver under Verifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedState {
    /// File name in lower case; empty where the text names none.
    pub driver: String,
    /// What stands, as Verifier counts it (allocations of a page or more may be missing).
    pub current: Option<PoolUse>,
    /// How often it was loaded and unloaded.
    pub loads: Option<(u64, u64)>,
    /// Where.
    pub source: Source,
}

/// Advice that a person's notes speak of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotedAdvice {
    /// Its name in the table of advice.
    pub advice: &'static str,
    /// The line that speaks of it.
    pub line: String,
    /// Where.
    pub source: Source,
}

/// A registry value that bears on the pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistrySetting {
    /// The value's name as spelled.
    pub name: String,
    /// Key below the control set, lower case.
    pub key: String,
    /// Its data.
    pub data: RegistryData,
    /// Where.
    pub source: Source,
}

impl RegistrySetting {
    /// The number it holds, if it is one.
    pub fn number(&self) -> Option<u64> {
        match self.data {
            RegistryData::Dword(value) => Some(u64::from(value)),
            RegistryData::Qword(value) => Some(value),
            _ => None,
        }
    }
}
