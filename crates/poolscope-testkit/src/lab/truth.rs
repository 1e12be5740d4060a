//! What is true of a laboratory host, so that a judge can be scored.

use std::sync::Arc;

use super::plan::HOUR;
use super::shape::Noise;

/// The two pools, apart from the product's own type (this crate depends on none of ours).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LabPool {
    /// Nonpaged.
    Nonpaged,
    /// Paged.
    Paged,
}

/// What a tag really does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Shape {
    /// Never or hardly ever changes.
    Static,
    /// Up and down around a level.
    Churn,
    /// Follows the day.
    Daily,
    /// Follows the week and the day.
    Weekly,
    /// Fills up to a bound and has (nearly) reached it by the end.
    Cache,
    /// Rises within half an hour, then stays.
    Step,
    /// Rises and falls back.
    Burst,
    /// Fills after the boot, flat by the end.
    Ramp,
    /// Fills to the same ceiling and is trimmed, again and again.
    Trimmed,
    /// Shrinks.
    Shrinking,
    /// Healthy look-alike: a bounded cache that still rises at the end.
    RisingCache,
    /// Leaks evenly.
    SteadyLeak,
    /// Leaks faster and faster.
    AcceleratingLeak,
    /// Leaks in working hours.
    IntermittentLeak,
    /// Leaks, and is cleared by restarts of its owner.
    SawtoothLeak,
}

impl Shape {
    /// Every shape, in the order of the tables.
    pub const ALL: [Self; 15] = [
        Self::Static,
        Self::Churn,
        Self::Daily,
        Self::Weekly,
        Self::Cache,
        Self::Step,
        Self::Burst,
        Self::Ramp,
        Self::Trimmed,
        Self::Shrinking,
        Self::RisingCache,
        Self::SteadyLeak,
        Self::AcceleratingLeak,
        Self::IntermittentLeak,
        Self::SawtoothLeak,
    ];

    /// Whether it is a leak.
    pub fn leaks(self) -> bool {
        matches!(
            self,
            Self::SteadyLeak | Self::AcceleratingLeak | Self::IntermittentLeak | Self::SawtoothLeak
        )
    }

    /// Whether such a tag is back where it was at a like moment: what it shows on one day it shows on another.
    /// All others keep the level they have reached.
    pub fn returns(self) -> bool {
        matches!(self, Self::Churn | Self::Daily | Self::Weekly | Self::Burst | Self::Trimmed)
    }

    /// The name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Churn => "churn",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Cache => "cache",
            Self::Step => "step",
            Self::Burst => "burst",
            Self::Ramp => "ramp after boot",
            Self::Trimmed => "trimmed",
            Self::Shrinking => "shrinking",
            Self::RisingCache => "rising cache",
            Self::SteadyLeak => "steady leak",
            Self::AcceleratingLeak => "accelerating leak",
            Self::IntermittentLeak => "intermittent leak",
            Self::SawtoothLeak => "sawtooth leak",
        }
    }
}

/// The truth about one leak.
#[derive(Clone, PartialEq, Debug)]
pub struct LeakTruth {
    /// Index of the tag in the host; `None` for a leak that no tag shows.
    pub tag: Option<usize>,
    /// The pool it leaks in.
    pub pool: LabPool,
    /// Its shape.
    pub shape: Shape,
    /// Microseconds; `None` where it leaked before the first sample already.
    pub onset: Option<i64>,
    /// Bytes an hour that really leaked between the onset (the first sample seen, where that is later) and the
    /// last sample.
    pub rate: f64,
    /// Bytes leaked since the onset or the last clearing, at each moment of the totals.
    pub path: Arc<Vec<f64>>,
    /// What decides whether the evidence suffices.
    pub evidence: Evidence,
    /// Members of a lock-step group share a number.
    pub group: Option<usize>,
    /// The tag belongs to the leaking driver alone (of a group).
    pub private: bool,
}

impl LeakTruth {
    /// The same leak as seen by someone with only these samples (indices into `all`, the moments of `path`): a
    /// leak older than the view is as if it had always been there, and what leaked before it is not seen.
    pub(super) fn view(&self, all: &[i64], samples: &[usize]) -> Self {
        let mut seen = self.clone();
        let (Some(&from), Some(&to)) = (samples.first(), samples.last()) else { return seen };
        let (Some(&first), Some(&last)) = (all.get(from), all.get(to)) else { return seen };
        let at = |index: usize| self.path.get(index).copied().unwrap_or(0.0);
        seen.onset = self.onset.filter(|onset| *onset > first);
        let old = if self.evidence.since < first { at(from) } else { 0.0 };
        seen.evidence.grown = at(to) - old;
        seen.evidence.since = self.evidence.since.max(first);
        seen.evidence.own_error *= (seen.evidence.grown / self.evidence.grown.max(1e-9)).max(0.0).sqrt();
        seen.rate = seen.evidence.grown / ((last - seen.evidence.since).max(1) as f64 / HOUR);
        seen.path = Arc::new(samples.iter().map(|&index| at(index)).collect());
        seen
    }
}

/// How well one tag shows a leak.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// The tag's noise apart from the leak, in bytes.
    pub noise: Noise,
    /// Bytes leaked since `since`.
    pub grown: f64,
    /// Standard error of that from the leak's own randomness, in bytes.
    pub own_error: f64,
    /// Beginning of the last unbroken growth, microseconds.
    pub since: i64,
    /// The pool would be exhausted within a day.
    pub fast: bool,
    /// It follows the working day: one day cannot tell it from a daily cycle or a single job.
    pub two_days: bool,
}

impl Evidence {
    /// Whether it suffices to name the leak, seen at these moments: growth of at least three times the tag's
    /// noise and six standard errors under its autocorrelation, in eight snapshots over four hours (half an
    /// hour where the pool would be exhausted within a day); a leak of the working day seen on two days.
    pub fn suffices(&self, times: &[i64]) -> bool {
        let from = times.partition_point(|&time| time < self.since);
        let seen = &times[from..];
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else { return false };
        let hours = (last - first) as f64 / HOUR;
        let least = match (self.two_days, self.fast) {
            (true, _) => 40.0,
            (_, true) => 0.5,
            _ => 4.0,
        };
        let error = self.noise.growth_error(hours, seen.len() as f64).hypot(self.own_error);
        seen.len() >= 8
            && hours >= least
            && self.grown >= 3.0 * self.noise.deviation()
            && self.grown >= 6.0 * error
    }
}

/// One tag of a host: what a sampler saw, and what is true.
#[derive(Clone, PartialEq, Debug)]
pub struct LabTag {
    /// The tag.
    pub tag: [u8; 4],
    /// The pool.
    pub pool: LabPool,
    /// Sampling moments, microseconds.
    pub times: Arc<Vec<i64>>,
    /// Bytes outstanding.
    pub bytes: Vec<u64>,
    /// Allocations outstanding, wrapped to 32 bits on some hosts.
    pub counts: Vec<i64>,
    /// What it does.
    pub shape: Shape,
}

/// A pool total.
#[derive(Clone, PartialEq, Debug)]
pub struct LabTotal {
    /// The pool.
    pub pool: LabPool,
    /// Sampling moments, microseconds.
    pub times: Arc<Vec<i64>>,
    /// Bytes.
    pub bytes: Vec<u64>,
    /// Where the pool ends, in bytes.
    pub bound: f64,
    /// When it ends if all goes on, microseconds; `None` where it does not within ten years.
    pub ends: Option<i64>,
}

/// A labelled host.
#[derive(Clone, PartialEq, Debug)]
pub struct LabHost {
    /// The seed it was made from.
    pub seed: u64,
    /// Name of the sampling plan.
    pub plan: &'static str,
    /// The tags.
    pub tags: Vec<LabTag>,
    /// The totals of both pools.
    pub totals: Vec<LabTotal>,
    /// Whether listings are cut.
    pub cut: bool,
    /// The leaks; empty on a healthy host.
    pub leaks: Vec<LeakTruth>,
    /// A healthy look-alike is among the tags.
    pub look_alike: bool,
}
