//! Writes the container: buffers by processor, the trace header, flags, losses, compression. Streams to any
//! sink, so that traces larger than memory can be made.

use std::io::{self, Seek, SeekFrom, Write};

use super::pack::Packing;

/// How a trace file is laid out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// 64-bit system; else 32-bit.
    pub wide: bool,
    /// Processors.
    pub processors: u16,
    /// Bytes of a buffer before packing.
    pub buffer_bytes: u32,
    /// Packing of the buffers.
    pub packing: Option<Packing>,
    /// Clock: 1 performance counter, 2 system time, 3 cycles.
    pub clock: u32,
    /// Ticks a second (of the performance counter; for cycles millions a second are derived).
    pub frequency: i64,
    /// Buffers wait in a queue this long before they are written, and leave it in a shuffled order.
    pub shuffle: usize,
    /// Every so many buffers one is lost (0: none).
    pub lose_every: u64,
    /// The losses are told by the header and by the flags of later buffers; else only the numbers miss.
    pub tell_losses: bool,
    /// `LogFileMode` bits added to those that follow from the rest.
    pub mode: u32,
    /// Windows build.
    pub build: u32,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            wide: true,
            processors: 4,
            buffer_bytes: 65_536,
            packing: None,
            clock: 1,
            frequency: 10_000_000,
            shuffle: 3,
            lose_every: 0,
            tell_losses: true,
            mode: 0x0200_0001,
            build: 19_041,
        }
    }
}

const HEADER: usize = 72;
/// 2026-01-01 00:00:00 UTC.
pub const START_FILETIME: i64 = 134_116_992_000_000_000;
/// Ticks of the trace's first event.
pub const START_TICKS: i64 = 5_000_000_000;

struct Filling {
    body: Vec<u8>,
    sequence: i64,
    lost_before: bool,
}

/// The writer.
pub struct EtlWriter<W> {
    layout: Layout,
    sink: W,
    filling: Vec<Filling>,
    queue: Vec<(u16, Filling)>,
    next_sequence: i64,
    flushed: u64,
    written: u32,
    lost: u32,
    last_ticks: i64,
    random: u64,
}

impl<W: Write + Seek> EtlWriter<W> {
    /// Starts a trace; the header buffer is completed at the end.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn new(layout: Layout, mut sink: W) -> io::Result<Self> {
        let blank = vec![0; layout.header_buffer_bytes()];
        sink.write_all(&blank)?;
        let filling =
            (0..layout.processors).map(|_| Filling { body: Vec::new(), sequence: 0, lost_before: false });
        Ok(Self {
            filling: filling.collect(),
            layout,
            sink,
            queue: Vec::new(),
            next_sequence: 1,
            flushed: 0,
            written: 1,
            lost: 0,
            last_ticks: START_TICKS,
            random: 0x1234_5678_9abc_def1,
        })
    }

    /// Appends a record to a processor's buffer. Records of one processor must come in time order.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn record(&mut self, processor: u16, ticks: i64, record: &[u8]) -> io::Result<()> {
        self.last_ticks = self.last_ticks.max(ticks);
        let room = self.layout.buffer_bytes as usize - HEADER;
        let aligned = record.len().next_multiple_of(8);
        if self.filling[processor as usize].body.len() + aligned > room {
            self.flush(processor)?;
        }
        let filling = &mut self.filling[processor as usize];
        if filling.body.is_empty() {
            filling.sequence = self.next_sequence;
            self.next_sequence += 1;
        }
        filling.body.extend_from_slice(record);
        filling.body.resize(filling.body.len().next_multiple_of(8), 0);
        Ok(())
    }

    /// Ends a processor's buffer as it is.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn flush(&mut self, processor: u16) -> io::Result<()> {
        let filling = &mut self.filling[processor as usize];
        if filling.body.is_empty() {
            return Ok(());
        }
        let body = Vec::with_capacity(filling.body.capacity());
        let full = std::mem::replace(filling, Filling { body, sequence: 0, lost_before: false });
        self.flushed += 1;
        if self.layout.lose_every > 0 && self.flushed.is_multiple_of(self.layout.lose_every) {
            self.lost += 1;
            self.filling[processor as usize].lost_before = self.layout.tell_losses;
            return Ok(());
        }
        self.queue.push((processor, full));
        if self.queue.len() > self.layout.shuffle {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let at = (self.random % self.queue.len() as u64) as usize;
            // Buffers of one processor keep their order.
            let processor = self.queue[at].0;
            let first = self.queue.iter().position(|(known, _)| *known == processor).unwrap_or(at);
            let (processor, buffer) = self.queue.remove(first);
            self.write_buffer(processor, &buffer)?;
        }
        Ok(())
    }

    fn write_buffer(&mut self, processor: u16, buffer: &Filling) -> io::Result<()> {
        self.written += 1;
        let mut flags = 0x20 | if buffer.lost_before { 0x4 } else { 0 };
        let filled = (HEADER + buffer.body.len()) as u32;
        let (stored, size) = match self.layout.packing {
            Some(packing) => {
                flags |= 0x40;
                let packed = packing.pack(&buffer.body);
                let size = (HEADER + packed.len()) as u32;
                (packed, size)
            }
            None => {
                let mut stored = buffer.body.clone();
                stored.resize(self.layout.buffer_bytes as usize - HEADER, 0xff);
                (stored, self.layout.buffer_bytes)
            }
        };
        let header = buffer_header(size, filled, buffer.sequence, processor, flags, 0, 3);
        self.sink.write_all(&header)?;
        self.sink.write_all(&stored)
    }

    /// Writes what is left and the header; gives the sink.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(mut self) -> io::Result<W> {
        for processor in 0..self.layout.processors {
            self.flush(processor)?;
        }
        for (processor, buffer) in std::mem::take(&mut self.queue) {
            self.write_buffer(processor, &buffer)?;
        }
        let end = self.sink.stream_position()?;
        let body = self.layout.first_event(self.written, self.lost, self.last_ticks);
        let size = self.layout.header_buffer_bytes();
        let state = self.layout.packing.map_or(3, Packing::code);
        let mut first =
            buffer_header(size as u32, (HEADER + body.len()) as u32, 0, 0, 0x21, 4, state).to_vec();
        first.extend(body);
        first.resize(size, 0xff);
        self.sink.seek(SeekFrom::Start(0))?;
        self.sink.write_all(&first)?;
        self.sink.seek(SeekFrom::Start(end))?;
        Ok(self.sink)
    }
}

fn buffer_header(
    size: u32,
    filled: u32,
    sequence: i64,
    cpu: u16,
    flags: u16,
    kind: u16,
    state: u32,
) -> [u8; HEADER] {
    let mut header = [0u8; HEADER];
    header[0x00..0x04].copy_from_slice(&size.to_le_bytes());
    header[0x04..0x08].copy_from_slice(&filled.to_le_bytes());
    header[0x08..0x0c].copy_from_slice(&(filled + 0x10000).to_le_bytes());
    header[0x18..0x20].copy_from_slice(&sequence.to_le_bytes());
    header[0x20..0x28].copy_from_slice(&0xffff_e000_dead_beefu64.to_le_bytes());
    header[0x28..0x2a].copy_from_slice(&cpu.to_le_bytes());
    header[0x2c..0x30].copy_from_slice(&state.to_le_bytes());
    header[0x30..0x34].copy_from_slice(&filled.to_le_bytes());
    header[0x34..0x36].copy_from_slice(&flags.to_le_bytes());
    header[0x36..0x38].copy_from_slice(&kind.to_le_bytes());
    header
}

impl Layout {
    fn header_buffer_bytes(&self) -> usize {
        if self.packing.is_some() { 1024 } else { self.buffer_bytes as usize }
    }

    /// Hook 0x0000: a SYSTEM header, TRACE_LOGFILE_HEADER, two names.
    fn first_event(&self, buffers_written: u32, lost: u32, last_ticks: i64) -> Vec<u8> {
        let pointer = if self.wide { 8 } else { 4 };
        let mode = self.mode | if self.packing.is_some() { 0x0400_0000 } else { 0 };
        let mut payload = Vec::new();
        payload.extend(self.buffer_bytes.to_le_bytes());
        payload.extend([10, 0, if self.packing.is_some() { 2 } else { 1 }, 5]);
        payload.extend(self.build.to_le_bytes());
        payload.extend(u32::from(self.processors).to_le_bytes());
        let length = (last_ticks - START_TICKS) as i128 * 10_000_000 / self.frequency as i128;
        payload.extend((START_FILETIME + length as i64).to_le_bytes());
        payload.extend(156_250u32.to_le_bytes());
        payload.extend(0u32.to_le_bytes());
        payload.extend(mode.to_le_bytes());
        payload.extend(buffers_written.to_le_bytes());
        payload.extend(1u32.to_le_bytes());
        payload.extend((pointer as u32).to_le_bytes());
        payload.extend(0u32.to_le_bytes());
        payload.extend(((self.frequency / 1_000_000) as u32).to_le_bytes());
        payload.extend(vec![0; 2 * pointer]);
        payload.extend([0; 0xac]);
        // Alignment of the three times that follow: the zone's 172 bytes end on a multiple of four.
        payload.resize(payload.len().next_multiple_of(8), 0);
        payload.extend((START_FILETIME - 36_000_000_000).to_le_bytes());
        payload.extend(self.frequency.to_le_bytes());
        payload.extend(START_FILETIME.to_le_bytes());
        payload.extend(self.clock.to_le_bytes());
        payload.extend(if self.tell_losses { lost } else { 0 }.to_le_bytes());
        for name in ["poolscope testkit", "C:\\trace.etl"] {
            payload.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        }
        let mut record = vec![2, 0, if self.wide { 2 } else { 1 }, 0xc0];
        record.extend(((0x20 + payload.len()) as u16).to_le_bytes());
        record.extend([0, 0]);
        record.extend([0; 8]);
        let zero = if self.clock == 2 { START_FILETIME } else { START_TICKS };
        record.extend(zero.to_le_bytes());
        record.extend([0; 8]);
        record.extend(payload);
        record.resize(record.len().next_multiple_of(8), 0);
        record
    }
}
