//! Leak or not: the statistics. Series of one boot in, a judgement with intervals out.
//!
//! Pure: no IO, no clock, no format, no text. The method is described with its sources in docs/method.md and
//! measured by `cargo xtask lab`.
//!
//! Rules of state: `Leak` is said only from eight snapshots on; two or more give a ranking and
//! [`Standing::NotEnoughEvidence`].

mod answer;
mod host;
mod input;
mod trend;

pub use answer::{
    Class, Exhaustion, ExplainedGrowth, HostJudgement, Interval, LockstepGroup, LockstepMember, Onset,
    Standing, TagJudgement,
};
pub use host::judge;
pub use input::{HostInput, PoolBound, SeriesInput, SeriesKey, TotalInput};
