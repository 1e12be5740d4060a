//! Encodes event records: headers of every kernel kind, and the payloads of pool, stack, image, process and
//! thread events in every version.

/// The header a kernel record gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// With processor times: types 1 and 2.
    System,
    /// Without them: types 3 and 4.
    Compact,
    /// Hook and time only: types 16 and 17.
    PerfInfo,
    /// Hook and time, with a PEBS index and two performance counters before the payload.
    PerfInfoWithCounters,
}

/// Who and when.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Ticks.
    pub ticks: i64,
    /// Process id.
    pub process: u32,
    /// Thread id.
    pub thread: u32,
}

/// A kernel record.
pub fn kernel(header: Header, wide: bool, hook: u16, version: u8, when: Moment, payload: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(0x40 + payload.len());
    let (kind, bytes) = match header {
        Header::System => (1, 0x20),
        Header::Compact => (3, 0x18),
        Header::PerfInfo => (16, 0x10),
        Header::PerfInfoWithCounters => (16, 0x10 + 8 + 16),
    };
    let high = if header == Header::PerfInfoWithCounters { 0x82 } else { 0 };
    record.extend([version, high, kind + u8::from(wide), 0xc0]);
    record.extend(((bytes + payload.len()) as u16).to_le_bytes());
    record.extend(hook.to_le_bytes());
    if matches!(header, Header::System | Header::Compact) {
        record.extend(when.thread.to_le_bytes());
        record.extend(when.process.to_le_bytes());
    }
    record.extend(when.ticks.to_le_bytes());
    record.resize(bytes, 0x5a);
    record.extend_from_slice(payload);
    record
}

/// A classic record (FULL_HEADER).
pub fn classic(
    wide: bool,
    provider: [u8; 16],
    opcode: u8,
    version: u16,
    when: Moment,
    payload: &[u8],
) -> Vec<u8> {
    let mut record = Vec::new();
    record.extend(((0x30 + payload.len()) as u16).to_le_bytes());
    record.extend([if wide { 20 } else { 10 }, 0xc0, opcode, 0]);
    record.extend(version.to_le_bytes());
    record.extend(when.thread.to_le_bytes());
    record.extend(when.process.to_le_bytes());
    record.extend(when.ticks.to_le_bytes());
    record.extend(provider);
    record.extend([0; 8]);
    record.extend_from_slice(payload);
    record
}

/// A manifest record with one extended item.
pub fn manifest(wide: bool, provider: [u8; 16], id: u16, when: Moment, payload: &[u8]) -> Vec<u8> {
    let mut record = vec![0, 0, if wide { 19 } else { 18 }, 0xc0];
    record.extend(1u16.to_le_bytes());
    record.extend([0; 2]);
    record.extend(when.thread.to_le_bytes());
    record.extend(when.process.to_le_bytes());
    record.extend(when.ticks.to_le_bytes());
    record.extend(provider);
    record.extend(id.to_le_bytes());
    record.extend([0, 0, 4, 7, 0, 0]);
    record.extend([0; 32]);
    record.extend([16, 0, 1, 0, 0, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    record.extend_from_slice(payload);
    let size = record.len() as u16;
    record[..2].copy_from_slice(&size.to_le_bytes());
    record
}

fn pointer(out: &mut Vec<u8>, value: u64, wide: bool) {
    if wide { out.extend(value.to_le_bytes()) } else { out.extend((value as u32).to_le_bytes()) }
}

/// A pool event's payload; `session` for the session hooks.
pub fn pool(
    wide: bool,
    pool_type: u32,
    tag: [u8; 4],
    bytes: u64,
    address: u64,
    session: Option<u32>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(28);
    out.extend(pool_type.to_le_bytes());
    out.extend(tag);
    pointer(&mut out, bytes, wide);
    pointer(&mut out, address, wide);
    if let Some(session) = session {
        out.extend(session.to_le_bytes());
    }
    out
}

/// A whole stack.
pub fn stack(wide: bool, of: Moment, frames: &[u64]) -> Vec<u8> {
    let mut out = stack_head(of);
    frames.iter().for_each(|frame| pointer(&mut out, *frame, wide));
    out
}

/// A stack by key.
pub fn stack_by_key(wide: bool, of: Moment, key: u64) -> Vec<u8> {
    let mut out = stack_head(of);
    pointer(&mut out, key, wide);
    out
}

fn stack_head(of: Moment) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    out.extend(of.ticks.to_le_bytes());
    out.extend(of.process.to_le_bytes());
    out.extend(of.thread.to_le_bytes());
    out
}

/// What a key stands for.
pub fn stack_key(wide: bool, key: u64, frames: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    pointer(&mut out, key, wide);
    frames.iter().for_each(|frame| pointer(&mut out, *frame, wide));
    out
}

/// UTF-16 with its zero.
pub fn utf16z(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// An image.
#[derive(Clone, Debug)]
pub struct ImageFacts {
    /// First byte.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// Process, 0 for the kernel.
    pub process: u32,
    /// Link time.
    pub stamp: u32,
    /// Path.
    pub path: String,
}

/// An image event's payload in a version (0 to 3).
pub fn image(wide: bool, version: u8, image: &ImageFacts) -> Vec<u8> {
    let mut out = Vec::new();
    pointer(&mut out, image.base, wide);
    if version == 0 {
        out.extend((image.size as u32).to_le_bytes());
        out.extend(utf16z(&image.path));
        return out;
    }
    pointer(&mut out, image.size, wide);
    out.extend(image.process.to_le_bytes());
    if version >= 2 {
        out.extend(0xabcdu32.to_le_bytes());
        out.extend(image.stamp.to_le_bytes());
        out.extend([0; 4]);
        pointer(&mut out, image.base, wide);
        out.extend([0; 16]);
    }
    out.extend(utf16z(&image.path));
    out
}

/// A process event's payload in a version (1 to 5).
pub fn process(wide: bool, version: u8, id: u32, parent: u32, name: &str, with_sid: bool) -> Vec<u8> {
    let mut out = Vec::new();
    pointer(&mut out, 0xffff_8000_1000_0000, wide);
    out.extend(id.to_le_bytes());
    out.extend(parent.to_le_bytes());
    out.extend(1u32.to_le_bytes());
    out.extend(259u32.to_le_bytes());
    if version >= 3 {
        pointer(&mut out, 0x1aa000, wide);
    }
    if version >= 4 {
        out.extend(0u32.to_le_bytes());
    }
    if with_sid {
        // TOKEN_USER, then S-1-5-18.
        pointer(&mut out, 0xffff_8000_2000_0000, wide);
        pointer(&mut out, 0, wide);
        out.extend([1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]);
    } else {
        out.extend([0; 4]);
    }
    out.extend(name.as_bytes());
    out.push(0);
    if version >= 2 {
        out.extend(utf16z(&format!("C:\\{name} -run")));
    }
    if version >= 4 {
        out.extend(utf16z(""));
        out.extend(utf16z(""));
    }
    out
}

/// A thread event's payload (version 3).
pub fn thread(wide: bool, process: u32, id: u32) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(process.to_le_bytes());
    out.extend(id.to_le_bytes());
    (0..7).for_each(|at| pointer(&mut out, 0x1000 * at, wide));
    out.extend([0; 8]);
    out
}

/// Group masks.
pub fn masks(masks: [u32; 8]) -> Vec<u8> {
    masks.iter().chain([&0x46]).flat_map(|mask| mask.to_le_bytes()).collect()
}

/// The provider of image identities.
pub const IMAGE_ID: [u8; 16] =
    [0xd7, 0x75, 0xe6, 0xb3, 0x54, 0x25, 0x18, 0x4f, 0x83, 0x0b, 0x27, 0x62, 0x73, 0x25, 0x60, 0xde];

/// An image identity: the three records' opcodes and payloads in their order (version, name, PDB).
pub fn identity(
    wide: bool,
    image: &ImageFacts,
    pdb: ([u8; 16], u32, &str),
    company: &str,
) -> [(u8, u16, Vec<u8>); 3] {
    let name = image.path.rsplit('\\').next().unwrap_or("").to_owned();
    let mut version = (image.size as u32).to_le_bytes().to_vec();
    version.extend(image.stamp.to_le_bytes());
    for text in
        [&name, "Test driver", "1.2.3.4", "1.2.3.4", "English", "Product", company, "1.2", "id", "program"]
    {
        version.extend(utf16z(text));
    }
    let mut info = Vec::new();
    pointer(&mut info, image.base, wide);
    pointer(&mut info, image.size, wide);
    info.extend(image.process.to_le_bytes());
    info.extend(image.stamp.to_le_bytes());
    info.extend(utf16z(&name));
    let mut rsds = Vec::new();
    pointer(&mut rsds, image.base, wide);
    rsds.extend(image.process.to_le_bytes());
    rsds.extend(pdb.0);
    rsds.extend(pdb.1.to_le_bytes());
    rsds.extend(pdb.2.as_bytes());
    rsds.push(0);
    [(0x40, 0, version), (0, 2, info), (0x24, 2, rsds)]
}
