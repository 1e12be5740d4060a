//! The 72-byte header that every buffer of an event trace starts with (WMI_BUFFER_HEADER, Windows 7 and later;
//! the same for 32 and 64 bits). It decodes one header and says whether it is plausible; it follows no chain.

use crate::etl::le::{i64_at, u16_at, u32_at};
use crate::limits::MAX_ETL_BUFFER_BYTES;

/// Bytes of a buffer header.
pub const BUFFER_HEADER_BYTES: usize = 0x48;

/// `BufferFlag`: the buffer was flushed before it was full.
pub const FLAG_FLUSH: u16 = 0x0001;
/// `BufferFlag`: events were lost around this buffer.
pub const FLAG_EVENTS_LOST: u16 = 0x0002;
/// `BufferFlag`: whole buffers were lost before this one.
pub const FLAG_BUFFER_LOST: u16 = 0x0004;
/// `BufferFlag`: the processor is a 16-bit index.
const FLAG_PROCESSOR_INDEX: u16 = 0x0020;
/// `BufferFlag`: everything after the header is one compressed stream.
pub const FLAG_COMPRESSED: u16 = 0x0040;

/// `BufferType` of the first buffer.
pub const TYPE_HEADER: u16 = 4;

/// A decoded buffer header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BufferHeader {
    /// Distance in bytes to the next buffer; in a compressed file the stored size with the header.
    pub size: u32,
    /// `SavedOffset`: for compressed buffers the header's 72 bytes plus the decompressed length.
    pub saved_offset: u32,
    /// When the buffer was flushed: session ticks or FILETIME, depending on who wrote the file. Never the time
    /// of an event.
    pub flush_time: i64,
    /// Rises with every buffer of the session; per processor it orders the buffers.
    pub sequence: i64,
    /// The processor whose events are in it.
    pub processor: u16,
    /// `State`; in the first buffer of a compressed file its low half names the compression.
    pub state: u32,
    /// `Offset`: end of the valid bytes, header included, in the uncompressed buffer.
    pub valid_end: u32,
    /// `BufferFlag`.
    pub flags: u16,
    /// `BufferType`: 0 events, 1 rundown, 2 compact context switches, 4 header, and others.
    pub kind: u16,
}

impl BufferHeader {
    /// Decodes the header at the start of `bytes`; `None` if there are fewer than 72.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..BUFFER_HEADER_BYTES)?;
        let flags = u16_at(bytes, 0x34)?;
        let processor = u16_at(bytes, 0x28)?;
        Some(Self {
            size: u32_at(bytes, 0)?,
            saved_offset: u32_at(bytes, 4)?,
            flush_time: i64_at(bytes, 0x10)?,
            sequence: i64_at(bytes, 0x18)?,
            processor: if flags & FLAG_PROCESSOR_INDEX != 0 { processor & 0x07ff } else { processor & 0xff },
            state: u32_at(bytes, 0x2c)?,
            valid_end: u32_at(bytes, 0x30)?,
            flags,
            kind: u16_at(bytes, 0x36)?,
        })
    }

    /// True if everything after the header is one compressed stream.
    pub fn is_compressed(&self) -> bool {
        self.flags & FLAG_COMPRESSED != 0
    }

    /// True if the body is framed as events (context-swap, reference-time, marker and debug bodies are not).
    pub fn carries_events(&self) -> bool {
        matches!(self.kind, 0 | 1 | 4 | 5)
    }

    /// What is wrong with the header, if it cannot be one; `None` if it can. Judged only by fields that every
    /// real file keeps sane.
    pub fn implausible(&self) -> Option<&'static str> {
        if (self.size as usize) < BUFFER_HEADER_BYTES {
            Some("a buffer size below its own header")
        } else if self.size as usize > MAX_ETL_BUFFER_BYTES {
            Some("a buffer size over the limit of 64 MiB")
        } else if self.kind > 7 {
            Some("an unknown buffer type")
        } else if self.flags & 0xff80 != 0 {
            Some("unknown buffer flags")
        } else if self.valid_end as usize > MAX_ETL_BUFFER_BYTES {
            Some("a fill mark over the limit of 64 MiB")
        } else if !self.is_compressed() && self.valid_end > self.size {
            Some("a fill mark past the end of the buffer")
        } else if self.is_compressed() && self.saved_offset as usize > MAX_ETL_BUFFER_BYTES {
            Some("a decompressed length over the limit of 64 MiB")
        } else {
            None
        }
    }
}
