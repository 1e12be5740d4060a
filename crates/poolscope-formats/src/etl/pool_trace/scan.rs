//! One buffer's events to a [`Batch`]: finds what pool analysis needs, counts the rest, and joins stacks to their
//! pool events where both are in the buffer (nearly always). No order between processors here.

use std::collections::BTreeMap;

use crate::etl::decode::pool::{self, PoolEvent};
use crate::etl::decode::stack::{self, StackRecord, Walked};
use crate::etl::decode::{config, image, process};
use crate::etl::event::{Event, EventId, Events, NO_ID};
use crate::etl::pool_trace::record::{Batch, Definition, Form, Forms, NO_SESSION, Record, RecordKind, Side};
use crate::etl::pool_trace::stacks::StackSet;
use crate::limits::MAX_ETL_EVENT_KINDS;

/// Events a stack record may lie behind its own event on one processor. Three were seen on real traces.
const STACK_REACH: usize = 64;

/// What a scanner keeps over buffers.
#[derive(Debug)]
pub(super) struct Scanner {
    /// Distinct stacks seen by it.
    pub(super) stacks: StackSet,
    /// Kernel events by hook.
    hooks: Vec<u64>,
    /// Other events.
    others: BTreeMap<EventId, u64>,
    /// Counts for the report.
    pub(super) tally: Tally,
}

/// What a scanner counts.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Tally {
    /// Event records, of all kinds.
    pub events: u64,
    /// Bytes that were no event record, and places where they stood.
    pub bad_places: u64,
    /// Events of a kind this reader decodes, with a payload that is none.
    pub bad_payloads: u64,
    /// Events earlier than the one before them on their processor.
    pub inversions: u64,
    /// Stack records with an event: whole ones and references.
    pub stack_records: u64,
    /// Of these, those with their frames in them.
    pub whole_stacks: u64,
    /// Stacks of frees, which are not kept.
    pub stacks_of_frees: u64,
    /// Definitions of keys.
    pub definitions: u64,
}

/// What is remembered of one processor from buffer to buffer.
#[derive(Clone, Debug)]
pub(super) struct CpuMemory {
    thread: u32,
    last_ticks: i64,
    recent: [i64; STACK_REACH],
    recent_at: usize,
}

impl Default for CpuMemory {
    fn default() -> Self {
        Self { thread: NO_ID, last_ticks: i64::MIN, recent: [i64::MIN; STACK_REACH], recent_at: 0 }
    }
}

impl CpuMemory {
    /// Ticks of the last event.
    pub(super) fn last_ticks(&self) -> i64 {
        self.last_ticks
    }

    /// True if a stack's event is one that is no pool event: it was seen, and is of this buffer, whose pool events
    /// did not match.
    fn knows_as_other(&self, walked: &Walked, batch: &Batch) -> bool {
        walked.event_ticks >= batch.first_ticks && self.recent.contains(&walked.event_ticks)
    }

    #[inline(always)]
    fn remember(&mut self, ticks: i64) {
        self.recent[self.recent_at % STACK_REACH] = ticks;
        self.recent_at = self.recent_at.wrapping_add(1);
    }
}

impl Scanner {
    /// A scanner with nothing seen; `number` tells its stacks apart from those of others.
    pub(super) fn new(number: usize) -> Self {
        Self {
            stacks: StackSet::new(number),
            hooks: vec![0; 1 << 16],
            others: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Events by what they are, in no particular order.
    pub(super) fn census(&self) -> impl Iterator<Item = (EventId, u64)> + '_ {
        let hooks = self.hooks.iter().zip(0u16..=u16::MAX).filter(|(count, _)| **count > 0);
        hooks
            .map(|(count, hook)| (EventId::Hook(hook), *count))
            .chain(self.others.iter().map(|(id, count)| (*id, *count)))
    }

    /// Scans the body of a buffer into `batch`, which is empty.
    pub(super) fn scan(&mut self, body: &[u8], cpu: &mut CpuMemory, batch: &mut Batch) {
        batch.first_ticks =
            Events::new(body).flatten().find_map(|event| event.ticks()).unwrap_or(cpu.last_ticks);
        for met in Events::new(body) {
            let Ok(event) = met else {
                self.tally.bad_places += 1;
                continue;
            };
            self.tally.events += 1;
            let Some(hook) = event.hook() else {
                self.other(&event, cpu, batch);
                continue;
            };
            if let Some(count) = self.hooks.get_mut(hook as usize) {
                *count += 1;
            }
            let Some(ticks) = event.ticks() else { continue };
            if ticks < cpu.last_ticks {
                self.tally.inversions += 1;
            } else {
                cpu.last_ticks = ticks;
            }
            match hook {
                pool::ALLOC..=pool::FREE_SESSION => self.pool_event(hook, ticks, &event, cpu, batch),
                stack::STACK | stack::KEY_CREATE..=stack::KEY_USER => {
                    self.stack_record(hook, ticks, &event, cpu, batch);
                }
                process::CONTEXT_SWITCH => {
                    cpu.remember(ticks);
                    cpu.thread = process::switched_to(event.payload()).unwrap_or(NO_ID);
                }
                _ => {
                    cpu.remember(ticks);
                    if matches!(hook >> 8, 0x00 | 0x03 | 0x05 | 0x0b | 0x14) {
                        side_event(&event, hook, ticks, batch);
                    }
                }
            }
        }
        batch.last_ticks = cpu.last_ticks;
        sort_if_inverted(batch);
    }

    #[inline(always)]
    fn pool_event(&mut self, hook: u16, ticks: i64, event: &Event<'_>, cpu: &CpuMemory, batch: &mut Batch) {
        let decoded = pool::decode(hook, event.payload(), event.wide).filter(|event| event.address != 0);
        let Some(PoolEvent { pool_type, tag, bytes, address, session }) = decoded else {
            self.tally.bad_payloads += 1;
            return;
        };
        let short = u32::try_from(bytes).unwrap_or(u32::MAX);
        if short == u32::MAX {
            batch.big_sizes.push((batch.records.len() as u32, bytes));
        }
        let tag = u32::from_le_bytes(tag.0);
        let thread = event.thread();
        batch.records.push(Record {
            ticks,
            address,
            kernel: 0,
            user: 0,
            bytes: short,
            // Old kernels set the high bit of protected tags; no ASCII tag has it.
            tag: tag & 0x7fff_ffff,
            pool_type: pool_type.0,
            process: event.process(),
            thread: if thread == NO_ID { cpu.thread } else { thread },
            kernel_delay: 0,
            user_delay: 0,
            session: session.unwrap_or(NO_SESSION),
            kind: if matches!(hook, pool::ALLOC | pool::ALLOC_SESSION) {
                RecordKind::Alloc
            } else {
                RecordKind::Free
            },
            forms: Forms::NONE,
        });
    }

    #[inline(always)]
    fn stack_record(&mut self, hook: u16, ticks: i64, event: &Event<'_>, cpu: &CpuMemory, batch: &mut Batch) {
        match stack::decode(hook, event.payload(), event.wide) {
            None => self.tally.bad_payloads += 1,
            Some(StackRecord::Definition { key, frames, created }) => {
                self.tally.definitions += 1;
                let stack = self.stacks.keep(frames.iter());
                let lives_on = created || hook == stack::KEY_RUNDOWN;
                batch.definitions.push(Definition { ticks, key, stack, lives_on });
            }
            Some(StackRecord::Whole(walked, frames)) => {
                self.tally.stack_records += 1;
                self.tally.whole_stacks += 1;
                let user = !frames.in_kernel();
                match owner_of(batch, &walked, user) {
                    Some(at) if is_free(batch, at) => {
                        self.tally.stacks_of_frees += 1;
                        mark_free(batch, at, user);
                    }
                    Some(at) => {
                        let stack = self.stacks.keep(frames.iter());
                        attach(batch, at, &walked, user, Form::Frames, u64::from(stack.0), ticks);
                    }
                    None if cpu.knows_as_other(&walked, batch) => {}
                    None => {
                        let stack = self.stacks.keep(frames.iter());
                        late(batch, ticks, &walked, user, Form::Frames, u64::from(stack.0));
                    }
                }
            }
            Some(StackRecord::ByKey { walked, key, user }) => {
                self.tally.stack_records += 1;
                match owner_of(batch, &walked, user) {
                    Some(at) if is_free(batch, at) => {
                        self.tally.stacks_of_frees += 1;
                        mark_free(batch, at, user);
                    }
                    Some(at) => attach(batch, at, &walked, user, Form::Key, key, ticks),
                    None => {
                        let other = cpu.knows_as_other(&walked, batch);
                        late(batch, ticks, &walked, user, Form::Key, key);
                        if let Some(record) = batch.records.last_mut().filter(|_| other) {
                            record.kind = RecordKind::OtherStack;
                        }
                    }
                }
            }
        }
    }

    /// Classic and manifest events: counted, and the image identities decoded.
    #[inline(never)]
    fn other(&mut self, event: &Event<'_>, cpu: &mut CpuMemory, batch: &mut Batch) {
        let id = event.id();
        if let Some(count) = self.others.get_mut(&id) {
            *count += 1;
        } else if self.others.len() < MAX_ETL_EVENT_KINDS {
            self.others.insert(id, 1);
        } else {
            *self.others.entry(EventId::Unnamed).or_default() += 1;
        }
        let Some(ticks) = event.ticks() else { return };
        cpu.last_ticks = cpu.last_ticks.max(ticks);
        cpu.remember(ticks);
        if matches!(id, EventId::Classic { .. }) {
            side_event(event, 0, ticks, batch);
        }
    }
}

/// The record of the pool event a stack half belongs to, if it is in this batch and has no such half yet. Of
/// several with the same ticks and thread it is the first that wants one; allocations before frees, since
/// captures of allocation stacks alone are the usual ones.
#[inline(always)]
fn owner_of(batch: &Batch, walked: &Walked, user: bool) -> Option<usize> {
    let mut found: Option<usize> = None;
    for (at, record) in batch.records.iter().enumerate().rev().take(STACK_REACH) {
        if record.ticks < walked.event_ticks {
            break;
        }
        let form = record.forms.of(user);
        if record.ticks == walked.event_ticks
            && matches!(record.kind, RecordKind::Alloc | RecordKind::Free)
            && form == Form::None
            && (record.thread == walked.thread || record.process == NO_ID)
        {
            let better = found.is_none_or(|known| {
                let known = batch.records.get(known).map(|record| record.kind);
                known == Some(record.kind) || record.kind == RecordKind::Alloc
            });
            if better {
                found = Some(at);
            }
        }
    }
    found
}

#[inline(always)]
fn is_free(batch: &Batch, at: usize) -> bool {
    batch.records.get(at).is_some_and(|record| record.kind == RecordKind::Free)
}

/// A free's stack is not kept; only that it had one, so that the next stack of the same ticks is not taken for
/// its own.
#[inline(always)]
fn mark_free(batch: &mut Batch, at: usize, user: bool) {
    if let Some(record) = batch.records.get_mut(at) {
        record.forms = record.forms.with(user, Form::Frames);
    }
}

/// Sets a half of a record's stack. One that comes too late for the record's field of the delay goes its own way.
#[inline(always)]
fn attach(batch: &mut Batch, at: usize, walked: &Walked, user: bool, form: Form, value: u64, ticks: i64) {
    let Some(record) = batch.records.get_mut(at) else { return };
    let delay = ticks.saturating_sub(record.ticks).max(0);
    if user {
        let Ok(delay) = u16::try_from(delay) else { return late(batch, ticks, walked, user, form, value) };
        record.user_delay = delay;
        record.user = value;
    } else {
        let Ok(delay) = u32::try_from(delay) else { return late(batch, ticks, walked, user, form, value) };
        record.kernel_delay = delay;
        record.kernel = value;
    }
    record.forms = record.forms.with(user, form);
    if record.process == NO_ID {
        record.process = walked.process;
        record.thread = walked.thread;
    }
}

fn late(batch: &mut Batch, ticks: i64, walked: &Walked, user: bool, form: Form, value: u64) {
    batch.records.push(Record {
        ticks,
        address: walked.event_ticks as u64,
        kernel: if user { 0 } else { value },
        user: if user { value } else { 0 },
        bytes: 0,
        tag: 0,
        pool_type: 0,
        process: walked.process,
        thread: walked.thread,
        kernel_delay: 0,
        user_delay: 0,
        session: NO_SESSION,
        kind: RecordKind::LateStack,
        forms: Forms::NONE.with(user, form),
    });
}

/// Decodes a rare event, if it is one of interest.
#[inline(never)]
fn side_event(event: &Event<'_>, hook: u16, ticks: i64, batch: &mut Batch) {
    let side = image::decode(event)
        .map(Side::Image)
        .or_else(|| image::decode_id(event).map(Side::ImageId))
        .or_else(|| process::decode_process(event).map(Side::Process))
        .or_else(|| process::decode_thread(event).map(Side::Thread))
        .or_else(|| config::decode_masks(hook, event.payload()).map(Side::Masks))
        .or_else(|| config::decode_fact(event).map(Side::Fact));
    if let Some(side) = side {
        push_side(batch, ticks, side);
    }
}

/// Adds a rare event to a batch.
pub(super) fn push_side(batch: &mut Batch, ticks: i64, side: Side) {
    let none = Walked { event_ticks: batch.sides.len() as i64, process: NO_ID, thread: NO_ID };
    batch.sides.push(side);
    late(batch, ticks, &none, false, Form::None, 0);
    if let Some(record) = batch.records.last_mut() {
        record.kind = RecordKind::Side;
    }
}

/// Real buffers are in time order; a damaged one is put in order, so that the merge can rely on it.
fn sort_if_inverted(batch: &mut Batch) {
    if !batch.records.is_sorted_by_key(|record| record.ticks) {
        // Sizes of 4 GiB and more are found by position: carry them along.
        let mut order: Vec<u32> = (0..batch.records.len() as u32).collect();
        order.sort_by_key(|at| batch.records.get(*at as usize).map_or(i64::MAX, |record| record.ticks));
        let records = order.iter().filter_map(|at| batch.records.get(*at as usize).copied()).collect();
        let mut moved_to = vec![0u32; order.len()];
        for (new, old) in (0u32..).zip(&order) {
            if let Some(place) = moved_to.get_mut(*old as usize) {
                *place = new;
            }
        }
        for (at, _) in &mut batch.big_sizes {
            *at = moved_to.get(*at as usize).copied().unwrap_or(0);
        }
        batch.big_sizes.sort_unstable();
        batch.records = records;
    }
    if !batch.definitions.is_sorted_by_key(|definition| definition.ticks) {
        batch.definitions.sort_by_key(|definition| definition.ticks);
    }
}
