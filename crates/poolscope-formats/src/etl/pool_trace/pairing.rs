//! The pass in time order: pairs frees with allocations, resolves keys, attaches late stack halves, and keeps
//! history. One step a record; nothing is allocated for a record that has been seen before in kind.

mod entries;
mod late;

use self::entries::{count_in_range, define, group};

use std::collections::BTreeMap;

use crate::error::FormatError;
use crate::etl::decode::config::{GroupMasks, SystemFact};
use crate::etl::pool_trace::alive::{AliveTable, Live};
use crate::etl::pool_trace::images::ImageTable;
use crate::etl::pool_trace::keys::KeyTable;
use crate::etl::pool_trace::loss::{Hole, Holes};
use crate::etl::pool_trace::order::{At, Order};
use crate::etl::pool_trace::owners::OwnerTable;
use crate::etl::pool_trace::record::{Half, NO_SESSION, Record, RecordKind, Side};
use crate::etl::pool_trace::seeded::SeededMap;
use crate::etl::pool_trace::sites::{SiteKey, SiteTable};
use crate::etl::pool_trace::stacks::StackRef;
use crate::etl::pool_trace::{Pairing, StackJoining};
use crate::limits::{MAX_ETL_COLUMN_BYTES, MAX_ETL_SESSIONS, MAX_ETL_STACK_KEYS};

/// Allocations that a late stack half can still find: the last so many.
const RECENT_ALLOCS: usize = 1 << 17;

/// Blocks replaced within one tick that are remembered.
const MAX_REPLACED: usize = 256;

/// One tag in one pool: what is not known by site.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub tag: u32,
    pub paged: bool,
    pub orphans: (u64, u64),
    /// Orphans up to each moment.
    pub orphan_columns: Vec<(u64, u64)>,
    /// Outstanding at each moment.
    pub columns: Vec<(u64, u64)>,
    pub lifetimes: [u64; 64],
    pub range: super::RangeCounts,
}

#[derive(Clone, Copy, Default)]
struct RecentAlloc {
    ticks: i64,
    address: u64,
    site: u32,
    thread: u32,
    session: u32,
    bytes: u64,
}

/// The state of the pass.
pub(super) struct Pass {
    pub(super) sites: SiteTable,
    pub(super) alive: AliveTable,
    pub(super) sessions: BTreeMap<u32, AliveTable>,
    pub(super) keys: KeyTable,
    pub(super) owners: OwnerTable,
    pub(super) images: ImageTable,
    pub(super) holes: Holes,
    pub(super) groups: Vec<Group>,
    group_of: SeededMap<(u32, u32), u32>,
    last_group: ((u32, u32), u32),
    pub(super) pairing: Pairing,
    pub(super) joining: StackJoining,
    pub(super) masks: Option<GroupMasks>,
    pub(super) facts: Vec<SystemFact>,
    epoch: u32,
    recent: Vec<RecentAlloc>,
    recent_at: usize,
    /// Live blocks that allocations at `replaced_ticks` took the place of: address, session, block.
    replaced: Vec<(u64, u32, Live)>,
    replaced_ticks: i64,
    /// Moments of history still to come, ticks, latest first.
    moments: Vec<i64>,
    next_moment: i64,
    range: Option<(i64, i64)>,
    /// History by site was given up: too many sites.
    pub(super) columns_refused: bool,
    micros_per_tick: f64,
}

/// What a pass is steered by.
pub(super) struct PassPlan {
    /// Moments of history, ticks, ascending.
    pub moments: Vec<i64>,
    /// The chosen stretch, ticks.
    pub range: Option<(i64, i64)>,
    /// In a ring, the ticks from which every processor has its events.
    pub whole_from: Option<i64>,
    /// Ticks a second of the clock.
    pub ticks_per_second: f64,
}

impl Pass {
    pub(super) fn new(plan: PassPlan) -> Self {
        let mut moments = plan.moments;
        moments.reverse();
        Self {
            sites: SiteTable::default(),
            alive: AliveTable::new(),
            sessions: BTreeMap::new(),
            keys: KeyTable::default(),
            owners: OwnerTable::new(),
            images: ImageTable::default(),
            holes: Holes::new(plan.whole_from),
            groups: Vec::new(),
            group_of: SeededMap::default(),
            last_group: ((u32::MAX, u32::MAX), 0),
            pairing: Pairing::default(),
            joining: StackJoining::default(),
            masks: None,
            facts: Vec::new(),
            epoch: 0,
            recent: Vec::new(),
            recent_at: 0,
            replaced: Vec::new(),
            replaced_ticks: i64::MIN,
            next_moment: moments.pop().unwrap_or(i64::MAX),
            moments,
            range: plan.range,
            columns_refused: false,
            micros_per_tick: plan.ticks_per_second.max(1.0).recip() * 1e6,
        }
    }

    /// Consumes every record.
    pub(super) fn run(&mut self, order: &mut Order<'_, '_>) -> Result<(), FormatError> {
        while order.next_run()? {
            let mut fetched = 0;
            for index in 0..order.run_len() {
                if let Some((_, record)) = order.record(index) {
                    fetched ^= self.alive.touch(record.address);
                }
            }
            std::hint::black_box(fetched);
            for index in 0..order.run_len() {
                let Some((at, record)) = order.record(index) else { break };
                if record.ticks >= self.next_moment {
                    self.note_moments(record.ticks);
                }
                match record.kind {
                    RecordKind::Free => {
                        let record = *record;
                        self.free(&record, at, order);
                    }
                    RecordKind::Alloc => {
                        let record = *record;
                        self.alloc(&record, at, order)?;
                    }
                    RecordKind::LateStack | RecordKind::OtherStack => {
                        let record = *record;
                        self.late_stack(&record, order)?;
                    }
                    RecordKind::Side => {
                        let record = *record;
                        if let Some(side) = order.side(at, &record).cloned() {
                            self.side(record.ticks, side);
                        }
                    }
                }
            }
        }
        order.definitions_before(i64::MAX, |definition| {
            define(&mut self.keys, &mut self.sites, definition);
        })?;
        let (settled, unresolved) = self.keys.finish();
        for settled in settled {
            self.sites.settle(settled.generation, settled.stack);
        }
        self.joining.unresolved += unresolved;
        self.note_moments(i64::MAX);
        Ok(())
    }

    /// The stacks that the halves of a record mean. Every definition before the later of the two is applied
    /// first: applied between the two, one could settle a generation that no site waits for yet.
    #[inline(always)]
    fn resolve(
        &mut self,
        record: &Record,
        order: &mut Order<'_, '_>,
    ) -> Result<(StackRef, StackRef), FormatError> {
        let (kernel, user) = (record.kernel_half(), record.user_half());
        let kernel_ticks = record.ticks.saturating_add(i64::from(record.kernel_delay));
        let user_ticks = record.ticks.saturating_add(i64::from(record.user_delay));
        let latest = match (kernel, user) {
            (Half::Key(_), Half::Key(_)) => kernel_ticks.max(user_ticks),
            (Half::Key(_), _) => kernel_ticks,
            (_, Half::Key(_)) => user_ticks,
            _ => return Ok((kernel.frames(), user.frames())),
        };
        let (keys, sites) = (&mut self.keys, &mut self.sites);
        order.definitions_before(latest, |definition| define(keys, sites, definition))?;
        keys.forget_before(record.ticks);
        Ok((self.refer(kernel, kernel_ticks), self.refer(user, user_ticks)))
    }

    #[inline(always)]
    fn refer(&mut self, half: Half, ticks: i64) -> StackRef {
        let Half::Key(key) = half else { return half.frames() };
        if self.keys.len() >= MAX_ETL_STACK_KEYS {
            self.joining.unresolved += 1;
            return StackRef::NONE;
        }
        self.keys.refer(key, ticks)
    }

    #[inline(always)]
    fn alloc(&mut self, record: &Record, at: At, order: &mut Order<'_, '_>) -> Result<(), FormatError> {
        self.pairing.allocs += 1;
        let (kernel, user) = self.resolve(record, order)?;
        self.joining.joined += u64::from(kernel != StackRef::NONE) + u64::from(user != StackRef::NONE);
        let bytes =
            if record.bytes == u32::MAX { order.big_size(at, record) } else { u64::from(record.bytes) };
        let key = SiteKey {
            kernel,
            user,
            tag: record.tag,
            pool_type: record.pool_type,
            owner: self.owners.of(record.process, record.thread),
            epoch: self.epoch,
        };
        let site = self.site(key, record.ticks);
        let slot = self.sites.slot(site);
        if let Some(counts) = self.sites.counts.get_mut(slot) {
            counts.allocs += 1;
            counts.alloc_bytes = counts.alloc_bytes.wrapping_add(bytes);
        }
        let live = Live { ticks: record.ticks, site, bytes };
        let old = match self.table(record.session) {
            Some(table) => table.insert(record.address, live),
            None => None,
        };
        if let Some(old) = old {
            self.over_live(record, old);
        }
        self.pairing.peak_alive = self.pairing.peak_alive.max(self.alive.len() as u64);
        if self.recent.is_empty() {
            // Only a trace with pool events pays for it.
            self.recent.resize(RECENT_ALLOCS, RecentAlloc { ticks: i64::MIN, ..RecentAlloc::default() });
        }
        if let Some(recent) = self.recent.get_mut(self.recent_at & (RECENT_ALLOCS - 1)) {
            let Record { ticks, address, thread, session, .. } = *record;
            *recent = RecentAlloc { ticks, address, site, thread, session, bytes };
        }
        self.recent_at = self.recent_at.wrapping_add(1);
        Ok(())
    }

    /// An allocation at an address that was alive: the free in between was missed, or is still to come with the
    /// same ticks from another processor.
    #[cold]
    fn over_live(&mut self, record: &Record, old: Live) {
        self.pairing.allocs_over_live += 1;
        let slot = self.sites.slot(old.site);
        if let Some(counts) = self.sites.counts.get_mut(slot) {
            counts.vanished += 1;
            counts.vanished_bytes = counts.vanished_bytes.wrapping_add(old.bytes);
        }
        if self.replaced_ticks != record.ticks {
            self.replaced_ticks = record.ticks;
            self.replaced.clear();
        }
        if self.replaced.len() < MAX_REPLACED {
            self.replaced.push((record.address, record.session, old));
        }
    }

    /// The block that a free at these ticks really means, when an allocation with the same ticks took its place
    /// first: order between processors is not known within a tick, and a block is freed before it is made again.
    #[cold]
    fn untangle(&mut self, record: &Record, new: Live) -> Live {
        let place = self
            .replaced
            .iter()
            .position(|(address, session, _)| *address == record.address && *session == record.session);
        let Some(place) = place else { return new };
        let (_, _, old) = self.replaced.swap_remove(place);
        self.pairing.allocs_over_live -= 1;
        let slot = self.sites.slot(old.site);
        if let Some(counts) = self.sites.counts.get_mut(slot) {
            counts.vanished -= 1;
            counts.vanished_bytes = counts.vanished_bytes.wrapping_sub(old.bytes);
        }
        if let Some(table) = self.table(record.session) {
            table.insert(record.address, new);
        }
        old
    }

    #[inline(always)]
    fn site(&mut self, key: SiteKey, ticks: i64) -> u32 {
        let (groups, group_of) = (&mut self.groups, &mut self.group_of);
        self.sites.handle(key, ticks, || group(groups, group_of, key.tag, key.pool_type))
    }

    /// The table of live blocks of a session, or the global one.
    #[inline(always)]
    fn table(&mut self, session: u32) -> Option<&mut AliveTable> {
        if session == NO_SESSION {
            return Some(&mut self.alive);
        }
        if self.sessions.len() >= MAX_ETL_SESSIONS && !self.sessions.contains_key(&session) {
            return None;
        }
        Some(self.sessions.entry(session).or_insert_with(AliveTable::new))
    }

    #[inline(always)]
    fn free(&mut self, record: &Record, at: At, order: &Order<'_, '_>) {
        self.pairing.frees += 1;
        let live = self.table(record.session).and_then(|table| table.remove(record.address));
        let own_bytes =
            if record.bytes == u32::MAX { order.big_size(at, record) } else { u64::from(record.bytes) };
        let Some(mut live) = live else { return self.orphan(record, own_bytes) };
        if live.ticks == record.ticks && self.replaced_ticks == record.ticks {
            live = self.untangle(record, live);
        }
        self.pairing.paired += 1;
        let doubtful = self.holes.doubtful(live.ticks);
        self.pairing.paired_across_loss += u64::from(doubtful);
        self.pairing.size_differs += u64::from(own_bytes != live.bytes);
        let slot = self.sites.slot(live.site);
        self.pairing.tag_differs += u64::from(self.sites.key(slot).is_some_and(|key| key.tag != record.tag));
        let lifetime = record.ticks.saturating_sub(live.ticks).max(0) as u64;
        let Some(counts) = self.sites.counts.get_mut(slot) else { return };
        counts.frees += 1;
        counts.freed_bytes = counts.freed_bytes.wrapping_add(live.bytes);
        counts.lifetime = counts.lifetime.saturating_add(lifetime);
        counts.timed += 1;
        counts.doubtful += u64::from(doubtful);
        if let Some(group) = self.groups.get_mut(counts.group as usize) {
            let micros = (lifetime as f64 * self.micros_per_tick) as u64;
            let power = (u64::BITS - micros.leading_zeros()) as usize;
            group.lifetimes[power.min(63)] += 1;
        }
        if let (Some(range), Some(counts)) = (self.range, self.sites.ranges.get_mut(slot)) {
            count_in_range(counts, range, live.ticks, Some(record.ticks), live.bytes);
        }
    }

    /// A free of a block that was allocated before the trace, or in a loss.
    #[cold]
    fn orphan(&mut self, record: &Record, bytes: u64) {
        self.pairing.frees_without_alloc += 1;
        let key = (record.tag, record.pool_type);
        if self.last_group.0 != key {
            self.last_group =
                (key, group(&mut self.groups, &mut self.group_of, record.tag, record.pool_type));
        }
        if let Some(group) = self.groups.get_mut(self.last_group.1 as usize) {
            group.orphans.0 += 1;
            group.orphans.1 = group.orphans.1.saturating_add(bytes);
            if let Some(range) = self.range {
                count_in_range(&mut group.range, range, i64::MIN, Some(record.ticks), bytes);
            }
        }
    }

    #[cold]
    fn side(&mut self, ticks: i64, side: Side) {
        match side {
            Side::Image(image) => {
                if self.images.image(ticks, &image) {
                    self.epoch += 1;
                }
            }
            Side::ImageId(id) => self.images.identity(&id),
            Side::Process(process) => self.owners.process(&process),
            Side::Thread(thread) => self.owners.thread(&thread),
            Side::Masks(masks) => self.masks = Some(self.masks.unwrap_or_default().or(masks)),
            Side::Fact(fact) => {
                if self.facts.len() < 256 {
                    self.facts.push(fact);
                }
            }
            Side::Gap { stream, from, sign } => {
                self.holes.pass(Hole { stream, from, to: ticks, sign });
            }
        }
    }

    /// Writes the columns of history for all moments up to `ticks`.
    #[cold]
    fn note_moments(&mut self, ticks: i64) {
        while self.next_moment <= ticks && self.next_moment < i64::MAX {
            self.next_moment = self.moments.pop().unwrap_or(i64::MAX);
            let fresh = self.sites.len() * size_of::<(u32, u64)>();
            if !self.columns_refused && self.sites.column_bytes() + fresh > MAX_ETL_COLUMN_BYTES {
                self.columns_refused = true;
                self.sites.columns = Vec::new();
            }
            if !self.columns_refused {
                self.sites.add_column();
            }
            let mut totals = vec![(0u64, 0u64); self.groups.len()];
            for slot in self.sites.slots() {
                let Some(counts) = self.sites.counts.get(slot) else { continue };
                if let Some(total) = totals.get_mut(counts.group as usize) {
                    let (count, bytes) = counts.outstanding();
                    total.0 += count;
                    total.1 = total.1.saturating_add(bytes);
                }
            }
            let done = self.groups.iter().map(|group| group.columns.len()).max().unwrap_or(0);
            for (group, total) in self.groups.iter_mut().zip(totals) {
                group.columns.resize(done, (0, 0));
                group.orphan_columns.resize(done, (0, 0));
                group.columns.push(total);
                group.orphan_columns.push(group.orphans);
            }
        }
    }

    /// Counts what is still alive at the end for the chosen stretch.
    pub(super) fn count_alive_in_range(&mut self) {
        let Some(range) = self.range else { return };
        let tables = std::iter::once(&self.alive).chain(self.sessions.values());
        for live in tables.flat_map(|table| table.iter()).map(|(_, live)| live) {
            let slot = self.sites.slot(live.site);
            if let Some(counts) = self.sites.ranges.get_mut(slot) {
                count_in_range(counts, range, live.ticks, None, live.bytes);
            }
        }
    }
}
