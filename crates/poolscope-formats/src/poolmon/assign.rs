//! Gives snapshots their times: from the headings inside, and from what is known about the file.

use super::times::Heading;
use super::{PoolmonLog, SnapshotTime, TimeFrom, name_time};
use crate::dates::{DayOrder, Reading, resolve};
use crate::input::ParseContext;
use crate::parsed::{Parsed, Place};
use crate::time::{Time, Zone};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// How far a modification time and a wall time of the same moment can lie apart: the zones.
const ZONES: i64 = 26 * HOUR;

/// Gives snapshots the dates and times that stand in the text above them.
pub(super) fn times_from_inside(
    parsed: &mut Parsed<PoolmonLog>,
    headings: &[Option<Heading>],
    context: &ParseContext,
) {
    let full = headings.iter().map(|heading| match heading {
        Some(Heading::Full(reading, zone)) => Some((*reading, *zone)),
        _ => None,
    });
    let written: Vec<Option<(Reading, Zone)>> = full.collect();
    let series: Vec<Reading> = written.iter().flatten().map(|(reading, _)| *reading).collect();
    let (mut times, mut order) = resolve(&series);
    let mut settled = series;
    if order == DayOrder::Guessed {
        settled.iter_mut().for_each(|reading| *reading = settled_by(*reading, context.modified));
        (times, order) = resolve(&settled);
    }
    if order == DayOrder::Guessed {
        parsed.note(
            Place::Whole,
            "the dates do not tell day from month; unless other files do, they are read as month, day, year",
        );
    }
    let mut times = times.into_iter().zip(settled);
    for (snapshot, written) in parsed.value.snapshots.iter_mut().zip(written) {
        let Some((_, zone)) = written else { continue };
        let Some((time, reading)) = times.next() else { break };
        let spelled = match reading {
            Reading::Either { month_first, .. } if order == DayOrder::Decided && time == month_first => {
                Reading::MonthFirst(time)
            }
            Reading::Either { .. } if order == DayOrder::Decided => Reading::DayFirst(time),
            other => other,
        };
        snapshot.time = Some(SnapshotTime { time, zone, from: TimeFrom::LineInside, spelled });
    }
}

/// Gives headings with a time of day only their day: from the other headings, the file's name, or its
/// modification time.
pub(super) fn days_from_outside(
    parsed: &mut Parsed<PoolmonLog>,
    headings: &[Option<Heading>],
    context: &ParseContext,
) {
    let hours: Vec<Option<i64>> = headings
        .iter()
        .map(|heading| match heading {
            Some(Heading::TimeOfDay(micros)) => Some(*micros),
            _ => None,
        })
        .collect();
    let count = hours.iter().flatten().count();
    if count == 0 {
        return;
    }
    let inside =
        parsed.value.snapshots.iter().any(|s| s.time.is_some_and(|t| t.from == TimeFrom::LineInside));
    let begin = hours.iter().position(Option::is_some).unwrap_or(0);
    let (from, said) = if inside {
        (TimeFrom::LineInside, "of the other headings")
    } else if let Some(day) = name_time::day_of_name(&context.name, context.modified) {
        let first = hours.get(begin).copied().flatten().unwrap_or(0);
        let day = settled_by(day, context.modified);
        place(parsed, begin, day.map(|midnight| Time(midnight.0.saturating_add(first))), TimeFrom::FileName);
        (TimeFrom::FileName, "in the file's name")
    } else if let Some(modified) = context.modified {
        let last = hours.iter().rposition(Option::is_some).unwrap_or(0);
        let micros = hours.get(last).copied().flatten().unwrap_or(0);
        let time = near(modified, micros);
        place(parsed, last, Reading::Plain(time), TimeFrom::Modified);
        (TimeFrom::Modified, "of the file's modification time, which copying may have changed")
    } else {
        parsed
            .note(Place::Whole, format!("{count} headings state a time of day, and nothing states the day"));
        return;
    };
    forward(parsed, &hours, from);
    backward(parsed, &hours, from);
    parsed.note(Place::Whole, format!("{count} headings state a time of day only: the day is that {said}"));
}

fn place(parsed: &mut Parsed<PoolmonLog>, at: usize, spelled: Reading, from: TimeFrom) {
    if let Some(snapshot) = parsed.value.snapshots.get_mut(at) {
        let time = spelled.in_order(true);
        snapshot.time = Some(SnapshotTime { time, zone: Zone::Unknown, from, spelled });
    }
}

/// The wall time at this time of day that a file modified then can tell of: zones reach from 12 hours behind UTC
/// to 14 ahead, and a file is written after what it tells of.
fn near(modified: Time, micros: i64) -> Time {
    const AHEAD: i64 = 11 * HOUR;
    let midnight = modified.0.div_euclid(DAY) * DAY;
    let same_day = midnight.saturating_add(micros);
    let days = (modified.0.saturating_add(AHEAD).saturating_sub(same_day)).div_euclid(DAY);
    Time(same_day.saturating_add(days.saturating_mul(DAY)))
}

/// The next moment at or after `before` with this time of day.
fn after(before: Time, micros: i64) -> Time {
    let same_day = Time((before.0.div_euclid(DAY) * DAY).saturating_add(micros));
    if same_day < before { Time(same_day.0.saturating_add(DAY)) } else { same_day }
}

/// Changes a time as its zone's wall clock shows it.
fn in_wall_time(zone: Zone, time: Time, change: impl Fn(Time) -> Time) -> Time {
    let wall = match zone {
        Zone::Bias(minutes) => Time(time.0.saturating_sub(i64::from(minutes) * 60_000_000)),
        Zone::Utc | Zone::Unknown => time,
    };
    zone.to_utc(change(wall))
}

/// Times of day behind a snapshot with a time.
fn forward(parsed: &mut Parsed<PoolmonLog>, hours: &[Option<i64>], from: TimeFrom) {
    let mut last: Option<SnapshotTime> = None;
    for (snapshot, micros) in parsed.value.snapshots.iter_mut().zip(hours) {
        if let (None, Some(known), Some(micros)) = (snapshot.time, last, *micros) {
            let later = |time| in_wall_time(known.zone, time, |wall| after(wall, micros));
            let (time, spelled) = (later(known.time), known.spelled.map(later));
            snapshot.time = Some(SnapshotTime { time, zone: known.zone, from, spelled });
        }
        last = snapshot.time.or(last);
    }
}

/// Times of day before the first snapshot with a time.
fn backward(parsed: &mut Parsed<PoolmonLog>, hours: &[Option<i64>], from: TimeFrom) {
    let mut next: Option<SnapshotTime> = None;
    for (snapshot, micros) in parsed.value.snapshots.iter_mut().zip(hours).rev() {
        if let (None, Some(known), Some(micros)) = (snapshot.time, next, *micros) {
            let earlier = |time| {
                in_wall_time(known.zone, time, |wall| {
                    let found = after(wall, micros);
                    if found > wall { Time(found.0.saturating_sub(DAY)) } else { found }
                })
            };
            let (time, spelled) = (earlier(known.time), known.spelled.map(earlier));
            snapshot.time = Some(SnapshotTime { time, zone: known.zone, from, spelled });
        }
        next = snapshot.time.or(next);
    }
}

/// An ambiguous date as the file's modification time settles it: nothing is sampled after its file was written,
/// and most files are written when they are sampled.
fn settled_by(reading: Reading, modified: Option<Time>) -> Reading {
    let (Reading::Either { month_first, day_first }, Some(modified)) = (reading, modified) else {
        return reading;
    };
    let close = |time: Time| time.0.abs_diff(modified.0) <= ZONES.unsigned_abs();
    let later = |time: Time| time.0.saturating_sub(modified.0) > ZONES;
    match (close(month_first), close(day_first)) {
        (true, false) => return Reading::MonthFirst(month_first),
        (false, true) => return Reading::DayFirst(day_first),
        _ => {}
    }
    match (later(month_first), later(day_first)) {
        (false, true) => Reading::MonthFirst(month_first),
        (true, false) => Reading::DayFirst(day_first),
        _ => reading,
    }
}

/// Gives the time that is known about the input as a whole to the one snapshot it can mean.
///
/// The user's word and the modification time mean the end of the file, so its last snapshot; the name means
/// its beginning, so the first. Other snapshots without a time keep none: their order is all that is known.
pub(super) fn times_from_outside(parsed: &mut Parsed<PoolmonLog>, context: &ParseContext) {
    let without = parsed.value.snapshots.iter().filter(|snapshot| snapshot.time.is_none()).count();
    if let Some(time) = context.stated_time {
        let stated =
            SnapshotTime { time, zone: Zone::Utc, from: TimeFrom::Stated, spelled: Reading::Plain(time) };
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
    let from_name = name_time::from_name(&context.name, context.modified).map(|(reading, zone)| {
        let spelled = settled_by(reading, context.modified);
        SnapshotTime { time: spelled.in_order(true), zone, from: TimeFrom::FileName, spelled }
    });
    let from_system = context.modified.map(|time| SnapshotTime {
        time,
        zone: Zone::Utc,
        from: TimeFrom::Modified,
        spelled: Reading::Plain(time),
    });
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
