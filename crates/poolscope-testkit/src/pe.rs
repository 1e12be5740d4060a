//! Writes small driver images byte by byte: headers, one code section, one data section with imports, and a
//! version resource if asked. From Microsoft's public "PE Format" page.

/// The processor of an image to write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Machine {
    /// 32-bit Intel, PE32.
    X86,
    /// 64-bit Intel, PE32+.
    X64,
    /// 64-bit ARM, PE32+.
    Arm64,
}

/// RVA of the code section.
pub const CODE: u32 = 0x1000;
/// RVA of the data section, which begins with the import address table: one slot an import, in order.
pub const DATA: u32 = 0x2000;
/// The base address written.
pub const BASE: u32 = 0x0040_0000;

/// An image to write.
#[derive(Clone, Debug)]
pub struct ImageWriter {
    /// Processor.
    pub machine: Machine,
    /// Code, placed at [`CODE`]; the entry point is its first byte.
    pub code: Vec<u8>,
    /// Functions imported from `ntoskrnl.exe`.
    pub imports: Vec<String>,
    /// The link time stamp.
    pub stamp: u32,
    /// Strings of the version resource: key and value; none, no resource.
    pub version: Vec<(String, String)>,
    /// Version numbers of the fixed part.
    pub file_version: [u16; 4],
}

impl ImageWriter {
    /// An image of some code that imports some functions.
    pub fn new(machine: Machine, code: Vec<u8>, imports: &[&str]) -> Self {
        let imports = imports.iter().map(|&name| name.to_owned()).collect();
        Self { machine, code, imports, stamp: 1_600_000_000, version: Vec::new(), file_version: [0; 4] }
    }

    fn pointer(&self) -> usize {
        if self.machine == Machine::X86 { 4 } else { 8 }
    }

    /// The RVA of an import's slot.
    pub fn slot(&self, import: usize) -> u32 {
        DATA + (import * self.pointer()) as u32
    }

    /// The file.
    pub fn write(&self) -> Vec<u8> {
        let (data, import_table, resources) = self.data();
        let optional = if self.machine == Machine::X86 { 96 + 128 } else { 112 + 128 };
        let mut out = vec![0; 0x40];
        out[..2].copy_from_slice(b"MZ");
        out[0x3c] = 0x40;
        out.extend_from_slice(b"PE\0\0");
        let machine: u16 = match self.machine {
            Machine::X86 => 0x14c,
            Machine::X64 => 0x8664,
            Machine::Arm64 => 0xaa64,
        };
        put16(&mut out, &[machine, 2]);
        put32(&mut out, &[self.stamp, 0, 0]);
        put16(&mut out, &[optional as u16, 0x22]);
        let narrow = self.machine == Machine::X86;
        put16(&mut out, &[if narrow { 0x10b } else { 0x20b }, 0]);
        put32(&mut out, &[0x1000, 0x1000, 0, CODE, CODE]);
        if narrow {
            put32(&mut out, &[DATA, BASE]);
        } else {
            put32(&mut out, &[BASE, 0]);
        }
        put32(&mut out, &[0x1000, 0x200]);
        put16(&mut out, &[6, 1, 0, 0, 6, 1]);
        put32(&mut out, &[0, 0x1_0000, 0x200, 0]);
        put16(&mut out, &[1, 0]);
        let pointers = if narrow { 4 } else { 8 };
        put32(&mut out, &vec![0; pointers]);
        put32(&mut out, &[0, 16]);
        let directories = out.len();
        out.resize(directories + 128, 0);
        set32(&mut out, directories + 8, import_table);
        set32(&mut out, directories + 12, 40);
        if let Some(at) = resources {
            set32(&mut out, directories + 16, at);
            set32(&mut out, directories + 20, 0x800);
        }
        section(&mut out, b".text\0\0\0", CODE, self.code.len() as u32, 0x400, 0x6000_0020);
        section(&mut out, b".rdata\0\0", DATA, data.len() as u32, 0x1400, 0x4000_0040);
        out.resize(0x400, 0);
        out.extend_from_slice(&self.code);
        out.resize(0x1400, 0);
        out.extend_from_slice(&data);
        out.resize(0x2400, 0);
        out
    }

    /// The data section, the RVA of the import table and that of the resources.
    fn data(&self) -> (Vec<u8>, u32, Option<u32>) {
        let pointer = self.pointer();
        let table_bytes = (self.imports.len() + 1) * pointer;
        let names_at = 2 * table_bytes;
        let mut names = Vec::new();
        let mut slots = Vec::new();
        for name in &self.imports {
            slots.push(DATA + (names_at + names.len()) as u32);
            names.extend_from_slice(&[0, 0]);
            names.extend_from_slice(name.as_bytes());
            names.push(0);
            names.resize(names.len().next_multiple_of(2), 0);
        }
        let library = DATA + (names_at + names.len()) as u32;
        names.extend_from_slice(b"ntoskrnl.exe\0");
        let mut data = Vec::new();
        for _ in 0..2 {
            for &slot in &slots {
                data.extend_from_slice(&u64::from(slot).to_le_bytes()[..pointer]);
            }
            data.extend_from_slice(&vec![0; pointer]);
        }
        data.extend_from_slice(&names);
        data.resize(data.len().next_multiple_of(4), 0);
        let import_table = DATA + data.len() as u32;
        put32(&mut data, &[DATA + table_bytes as u32, 0, 0, library, DATA]);
        put32(&mut data, &[0; 5]);
        if self.version.is_empty() {
            return (data, import_table, None);
        }
        let at = DATA + data.len() as u32;
        let block = self.version_block();
        // Type 16, name 1, language 1033: three directories of one entry each, then the data entry.
        for (id, target) in [(16, 24 | 0x8000_0000), (1, 48 | 0x8000_0000), (1033, 72_u32)] {
            put32(&mut data, &[0, 0, 0]);
            put16(&mut data, &[0, 1]);
            put32(&mut data, &[id, target]);
        }
        put32(&mut data, &[at + 88, block.len() as u32, 0, 0]);
        data.extend_from_slice(&block);
        (data, import_table, Some(at))
    }

    fn version_block(&self) -> Vec<u8> {
        let [a, b, c, d] = self.file_version;
        let mut fixed = Vec::new();
        let words =
            [0xfeef_04bd, 0x1_0000, u32::from(a) << 16 | u32::from(b), u32::from(c) << 16 | u32::from(d)];
        put32(&mut fixed, &words);
        put32(&mut fixed, &[0; 9]);
        let strings: Vec<Vec<u8>> = self
            .version
            .iter()
            .map(|(key, value)| {
                let text: Vec<u8> = value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
                node(key, &text, (text.len() / 2) as u16, 1, &[])
            })
            .collect();
        let table = node("040904b0", &[], 0, 1, &strings);
        let info = node("StringFileInfo", &[], 0, 1, &[table]);
        node("VS_VERSION_INFO", &fixed, fixed.len() as u16, 0, &[info])
    }
}

/// One block of a version resource.
fn node(key: &str, value: &[u8], length: u16, kind: u16, children: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    put16(&mut out, &[0, length, kind]);
    out.extend(key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend_from_slice(value);
    for child in children {
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend_from_slice(child);
    }
    let bytes = (out.len() as u16).to_le_bytes();
    out[..2].copy_from_slice(&bytes);
    out
}

fn section(out: &mut Vec<u8>, name: &[u8; 8], rva: u32, bytes: u32, offset: u32, flags: u32) {
    out.extend_from_slice(name);
    put32(out, &[bytes, rva, 0x1000, offset, 0, 0, 0, flags]);
}

fn put16(out: &mut Vec<u8>, words: &[u16]) {
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, words: &[u32]) {
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

fn set32(out: &mut [u8], at: usize, word: u32) {
    out[at..at + 4].copy_from_slice(&word.to_le_bytes());
}
