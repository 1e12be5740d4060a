//! Falls at a restart: a series that grows, falls back at once, and grows again. What follows the last fall
//! is judged as a series of its own.

use super::blocks::Blocks;
use super::tag::LEAST_SNAPSHOTS;

/// A fall takes away at least this share of the range, within two blocks.
const LEAST_FALL: f64 = 0.3;
/// From this many equal teeth on it is a store that is trimmed at its bound, not a leak that is cleared.
const TEETH_OF_A_TRIMMED_STORE: usize = 3;
/// Peaks this close to each other (standard deviation over mean height) are one bound.
const EQUAL_PEAKS: f64 = 0.15;

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
    let least = LEAST_FALL * (high - low);
    if least <= 0.0 {
        return None;
    }
    let (mut peaks, mut last_start, mut climbed) = (Vec::new(), 0, false);
    let mut at = 1;
    while at < values.len() {
        let value = |at: usize| values.get(at).copied().unwrap_or(0.0);
        let before = value(at - 1);
        let one = before - value(at);
        let two = if at + 1 < values.len() { before - value(at + 1) } else { 0.0 };
        if one.max(two) < least {
            at += 1;
            continue;
        }
        let bottom = if two > one { at + 1 } else { at };
        // A tooth was climbed over several blocks; a burst jumps up.
        let from = values.get(last_start..at).unwrap_or(&[]);
        let half = (before + from.iter().copied().fold(f64::INFINITY, f64::min)) / 2.0;
        climbed |= from.iter().filter(|value| **value < half).count() >= 3 && from.len() >= 4;
        peaks.push(before - low);
        last_start = bottom;
        at = bottom + 1;
    }
    if peaks.is_empty() || !climbed || values.len() - last_start < LEAST_SNAPSHOTS {
        return None;
    }
    let mean = peaks.iter().sum::<f64>() / peaks.len() as f64;
    let variance = peaks.iter().map(|peak| (peak - mean).powi(2)).sum::<f64>() / peaks.len() as f64;
    let even = peaks.len() >= TEETH_OF_A_TRIMMED_STORE && variance.sqrt() < EQUAL_PEAKS * mean;
    let now = values.last().copied().unwrap_or(0.0) - low;
    Some(Teeth { last_start, trimmed: even && now < 1.3 * mean })
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
}
