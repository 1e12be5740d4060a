//! Poolmon listings as text: the live screen pasted, `-n` snapshots, and the tables people make of them.
//!
//! The records of every layout are the same [`PoolmonLog`]. Nothing here compares two snapshots or says what
//! a tag means.

mod assign;
mod cells;
mod check;
mod head;
mod labels;
mod listing;
mod name_time;
mod reader;
mod recognise;
mod rows;
mod times;
mod unglue;

pub use name_time::from_name as time_from_name;
pub use reader::parse;
pub use recognise::{parse_records, test};
pub use rows::{Figure, PoolRow};

use crate::dates::Reading;
use crate::tag::{Pool, Tag};
use crate::time::{Time, Zone};

/// Everything one input held, in input order.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct PoolmonLog {
    /// One entry a screen, `-n` run or table time.
    pub snapshots: Vec<Snapshot>,
}

/// The pool tags at one moment.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Snapshot {
    /// When it was taken; `None` where nothing says so.
    pub time: Option<SnapshotTime>,
    /// The two `Memory:` and `Commit:` lines, where they were there.
    pub head: Option<MemoryHead>,
    /// The rows, in input order. The same tag and pool may stand twice (two session screens pasted together).
    pub rows: Vec<PoolRow>,
    /// The listing was cut short (console height, half a line, a chosen few rows): a tag that is missing here
    /// proves nothing. False only where a whole listing is likely.
    pub cut: bool,
    /// Which pools the listing covers.
    pub scope: PoolScope,
    /// Rows whose printed Diff is not Allocs - Frees.
    pub contradictions: Vec<Contradiction>,
    /// 1-based line where the snapshot begins.
    pub line: u64,
}

/// Which pools a listing covers.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PoolScope {
    /// The system pools: what poolmon shows unless asked otherwise.
    #[default]
    System,
    /// `All sessions pool information`.
    AllSessions,
    /// `Session N pool information`.
    Session(u32),
}

/// When a snapshot was taken, and how that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SnapshotTime {
    /// UTC, or the wall time kept unchanged where `zone` is [`Zone::Unknown`].
    pub time: Time,
    /// The zone it was written in.
    pub zone: Zone,
    /// Where it was found.
    pub from: TimeFrom,
    /// What its spelling allows, where day and month can be exchanged and nothing in the input says which is
    /// which; the other inputs of a case may. `time` is then month first.
    pub spelled: Reading,
}

/// Where the time of a snapshot was found, most trusted first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TimeFrom {
    /// The user stated it.
    Stated,
    /// A line or a cell inside the text.
    LineInside,
    /// The name of the file.
    FileName,
    /// The modification time of the file: the end of the writing, and lost by most ways of copying.
    Modified,
}

/// Poolmon's head lines, all in bytes (poolmon prints KB).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct MemoryHead {
    /// `Memory:` physical memory.
    pub total_bytes: Option<u64>,
    /// `Avail:` available physical memory.
    pub avail_bytes: Option<u64>,
    /// `Commit:` commit charge.
    pub commit_bytes: Option<u64>,
    /// `Limit:` commit limit.
    pub limit_bytes: Option<u64>,
    /// `Peak:` highest commit charge since boot.
    pub peak_bytes: Option<u64>,
    /// `Pool N:` nonpaged pool.
    pub pool_nonpaged_bytes: Option<u64>,
    /// ` P:` after `Pool N:`, paged pool.
    pub pool_paged_bytes: Option<u64>,
}

/// A row whose printed Diff is not what its Allocs and Frees give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contradiction {
    /// 1-based line of the row.
    pub line: u64,
    /// Its tag.
    pub tag: Tag,
    /// Its pool, where the listing names it.
    pub pool: Option<Pool>,
    /// Allocs as printed.
    pub allocs: u64,
    /// Frees as printed.
    pub frees: u64,
    /// Diff as printed.
    pub printed: i64,
    /// Allocs - Frees, modulo 2^32 where both fit 32 bits (the kernel's counters wrap there).
    pub recomputed: i64,
    /// Which of the two Bytes divided by Per Alloc supports; `None` if neither, both or unknown.
    pub bytes_support: Option<DiffChoice>,
}

/// One of the two candidates for the true Diff of a contradictory row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiffChoice {
    /// The printed Diff.
    Printed,
    /// Allocs - Frees.
    Recomputed,
}
