//! Where the blanks of a row are, and which column is which.

/// Columns looked at in one row. IIS offers 30 fields and a few custom ones; more are passed over.
pub(crate) const MAX_COLUMNS: usize = 64;

/// How rows are laid out: the time's columns and those of the format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Columns<F> {
    /// Column of `date`; without it the day comes from `#Date`.
    pub date: Option<usize>,
    /// Column of `time`.
    pub time: usize,
    /// Lowest column that is read, but for a date and time that stand in front.
    pub first: usize,
    /// Highest column that is read.
    pub last: usize,
    /// The format's columns.
    pub fields: F,
}

impl<F> Columns<F> {
    /// The columns of a date and time, and those of a format, which lie between `first` and `last`.
    pub fn new(date: Option<usize>, time: usize, first: usize, last: usize, fields: F) -> Self {
        let in_front = date == Some(0) && time == 1;
        let lowest = if in_front { first } else { first.min(time).min(date.unwrap_or(time)) };
        Self { date, time, first: lowest, last: last.max(time).max(date.unwrap_or(0)), fields }
    }
}

/// The position of a field in a `#Fields` list.
pub(crate) fn position(names: &[&[u8]], name: &str) -> Option<usize> {
    names.iter().position(|have| have.eq_ignore_ascii_case(name.as_bytes()))
}

const BLANKS: u64 = 0x2020_2020_2020_2020;
const ONES: u64 = 0x0101_0101_0101_0101;
const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Finds blanks of a row, eight bytes at a time: passes over the first `skip` of them, then gives the places of
/// the next `want`. Returns how many of those there were.
pub(super) fn find_blanks(row: &[u8], mut skip: usize, want: usize, at: &mut [u32; MAX_COLUMNS]) -> usize {
    let mut slots = at.iter_mut().take(want);
    let mut found = 0;
    let (words, rest) = row.as_chunks::<8>();
    let mut base = 0u32;
    for word in words {
        let differs = u64::from_le_bytes(*word) ^ BLANKS;
        // High bit of each byte that equals a blank; exact, unlike the shorter borrow trick.
        let mut hits = !(((differs & LOW_BITS) + LOW_BITS) | differs | LOW_BITS);
        if skip > 0 {
            let count = ((hits >> 7).wrapping_mul(ONES) >> 56) as usize;
            if count <= skip {
                skip -= count;
                base += 8;
                continue;
            }
            for _ in 0..skip {
                hits &= hits - 1;
            }
            skip = 0;
        }
        while hits != 0 {
            let Some(slot) = slots.next() else { return found };
            *slot = base + hits.trailing_zeros() / 8;
            found += 1;
            hits &= hits - 1;
        }
        base += 8;
    }
    for (offset, _) in rest.iter().enumerate().filter(|(_, byte)| **byte == b' ') {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let Some(slot) = slots.next() else { return found };
        *slot = base + offset as u32;
        found += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blanks_are_those_a_plain_loop_finds(row in proptest::collection::vec(0x1fu8..0x23, 0..100), skip in 0usize..20, want in 0usize..70) {
            let mut at = [0; MAX_COLUMNS];
            let found = find_blanks(&row, skip, want, &mut at);
            let plain: Vec<u32> = row
                .iter()
                .enumerate()
                .filter(|(_, b)| **b == b' ')
                .map(|(i, _)| i as u32)
                .skip(skip)
                .take(want.min(MAX_COLUMNS))
                .collect();
            prop_assert_eq!(&at[..found], &plain[..]);
        }
    }
}
