//! ETW traces (`.etl`): the container of buffers, its compression, and the kernel events that pool analysis needs.
//!
//! Reads kernel and user traces of Windows 7 and later, of 32 and 64 bits, merged or not, compressed or not,
//! on any system. It pairs and judges nothing: [`Container`] indexes a file, [`Events`] walks a buffer,
//! [`for_each_event`] walks a whole trace in time order, and the decoders turn payloads into records.

mod buffer;
mod container;
pub mod decode;
mod decompress;
mod event;
pub mod guid;
mod le;
mod logfile;
mod merge;
pub mod pool_trace;

pub use buffer::{
    BUFFER_HEADER_BYTES, BufferHeader, FLAG_BUFFER_LOST, FLAG_COMPRESSED, FLAG_EVENTS_LOST, FLAG_FLUSH,
    TYPE_HEADER,
};
pub use container::{Body, BufferEntry, BufferMemory, Container, Damage, Stream, looks_like_trace};
pub use decompress::{Compression, DecompressError, decompress};
pub use event::{BadEvent, Event, EventId, Events, HeaderKind, NO_ID};
pub use guid::Guid;
pub use logfile::{Clock, LogfileHeader, utf16z};
pub use merge::{Met, for_each_event};

use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt};
use crate::parsed::Parsed;
use crate::records::Records;

/// Says whether an input looks like a trace.
pub fn test(head: &Head) -> Option<Likelihood> {
    looks_like_trace(&head.bytes).then_some(Likelihood::Certain)
}

/// Reads the pool content of a trace.
///
/// # Errors
/// [`FormatError::NotThisFormat`] and [`FormatError::Read`].
pub fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    let parsed = pool_trace::read(input, &pool_trace::PoolTraceOptions::default())?;
    Ok(parsed.map(|trace| Records::Trace(Box::new(trace))))
}
