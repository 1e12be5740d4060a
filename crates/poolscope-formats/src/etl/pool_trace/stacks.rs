//! Distinct stacks, kept once each: frames in, a small number out.

use crate::etl::pool_trace::seeded::{Seeded, SeededMap};
use crate::limits::{MAX_ETL_STACK_FRAMES, MAX_STACK_DEPTH};

/// A number that stands for a stack while a trace is read. Three kinds share the 32 bits: none, frames kept by
/// one of the scanners, and a generation of a stack key that is not defined yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct StackRef(pub u32);

const GENERATION: u32 = 1 << 31;
const SCANNER_SHIFT: u32 = 27;
/// Scanners that can run at once: the bits above the index tell whose it is.
pub(super) const MAX_SCANNERS: usize = 16;

impl StackRef {
    /// No stack.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// A stack of a scanner's own collection.
    fn of_scanner(scanner: usize, index: usize) -> Self {
        Self((scanner as u32) << SCANNER_SHIFT | index as u32)
    }

    /// A generation of a key.
    pub(super) fn generation(index: u32) -> Self {
        Self(GENERATION | index)
    }

    /// The generation it stands for.
    pub(super) fn as_generation(self) -> Option<u32> {
        (self != Self::NONE && self.0 & GENERATION != 0).then_some(self.0 & !GENERATION)
    }

    /// Scanner and index, if frames are known.
    pub(super) fn as_frames(self) -> Option<(usize, usize)> {
        let index = self.0 & ((1 << SCANNER_SHIFT) - 1);
        (self.0 & GENERATION == 0).then_some(((self.0 >> SCANNER_SHIFT) as usize, index as usize))
    }
}

/// The distinct stacks of one scanner.
#[derive(Debug, Default)]
pub(super) struct StackSet {
    scanner: usize,
    frames: Vec<u64>,
    spans: Vec<(u32, u32)>,
    /// From a hash of the frames to the newest stack with it; `older` chains the rest.
    newest: SeededMap<u64, u32>,
    seed: Seeded,
    older: Vec<u32>,
    scratch: Vec<u64>,
    /// Stacks left out because the collection is full.
    pub(super) refused: u64,
}

impl StackSet {
    /// An empty collection for one scanner.
    pub(super) fn new(scanner: usize) -> Self {
        Self { scanner, ..Self::default() }
    }

    /// The number of a stack, which is kept if it is new. [`StackRef::NONE`] for an empty one and when the
    /// collection is full.
    pub(super) fn keep(&mut self, frames: impl Iterator<Item = u64>) -> StackRef {
        self.scratch.clear();
        self.scratch.extend(frames.take(MAX_STACK_DEPTH));
        if self.scratch.is_empty() {
            return StackRef::NONE;
        }
        let hash = hash(self.seed, &self.scratch);
        let newest = self.newest.get(&hash).copied();
        let mut next = newest;
        while let Some(index) = next {
            if self.get(index as usize) == self.scratch.as_slice() {
                return StackRef::of_scanner(self.scanner, index as usize);
            }
            next = self.older.get(index as usize).copied().filter(|older| *older != u32::MAX);
        }
        let index = self.spans.len();
        if self.frames.len() + self.scratch.len() > MAX_ETL_STACK_FRAMES || index >= (1 << SCANNER_SHIFT) - 1
        {
            self.refused += 1;
            return StackRef::NONE;
        }
        let start = self.frames.len() as u32;
        self.frames.extend_from_slice(&self.scratch);
        self.spans.push((start, self.scratch.len() as u32));
        self.older.push(newest.unwrap_or(u32::MAX));
        self.newest.insert(hash, index as u32);
        StackRef::of_scanner(self.scanner, index)
    }

    /// The frames of a stack, innermost first; empty for an index that is not there.
    pub(super) fn get(&self, index: usize) -> &[u64] {
        let (start, count) = self.spans.get(index).copied().unwrap_or((0, 0));
        self.frames.get(start as usize..(start + count) as usize).unwrap_or(&[])
    }
}

/// Mixes frames in two lanes. Equal hashes are still compared frame by frame.
fn hash(seed: Seeded, frames: &[u64]) -> u64 {
    let (pairs, rest) = frames.as_chunks::<2>();
    let (mut even, mut odd) = (frames.len() as u64, 0u64);
    for [first, second] in pairs {
        even = seed.mix(even ^ first);
        odd = seed.mix(odd.rotate_left(32) ^ second);
    }
    for last in rest {
        even = seed.mix(even ^ last);
    }
    even ^ odd.rotate_left(17)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stacks_have_one_number() {
        let mut set = StackSet::new(3);
        let first = set.keep([1, 2, 3].into_iter());
        assert_eq!(set.keep([1, 2, 3].into_iter()), first);
        let second = set.keep([1, 2].into_iter());
        assert_ne!(second, first);
        assert_eq!(second.as_frames(), Some((3, 1)));
        assert_eq!(set.get(1), [1, 2]);
        assert_eq!(set.keep(std::iter::empty()), StackRef::NONE);
        assert_eq!(StackRef::NONE.as_generation(), None);
        assert_eq!(StackRef::NONE.as_frames(), None);
        assert_eq!(StackRef::generation(5).as_generation(), Some(5));
    }
}
