//! When snapshots were taken, where one input alone cannot say: day and month that can be exchanged, and
//! modification times that are those of a copy.
//!
//! It looks at all snapshots of a case together. Wall times are moved to UTC later, by the host's clock.

use std::collections::BTreeMap;

use poolscope_formats::Time;
use poolscope_formats::dates::Reading;
use poolscope_formats::poolmon::{SnapshotTime, TimeFrom};
use poolscope_formats::processes::Taken;

use super::builder::CaseBuilder;
use super::evidence::Source;

/// Files copied or unpacked in one go get their times within this.
const ONE_COPY_SECONDS: f64 = 120.0;

/// Files that one copy must have written before their times are taken for the copy's.
const FILES_OF_A_COPY: usize = 3;

/// A file modified so long after everything else of the case was kept longer than an incident lasts.
const TOO_LATE_HOURS: f64 = 30.0 * 24.0;

/// What is known of the times of the snapshots so far.
#[derive(Default, Debug)]
pub(super) struct Sampling {
    /// Times with what their spelling allows.
    spelled: Vec<Spelled>,
    /// Snapshots whose time is their file's modification time.
    modified: Vec<(u32, Source)>,
}

/// What has a time.
#[derive(Clone, Copy, Debug)]
enum Sample {
    /// A snapshot of the tag table.
    Snapshot(u32),
    /// A listing of processes.
    Listing(usize),
}

#[derive(Clone, Copy, Debug)]
struct Spelled {
    sample: Sample,
    reading: Reading,
    from: TimeFrom,
    source: Source,
}

impl Sampling {
    /// Notes how the time of a snapshot was found.
    pub(super) fn add(&mut self, snapshot: u32, stamp: SnapshotTime, source: Source) {
        match stamp.from {
            TimeFrom::Modified => self.modified.push((snapshot, source)),
            from => {
                let sample = Sample::Snapshot(snapshot);
                self.spelled.push(Spelled { sample, reading: stamp.spelled, from, source });
            }
        }
    }

    /// Notes how the time of a listing of processes was found.
    pub(super) fn add_listing(&mut self, at: usize, taken: Taken, source: Source) {
        let from = if taken.inside { TimeFrom::LineInside } else { TimeFrom::FileName };
        self.spelled.push(Spelled { sample: Sample::Listing(at), reading: taken.spelled, from, source });
    }
}

/// Settles the order of day and month over all inputs, and what modification times are worth.
pub(super) fn settle(case: &mut CaseBuilder) {
    let sampling = std::mem::take(&mut case.sampling);
    // Consoles and people each have a habit of their own.
    for from in [TimeFrom::LineInside, TimeFrom::FileName] {
        let group: Vec<Spelled> = sampling.spelled.iter().copied().filter(|s| s.from == from).collect();
        settle_days(case, &group);
    }
    settle_modified(case, &sampling);
}

fn settle_days(case: &mut CaseBuilder, group: &[Spelled]) {
    let Some(first) = group.iter().find(|s| matches!(s.reading, Reading::Either { .. })) else { return };
    let count = |wanted: fn(&Reading) -> bool| group.iter().filter(|s| wanted(&s.reading)).count();
    let month = count(|reading| matches!(reading, Reading::MonthFirst(_)));
    let day = count(|reading| matches!(reading, Reading::DayFirst(_)));
    let votes = month.cmp(&day).reverse();
    let order = votes
        .then_with(|| span(group, true).cmp(&span(group, false)))
        .then_with(|| distance(case, group, true).cmp(&distance(case, group, false)));
    let month_first = order.is_le();
    for one in group {
        let time = one.reading.in_order(month_first);
        match one.sample {
            Sample::Snapshot(at) => {
                if let Some(snapshot) = case.snapshots.get_mut(at as usize) {
                    snapshot.time = time;
                }
            }
            Sample::Listing(at) => {
                if let Some(listing) = case.state.processes.get_mut(at) {
                    listing.time = Some(time);
                }
            }
        }
    }
    if order.is_eq() {
        case.caveat(
            "Nothing tells day from month in the times of the snapshots: they are read as month, day, year.",
            first.source,
        );
    }
}

/// How long a time the snapshots span if read so, in microseconds: the habit of reading wrongly scatters days
/// over months.
fn span(group: &[Spelled], month_first: bool) -> u64 {
    let times = || group.iter().map(|s| s.reading.in_order(month_first).0);
    times().max().unwrap_or(0).abs_diff(times().min().unwrap_or(0))
}

/// How far the snapshots lie from everything else that is dated if read so, in microseconds.
fn distance(case: &CaseBuilder, group: &[Spelled], month_first: bool) -> u64 {
    let Some((low, high)) = dated(case) else { return 0 };
    let away = |time: Time| {
        if time < low { low.0.abs_diff(time.0) } else { time.0.saturating_sub(high.0).max(0).unsigned_abs() }
    };
    group.iter().fold(0, |sum, s| sum.saturating_add(away(s.reading.in_order(month_first))))
}

/// The first and last moment that logs and events of the case tell of.
fn dated(case: &CaseBuilder) -> Option<(Time, Time)> {
    let counters = case.counters.iter().flat_map(|(_, series)| [series.times.first(), series.times.last()]);
    let times = || {
        let listings = case.state.processes.iter().filter_map(|moment| moment.time);
        counters.clone().flatten().copied().chain(case.events.iter().map(|event| event.time)).chain(listings)
    };
    Some((times().min()?, times().max()?))
}

fn settle_modified(case: &mut CaseBuilder, sampling: &Sampling) {
    let Some((_, first)) = sampling.modified.first().copied() else { return };
    // A file has one modification time, however many snapshots are counted back from it.
    let mut files = BTreeMap::new();
    for &(at, source) in &sampling.modified {
        if let Some(snapshot) = case.snapshots.get(at as usize) {
            files.insert(source.evidence, snapshot.time);
        }
    }
    let mut times: Vec<Time> = files.into_values().collect();
    times.sort_unstable();
    let others = sampling.spelled.iter().filter_map(|s| match s.sample {
        Sample::Snapshot(at) => case.snapshots.get(at as usize).map(|snapshot| snapshot.time),
        Sample::Listing(at) => case.state.processes.get(at)?.time,
    });
    let last_other = others.chain(dated(case).map(|(_, last)| last)).max();
    let copied = |time: Time| {
        let reach = ONE_COPY_SECONDS / 2.0 / 3_600.0;
        let from = times.partition_point(|other| *other < time.plus_hours(-reach));
        let to = times.partition_point(|other| *other <= time.plus_hours(reach));
        to - from >= FILES_OF_A_COPY
    };
    let late = |time: Time| last_other.is_some_and(|last| time.hours_since(last) > TOO_LATE_HOURS);
    let mut kept = 0;
    let mut dropped = [
        (0, "lie within two minutes of each other, as copying or unpacking leaves them"),
        (0, "lie more than 30 days after everything else that is dated"),
    ];
    for &(at, _) in &sampling.modified {
        let Some(snapshot) = case.snapshots.get_mut(at as usize) else { continue };
        match (copied(snapshot.time), late(snapshot.time)) {
            (true, _) => dropped[0].0 += 1,
            (false, true) => dropped[1].0 += 1,
            (false, false) => {
                kept += 1;
                continue;
            }
        }
        snapshot.timed = false;
    }
    if kept > 0 {
        case.caveat(
            "Some snapshots carry no time of their own; the time the file was last modified stands in, which \
             copying can change.",
            first,
        );
    }
    for (count, why) in dropped.into_iter().filter(|(count, _)| *count > 0) {
        let text = format!(
            "{count} snapshots carry no time of their own, and the modification times of their files {why}: they \
             are no times of sampling, and no rate is computed from them."
        );
        case.caveat(&text, first);
    }
}

#[cfg(test)]
mod tests {
    use poolscope_formats::{Place, Zone};

    use super::*;
    use crate::model::{Case, EvidenceId, SnapshotFacts, parse_iso};

    fn at(iso: &str) -> Time {
        parse_iso(iso).unwrap().0
    }

    fn source(id: usize) -> Source {
        Source { evidence: EvidenceId(u32::try_from(id).unwrap()), place: Place::Whole }
    }

    /// A case of one snapshot a file.
    fn case(stamps: &[(Reading, TimeFrom)], event: Option<&str>) -> Case {
        let mut case = CaseBuilder::default();
        for (id, &(spelled, from)) in stamps.iter().enumerate() {
            let stamp = SnapshotTime { time: spelled.in_order(true), zone: Zone::Utc, from, spelled };
            let index = case.add_snapshot(SnapshotFacts {
                time: stamp.time,
                timed: true,
                evidence: source(id).evidence,
                line: 1,
                rows: 300,
                cut: false,
                pool_nonpaged_bytes: None,
                pool_paged_bytes: None,
                commit_bytes: None,
            });
            case.snapshot_time(index, stamp, source(id));
        }
        if let Some(event) = event {
            case.events.push(crate::model::TimelineEvent {
                time: at(event),
                kind: crate::model::EventKind::Other,
                text: String::new(),
                source: source(90),
            });
        }
        case.finish()
    }

    /// `09-06` and the like in 2026, at nine o'clock, either way round.
    fn either(first: u32, second: u32) -> Reading {
        Reading::Either {
            month_first: at(&format!("2026-{first:02}-{second:02} 09:00")),
            day_first: at(&format!("2026-{second:02}-{first:02} 09:00")),
        }
    }

    fn days(case: &Case) -> Vec<String> {
        case.snapshots.iter().map(|s| s.time.to_string().get(5..10).unwrap().to_owned()).collect()
    }

    #[test]
    fn files_decide_together_which_number_is_the_day() {
        let named = |readings: &[Reading], event| {
            let stamps: Vec<_> = readings.iter().map(|&r| (r, TimeFrom::FileName)).collect();
            case(&stamps, event)
        };
        // Names sort by their first number, so their order says nothing: the shorter span does.
        let june = named(&[either(4, 7), either(5, 6), either(6, 6)], None);
        assert_eq!(days(&june), ["06-05", "06-06", "07-04"]);
        let american = named(&[either(6, 9), either(6, 10), either(6, 11)], None);
        assert_eq!(days(&american), ["06-09", "06-10", "06-11"]);
        let told = named(&[either(9, 6), Reading::DayFirst(at("2026-06-13 09:00"))], None);
        assert_eq!(days(&told), ["06-09", "06-13"]);
        let one_day = named(&[either(9, 6)], Some("2026-06-08 07:00"));
        assert_eq!(days(&one_day), ["06-09"]);
        assert!(one_day.caveats.is_empty(), "{:?}", one_day.caveats);
        let guessed = named(&[either(9, 6)], None);
        assert!(guessed.caveats[0].text.contains("day from month"), "{:?}", guessed.caveats);
    }

    #[test]
    fn times_of_a_copy_are_no_times_of_sampling() {
        let modified = |times: &[&str], event| {
            let stamps: Vec<_> =
                times.iter().map(|time| (Reading::Plain(at(time)), TimeFrom::Modified)).collect();
            case(&stamps, event)
        };
        let timed = |case: &Case| case.snapshots.iter().filter(|s| s.timed).count();
        let copied = modified(&["2026-06-09 09:00:00", "2026-06-09 09:00:01", "2026-06-09 09:00:02"], None);
        assert_eq!(timed(&copied), 0);
        assert!(copied.caveats[0].text.contains("copying or unpacking"), "{:?}", copied.caveats);
        let order: Vec<u32> = copied.snapshots.iter().map(|s| s.evidence.0).collect();
        assert_eq!(order, [0, 1, 2]);
        let sampled = modified(&["2026-06-09 09:00", "2026-06-09 10:00", "2026-06-09 11:00"], None);
        assert_eq!(timed(&sampled), 3);
        assert!(sampled.caveats[0].text.contains("stands in"), "{:?}", sampled.caveats);
        let late = modified(&["2026-09-09 09:00", "2026-09-09 10:00"], Some("2026-06-09 09:00"));
        assert_eq!(timed(&late), 0);
        assert!(late.caveats[0].text.contains("30 days"), "{:?}", late.caveats);
    }
}
