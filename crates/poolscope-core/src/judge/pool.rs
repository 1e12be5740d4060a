//! The pools as wholes: their growth, what of it the tags explain, and when they end.

use poolscope_formats::{Pool, Time};

use super::answer::{Exhaustion, ExplainedGrowth, Interval};
use super::blocks::Blocks;
use super::stats::spread;
use super::tag::{Look, NINETY};

/// One pool at the end of the evidence.
#[derive(Clone, Debug)]
pub(crate) struct PoolNow {
    /// Bytes, smoothed over the last blocks.
    pub bytes: f64,
    /// Its noise around the trend.
    pub noise: f64,
    /// The last sample.
    pub last: Time,
}

/// The level and noise of a pool from its total.
pub(crate) fn now(blocks: &Blocks, look: &Look) -> Option<PoolNow> {
    let last_hour = *blocks.hours.last()?;
    let start = look.onset.map_or(f64::NEG_INFINITY, |onset| onset[1]);
    let rate = look.bytes.estimate;
    let rest: Vec<f64> = blocks
        .hours
        .iter()
        .zip(&blocks.bytes)
        .filter(|(hour, _)| **hour >= start)
        .map(|(hour, bytes)| bytes + rate * (last_hour - hour))
        .collect();
    let tail = rest.get(rest.len().saturating_sub((rest.len() / 8).max(3))..)?;
    Some(PoolNow {
        bytes: tail.iter().sum::<f64>() / tail.len().max(1) as f64,
        noise: spread(&rest),
        last: blocks.end?,
    })
}

/// When `left` bytes are gone at `rate` with this standard error, the pool's own noise on top (90 %).
pub(crate) fn run_out(pool: &PoolNow, bound: f64, rate: f64, error: f64) -> Option<Exhaustion> {
    let left = bound - pool.bytes;
    if !(rate > 0.0 && left > 0.0) {
        return None;
    }
    let hours = left / rate;
    let share = (error / rate).min(0.6);
    let shake = pool.noise / rate;
    let reach = |share: f64| NINETY * (hours * share).hypot(shake);
    // A rate may be too low by a share as easily as too high; the time then errs further on the far side.
    let late = reach(share / (1.0 - NINETY * share).max(0.05));
    let early = reach(share / (1.0 + NINETY * share));
    Some(Exhaustion {
        earliest: pool.last.plus_hours((hours - early).max(0.0)),
        estimate: pool.last.plus_hours(hours),
        latest: pool.last.plus_hours(hours + late),
    })
}

/// The growth of one pool, from what was seen of its total, its tags and the rest between them.
pub(crate) fn explained(
    pool: Pool,
    total: Option<&Look>,
    tagged: Interval,
    named: f64,
    rest: Option<&Look>,
    alone: bool,
) -> ExplainedGrowth {
    let whole = total.map_or(tagged, |look| look.bytes);
    let untagged = rest.map_or(
        if total.is_some() {
            Interval {
                low: whole.low - tagged.high,
                estimate: whole.estimate - tagged.estimate,
                high: whole.high - tagged.low,
            }
        } else {
            Interval::default()
        },
        |look| look.bytes,
    );
    let untagged_leak =
        if alone { total.is_some_and(|look| look.leaking) } else { rest.is_some_and(|look| look.leaking) };
    ExplainedGrowth {
        pool,
        total_bytes_per_hour: whole,
        tagged_bytes_per_hour: tagged,
        named_share: if whole.estimate > 0.0 { (named / whole.estimate).clamp(0.0, 1.0) } else { 0.0 },
        untagged_bytes_per_hour: untagged,
        untagged_leak,
        from_total: total.is_some(),
        exhaustion: None,
        confidence: 0.0,
    }
}
