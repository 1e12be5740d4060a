//! Any bytes made to look like a driver image: headers, tables and code are read without a panic or a hang.
//!
//! It checks bounds of what comes out; it says nothing about whether the tags are right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::limits::{MAX_KEPT_NOTES, MAX_PE_SITES};
use poolscope_formats::pe::read_image;

fuzz_target!(|bytes: &[u8]| {
    // Without the two magics nothing behind them would be reached.
    let mut data = bytes.to_vec();
    if let [m, z, ..] = data.as_mut_slice() {
        (*m, *z) = (b'M', b'Z');
    }
    let at = data.get(0x3c..0x40).map_or(0, |word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]) as usize);
    if let Some(magic) = data.get_mut(at..at.saturating_add(4)) {
        magic.copy_from_slice(b"PE\0\0");
    }
    if let Ok(parsed) = read_image(&data, "fuzz.sys") {
        assert!(parsed.notes.len() <= MAX_KEPT_NOTES);
        for used in parsed.value.tags.iter().chain(&parsed.value.freed_only) {
            assert!(used.sites.len() <= MAX_PE_SITES && used.sites.len() as u64 <= used.site_count);
        }
    }
});
