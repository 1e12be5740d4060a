//! The pool content of a trace: which allocations were made where, by whom, and what became of them.
//!
//! One pass over the file in time order. Memory is a few decoded buffers a processor, what is alive, and the
//! distinct sites; never the file. It pairs frees with allocations, joins stacks, and counts; it does not judge
//! what leaks, and gives addresses, not functions.
//!
//! The pass is two halves that run at once: scanning (read, decompress, find events, join stacks within a
//! processor) in threads of its own, and pairing (merge by time, resolve keys, pair) in the caller's.

mod alive;
mod feed;
mod finish;
mod images;
mod keys;
mod loss;
mod order;
mod owners;
mod pairing;
mod plan;
mod read;
mod record;
mod scan;
mod seeded;
mod sites;
mod stacks;

pub use read::read;
pub use scan::Tally;
pub use sites::RangeCounts;

use std::collections::BTreeMap;

use crate::etl::decode::config::GroupMasks;
use crate::etl::event::EventId;
use crate::etl::guid::Guid;
use crate::etl::logfile::LogfileHeader;
use crate::tag::{Pool, Tag};
use crate::time::Time;

/// How a trace is to be read.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PoolTraceOptions {
    /// A stretch of time, in seconds from the start of the session: AIFI, AIFO, AOFI and AOFO are counted for it.
    pub range: Option<(f64, f64)>,
    /// Moments at which outstanding allocations are noted, evenly over the trace.
    pub moments: usize,
    /// Threads that may be used, the caller's included; 0 asks for as many as the machine has.
    pub threads: usize,
}

impl Default for PoolTraceOptions {
    fn default() -> Self {
        Self { range: None, moments: 48, threads: 0 }
    }
}

/// The pool content of a trace.
#[derive(Clone, PartialEq, Debug)]
pub struct PoolTrace {
    /// The trace's own description, if it could be read.
    pub logfile: Option<LogfileHeader>,
    /// Compression of the buffers, by name; `None` for plain ones.
    pub compression: Option<&'static str>,
    /// First and last moment with events, seconds from the start of the session.
    pub span_seconds: (f64, f64),
    /// The moment of the start of the session, if the header tells it.
    pub start: Option<Time>,
    /// Groups of kernel events the session recorded; `None` if the trace does not say.
    pub masks: Option<GroupMasks>,
    /// Lab name of the build, if the trace was merged with it.
    pub build_lab: Option<String>,
    /// Name of the product, if the trace was merged with it.
    pub product: Option<String>,
    /// Physical memory in MiB, if the trace has the system's configuration.
    pub memory_mib: Option<u32>,
    /// Name of the computer, if the trace has the system's configuration.
    pub computer: Option<String>,
    /// Events by what they are.
    pub census: BTreeMap<EventId, u64>,
    /// Event records and defects, as the scan counted them.
    pub tally: Tally,
    /// What is missing.
    pub loss: Loss,
    /// How pairing went.
    pub pairing: Pairing,
    /// How the joining of stacks went.
    pub joining: StackJoining,
    /// Distinct stacks: return addresses, innermost first; kernel frames before user ones.
    pub stacks: Vec<Vec<u64>>,
    /// Pointers of the traced system are 8 bytes.
    pub wide: bool,
    /// Who allocated.
    pub owners: Vec<Owner>,
    /// The ways allocations were made, by outstanding bytes, largest first.
    pub sites: Vec<Site>,
    /// Tags by pool, with their history.
    pub tags: Vec<TagHistory>,
    /// The moments of the histories: seconds from the start of the session. The last is the end of the trace.
    pub moments: Vec<f64>,
    /// The stretch that the range counts of sites and tags are for, seconds.
    pub range: Option<(f64, f64)>,
    /// Images, kernel's first, by process, base and time.
    pub images: Vec<LoadedImage>,
}

/// What is missing from a trace.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Loss {
    /// Events the session says it lost.
    pub events_stated: u32,
    /// Buffers the session says it lost.
    pub buffers_stated: u32,
    /// Buffers missing by their sequence numbers.
    pub buffers_missing: u64,
    /// The file is a ring: its oldest part is overwritten, for each processor to another moment.
    pub circular: bool,
    /// Share of the trace's buffers that are missing, 0 to 1.
    pub share: f64,
    /// Where events are missing, by time; at most [`crate::limits::MAX_ETL_GAPS`].
    pub gaps: Vec<Gap>,
    /// Gaps beyond the kept ones.
    pub gaps_dropped: u64,
}

impl Loss {
    /// Buffers lost: what the session states, or what the sequence numbers show if that is more.
    pub fn buffers(&self) -> u64 {
        self.buffers_missing.max(u64::from(self.buffers_stated))
    }

    /// True if anything is missing.
    pub fn any(&self) -> bool {
        self.events_stated > 0 || self.buffers() > 0 || !self.gaps.is_empty()
    }
}

/// What says that events are missing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LossSign {
    /// The buffer is flagged: events were lost.
    EventsLost,
    /// The buffer is flagged: buffers were lost before it.
    BuffersLost,
    /// A sequence number is missing.
    Sequence,
    /// The ring was overwritten to here.
    Overwritten,
    /// The buffer is damaged.
    Damaged,
}

/// A stretch of time from which events of one processor are missing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Gap {
    /// The processor.
    pub processor: u16,
    /// Its last event before, seconds from the start of the session.
    pub from: f64,
    /// Its first event after.
    pub to: f64,
    /// What says so.
    pub sign: LossSign,
}

/// How pairing went.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Pairing {
    /// Allocations.
    pub allocs: u64,
    /// Frees.
    pub frees: u64,
    /// Frees paired with an allocation of the trace.
    pub paired: u64,
    /// Of these, pairs with a loss of events between the two: address and time fit, but the block may have been
    /// freed and made again unseen.
    pub paired_across_loss: u64,
    /// Frees of blocks whose allocation is not in the trace.
    pub frees_without_alloc: u64,
    /// Allocations at an address that was still alive: a free was missed.
    pub allocs_over_live: u64,
    /// Paired frees whose own tag differs from the allocation's.
    pub tag_differs: u64,
    /// Paired frees whose own size differs from the allocation's.
    pub size_differs: u64,
    /// Most allocations alive at once.
    pub peak_alive: u64,
    /// Page and snapshot events of the pool group (0x0E24 to 0x0E2F), which have no published layout.
    pub undecoded: u64,
}

/// How the joining of stacks went.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct StackJoining {
    /// Stack records that belong to an event: whole ones and references by key, kernel and user halves.
    pub records: u64,
    /// Of these, records whose frames are known.
    pub resolved: u64,
    /// Of these, references by key that no definition explains.
    pub unresolved: u64,
    /// Of these, stacks of frees, which are not resolved.
    pub of_frees: u64,
    /// Halves joined to pool allocations.
    pub joined: u64,
    /// Halves that came too late, or for events that are no pool events.
    pub of_other_events: u64,
    /// Allocations with a kernel stack.
    pub allocs_with_stack: u64,
    /// Definitions of keys.
    pub definitions: u64,
    /// Distinct stacks left out because there were too many.
    pub refused: u64,
}

/// Who allocated.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Owner {
    /// Process id; `None` if it could not be told.
    pub process: Option<u32>,
    /// Name of its image, if the trace tells it.
    pub name: Option<String>,
    /// Its command line, if the trace tells it.
    pub command_line: Option<String>,
}

/// One way allocations were made: stack, tag, pool type, process.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// Tag, without the protected bit.
    pub tag: Tag,
    /// POOL_TYPE as recorded.
    pub pool_type: u32,
    /// Index into [`PoolTrace::stacks`]; `None` if no stack was recorded.
    pub stack: Option<u32>,
    /// Index into [`PoolTrace::owners`].
    pub owner: u32,
    /// First allocation, seconds from the start of the session. Frames mean the images loaded then.
    pub first_seconds: f64,
    /// Allocations and their bytes.
    pub allocs: (u64, u64),
    /// Frees paired with them, and their bytes.
    pub frees: (u64, u64),
    /// Freed unseen (their address was allocated again), and their bytes.
    pub vanished: (u64, u64),
    /// Not freed at the end, and their bytes.
    pub outstanding: (u64, u64),
    /// Of the outstanding ones, those made before the last loss of events: they may have been freed unseen.
    pub outstanding_doubtful: u64,
    /// Outstanding by the quarter of the trace they were made in: counts.
    pub outstanding_by_quarter: [u64; 4],
    /// Mean lifetime of the freed ones, seconds.
    pub mean_lifetime: Option<f64>,
    /// Counts for the chosen stretch of time, or for the whole trace.
    pub range: RangeCounts,
    /// Outstanding count and bytes at [`PoolTrace::moments`]; empty if there were too many sites.
    pub history: Vec<(u32, u64)>,
}

/// One tag in one pool.
#[derive(Clone, PartialEq, Debug)]
pub struct TagHistory {
    /// The tag.
    pub tag: Tag,
    /// The pool.
    pub pool: Pool,
    /// Allocations and bytes.
    pub allocs: (u64, u64),
    /// Frees paired with them, and bytes.
    pub frees: (u64, u64),
    /// Frees of blocks allocated before the trace, or in a loss; and bytes.
    pub frees_without_alloc: (u64, u64),
    /// Not freed at the end, and bytes.
    pub outstanding: (u64, u64),
    /// Outstanding count and bytes at [`PoolTrace::moments`].
    pub history: Vec<(u64, u64)>,
    /// Frees without allocation up to each of the moments: count and bytes.
    pub orphans: Vec<(u64, u64)>,
    /// Freed allocations by the power of two of their lifetime in microseconds: `[0]` is below 1 us, `[n]` is
    /// from 2^(n-1) to 2^n us.
    pub lifetimes: Vec<u64>,
    /// Counts for the chosen stretch of time, or for the whole trace.
    pub range: RangeCounts,
}

/// An image and where it was loaded.
#[derive(Clone, PartialEq, Debug)]
pub struct LoadedImage {
    /// Process, 0 for the kernel.
    pub process: u32,
    /// Address of its first byte.
    pub base: u64,
    /// Bytes it takes.
    pub size: u64,
    /// From when, seconds from the start of the session; `None`: since before.
    pub from: Option<f64>,
    /// To when; `None`: to the end or after.
    pub to: Option<f64>,
    /// Path as Windows spells it.
    pub path: String,
    /// Link time stamp, if known.
    pub time_date_stamp: Option<u32>,
    /// Checksum of the PE header, if known.
    pub checksum: Option<u32>,
    /// Name from its version resource or linker, if the trace was merged.
    pub original_name: Option<String>,
    /// Id, age and name of its PDB, if the trace was merged.
    pub pdb: Option<(Guid, u32, String)>,
    /// Company of its version resource, if the trace was merged.
    pub company: Option<String>,
    /// Version of its version resource, if the trace was merged.
    pub version: Option<String>,
    /// Description of its version resource, if the trace was merged.
    pub description: Option<String>,
}

impl LoadedImage {
    /// The file's name without its folder.
    pub fn name(&self) -> &str {
        self.path.rsplit(['\\', '/']).next().unwrap_or(&self.path)
    }
}
