//! What the judge answers. Plain data: nothing here computes or renders.

use poolscope_formats::{Pool, Time};

use super::input::SeriesKey;

/// An estimate with the ends of its interval (90 % unless its owner says otherwise).
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Best estimate.
    pub estimate: f64,
    /// Upper end.
    pub high: f64,
}

/// When a growth began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Onset {
    /// Best estimate.
    pub at: Time,
    /// Earliest moment the data allow.
    pub earliest: Time,
    /// Latest moment the data allow.
    pub latest: Time,
}

impl Onset {
    /// From earliest, best and latest hours since a moment.
    pub(crate) fn since(start: Time, hours: [f64; 3]) -> Self {
        let [earliest, at, latest] = hours.map(|hour| start.plus_hours(hour));
        Self { at, earliest, latest }
    }
}

/// When the pool ends if the growth goes on as it did (90 % interval).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exhaustion {
    /// Earliest.
    pub earliest: Time,
    /// Best estimate.
    pub estimate: Time,
    /// Latest.
    pub latest: Time,
}

/// The answer for the host as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// At least one leak is seen: a tag's, or one that only a pool total shows.
    Leak,
    /// The evidence would have shown a leak worth the name, and shows none.
    NoLeakSeen,
    /// Too few samples, too short, or a growth that may still be a cycle or a cache.
    NotEnoughEvidence,
}

/// The shape of one tag's series.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// Grows at an even rate (since its onset).
    SteadyLeak,
    /// Grows faster and faster.
    AcceleratingLeak,
    /// Rose once, over a short time, and stands since.
    StepThenFlat,
    /// Grows slower and slower towards a bound.
    SaturatingCache,
    /// Grows, and the series is too short to tell a cache that is still filling from a leak.
    StillRising,
    /// Goes up and down with no lasting growth.
    Churn,
    /// Follows the day or the week.
    Seasonal,
    /// Does not change.
    StaticBlock,
    /// Grows and falls back at a restart of its owner, and grows again: a leak with a clearing.
    Sawtooth,
    /// Rose and fell back.
    Burst,
    /// Grew over a long time, then stopped and was never freed.
    PinnedAfterGrowth,
    /// Shrinks.
    Shrinking,
    /// Fewer than two samples, or too few to name a shape.
    TooShortToSay,
}

/// What is known about one tag.
#[derive(Clone, PartialEq, Debug)]
pub struct TagJudgement {
    /// The tag and its pool.
    pub key: SeriesKey,
    /// The shape of the series.
    pub class: Class,
    /// The tag leaks, and the evidence is enough to say so.
    pub leaking: bool,
    /// Growth of outstanding bytes since the onset (since the first sample where there is none).
    pub rate_bytes_per_hour: Interval,
    /// Growth of outstanding allocations over the same stretch.
    pub rate_count_per_hour: Interval,
    /// Of a leak that accelerates: bytes an hour in the last quarter of its time. The pool's end is reckoned by it.
    pub recent_bytes_per_hour: Option<f64>,
    /// When the growth began, where it began within the series.
    pub onset: Option<Onset>,
    /// Bytes outstanding at the last sample.
    pub outstanding_bytes: u64,
    /// Allocations outstanding at the last sample, read modulo 2^32 where the source gave them negative.
    pub outstanding_count: i64,
    /// When the pool ends at this tag's growth alone; only where it grows and the bound is known.
    pub exhaustion: Option<Exhaustion>,
    /// Probability that it leaks.
    pub confidence: f64,
    /// The share of its pool's growth that this tag's growth explains, 0 to 1; `None` where the pool does not
    /// grow.
    pub share_of_growth: Option<f64>,
    /// Bytes gained over the series, after smoothing.
    pub growth_bytes: f64,
    /// Typical distance of one sample from the fitted line, in bytes (a robust standard deviation).
    pub noise_bytes: f64,
    /// Samples used.
    pub samples: usize,
    /// The first sample; equal to `last` when there is only one.
    pub first: Option<Time>,
    /// The last sample.
    pub last: Option<Time>,
}

/// Tags whose outstanding counts move together in a fixed ratio: they share one code path.
#[derive(Clone, PartialEq, Debug)]
pub struct LockstepGroup {
    /// The members; the first is the purest: it moves with the growth and with little else, so it is the best
    /// pointer to the code that allocates.
    pub members: Vec<LockstepMember>,
    /// The smallest correlation of a member's changes with the first member's.
    pub agreement: f64,
}

/// One tag of a lock-step group.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LockstepMember {
    /// The tag and its pool.
    pub key: SeriesKey,
    /// Allocations of this tag for each allocation of the group's first member.
    pub ratio: f64,
}

/// How much of a pool's growth the tags explain.
#[derive(Clone, PartialEq, Debug)]
pub struct ExplainedGrowth {
    /// The pool.
    pub pool: Pool,
    /// Growth of the whole pool.
    pub total_bytes_per_hour: Interval,
    /// Growth of all tags that were seen, together.
    pub tagged_bytes_per_hour: Interval,
    /// The share of the pool's growth that the leaking tags explain, 0 to 1 (0 where the pool does not grow).
    pub named_share: f64,
    /// Growth that no tag shows.
    pub untagged_bytes_per_hour: Interval,
    /// Only the total grows: a leak that no tag shows.
    pub untagged_leak: bool,
    /// When the growth of such a leak began, where it began within the series.
    pub onset: Option<Onset>,
    /// Whether it was measured from a pool total; otherwise the sum of the tags stood in for it.
    pub from_total: bool,
    /// When this pool ends at its present growth.
    pub exhaustion: Option<Exhaustion>,
    /// Probability that `untagged_leak` is right.
    pub confidence: f64,
}

/// The judgement of one boot of one host.
#[derive(Clone, PartialEq, Debug)]
pub struct HostJudgement {
    /// The answer for the host as a whole.
    pub standing: Standing,
    /// Probability that `standing` is right: for `Leak` that the first suspect leaks (or that no tag shows the
    /// leak, where that is said), for `NoLeakSeen` that nothing leaks which this evidence could show, for
    /// `NotEnoughEvidence` that the first suspect leaks (that anything does, where no tag is known).
    pub confidence: f64,
    /// The row of the fitted table that `confidence` was read from (docs/method.md).
    pub grounds: &'static str,
    /// All tags, most suspect first.
    pub tags: Vec<TagJudgement>,
    /// Tags that move together.
    pub groups: Vec<LockstepGroup>,
    /// The growth of each pool of which a total or a tag is known.
    pub growth: Vec<ExplainedGrowth>,
    /// The most samples any series has.
    pub snapshots: usize,
    /// Hours from the first sample of the host to its last.
    pub hours: f64,
}
