//! Falls at a restart: a series that grows, falls back at once, and grows again. What follows the last fall
//! is judged as a series of its own.

use super::blocks::Blocks;
use super::stats::quantile;
use super::tag::{LEAST_SNAPSHOTS, least_squares};

/// A fall takes away at least this share of what was climbed before it, within two blocks...
const LEAST_FALL: f64 = 0.6;
/// ...and this share of the whole range...
const LEAST_OF_RANGE: f64 = 0.08;
/// ...and this many times the usual change of pace between two blocks (even growth has none).
const LEAST_OF_CHANGE: f64 = 6.0;
/// From this many equal teeth on it is a store that is trimmed at its bound, not a leak that is cleared.
const TEETH_OF_A_TRIMMED_STORE: usize = 3;
/// Peaks this close to the highest are at one bound.
const EQUAL_PEAKS: f64 = 0.2;
/// Where only two teeth are seen and the third has not outgrown them, this close.
const EQUAL_PAIR: f64 = 0.06;
/// A leak goes on at its old rate after the restart, within this factor.
const SAME_RATE: f64 = 2.0;
/// The climb before a fall is measured from where it passed this share of its height: what was there before
/// the leak began says nothing about its rate.
const CLIMB_FROM: f64 = 0.1;

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct Teeth {
    /// The block after the last fall.
    pub last_start: usize,
    /// The teeth all reach the same height: a bound, at which something is trimmed.
    pub trimmed: bool,
}

/// The teeth of a series, if it has any and there is enough after the last fall to judge.
pub(crate) fn teeth(blocks: &Blocks) -> Option<Teeth> {
    let values = &blocks.bytes;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut changes: Vec<f64> =
        values.windows(3).map(|three| (three[2] - 2.0 * three[1] + three[0]).abs()).collect();
    let usual = quantile(&mut changes, 0.5).unwrap_or(0.0);
    let least = (LEAST_OF_RANGE * (high - low)).max(LEAST_OF_CHANGE * usual);
    if least <= 0.0 {
        return None;
    }
    let (mut peaks, mut last_start, mut before_last) = (Vec::new(), 0, 0);
    let value = |at: usize| values.get(at).copied().unwrap_or(0.0);
    let bottom = |from: usize, to: usize| {
        values.get(from..to).unwrap_or(&[]).iter().copied().fold(f64::INFINITY, f64::min)
    };
    let mut at = 1;
    while at < values.len() {
        let before = value(at - 1);
        let one = before - value(at);
        let two = if at + 1 < values.len() { before - value(at + 1) } else { 0.0 };
        if one.max(two) < least.max(LEAST_FALL * (before - bottom(last_start, at))) {
            at += 1;
            continue;
        }
        // The climb may last into the block that is asked, and the restart fall into the middle of the next: that
        // block is part of the fall, not a tooth of its own.
        let top = if value(at) > before { at } else { at - 1 };
        peaks.push((top, value(top)));
        before_last = last_start;
        last_start = if two > one { at + 1 } else { at };
        if last_start + 1 < values.len() && value(last_start + 1) < value(last_start) {
            last_start += 1;
        }
        at = last_start + 1;
    }
    let &(peak_at, peak) = peaks.last()?;
    if values.len() - last_start < LEAST_SNAPSHOTS || !straight(blocks, last_start, values.len()) {
        return None;
    }
    // The same growth before the fall: the climb to the last peak, as far back as is known of what follows.
    let from = before_last.max(peak_at.saturating_sub(values.len() - last_start));
    let foot = bottom(from, peak_at);
    let foot = foot + CLIMB_FROM * (peak - foot);
    let climb = (from..peak_at).rev().find(|&at| value(at) <= foot).map_or(from, |below| below + 1);
    let rate = |from: usize, to: usize| {
        let part = |all: &[f64]| all.get(from..to).unwrap_or(&[]).to_vec();
        least_squares(&part(&blocks.hours), &part(values)).0
    };
    let (old, new) = (rate(climb, peak_at + 1), rate(last_start, values.len()));
    if peak_at < climb + 2 || old <= 0.0 || new > SAME_RATE * old || old > SAME_RATE * new {
        return None;
    }
    let heights: Vec<f64> = peaks.iter().map(|peak| peak.1 - low).collect();
    let pace = old * blocks.span() / (values.len() - 1) as f64;
    Some(Teeth { last_start, trimmed: trimmed(&heights, values.last().map_or(0.0, |now| now - low), pace) })
}

/// Whether teeth of these heights have a bound: three that reach one height, or two that do while what stands
/// `now` has not outgrown them. A peak is seen only to within a block's rise (`pace`).
fn trimmed(heights: &[f64], now: f64, pace: f64) -> bool {
    let top = heights.iter().copied().fold(0.0, f64::max);
    let within = |share: f64| heights.iter().filter(|height| top - **height <= share * top).count();
    let equal = within(EQUAL_PEAKS);
    let many = equal >= TEETH_OF_A_TRIMMED_STORE && 3 * equal >= 2 * heights.len() && now < 1.3 * top;
    let pair = EQUAL_PAIR * top + pace;
    many || heights.len() >= 2 && within(pair / top.max(1e-9)) == heights.len() && now <= top + pair
}

/// What follows the last fall rises like a line (correlation with time above 0.9): a cheap question before
/// the dear one.
fn straight(blocks: &Blocks, from: usize, to: usize) -> bool {
    let (hours, bytes) =
        (blocks.hours.get(from..to).unwrap_or(&[]), blocks.bytes.get(from..to).unwrap_or(&[]));
    let (slope, error) = least_squares(hours, bytes);
    let deviate = slope / error.max(1e-300);
    slope > 0.0 && deviate * deviate > 4.3 * (hours.len() as f64 - 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl Iterator<Item = f64>) -> Blocks {
        let bytes: Vec<f64> = values.collect();
        Blocks { hours: (0..bytes.len()).map(|i| i as f64).collect(), bytes, ..Blocks::default() }
    }

    #[test]
    fn a_restart_and_a_trimmed_store_are_told_apart() {
        let restart = teeth(&series((0..40).map(|i| f64::from(if i < 25 { i } else { i - 25 })))).unwrap();
        assert_eq!((restart.last_start, restart.trimmed), (25, false));
        let trimmed = teeth(&series((0..48).map(|i| f64::from(i % 10)))).unwrap();
        assert!(trimmed.trimmed);
        assert!(teeth(&series((0..40).map(f64::from))).is_none());
    }

    #[test]
    fn a_leak_that_began_late_goes_on_at_its_old_rate_after_the_restart() {
        // Flat for 30 blocks, a climb of 20, a restart, a climb of 25: the flat part is no part of the rate.
        let value = |i: i32| match i {
            0..30 => 5,
            30..50 => 5 + 10 * (i - 30),
            _ => 5 + 10 * (i - 50),
        };
        let restart = teeth(&series((0..75).map(|i| f64::from(value(i))))).unwrap();
        assert_eq!((restart.last_start, restart.trimmed), (50, false));
    }

    #[test]
    fn a_restart_in_the_middle_of_a_block_is_one_fall() {
        // 45 blocks of climb, a block half before and half after the restart, and as much again.
        let value = |i: i32| match i {
            0..46 => 100 + 10 * i,
            46 => 200,
            _ => 100 + 10 * (i - 47),
        };
        let restart = teeth(&series((0..96).map(|i| f64::from(value(i))))).unwrap();
        assert_eq!((restart.last_start, restart.trimmed), (47, false));
    }

    #[test]
    fn two_equal_teeth_are_a_bound_until_they_are_outgrown() {
        let twice = |last: i32| series((0..last).map(|i| f64::from(if i < 40 { i % 20 } else { i - 40 })));
        assert!(teeth(&twice(58)).unwrap().trimmed);
        assert!(!teeth(&twice(70)).unwrap().trimmed);
    }
}
