//! Sites: the distinct ways allocations are made (stack, tag, pool type, process), with what became of them.
//!
//! A site is made while its stack may still be a key without a definition. When the definition comes, the site
//! becomes the site of those frames, or joins the one that exists. Live allocations refer to sites by handles,
//! which survive the joining.

use crate::etl::pool_trace::seeded::SeededMap;
use crate::etl::pool_trace::stacks::StackRef;

/// What makes a site.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct SiteKey {
    pub kernel: StackRef,
    pub user: StackRef,
    pub tag: u32,
    pub pool_type: u32,
    /// Index of the owner (process) table.
    pub owner: u32,
    /// Counts up when kernel code moves in where other code was unloaded: addresses mean something else then.
    pub epoch: u32,
}

/// What became of a site's allocations.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Counts {
    pub allocs: u64,
    pub alloc_bytes: u64,
    pub frees: u64,
    pub freed_bytes: u64,
    /// Sum of the lifetimes of freed allocations, ticks.
    pub lifetime: u64,
    /// Freed allocations whose lifetime is in the sum.
    pub timed: u64,
    /// Ticks of the first allocation.
    pub first_ticks: i64,
    /// Freed unseen: their address was allocated again.
    pub vanished: u64,
    pub vanished_bytes: u64,
    /// Paired across a loss of events.
    pub doubtful: u64,
    /// Index of the tag-and-pool group.
    pub group: u32,
    /// Columns of history that stood when the site was made.
    pub first_column: u32,
}

impl Counts {
    /// Allocations not freed yet.
    pub(super) fn outstanding(&self) -> (u64, u64) {
        (
            self.allocs.saturating_sub(self.frees).saturating_sub(self.vanished),
            self.alloc_bytes.saturating_sub(self.freed_bytes).saturating_sub(self.vanished_bytes),
        )
    }

    fn join(&mut self, other: &Self) {
        self.allocs += other.allocs;
        self.alloc_bytes = self.alloc_bytes.wrapping_add(other.alloc_bytes);
        self.frees += other.frees;
        self.freed_bytes = self.freed_bytes.wrapping_add(other.freed_bytes);
        self.lifetime = self.lifetime.saturating_add(other.lifetime);
        self.timed += other.timed;
        self.first_ticks = self.first_ticks.min(other.first_ticks);
        self.vanished += other.vanished;
        self.vanished_bytes = self.vanished_bytes.wrapping_add(other.vanished_bytes);
        self.doubtful += other.doubtful;
        self.first_column = self.first_column.min(other.first_column);
    }
}

/// Allocation and free inside or outside a chosen stretch of time, as WPA's glossary has it: pairs of count and
/// bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RangeCounts {
    /// Allocated inside, freed inside.
    pub aifi: (u64, u64),
    /// Allocated inside, not freed inside: leak candidates.
    pub aifo: (u64, u64),
    /// Allocated before, freed inside.
    pub aofi: (u64, u64),
    /// Allocated before, not freed inside.
    pub aofo: (u64, u64),
}

impl RangeCounts {
    pub(super) fn join(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.aifi, other.aifi),
            (&mut self.aifo, other.aifo),
            (&mut self.aofi, other.aofi),
            (&mut self.aofo, other.aofo),
        ] {
            mine.0 += theirs.0;
            mine.1 = mine.1.saturating_add(theirs.1);
        }
    }
}

const NO_HANDLE: u32 = u32::MAX;

/// All sites.
#[derive(Debug, Default)]
pub(super) struct SiteTable {
    keys: Vec<SiteKey>,
    pub(super) counts: Vec<Counts>,
    pub(super) ranges: Vec<RangeCounts>,
    /// Outstanding count and bytes of every slot, one column a moment.
    pub(super) columns: Vec<Vec<(u32, u64)>>,
    used: Vec<bool>,
    free_slots: Vec<u32>,
    by_key: SeededMap<SiteKey, u32>,
    /// The handle of each slot.
    roots: Vec<u32>,
    handles: Vec<Handle>,
    /// First handle whose kernel (user) half waits for a generation's frames.
    waiting: Vec<(u32, u32)>,
    recent: Vec<Option<(SiteKey, u32)>>,
}

#[derive(Clone, Copy, Debug)]
struct Handle {
    /// Another handle this one joined, or itself.
    parent: u32,
    slot: u32,
    next_kernel: u32,
    next_user: u32,
}

/// Sites looked up last are remembered by ten bits of their key.
const RECENT: usize = 1 << 10;

#[inline(always)]
fn recent_place(key: &SiteKey) -> usize {
    let bits = key.kernel.0 ^ key.tag.rotate_left(9) ^ key.owner.wrapping_mul(0x9e37_79b1);
    (bits.wrapping_mul(0x85eb_ca6b) >> 22) as usize
}

impl SiteTable {
    /// The handle of a site, made if it is new. `group` is asked for a new one only.
    #[inline]
    pub(super) fn handle(&mut self, key: SiteKey, ticks: i64, group: impl FnOnce() -> u32) -> u32 {
        let place = recent_place(&key);
        if let Some(Some((known, handle))) = self.recent.get(place)
            && *known == key
        {
            return *handle;
        }
        let handle = match self.by_key.get(&key) {
            Some(slot) => self.roots.get(*slot as usize).copied().unwrap_or(0),
            None => self.add(key, ticks, group()),
        };
        if self.recent.is_empty() {
            self.recent.resize(RECENT, None);
        }
        if let Some(recent) = self.recent.get_mut(place) {
            *recent = Some((key, handle));
        }
        handle
    }

    #[cold]
    fn add(&mut self, key: SiteKey, ticks: i64, group: u32) -> u32 {
        let first_column = self.columns.len() as u32;
        let counts = Counts { first_ticks: ticks, group, first_column, ..Counts::default() };
        let handle = self.handles.len() as u32;
        let slot = match self.free_slots.pop() {
            Some(slot) => {
                let at = slot as usize;
                self.keys[at] = key;
                self.counts[at] = counts;
                self.ranges[at] = RangeCounts::default();
                self.used[at] = true;
                self.roots[at] = handle;
                slot
            }
            None => {
                self.keys.push(key);
                self.counts.push(counts);
                self.ranges.push(RangeCounts::default());
                self.used.push(true);
                self.roots.push(handle);
                (self.keys.len() - 1) as u32
            }
        };
        let next_kernel = self.wait(key.kernel, handle, |waiting| &mut waiting.0);
        let next_user = self.wait(key.user, handle, |waiting| &mut waiting.1);
        self.handles.push(Handle { parent: handle, slot, next_kernel, next_user });
        self.by_key.insert(key, slot);
        handle
    }

    /// Puts a handle at the head of the list that waits for a generation; gives the one behind it.
    fn wait(&mut self, stack: StackRef, handle: u32, which: impl Fn(&mut (u32, u32)) -> &mut u32) -> u32 {
        let Some(generation) = stack.as_generation() else { return NO_HANDLE };
        let generation = generation as usize;
        if self.waiting.len() <= generation {
            self.waiting.resize(generation + 1, (NO_HANDLE, NO_HANDLE));
        }
        self.waiting
            .get_mut(generation)
            .map_or(NO_HANDLE, |waiting| std::mem::replace(which(waiting), handle))
    }

    /// The slot a handle stands for now.
    #[inline]
    pub(super) fn slot(&mut self, handle: u32) -> usize {
        let mut at = handle as usize;
        while let Some(known) = self.handles.get(at) {
            if known.parent as usize == at {
                return known.slot as usize;
            }
            at = known.parent as usize;
        }
        0
    }

    /// The key of a slot.
    pub(super) fn key(&self, slot: usize) -> Option<SiteKey> {
        self.keys.get(slot).copied()
    }

    /// A generation has got its frames: sites that waited become sites of those frames.
    pub(super) fn settle(&mut self, generation: u32, stack: StackRef) {
        let Some(waiting) = self.waiting.get_mut(generation as usize) else { return };
        let (mut kernel, mut user) = std::mem::replace(waiting, (NO_HANDLE, NO_HANDLE));
        let from = StackRef::generation(generation);
        while let Some(next) = self.handles.get(kernel as usize).map(|handle| handle.next_kernel) {
            self.rekey(kernel, |key| (key.kernel == from).then_some(SiteKey { kernel: stack, ..key }));
            kernel = next;
        }
        while let Some(next) = self.handles.get(user as usize).map(|handle| handle.next_user) {
            self.rekey(user, |key| (key.user == from).then_some(SiteKey { user: stack, ..key }));
            user = next;
        }
    }

    /// Changes the key of a handle's site; it joins the site that has the new key already, if any.
    fn rekey(&mut self, handle: u32, change: impl FnOnce(SiteKey) -> Option<SiteKey>) {
        let slot = self.slot(handle);
        let Some(old) = self.key(slot) else { return };
        let Some(new) = change(old) else { return };
        self.by_key.remove(&old);
        match self.by_key.get(&new).copied() {
            None => {
                self.by_key.insert(new, slot as u32);
                self.keys[slot] = new;
            }
            Some(into) => self.join(slot, into as usize),
        }
        // The old key's generation number may be used again, and then means another site.
        if let Some(recent) = self.recent.get_mut(recent_place(&old))
            && recent.is_some_and(|(key, _)| key == old)
        {
            *recent = None;
        }
    }

    fn join(&mut self, from: usize, into: usize) {
        let counts = self.counts[from];
        let ranges = self.ranges[from];
        self.counts[into].join(&counts);
        self.ranges[into].join(&ranges);
        for column in self.columns.iter_mut().skip(counts.first_column as usize) {
            let Some(moved) = column.get_mut(from).map(std::mem::take) else { continue };
            if column.len() <= into {
                column.resize(into + 1, (0, 0));
            }
            column[into].0 = column[into].0.saturating_add(moved.0);
            column[into].1 = column[into].1.saturating_add(moved.1);
        }
        let (root, target) = (self.roots[from], self.roots[into]);
        if let Some(handle) = self.handles.get_mut(root as usize) {
            handle.parent = target;
        }
        self.used[from] = false;
        self.counts[from] = Counts::default();
        self.free_slots.push(from as u32);
    }

    /// Writes a column of history: what is outstanding of every slot at this moment.
    pub(super) fn add_column(&mut self) {
        let column = self.counts.iter().map(|counts| {
            let (count, bytes) = counts.outstanding();
            (u32::try_from(count).unwrap_or(u32::MAX), bytes)
        });
        self.columns.push(column.collect());
    }

    /// Bytes that the columns of history take.
    pub(super) fn column_bytes(&self) -> usize {
        self.columns.iter().map(|column| column.len() * size_of::<(u32, u64)>()).sum()
    }

    /// The slots in use, in the order they were made.
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.used.iter().enumerate().filter(|(_, used)| **used).map(|(slot, _)| slot)
    }

    /// Slots, used or not.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kernel: StackRef, tag: u32) -> SiteKey {
        SiteKey { kernel, user: StackRef::NONE, tag, pool_type: 0, owner: 0, epoch: 0 }
    }

    #[test]
    fn generations_of_one_stack_become_one_site_and_handles_survive() {
        let mut sites = SiteTable::default();
        let first = sites.handle(key(StackRef::generation(0), 1), 5, || 0);
        let second = sites.handle(key(StackRef::generation(1), 1), 6, || 0);
        let other = sites.handle(key(StackRef::generation(1), 2), 6, || 0);
        for (handle, allocs) in [(first, 3), (second, 4), (other, 1)] {
            let slot = sites.slot(handle);
            sites.counts[slot].allocs = allocs;
        }
        sites.add_column();
        sites.settle(0, StackRef(9));
        sites.settle(1, StackRef(9));
        assert_eq!(sites.slot(first), sites.slot(second));
        let slot = sites.slot(first);
        assert_eq!(sites.counts[slot].allocs, 7);
        assert_eq!(sites.columns[0][slot].0, 7);
        assert_eq!(sites.slots().count(), 2);
        let other = sites.slot(other);
        assert_eq!(sites.counts[other].allocs, 1);
        // The generation's number may be used again for another stack.
        let again = sites.handle(key(StackRef::generation(0), 1), 9, || 0);
        assert_ne!(sites.slot(again), slot);
        sites.settle(0, StackRef(9));
        assert_eq!(sites.slot(again), slot);
    }
}
