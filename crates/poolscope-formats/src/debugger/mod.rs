//! Text of the kernel debugger: `!poolused`, `!poolfind`, `!vm`, `!verifier`, `!process`, `!handle`, alone or in
//! one `.logopen` file with other commands and noise between them.
//!
//! Every output is known by its own heading, so pasted output needs no prompt. Commands that are not of these
//! are passed over. Nothing here judges.

mod handle;
mod memory;
mod pool_find;
mod pool_used;
mod process;
mod read;
mod session;
mod verified;

pub use read::parse;
pub(crate) use read::{parse_records, test};

use crate::facts::{HandleCount, HostFact, ProcessFact, ProcessKey, StandingPool};
use crate::parsed::Place;
use crate::tag::{Pool, Tag};
use crate::verifier::{VerifiedDriver, WdfPoolDump};

/// One text of the debugger.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DebuggerLog {
    /// The outputs that were understood, in the order of the text.
    pub outputs: Vec<CommandOutput>,
    /// What the text says about the host outside these outputs: version, time of the session, uptime.
    pub host: Vec<HostFact>,
    /// `FxPoolDump` lines of a WDF log that was shown (`!wdflogdump`).
    pub wdf: Vec<WdfPoolDump>,
}

/// What one command printed.
#[derive(Clone, PartialEq, Debug)]
pub struct CommandOutput {
    /// The line its output begins at.
    pub place: Place,
    /// The command as typed, where its prompt was copied too (`!poolused 2`).
    pub command: Option<String>,
    /// What it printed.
    pub output: DebuggerOutput,
}

/// The outputs that are read.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum DebuggerOutput {
    /// `!poolused`.
    PoolUsed(PoolUsed),
    /// `!poolfind`.
    PoolFind(PoolFind),
    /// `!vm`.
    Memory(MemoryUsage),
    /// `!verifier`.
    Verifier(Vec<VerifiedDriver>),
    /// `!process 0 0`.
    Processes(Vec<ProcessFact>),
    /// `!handle`.
    Handles(HandleTable),
}

/// `!poolused`: what stands in the pool, by tag. Its "Allocs" is the outstanding count, not a count since boot.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PoolUsed {
    /// Two rows a tag, nonpaged before paged, in the order of the text.
    pub rows: Vec<StandingPool>,
    /// The TOTAL line: nonpaged, then paged, as (count, bytes).
    pub totals: Option<[(u64, u64); 2]>,
    /// True if the text shows a single tag or was cut to the largest ones, so that a missing tag proves nothing.
    pub partial: bool,
}

/// `!poolfind`: allocations of one tag, as far as the search found them.
#[derive(Clone, PartialEq, Debug)]
pub struct PoolFind {
    /// The tag searched for, as typed.
    pub tag: Option<Tag>,
    /// Allocations found, at most [`crate::limits::MAX_FOUND_BLOCKS`].
    pub blocks: Vec<FoundBlock>,
    /// Blocks found beyond the kept ones.
    pub blocks_dropped: u64,
    /// True if the text shows the end of the search; it is slow and often stopped by hand.
    pub finished: bool,
}

/// One allocation `!poolfind` met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FoundBlock {
    /// The line.
    pub place: Place,
    /// Kernel address.
    pub address: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// Its tag.
    pub tag: Tag,
    /// Its pool, where the text says it.
    pub pool: Option<Pool>,
    /// True if it is allocated; freed chunks keep their tag and are found too.
    pub allocated: bool,
}

/// `!vm`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MemoryUsage {
    /// Physical memory, commit, pool use and pool bounds.
    pub host: Vec<HostFact>,
    /// Lines the debugger itself marks with asterisks (`Excessive NonPaged Pool Usage`), without them.
    pub warnings: Vec<(Place, String)>,
}

/// `!handle 0 0` or `!handle 0 3`: how many handles, and of which types.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HandleTable {
    /// The process it belongs to, where the text shows it above the table.
    pub process: Option<ProcessKey>,
    /// The process's total, where the text states it.
    pub total: Option<u64>,
    /// Handles by type, counted from the listed handles or taken from the summary.
    pub by_type: Vec<HandleCount>,
}

/// The start of a line for a note: at most 60 characters.
fn cut(line: &str) -> String {
    line.trim().chars().take(60).collect()
}
