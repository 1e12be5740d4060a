//! Walks the records of a log and gathers its samples.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::catalogue::{Entry, read_entries, read_names};
use super::cook::RawValue;
use super::naming::Naming;
use super::perf_object::{ObjectHead, PerfObject, instance_name};
use super::pieces::{Pieces, Whole};
use super::series::SeriesSet;
use super::zone::HostZone;
use crate::counters::{CounterLog, CounterPath, mark_identities};
use crate::cursor::{Cursor, Short};
use crate::limits::MAX_NAMED_COLUMNS;
use crate::parsed::{Parsed, Place};
use crate::time::{Time, Zone};

/// Types of the log's events.
const CATALOGUE: u8 = 0x20;
const DATA: u8 = 0x22;
const TRAILER: u8 = 0x23;
const NAMES: u8 = 0x24;

/// Kinds of a sample's parts.
const SINGLE: u8 = 1;
const INSTANCES: u8 = 2;
const OBJECT: u8 = 5;

/// What the log held so far.
#[derive(Debug)]
pub(super) struct Reader {
    zone: HostZone,
    pieces: Pieces,
    entries: Vec<Entry>,
    table: BTreeMap<u32, String>,
    machine: Option<String>,
    naming: Option<Naming>,
    objects: BTreeMap<u32, PerfObject>,
    /// Columns of single counters, by their entry; `None` inside for one that is not kept.
    singles: FxHashMap<usize, Option<u32>>,
    /// Columns of the instances of a counter, by entry, name and place among those of the name.
    instances: FxHashMap<(usize, Vec<u8>, u32), Option<u32>>,
    others: Vec<CounterPath>,
    series: SeriesSet,
    zone_bias: Option<i32>,
    problems: Vec<String>,
    pub parsed: Parsed<()>,
}

impl Reader {
    /// For a log of a host in this zone; `perflib` are the user's names, used where the log has none.
    pub fn new(zone: HostZone, perflib: BTreeMap<u32, String>) -> Self {
        Self {
            zone,
            pieces: Pieces::default(),
            entries: Vec::new(),
            table: perflib,
            machine: None,
            naming: None,
            objects: BTreeMap::new(),
            singles: FxHashMap::default(),
            instances: FxHashMap::default(),
            others: Vec::new(),
            series: SeriesSet::new(),
            zone_bias: None,
            problems: Vec::new(),
            parsed: Parsed::new(()),
        }
    }

    /// Takes one event of the log.
    pub fn event(&mut self, opcode: u8, ticks: i64, payload: &[u8], place: Place) {
        let mut pieces = std::mem::take(&mut self.pieces);
        if let Some(whole) = pieces.take(opcode, ticks, payload, &mut self.problems) {
            self.record(whole, place);
            pieces.clear();
        }
        self.pieces = pieces;
        for problem in self.problems.drain(..) {
            self.parsed.bad(place, problem);
        }
    }

    fn record(&mut self, whole: Whole<'_>, place: Place) {
        match whole.opcode {
            CATALOGUE => {
                let (entries, problem) = read_entries(whole.bytes);
                self.entries = entries;
                if let Some(problem) = problem {
                    self.parsed.bad(place, problem);
                }
            }
            NAMES => {
                read_names(whole.bytes, &mut self.machine, &mut self.table);
                // Objects read before keep their names; later ones get the new.
                self.naming = None;
            }
            DATA => match self.sample(whole) {
                Ok(()) => self.parsed.coverage.records += 1,
                Err(short) => self.parsed.bad(place, format!("a sample that ends early: {short}")),
            },
            TRAILER => {}
            other => self.parsed.note(place, format!("an event of the unknown type {other:#x}")),
        }
    }

    fn sample(&mut self, whole: Whole<'_>) -> Result<(), Short> {
        let local = u64::try_from(whole.ticks).ok().and_then(Time::from_filetime).unwrap_or(Time(0));
        self.zone_bias.get_or_insert(self.zone.bias_at(local));
        if !self.series.begin(self.zone.to_utc(local)) {
            return Ok(());
        }
        let mut cursor = Cursor::new(whole.bytes, 0);
        cursor.skip(8, "sample head")?;
        let mut nth = 0;
        while !cursor.rest().is_empty() {
            let start = cursor.position();
            let kind = match cursor.u32("part mark")?.to_le_bytes() {
                [b'B', b'L', 3, kind] => kind,
                _ => return Err(Short { field: "part mark `BL`", offset: start as u64, need: 4, have: 0 }),
            };
            let length = cursor.u32("part length")? as usize;
            let body = cursor.bytes(length.saturating_sub(8), "part")?;
            match kind {
                SINGLE => self.single(nth, body)?,
                INSTANCES => self.instances_of(nth, body)?,
                OBJECT => self.object(body)?,
                _ => {}
            }
            nth += 1;
        }
        Ok(())
    }

    fn object(&mut self, body: &[u8]) -> Result<(), Short> {
        let head = ObjectHead::read(body)?;
        if let Some(time) = head.time {
            self.series.set_time(time);
        }
        let naming = naming(&mut self.naming, &self.table, self.machine.as_ref());
        self.objects.entry(head.name).or_default().take(&head, naming, &mut self.series)
    }

    /// One PDH_RAW_COUNTER (SDK, pdh.h).
    fn single(&mut self, nth: usize, body: &[u8]) -> Result<(), Short> {
        let mut cursor = Cursor::new(body, 0);
        let status = cursor.u32("CStatus")?;
        cursor.seek(16);
        let (value, clock) = (cursor.i64("FirstValue")?, cursor.i64("SecondValue")?);
        let Some(entry) = self.entries.get(nth) else { return Ok(()) };
        let column = match self.singles.get(&nth) {
            Some(column) => *column,
            None => {
                let column = self.open(entry.path.clone(), nth);
                self.singles.insert(nth, column);
                column
            }
        };
        self.set(nth, column, status, value, clock);
        Ok(())
    }

    /// A counter of all instances: names and values.
    fn instances_of(&mut self, nth: usize, body: &[u8]) -> Result<(), Short> {
        let mut cursor = Cursor::new(body, 0);
        cursor.skip(4, "array bytes")?;
        let count = cursor.u32("instance count")?;
        let status = cursor.u32("CStatus")?;
        cursor.seek(24);
        let items = cursor;
        let Some(entry) = self.entries.get(nth) else { return Ok(()) };
        let path = entry.path.clone();
        let texts = items.rest();
        let mut met: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        for _ in 0..count {
            let name_at = cursor.u32("name offset")? as usize;
            cursor.skip(4, "padding")?;
            let (value, clock) = (cursor.i64("FirstValue")?, cursor.i64("SecondValue")?);
            let name = wide_text(texts.get(name_at..).unwrap_or(&[]));
            let index = met.entry(name.to_vec()).or_default();
            let key = (nth, name.to_vec(), *index);
            *index += 1;
            let column = match self.instances.get(&key) {
                Some(column) => *column,
                None => {
                    let instance = Some(instance_name(name, false));
                    let column = self.open(CounterPath { instance, index: key.2, ..path.clone() }, nth);
                    self.instances.insert(key, column);
                    column
                }
            };
            self.set(nth, column, status, value, clock);
        }
        Ok(())
    }

    /// A column for an entry's counter, if it is kept.
    fn open(&mut self, path: CounterPath, nth: usize) -> Option<u32> {
        let entry = self.entries.get(nth)?;
        let naming = naming(&mut self.naming, &self.table, self.machine.as_ref());
        match naming.kept(&path, entry.counter_type) {
            Some(kept) => self.series.open(path, kept),
            None => {
                if self.others.len() < MAX_NAMED_COLUMNS {
                    self.others.push(path);
                }
                None
            }
        }
    }

    fn set(&mut self, nth: usize, column: Option<u32>, status: u32, value: i64, clock: i64) {
        // PDH_CSTATUS_VALID_DATA and _NEW_DATA; anything else is a gap, never 0.
        if let (Some(column), Some(entry), 0 | 1) = (column, self.entries.get(nth), status) {
            let per_second = entry.time_base as f64;
            self.series.set(column, RawValue { value, clock, per_second });
        }
    }

    /// The log's samples, with what was wrong on the way.
    pub fn finish(mut self) -> Parsed<CounterLog> {
        self.pieces.drop_unfinished(&mut self.problems);
        for problem in self.problems.drain(..) {
            self.parsed.bad(Place::Whole, problem);
        }
        let columns_of_objects: usize = self.objects.values().map(|object| object.columns_total).sum();
        let columns_of_entries = self.singles.len() + self.instances.len();
        let others = self.objects.values().flat_map(PerfObject::others).chain(&self.others);
        let other_columns = others.take(MAX_NAMED_COLUMNS).map(ToString::to_string).collect();
        let stride = self.series.stride;
        let (times, columns, dropped) = self.series.finish();
        let back = times.windows(2).enumerate().filter(|(_, pair)| pair[1] < pair[0]);
        let clock_back: Vec<u32> = back.filter_map(|(at, _)| u32::try_from(at + 1).ok()).collect();
        let machine = self.machine.or_else(|| columns.iter().find_map(|column| column.path.machine.clone()));
        let mut log = CounterLog {
            machine,
            zone: self.zone_bias.map_or(Zone::Unknown, Zone::Bias),
            zone_name: self.zone.name,
            times,
            clock_back,
            columns,
            columns_total: u32::try_from(columns_of_objects + columns_of_entries).unwrap_or(u32::MAX),
            other_columns,
        };
        let (spliced, unknown) = mark_identities(&mut log);
        let mut parsed = self.parsed;
        if stride > 1 {
            parsed.note(Place::Whole, format!("more values than are kept: every {stride}th sample is read"));
        }
        if dropped > 0 {
            parsed
                .note(Place::Whole, format!("more columns than are kept: {dropped} short ones are left out"));
        }
        if spliced > 0 {
            parsed.note(
                Place::Whole,
                format!("{spliced} per-process columns pass from one process to another"),
            );
        }
        if unknown > 0 {
            let text = "per-process columns without ID Process may pass from one process to another unseen";
            parsed.note(Place::Whole, format!("{unknown} {text}"));
        }
        parsed.map(|()| log)
    }
}

/// The naming, made when it is first wanted after the names changed.
fn naming<'n>(
    naming: &'n mut Option<Naming>,
    table: &BTreeMap<u32, String>,
    machine: Option<&String>,
) -> &'n Naming {
    naming.get_or_insert_with(|| Naming::new(table.clone(), machine.cloned()))
}

/// The bytes of a UTF-16 text up to its zero.
fn wide_text(bytes: &[u8]) -> &[u8] {
    let units = bytes.as_chunks::<2>().0.iter().take_while(|unit| **unit != [0, 0]).count();
    bytes.get(..units * 2).unwrap_or(&[])
}
