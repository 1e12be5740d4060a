//! RAMMap snapshots (.rmp): page use and the big pool allocations.
//!
//! The layout is known from one published description, never checked on a real file here; every parse says so.

mod hex;
mod read;

pub use read::parse;
pub(crate) use read::{parse_records, test};

use crate::facts::{ProcessFact, StandingPool};
use crate::parsed::Place;

/// What is read of a snapshot.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RamMapSnapshot {
    /// Pages by use.
    pub page_uses: Vec<PageUse>,
    /// Big pool allocations (a page or more each) summed by tag and pool; small allocations are not in the file.
    pub big_pool: Vec<StandingPool>,
    /// Processes the snapshot lists.
    pub processes: Vec<ProcessFact>,
}

/// Pages of one use by list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageUse {
    /// Where it is stated.
    pub place: Place,
    /// The use (`Nonpaged Pool`, `Page Table`, ...), by its place in the table.
    pub name: &'static str,
    /// Pages that are zeroed, free, standby, modified, modified-no-write, bad, active, in transition.
    pub pages: [u64; 8],
}

/// The uses by their rows in the table.
const PAGE_USES: [&str; 16] = [
    "Process Private",
    "Mapped File",
    "Shareable",
    "Page Table",
    "Paged Pool",
    "Nonpaged Pool",
    "System PTE",
    "Session Private",
    "Metafile",
    "AWE",
    "Driver Locked",
    "Kernel Stack",
    "Unused",
    "Large Page",
    "row 14",
    "row 15",
];
