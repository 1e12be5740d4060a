//! Scanned buffers on demand: scanners in threads of their own, each for some of the processors, a few buffers
//! ahead of the pairing. With one thread to use, scanning happens when a buffer is asked for.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Scope, ScopedJoinHandle};

use crate::error::FormatError;
use crate::etl::container::{BufferMemory, Container};
use crate::etl::pool_trace::LossSign;
use crate::etl::pool_trace::plan::Plan;
use crate::etl::pool_trace::record::{Batch, Side};
use crate::etl::pool_trace::scan::{CpuMemory, Scanner, push_side};
use crate::input::ReadAt;
use crate::parsed::{Note, Place};

/// What scanning needs to know, shared by all scanners.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub container: &'a Container,
    pub input: &'a dyn ReadAt,
    pub plan: &'a Plan,
}

/// One scanner and where it stands in each stream.
pub(super) struct Reader<'a> {
    source: Source<'a>,
    pub(super) scanner: Scanner,
    memory: BufferMemory,
    next: Vec<usize>,
    cpus: Vec<CpuMemory>,
    /// Defects met, at most [`crate::limits::MAX_KEPT_NOTES`].
    pub(super) notes: Vec<Note>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: Source<'a>, number: usize) -> Self {
        let streams = source.plan.streams.len();
        Self {
            source,
            scanner: Scanner::new(number),
            memory: BufferMemory::default(),
            next: vec![0; streams],
            cpus: vec![CpuMemory::default(); streams],
            notes: Vec::new(),
        }
    }

    /// Scans the next buffer of a stream into `batch`.
    fn read(&mut self, stream: usize, mut batch: Batch) -> Result<Batch, FormatError> {
        batch.clear();
        batch.stream = stream;
        let Source { container, input, plan } = self.source;
        let (Some(order), Some(next), Some(cpu)) =
            (plan.streams.get(stream), self.next.get_mut(stream), self.cpus.get_mut(stream))
        else {
            batch.end = true;
            return Ok(batch);
        };
        let Some(entry) = order.buffers.get(*next).and_then(|at| container.buffers.get(*at as usize)) else {
            batch.end = true;
            batch.last_ticks = i64::MAX;
            return Ok(batch);
        };
        let mut sign = plan.loss_before(container, order, *next);
        *next += 1;
        let from = cpu.last_ticks();
        let bad = self.scanner.tally.bad_places;
        let body = container.read(input, entry, &mut self.memory)?;
        let damage = body.damage;
        self.scanner.scan(body.bytes, cpu, &mut batch);
        let bad = self.scanner.tally.bad_places - bad;
        if damage.is_some() || bad > 0 {
            sign = sign.or(Some(LossSign::Damaged));
            if self.notes.len() < crate::limits::MAX_KEPT_NOTES {
                let text = match damage {
                    Some(damage) => format!("buffer of processor {}: {damage}", order.processor),
                    None => format!("buffer of processor {}: {bad} places hold no event", order.processor),
                };
                self.notes.push(Note { place: Place::Offset(entry.offset), text });
            }
        }
        if let Some(sign) = sign {
            let first = batch.first_ticks;
            push_side(&mut batch, first, Side::Gap { stream, from, sign });
            // It belongs before the first record.
            batch.records.rotate_right(1);
            for (at, _) in &mut batch.big_sizes {
                *at += 1;
            }
        }
        Ok(batch)
    }
}

/// What a finished scanner hands over.
pub(super) struct Scanned {
    pub scanner: Scanner,
    pub notes: Vec<Note>,
}

/// The supply of batches.
pub(super) enum Feed<'scope, 'a> {
    /// Scans in the caller's thread.
    Inline(Box<Reader<'a>>),
    /// Scans in other threads.
    Threads(Threads<'scope>),
}

/// A stream and, for its memory, an old batch.
type Order = (usize, Batch);

pub(super) struct Threads<'scope> {
    orders: Vec<Sender<Order>>,
    results: Receiver<Result<Batch, FormatError>>,
    workers: Vec<ScopedJoinHandle<'scope, Scanned>>,
}

impl<'scope, 'a: 'scope> Feed<'scope, 'a> {
    /// Starts `workers` scanners in `scope`; none scans inline.
    pub(super) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        source: Source<'a>,
        workers: usize,
    ) -> Self {
        if workers == 0 {
            return Self::Inline(Box::new(Reader::new(source, 0)));
        }
        let (give, results) = channel();
        let mut threads = Threads { orders: Vec::new(), results, workers: Vec::new() };
        for number in 0..workers {
            let (orders, wanted) = channel::<Order>();
            let give = give.clone();
            threads.orders.push(orders);
            threads.workers.push(scope.spawn(move || {
                let mut reader = Reader::new(source, number);
                for (stream, batch) in wanted {
                    if give.send(reader.read(stream, batch)).is_err() {
                        break;
                    }
                }
                Scanned { scanner: reader.scanner, notes: reader.notes }
            }));
        }
        Self::Threads(threads)
    }
}

impl Feed<'_, '_> {
    /// Asks for the next batch of a stream, to be had from [`Feed::take`] later.
    pub(super) fn order(&mut self, stream: usize, batch: Batch) {
        if let Self::Threads(threads) = self {
            let worker = stream % threads.orders.len().max(1);
            if let Some(orders) = threads.orders.get(worker) {
                // A worker that is gone has sent its error, or died with the whole pass.
                let _ = orders.send((stream, batch));
            }
        }
    }

    /// A batch that was ordered, of any stream; inline, the next one of `stream`.
    pub(super) fn take(&mut self, stream: usize) -> Result<Batch, FormatError> {
        match self {
            Self::Inline(reader) => reader.read(stream, Batch::default()),
            Self::Threads(threads) => threads.results.recv().unwrap_or_else(|_| {
                // All workers ended without an answer: nothing more can come of any stream.
                Ok(Batch { stream, end: true, last_ticks: i64::MAX, ..Batch::default() })
            }),
        }
    }

    /// Ends the scanners; gives what they know, in a fixed order.
    pub(super) fn finish(self) -> Vec<Scanned> {
        match self {
            Self::Inline(reader) => {
                vec![Scanned { scanner: reader.scanner, notes: reader.notes }]
            }
            Self::Threads(Threads { orders, results, workers }) => {
                drop(orders);
                drop(results);
                workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
            }
        }
    }
}
