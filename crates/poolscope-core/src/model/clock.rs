//! The host's clock: wall times without a zone, moved to UTC by the zone that another input of the host states.
//!
//! Snapshots, change logs and listings carry wall times; the head of a counter log states the offset of the same
//! host, and `systeminfo` its time zone without daylight saving. One offset holds for the whole case, unless inputs
//! state both offsets of a zone whose daylight saving is known ([`super::daylight`]).

use std::collections::{BTreeMap, BTreeSet};

use poolscope_formats::{Time, Zone};

use super::boots::{BootMark, BootMarkKind};
use super::builder::{CaseBuilder, Caveat};
use super::daylight::Seasons;
use super::evidence::{EvidenceId, Source};
use super::series::{CounterKey, CounterSeries};
use super::zone_by_totals;

/// What the inputs say about the clock of their host.
#[derive(Default, Debug)]
pub(super) struct HostClock {
    /// Inputs whose times are all wall times without a zone, with the first place.
    local: BTreeMap<EvidenceId, Source>,
    /// The first snapshot whose time is one.
    first_snapshot: Option<Source>,
    /// Starts of Windows as wall times.
    starts: Vec<(Time, Source)>,
    /// Offsets that inputs state for their own times, in minutes to add to get UTC.
    stated: BTreeMap<i32, BTreeSet<Source>>,
    /// Offset of the host's time zone without daylight saving.
    standard: BTreeMap<i32, BTreeSet<Source>>,
}

impl HostClock {
    pub(super) fn local(&mut self, source: Source) {
        let first = self.local.entry(source.evidence).or_insert(source);
        *first = (*first).min(source);
    }

    pub(super) fn local_snapshot(&mut self, source: Source) {
        let first = self.first_snapshot.get_or_insert(source);
        *first = (*first).min(source);
    }

    pub(super) fn started(&mut self, wall: Time, source: Source) {
        self.starts.push((wall, source));
    }

    pub(super) fn state(&mut self, zone: Zone, source: Source) {
        if let Zone::Bias(minutes) = zone {
            self.stated.entry(minutes).or_default().insert(source);
        }
    }

    pub(super) fn standard(&mut self, text: &str, source: Source) {
        if let Some(minutes) = bias_of(text) {
            self.standard.entry(minutes).or_default().insert(source);
        }
    }

    /// The offset that the host is known to have, with who says so; and whether daylight saving is left out.
    fn known(&self) -> Option<(Offset, Source, bool)> {
        let one = |from: &BTreeMap<i32, BTreeSet<Source>>| match from.iter().next() {
            Some((&minutes, sources)) if from.len() == 1 => Some((minutes, *sources.first()?)),
            _ => None,
        };
        match one(&self.stated) {
            Some((minutes, source)) => Some((Offset::Always(minutes), source, false)),
            None if self.stated.is_empty() => {
                one(&self.standard).map(|(minutes, source)| (Offset::Always(minutes), source, true))
            }
            None => self.seasons(),
        }
    }

    /// Summer and winter of one zone.
    fn seasons(&self) -> Option<(Offset, Source, bool)> {
        let mut stated = self.stated.iter();
        let ((one, sources), (other, _)) = (stated.next()?, stated.next()?);
        let seasons = Seasons::of(*one, *other).filter(|_| stated.next().is_none())?;
        Some((Offset::Seasons(seasons), *sources.first()?, false))
    }
}

/// Minutes to add to a wall time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Offset {
    Always(i32),
    Seasons(Seasons),
}

impl Offset {
    fn utc(self, wall: Time) -> Time {
        let minutes = match self {
            Self::Always(minutes) => minutes,
            Self::Seasons(seasons) => seasons.at(wall),
        };
        Zone::Bias(minutes).to_utc(wall)
    }

    /// `UTC+02:00`, or both.
    fn shown(self) -> String {
        match self {
            Self::Always(minutes) => shown(minutes),
            Self::Seasons(Seasons { standard, daylight }) => {
                format!("{} and in summer {}", shown(standard), shown(daylight))
            }
        }
    }
}

/// Moves every wall time of the case to UTC, or says that it could not be done.
pub(super) fn settle(case: &mut CaseBuilder) {
    let mut clock = std::mem::take(&mut case.clock);
    let exact = clock.known().filter(|(_, _, standard)| !standard);
    let starts = clock.starts.iter().filter_map(|&(wall, source)| {
        // A start that is an hour off would cut the series at the wrong place: only an exact offset will do.
        let time = exact?.0.utc(wall);
        Some(BootMark { time, kind: BootMarkKind::Stated, source })
    });
    let starts: Vec<BootMark> = starts.collect();
    by_totals(case, &mut clock);
    seasons_of_stated(case, &clock);
    shift(case, &clock);
    case.boot_marks.extend(starts);
}

/// Listings that tell the totals of a counter log at another offset than the stated one were taken by another clock
/// (a script that writes UTC into names): they are moved by that.
fn by_totals(case: &mut CaseBuilder, clock: &mut HostClock) {
    let local = |(_, series): &(CounterKey, CounterSeries)| clock.local.contains_key(&series.source.evidence);
    if case.counters.iter().any(local) {
        return;
    }
    let known = clock.known().map(|known| known.0);
    let found = zone_by_totals::offset(case).filter(|minutes| match known {
        Some(Offset::Always(stated)) => stated != *minutes,
        Some(Offset::Seasons(both)) => both.standard != *minutes && both.daylight != *minutes,
        None => true,
    });
    let Some(minutes) = found else { return };
    // From here on they are no wall times that would have to be explained.
    let Some(source) = clock.first_snapshot.take() else { return };
    let text = format!(
        "The listings are read as {}: so read, their pool totals are those of the counter log, to the kilobyte.",
        shown(minutes)
    );
    case.caveats.push(Caveat { text, source });
    case.wall_snapshot_times().for_each(|time| *time = Zone::Bias(minutes).to_utc(*time));
}

/// An input that states one offset for all its times goes over from summer to winter with its host.
fn seasons_of_stated(case: &mut CaseBuilder, clock: &HostClock) {
    let Some((Offset::Seasons(seasons), ..)) = clock.known() else { return };
    let stated: BTreeMap<EvidenceId, i32> = clock
        .stated
        .iter()
        .flat_map(|(minutes, sources)| sources.iter().map(|source| (source.evidence, *minutes)))
        .collect();
    move_times(case, |evidence| {
        let minutes = f64::from(*stated.get(&evidence)?);
        Some(move |time: Time| Offset::Seasons(seasons).utc(time.plus_hours(-minutes / 60.0)))
    });
}

/// Moves every time of the inputs for which `of` gives a way to move it. Snapshots have their times apart.
fn move_times<M: Fn(Time) -> Time>(case: &mut CaseBuilder, of: impl Fn(EvidenceId) -> Option<M>) {
    let anew = |time: &mut Time, source: &Source| {
        if let Some(moved) = of(source.evidence) {
            *time = moved(*time);
        }
    };
    for (_, series) in &mut case.counters {
        let Some(moved) = of(series.source.evidence) else { continue };
        series.times = series.times.iter().map(|&time| moved(time)).collect();
        series.logs.iter_mut().for_each(|(time, _)| *time = moved(*time));
    }
    case.events.iter_mut().for_each(|event| anew(&mut event.time, &event.source));
    case.boot_marks.iter_mut().for_each(|mark| anew(&mut mark.time, &mark.source));
    case.exhaustion_reports.iter_mut().for_each(|report| anew(&mut report.time, &report.source));
    case.state.changes.iter_mut().for_each(|change| anew(&mut change.time, &change.source));
    for moment in &mut case.state.processes {
        if let Some(time) = &mut moment.time {
            anew(time, &moment.source);
        }
    }
}

fn shift(case: &mut CaseBuilder, clock: &HostClock) {
    let Some(first) = clock.local.values().copied().chain(clock.first_snapshot).min() else { return };
    let Some((offset, source, standard)) = clock.known() else {
        let why = if clock.stated.len() > 1 { "several zones are stated" } else { "nothing states the zone" };
        let text = format!(
            "Some inputs carry wall times and {why}: they are read as UTC. If the host was not on UTC, they are \
             shifted against the logs that are."
        );
        case.caveats.push(Caveat { text, source: first });
        return;
    };
    let said = case.evidence_path(source.evidence).to_owned();
    let daylight = if standard { ", daylight saving left out: they may be an hour late" } else { "" };
    let text = format!(
        "Some inputs carry wall times; they are read as {}, as {said} states{daylight}.",
        offset.shown()
    );
    case.caveats.push(Caveat { text, source: first });
    case.wall_snapshot_times().for_each(|time| *time = offset.utc(*time));
    move_times(case, |evidence| {
        clock.local.contains_key(&evidence).then_some(move |time: Time| offset.utc(time))
    });
}

/// `UTC+02:00` for a bias of -120.
fn shown(bias: i32) -> String {
    let (sign, minutes) = if bias > 0 { ('-', bias) } else { ('+', -bias) };
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The bias of a zone as Windows names it: `(UTC-05:00) Eastern Time (US & Canada)`, `(GMT+01:00) Berlin`, `(UTC)`.
fn bias_of(text: &str) -> Option<i32> {
    let inner = text.trim().strip_prefix('(')?.split(')').next()?;
    let offset = inner.strip_prefix("UTC").or_else(|| inner.strip_prefix("GMT"))?;
    if offset.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match offset.strip_prefix('-') {
        Some(digits) => (1, digits),
        None => (-1, offset.strip_prefix('+')?),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=14).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_as_windows_names_them() {
        for (text, want) in [
            ("(UTC-05:00) Eastern Time (US & Canada)", Some(300)),
            ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", Some(-60)),
            ("(GMT+05:30) Chennai", Some(-330)),
            ("(UTC) Dublin, Edinburgh, Lisbon, London", Some(0)),
            ("Eastern Standard Time", None),
            ("(UTC+99:00) Nowhere", None),
        ] {
            assert_eq!(bias_of(text), want, "{text}");
        }
        assert_eq!(shown(-120), "UTC+02:00");
        assert_eq!(shown(210), "UTC-03:30");
        assert_eq!(shown(0), "UTC+00:00");
    }

    #[test]
    fn one_stated_offset_counts_and_several_do_not() {
        let source = |id| Source { evidence: EvidenceId(id), place: poolscope_formats::Place::Whole };
        let mut clock = HostClock::default();
        clock.standard("(UTC-05:00) Eastern Time", source(3));
        assert_eq!(clock.known(), Some((Offset::Always(300), source(3), true)));
        clock.state(Zone::Bias(240), source(2));
        clock.state(Zone::Bias(240), source(1));
        clock.state(Zone::Utc, source(0));
        assert_eq!(clock.known(), Some((Offset::Always(240), source(1), false)));
        clock.state(Zone::Bias(300), source(4));
        let both = Seasons { standard: 300, daylight: 240 };
        assert_eq!(clock.known(), Some((Offset::Seasons(both), source(1), false)));
        clock.state(Zone::Bias(480), source(4));
        assert_eq!(clock.known(), None);
    }

    #[test]
    fn wall_times_move_to_utc_and_stated_ones_stay() {
        let mut case = crate::testcase::TestCase::new(2);
        let (first, source) = (crate::testcase::at(0.0), case.source(1));
        case.builder.wall_snapshot(1, source);
        case.builder.states_zone(Zone::Bias(240), source);
        case.builder.started_at_wall_time(first.plus_hours(-9.0), source);
        case.with(|view| {
            assert_eq!(view.case.snapshots[0].time, first);
            assert_eq!(view.case.snapshots[1].time, first.plus_hours(4.5));
            assert_eq!(view.case.boots[1].from, first.plus_hours(-5.0));
            let said = "they are read as UTC-04:00, as made-by-hand states";
            assert!(
                view.case.caveats.iter().any(|caveat| caveat.text.contains(said)),
                "{:?}",
                view.case.caveats
            );
        });
    }
}
