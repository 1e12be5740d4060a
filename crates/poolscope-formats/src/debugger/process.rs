//! `!process 0 0` and its like: processes with their handle counts, and those that ended but still stand.

use crate::facts::{ProcessFact, ProcessKey};
use crate::limits::{MAX_LISTING_ROWS, MAX_REPEATED_CHARS};
use crate::number;
use crate::parsed::{Parsed, Place};

/// Reads one listing.
#[derive(Default)]
pub(super) struct Reader {
    processes: Vec<ProcessFact>,
}

/// The reader, if this line begins a listing. It must be given the line as well.
pub(super) fn heading(line: &str) -> Option<Reader> {
    let trimmed = line.trim();
    (trimmed.trim_matches(['*', ' ']) == "NT ACTIVE PROCESS DUMP" || process_line(trimmed).is_some())
        .then(Reader::default)
}

/// What follows the address of a `PROCESS ffffe00015a7e080` line.
fn process_line(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("PROCESS ")?.trim_start();
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let address = rest.get(..end)?;
    (address.len() >= 8 && number::hex(address).is_some()).then(|| rest.get(end..).unwrap_or(""))
}

impl Reader {
    /// Takes one line; false never: a prompt or another heading ends the listing.
    pub(super) fn take<T>(&mut self, number: u64, line: &str, notes: &mut Parsed<T>) -> bool {
        let trimmed = line.trim();
        let fields = match process_line(trimmed) {
            Some(rest) => {
                if self.processes.len() >= MAX_LISTING_ROWS {
                    notes.bad(
                        Place::Line(number),
                        format!("more than {MAX_LISTING_ROWS} processes, the rest is left out"),
                    );
                    return false;
                }
                notes.coverage.records += 1;
                self.processes.push(ProcessFact::named(Place::Line(number), ""));
                rest
            }
            None => trimmed,
        };
        let Some(process) = self.processes.last_mut() else { return true };
        if let Some(image) = fields.strip_prefix("Image:") {
            process.name = image.trim().chars().take(MAX_REPEATED_CHARS).collect();
            return true;
        }
        if let Some(pid) = field(fields, "Cid:").and_then(number::hex) {
            process.pid = Some(pid);
        }
        if let Some(session) = field(fields, "SessionId:") {
            process.session = session.parse().ok();
        }
        if let Some(table) = field(fields, "ObjectTable:").and_then(number::hex) {
            process.ended = table == 0;
        }
        if let Some(count) = field(fields, "HandleCount:").or_else(|| field(fields, "TableSize:")) {
            process.handles = count.trim_end_matches('.').parse().ok();
        }
        true
    }

    /// The process read last: `!handle` prints it above its table.
    pub(super) fn last(&self) -> Option<ProcessKey> {
        self.processes.last().map(|process| ProcessKey { name: process.name.clone(), pid: process.pid })
    }

    /// The processes.
    pub(super) fn finish(self) -> Vec<ProcessFact> {
        self.processes
    }
}

/// The word after a name with its colon; the name must begin a word (`Cid:` is not in `ParentCid:`).
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let mut from = 0;
    while let Some(found) = line.get(from..)?.find(name) {
        let at = from + found;
        if line.get(..at)?.ends_with(|c: char| c.is_alphanumeric()) {
            from = at + name.len();
            continue;
        }
        return line.get(at + name.len()..)?.split_whitespace().next();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_begin_words() {
        let line = "SessionId: 0  Cid: 0a4c    Peb: 00000000  ParentCid: 0004";
        assert_eq!(field(line, "Cid:"), Some("0a4c"));
        assert_eq!(field("ParentCid: 0004", "Cid:"), None);
        assert_eq!(process_line("PROCESS ffffe00015a7e080"), Some(""));
        assert_eq!(process_line("PROCESS exited"), None);
    }
}
