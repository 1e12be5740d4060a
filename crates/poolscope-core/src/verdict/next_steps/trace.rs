//! The trace that records who allocates: limited to the guilty tags, with an estimate of its size.

use super::{MOST_TRACED_TAGS, NextStep, Suspect, Tools, typed};
use crate::judge::SeriesKey;
use crate::rules::{BootJudgement, View};
use crate::twins::twins;
use crate::units::{bytes, count};

/// Bytes of one pool event with its stack: about 60 of its own and a stack of some 40 frames (reference etl.md;
/// measured traces have 300 to 500).
const BYTES_PER_EVENT: f64 = 400.0;

/// Events a second from which on some are lost on usual disks (our margin: an unfiltered trace of a busy host
/// made millions a second and lost most).
const LOSSY_EVENTS_PER_SECOND: f64 = 50_000.0;

/// A trace should see at least this much leak (reference peers-and-domain.md 1.4).
const MIN_LEAK_BYTES: f64 = 1_048_576.0;

/// Minutes to record at least and at most.
const MINUTES: std::ops::RangeInclusive<f64> = 2.0..=60.0;

/// `None` where the Windows of the host cannot record pool stacks, or no tag can be typed.
pub(super) fn stacks(view: &View<'_>, tools: &Tools, suspects: &[Suspect]) -> Option<NextStep> {
    if !tools.has_pool_stacks() {
        return None;
    }
    let boot = view.main_boot()?;
    let traced: Vec<&Suspect> =
        suspects.iter().filter(|suspect| typed(suspect).is_some()).take(MOST_TRACED_TAGS).collect();
    let first = *traced.first()?;
    // Only what moves with the first suspect, or is as fast: four slow tags beside it only add events.
    let recorded = with_their_like(view, boot, first, &traced);
    let tags: Vec<String> = recorded.iter().copied().filter_map(typed).collect();
    let rate = first.rate_bytes_per_hour.map_or(0.0, |rate| rate.estimate);
    let minutes = if rate > 0.0 { MIN_LEAK_BYTES / rate * 60.0 } else { 10.0 };
    let minutes = minutes.clamp(*MINUTES.start(), *MINUTES.end()).ceil();
    // Every call makes an event, and nearly every one a second when it is freed.
    let calls: Option<f64> = recorded.iter().map(|tag| calls_per_second(view, boot, tag.key)).sum();
    let events = calls.map(|calls| calls * 2.0);
    let size = match events {
        Some(events) => {
            let volume = events * minutes * 60.0 * BYTES_PER_EVENT;
            let lost = if events > LOSSY_EVENTS_PER_SECOND {
                "; at that rate events are lost: shorten it to a minute"
            } else {
                "; few or no lost events"
            };
            format!(
                "about {} on disk by {} allocations a second{lost}",
                bytes(volume.max(10.0 * 1_048_576.0)),
                count(events / 2.0)
            )
        }
        None => "its size depends on the calls of the tag, which the listings do not show; the file is capped at 4 GB"
            .to_owned(),
    };
    Some(
        NextStep::new(
            format!(
                "Record allocation stacks of {} only, for {minutes:.0} minutes under the usual load",
                if tags.len() == 1 { "this tag" } else { "these tags" }
            ),
            "the innermost driver on the stacks of what is not freed is the strongest evidence of ownership there is",
        )
        .command(format!(
            "xperf -on PROC_THREAD+LOADER+POOL -stackwalk PoolAlloc+PoolFree+PoolAllocSession+PoolFreeSession -PoolTag \
             {} -BufferSize 1024 -MinBuffers 64 -MaxBuffers 256 -MaxFile 4096 -FileMode Circular -f pool.etl & {} & \
             xperf -d pool-merged.etl",
            tags.join("+"),
            tools.wait((minutes * 60.0) as u32),
        ))
        .cost(format!("{size}; xperf is in the Windows Performance Toolkit{}", tools.assumed()))
        .risk(
            "some CPU load; never record the pool without a tag filter (wpr -start Pool made 13 GB in a minute on one \
             host)",
        )
        .undo("stop it early with: xperf -stop"),
    )
}

/// The first suspect, those in its lock-step group, and its private twins.
fn with_their_like<'a>(
    view: &View<'_>,
    boot: &BootJudgement,
    first: &'a Suspect,
    traced: &[&'a Suspect],
) -> Vec<&'a Suspect> {
    let group = boot.judgement.groups.iter().find(|group| group.members.iter().any(|m| m.key == first.key));
    let mut with: Vec<SeriesKey> =
        group.map_or(Vec::new(), |group| group.members.iter().map(|member| member.key).collect());
    with.extend(twins(view, boot, first.key).into_iter().map(|twin| twin.pointer));
    traced.iter().copied().filter(|suspect| suspect.key == first.key || with.contains(&suspect.key)).collect()
}

/// Allocation calls a second of a tag, from the counts since boot; 32-bit counts wrap, so each interval counts.
fn calls_per_second(view: &View<'_>, boot: &BootJudgement, key: SeriesKey) -> Option<f64> {
    let series = view.case.tags.get(&key)?;
    let range = series.range(boot.from, boot.to);
    let (points, times) = (series.points.get(range.clone())?, series.times.get(range)?);
    let seconds = times.last()?.seconds_since(*times.first()?);
    let calls: f64 = points
        .windows(2)
        .map(|pair| match pair {
            [before, after] => f64::from(after.allocs.wrapping_sub(before.allocs)),
            _ => 0.0,
        })
        .sum();
    (seconds > 0.0 && calls > 0.0).then(|| calls / seconds)
}
