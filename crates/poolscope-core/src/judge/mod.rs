//! Leak or not: the statistics. Series of one boot in, a judgement with intervals out.
//!
//! Pure: no IO, no clock, no format, no text. The method is described with its sources in docs/method.md and
//! measured by `cargo xtask lab`.
//!
//! Rules of state: `Leak` is said only from eight snapshots on; two or more give a ranking and
//! [`Standing::NotEnoughEvidence`].

mod answer;
mod blocks;
mod compare;
mod confidence;
mod few;
mod fit;
mod frame;
mod frames;
mod host;
mod input;
mod likelihood;
mod lockstep;
mod noise;
mod pace;
mod pool;
mod pools;
mod prior;
mod rank;
mod resumes;
mod runout;
mod sawtooth;
mod shapes;
mod stats;
mod stream;
mod tag;
mod workload;

pub use answer::{
    Class, Exhaustion, ExplainedGrowth, HostJudgement, Interval, LockstepGroup, LockstepMember, Onset,
    Standing, TagJudgement,
};
pub use compare::{Change, Comparison, Outcome, PoolChange, TagChange, compare, side_by_side};
pub use host::judge;
pub use input::{HostInput, PoolBound, SeriesInput, SeriesKey, TotalInput};
pub(crate) use lockstep::alike_in_every_step;
pub use stream::StreamJudge;
pub(crate) use tag::LEAST_SNAPSHOTS;
