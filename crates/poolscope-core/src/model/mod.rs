//! The case: everything the evidence says about one host, on one UTC time line, each fact with its source.
//!
//! This module only holds facts. What they mean is decided in [`crate::judge`], [`crate::rules`] and
//! [`crate::verdict`].

pub use poolscope_formats::counters::CounterId;
pub use poolscope_formats::time::parse_iso;
pub use poolscope_formats::{Kind, Place, Pool, Tag, Time};

mod boots;
mod builder;
mod clock;
mod daylight;
mod drivers;
mod events;
mod evidence;
mod host;
mod http;
mod owners;
mod sampling;
mod series;
mod state;
mod zone_by_totals;

pub use boots::{Boot, BootMark, BootMarkKind};
pub use builder::{Case, CaseBuilder, Caveat, Contradiction, ExhaustionReport};
pub use drivers::Driver;
pub(crate) use drivers::stem;
pub use events::{EventKind, TimelineEvent};
pub use evidence::{Evidence, EvidenceId, Source};
pub use host::{Bits, HostFacts, Stated, WindowsVersion, short_name};
pub use http::HttpReason;
pub use owners::{Grade, OwnerClaim, OwnerKind};
pub use series::{CounterKey, CounterSeries, SnapshotFacts, TagPoint, TagSeries, TagTable};
pub(crate) use state::bare_image;
pub use state::{
    Change, ChangeWhat, HostState, NotedAdvice, ProcessMoment, RegistrySetting, StandingTable, VerifiedState,
};
