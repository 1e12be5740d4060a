//! Driver Verifier's own text (`verifier /query`, `/querysettings`) and the pool lines of a WDF log.
//!
//! The debugger's `!verifier` is read by [`crate::debugger`] into the same [`VerifiedDriver`].

mod read;
pub(crate) mod wdf;

pub use read::parse;
pub(crate) use read::{parse_records, test};

use crate::facts::{CallerAllocation, WrittenDate};
use crate::parsed::Place;

/// What a text of Verifier or WDF says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct VerifierReport {
    /// The flag word in force or stored.
    pub flags: Option<u32>,
    /// Counters of the whole host with their names as spelled.
    pub global_counters: Vec<NamedCount>,
    /// Drivers under verification.
    pub drivers: Vec<VerifiedDriver>,
    /// `FxPoolDump` lines of a WDF log.
    pub wdf: Vec<WdfPoolDump>,
}

/// A counter with its name as spelled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedCount {
    /// Where it is stated.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: u64,
}

/// Allocations and bytes of both pools.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PoolUse {
    /// Nonpaged allocations.
    pub nonpaged_count: u64,
    /// Nonpaged bytes.
    pub nonpaged_bytes: u64,
    /// Paged allocations.
    pub paged_count: u64,
    /// Paged bytes.
    pub paged_bytes: u64,
}

/// One driver under verification.
#[derive(Clone, PartialEq, Debug)]
pub struct VerifiedDriver {
    /// Where it begins.
    pub place: Place,
    /// File name as spelled; empty where the text names none (a single driver's statistics pasted alone).
    pub name: String,
    /// How often it was loaded and unloaded since the boot, where stated.
    pub loads: Option<(u64, u64)>,
    /// When the counters were read, where the text says so (`verifier /log` writes a series of them).
    pub taken: Option<WrittenDate>,
    /// What stands now. Allocations of a page or more may be missing: Verifier's counters leave them out.
    pub current: Option<PoolUse>,
    /// The most that ever stood.
    pub peak: Option<PoolUse>,
    /// Its standing allocations with their callers, at most [`crate::limits::MAX_FOUND_BLOCKS`].
    pub allocations: Vec<CallerAllocation>,
    /// Allocations beyond the kept ones.
    pub allocations_dropped: u64,
}

impl VerifiedDriver {
    /// A driver of which only the name is known yet.
    pub fn named(place: Place, name: impl Into<String>) -> Self {
        Self {
            place,
            name: name.into(),
            loads: None,
            taken: None,
            current: None,
            peak: None,
            allocations: Vec::new(),
            allocations_dropped: 0,
        }
    }
}

/// One `FxPoolDump` line of a WDF log, written when a WDF driver unloads with pool standing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WdfPoolDump {
    /// The line.
    pub place: Place,
    /// What it says.
    pub what: WdfPool,
}

/// The two shapes of a `FxPoolDump` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WdfPool {
    /// What stood at unload.
    Standing {
        /// Standing at unload.
        current: PoolUse,
        /// Peak nonpaged bytes.
        peak_nonpaged_bytes: u64,
        /// Peak paged bytes.
        peak_paged_bytes: u64,
    },
    /// One allocation that was leaked.
    Leaked {
        /// True for paged memory.
        paged: bool,
        /// Address of the allocation.
        address: u64,
    },
}
