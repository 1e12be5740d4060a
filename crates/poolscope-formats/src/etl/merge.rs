//! Every event of a trace in the order of time: a k-way merge over the processors' streams by raw ticks.
//!
//! Plain and complete. The pool analysis, which must keep up with the disk, has a faster walk of its own over the
//! same container.

use crate::error::FormatError;
use crate::etl::container::{Body, BufferEntry, BufferMemory, Container, Damage};
use crate::etl::event::{BadEvent, Event, Events};
use crate::input::ReadAt;

/// Something met on the walk.
#[derive(Clone, Copy, Debug)]
pub enum Met<'a> {
    /// An event.
    Event {
        /// The processor it happened on.
        processor: u16,
        /// Offset of its buffer in the file.
        buffer_offset: u64,
        /// The event.
        event: Event<'a>,
    },
    /// Bytes that are no event.
    Bad {
        /// The buffer.
        buffer: &'a BufferEntry,
        /// The place in it.
        bad: BadEvent,
    },
    /// A buffer's body is shorter than stated.
    Damaged {
        /// The buffer.
        buffer: &'a BufferEntry,
        /// Why.
        damage: Damage,
    },
}

struct Head {
    processor: u16,
    order: Vec<u32>,
    next_buffer: usize,
    memory: BufferMemory,
    packed: bool,
    body_bytes: usize,
    entry: Option<BufferEntry>,
    at: usize,
    ticks: i64,
    live: bool,
}

/// Calls `meet` with every event of the trace in time order (events of one processor stay in their order, even
/// where its clock ran backwards). Records without a time take the time of the one before them. Memory: one
/// buffer a processor.
///
/// # Errors
/// [`FormatError::Read`].
pub fn for_each_event(
    container: &Container,
    input: &dyn ReadAt,
    mut meet: impl FnMut(Met<'_>),
) -> Result<(), FormatError> {
    let mut heads: Vec<Head> = container
        .streams()
        .into_iter()
        .map(|stream| Head {
            processor: stream.processor,
            order: stream.buffers,
            next_buffer: 0,
            memory: BufferMemory::default(),
            packed: false,
            body_bytes: 0,
            entry: None,
            at: 0,
            ticks: i64::MIN,
            live: true,
        })
        .collect();
    for head in &mut heads {
        advance(head, container, input, &mut meet)?;
    }
    while let Some(head) = heads.iter_mut().filter(|head| head.live).min_by_key(|head| head.ticks) {
        if let Some(Ok(event)) = Events::new(head.memory.body(head.packed, head.body_bytes, head.at)).next() {
            let buffer_offset = head.entry.map_or(0, |entry| entry.offset);
            meet(Met::Event { processor: head.processor, buffer_offset, event });
            head.at += event.record_bytes().next_multiple_of(8);
        }
        advance(head, container, input, &mut meet)?;
    }
    Ok(())
}

/// Moves a head to its next event, over buffers and bad places.
fn advance(
    head: &mut Head,
    container: &Container,
    input: &dyn ReadAt,
    meet: &mut impl FnMut(Met<'_>),
) -> Result<(), FormatError> {
    loop {
        let mut events = Events::new(head.memory.body(head.packed, head.body_bytes, head.at));
        match events.next() {
            Some(Ok(event)) => {
                head.ticks = event.ticks().unwrap_or(head.ticks).max(head.ticks);
                return Ok(());
            }
            Some(Err(mut bad)) => {
                bad.offset += head.at;
                head.at += bad.skipped;
                if let Some(buffer) = &head.entry {
                    meet(Met::Bad { buffer, bad });
                }
            }
            None => {
                let next =
                    head.order.get(head.next_buffer).and_then(|at| container.buffers.get(*at as usize));
                let Some(entry) = next else {
                    head.live = false;
                    return Ok(());
                };
                head.next_buffer += 1;
                head.at = 0;
                head.entry = Some(*entry);
                head.packed = entry.header.is_compressed();
                let Body { bytes, damage } = container.read(input, entry, &mut head.memory)?;
                head.body_bytes = bytes.len();
                if let Some(damage) = damage {
                    meet(Met::Damaged { buffer: entry, damage });
                }
            }
        }
    }
}
