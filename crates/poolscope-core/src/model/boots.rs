//! Cuts the time line at boots.
//!
//! Three witnesses: boot events, uptime counters, and cumulative counters of the tag table that fall back.
//! Marks that lie close together are one boot.

use poolscope_formats::Time;

use super::evidence::Source;
use super::series::{SnapshotFacts, TagPoint, TagTable};

/// Boot events of one start (6009, 6005, Kernel-General 12, the uptime counter) lie within minutes.
const SAME_BOOT_SECONDS: f64 = 600.0;

/// Cumulative call counts can fall for one tag by a 32-bit wrap; a reboot makes nearly all fall at once.
const FALLEN_SHARE_OF_A_REBOOT: f64 = 0.5;

/// A tag with fewer calls than this says nothing about a restart.
const MIN_CALLS_TO_WITNESS: u32 = 16;

/// Who says that Windows started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BootMarkKind {
    /// A boot event, or the uptime counter counted back: exact.
    Stated,
    /// Counters fell between two snapshots; the boot lies before this moment.
    CountersFell,
}

/// One witness of a boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BootMark {
    /// When Windows started, or the first moment known to be after it.
    pub time: Time,
    /// Who says so.
    pub kind: BootMarkKind,
    /// Where.
    pub source: Source,
}

/// One run of Windows between two starts.
#[derive(Clone, PartialEq, Debug)]
pub struct Boot {
    /// From this moment; the earliest time there is for the first.
    pub from: Time,
    /// Up to, not including, this moment.
    pub to: Time,
    /// The marks at its start; empty for the run that was under way when the evidence began.
    pub marks: Vec<BootMark>,
}

/// Whether two moments are of one start.
pub(super) fn same_boot(a: Time, b: Time) -> bool {
    a.seconds_since(b).abs() <= SAME_BOOT_SECONDS
}

/// The runs, in order, covering all of time.
pub(super) fn cut(mut marks: Vec<BootMark>) -> Vec<Boot> {
    marks.sort_by_key(|mark| (mark.time, mark.kind, mark.source));
    marks.dedup();
    let mut boots = vec![Boot { from: Time(i64::MIN), to: Time(i64::MAX), marks: Vec::new() }];
    for mark in marks {
        let Some(current) = boots.last_mut() else { break };
        let joins = current
            .marks
            .last()
            .is_some_and(|known| mark.time.seconds_since(known.time) <= SAME_BOOT_SECONDS);
        if joins {
            current.marks.push(mark);
        } else {
            current.to = mark.time;
            boots.push(Boot { from: mark.time, to: Time(i64::MAX), marks: vec![mark] });
        }
    }
    boots
}

/// Boots that no event tells of: snapshots between which most cumulative counts fell.
pub(super) fn fallen_counters(
    table: &TagTable,
    snapshots: &[SnapshotFacts],
    stated: &[BootMark],
) -> Vec<BootMark> {
    let mut seen = vec![0u32; snapshots.len()];
    let mut fell = vec![0u32; snapshots.len()];
    for series in table.values() {
        for pair in series.points.windows(2) {
            let [before, after] = pair else { continue };
            let Some(at) = seen.get_mut(after.snapshot as usize) else { continue };
            // Without a time nothing says which of the two was first.
            let timed = |point: &TagPoint| snapshots.get(point.snapshot as usize).is_some_and(|s| s.timed);
            // A listing of the debugger counts what stands, not the calls.
            if before.allocs < MIN_CALLS_TO_WITNESS || after.allocs == 0 || !timed(before) || !timed(after) {
                continue;
            }
            *at += 1;
            if after.allocs < before.allocs {
                fell[after.snapshot as usize] += 1;
            }
        }
    }
    let mut marks = Vec::new();
    for (at, snapshot) in snapshots.iter().enumerate().skip(1) {
        let falls = f64::from(fell[at]) > f64::from(seen[at]) * FALLEN_SHARE_OF_A_REBOOT && seen[at] > 0;
        let earlier = snapshots[at - 1].time;
        let told = stated.iter().any(|mark| mark.time > earlier && mark.time <= snapshot.time);
        if falls && !told {
            let source =
                Source { evidence: snapshot.evidence, place: poolscope_formats::Place::Line(snapshot.line) };
            marks.push(BootMark { time: snapshot.time, kind: BootMarkKind::CountersFell, source });
        }
    }
    marks
}
