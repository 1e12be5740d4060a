//! One row of a poolmon listing, kept small: a case holds millions of them.

use crate::tag::{Pool, Tag};

/// A numeric column of a listing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Figure {
    /// Allocations since boot (32-bit in the kernel: it wraps).
    Allocs,
    /// Frees since boot (it wraps too).
    Frees,
    /// Allocs - Frees as printed: allocations outstanding. The only figure that may be negative.
    Diff,
    /// Bytes outstanding.
    Bytes,
    /// Bytes divided by Diff, truncated.
    PerAlloc,
}

/// The use of one tag in one pool. A figure the listing does not give is missing, never 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PoolRow {
    /// The tag, blanks included.
    pub tag: Tag,
    /// The pool; `None` in tables that do not name it (`Abcd 874 alloc / 0 free / 874`). Poolmon always does.
    pub pool: Option<Pool>,
    present: u8,
    /// 1-based line of the row.
    pub line: u32,
    figures: [u64; 5],
    /// The text of the Mapped_Driver column as printed, without its outer blanks; `None` for poolmon's
    /// `Unknown Driver`. It is only what pooltag.txt says: [`PoolRow::mapped_binary`] picks the binary out.
    pub mapped_driver: Option<Box<str>>,
}

impl PoolRow {
    /// A row with no figures yet.
    pub fn new(tag: Tag, pool: impl Into<Option<Pool>>, line: u32) -> Self {
        Self { tag, pool: pool.into(), present: 0, line, figures: [0; 5], mapped_driver: None }
    }

    /// A row with all five figures, in the order of [`Figure`].
    pub fn listed(tag: Tag, pool: Pool, line: u32, figures: [u64; 5]) -> Self {
        Self { tag, pool: Some(pool), present: 0b1_1111, line, figures, mapped_driver: None }
    }

    /// The same row with one unsigned figure set.
    #[must_use]
    pub fn with(mut self, figure: Figure, value: u64) -> Self {
        self.set(figure, value);
        self
    }

    /// Sets an unsigned figure.
    pub fn set(&mut self, figure: Figure, value: u64) {
        if let Some(slot) = self.figures.get_mut(figure as usize) {
            *slot = value;
            self.present |= 1 << figure as u8;
        }
    }

    /// Sets Diff as printed, which may be negative.
    pub fn set_outstanding(&mut self, diff: i64) {
        self.set(Figure::Diff, diff.cast_unsigned());
    }

    fn get(&self, figure: Figure) -> Option<u64> {
        if self.present & (1 << figure as u8) == 0 {
            return None;
        }
        self.figures.get(figure as usize).copied()
    }

    /// Allocations since boot, modulo 2^32 on most systems.
    pub fn allocs(&self) -> Option<u64> {
        self.get(Figure::Allocs)
    }

    /// Frees since boot, modulo 2^32 on most systems.
    pub fn frees(&self) -> Option<u64> {
        self.get(Figure::Frees)
    }

    /// Diff as printed: allocations outstanding.
    pub fn outstanding(&self) -> Option<i64> {
        self.get(Figure::Diff).map(u64::cast_signed)
    }

    /// Bytes outstanding.
    pub fn bytes(&self) -> Option<u64> {
        self.get(Figure::Bytes)
    }

    /// Bytes per outstanding allocation as printed (truncated).
    pub fn per_alloc(&self) -> Option<u64> {
        self.get(Figure::PerAlloc)
    }

    /// The binary that Mapped_Driver names: `ipsec.sys` of `[ipsec][ipsec.sys    -  timers]`; `None` where it
    /// names none (`[Gdi Objects]`, `[< unknown >Event objects]`).
    pub fn mapped_binary(&self) -> Option<&str> {
        let text = self.mapped_driver.as_deref()?;
        let last = text.rsplit('[').next()?.trim_end().trim_end_matches(']');
        let (binary, _) = last.split_once(" - ")?;
        let binary = binary.trim();
        (!binary.is_empty() && !binary.starts_with('<')).then_some(binary)
    }

    /// Allocs - Frees, modulo 2^32 where both fit 32 bits; `None` where one is missing.
    pub fn recomputed_outstanding(&self) -> Option<i64> {
        let (allocs, frees) = (self.allocs()?, self.frees()?);
        match (u32::try_from(allocs), u32::try_from(frees)) {
            (Ok(allocs), Ok(frees)) => Some(i64::from(allocs.wrapping_sub(frees))),
            _ => Some(allocs.wrapping_sub(frees).cast_signed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<PoolRow>() <= 72, "{}", size_of::<PoolRow>());
    }

    #[test]
    fn mapped_driver_texts() {
        for (text, binary) in [
            ("[abc.sys  -  what it is for]", Some("abc.sys")),
            ("[ipsec][ipsec.sys    -  event queue]", Some("ipsec.sys")),
            ("[nt!ps - Thread objects]", Some("nt!ps")),
            ("[Gdi Objects]", None),
            ("[< unknown >Event objects]", None),
            ("[<unknown> - Event objects]", None),
        ] {
            let mut row = PoolRow::new(Tag(*b"Even"), Pool::Nonpaged, 1);
            row.mapped_driver = Some(text.into());
            assert_eq!(row.mapped_binary(), binary, "{text}");
        }
    }

    #[test]
    fn missing_is_not_zero_and_the_counters_wrap() {
        let row = PoolRow::new(Tag(*b"Even"), Pool::Nonpaged, 1).with(Figure::Frees, 4_294_967_290);
        assert_eq!(
            (row.allocs(), row.frees(), row.recomputed_outstanding()),
            (None, Some(4_294_967_290), None)
        );
        assert_eq!(row.with(Figure::Allocs, 5).recomputed_outstanding(), Some(11));
    }
}
