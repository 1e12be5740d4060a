//! Does a row agree with itself? Diff against Allocs and Frees, Per Alloc against Bytes and Diff.

use super::rows::PoolRow;
use super::{Contradiction, DiffChoice};

/// Whether the figures of a last line without a line end prove that it is whole.
pub(super) fn is_consistent(row: &PoolRow) -> bool {
    match (row.outstanding(), row.bytes(), row.per_alloc()) {
        (Some(diff), Some(bytes), Some(per_alloc)) => {
            let diff = u64::try_from(diff).unwrap_or(0);
            bytes.checked_div(diff).unwrap_or(0) == per_alloc
        }
        _ => true,
    }
}

/// The contradiction of a row, if there is one.
pub(super) fn contradiction(row: &PoolRow) -> Option<Contradiction> {
    let (allocs, frees, printed) = (row.allocs()?, row.frees()?, row.outstanding()?);
    let same_32_bits = (allocs.wrapping_sub(frees) ^ printed.cast_unsigned()) & 0xffff_ffff == 0;
    if same_32_bits {
        return None;
    }
    let recomputed = row.recomputed_outstanding()?;
    let supports = |diff: i64| -> Option<bool> {
        let diff = u64::try_from(diff).ok().filter(|diff| *diff > 0)?;
        Some(row.bytes()? / diff == row.per_alloc()?)
    };
    let bytes_support = match (supports(printed), supports(recomputed)) {
        (Some(true), Some(false) | None) => Some(DiffChoice::Printed),
        (Some(false) | None, Some(true)) => Some(DiffChoice::Recomputed),
        _ => None,
    };
    Some(Contradiction {
        line: u64::from(row.line),
        tag: row.tag,
        pool: row.pool,
        allocs,
        frees,
        printed,
        recomputed,
        bytes_support,
    })
}

/// The contradiction in a clause.
pub(super) fn describe(found: &Contradiction) -> String {
    let support = match found.bytes_support {
        Some(DiffChoice::Printed) => "; Bytes / Per Alloc agrees with the printed Diff",
        Some(DiffChoice::Recomputed) => "; Bytes / Per Alloc agrees with Allocs - Frees",
        None => "",
    };
    format!(
        "tag {}: Allocs {} - Frees {} = {}, but Diff says {}{support}",
        found.tag, found.allocs, found.frees, found.recomputed, found.printed
    )
}
