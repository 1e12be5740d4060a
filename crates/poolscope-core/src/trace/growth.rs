//! What grows within a trace, and goes on growing: the judge of the statistics over histories of outstanding
//! bytes.
//!
//! What counts is the net history: blocks allocated in the trace and not freed yet, less the frees of blocks from
//! before it (or from a loss). Long-lived objects that replace each other, and pairs broken by a loss, cancel out
//! in it; a leak does not. Young allocations make no growth: they are a level, not a slope.

use poolscope_formats::{Pool, Tag, Time};

use crate::judge::{Class, HostInput, SeriesInput, SeriesKey, TagJudgement, judge};

/// What is said of one history.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Growth {
    /// The shape the judge sees.
    pub class: Class,
    /// It grows, and goes on growing to the end.
    pub growing: bool,
    /// Bytes gained over the trace at the pace of its later three quarters.
    pub bytes: f64,
}

/// One history: outstanding count and bytes at evenly spaced moments.
pub(super) struct History {
    pub count: Vec<i64>,
    pub bytes: Vec<i64>,
}

/// The judge thinks in hours; a trace takes minutes. Its moments are spread as if they were this far apart, which
/// changes no shape, and lies below the day so that no daily cycle is looked for.
const SPREAD_MINUTES: i64 = 10;

/// Judges histories of one trace together. `moments` is their number of samples.
pub(super) fn judge_all(histories: &[History], moments: usize) -> Vec<Growth> {
    let times: Vec<Time> = (0..moments as i64).map(|at| Time(at * SPREAD_MINUTES * 60_000_000)).collect();
    let shifted: Vec<(Vec<u64>, Vec<i64>)> = histories
        .iter()
        .map(|history| {
            // Net histories may go below zero; the judge wants levels.
            let base = history.bytes.iter().copied().min().unwrap_or(0).min(0);
            let count_base = history.count.iter().copied().min().unwrap_or(0).min(0);
            let bytes = history.bytes.iter().map(|value| value.saturating_sub(base).max(0) as u64).collect();
            (bytes, history.count.iter().map(|value| value.saturating_sub(count_base)).collect())
        })
        .collect();
    // The judge tells series apart by tag: give each a number of its own in place of one.
    let key = |at: usize| SeriesKey { pool: Pool::Nonpaged, tag: Tag((at as u32).to_be_bytes()) };
    let series: Vec<SeriesInput<'_>> = shifted
        .iter()
        .enumerate()
        .map(|(at, (bytes, count))| SeriesInput {
            key: key(at),
            times: &times,
            outstanding_bytes: bytes,
            outstanding_count: count,
        })
        .collect();
    let judged = judge(&HostInput { series: &series, ..HostInput::default() });
    histories
        .iter()
        .enumerate()
        .map(|(at, history)| {
            let found = judged.tags.iter().find(|tag| tag.key == key(at));
            let class = found.map_or(Class::TooShortToSay, |tag: &TagJudgement| tag.class);
            let paced = pace(&history.bytes);
            let growing = match class {
                Class::SteadyLeak | Class::AcceleratingLeak => paced.lasting,
                Class::StillRising | Class::TooShortToSay => paced.lasting && !paced.slowing,
                _ => found.is_some_and(|tag| tag.leaking) && paced.lasting,
            };
            Growth { class, growing, bytes: paced.gained }
        })
        .collect()
}

struct Pace {
    gained: f64,
    lasting: bool,
    slowing: bool,
}

/// Growth by the medians of the quarters, which a burst at any one moment does not move.
fn pace(bytes: &[i64]) -> Pace {
    if bytes.len() < 8 {
        return Pace { gained: 0.0, lasting: false, slowing: false };
    }
    let quarter = |at: usize| {
        let mut part: Vec<i64> = bytes[bytes.len() * at / 4..bytes.len() * (at + 1) / 4].to_vec();
        part.sort_unstable();
        part.get(part.len() / 2).copied().unwrap_or(0) as f64
    };
    let (q1, q2, q3, q4) = (quarter(0), quarter(1), quarter(2), quarter(3));
    // From the middle of the second quarter to the middle of the last is half of the trace.
    let gained = (q4 - q2) * 2.0;
    let steps = [q2 - q1, q3 - q2, q4 - q3];
    let lasting = gained > 0.0 && steps.iter().all(|step| *step > gained * 0.02);
    // A cache that fills gains less each time: less than half in the last step of what it gained in the first.
    let slowing = steps[2] * 2.0 < steps[0];
    Pace { gained, lasting, slowing }
}

/// The shape's name in JSON and tables.
pub(super) fn shape(class: Class) -> &'static str {
    match class {
        Class::SteadyLeak => "steady_leak",
        Class::AcceleratingLeak => "accelerating_leak",
        Class::StepThenFlat => "step_then_flat",
        Class::SaturatingCache => "saturating_cache",
        Class::StillRising => "still_rising",
        Class::Churn => "churn",
        Class::Seasonal => "seasonal",
        Class::StaticBlock => "static_block",
        Class::Sawtooth => "sawtooth",
        Class::Burst => "burst",
        Class::PinnedAfterGrowth => "pinned_after_growth",
        Class::Shrinking => "shrinking",
        Class::TooShortToSay => "too_short_to_say",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(level: impl Fn(f64) -> f64) -> Growth {
        let bytes: Vec<i64> = (0..48i64)
            .map(|at| {
                // A ripple that is no growth.
                let ripple = (at * 7_919 % 13) as f64 * 20.0;
                (level(at as f64 / 47.0) + ripple) as i64
            })
            .collect();
        let count = bytes.iter().map(|bytes| bytes / 100).collect();
        judge_all(&[History { count, bytes }], 48)[0]
    }

    #[test]
    fn a_leak_grows_and_a_level_does_not() {
        let leak = growth(|at| 1e6 * at);
        assert!(leak.growing, "{leak:?}");
        assert!((0.9e6..1.1e6).contains(&leak.bytes), "{leak:?}");
        assert!(!growth(|_| 5e6).growing);
        assert!(!growth(|at| 1e6 * (1.0 - (-12.0 * at).exp())).growing);
        assert!(!growth(|at| if at > 0.4 { 1e6 } else { 0.0 }).growing);
    }
}
