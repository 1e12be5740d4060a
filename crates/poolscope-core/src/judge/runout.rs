//! When a pool ends: what is left of it at a like moment, over the leaks' rate, with both doubts.

use poolscope_formats::Time;

use super::answer::{Class, Exhaustion};
use super::blocks::Blocks;
use super::host::Reduced;
use super::pools::together;
use super::stats::{CHOSEN_BY_LOOKING, NINETY, quantile};
use super::tag::Look;

/// Hours of a day: a level that follows the day is averaged over whole ones.
const DAY: f64 = 24.0;
/// A day that lacks this little is a whole one.
const NEARLY: f64 = 0.97;

/// What empties a pool: the leaks' rate together.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct LeakRate {
    /// Bytes an hour.
    pub rate: f64,
    /// Standard error of that as the pace of the coming time.
    pub error: f64,
    /// Standard deviation the pace gathers in the first hour to come; it grows with the root of time.
    pub unevenness: f64,
}

impl LeakRate {
    /// One leak alone. What accelerates goes on at its last pace at least; how it goes on is doubted by half of what
    /// it gained in pace.
    pub(crate) fn of(look: &Look) -> Self {
        let mean = look.bytes.estimate;
        let hours = look.growth / mean.max(1e-9);
        let wandered = (look.wandering / hours.max(1e-9)).max(0.0).sqrt();
        let error = look.error.max(wandered);
        let (rate, error) = look
            .recent
            .map_or((mean, error), |(pace, own)| (pace, error.hypot(own).hypot((pace - mean) / 2.0)));
        Self { rate, error, unevenness: look.wandering.max(0.0).sqrt() }
    }

    /// With another leak of the same code path: they err together.
    pub(crate) fn in_step_with(self, other: Self) -> Self {
        Self {
            rate: self.rate + other.rate,
            error: self.error + other.error,
            unevenness: self.unevenness + other.unevenness,
        }
    }

    /// With another leak that knows nothing of this one.
    pub(crate) fn beside(self, other: Self) -> Self {
        Self {
            rate: self.rate + other.rate,
            error: self.error.hypot(other.error),
            unevenness: self.unevenness.hypot(other.unevenness),
        }
    }
}

/// One pool at the end of the evidence.
#[derive(Clone, Debug)]
pub(crate) struct PoolNow {
    /// Bytes at the last sample, with all that comes and goes (the day, churn) at its usual level.
    pub bytes: f64,
    /// How far what comes and goes lies below and above that in 5 % of the time each.
    pub swing: [f64; 2],
    /// The last sample.
    pub last: Time,
}

/// Where a pool stands: leaks, caches and blocks as they are now, what comes and goes at its usual level. The
/// end of a pool is a moment of any hour, not that of the last sample.
pub(crate) fn now(
    members: &[(&Reduced, &Look)],
    total: Option<&Blocks>,
    total_look: Option<&Look>,
) -> Option<PoolNow> {
    if members.is_empty() {
        return total.zip(total_look).and_then(|(blocks, look)| alone(blocks, look));
    }
    let longest = members.iter().map(|member| member.0).max_by_key(|series| series.blocks.samples)?;
    let comes_and_goes: Vec<&Reduced> = members
        .iter()
        .filter(|(series, look)| {
            !look.leaking && returns(look.class) && series.blocks.hours == longest.blocks.hours
        })
        .map(|member| member.0)
        .collect();
    let last_of = |series: &Reduced| series.blocks.last_bytes as f64;
    let whole = total.map_or_else(
        || members.iter().map(|member| last_of(member.0)).sum(),
        |total| total.last_bytes as f64,
    );
    let at_last: f64 = comes_and_goes.iter().map(|series| last_of(series)).sum();
    let together = together(None, comes_and_goes.iter().copied());
    let (usual, swing) = usual(&together.hours, &together.bytes);
    let last = total.and_then(|total| total.end).or(longest.blocks.end)?;
    Some(PoolNow { bytes: whole - at_last + usual, swing, last })
}

/// Classes whose level returns; all others stay where they are.
fn returns(class: Class) -> bool {
    matches!(class, Class::Churn | Class::Seasonal | Class::Burst | Class::Sawtooth | Class::TooShortToSay)
}

/// The same from a total alone: its trend taken out.
fn alone(blocks: &Blocks, look: &Look) -> Option<PoolNow> {
    let end = *blocks.hours.last()?;
    let start = look.onset.map_or(f64::NEG_INFINITY, |onset| onset[1]);
    let (hours, rest): (Vec<f64>, Vec<f64>) = blocks
        .hours
        .iter()
        .zip(blocks.means())
        .filter(|(hour, _)| **hour >= start)
        .map(|(hour, bytes)| (hour, bytes + look.bytes.estimate * (end - hour)))
        .unzip();
    let (bytes, swing) = usual(&hours, &rest);
    Some(PoolNow { bytes, swing, last: blocks.end? })
}

/// The mean of a series over its last whole days (over all of it below a day), and how far its lowest and
/// highest 5 % lie from that.
fn usual(hours: &[f64], values: &[f64]) -> (f64, [f64; 2]) {
    let (first, last) = (hours.first().copied().unwrap_or(0.0), hours.last().copied().unwrap_or(0.0));
    let days = ((last - first) / DAY / NEARLY).floor();
    let from = if days >= 1.0 { last - days * DAY } else { first };
    let mut part = values.get(hours.partition_point(|hour| *hour < from)..).unwrap_or(&[]).to_vec();
    if part.is_empty() {
        return (0.0, [0.0; 2]);
    }
    let mean = part.iter().sum::<f64>() / part.len() as f64;
    let mut end = |share: f64| quantile(&mut part, share).unwrap_or(mean);
    (mean, [(mean - end(0.05)).max(0.0), (end(0.95) - mean).max(0.0)])
}

/// When the pool ends at this rate (90 %): the doubt about the rate, the leak's own unevenness on the way, and
/// what comes and goes.
pub(crate) fn run_out(pool: &PoolNow, bound: f64, leak: LeakRate) -> Option<Exhaustion> {
    let left = bound - pool.bytes;
    let rate = leak.rate;
    if !(rate > 0.0 && left > 0.0) {
        return None;
    }
    let hours = left / rate;
    let share = (leak.error / rate).min(0.6);
    const REACH: f64 = NINETY * CHOSEN_BY_LOOKING;
    let on_the_way = REACH * leak.unevenness * hours.sqrt() / rate;
    let reach = |share: f64, swing: f64| (REACH * hours * share).hypot(swing / rate).hypot(on_the_way);
    // A rate may be too low by a share as easily as too high; the time then errs further on the far side.
    let late = reach(share / (1.0 - REACH * share).max(0.05), pool.swing[0]);
    let early = reach(share / (1.0 + REACH * share), pool.swing[1]);
    Some(Exhaustion {
        earliest: pool.last.plus_hours((hours - early).max(0.0)),
        estimate: pool.last.plus_hours(hours),
        latest: pool.last.plus_hours(hours + late),
    })
}

#[cfg(test)]
mod tests {
    use super::super::answer::Interval;
    use super::*;

    #[test]
    fn a_level_that_follows_the_day_is_its_mean_not_what_it_is_at_night() {
        let hours: Vec<f64> = (0..=96).map(|i| f64::from(i) / 2.0).collect();
        let values: Vec<f64> = hours.iter().map(|h| if h % 24.0 < 12.0 { 100.0 } else { 0.0 }).collect();
        let (mean, swing) = usual(&hours, &values);
        assert!((mean - 50.0).abs() < 1.5, "{mean}");
        assert!(swing.iter().all(|end| (end - 50.0).abs() < 1.5), "{swing:?}");
    }

    #[test]
    fn what_accelerates_goes_on_at_its_last_pace_and_is_doubted_by_what_it_gained() {
        let rate = |recent| {
            let bytes = Interval { low: 9.0, estimate: 10.0, high: 11.0 };
            let look = super::super::tag::plain(&Blocks::default(), None);
            LeakRate::of(&Look { bytes, recent, growth: 100.0, error: 0.1, ..look })
        };
        assert_eq!((rate(None).rate, rate(None).error), (10.0, 0.1));
        let faster = rate(Some((20.0, 0.5)));
        assert_eq!(faster.rate, 20.0);
        assert!((5.0..5.2).contains(&faster.error), "{}", faster.error);
    }

    #[test]
    fn what_comes_and_goes_widens_the_interval_to_both_sides() {
        let pool = PoolNow { bytes: 1_000.0, swing: [100.0, 300.0], last: Time(0) };
        let leak = LeakRate { rate: 10.0, error: 0.0, unevenness: 0.0 };
        let ends = run_out(&pool, 2_000.0, leak).unwrap();
        let hours = |time: Time| time.hours_since(Time(0));
        assert!((hours(ends.estimate) - 100.0).abs() < 1e-6);
        assert!((hours(ends.earliest) - 70.0).abs() < 1e-6);
        assert!((hours(ends.latest) - 110.0).abs() < 1e-6);
        assert!(run_out(&pool, 900.0, leak).is_none());
    }
}
