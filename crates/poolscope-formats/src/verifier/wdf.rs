//! The `FxPoolDump` lines that WDF writes into its log when a driver unloads with pool standing.

use super::{PoolUse, WdfPool, WdfPoolDump};
use crate::number;
use crate::parsed::Place;

/// Reads one line; `None` if it is no `FxPoolDump` line.
pub(crate) fn line(number: u64, text: &str) -> Option<WdfPoolDump> {
    let (_, rest) = text.split_once("FxPoolDump")?;
    let rest = rest.trim_start_matches([' ', '-', ':']);
    let what = leaked(rest).or_else(|| standing(rest))?;
    Some(WdfPoolDump { place: Place::Line(number), what })
}

/// `FX_POOL 0x... leaked non-paged memory alloc 0x... (tracking block ...)`
fn leaked(text: &str) -> Option<WdfPool> {
    let (_, rest) = text.split_once(" leaked ")?;
    let (kind, rest) = rest.split_once(" alloc ")?;
    let address = number::hex(rest.split_whitespace().next()?.trim_end_matches(['(', ',', ')']))?;
    Some(WdfPool::Leaked { paged: kind.starts_with("paged"), address })
}

/// `NonPagedBytes 136, PagedBytes 0, NonPagedAllocations 1, PagedAllocations 0,PeakNonPagedBytes 33748, PeakPagedBytes 392`
fn standing(text: &str) -> Option<WdfPool> {
    let field = |name: &str| {
        text.split(',').find_map(|part| {
            let (key, value) = part.trim().split_once(' ')?;
            (key == name).then(|| value.trim().parse::<u64>().ok()).flatten()
        })
    };
    let current = PoolUse {
        nonpaged_bytes: field("NonPagedBytes")?,
        paged_bytes: field("PagedBytes")?,
        nonpaged_count: field("NonPagedAllocations")?,
        paged_count: field("PagedAllocations")?,
    };
    Some(WdfPool::Standing {
        current,
        peak_nonpaged_bytes: field("PeakNonPagedBytes")?,
        peak_paged_bytes: field("PeakPagedBytes")?,
    })
}
