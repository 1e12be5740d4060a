//! What `poolscope trace --json` gives: schema `poolscope/trace/1`. Plain data; a field is never taken away or
//! changed in meaning within a version.

use serde::Serialize;

/// Name of the schema.
pub const SCHEMA: &str = "poolscope/trace/1";

/// The whole answer about one trace.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TraceReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What was traced and how.
    pub trace: TraceFacts,
    /// What is missing.
    pub lost: Lost,
    /// How pairing went.
    pub pairing: PairingFacts,
    /// How the joining of stacks went.
    pub stacks: StackFacts,
    /// What grows and who makes it grow, most suspect first.
    pub suspects: Vec<Suspect>,
    /// Tags by pool, by outstanding bytes.
    pub tags: Vec<TagRow>,
    /// Drivers: the innermost module outside the skipped ones, by outstanding bytes.
    pub drivers: Vec<DriverRow>,
    /// Processes, by outstanding bytes.
    pub processes: Vec<ProcessRow>,
    /// Allocation sites (stack, tag, pool, process), by outstanding bytes.
    pub sites: Vec<SiteRow>,
    /// The moments of the histories, seconds from the start of the session.
    pub moments: Vec<f64>,
    /// Events by provider and opcode.
    pub census: Vec<CensusRow>,
    /// What a reader should know before trusting the numbers, in plain words.
    pub remarks: Vec<String>,
}

/// What was traced and how.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TraceFacts {
    /// Start of the session, UTC, if known.
    pub started: Option<String>,
    /// Seconds from the first event to the last.
    pub seconds: f64,
    /// Windows build, if known.
    pub build: Option<u32>,
    /// Product, if the trace tells it.
    pub product: Option<String>,
    /// Computer, if the trace tells it.
    pub computer: Option<String>,
    /// Processors.
    pub processors: Option<u32>,
    /// 64-bit system.
    pub wide: bool,
    /// Event records.
    pub events: u64,
    /// Pool allocations and frees among them.
    pub pool_events: u64,
    /// Pool tracing was on by the session's own masks; absent if the trace does not say.
    pub pool_tracing: Option<bool>,
    /// The trace holds at most four tags: a tag filter was very likely on, and other tags were not recorded.
    pub likely_tag_filter: bool,
    /// Compression, if any.
    pub compression: Option<&'static str>,
    /// A ring: the oldest part is overwritten.
    pub circular: bool,
    /// The stretch that range counts are for, seconds from the start.
    pub range: Option<(f64, f64)>,
}

/// What is missing.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Lost {
    /// Events lost, as the session states.
    pub events: u64,
    /// Buffers lost: stated by the session, or missing by their sequence numbers if that is more.
    pub buffers: u64,
    /// Share of all buffers that are missing, 0 to 1.
    pub share: f64,
    /// Where, by time.
    pub gaps: Vec<GapRow>,
}

/// A stretch from which events of one processor are missing.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GapRow {
    /// The processor.
    pub processor: u16,
    /// Seconds from the start of the session.
    pub from: f64,
    /// Seconds from the start of the session.
    pub to: f64,
    /// What says so.
    pub sign: &'static str,
}

/// How pairing went.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PairingFacts {
    /// Allocations.
    pub allocs: u64,
    /// Frees.
    pub frees: u64,
    /// Frees paired with an allocation of the trace.
    pub paired: u64,
    /// Of these, with a loss of events in between: the pair may be wrong.
    pub paired_across_loss: u64,
    /// Frees of blocks whose allocation is not in the trace.
    pub frees_without_alloc: u64,
    /// Allocations at an address that was still alive; the older block is taken as freed unseen.
    pub allocs_over_live: u64,
    /// Paired frees whose own tag differs.
    pub tag_differs: u64,
    /// Paired frees whose own size differs.
    pub size_differs: u64,
    /// Most blocks alive at once.
    pub peak_alive: u64,
    /// Pool page and snapshot events, which have no published layout.
    pub undecoded: u64,
}

/// How the joining of stacks went.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StackFacts {
    /// Stack records that belong to an event.
    pub records: u64,
    /// Of these, with frames known.
    pub resolved: u64,
    /// Of these, by a key that nothing defines.
    pub unresolved: u64,
    /// Of these, of frees: not needed, not resolved.
    pub of_frees: u64,
    /// Allocations with a stack.
    pub allocs_with_stack: u64,
}

/// Count and bytes by where allocation and free lie, as WPA's glossary has it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct RangeRow {
    /// Allocated inside, freed inside: count and bytes.
    pub aifi: (u64, u64),
    /// Allocated inside, not freed inside.
    pub aifo: (u64, u64),
    /// Allocated before, freed inside.
    pub aofi: (u64, u64),
    /// Allocated before, not freed inside.
    pub aofo: (u64, u64),
}

/// One tag in one pool.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TagRow {
    /// The tag.
    pub tag: String,
    /// `nonpaged` or `paged`.
    pub pool: &'static str,
    /// Allocations.
    pub allocs: u64,
    /// Bytes of these.
    pub alloc_bytes: u64,
    /// Frees of allocations of the trace.
    pub frees: u64,
    /// Bytes of these.
    pub freed_bytes: u64,
    /// Frees of blocks allocated before the trace or in a loss.
    pub frees_without_alloc: u64,
    /// Not freed at the end.
    pub outstanding_count: u64,
    /// Bytes of these.
    pub outstanding_bytes: u64,
    /// Allocations less all frees: what the tag gained in truth.
    pub net_count: i64,
    /// Allocations a second.
    pub allocs_per_second: f64,
    /// Shape of the history of the net outstanding bytes.
    pub shape: &'static str,
    /// The history grows and goes on growing.
    pub growing: bool,
    /// Counts for the chosen stretch, or the whole trace.
    pub range: RangeRow,
    /// Freed allocations by the power of two of their lifetime in microseconds.
    pub lifetimes: Vec<u64>,
    /// Outstanding bytes at the moments.
    pub history_bytes: Vec<u64>,
}

/// One driver.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DriverRow {
    /// File name.
    pub module: String,
    /// Path as Windows spells it.
    pub path: Option<String>,
    /// Maker, by its version resource.
    pub company: Option<String>,
    /// Version, by its version resource.
    pub version: Option<String>,
    /// Part of Windows that works for other drivers: look at the module above.
    pub works_for_others: bool,
    /// Allocations.
    pub allocs: u64,
    /// Frees of these.
    pub frees: u64,
    /// Not freed at the end.
    pub outstanding_count: u64,
    /// Bytes of these.
    pub outstanding_bytes: u64,
}

/// One process.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProcessRow {
    /// Name, if known.
    pub name: Option<String>,
    /// Id, if known.
    pub pid: Option<u32>,
    /// Allocations.
    pub allocs: u64,
    /// Not freed at the end.
    pub outstanding_count: u64,
    /// Bytes of these.
    pub outstanding_bytes: u64,
}

/// One way allocations were made.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SiteRow {
    /// The tag.
    pub tag: String,
    /// `nonpaged` or `paged`.
    pub pool: &'static str,
    /// POOL_TYPE as recorded.
    pub pool_type: u32,
    /// The driver it is counted for.
    pub module: String,
    /// The process, `name (id)`.
    pub process: String,
    /// Allocations.
    pub allocs: u64,
    /// Bytes of these.
    pub alloc_bytes: u64,
    /// Frees of these.
    pub frees: u64,
    /// Freed unseen: their address was allocated again.
    pub vanished: u64,
    /// Not freed at the end.
    pub outstanding_count: u64,
    /// Bytes of these.
    pub outstanding_bytes: u64,
    /// Of the outstanding ones, those that may have been freed in a loss of events.
    pub outstanding_doubtful: u64,
    /// Outstanding by the quarter of the trace they were made in.
    pub outstanding_by_quarter: [u64; 4],
    /// Mean lifetime of the freed ones, seconds.
    pub mean_lifetime: Option<f64>,
    /// Counts for the chosen stretch, or the whole trace.
    pub range: RangeRow,
    /// Frames, innermost first: `module+0x1234`, or `module!function+0x12` where symbols are known.
    pub frames: Vec<String>,
}

/// A tag that grows, and the module that makes it grow.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Suspect {
    /// The tag.
    pub tag: String,
    /// `nonpaged` or `paged`.
    pub pool: &'static str,
    /// The driver.
    pub module: String,
    /// Maker, if known.
    pub company: Option<String>,
    /// The driver's innermost frame with most outstanding bytes.
    pub frame: Option<String>,
    /// Offset of that frame in the driver.
    pub offset: Option<u64>,
    /// Function of that frame, where symbols are known.
    pub function: Option<String>,
    /// The next module above, where the driver is a part of Windows that works for others.
    pub above: Option<String>,
    /// Not freed at the end.
    pub outstanding_count: u64,
    /// Bytes of these.
    pub outstanding_bytes: u64,
    /// Bytes gained over the trace by the fitted growth, less what other frees of the tag give back.
    pub growth_bytes: f64,
    /// Growth an hour.
    pub growth_bytes_per_hour: f64,
    /// Shape of the history.
    pub shape: &'static str,
    /// Share of all outstanding bytes of the tag, 0 to 1.
    pub share_of_tag: f64,
    /// The process with most of it, `name (id)`.
    pub process: String,
}

/// Events of one kind.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CensusRow {
    /// Provider GUID.
    pub provider: String,
    /// Name of the provider, if known.
    pub name: Option<&'static str>,
    /// Opcode.
    pub opcode: u8,
    /// Events.
    pub count: u64,
}
