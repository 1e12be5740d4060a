//! Before the pass: the span of the trace in ticks, and which buffers have something missing before them.

use crate::error::FormatError;
use crate::etl::buffer::{FLAG_BUFFER_LOST, FLAG_EVENTS_LOST, TYPE_HEADER};
use crate::etl::container::{BufferMemory, Container, Stream};
use crate::etl::event::Events;
use crate::etl::logfile::LogfileHeader;
use crate::etl::pool_trace::LossSign;
use crate::input::ReadAt;

/// What the pass is steered by.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Streams to read.
    pub streams: Vec<Stream>,
    /// Earliest and latest ticks.
    pub span: (i64, i64),
    /// Sequence numbers that are missing.
    missing: Vec<i64>,
    /// In a ring, the ticks from which every processor has its events.
    pub whole_from: Option<i64>,
}

impl Plan {
    /// Looks at the first and last buffers of every processor.
    pub(super) fn new(container: &Container, input: &dyn ReadAt) -> Result<Self, FormatError> {
        let streams = container.streams();
        let circular = container.logfile.as_ref().is_some_and(LogfileHeader::is_circular);
        let mut memory = BufferMemory::default();
        let mut span: Option<(i64, i64)> = None;
        let mut starts = Vec::new();
        for stream in &streams {
            let mut first = None;
            for at in &stream.buffers {
                let Some(entry) = container.buffers.get(*at as usize) else { continue };
                if circular && entry.header.kind == TYPE_HEADER {
                    continue;
                }
                let body = container.read(input, entry, &mut memory)?;
                first = Events::new(body.bytes).flatten().find_map(|event| event.ticks());
                if first.is_some() {
                    break;
                }
            }
            let mut last = None;
            for at in stream.buffers.iter().rev() {
                let Some(entry) = container.buffers.get(*at as usize) else { continue };
                let body = container.read(input, entry, &mut memory)?;
                last = Events::new(body.bytes).flatten().filter_map(|event| event.ticks()).max();
                if last.is_some() {
                    break;
                }
            }
            if let (Some(first), Some(last)) = (first, last) {
                let known = span.unwrap_or((first, last));
                span = Some((known.0.min(first), known.1.max(last)));
                starts.push(first);
            }
        }
        let whole_from = if circular { starts.into_iter().max() } else { None };
        let missing = container.missing_sequences();
        Ok(Self { streams, span: span.unwrap_or((0, 0)), missing, whole_from })
    }

    /// Buffers missing by their sequence numbers.
    pub(super) fn missing(&self) -> u64 {
        self.missing.len() as u64
    }

    /// What says that something is missing before a buffer of a stream: its own flags, or a sequence number
    /// missing between it and the one before.
    pub(super) fn loss_before(
        &self,
        container: &Container,
        stream: &Stream,
        place: usize,
    ) -> Option<LossSign> {
        let entry = container.buffers.get(*stream.buffers.get(place)? as usize)?;
        if entry.header.flags & FLAG_BUFFER_LOST != 0 {
            return Some(LossSign::BuffersLost);
        }
        if entry.header.flags & FLAG_EVENTS_LOST != 0 {
            return Some(LossSign::EventsLost);
        }
        if self.missing.is_empty() {
            return None;
        }
        let before = place.checked_sub(1).and_then(|place| stream.buffers.get(place));
        let from =
            before.and_then(|at| container.buffers.get(*at as usize)).map_or(i64::MIN, |e| e.header.sequence);
        let next = self.missing.partition_point(|number| *number <= from);
        (*self.missing.get(next)? < entry.header.sequence).then_some(LossSign::Sequence)
    }
}
