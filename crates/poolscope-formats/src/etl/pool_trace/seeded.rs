//! A fast hash for numbers that come from a file: seeded per run, so that no file can be made to collide.
//!
//! Nothing that leaves this reader depends on the order of its maps.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Builds [`Folding`] hashers of one seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0u64))
    }
}

impl Seeded {
    /// Mixes one number.
    #[inline(always)]
    pub(super) fn mix(self, value: u64) -> u64 {
        fold(value ^ self.0)
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folding;

    #[inline(always)]
    fn build_hasher(&self) -> Folding {
        Folding(self.0)
    }
}

/// Mixes by 128-bit products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folding(u64);

#[inline(always)]
fn fold(value: u64) -> u64 {
    let product = u128::from(value) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}

impl Hasher for Folding {
    #[inline(always)]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = fold(self.0 ^ u64::from(*byte));
        }
    }

    #[inline(always)]
    fn write_u32(&mut self, value: u32) {
        self.0 = fold(self.0 ^ u64::from(value));
    }

    #[inline(always)]
    fn write_u64(&mut self, value: u64) {
        self.0 = fold(self.0 ^ value);
    }
}

/// A map from such numbers.
pub(super) type SeededMap<K, V> = std::collections::HashMap<K, V, Seeded>;
