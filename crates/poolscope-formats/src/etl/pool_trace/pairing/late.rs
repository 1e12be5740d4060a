//! Stacks that arrive after their event: finding the allocation they belong to, and moving it to its site.

use super::*;

impl Pass {
    /// A stack half that was not in the buffer of its event.
    #[inline(never)]
    pub(super) fn late_stack(
        &mut self,
        record: &Record,
        order: &mut Order<'_, '_>,
    ) -> Result<(), FormatError> {
        let (kernel, user) = self.resolve(record, order)?;
        let event_ticks = record.address as i64;
        let found = match record.kind {
            RecordKind::LateStack => self.recent_alloc(event_ticks, record.thread),
            _ => None,
        };
        let Some(place) = found else {
            self.joining.of_other_events += 1;
            return Ok(());
        };
        let Some(alloc) = self.recent.get(place).copied() else { return Ok(()) };
        let slot = self.sites.slot(alloc.site);
        let Some(old) = self.sites.key(slot) else { return Ok(()) };
        if (kernel != StackRef::NONE && old.kernel != StackRef::NONE)
            || (user != StackRef::NONE && old.user != StackRef::NONE)
        {
            self.joining.of_other_events += 1;
            return Ok(());
        }
        self.joining.joined += 1;
        let owner = match old.owner {
            0 => self.owners.of(record.process, record.thread),
            owner => owner,
        };
        let key = SiteKey {
            kernel: if kernel == StackRef::NONE { old.kernel } else { kernel },
            user: if user == StackRef::NONE { old.user } else { user },
            owner,
            ..old
        };
        let site = self.site(key, alloc.ticks);
        let into = self.sites.slot(site);
        // Whether it is freed already decides what moves to the new site.
        let table = self.table(alloc.session);
        let entry = table.and_then(|table| table.get_site_mut(alloc.address, alloc.ticks));
        let live = entry.map(|entry| *entry = site).is_some();
        if into != slot {
            self.move_alloc(slot, into, &alloc, live);
        }
        if let Some(recent) = self.recent.get_mut(place) {
            recent.site = site;
        }
        Ok(())
    }

    /// Moves one allocation from one site's counts to another's.
    fn move_alloc(&mut self, from: usize, into: usize, alloc: &RecentAlloc, live: bool) {
        let bytes = alloc.bytes;
        if let Some(counts) = self.sites.counts.get_mut(from) {
            counts.allocs = counts.allocs.saturating_sub(1);
            counts.alloc_bytes = counts.alloc_bytes.wrapping_sub(bytes);
            if !live {
                counts.frees = counts.frees.saturating_sub(1);
                counts.freed_bytes = counts.freed_bytes.wrapping_sub(bytes);
            }
        }
        if let Some(counts) = self.sites.counts.get_mut(into) {
            counts.first_ticks = counts.first_ticks.min(alloc.ticks);
            counts.allocs += 1;
            counts.alloc_bytes = counts.alloc_bytes.wrapping_add(bytes);
            if !live {
                counts.frees += 1;
                counts.freed_bytes = counts.freed_bytes.wrapping_add(bytes);
            }
        }
    }

    /// The place of a recent allocation made at `ticks` by `thread`, if there is exactly one such.
    fn recent_alloc(&self, ticks: i64, thread: u32) -> Option<usize> {
        // The ring is in time order from `recent_at` on, around.
        let place = |at: usize| (self.recent_at + at) & (RECENT_ALLOCS - 1);
        let ticks_at = |at: usize| self.recent.get(place(at)).map_or(i64::MAX, |recent| recent.ticks);
        if self.recent.is_empty() {
            return None;
        }
        let (mut low, mut high) = (0, RECENT_ALLOCS);
        while low < high {
            let middle = (low + high) / 2;
            if ticks_at(middle) < ticks { low = middle + 1 } else { high = middle }
        }
        let mut found = None;
        let mut any = None;
        let mut several = false;
        for at in (low..RECENT_ALLOCS).take_while(|at| ticks_at(*at) == ticks) {
            let recent = self.recent.get(place(at))?;
            if recent.thread == thread {
                found = found.or(Some(place(at)));
            }
            several |= any.is_some();
            any = Some(place(at));
        }
        found.or(any.filter(|_| !several))
    }
}
