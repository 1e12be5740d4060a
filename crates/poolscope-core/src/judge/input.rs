//! What the judge is given: the series of one boot of one host. No parsing, no boots to cut, no clock.

use poolscope_formats::{Pool, Tag, Time};

/// Which series: a tag in one pool. The same tag in the other pool is another series.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SeriesKey {
    /// The pool.
    pub pool: Pool,
    /// The tag.
    pub tag: Tag,
}

/// The outstanding bytes and allocations of one tag over one boot.
///
/// The three slices run in parallel; where their lengths differ the tail of the longer ones is ignored. A
/// missing sample is simply absent. The best order is by time; other orders are sorted first, and of samples
/// with one time the last given counts.
#[derive(Clone, Copy, Debug)]
pub struct SeriesInput<'a> {
    /// The tag and its pool.
    pub key: SeriesKey,
    /// When each sample was taken.
    pub times: &'a [Time],
    /// Bytes outstanding (allocated and not freed) at each sample.
    pub outstanding_bytes: &'a [u64],
    /// Allocations outstanding at each sample: allocs less frees. Sources with 32-bit counters may give it
    /// wrapped; a negative value is read modulo 2^32.
    pub outstanding_count: &'a [i64],
}

/// The whole pool over the same boot: `\Memory\Pool Nonpaged Bytes` or `\Memory\Pool Paged Bytes`.
#[derive(Clone, Copy, Debug)]
pub struct TotalInput<'a> {
    /// The pool.
    pub pool: Pool,
    /// When each sample was taken; need not be the times of the tag series.
    pub times: &'a [Time],
    /// Bytes of the whole pool at each sample.
    pub bytes: &'a [u64],
}

/// Where a pool ends: its limit for that Windows version, RAM and commit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PoolBound {
    /// The pool.
    pub pool: Pool,
    /// Bytes at which allocations begin to fail.
    pub bytes: f64,
}

/// Everything known about one boot of one host.
#[derive(Clone, Copy, Default, Debug)]
pub struct HostInput<'a> {
    /// The tag series, in any order.
    pub series: &'a [SeriesInput<'a>],
    /// The pool totals, at most one a pool (of several, the first counts).
    pub totals: &'a [TotalInput<'a>],
    /// The pool bounds, at most one a pool (of several, the first counts).
    pub bounds: &'a [PoolBound],
    /// The listings are cut (a poolmon screen shows the top N only): a tag missing from a sample proves nothing.
    pub cut_listings: bool,
}
