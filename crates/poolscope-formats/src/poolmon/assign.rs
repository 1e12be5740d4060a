//! Times for snapshots that carry none: from what is known about the file.

use super::{PoolmonLog, SnapshotTime, TimeFrom, times};
use crate::input::ParseContext;
use crate::parsed::{Parsed, Place};
use crate::time::Zone;

/// Gives the time that is known about the input as a whole to the one snapshot it can mean.
///
/// The user's word and the modification time mean the end of the file, so its last snapshot; the name means
/// its beginning, so the first. Other snapshots without a time keep none: their order is all that is known.
pub(super) fn times_from_outside(parsed: &mut Parsed<PoolmonLog>, context: &ParseContext) {
    let without = parsed.value.snapshots.iter().filter(|snapshot| snapshot.time.is_none()).count();
    if let Some(time) = context.stated_time {
        let stated = SnapshotTime { time, zone: Zone::Utc, from: TimeFrom::Stated };
        if let [only] = parsed.value.snapshots.as_mut_slice() {
            only.time = Some(stated);
            return;
        }
        if without > 0
            && let Some(last) = parsed.value.snapshots.iter_mut().rfind(|snapshot| snapshot.time.is_none())
        {
            last.time = Some(stated);
            let text =
                format!("{without} snapshots carry no time; the stated time was given to the last of them");
            parsed.note(Place::Whole, text);
        }
        return;
    }
    if without == 0 {
        return;
    }
    let from_name = times::from_name(&context.name).map(|(time, zone)| SnapshotTime {
        time,
        zone,
        from: TimeFrom::FileName,
    });
    let from_system =
        context.modified.map(|time| SnapshotTime { time, zone: Zone::Utc, from: TimeFrom::Modified });
    let snapshots = parsed.value.snapshots.as_mut_slice();
    let (slot, known) = match from_name {
        Some(_) => (snapshots.first_mut(), from_name),
        None => (snapshots.last_mut(), from_system),
    };
    let given = match (slot, known) {
        (Some(slot), Some(known)) if slot.time.is_none() => {
            slot.time = Some(known);
            Some(known)
        }
        _ => None,
    };
    let source = match given.map(|given| given.from) {
        Some(TimeFrom::FileName) if without == 1 => "the time of the snapshot is from the file's name",
        Some(TimeFrom::FileName) => "the time of the first snapshot is from the file's name",
        Some(_) if without == 1 => {
            "the time of the snapshot is the file's modification time, which copying may have changed"
        }
        Some(_) => {
            "the time of the last snapshot is the file's modification time, which copying may have changed"
        }
        None => "nothing says when the snapshots were taken",
    };
    parsed.note(Place::Whole, source);
    let left = without - usize::from(given.is_some());
    if given.is_some() && left > 0 {
        parsed.note(Place::Whole, format!("{left} snapshots carry no time; only their order is known"));
    }
}
