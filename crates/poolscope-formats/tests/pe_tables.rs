//! Import, export and exception tables as linkers rarely write them, and as damage leaves them: read as far as
//! they go, with a note that says what is wrong.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use poolscope_formats::limits::MAX_PE_IMPORTS;
use poolscope_formats::pe::{DriverImage, Grade, read_image};
use poolscope_formats::{FormatError, Parsed, Tag};
use poolscope_testkit::pe::{CODE, DATA, ImageWriter, Machine};

/// File offset of the first data directory.
const DIRECTORIES: usize = 0xc8;
/// File offset of the section table.
const SECTIONS: usize = 0x148;
/// File offset of the data section, which stands at [`DATA`].
const DATA_FILE: usize = 0x1400;
/// A free place in the data section, as an offset within it.
const FREE: u32 = 0x800;

/// An x64 image that allocates with `Hand` through the slot at an RVA.
fn image(imports: &[&str], slot: u32) -> Vec<u8> {
    let mut image = ImageWriter::new(Machine::X64, Vec::new(), imports);
    // sub rsp, 28h; mov r8d, 'Hand'; mov edx, 10h; xor ecx, ecx; call [rip + slot]; add rsp, 28h; ret
    let mut code = vec![0x48, 0x83, 0xec, 0x28, 0x41, 0xb8];
    code.extend_from_slice(b"Hand");
    code.extend_from_slice(&[0xba, 0x10, 0, 0, 0, 0x31, 0xc9, 0xff, 0x15]);
    let next = CODE + code.len() as u32 + 4;
    code.extend_from_slice(&slot.wrapping_sub(next).to_le_bytes());
    code.extend_from_slice(&[0x48, 0x83, 0xc4, 0x28, 0xc3]);
    image.code = code;
    let mut data = image.write();
    // All of the section's bytes are mapped.
    put(&mut data, SECTIONS + 40 + 8, &[0x1000]);
    data
}

fn allocating() -> Vec<u8> {
    image(&["ExAllocatePoolWithTag"], DATA)
}

fn put(data: &mut [u8], at: usize, words: &[u32]) {
    for (index, word) in words.iter().enumerate() {
        data[at + index * 4..at + index * 4 + 4].copy_from_slice(&word.to_le_bytes());
    }
}

/// Writes into the data section at an offset within it.
fn put_data(data: &mut [u8], at: u32, words: &[u32]) {
    put(data, DATA_FILE + at as usize, words);
}

fn directory(data: &mut [u8], index: usize, rva: u32, bytes: u32) {
    put(data, DIRECTORIES + index * 8, &[rva, bytes]);
}

fn read(data: &[u8]) -> Parsed<DriverImage> {
    read_image(data, "x.sys").unwrap()
}

fn has_hand(read: &Parsed<DriverImage>) -> bool {
    read.value.tags.iter().any(|used| used.tag == Tag(*b"Hand") && used.grade == Grade::Passed)
}

fn says(read: &Parsed<DriverImage>, what: &str) -> bool {
    read.notes.iter().any(|note| note.text.contains(what))
}

#[test]
fn imported_by_number_is_no_allocator_and_is_told() {
    let mut data = allocating();
    // Name table and address table of one import each, with a terminator.
    for table in [0, 16] {
        put_data(&mut data, table, &[5, 0x8000_0000]);
    }
    let read = read(&data);
    assert!(!read.value.imports_allocator);
    assert_eq!(read.value.tags, []);
    assert!(says(&read, "1 function is imported by number or without"), "{:?}", read.notes);
}

#[test]
fn a_forwarded_export_is_no_code() {
    let mut data = allocating();
    let at = DATA + FREE;
    // One address, which lies inside the export directory: a forwarder's name.
    put_data(&mut data, FREE, &[0, 0, 0, at + 0x60, 1, 1, 0, at + 0x40, 0, 0]);
    put_data(&mut data, FREE + 0x40, &[at + 0x60]);
    data[DATA_FILE + FREE as usize + 0x60..][..10].copy_from_slice(b"other.Even");
    directory(&mut data, 0, at, 0x100);
    let read = read(&data);
    assert!(has_hand(&read));
    assert_eq!(read.notes, []);
    // A count beyond the file is damage.
    put_data(&mut data, FREE + 20, &[u32::MAX]);
    let read = self::read(&data);
    assert!(has_hand(&read) && says(&read, "export table is damaged"), "{:?}", read.notes);
}

#[test]
fn a_delayed_import_counts_as_one() {
    let mut data = image(&["DbgPrint"], DATA + FREE + 0x60);
    let at = DATA + FREE;
    // Attributes, name, module handle, address table, name table, bound and unload tables, time.
    put_data(&mut data, FREE, &[1, at + 0x80, at + 0xf0, at + 0x60, at + 0x70, 0, 0, 0]);
    put_data(&mut data, FREE + 0x60, &[CODE, 0, 0, 0, at + 0x90, 0, 0, 0]);
    let names = DATA_FILE + FREE as usize + 0x80;
    data[names..names + 13].copy_from_slice(b"ntoskrnl.exe\0");
    data[names + 0x12..names + 0x12 + 22].copy_from_slice(b"ExAllocatePoolWithTag\0");
    directory(&mut data, 13, at, 64);
    let read = self::read(&data);
    assert!(read.value.imports_allocator && has_hand(&read), "{:?} {:?}", read.value.tags, read.notes);
    assert_eq!(read.notes, []);
    directory(&mut data, 13, 0x00ff_0000, 64);
    assert!(says(&self::read(&data), "delay import table is damaged"));
}

#[test]
fn sections_over_one_another_are_told_and_the_first_counts() {
    let mut data = allocating();
    put(&mut data, SECTIONS + 40 + 12, &[CODE]);
    let read = read(&data);
    assert!(says(&read, "sections .text and .rdata overlap") || says(&read, "overlap; the first one counts"));
    assert!(!has_hand(&read), "its imports are gone");
}

#[test]
fn thunks_that_point_into_themselves_end() {
    let mut data = allocating();
    // The name table's entry names the table itself.
    put_data(&mut data, 16, &[DATA + 16, 0]);
    let read = read(&data);
    assert_eq!(read.value.tags, []);
    assert!(read.value.libraries.len() <= 1);
}

#[test]
fn an_import_table_without_an_end_is_cut_at_the_limit_or_the_section() {
    let mut data = allocating();
    let at = DATA + FREE;
    // Descriptors without end, each with the code's bytes as its names.
    let words = [CODE, 0, 0, at, at].repeat(100);
    put_data(&mut data, FREE, &words);
    directory(&mut data, 1, at, 0xffff);
    let read = read(&data);
    assert!(!read.notes.is_empty(), "says nothing");
    assert!(read.value.libraries.len() <= MAX_PE_IMPORTS);
}

#[test]
fn counts_beyond_the_file_are_refused_or_told() {
    let mut data = allocating();
    directory(&mut data, 3, DATA + FREE, u32::MAX);
    put_data(&mut data, FREE, &[0xdead_0000, 0xdead_0010, 0, CODE, CODE - 4, 0]);
    let read = self::read(&data);
    assert!(has_hand(&read));
    assert!(says(&read, "2 entries of the function table name no code"), "{:?}", read.notes);
    // Sections beyond the file, and a table that claims to be elsewhere.
    let mut many = allocating();
    many[0x46..0x48].copy_from_slice(&u16::MAX.to_le_bytes());
    assert!(matches!(read_image(&many, "x.sys"), Err(FormatError::NotThisFormat { .. })));
    let mut gone = allocating();
    directory(&mut gone, 3, 0x00ff_0000, 12);
    assert!(says(&self::read(&gone), "function table at RVA 0xff0000 is not in the file"));
}

#[test]
fn a_chain_of_unwind_information_that_loops_ends() {
    let mut data = allocating();
    let at = DATA + FREE;
    // An entry chained to itself.
    put_data(&mut data, FREE, &[CODE, CODE + 0x20, at + 0x40]);
    put_data(&mut data, FREE + 0x40, &[0x21, CODE, CODE + 0x20, at + 0x40]);
    directory(&mut data, 3, at, 12);
    let read = self::read(&data);
    assert!(has_hand(&read), "{:?} {:?}", read.value.tags, read.notes);
}
