//! Suspicion from a few snapshots: how much likelier a tag's levels at the begin, in the middle and at the end are
//! under a leak than under everything healthy, as a logarithm of odds.
//!
//! Two or three snapshots prove nothing, so nothing here calls a leak. What they hold: how much was gained, how
//! much that is against what stood there before, whether both halves gained alike (a leak), the first one more (a
//! cache that fills, a ramp after boot) or only one of them (a step, or a leak that began late), whether the
//! allocations rose with the bytes, and how much the host's tags move anyway. The weights were fitted on tuning
//! seeds of the laboratory (docs/method.md) and rounded.

use super::blocks::Blocks;
use super::host::Reduced;
use super::stats::median;

/// Growth that speaks neither for nor against a leak, with growth of the former level.
const ORDINARY_BYTES: f64 = 1e5;
/// Odds against any one tag leaking at that growth.
const PRIOR: f64 = 5.0;
/// For each tenfold of the growth in bytes.
const PER_TENFOLD: f64 = 2.0;
/// For each tenfold of the growth against the first level, within these tenfolds: a healthy tag seldom becomes a
/// multiple of what it was, and beyond ten times it tells no more.
const PER_TENFOLD_OF_LEVEL: f64 = 3.0;
const TENFOLDS_OF_LEVEL: (f64, f64) = (-2.0, 1.0);
/// Both halves gain in proportion to their time: peaks of this height and width (a share of the growth).
const EVEN: [(f64, f64); 2] = [(1.5, 0.01), (1.0, 0.1)];
/// The first half gains more than its share: from this excess on, so much for each whole of it, at most.
const SLOWS: (f64, f64, f64) = (0.04, 20.0, 6.0);
/// A fall in the first half: from this share of the growth on, so much for each whole of it, at most.
const FELL: (f64, f64, f64) = (0.01, 10.0, 3.5);
/// The first half gained nothing at all (up to this share): a step as easily as a late onset.
const ONE_STEP: (f64, f64) = (0.015, 1.0);
/// The bytes rose and the allocations did not.
const COUNTS_STOOD: f64 = 3.0;
/// Usual movement as a share of the level, at least and at most.
const USUAL: (f64, f64) = (0.01, 0.2);

/// The logarithm of the odds that each series leaks, from its own levels alone; negative infinity where it did
/// not grow.
pub(crate) fn log_odds(series: &[Reduced]) -> Vec<f64> {
    let levels: Vec<Option<Levels>> = series.iter().map(|series| Levels::of(&series.blocks)).collect();
    let mut moves: Vec<f64> = levels.iter().flatten().filter_map(Levels::movement).collect();
    let usual = (2.0 * median(&mut moves).unwrap_or(0.0)).clamp(USUAL.0, USUAL.1);
    levels.iter().map(|levels| levels.as_ref().map_or(f64::NEG_INFINITY, |l| l.log_odds(usual))).collect()
}

/// The probability that the likeliest of these series leaks, where at most one does, none having odds of one.
pub(crate) fn posterior(log_odds: &[f64], at: usize) -> f64 {
    let top = log_odds.iter().copied().fold(0.0, f64::max);
    let whole: f64 = log_odds.iter().map(|odds| (odds - top).exp()).sum();
    log_odds.get(at).map_or(0.0, |odds| (odds - top).exp() / (whole + (-top).exp()))
}

/// Levels at the begin, in the middle (where there are three snapshots) and at the end; each the median of an
/// eighth of the samples.
struct Levels {
    first: f64,
    middle: Option<f64>,
    last: f64,
    /// Share of the time that lies before the middle.
    part: f64,
    /// Allocations gained; `None` where they are not known.
    counts: Option<f64>,
}

impl Levels {
    fn of(blocks: &Blocks) -> Option<Self> {
        let n = blocks.hours.len();
        if n < 2 {
            return None;
        }
        let wide = (n / 8).max(1);
        let level = |values: &[f64], from: usize| median(&mut values.get(from..from + wide)?.to_vec());
        let hour = |from: usize| median(&mut blocks.hours.get(from..from + wide)?.to_vec());
        let (begin, end) = (hour(0)?, hour(n - wide)?);
        let half = (begin + end) / 2.0;
        let at = blocks.hours.partition_point(|hour| *hour < half);
        let nearer = |at: usize| blocks.hours.get(at).map_or(f64::INFINITY, |hour| (hour - half).abs());
        let at = if at > 0 && nearer(at - 1) < nearer(at) { at - 1 } else { at };
        let from = at.saturating_sub(wide / 2);
        let known = blocks.counts.iter().any(|count| *count > 0.0);
        Some(Self {
            first: level(&blocks.bytes, 0)?,
            middle: if n >= 3 { level(&blocks.bytes, from) } else { None },
            last: level(&blocks.bytes, n - wide)?,
            part: if end > begin { (hour(from)? - begin) / (end - begin) } else { 0.5 },
            counts: if known {
                Some(level(&blocks.counts, n - wide)? - level(&blocks.counts, 0)?)
            } else {
                None
            },
        })
    }

    /// Distance of the middle from the line, as a share of the level; `None` for what does not move.
    fn movement(&self) -> Option<f64> {
        let off = self.middle? - self.first - self.part * (self.last - self.first);
        (off != 0.0).then(|| off.abs() / self.first.max(1.0))
    }

    fn log_odds(&self, usual: f64) -> f64 {
        let grown = self.last - self.first;
        if grown <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let against_level = (grown / self.first.max(1.0)).log10();
        let mut odds = PER_TENFOLD * (grown / ORDINARY_BYTES).log10()
            + PER_TENFOLD_OF_LEVEL * against_level.clamp(TENFOLDS_OF_LEVEL.0, TENFOLDS_OF_LEVEL.1)
            - PRIOR;
        if self.counts.is_some_and(|counts| counts <= 0.0) {
            odds -= COUNTS_STOOD;
        }
        let Some(middle) = self.middle else { return odds };
        let part = (middle - self.first) / grown;
        let noise = usual * self.first / grown;
        let excess = part - self.part;
        odds += EVEN.iter().map(|(height, width)| height * (-excess.abs() / width).exp()).sum::<f64>();
        let beyond =
            |off: f64, (from, each, most): (f64, f64, f64)| ((off - from - noise).max(0.0) * each).min(most);
        odds -= beyond(excess, SLOWS) + beyond(-part, FELL);
        if part.abs() < ONE_STEP.0 {
            odds -= ONE_STEP.1;
        }
        odds
    }
}

#[cfg(test)]
mod tests {
    use poolscope_formats::{Pool, Tag, Time};

    use super::super::input::SeriesKey;
    use super::*;

    fn tag(name: &[u8; 4], bytes: &[u64]) -> Reduced {
        let times: Vec<Time> = (0..bytes.len()).map(|i| Time(i as i64 * 36_000_000_000)).collect();
        let counts: Vec<i64> = bytes.iter().map(|b| *b as i64 / 100).collect();
        Reduced {
            key: SeriesKey { pool: Pool::Nonpaged, tag: Tag(*name) },
            blocks: Blocks::of(&times, bytes, &counts),
        }
    }

    #[test]
    fn an_even_rise_comes_before_a_bigger_cache_a_ramp_and_a_step() {
        let series = [
            tag(b"even", &[1_000_000, 6_000_000, 11_020_000]),
            tag(b"fill", &[1_000_000, 16_000_000, 20_000_000]),
            tag(b"ramp", &[1_000_000, 29_900_000, 30_000_000]),
            tag(b"step", &[2_000_000, 2_000_000, 20_000_000]),
            tag(b"fell", &[9_000_000, 6_000_000, 4_000_000]),
        ];
        let odds = log_odds(&series);
        assert!(odds[1..].iter().all(|other| *other < odds[0]), "{odds:?}");
        assert_eq!(odds[4], f64::NEG_INFINITY);
        let whole: f64 = (0..5).map(|at| posterior(&odds, at)).sum();
        assert!(whole > 0.9 && whole < 1.0, "{whole}");
        assert_eq!(posterior(&[f64::NEG_INFINITY], 0), 0.0);
    }

    #[test]
    fn two_snapshots_rank_by_growth_and_by_what_was_there_before() {
        let odds = log_odds(&[
            tag(b"new ", &[100_000, 5_000_000]),
            tag(b"huge", &[400_000_000, 405_000_000]),
            tag(b"tiny", &[1_000, 3_000]),
        ]);
        assert!(odds[0] > odds[1] && odds[1] > odds[2], "{odds:?}");
    }
}
