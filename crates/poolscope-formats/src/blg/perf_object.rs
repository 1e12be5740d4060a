//! A whole performance object in a sample: PERF_DATA_BLOCK with one PERF_OBJECT_TYPE (SDK, winperf.h).
//!
//! Finds the kept counters of each instance, and the instance's name and process; sets them into columns. The
//! layout of an object rarely changes within a log, and instances mostly stay where they were, so both are
//! remembered.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::cook::{Cook, RawValue};
use super::naming::Naming;
use super::series::{Kept, SeriesSet};
use crate::counters::CounterPath;
use crate::cursor::{Cursor, Short};
use crate::time::Time;

/// Perflib index of `ID Process`, the counter that tells one process from the next of its name.
const ID_PROCESS: u32 = 784;
const BLOCK_MAGIC: &[u8] = b"P\0E\0R\0F\0";
const COUNTER_BYTES: usize = 40;
const OBJECT_BYTES: usize = 64;

/// A kept counter: where it stands in the counter block.
#[derive(Clone, PartialEq, Debug)]
struct Slot {
    path: CounterPath,
    kept: Kept,
    at: usize,
    wide: bool,
}

/// What the definitions of an object said.
#[derive(Debug, Default)]
struct Plan {
    definitions: Vec<u8>,
    slots: Vec<Slot>,
    /// Place of the process id in the counter block.
    process_id: Option<usize>,
    others: Vec<CounterPath>,
}

/// One instance of the object.
#[derive(Clone, Debug)]
struct Instance {
    name: Vec<u8>,
    /// Process id; for other objects the instance's number among those of its name.
    number: u64,
    /// One column a slot; `None` where there was no room.
    columns: Vec<Option<u32>>,
}

/// One object of the log, remembered over its samples.
#[derive(Debug, Default)]
pub(super) struct PerfObject {
    plan: Plan,
    instances: Vec<Instance>,
    by_key: FxHashMap<(Vec<u8>, u64), usize>,
    /// The instances of the sample before, by place.
    places: Vec<usize>,
    /// Processes met of each name.
    numbers: BTreeMap<Vec<u8>, u32>,
    /// Most columns a sample had, kept or not.
    pub columns_total: usize,
}

/// The head of an object in a sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectHead<'a> {
    /// UTC.
    pub time: Option<Time>,
    /// Perflib index of the object's name.
    pub name: u32,
    definitions: &'a [u8],
    body: &'a [u8],
    /// Instances, negative for an object that has none.
    instances: i32,
    ansi_names: bool,
    perf_time: i64,
    perf_frequency: f64,
    object_time: i64,
    object_frequency: f64,
}

impl<'a> ObjectHead<'a> {
    /// Reads the head.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Short> {
        let mut cursor = Cursor::new(bytes, 0);
        if cursor.bytes(8, "PERF_DATA_BLOCK mark")? != BLOCK_MAGIC {
            return Err(Short { field: "PERF_DATA_BLOCK mark", offset: 0, need: 8, have: 0 });
        }
        cursor.seek(0x18);
        let header_bytes = cursor.u32("HeaderLength")? as usize;
        cursor.seek(0x38);
        let perf_time = cursor.i64("PerfTime")?;
        let perf_frequency = cursor.i64("PerfFreq")? as f64;
        let time = Time::from_filetime(cursor.u64("PerfTime100nSec")?);
        let object = bytes.get(header_bytes..).unwrap_or(&[]);
        let mut cursor = Cursor::new(object, header_bytes as u64);
        let total = cursor.u32("object length")? as usize;
        let definition_bytes = cursor.u32("definition length")? as usize;
        let head_bytes = cursor.u32("object header length")? as usize;
        let name = cursor.u32("object name index")?;
        cursor.seek(32);
        let counters = cursor.u32("NumCounters")? as usize;
        cursor.skip(4, "DefaultCounter")?;
        let instances = cursor.i32("NumInstances")?;
        let code_page = cursor.u32("CodePage")?;
        let object_time = cursor.i64("object PerfTime")?;
        let object_frequency = cursor.i64("object PerfFreq")? as f64;
        let object = object.get(..total.min(object.len())).unwrap_or(&[]);
        cursor.seek(head_bytes.max(OBJECT_BYTES));
        let definitions = cursor.bytes(counters.saturating_mul(COUNTER_BYTES), "counter definitions")?;
        Ok(Self {
            time,
            name,
            definitions,
            body: object.get(definition_bytes..).unwrap_or(&[]),
            instances,
            ansi_names: code_page != 0,
            perf_time,
            perf_frequency,
            object_time,
            object_frequency,
        })
    }

    /// The counter block that `rest` begins with; moves past it.
    fn block(rest: &mut &'a [u8]) -> Result<&'a [u8], Short> {
        let length = Cursor::new(rest, 0).u32("counter block length")? as usize;
        let block = Cursor::new(rest, 0).bytes(length.max(4), "counter block")?;
        *rest = rest.get(block.len()..).unwrap_or(&[]);
        Ok(block)
    }

    /// The instance that `rest` begins with: its name and its counter block; moves past it.
    fn instance(rest: &mut &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Short> {
        let mut cursor = Cursor::new(rest, 0);
        let length = cursor.u32("instance length")? as usize;
        cursor.skip(12, "instance parent and id")?;
        let name_at = cursor.u32("instance name offset")? as usize;
        let name_bytes = cursor.u32("instance name length")? as usize;
        let whole = Cursor::new(rest, 0).bytes(length.max(24), "instance")?;
        let name = whole.get(name_at..name_at.saturating_add(name_bytes)).unwrap_or(&[]);
        *rest = rest.get(whole.len()..).unwrap_or(&[]);
        Ok((name, Self::block(rest)?))
    }
}

impl PerfObject {
    /// Sets the object's values of the sample begun last.
    pub fn take(
        &mut self,
        head: &ObjectHead<'_>,
        naming: &Naming,
        series: &mut SeriesSet,
    ) -> Result<(), Short> {
        if head.definitions != self.plan.definitions {
            self.plan = Plan::new(head.name, head.definitions, naming)?;
            self.instances.clear();
            self.by_key.clear();
            self.places.clear();
        }
        let counters = self.plan.definitions.len() / COUNTER_BYTES;
        let times = usize::try_from(head.instances).unwrap_or(1);
        self.columns_total = self.columns_total.max(counters.saturating_mul(times));
        if self.plan.slots.is_empty() {
            return Ok(());
        }
        let mut rest = head.body;
        if head.instances < 0 {
            let block = ObjectHead::block(&mut rest)?;
            let at = self.find(0, None, 0, head, series);
            self.set(at, block, head, series);
            return Ok(());
        }
        let mut same_name: BTreeMap<&[u8], u64> = BTreeMap::new();
        for place in 0..head.instances as usize {
            let (name, block) = ObjectHead::instance(&mut rest)?;
            let number = match self.plan.process_id {
                Some(at) => u64::from(Cursor::new(block.get(at..).unwrap_or(&[]), 0).u32("ID Process")?),
                None => {
                    let number = same_name.entry(name).or_default();
                    *number += 1;
                    *number - 1
                }
            };
            let at = self.find(place, Some(name), number, head, series);
            self.set(at, block, head, series);
        }
        Ok(())
    }

    /// The instance at a place of the sample: mostly the one of the sample before.
    fn find(
        &mut self,
        place: usize,
        name: Option<&[u8]>,
        number: u64,
        head: &ObjectHead<'_>,
        series: &mut SeriesSet,
    ) -> usize {
        let key = name.unwrap_or(&[]);
        if let Some(at) = self.places.get(place)
            && self.instances.get(*at).is_some_and(|known| known.number == number && known.name == key)
        {
            return *at;
        }
        let at = match self.by_key.get(&(key.to_vec(), number)) {
            Some(at) => *at,
            None => {
                let at = self.instances.len();
                let columns = self.open(name, number, head, series);
                self.instances.push(Instance { name: key.to_vec(), number, columns });
                self.by_key.insert((key.to_vec(), number), at);
                at
            }
        };
        match self.places.get_mut(place) {
            Some(known) => *known = at,
            // Places come in order, so the next one is the one behind the last.
            None => self.places.push(at),
        }
        at
    }

    /// Opens the columns of a new instance.
    fn open(
        &mut self,
        name: Option<&[u8]>,
        number: u64,
        head: &ObjectHead<'_>,
        series: &mut SeriesSet,
    ) -> Vec<Option<u32>> {
        let index = match name {
            Some(name) if self.plan.process_id.is_some() => {
                let met = self.numbers.entry(name.to_vec()).or_default();
                *met += 1;
                *met - 1
            }
            _ => u32::try_from(number).unwrap_or(u32::MAX),
        };
        let instance = name.map(|name| instance_name(name, head.ansi_names));
        let slots = self.plan.slots.iter();
        slots
            .map(|slot| {
                let path = CounterPath { instance: instance.clone(), index, ..slot.path.clone() };
                series.open(path, slot.kept)
            })
            .collect()
    }

    #[inline]
    fn set(&self, at: usize, block: &[u8], head: &ObjectHead<'_>, series: &mut SeriesSet) {
        let Some(instance) = self.instances.get(at) else { return };
        for (slot, column) in self.plan.slots.iter().zip(&instance.columns) {
            let (Some(column), Some(bytes)) = (column, block.get(slot.at..)) else { continue };
            let value = match (slot.wide, bytes.first_chunk::<8>(), bytes.first_chunk::<4>()) {
                (true, Some(bytes), _) => i64::from_le_bytes(*bytes),
                (false, _, Some(bytes)) => i64::from(u32::from_le_bytes(*bytes)),
                _ => continue,
            };
            // Elapsed times count on the object's own clock, rates on the machine's.
            let (clock, per_second) = match slot.kept.cook {
                Cook::Elapsed => (head.object_time, head.object_frequency),
                _ => (head.perf_time, head.perf_frequency),
            };
            series.set(*column, RawValue { value, clock, per_second });
        }
    }

    /// Counters of the object that are not kept.
    pub fn others(&self) -> &[CounterPath] {
        &self.plan.others
    }
}

impl Plan {
    fn new(object: u32, definitions: &[u8], naming: &Naming) -> Result<Self, Short> {
        let mut plan = Self { definitions: definitions.to_vec(), ..Self::default() };
        for definition in definitions.as_chunks::<COUNTER_BYTES>().0 {
            let mut cursor = Cursor::new(definition, 0);
            cursor.skip(4, "definition length")?;
            let name = cursor.u32("counter name index")?;
            cursor.seek(28);
            let counter_type = cursor.u32("CounterType")?;
            let size = cursor.u32("CounterSize")?;
            let at = cursor.u32("CounterOffset")? as usize;
            if name == ID_PROCESS {
                plan.process_id = Some(at);
            }
            let path = naming.path(object, name);
            match naming.kept(&path, counter_type) {
                Some(kept) => plan.slots.push(Slot { path, kept, at, wide: size >= 8 }),
                None => plan.others.push(path),
            }
        }
        Ok(plan)
    }
}

/// An instance's name as PDH shows it: characters that a path needs for itself are replaced.
pub(super) fn instance_name(bytes: &[u8], ansi: bool) -> String {
    let name = if ansi {
        encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.trim_end_matches('\0').to_owned()
    } else {
        crate::etl::utf16z(bytes).0
    };
    name.chars()
        .map(|char| match char {
            '(' => '[',
            ')' => ']',
            '#' | '\\' | '/' => '_',
            other => other,
        })
        .collect()
}
