//! Writes performance binary logs (`.blg`): an ETW container with one provider's events, and inside the raw
//! counter structures of winperf.h and pdh.h.
//!
//! From two real logs described in the project's references and the public SDK headers.

mod object;

pub use object::PROCESS_COUNTERS;
use object::perf_block;

const BUFFER: usize = 65_536;
const PIECE: usize = 8_000;
const PROVIDER: [u8; 16] =
    [0xb3, 0x3b, 0x3f, 0x93, 0x3e, 0x94, 0x0d, 0x49, 0x9c, 0xed, 0x3c, 0xbb, 0x14, 0xc1, 0x44, 0x79];
const LOG: [u8; 16] =
    [0x21, 0x97, 0x38, 0x11, 0x66, 0x1d, 0x5b, 0x48, 0x83, 0x4f, 7, 0xf5, 0x54, 0x2e, 0x7e, 0xcf];
const LOG_NAME: &str = "11389721-1d66-485b-834f-07f5542e7ecf";

/// Types of counters (winperf.h).
pub mod counter_type {
    /// A gauge of 4 bytes.
    pub const RAW: u32 = 0x0001_0000;
    /// A gauge of 8 bytes.
    pub const LARGE_RAW: u32 = 0x0001_0100;
    /// A moment, of 8 bytes.
    pub const ELAPSED: u32 = 0x3024_0500;
    /// A count of 8 bytes whose rate is shown.
    pub const BULK: u32 = 0x1041_0500;
}

/// The host that logs.
#[derive(Clone, Debug)]
pub struct Host {
    /// 64-bit Windows.
    pub wide: bool,
    /// The file is a ring.
    pub circular: bool,
    /// Minutes from local standard time to UTC.
    pub bias: i32,
    /// What daylight time adds; 0 if there is none. It lasts from the last Sunday of March, 02:00, to the last
    /// Sunday of October, 03:00.
    pub daylight_bias: i32,
    /// Name of the standard time.
    pub zone_name: &'static str,
}

impl Default for Host {
    fn default() -> Self {
        Self { wide: true, circular: false, bias: 0, daylight_bias: 0, zone_name: "@tzres.dll,-932" }
    }
}

/// What the catalogue lists.
#[derive(Clone, Debug)]
pub enum Column {
    /// A whole object, by the name it has in the log's language.
    Object(&'static str),
    /// A counter of all instances.
    Instances(&'static str, &'static str, u32),
    /// A counter of one instance, or of an object without any.
    Single(&'static str, Option<&'static str>, &'static str, u32),
}

/// One part of a sample, in the order of the catalogue.
#[derive(Clone, Debug)]
pub enum Part {
    /// Status, value and clock.
    Single(u32, i64, i64),
    /// Status; name, value and clock of each instance.
    Instances(u32, Vec<(String, i64, i64)>),
    /// A whole object.
    Object(Object),
    /// A part of a kind no reader knows.
    Unknown,
}

/// A whole object in a sample.
#[derive(Clone, Debug)]
pub struct Object {
    /// Perflib index of its name.
    pub name: u32,
    /// Perflib index and type of each counter.
    pub counters: Vec<(u32, u32)>,
    /// Name and values of each instance.
    pub instances: Vec<(String, Vec<u64>)>,
    /// The object has no instances: the first one's values are the object's.
    pub single: bool,
}

/// A moment, in FILETIME units, as UTC and as the host's clock on the wall shows it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// UTC.
    pub utc: i64,
    /// Local.
    pub local: i64,
}

/// Ticks a second of the machine's performance counter in the logs written here.
pub const PERF_FREQUENCY: i64 = 1_000_000;

/// A log being written.
#[derive(Clone, Debug)]
pub struct BlgWriter {
    host: Host,
    file: Vec<u8>,
    buffer: Vec<u8>,
    sequence: u64,
}

impl BlgWriter {
    /// A log that starts at this moment.
    pub fn new(host: Host, start: Moment) -> Self {
        let mut writer = Self { host, file: Vec::new(), buffer: Vec::new(), sequence: 0 };
        let header = writer.header(start);
        writer.buffer.extend(header);
        writer.flush(4);
        writer
    }

    fn pointer(&self) -> usize {
        if self.host.wide { 8 } else { 4 }
    }

    /// The first event: TRACE_LOGFILE_HEADER in a system event.
    fn header(&self, start: Moment) -> Vec<u8> {
        let pointer = self.pointer();
        let mut body = Vec::new();
        body.extend((BUFFER as u32).to_le_bytes());
        body.extend([6, 1, 1, 5]);
        body.extend(7_601u32.to_le_bytes());
        body.extend(2u32.to_le_bytes());
        body.extend(0i64.to_le_bytes());
        body.extend(156_250u32.to_le_bytes());
        body.extend(0u32.to_le_bytes());
        body.extend(if self.host.circular { 0x0001_0002u32 } else { 0x0001_0001 }.to_le_bytes());
        body.extend(2u32.to_le_bytes());
        body.extend(1u32.to_le_bytes());
        body.extend((pointer as u32).to_le_bytes());
        body.extend(0u32.to_le_bytes());
        body.extend(2_000u32.to_le_bytes());
        body.extend(vec![0; pointer * 2]);
        body.extend(self.zone());
        body.resize(body.len().next_multiple_of(8), 0);
        body.extend((start.utc - 36_000_000_000).to_le_bytes());
        body.extend(PERF_FREQUENCY.to_le_bytes());
        body.extend(start.utc.to_le_bytes());
        // Clock of the events: system time.
        body.extend(2u32.to_le_bytes());
        body.extend(0u32.to_le_bytes());
        body.extend(wide(LOG_NAME));
        body.extend(wide("c:\\perflogs\\test_000001.blg"));
        let mut event = Vec::new();
        event.extend([2, 0, if self.host.wide { 2 } else { 1 }, 0xc0]);
        event.extend(((0x20 + body.len()) as u16).to_le_bytes());
        event.extend([0, 0]);
        event.extend(0u64.to_le_bytes());
        event.extend(start.local.to_le_bytes());
        event.extend(0u64.to_le_bytes());
        event.extend(body);
        event
    }

    /// TIME_ZONE_INFORMATION.
    fn zone(&self) -> Vec<u8> {
        let name = |text: &str| {
            let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            bytes.resize(64, 0);
            bytes
        };
        let date = |month: u16, hour: u16| {
            let month = if self.host.daylight_bias == 0 { 0 } else { month };
            [0, month, 0, 5, hour, 0, 0, 0].into_iter().flat_map(u16::to_le_bytes)
        };
        let mut out = Vec::new();
        out.extend(self.host.bias.to_le_bytes());
        out.extend(name(self.host.zone_name));
        out.extend(date(10, 3));
        out.extend(0i32.to_le_bytes());
        out.extend(name("summer"));
        out.extend(date(3, 2));
        out.extend(self.host.daylight_bias.to_le_bytes());
        out
    }

    /// Ends the buffer.
    fn flush(&mut self, kind: u16) {
        let filled = (0x48 + self.buffer.len()) as u32;
        let mut header = Vec::with_capacity(0x48);
        header.extend((BUFFER as u32).to_le_bytes());
        header.extend(filled.to_le_bytes());
        header.extend(filled.to_le_bytes());
        header.extend(0u32.to_le_bytes());
        header.extend(0u64.to_le_bytes());
        header.extend(self.sequence.to_le_bytes());
        header.extend(0u64.to_le_bytes());
        header.extend([0, 8, 0, 0]);
        header.extend(3u32.to_le_bytes());
        header.extend(filled.to_le_bytes());
        header.extend(1u16.to_le_bytes());
        header.extend(kind.to_le_bytes());
        header.extend([0; 16]);
        self.file.extend(header);
        self.file.append(&mut self.buffer);
        self.file.resize(self.file.len().next_multiple_of(BUFFER), 0xff);
        self.sequence += 1;
    }

    /// A record, in as many events as it takes.
    pub fn record(&mut self, opcode: u8, local: i64, data: &[u8]) -> &mut Self {
        let count = data.len().div_ceil(PIECE).max(1);
        for nth in 0..count {
            let piece = &data[nth * PIECE..data.len().min((nth + 1) * PIECE)];
            self.piece(opcode, local, nth as u32 + 1, count as u32, piece);
        }
        self
    }

    /// One event: a piece of a record.
    pub fn piece(&mut self, opcode: u8, local: i64, number: u32, count: u32, data: &[u8]) -> &mut Self {
        let size = 0x48 + data.len();
        if 0x48 + self.buffer.len() + size > BUFFER {
            self.flush(0);
        }
        let out = &mut self.buffer;
        out.extend((size as u16).to_le_bytes());
        out.extend([if self.host.wide { 0x14 } else { 0x0a }, 0xc0, opcode, 0]);
        out.extend(60u16.to_le_bytes());
        out.extend([1, 0, 0, 0, 2, 0, 0, 0]);
        out.extend(local.to_le_bytes());
        out.extend(PROVIDER);
        out.extend(0u64.to_le_bytes());
        out.extend(LOG);
        out.extend(number.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(data);
        out.resize(out.len().next_multiple_of(8), 0);
        self
    }

    /// The names of the source machine.
    pub fn names(&mut self, when: Moment, machine: &str, names: &[(u32, &str)]) -> &mut Self {
        let mut data = wide(&format!("\\\\{machine}"));
        for (index, name) in names {
            data.extend(wide(&index.to_string()));
            data.extend(wide(name));
        }
        self.record(0x24, when.local, &data)
    }

    /// The catalogue.
    pub fn catalogue(&mut self, when: Moment, machine: &str, columns: &[Column]) -> &mut Self {
        let mut data = 0x6ffu32.to_le_bytes().to_vec();
        data.extend(0x0002_0008u32.to_le_bytes());
        for column in columns {
            data.extend(entry(machine, column));
        }
        self.record(0x20, when.local, &data)
    }

    /// One sample.
    pub fn sample(&mut self, when: Moment, parts: &[Part]) -> &mut Self {
        let data = sample(when, parts);
        self.record(0x22, when.local, &data)
    }

    /// The trailer, which logs that were cut short do not have.
    pub fn trailer(&mut self, first: Moment, last: Moment, samples: u32) -> &mut Self {
        let mut data = first.utc.to_le_bytes().to_vec();
        data.extend(last.utc.to_le_bytes());
        data.extend(samples.to_le_bytes());
        data.extend(0u32.to_le_bytes());
        self.record(0x23, last.local, &data)
    }

    /// The log's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut whole = self.clone();
        if !whole.buffer.is_empty() {
            whole.flush(0);
        }
        whole.file
    }
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn entry(machine: &str, column: &Column) -> Vec<u8> {
    let (flags, object, instance, counter, kind) = match column {
        Column::Object(object) => (0x10u32, *object, Some("*"), None, 0),
        Column::Instances(object, counter, kind) => (1, *object, Some("*"), Some(*counter), *kind),
        Column::Single(object, instance, counter, kind) => (0, *object, *instance, Some(*counter), *kind),
    };
    let mut texts = Vec::new();
    let mut offset = |text: Option<&str>| match text {
        Some(text) => {
            let at = texts.len() as u32;
            texts.extend(wide(text));
            at
        }
        None => u32::MAX,
    };
    let machine = offset(Some(&format!("\\\\{machine}")));
    let object = offset(Some(object));
    let instance = offset(instance);
    let counter = offset(counter);
    texts.resize(texts.len().next_multiple_of(8), 0);
    let mut out = Vec::new();
    out.extend((0x34 + texts.len() as u32).to_le_bytes());
    out.extend(flags.to_le_bytes());
    out.extend(0u32.to_le_bytes());
    out.extend(kind.to_le_bytes());
    out.extend((PERF_FREQUENCY as u64).to_le_bytes());
    out.extend(0i32.to_le_bytes());
    for offset in [machine, object, instance, u32::MAX, 0, counter] {
        out.extend(offset.to_le_bytes());
    }
    out.extend(texts);
    out
}

fn sample(when: Moment, parts: &[Part]) -> Vec<u8> {
    let mut data = Vec::new();
    for part in parts {
        let (kind, body) = match part {
            Part::Single(status, value, clock) => {
                let mut body = status.to_le_bytes().to_vec();
                body.extend(when.local.to_le_bytes());
                body.extend(0u32.to_le_bytes());
                body.extend(value.to_le_bytes());
                body.extend(clock.to_le_bytes());
                body.extend(1u64.to_le_bytes());
                (1u8, body)
            }
            Part::Instances(status, items) => (2, instances(when, *status, items)),
            Part::Object(object) => (5, perf_block(when, object)),
            Part::Unknown => (9, vec![7; 24]),
        };
        data.extend([b'B', b'L', 3, kind]);
        data.extend((8 + body.len() as u32).to_le_bytes());
        data.extend(body);
    }
    let mut out = b"BL\x03\0".to_vec();
    out.extend((8 + data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

fn instances(when: Moment, status: u32, items: &[(String, i64, i64)]) -> Vec<u8> {
    let mut texts = Vec::new();
    let mut array = Vec::new();
    for (name, value, clock) in items {
        array.extend(((items.len() * 24 + texts.len()) as u32).to_le_bytes());
        array.extend(0u32.to_le_bytes());
        array.extend(value.to_le_bytes());
        array.extend(clock.to_le_bytes());
        texts.extend(wide(name));
    }
    texts.resize(texts.len().next_multiple_of(8), 0);
    let mut out = ((24 + array.len() + texts.len()) as u32).to_le_bytes().to_vec();
    out.extend((items.len() as u32).to_le_bytes());
    out.extend(status.to_le_bytes());
    out.extend(0u32.to_le_bytes());
    out.extend(when.local.to_le_bytes());
    out.extend(array);
    out.extend(texts);
    out
}

/// A log of at least `bytes` bytes for benches: Process with 120 processes of which some come and go, and
/// Memory, every 15 seconds. The same bytes for the same length.
pub fn bulk(bytes: usize) -> Vec<u8> {
    let start = 133_000_000_000_000_000i64;
    let at = |sample: i64| Moment { utc: start + sample * 150_000_000, local: start + sample * 150_000_000 };
    let mut writer = BlgWriter::new(Host::default(), at(0));
    writer.names(
        at(0),
        "SRV",
        &[(4, "Memory"), (230, "Process"), (58, "Pool Nonpaged Bytes"), (952, "Handle Count")],
    );
    writer.catalogue(at(0), "SRV", &[Column::Object("Process"), Column::Object("Memory")]);
    let mut sample = 0u64;
    while writer.file.len() < bytes {
        let processes = (0..120u64).map(|nth| {
            let name = if nth % 3 == 0 { "svchost".to_owned() } else { format!("app{nth}") };
            // Every 50 samples one process in ten is replaced.
            let process_id = 1_000 + nth * 4 + if nth % 10 == 0 { sample / 50 * 1_000 } else { 0 };
            let values = PROCESS_COUNTERS.iter().map(|(index, _)| match index {
                784 => process_id,
                952 => 300 + nth + sample,
                684 => start as u64 - 10_000_000 * nth,
                _ => nth * 1_000 + sample * 7 + u64::from(*index),
            });
            (name, values.collect())
        });
        let processes = Object {
            name: 230,
            counters: PROCESS_COUNTERS.to_vec(),
            instances: processes.collect(),
            single: false,
        };
        let memory = Object {
            name: 4,
            counters: vec![(58, counter_type::LARGE_RAW), (56, counter_type::LARGE_RAW)],
            instances: vec![(String::new(), vec![50_000_000 + sample * 4_096, 90_000_000])],
            single: true,
        };
        writer.sample(at(sample as i64), &[Part::Object(processes), Part::Object(memory)]);
        sample += 1;
    }
    writer.bytes()
}
