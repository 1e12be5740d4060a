//! What a log says about itself: the catalogue of its counters (event 0x20) and the names of the source
//! machine (events 0x24), which map perflib indices in that machine's language.

use std::collections::BTreeMap;

use crate::counters::CounterPath;
use crate::cursor::{Cursor, Short};
use crate::etl::utf16z;
use crate::limits::{MAX_BLG_ENTRIES, MAX_PERFLIB_NAMES};

/// Bytes of an entry before its texts.
const ENTRY_HEAD_BYTES: u32 = 0x34;
/// No text at this offset.
const NONE: u32 = u32::MAX;

/// One counter, or one whole object, that every sample holds.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    /// PERF_COUNTER type of winperf.h.
    pub counter_type: u32,
    /// Ticks a second of the counter's time values.
    pub time_base: u64,
    /// Its path; the counter is empty for a whole object, the instance `*` for all instances.
    pub path: CounterPath,
}

/// Reads the catalogue. Entries after a broken one are lost, so that is said with its offset.
pub(super) fn read_entries(bytes: &[u8]) -> (Vec<Entry>, Option<String>) {
    let mut entries = Vec::new();
    let mut at = 8usize;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= 4) {
        let size = Cursor::new(rest, 0).u32("entry size").unwrap_or(0);
        if size < ENTRY_HEAD_BYTES {
            // The catalogue ends with an entry too small to be one.
            return (entries, None);
        }
        if entries.len() >= MAX_BLG_ENTRIES {
            return (entries, Some(format!("over {MAX_BLG_ENTRIES} counters in the catalogue")));
        }
        let entry = rest.get(..size as usize).ok_or(()).and_then(|entry| read_entry(entry).map_err(|_| ()));
        match entry {
            Ok(entry) => entries.push(entry),
            Err(()) => {
                return (entries, Some(format!("the catalogue is broken at its byte {at:#x}")));
            }
        }
        at += size as usize;
    }
    (entries, None)
}

fn read_entry(bytes: &[u8]) -> Result<Entry, Short> {
    let mut cursor = Cursor::new(bytes, 0);
    cursor.skip(12, "entry head")?;
    let counter_type = cursor.u32("counter type")?;
    let time_base = cursor.u64("time base")?;
    cursor.skip(4, "default scale")?;
    let machine = cursor.u32("machine offset")?;
    let object = cursor.u32("object offset")?;
    let instance = cursor.u32("instance offset")?;
    let parent = cursor.u32("parent offset")?;
    let index = cursor.u32("instance index")?;
    let counter = cursor.u32("counter offset")?;
    let texts = cursor.rest();
    let text = |offset: u32| {
        (offset != NONE).then(|| texts.get(offset as usize..)).flatten().map(|bytes| utf16z(bytes).0)
    };
    let full = |offset| text(offset).filter(|text| !text.is_empty());
    Ok(Entry {
        counter_type,
        time_base,
        path: CounterPath {
            machine: full(machine).map(|name| name.trim_start_matches('\\').to_owned()),
            object: text(object).unwrap_or_default(),
            parent: full(parent),
            instance: full(instance),
            index: if index == NONE { 0 } else { index },
            counter: text(counter).unwrap_or_default(),
        },
    })
}

/// Reads one event of names: the machine, then index and name, index and name.
pub(super) fn read_names(bytes: &[u8], machine: &mut Option<String>, names: &mut BTreeMap<u32, String>) {
    let mut rest = bytes;
    let mut text = || {
        let (text, used) = utf16z(rest);
        rest = rest.get(used..).unwrap_or(&[]);
        (used > 0 && !text.is_empty()).then_some(text)
    };
    if let Some(name) = text() {
        machine.get_or_insert_with(|| name.trim_start_matches('\\').to_owned());
    }
    while let (Some(index), Some(name)) = (text(), text()) {
        if let Ok(index) = index.parse()
            && (names.len() < MAX_PERFLIB_NAMES || names.contains_key(&index))
        {
            names.insert(index, name);
        }
    }
}
