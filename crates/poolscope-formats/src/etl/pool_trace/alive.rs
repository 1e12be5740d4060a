//! The allocations alive at one moment: an open-addressing table from address to what is needed at the free.
//!
//! 24 bytes an entry, linear probing, no tombstones (a removal shifts back what followed), so that half a million
//! live blocks take 24 MiB and each step costs one cache line as a rule.

use crate::etl::pool_trace::seeded::{Seeded, SeededMap};

/// What is kept of a live allocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Live {
    /// When it was allocated, raw ticks.
    pub ticks: i64,
    /// Where: a handle of the site table.
    pub site: u32,
    /// Bytes.
    pub bytes: u64,
}

#[derive(Clone, Copy, Default, Debug)]
struct Slot {
    /// 0: free. No pool block has that address.
    address: u64,
    ticks: i64,
    site: u32,
    /// `u32::MAX` says the true size is in `big`.
    bytes: u32,
}

/// The table.
#[derive(Debug)]
pub(super) struct AliveTable {
    slots: Vec<Slot>,
    mask: usize,
    used: usize,
    big: SeededMap<u64, u64>,
    seed: Seeded,
}

const FIRST_SLOTS: usize = 1 << 12;

impl AliveTable {
    /// An empty table.
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Slot::default(); FIRST_SLOTS],
            mask: FIRST_SLOTS - 1,
            used: 0,
            big: SeededMap::default(),
            seed: Seeded::default(),
        }
    }

    /// Live allocations.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Where the search for an address begins.
    #[inline(always)]
    fn home(&self, address: u64) -> usize {
        self.seed.mix(address) as usize & self.mask
    }

    /// Reads the cache line where the search for an address begins, so that a run of independent addresses is
    /// fetched in parallel before they are used one after another.
    #[inline(always)]
    pub(super) fn touch(&self, address: u64) -> u64 {
        self.slots.get(self.home(address)).map_or(0, |slot| slot.address)
    }

    /// Adds an allocation; gives the one that was alive at the address, if any.
    #[inline]
    pub(super) fn insert(&mut self, address: u64, live: Live) -> Option<Live> {
        if self.used * 8 >= self.slots.len() * 5 {
            self.grow();
        }
        let bytes = u32::try_from(live.bytes).unwrap_or(u32::MAX);
        let slot = Slot { address, ticks: live.ticks, site: live.site, bytes };
        let mut at = self.home(address);
        loop {
            let place = self.slots.get_mut(at)?;
            if place.address == 0 {
                *place = slot;
                self.used += 1;
                if bytes == u32::MAX {
                    self.big.insert(address, live.bytes);
                }
                return None;
            }
            if place.address == address {
                let old = std::mem::replace(place, slot);
                let old = self.live(&old);
                if bytes == u32::MAX {
                    self.big.insert(address, live.bytes);
                }
                return Some(old);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// The site of the allocation alive at an address, if it is the one made at `ticks`.
    #[inline]
    pub(super) fn get_site_mut(&mut self, address: u64, ticks: i64) -> Option<&mut u32> {
        let at = self.find(address)?;
        self.slots.get_mut(at).filter(|slot| slot.ticks == ticks).map(|slot| &mut slot.site)
    }

    #[inline(always)]
    fn find(&self, address: u64) -> Option<usize> {
        let mut at = self.home(address);
        loop {
            let slot = self.slots.get(at)?;
            if slot.address == address {
                return Some(at);
            }
            if slot.address == 0 {
                return None;
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Removes the allocation alive at an address.
    #[inline]
    pub(super) fn remove(&mut self, address: u64) -> Option<Live> {
        if address == 0 {
            return None;
        }
        let mut hole = self.find(address)?;
        let slot = *self.slots.get(hole)?;
        let live = self.live(&slot);
        self.used -= 1;
        // Shift back every entry that the hole would cut off from its home.
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask;
            let next = *self.slots.get(at)?;
            if next.address == 0 {
                break;
            }
            let distance = at.wrapping_sub(self.home(next.address)) & self.mask;
            if distance >= at.wrapping_sub(hole) & self.mask {
                *self.slots.get_mut(hole)? = next;
                hole = at;
            }
        }
        *self.slots.get_mut(hole)? = Slot::default();
        Some(live)
    }

    #[inline(always)]
    fn live(&mut self, slot: &Slot) -> Live {
        let bytes = if slot.bytes == u32::MAX {
            self.big.remove(&slot.address).unwrap_or(u64::from(u32::MAX))
        } else {
            u64::from(slot.bytes)
        };
        Live { ticks: slot.ticks, site: slot.site, bytes }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); larger]);
        self.mask = larger - 1;
        for slot in old.into_iter().filter(|slot| slot.address != 0) {
            let mut at = self.home(slot.address);
            while self.slots.get(at).is_some_and(|place| place.address != 0) {
                at = (at + 1) & self.mask;
            }
            if let Some(place) = self.slots.get_mut(at) {
                *place = slot;
            }
        }
    }

    /// Everything alive, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Live)> + '_ {
        self.slots.iter().filter(|slot| slot.address != 0).map(|slot| {
            let bytes = if slot.bytes == u32::MAX {
                self.big.get(&slot.address).copied().unwrap_or(u64::from(u32::MAX))
            } else {
                u64::from(slot.bytes)
            };
            (slot.address, Live { ticks: slot.ticks, site: slot.site, bytes })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against an ordered map, over addresses that collide a lot.
        #[test]
        fn behaves_as_a_map(steps in proptest::collection::vec((any::<bool>(), 1u64..200, any::<u32>()), 0..4000)) {
            let mut table = AliveTable::new();
            let mut model: BTreeMap<u64, Live> = BTreeMap::new();
            for (ticks, (add, address, bytes)) in steps.into_iter().enumerate() {
                let address = address << 40;
                if add {
                    let bytes = if bytes % 5 == 0 { u64::from(bytes) << 8 } else { u64::from(bytes) };
                    let live = Live { ticks: ticks as i64, site: bytes as u32 % 7, bytes };
                    prop_assert_eq!(table.insert(address, live), model.insert(address, live));
                } else {
                    prop_assert_eq!(table.remove(address), model.remove(&address));
                }
                prop_assert_eq!(table.len(), model.len());
            }
            let mut all: Vec<(u64, Live)> = table.iter().collect();
            all.sort_by_key(|(address, _)| *address);
            prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn grows_past_its_first_size() {
        let mut table = AliveTable::new();
        for at in 1..=50_000u64 {
            table.insert(0xffff_8000_0000_0000 + at * 16, Live { ticks: at as i64, site: 1, bytes: at });
        }
        for at in (1..=50_000u64).rev() {
            assert_eq!(table.remove(0xffff_8000_0000_0000 + at * 16).map(|live| live.bytes), Some(at));
        }
        assert_eq!(table.len(), 0);
        assert_eq!(table.remove(0), None);
    }
}
