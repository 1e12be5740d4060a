//! `xperf -i x.etl -a pool`: outstanding allocations of a trace by image and tag, as text.
//!
//! Medium trust: no real output is public; the layout is taken from descriptions, and every parse says so.

use crate::facts::StandingPool;

/// The report. Counts begin at the start of the trace: what stood before is not in them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct XperfPoolReport {
    /// Its rows in the order of the text.
    pub rows: Vec<XperfPoolRow>,
}

/// One image and tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XperfPoolRow {
    /// What stands; `allocs` is the count over the trace, `owner` the image, bytes are whole KiB.
    pub standing: StandingPool,
    /// The section's title as spelled (`NX Non-Paged`).
    pub section: String,
    /// Bytes allocated over the trace, whole KiB.
    pub allocated_bytes: u64,
}
