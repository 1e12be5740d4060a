//! `!handle`: the kernel debugger's table of one process, and the user-mode debugger's summary by type.

use std::collections::BTreeMap;

use super::HandleTable;
use crate::facts::{HandleCount, ProcessKey};
use crate::number;
use crate::parsed::{Parsed, Place};

/// Object types kept of one table: Windows has about 70.
const MAX_OBJECT_TYPES: usize = 1_000;

/// Reads one table.
pub(super) struct Reader {
    process: Option<ProcessKey>,
    total: Option<u64>,
    types: BTreeMap<String, (Place, u64)>,
    /// Below `Type  Count` of the user-mode summary.
    in_summary: bool,
}

/// The reader, if this line begins a table; `process` is the one printed above it.
pub(super) fn heading(line: &str, process: Option<ProcessKey>) -> Option<Reader> {
    let trimmed = line.trim();
    let total = kernel_total(trimmed).or_else(|| user_total(trimmed))?;
    Some(Reader { process, total: Some(total), types: BTreeMap::new(), in_summary: false })
}

/// `Handle table at ffffc000 with 1234 entries in use` (old builds add `Entries` in other words).
fn kernel_total(line: &str) -> Option<u64> {
    let lower = line.to_ascii_lowercase();
    let rest = lower.strip_prefix("handle table at ")?;
    let (_, rest) = rest.split_once(" with ")?;
    let (count, rest) = rest.split_once(' ')?;
    rest.starts_with("entries in use").then(|| number::grouped(count)).flatten()
}

/// `48 Handles`
fn user_total(line: &str) -> Option<u64> {
    number::grouped(line.strip_suffix(" Handles")?)
}

impl Reader {
    /// Takes one line; false never: a prompt or another heading ends the table.
    pub(super) fn take<T>(&mut self, number: u64, line: &str, notes: &mut Parsed<T>) -> bool {
        let place = Place::Line(number);
        let trimmed = line.trim();
        let words: Vec<&str> = trimmed.split_whitespace().collect();
        if words == ["Type", "Count"] {
            self.in_summary = true;
        } else if self.in_summary {
            if let [name @ .., count] = words.as_slice()
                && !name.is_empty()
                && let Some(count) = number::grouped(count)
            {
                self.add(place, &name.join(" "), count, notes);
            }
        } else if let Some(at) = trimmed.find("Type: (") {
            // `Object: ffffe000...  Type: (ffffe000...) Event`
            let tail = trimmed.get(at + "Type: (".len()..).unwrap_or("");
            if let Some((_, name)) = tail.split_once(')') {
                self.add(place, name.trim(), 1, notes);
            }
        }
        true
    }

    fn add<T>(&mut self, place: Place, name: &str, count: u64, notes: &mut Parsed<T>) {
        if !self.types.contains_key(name) && self.types.len() >= MAX_OBJECT_TYPES {
            notes.bad(place, format!("more than {MAX_OBJECT_TYPES} object types, this one is left out"));
            return;
        }
        notes.coverage.records += 1;
        let entry = self.types.entry(name.to_owned()).or_insert((place, 0));
        entry.1 = entry.1.saturating_add(count);
    }

    /// The table.
    pub(super) fn finish(self) -> HandleTable {
        let process = self.process;
        let by_type = self
            .types
            .into_iter()
            .map(|(object_type, (place, handles))| HandleCount {
                place,
                process: process.clone(),
                object_type,
                handles,
            })
            .collect();
        HandleTable { process, total: self.total, by_type }
    }
}
