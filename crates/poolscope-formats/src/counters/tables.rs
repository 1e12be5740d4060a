//! Counter tables that scripts make: a time column and columns like `NonpagedPoolMB`, as CSV or between blanks,
//! and the long CSV of Get-Counter's samples (`Path`, `CookedValue`, `Timestamp`).

use std::collections::BTreeMap;

use super::builder::{Builder, Target};
use super::names::Names;
use super::{CounterId, CounterLog, CounterPath, pdh_head};
use crate::dates::{self, Reading};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::{MAX_COUNTER_SAMPLES, MAX_TABLE_CELLS};
use crate::numbers;
use crate::parsed::{Parsed, Place};
use crate::text;
use crate::time::Zone;

/// A head line, read: which cell holds what.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum TableHead {
    /// One column a counter.
    Wide { delimiter: u8, time: usize, columns: Vec<(usize, CounterId, f64)> },
    /// One row a counter and sample.
    Long { delimiter: u8, time: usize, path: usize, value: usize },
}

/// Letters and digits of a head cell, lower case.
fn name_of(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .take(60)
        .collect::<String>()
        .to_lowercase()
}

/// The counter a hand-made column name stands for, and the factor of its unit.
fn counter_of(name: &str) -> Option<(CounterId, f64)> {
    let units =
        [("mb", 1_048_576.0), ("mib", 1_048_576.0), ("kb", 1024.0), ("gb", 1_073_741_824.0), ("bytes", 1.0)];
    let unit = units.iter().find_map(|(unit, factor)| Some((name.strip_suffix(unit)?, *factor)));
    let (stem, factor) = unit.unwrap_or((name, 1.0));
    let id = match stem {
        "nonpagedpool" | "poolnonpaged" | "nonpaged" | "npp" | "nppool" | "npagedpool" => {
            CounterId::MemoryPoolNonpagedBytes
        }
        "pagedpool" | "poolpaged" | "paged" => CounterId::MemoryPoolPagedBytes,
        "pagetable" | "pagetables" => CounterId::MemoryPageTableBytes,
        "available" | "avail" | "availablememory" | "freememory" => CounterId::MemoryAvailableBytes,
        "committed" | "commit" | "commitcharge" => CounterId::MemoryCommittedBytes,
        "commitlimit" => CounterId::MemoryCommitLimit,
        "freesystemptes" | "freesystempagetableentries" => CounterId::MemoryFreeSystemPtes,
        "handles" | "handlecount" | "totalhandles" => CounterId::ProcessHandleCount,
        "threads" => CounterId::SystemThreads,
        "processes" => CounterId::SystemProcesses,
        _ => return None,
    };
    Some((id, factor))
}

/// Splits a line at its delimiter; a blank means runs of blanks, where a date and its time are one cell.
fn split(line: &[u8], delimiter: u8) -> Vec<std::borrow::Cow<'_, [u8]>> {
    if delimiter != b' ' {
        return pdh_head::split(line, delimiter);
    }
    let mut rest = line.trim_ascii();
    let mut cells = Vec::new();
    while !rest.is_empty() && cells.len() < MAX_TABLE_CELLS {
        let word = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let date = dates::read_at(rest).map(|(_, _, used)| used).filter(|used| *used > word);
        let (cell, tail) = rest.split_at(date.unwrap_or(word));
        cells.push(std::borrow::Cow::Borrowed(cell));
        rest = tail.trim_ascii_start();
    }
    cells
}

/// Reads a head line of either shape: a time column, and a pool or memory column or the three of the long CSV.
pub(super) fn head(line: &[u8]) -> Option<TableHead> {
    let has = |word: &[u8]| line.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    if line.len() > 4_096 || !(has(b"time") || has(b"date")) {
        return None;
    }
    let count = |d: u8| memchr::memchr_iter(d, line).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|&d| count(d)).filter(|&d| count(d) > 0);
    let delimiter = delimiter.unwrap_or(b' ');
    let names: Vec<String> = split(line, delimiter).iter().map(|cell| name_of(cell)).collect();
    let at = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
    let time = at(&["time", "timestamp", "datetime", "date", "timeutc", "localtime"])?;
    if let (Some(path), Some(value)) = (at(&["path"]), at(&["cookedvalue"])) {
        return Some(TableHead::Long { delimiter, time, path, value });
    }
    let columns: Vec<(usize, CounterId, f64)> = names
        .iter()
        .enumerate()
        .filter_map(|(at, name)| counter_of(name).map(|(id, factor)| (at, id, factor)))
        .collect();
    let memory = columns.iter().any(|(_, id, _)| id.object() == "Memory");
    // Between blanks a sentence may hold such words too; in a head they are most of the line.
    let mostly = delimiter != b' ' || (columns.len() + 1) * 2 >= names.len();
    (memory && mostly).then_some(TableHead::Wide { delimiter, time, columns })
}

/// The zone of a table: what its times state, if they state one.
struct Reader {
    builder: Builder,
    head: Option<TableHead>,
    wide: Vec<(usize, Target)>,
    /// Samples of the long CSV, by time as read.
    long: BTreeMap<Reading, BTreeMap<usize, (Target, f64)>>,
    zone: Option<Zone>,
    passed_over: u64,
}

/// Reads a whole table.
///
/// # Errors
/// [`FormatError::Read`]; [`FormatError::NotThisFormat`] where no head is found.
pub(super) fn parse(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<CounterLog>, FormatError> {
    let mut reader = Reader {
        builder: Builder::new(Names::new(context.perflib.as_deref())),
        head: None,
        wide: Vec::new(),
        long: BTreeMap::new(),
        zone: None,
        passed_over: 0,
    };
    text::for_each_block(input, |block| {
        let whole = block.bytes.ends_with(b"\n");
        let mut lines = block.lines().peekable();
        while let Some((number, line)) = lines.next() {
            reader.line(line, number, whole || lines.peek().is_some());
        }
        Ok(())
    })?;
    for (reading, values) in std::mem::take(&mut reader.long) {
        reader.builder.sample(reading, values.into_values());
    }
    if reader.head.is_none() {
        let start = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a table of counters",
            Place::Whole,
            "a head with a time and pool columns",
            &start,
        ));
    }
    let mut parsed = reader.builder.finish(false);
    parsed.value.zone = reader.zone.unwrap_or(Zone::Unknown);
    if parsed.value.zone == Zone::Unknown {
        parsed.note(Place::Whole, "times are local time of an unknown zone");
    }
    if reader.passed_over > 0 {
        parsed.note(Place::Whole, format!("{} lines are no part of the table", reader.passed_over));
    }
    Ok(parsed)
}

impl Reader {
    fn line(&mut self, line: &[u8], number: u64, ended: bool) {
        let trimmed = line.trim_ascii();
        if trimmed.is_empty() || trimmed.iter().all(|b| b"- \t|".contains(b)) {
            return;
        }
        if let Some(found) = head(trimmed) {
            self.begin(found);
            return;
        }
        match self.head.clone() {
            None => self.passed_over += 1,
            Some(TableHead::Wide { delimiter, time, columns }) => {
                let cells = split(trimmed, delimiter);
                let last = columns.iter().map(|(at, ..)| *at).max().unwrap_or(0).max(time);
                let Some(reading) = cells.get(time).and_then(|cell| self.time(cell)) else {
                    self.no_time(number, cells.len() > last);
                    return;
                };
                if !ended && cells.len() <= last {
                    self.builder.parsed.bad(Place::Line(number), "the last row is cut off");
                    return;
                }
                let values: Vec<(Target, f64)> = self
                    .wide
                    .iter()
                    .filter_map(|&(at, target)| Some((target, numbers::decimal(cells.get(at)?)?)))
                    .collect();
                self.builder.sample(reading, values);
            }
            Some(TableHead::Long { delimiter, time, path, value }) => {
                let cells = split(trimmed, delimiter);
                let (Some(path), Some(value)) = (cells.get(path), cells.get(value)) else {
                    self.builder.parsed.bad(Place::Line(number), "a row with fewer cells than the head");
                    return;
                };
                let Some(reading) = cells.get(time).and_then(|cell| self.time(cell)) else {
                    self.no_time(number, true);
                    return;
                };
                if self.long.len() >= MAX_COUNTER_SAMPLES && !self.long.contains_key(&reading) {
                    self.passed_over += 1;
                    return;
                }
                let target = self.builder.column(&String::from_utf8_lossy(path));
                let values = self.long.entry(reading).or_default();
                if let (Some(target), Some(value)) = (target, numbers::decimal(value)) {
                    values.insert(target.column, (target, value));
                }
            }
        }
    }

    fn begin(&mut self, found: TableHead) {
        if let TableHead::Wide { columns, .. } = &found {
            self.wide.clear();
            for &(at, id, factor) in columns {
                let instance = (id == CounterId::ProcessHandleCount).then(|| "_Total".to_owned());
                let path = CounterPath {
                    object: id.object().to_owned(),
                    instance,
                    counter: id.counter().to_owned(),
                    ..CounterPath::default()
                };
                if let Some(target) = self.builder.known_column(path, Some((id, factor))) {
                    self.wide.push((at, target));
                }
            }
        }
        self.head = Some(found);
    }

    fn time(&mut self, cell: &[u8]) -> Option<Reading> {
        let (reading, zone) = dates::read(&String::from_utf8_lossy(cell))?;
        self.zone = match self.zone {
            None => Some(zone),
            Some(known) if known == zone => Some(known),
            // Two offsets in one table: all were moved to UTC if all state one.
            Some(Zone::Unknown) => Some(Zone::Unknown),
            Some(_) if zone == Zone::Unknown => Some(Zone::Unknown),
            Some(_) => Some(Zone::Utc),
        };
        Some(reading)
    }

    fn no_time(&mut self, number: u64, whole: bool) {
        if whole {
            self.builder.parsed.bad(Place::Line(number), "a row whose time cannot be read");
        } else {
            self.passed_over += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_tables() {
        for line in [
            "Time                PageTableMB PagedPoolMB NonpagedPoolMB",
            "Timestamp,Pool Nonpaged Bytes,Pool Paged Bytes",
            "time;NonPagedPool (MB);Handles",
            "\"Path\",\"InstanceName\",\"CookedValue\",\"RawValue\",\"Timestamp\",\"Status\"",
        ] {
            assert!(head(line.as_bytes()).is_some(), "{line}");
        }
        for line in [
            "\"DateTime\",\"Tag\",\"PagedType\",\"Allocs\",\"Frees\",\"Diff\",\"Bytes\",\"PerAlloc\"",
            "Time,Entry Location,Entry,Enabled,Category",
            "date time c-ip c-port s-ip s-port",
            "the time and the paged pool",
            "",
        ] {
            assert!(head(line.as_bytes()).is_none(), "{line}");
        }
    }
}
