//! A driver image written by the testkit, with any bytes as its code and any bytes of the file changed: headers,
//! tables and code are read without a panic or a hang.
//!
//! It checks bounds of what comes out; it says nothing about whether the tags are right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::limits::{MAX_KEPT_NOTES, MAX_PE_SITES};
use poolscope_formats::pe::read_image;
use poolscope_testkit::pe::{ImageWriter, Machine};

/// Bytes of one change: where (two) and what.
const CHANGE: usize = 3;

fuzz_target!(|bytes: &[u8]| {
    let [kind, count, rest @ ..] = bytes else { return };
    let machine = [Machine::X64, Machine::X86, Machine::Arm64][usize::from(*kind) % 3];
    let changes = (usize::from(*count) % 32 * CHANGE).min(rest.len());
    let (changes, code) = rest.split_at(changes);
    let imports = ["ExAllocatePoolWithTag", "ExFreePoolWithTag", "NdisAllocateNetBufferListPool", "DbgPrint"];
    let mut image = ImageWriter::new(machine, code.get(..0x1000).unwrap_or(code).to_vec(), &imports);
    if kind & 0x80 != 0 {
        image.version = vec![("CompanyName".to_owned(), "Contoso".to_owned())];
    }
    let mut data = image.write();
    for change in changes.chunks_exact(CHANGE) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % data.len();
        data[at] = change[2];
    }
    if let Ok(parsed) = read_image(&data, "fuzz.sys") {
        assert!(parsed.notes.len() <= MAX_KEPT_NOTES);
        for used in parsed.value.tags.iter().chain(&parsed.value.freed_only) {
            assert!(used.sites.len() <= MAX_PE_SITES && used.sites.len() as u64 <= used.site_count);
        }
    }
});
