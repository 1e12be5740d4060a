//! The records of all processors in the order of time: a k-way merge over batches, in runs.
//!
//! Definitions of stack keys are merged apart, and may be taken ahead of the records. The order depends only on
//! ticks and on the streams' numbers, never on which scanner was faster.

use std::collections::VecDeque;

use crate::error::FormatError;
use crate::etl::pool_trace::feed::Feed;
use crate::etl::pool_trace::record::{Batch, Definition, Record, Side};
use crate::limits::MAX_ETL_BATCHES_AHEAD;

/// Records of a run.
const RUN: usize = 512;
/// Batches of each stream that are ready or being scanned.
const AHEAD: usize = 2;

/// A place in a batch: the batch's slot, and the index of the record in it.
pub(super) type At = (u32, u32);

/// The merge.
pub(super) struct Order<'scope, 'a> {
    feed: Feed<'scope, 'a>,
    /// Ticks of each stream's next record; `i64::MAX` when it has none left.
    next_ticks: Vec<i64>,
    heads: Vec<Head>,
    slots: Vec<Batch>,
    free_slots: Vec<u32>,
    /// Slots whose last records are in the run that is being consumed.
    spent: Vec<u32>,
    /// Memory of old batches.
    spare: Vec<Batch>,
    run: Vec<At>,
    /// Ticks of the earliest definition not taken yet.
    next_definition: i64,
    /// Every definition up to here has been received.
    known_until: i64,
}

struct Head {
    /// Slots in order: the first is being merged, the rest wait.
    queue: VecDeque<u32>,
    place: usize,
    definitions: VecDeque<Definition>,
    /// Batches ordered and not received.
    ordered: usize,
    ended: bool,
    known_until: i64,
}

impl<'scope, 'a> Order<'scope, 'a> {
    /// Starts the merge of `streams` streams.
    pub(super) fn new(feed: Feed<'scope, 'a>, streams: usize) -> Result<Self, FormatError> {
        let head = || Head {
            queue: VecDeque::new(),
            place: 0,
            definitions: VecDeque::new(),
            ordered: 0,
            ended: false,
            known_until: i64::MIN,
        };
        let mut order = Self {
            feed,
            next_ticks: vec![i64::MIN; streams],
            heads: (0..streams).map(|_| head()).collect(),
            slots: Vec::new(),
            free_slots: Vec::new(),
            spent: Vec::new(),
            spare: Vec::new(),
            run: Vec::with_capacity(RUN),
            next_definition: i64::MAX,
            known_until: if streams == 0 { i64::MAX } else { i64::MIN },
        };
        for _ in 0..AHEAD {
            (0..streams).for_each(|stream| order.order_one(stream));
        }
        for stream in 0..streams {
            order.advance(stream)?;
        }
        Ok(order)
    }

    /// The scanners, for what they know at the end.
    pub(super) fn into_feed(self) -> Feed<'scope, 'a> {
        self.feed
    }

    fn order_one(&mut self, stream: usize) {
        if let Some(head) = self.heads.get_mut(stream).filter(|head| !head.ended) {
            head.ordered += 1;
            self.feed.order(stream, self.spare.pop().unwrap_or_default());
        }
    }

    /// Waits for one batch, at best of `stream`, and queues it where it belongs.
    fn receive(&mut self, stream: usize) -> Result<(), FormatError> {
        if self.heads.get(stream).is_some_and(|head| head.ordered == 0) {
            self.order_one(stream);
        }
        let mut batch = self.feed.take(stream)?;
        let Some(head) = self.heads.get_mut(batch.stream) else { return Ok(()) };
        head.ordered = head.ordered.saturating_sub(1);
        if batch.end {
            head.ended = true;
            head.known_until = i64::MAX;
        } else {
            head.known_until = head.known_until.max(batch.last_ticks);
            if let Some(first) = batch.definitions.first() {
                self.next_definition = self.next_definition.min(first.ticks);
            }
            head.definitions.extend(batch.definitions.drain(..));
            let slot = self.free_slots.pop().unwrap_or_else(|| {
                self.slots.push(Batch::default());
                (self.slots.len() - 1) as u32
            });
            head.queue.push_back(slot);
            if let Some(place) = self.slots.get_mut(slot as usize) {
                *place = batch;
            }
        }
        self.known_until = self.heads.iter().map(|head| head.known_until).min().unwrap_or(i64::MAX);
        Ok(())
    }

    /// Brings a stream's next record to its front, over batches without records.
    fn advance(&mut self, stream: usize) -> Result<(), FormatError> {
        loop {
            let (Some(head), Some(next_ticks)) =
                (self.heads.get_mut(stream), self.next_ticks.get_mut(stream))
            else {
                return Ok(());
            };
            let Some(&slot) = head.queue.front() else {
                if head.ended {
                    *next_ticks = i64::MAX;
                    return Ok(());
                }
                self.receive(stream)?;
                continue;
            };
            if let Some(record) =
                self.slots.get(slot as usize).and_then(|batch| batch.records.get(head.place))
            {
                // The mark of the end is no time; nothing real reaches it.
                *next_ticks = record.ticks.min(i64::MAX - 1);
                return Ok(());
            }
            head.queue.pop_front();
            head.place = 0;
            let short = head.queue.len() + head.ordered < AHEAD;
            self.spent.push(slot);
            if short {
                self.order_one(stream);
            }
        }
    }

    /// Fills the run with the next records, in order; false at the end of the trace. The run before it is given
    /// up.
    pub(super) fn next_run(&mut self) -> Result<bool, FormatError> {
        self.run.clear();
        for slot in self.spent.drain(..) {
            if let Some(batch) = self.slots.get_mut(slot as usize) {
                self.spare.push(std::mem::take(batch));
                self.free_slots.push(slot);
            }
        }
        while self.run.len() < RUN {
            let (stream, ticks, limit) = lowest(&self.next_ticks);
            if ticks == i64::MAX {
                break;
            }
            let Some(head) = self.heads.get_mut(stream) else { break };
            let Some(&slot) = head.queue.front() else { break };
            let records = self.slots.get(slot as usize).map_or(&[][..], |batch| &batch.records);
            let start = head.place;
            let room = RUN - self.run.len();
            // At least the first, then all that come before every other stream's next.
            let rest = records.get(start + 1..).unwrap_or(&[]);
            let taken = 1 + rest.iter().take(room - 1).take_while(|record| record.ticks < limit).count();
            self.run.extend((start as u32..(start + taken) as u32).map(|place| (slot, place)));
            head.place = start + taken;
            match records.get(head.place) {
                Some(record) => {
                    if let Some(next) = self.next_ticks.get_mut(stream) {
                        *next = record.ticks.min(i64::MAX - 1);
                    }
                }
                None => self.advance(stream)?,
            }
        }
        Ok(!self.run.is_empty())
    }

    /// Records of the run.
    pub(super) fn run_len(&self) -> usize {
        self.run.len()
    }

    /// A record of the run and where it is.
    #[inline(always)]
    pub(super) fn record(&self, index: usize) -> Option<(At, &Record)> {
        let at = *self.run.get(index)?;
        Some((at, self.slots.get(at.0 as usize)?.records.get(at.1 as usize)?))
    }

    /// True size of a record's block.
    #[cold]
    pub(super) fn big_size(&self, at: At, record: &Record) -> u64 {
        self.slots.get(at.0 as usize).map_or(0, |batch| batch.bytes_of(at.1, record))
    }

    /// A rare event of the run.
    pub(super) fn side(&self, at: At, record: &Record) -> Option<&Side> {
        self.slots.get(at.0 as usize)?.sides.get(record.address as usize)
    }

    /// Gives every definition before `ticks` to `take`, in order. Batches are fetched ahead for it where the
    /// ones at hand do not reach that far.
    #[inline(always)]
    pub(super) fn definitions_before(
        &mut self,
        ticks: i64,
        take: impl FnMut(&Definition),
    ) -> Result<(), FormatError> {
        if ticks <= self.known_until && ticks <= self.next_definition {
            return Ok(());
        }
        self.take_definitions(ticks, take)
    }

    #[inline(never)]
    fn take_definitions(&mut self, ticks: i64, mut take: impl FnMut(&Definition)) -> Result<(), FormatError> {
        for stream in 0..self.heads.len() {
            while self
                .heads
                .get(stream)
                .is_some_and(|head| head.known_until < ticks && head.queue.len() < MAX_ETL_BATCHES_AHEAD)
            {
                self.receive(stream)?;
            }
        }
        loop {
            let first =
                |head: &Head| head.definitions.front().map_or(i64::MAX, |definition| definition.ticks);
            let earliest = self.heads.iter_mut().min_by_key(|head| first(head));
            let Some(head) = earliest else { return Ok(()) };
            self.next_definition = first(head);
            if self.next_definition >= ticks {
                return Ok(());
            }
            match head.definitions.pop_front() {
                Some(definition) => take(&definition),
                None => return Ok(()),
            }
        }
    }
}

/// The stream with the lowest ticks (the lower number of equals), its ticks, and the ticks below which it stays
/// the first.
#[inline(always)]
fn lowest(ticks: &[i64]) -> (usize, i64, i64) {
    let (mut stream, mut low, mut limit) = (0, i64::MAX, i64::MAX);
    for (at, &value) in ticks.iter().enumerate() {
        if value < low {
            // The old lowest has a lower number: it wins ties.
            limit = low;
            stream = at;
            low = value;
        } else {
            // This one has a higher number: it loses ties, so the first may take equal ticks too.
            limit = limit.min(value.saturating_add(1));
        }
    }
    (stream, low, limit)
}

#[cfg(test)]
mod tests {
    use super::lowest;

    #[test]
    fn ties_go_to_the_lower_number() {
        assert_eq!(lowest(&[5, 3, 9]), (1, 3, 5));
        assert_eq!(lowest(&[3, 3, 9]), (0, 3, 4));
        assert_eq!(lowest(&[9, 3, 3]), (1, 3, 4));
        assert_eq!(lowest(&[7]), (0, 7, i64::MAX));
        assert_eq!(lowest(&[i64::MAX, i64::MAX]).1, i64::MAX);
    }
}
