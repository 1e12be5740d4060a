//! Numbers that ran into each other because one filled its column: taken apart where arithmetic leaves one way.

use crate::numbers;

/// The longest run of digits that may be several numbers: three 32-bit ones fill their columns to the edge.
pub(super) const MOST_GLUED_DIGITS: usize = 30;

/// Splits tokens that hold two or three numbers (a full column runs into the next) so that there are five and
/// they agree: Diff is Allocs - Frees and Per Alloc is Bytes / Diff. False as soon as two splits agree, or when
/// the tries are used up: then nothing is known to be the only split.
pub(super) fn unglue(tokens: &[&[u8]], from: usize, tries: &mut u32, found: &mut Option<[u64; 5]>) -> bool {
    if tokens.len() == 5 {
        let Some(left) = tries.checked_sub(1) else { return false };
        *tries = left;
        let mut values = [0u64; 5];
        for (slot, token) in values.iter_mut().zip(tokens) {
            match numbers::plain(token) {
                Some(value) => *slot = value,
                None => return true,
            }
        }
        let [allocs, frees, diff, bytes, per_alloc] = values;
        let adds_up = (allocs.wrapping_sub(frees) ^ diff) & 0xffff_ffff == 0;
        let divides = bytes.checked_div(diff).unwrap_or(0) == per_alloc;
        if !adds_up || !divides {
            return true;
        }
        return found.replace(values).is_none();
    }
    for (at, token) in tokens.iter().enumerate().skip(from) {
        for cut in 1..token.len() {
            let (left, right) = token.split_at(cut);
            if right.first() == Some(&b'0') && right.len() > 1 {
                continue;
            }
            let mut parts: Vec<&[u8]> = Vec::with_capacity(5);
            parts.extend(tokens.iter().take(at));
            parts.extend([left, right]);
            parts.extend(tokens.iter().skip(at + 1));
            // Later cuts stand in the right part or after it, so that no split is tried twice.
            if !unglue(&parts, at + 1, tries, found) {
                return false;
            }
        }
    }
    true
}
