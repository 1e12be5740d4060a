//! The event records inside one buffer: finds their borders and reads their headers, of every header type.
//!
//! It gives payloads as bytes; the modules of [`crate::etl::decode`] read those. A record whose header cannot
//! be one is passed over to the next place where a record could start, and reported.

use crate::etl::guid::{self, Guid};
use crate::etl::le::{i64_at, u16_at, u32_at};

/// The processor id or thread id of an event that has none.
pub const NO_ID: u32 = u32::MAX;

/// The kind of header an event has. Decides where its fields stand and how wide the pointers of its payload
/// are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderKind {
    /// Kernel event with processor times.
    System,
    /// Kernel event without processor times (Windows 8 and later).
    Compact,
    /// Kernel event with nothing but hook and time.
    PerfInfo,
    /// Classic event with a provider GUID.
    Full,
    /// Classic event with an instance.
    Instance,
    /// Event of a manifest or self-describing provider.
    Manifest,
    /// WPP message.
    Message,
    /// Error record, and the old short header: framed, but with nothing this reader uses.
    Opaque,
}

/// One event record. Its fields are read when asked for, so that passing over an event costs little.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The header's kind.
    pub header: HeaderKind,
    /// True if the header type is a 64-bit one: payload pointers are 8 bytes.
    pub wide: bool,
    /// Offset of the record from the first byte after the buffer's header.
    pub offset: usize,
    record: &'a [u8],
    payload_at: usize,
}

/// What an event is, as precisely as its header says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventId {
    /// A kernel hook: group in the high byte, opcode in the low one.
    Hook(u16),
    /// A classic event.
    Classic {
        /// Provider (the event class).
        provider: Guid,
        /// Its type.
        opcode: u8,
    },
    /// A manifest or self-describing event.
    Manifest {
        /// Provider.
        provider: Guid,
        /// Event id.
        id: u16,
        /// Opcode.
        opcode: u8,
    },
    /// A WPP message, an error record, or an old short header.
    Unnamed,
}

impl EventId {
    /// The provider, or [`Guid::ZERO`].
    pub fn provider(self) -> Guid {
        match self {
            Self::Hook(hook) => guid::of_hook(hook).0,
            Self::Classic { provider, .. } | Self::Manifest { provider, .. } => provider,
            Self::Unnamed => Guid::ZERO,
        }
    }

    /// The opcode; 0 where there is none.
    pub fn opcode(self) -> u8 {
        match self {
            Self::Hook(hook) => (hook & 0xff) as u8,
            Self::Classic { opcode, .. } | Self::Manifest { opcode, .. } => opcode,
            Self::Unnamed => 0,
        }
    }
}

impl<'a> Event<'a> {
    /// The kernel hook, for kernel headers.
    #[inline]
    pub fn hook(&self) -> Option<u16> {
        match self.header {
            HeaderKind::System | HeaderKind::Compact | HeaderKind::PerfInfo => u16_at(self.record, 6),
            _ => None,
        }
    }

    /// What it is.
    pub fn id(&self) -> EventId {
        match self.header {
            HeaderKind::System | HeaderKind::Compact | HeaderKind::PerfInfo => {
                EventId::Hook(u16_at(self.record, 6).unwrap_or(0))
            }
            HeaderKind::Full | HeaderKind::Instance => EventId::Classic {
                provider: Guid::at(self.record, 0x18).unwrap_or(Guid::ZERO),
                opcode: self.record.get(4).copied().unwrap_or(0),
            },
            HeaderKind::Manifest => EventId::Manifest {
                provider: Guid::at(self.record, 0x18).unwrap_or(Guid::ZERO),
                id: u16_at(self.record, 0x28).unwrap_or(0),
                opcode: self.record.get(0x2d).copied().unwrap_or(0),
            },
            HeaderKind::Message | HeaderKind::Opaque => EventId::Unnamed,
        }
    }

    /// Version of the payload's layout.
    pub fn version(&self) -> u8 {
        let at = match self.header {
            HeaderKind::System | HeaderKind::Compact | HeaderKind::PerfInfo => 0,
            HeaderKind::Full | HeaderKind::Instance => 6,
            HeaderKind::Manifest => 0x2a,
            HeaderKind::Message | HeaderKind::Opaque => return 0,
        };
        self.record.get(at).copied().unwrap_or(0)
    }

    /// Raw ticks of the session's clock; `None` for messages and opaque records.
    #[inline]
    pub fn ticks(&self) -> Option<i64> {
        match self.header {
            HeaderKind::PerfInfo => i64_at(self.record, 8),
            HeaderKind::Message | HeaderKind::Opaque => None,
            _ => i64_at(self.record, 0x10),
        }
    }

    /// Process id, [`NO_ID`] where the header has none.
    #[inline]
    pub fn process(&self) -> u32 {
        match self.header {
            HeaderKind::PerfInfo | HeaderKind::Message | HeaderKind::Opaque => NO_ID,
            _ => u32_at(self.record, 0xc).unwrap_or(NO_ID),
        }
    }

    /// Thread id, [`NO_ID`] where the header has none.
    #[inline]
    pub fn thread(&self) -> u32 {
        match self.header {
            HeaderKind::PerfInfo | HeaderKind::Message | HeaderKind::Opaque => NO_ID,
            _ => u32_at(self.record, 8).unwrap_or(NO_ID),
        }
    }

    /// The payload.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.record.get(self.payload_at..).unwrap_or(&[])
    }

    /// Bytes of the whole record.
    pub fn record_bytes(&self) -> usize {
        self.record.len()
    }
}

/// A place in a buffer where no event record could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadEvent {
    /// Offset from the first byte after the buffer's header.
    pub offset: usize,
    /// The first dword found there.
    pub found: u32,
    /// Bytes passed over until the next place where a record could start, or to the end.
    pub skipped: usize,
}

/// Walks the records of one buffer's body (the bytes after its 72-byte header, cut at the fill mark).
#[derive(Clone, Debug)]
pub struct Events<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Events<'a> {
    /// Starts at the first record.
    pub fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }

    /// Passes over a place that is no record.
    #[cold]
    fn resync(&mut self) -> BadEvent {
        let start = self.at;
        let found = u32_at(self.body, start).unwrap_or(0);
        let mut at = start + 8;
        while at < self.body.len() && frame(self.body.get(at..).unwrap_or(&[])).is_none() {
            at += 8;
        }
        self.at = at.min(self.body.len());
        BadEvent { offset: start, found, skipped: self.at - start }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>, BadEvent>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.body.get(self.at..)?;
        let Some(framed) = frame(rest) else {
            // The fill after the last record is 0xFF (zeros in some writers), or nothing fits any more.
            let first = u32_at(rest, 0)?;
            if first == u32::MAX || first == 0 {
                self.at = self.body.len();
                return None;
            }
            return Some(Err(self.resync()));
        };
        let offset = self.at;
        self.at += framed.size.next_multiple_of(8);
        let record = rest.get(..framed.size)?;
        Some(Ok(Event {
            header: framed.header,
            wide: framed.wide,
            offset,
            record,
            payload_at: framed.payload_at,
        }))
    }
}

struct Frame {
    header: HeaderKind,
    wide: bool,
    size: usize,
    payload_at: usize,
}

/// The border of the record that starts `bytes`; `None` if none can start there.
#[inline]
fn frame(bytes: &[u8]) -> Option<Frame> {
    let first = u32_at(bytes, 0)?;
    let low = (first & 0xffff) as usize;
    let kind = (first >> 16) as u8;
    let (header, wide, size, mut payload_at) = match (first >> 24, kind) {
        (0xc0, 16 | 17) => (HeaderKind::PerfInfo, kind == 17, u16_at(bytes, 4)? as usize, 0x10),
        (0xc0, 1 | 2) => (HeaderKind::System, kind == 2, u16_at(bytes, 4)? as usize, 0x20),
        (0xc0, 3 | 4) => (HeaderKind::Compact, kind == 4, u16_at(bytes, 4)? as usize, 0x18),
        (0xc0, 10 | 20) => (HeaderKind::Full, kind == 20, low, 0x30),
        (0xc0, 11 | 21) => (HeaderKind::Instance, kind == 21, low, 0x48),
        (0xc0, 18 | 19) => (HeaderKind::Manifest, kind == 19, low, 0x50),
        (0xc0, 13) => (HeaderKind::Opaque, false, low, 8),
        (0x90, _) => (HeaderKind::Message, false, low, 8),
        (0xb0, _) => (HeaderKind::Opaque, false, low, 8),
        _ => return None,
    };
    if matches!(header, HeaderKind::PerfInfo | HeaderKind::System | HeaderKind::Compact) && low & 0xff00 != 0
    {
        payload_at += extra_bytes(low);
    }
    if header == HeaderKind::Manifest && u16_at(bytes, 4)? & 1 != 0 {
        payload_at += extended_items(bytes.get(..size)?)?;
    }
    (size >= payload_at && size <= bytes.len()).then_some(Frame { header, wide, size, payload_at })
}

/// Bytes between a kernel header and its payload: a PEBS index and performance counters, told by the high byte
/// of the version.
#[cold]
fn extra_bytes(version: usize) -> usize {
    let pebs = if version & 0x8000 != 0 { 8 } else { 0 };
    pebs + (version >> 8 & 7) * 8
}

/// Bytes of the extended items that follow a manifest header: each has its size, and says whether another
/// follows (bit 0 of its reserved word).
#[cold]
fn extended_items(record: &[u8]) -> Option<usize> {
    let mut at = 0x50;
    loop {
        let size = u16_at(record, at)? as usize;
        let linked = u16_at(record, at + 4)? & 1 != 0;
        if size < 8 {
            return None;
        }
        at += size.next_multiple_of(8);
        if !linked || at >= record.len() {
            return Some(at.min(record.len()) - 0x50);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn perf_info(hook: u16, ticks: i64, payload: &[u8]) -> Vec<u8> {
        let size = (0x10 + payload.len()) as u16;
        let mut out = vec![2, 0, 17, 0xc0];
        out.extend(size.to_le_bytes());
        out.extend(hook.to_le_bytes());
        out.extend(ticks.to_le_bytes());
        out.extend(payload);
        out.resize(out.len().next_multiple_of(8), 0xaa);
        out
    }

    #[test]
    fn records_are_aligned_and_end_at_the_fill() {
        let mut body = perf_info(0x0e20, 7, b"abc");
        body.extend(perf_info(0x1820, 9, &[]));
        body.extend([0xff; 24]);
        let events: Vec<Event<'_>> = Events::new(&body).map(Result::unwrap).collect();
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].payload(), b"abc");
        assert_eq!((events[1].hook(), events[1].ticks(), events[1].offset), (Some(0x1820), Some(9), 24));
        assert_eq!(events[1].thread(), NO_ID);
    }

    #[test]
    fn counters_stand_between_header_and_payload() {
        let mut body = perf_info(0x0e20, 7, &[0; 24]);
        body[1] = 0x81;
        body[32..40].copy_from_slice(b"payload!");
        let event = Events::new(&body).next().unwrap().unwrap();
        assert_eq!(event.payload(), b"payload!");
        assert_eq!(event.version(), 2);
    }

    #[test]
    fn a_bad_record_is_passed_over_to_the_next_good_one() {
        let mut body = perf_info(0x0e20, 7, &[1; 40]);
        body[4] = 3;
        body.extend(perf_info(0x1820, 9, &[]));
        let all: Vec<_> = Events::new(&body).collect();
        assert_eq!(all[0].as_ref().unwrap_err().skipped, 56);
        assert_eq!(all[1].as_ref().unwrap().hook(), Some(0x1820));
        assert_eq!(all.len(), 2);
    }
}
