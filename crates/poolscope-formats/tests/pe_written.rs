//! Images written by the testkit: what is read of whole ones, and that damaged ones are read as far as they go.

use poolscope_formats::pe::{DriverIndex, Grade, IndexedDriver, LinkTime, index, read_image};
use poolscope_formats::{FormatError, ParseContext, Parsed, Records, Tag};
use poolscope_testkit::pe::{BASE, CODE, ImageWriter, Machine};
use proptest::prelude::*;

const ALLOCATE: &str = "ExAllocatePoolWithTag";

/// Code that calls the first import with the tag `Hand`.
fn caller(machine: Machine) -> ImageWriter {
    let mut image = ImageWriter::new(machine, Vec::new(), &[ALLOCATE, "DbgPrint"]);
    let slot = image.slot(0);
    image.code = match machine {
        Machine::X64 => {
            // sub rsp, 28h; mov r8d, 'Hand'; mov edx, 10h; xor ecx, ecx; call [rip + slot]; add rsp, 28h; ret
            let mut code = vec![0x48, 0x83, 0xec, 0x28, 0x41, 0xb8];
            code.extend_from_slice(b"Hand");
            code.extend_from_slice(&[0xba, 0x10, 0, 0, 0, 0x31, 0xc9, 0xff, 0x15]);
            let next = CODE + code.len() as u32 + 4;
            code.extend_from_slice(&slot.wrapping_sub(next).to_le_bytes());
            code.extend_from_slice(&[0x48, 0x83, 0xc4, 0x28, 0xc3]);
            code
        }
        Machine::X86 => {
            // push 'Hand'; push 10h; push 0; call [slot]; ret 8
            let mut code = vec![0x68];
            code.extend_from_slice(b"Hand");
            code.extend_from_slice(&[0x6a, 0x10, 0x6a, 0, 0xff, 0x15]);
            code.extend_from_slice(&(BASE + slot).to_le_bytes());
            code.extend_from_slice(&[0xc2, 8, 0]);
            code
        }
        Machine::Arm64 => {
            let tag = u32::from_le_bytes(*b"Hand");
            let words = [
                0x5280_0002 | (tag & 0xffff) << 5,        // movz w2, low half
                0x72a0_0002 | (tag >> 16) << 5,           // movk w2, high half, lsl 16
                0x5280_0201,                              // movz w1, 16
                0x5280_0000,                              // movz w0, 0
                0xb000_0008,                              // adrp x8, the page after this one
                0xf940_0108 | ((slot & 0xfff) / 8) << 10, // ldr x8, [x8, slot]
                0xd61f_0100,                              // br x8
            ];
            words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect()
        }
    };
    image
}

#[test]
fn a_tag_is_followed_on_every_machine() {
    for machine in [Machine::X64, Machine::X86, Machine::Arm64] {
        let image = read_image(&caller(machine).write(), "hand.sys").unwrap();
        let found: Vec<_> = image.value.tags.iter().map(|used| (used.tag, used.grade)).collect();
        assert_eq!(found, [(Tag(*b"Hand"), Grade::Passed)], "{machine:?} {:?}", image.notes);
        assert_eq!(image.value.tags[0].interfaces, [ALLOCATE]);
        assert_eq!(image.notes, []);
        assert_eq!(image.value.unresolved_sites, 0);
    }
}

#[test]
fn a_copy_differs_in_its_name_only() {
    let image = read_image(&caller(Machine::X64).write(), "hand.sys").unwrap().value;
    let copy = read_image(&caller(Machine::X64).write(), "other.sys").unwrap().value;
    assert_eq!(image.renamed("other.sys"), copy);
}

#[test]
fn no_import_of_an_allocator_no_tag() {
    let mut image = caller(Machine::X64);
    image.imports[0] = "ExAllocatePoolWithTax".to_owned();
    let read = read_image(&image.write(), "x.sys").unwrap();
    assert!(!read.value.imports_allocator);
    assert_eq!(read.value.tags, []);
}

#[test]
fn version_resource_and_link_time() {
    let mut image = caller(Machine::X64);
    image.version = vec![
        ("CompanyName".to_owned(), "Contoso <Ltd>".to_owned()),
        ("OriginalFilename".to_owned(), "hand.sys".to_owned()),
        ("FileVersion".to_owned(), "1.2.3.4 built by me".to_owned()),
    ];
    image.file_version = [10, 0, 19041, 7];
    let read = read_image(&image.write(), "x.sys").unwrap().value;
    assert_eq!(read.version.company.as_deref(), Some("Contoso <Ltd>"));
    assert_eq!(read.version.original_name.as_deref(), Some("hand.sys"));
    assert_eq!(read.version.shown().as_deref(), Some("10.0.19041.7"));
    let LinkTime::Stated(time) = read.link_time else { panic!("{:?}", read.link_time) };
    assert_eq!(time.to_string(), "2020-09-13 12:26:40");
    let row = IndexedDriver::of("x.sys", &read_image(&image.write(), "x.sys").unwrap());
    assert_eq!(row.link_time.as_deref(), Some("2020-09-13T12:26:40Z"));
    image.stamp = 0xffff_fff0;
    assert_eq!(read_image(&image.write(), "x.sys").unwrap().value.link_time, LinkTime::NotATime);
}

#[test]
fn cut_short_at_any_byte_it_is_read_as_far_as_it_goes_or_refused() {
    let whole = caller(Machine::X64).write();
    for length in (0..whole.len()).step_by(61) {
        match read_image(&whole[..length], "x.sys") {
            Ok(read) => assert!(length < 0x1400 + 0x40 || !read.notes.is_empty(), "{length} says nothing"),
            Err(FormatError::NotThisFormat { .. }) => assert!(length < 0x400),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn overlapping_sections_and_a_looping_import_table_are_told() {
    let mut data = caller(Machine::X64).write();
    // The second section's RVA: headers are at 0x40, its entry after the first of 40 bytes.
    let second = 0x40 + 24 + 240 + 40;
    data[second + 12..second + 16].copy_from_slice(&CODE.to_le_bytes());
    let read = read_image(&data, "x.sys").unwrap();
    assert!(read.notes.iter().any(|note| note.text.contains("overlap")), "{:?}", read.notes);

    // A name table that never ends: the code section's bytes taken as names.
    let mut image = caller(Machine::X86);
    image.code = [0x11, 0x10, 0, 0].repeat(0x400);
    let mut data = image.write();
    let table = data.windows(4).rposition(|window| window == 0x200c_u32.to_le_bytes()).unwrap();
    data[table..table + 4].copy_from_slice(&CODE.to_le_bytes());
    let read = read_image(&data, "x.sys").unwrap();
    assert!(read.value.libraries.len() <= 2);
}

#[test]
fn an_index_is_read_as_it_was_written() {
    let image = read_image(&caller(Machine::Arm64).write(), "hand.sys").unwrap();
    let rows = vec![IndexedDriver::of("C:/drivers/hand.sys", &image)];
    let text = index::write_index(&rows).unwrap();
    let read: Parsed<Records> = index::parse_index(&text.as_bytes(), &ParseContext::default()).unwrap();
    let Records::DriverIndex(DriverIndex { drivers }) = read.value else { panic!() };
    assert_eq!(drivers.len(), 1);
    assert_eq!(drivers[0].file_name(), "hand.sys");
    assert_eq!(drivers[0].machine, "arm64");
    assert_eq!(drivers[0].tags[0].parsed(), Some((Tag(*b"Hand"), Grade::Passed)));
    assert!(drivers[0].tags[0].sites.is_empty() && drivers[0].tags[0].site_count == 1);
    let bad = text.replace("\"passed\"", "\"perhaps\"");
    let read = index::parse_index(&bad.as_bytes(), &ParseContext::default()).unwrap();
    assert_eq!((read.coverage.records, read.coverage.bad_records), (1, 1));
    assert!(index::parse_index(&b"{\"schema\":\"other/1\"}".as_slice(), &ParseContext::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn never_panics_on_changed_bytes(
        machine in prop::sample::select(vec![Machine::X64, Machine::X86, Machine::Arm64]),
        code in prop::collection::vec(any::<u8>(), 0..600),
        changes in prop::collection::vec((0_usize..0x1600, any::<u8>()), 0..24),
    ) {
        let mut image = caller(machine);
        image.code.extend_from_slice(&code);
        let mut data = image.write();
        for (at, byte) in changes {
            if let Some(slot) = data.get_mut(at) {
                *slot = byte;
            }
        }
        let _ = read_image(&data, "x.sys");
    }
}
