//! The chain of buffers an ETL file is: one cheap pass over the buffer headers gives an index, from which any
//! buffer can be read alone.
//!
//! The container does not decode events. It serves every file of this kind: kernel traces, and the binary
//! performance logs (`.blg`) that are one provider's events in the same buffers.

use crate::error::FormatError;
use crate::etl::buffer::{BUFFER_HEADER_BYTES, BufferHeader, TYPE_HEADER};
use crate::etl::decompress::{self, Compression};
use crate::etl::event::{EventId, Events};
use crate::etl::le::u32_at;
use crate::etl::logfile::LogfileHeader;
use crate::input::{ReadAt, read_vec};
use crate::limits::{ETL_RESYNC_BLOCK_BYTES, MAX_ETL_BUFFERS, MAX_ETL_RESYNCS};
use crate::parsed::{Parsed, Place};

/// Where one buffer is, and what its header said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BufferEntry {
    /// Offset of the buffer's header in the file.
    pub offset: u64,
    /// Bytes of the buffer in the file, header included; less than the header's size if the file ends first.
    pub stored_bytes: u32,
    /// The header.
    pub header: BufferHeader,
}

/// An indexed trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Container {
    /// The trace's own description; `None` if its first event could not be read.
    pub logfile: Option<LogfileHeader>,
    /// How compressed buffers are compressed; `None` if none is.
    pub compression: Option<Compression>,
    /// Every buffer, in file order, the header buffer first.
    pub buffers: Vec<BufferEntry>,
}

/// The buffers of one processor in the order of their events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stream {
    /// The processor.
    pub processor: u16,
    /// Indexes into [`Container::buffers`], by sequence number.
    pub buffers: Vec<u32>,
}

/// Memory for reading one buffer after another without allocating.
#[derive(Clone, Default, Debug)]
pub struct BufferMemory {
    stored: Vec<u8>,
    unpacked: Vec<u8>,
}

/// The body of a buffer, and what was wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    /// The event records, without the buffer's header and without the fill; feed it to [`Events`].
    pub bytes: &'a [u8],
    /// Why the body is shorter than its header says.
    pub damage: Option<Damage>,
}

/// Why a body is shorter than its header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damage {
    /// The file ends inside the buffer.
    #[error("the file ends {missing} bytes before the end of the buffer")]
    CutOff {
        /// Bytes that are not there.
        missing: u32,
    },
    /// Decompression stopped early.
    #[error(transparent)]
    Decompress(#[from] decompress::DecompressError),
}

impl Container {
    /// Indexes a file. Damaged buffer headers are passed over to the next place where a buffer could start,
    /// and noted.
    ///
    /// # Errors
    /// [`FormatError::NotThisFormat`] if no buffer of a trace starts the file, [`FormatError::Read`].
    pub fn open(input: &dyn ReadAt) -> Result<Parsed<Self>, FormatError> {
        let head = read_vec(input, 0, BUFFER_HEADER_BYTES + 8)?;
        let first = BufferHeader::decode(&head).filter(|_| looks_like_trace(&head)).ok_or_else(|| {
            FormatError::not_this(
                "an ETW trace",
                Place::Offset(0),
                "the header of a trace's first buffer",
                &head,
            )
        })?;
        let mut parsed = Parsed::new(Self { logfile: None, compression: None, buffers: Vec::new() });
        let mut memory = BufferMemory::default();
        let entry = BufferEntry {
            offset: 0,
            stored_bytes: u32::try_from(input.len()).unwrap_or(u32::MAX).min(first.size),
            header: first,
        };
        let body = parsed.value.read(input, &entry, &mut memory)?;
        let logfile = Events::new(body.bytes).flatten().find_map(|event| {
            (event.id() == EventId::Hook(0))
                .then(|| LogfileHeader::decode(event.payload(), event.ticks()?, event.wide))?
        });
        if logfile.is_none() {
            parsed.note(Place::Offset(0), "the first buffer holds no readable trace header event");
        }
        parsed.value.compression =
            logfile.as_ref().filter(|l| l.is_compressed()).and_then(|_| Compression::from_code(first.state));
        let grid = logfile.as_ref().filter(|l| !l.is_compressed()).map(|l| u64::from(l.buffer_bytes));
        parsed.value.logfile = logfile;
        index(input, grid, &mut parsed)?;
        let packed = parsed.value.buffers.iter().find(|entry| entry.header.is_compressed());
        if let (None, Some(packed)) = (parsed.value.compression, packed) {
            let offset = packed.offset;
            let known = Compression::from_code(first.state);
            if known.is_none() {
                parsed.note(
                    Place::Offset(offset),
                    format!("compressed with unknown method {}, read as XPRESS", first.state & 0xffff),
                );
            }
            parsed.value.compression = Some(known.unwrap_or(Compression::Xpress));
        }
        Ok(parsed)
    }

    /// Reads one buffer, decompressed if it is compressed. The body lives in `memory` until the next read.
    ///
    /// # Errors
    /// [`FormatError::Read`].
    pub fn read<'m>(
        &self,
        input: &dyn ReadAt,
        entry: &BufferEntry,
        memory: &'m mut BufferMemory,
    ) -> Result<Body<'m>, FormatError> {
        let header = &entry.header;
        let packed = header.is_compressed();
        let filled = if header.valid_end == 0 { header.saved_offset } else { header.valid_end };
        let stated = if packed { header.size } else { filled.min(header.size) } as usize;
        let stated = stated.saturating_sub(BUFFER_HEADER_BYTES);
        if memory.stored.len() < stated {
            memory.stored.resize(stated, 0);
        }
        let target = &mut memory.stored[..stated];
        let offset = entry.offset + BUFFER_HEADER_BYTES as u64;
        let got = input.read_at(offset, target).map_err(|source| FormatError::Read { offset, source })?;
        let cut = (got < stated).then(|| Damage::CutOff { missing: (stated - got) as u32 });
        let stored = memory.stored.get(..got).unwrap_or(&[]);
        if !packed {
            return Ok(Body { bytes: stored, damage: cut });
        }
        let want = (header.saved_offset as usize).saturating_sub(BUFFER_HEADER_BYTES);
        let compression = self.compression.unwrap_or(Compression::Xpress);
        let result = decompress::decompress(compression, stored, &mut memory.unpacked, want);
        let good = result.map_or_else(|error| error.done(), |()| want);
        let filled = (filled as usize).saturating_sub(BUFFER_HEADER_BYTES).min(good);
        let bytes = memory.unpacked.get(..filled).unwrap_or(&[]);
        Ok(Body { bytes, damage: cut.or(result.err().map(Damage::Decompress)) })
    }

    /// The buffers with events, by processor and in the order of their events.
    pub fn streams(&self) -> Vec<Stream> {
        let mut order: Vec<(u16, i64, u32)> = self
            .buffers
            .iter()
            .zip(0u32..)
            .filter(|(entry, _)| entry.header.carries_events())
            .map(|(entry, at)| (entry.header.processor, entry.header.sequence, at))
            .collect();
        order.sort_unstable();
        order
            .chunk_by(|a, b| a.0 == b.0)
            .map(|run| Stream {
                processor: run.first().map_or(0, |first| first.0),
                buffers: run.iter().map(|(_, _, at)| *at).collect(),
            })
            .collect()
    }

    /// Bytes of one buffer before compression: the most that [`Container::read`] gives, header included.
    pub fn buffer_bytes(&self) -> usize {
        let of = |entry: &BufferEntry| entry.header.saved_offset.max(entry.header.valid_end) as usize;
        self.buffers.iter().map(of).max().unwrap_or(0)
    }
}

/// True if a file that starts so is a trace: a plausible buffer header of type 4 (or one that cannot hold
/// anything else), then the marker of a kernel event header with hook 0.
pub fn looks_like_trace(head: &[u8]) -> bool {
    let Some(header) = BufferHeader::decode(head) else { return false };
    let first = u32_at(head, BUFFER_HEADER_BYTES).unwrap_or(0);
    let hook = u32_at(head, BUFFER_HEADER_BYTES + 4).map_or(u32::MAX, |dword| dword >> 16);
    let kernel_event = first >> 24 == 0xc0 && matches!(first >> 16 & 0xff, 1..=4 | 16 | 17);
    header.implausible().is_none() && header.kind == TYPE_HEADER && kernel_event && hook == 0
}

/// Follows the chain from the start of the file to its end.
fn index(input: &dyn ReadAt, grid: Option<u64>, parsed: &mut Parsed<Container>) -> Result<(), FormatError> {
    let total = input.len();
    let mut offset = 0u64;
    let mut resyncs = 0usize;
    let mut head = [0u8; BUFFER_HEADER_BYTES + 8];
    while offset + (BUFFER_HEADER_BYTES as u64) <= total {
        let got = input.read_at(offset, &mut head).map_err(|source| FormatError::Read { offset, source })?;
        let head = &head[..got.min(head.len())];
        let Some(header) = BufferHeader::decode(head) else { break };
        if let Some(fault) = header.implausible() {
            resyncs += 1;
            if resyncs > MAX_ETL_RESYNCS {
                parsed.bad(Place::Offset(offset), "too many damaged buffer headers; the rest is not read");
                return Ok(());
            }
            let next = next_buffer(input, offset, grid)?;
            let upto = next.unwrap_or(total);
            let zeros = if head.iter().all(|byte| *byte == 0) { " (zeros)" } else { "" };
            parsed.bad(
                Place::Offset(offset),
                format!(
                    "expected a buffer header, found {fault}{zeros}; {} bytes passed over",
                    upto - offset
                ),
            );
            offset = upto;
            continue;
        }
        if offset > 0 && looks_like_trace(head) {
            parsed.note(
                Place::Offset(offset),
                format!(
                    "another trace starts here; its {} bytes are not read as part of this one",
                    total - offset
                ),
            );
            return Ok(());
        }
        if parsed.value.buffers.len() >= MAX_ETL_BUFFERS {
            parsed
                .note(Place::Offset(offset), format!("over {MAX_ETL_BUFFERS} buffers; the rest is not read"));
            return Ok(());
        }
        let left = total - offset;
        if u64::from(header.size) > left {
            parsed.note(
                Place::Offset(offset),
                format!("the last buffer should have {} bytes, the file has {left} more", header.size),
            );
        }
        let stored_bytes = u32::try_from(left).unwrap_or(u32::MAX).min(header.size);
        parsed.value.buffers.push(BufferEntry { offset, stored_bytes, header });
        parsed.coverage.records += 1;
        offset += u64::from(header.size);
    }
    if offset < total {
        parsed.note(Place::Offset(offset), format!("{} bytes at the end are no buffer", total - offset));
    }
    Ok(())
}

/// The next offset after a damaged header where a plausible one stands: on the grid of equal buffers if the
/// trace is not compressed, else anywhere. `None` if there is none.
fn next_buffer(input: &dyn ReadAt, offset: u64, grid: Option<u64>) -> Result<Option<u64>, FormatError> {
    let total = input.len();
    let plausible = |bytes: &[u8]| {
        BufferHeader::decode(bytes).is_some_and(|header| {
            header.implausible().is_none() && header.valid_end as usize >= BUFFER_HEADER_BYTES
        }) && u32_at(bytes, BUFFER_HEADER_BYTES).is_some()
    };
    if let Some(grid) = grid.filter(|grid| *grid >= BUFFER_HEADER_BYTES as u64) {
        let mut head = [0u8; BUFFER_HEADER_BYTES + 8];
        let mut at = (offset / grid + 1) * grid;
        while at < total {
            let got =
                input.read_at(at, &mut head).map_err(|source| FormatError::Read { offset: at, source })?;
            if plausible(&head[..got.min(head.len())]) {
                return Ok(Some(at));
            }
            at += grid;
        }
        return Ok(None);
    }
    let mut at = offset + 1;
    while at < total {
        let block = read_vec(input, at, ETL_RESYNC_BLOCK_BYTES)?;
        let found = (0..block.len().saturating_sub(BUFFER_HEADER_BYTES + 8)).find(|place| {
            // Reserved high bytes of the flags and the type are zero in every header: test these first.
            block.get(place + 0x37) == Some(&0)
                && block.get(place + 0x35) == Some(&0)
                && block.get(*place..).is_some_and(|bytes| {
                    plausible(bytes) && BufferHeader::decode(bytes).is_some_and(|h| h.is_compressed())
                })
        });
        if let Some(found) = found {
            return Ok(Some(at + found as u64));
        }
        if block.len() < ETL_RESYNC_BLOCK_BYTES {
            return Ok(None);
        }
        at += (ETL_RESYNC_BLOCK_BYTES - BUFFER_HEADER_BYTES - 8) as u64;
    }
    Ok(None)
}

impl Container {
    /// Sequence numbers missing between the lowest and the highest. They count up over all processors of a
    /// session, so in a whole file they are dense. A ring's oldest numbers are left out: processors reach back
    /// unequally there. Empty also when the numbers are not dense at all and so no counters.
    pub fn missing_sequences(&self) -> Vec<i64> {
        let circular = self.logfile.as_ref().is_some_and(LogfileHeader::is_circular);
        let entries = self.buffers.iter().filter(|entry| !circular || entry.header.kind != TYPE_HEADER);
        let mut numbers: Vec<i64> = entries.map(|entry| entry.header.sequence).filter(|n| *n >= 0).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if circular {
            // The latest first buffer of any processor: from there on every processor is present.
            let firsts = self.streams().into_iter().filter_map(|stream| {
                let entries = stream.buffers.iter().filter_map(|at| self.buffers.get(*at as usize));
                entries
                    .filter(|entry| entry.header.kind != TYPE_HEADER)
                    .map(|entry| entry.header.sequence)
                    .min()
            });
            let from = firsts.max().unwrap_or(i64::MIN);
            numbers.retain(|number| *number >= from);
        }
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return Vec::new() };
        let missing = last.abs_diff(*first).saturating_add(1).saturating_sub(numbers.len() as u64);
        if missing > 4 * numbers.len() as u64 + 64 {
            return Vec::new();
        }
        numbers.array_windows().flat_map(|[a, b]| a + 1..*b).collect()
    }
}

impl BufferMemory {
    /// The body that was read last, from `at`; `length` is what [`Container::read`] gave.
    pub(crate) fn body(&self, packed: bool, length: usize, at: usize) -> &[u8] {
        let memory = if packed { &self.unpacked } else { &self.stored };
        memory.get(at..length).unwrap_or(&[])
    }
}
