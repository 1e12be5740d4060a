//! When a laboratory host is sampled, and how the samples are damaged: jitter, gaps, clock steps, cut screens.

use super::rng::Rng;

/// Microseconds in an hour.
pub const HOUR: f64 = 3.6e9;

/// How a host is watched.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Plan {
    /// Name in the tables.
    pub name: &'static str,
    /// Hours from the first sample to the last.
    pub hours: f64,
    /// Hours between samples.
    pub every: f64,
    /// Random part of the interval: standard deviation as a share of it.
    pub jitter: f64,
    /// Gaps in the series.
    pub gaps: usize,
    /// A step of the wall clock in the middle, in hours (daylight saving, a time server's correction).
    pub clock_step: f64,
    /// The listing shows only this many tags a pool.
    pub top: Option<usize>,
}

impl Plan {
    /// An even plan without damage.
    pub const fn even(name: &'static str, hours: f64, every: f64) -> Self {
        Self { name, hours, every, jitter: 0.02, gaps: 0, clock_step: 0.0, top: None }
    }

    /// Minute samples over a day: the first plan of the table of figures.
    pub const MINUTES_24H: Self = Self::even("24 h, 1 min", 24.0, 1.0 / 60.0);
    /// Half-hour samples over two days.
    pub const HALF_HOURS_48H: Self = Self::even("48 h, 30 min", 48.0, 0.5);

    /// A plan as found in the field: any length, any interval from 1 s to 30 min, damaged somehow.
    pub fn mixed(rng: &mut Rng) -> Self {
        let samples = rng.log_between(40.0, 1_500.0);
        let every = rng.log_between(1.0 / 3_600.0, 0.5).max(4.5 / samples);
        Self {
            name: "mixed",
            hours: (every * samples).min(24.0 * 14.0),
            every,
            jitter: rng.log_between(0.005, 0.4),
            gaps: if rng.chance(0.4) { 1 + rng.below(3) } else { 0 },
            clock_step: if rng.chance(0.1) { rng.between(-0.3, 1.0) * every.max(0.05) } else { 0.0 },
            top: rng.chance(0.1).then_some(50),
        }
    }

    /// The sampling moments in microseconds, strictly rising, from `start` on.
    pub fn times(&self, start: i64, rng: &mut Rng) -> Vec<i64> {
        let count = (self.hours / self.every).round() as usize + 1;
        let mut holes = Vec::new();
        for _ in 0..self.gaps {
            let at = rng.between(0.05, 0.9) * self.hours;
            holes.push((at, at + rng.between(0.01, 0.12) * self.hours));
        }
        let mut out: Vec<i64> = Vec::with_capacity(count);
        for index in 0..count {
            let shake = (self.jitter * rng.normal()).clamp(-0.45, 0.45);
            let hour = (index as f64 + if index == 0 { 0.0 } else { shake }) * self.every;
            if holes.iter().any(|hole| hour > hole.0 && hour < hole.1) {
                continue;
            }
            let stepped = if hour > self.hours / 2.0 { hour + self.clock_step } else { hour };
            let at = start + (stepped * HOUR) as i64;
            if out.last().is_none_or(|&last| at > last) {
                out.push(at);
            }
        }
        out
    }
}
