//! Any bytes: the format they are found to be, and every other format made to read them as well.
//!
//! It checks that nothing panics and that counts stay within what the input could hold; it says nothing about
//! whether what was read is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::detect::{FORMATS, Head, detect};
use poolscope_formats::{ParseContext, limits};

fuzz_target!(|bytes: &[u8]| {
    let context = ParseContext { name: "fuzz.bin".to_owned(), ..ParseContext::default() };
    let head = Head::read(&bytes).expect("a slice can always be read");
    let _ = detect(&head);
    for format in FORMATS {
        let _ = (format.test)(&head);
        if let Ok(parsed) = (format.parse)(&bytes, &context) {
            assert!(parsed.notes.len() <= limits::MAX_KEPT_NOTES);
            assert!(parsed.coverage.records <= 8 * bytes.len() as u64 + 8, "{:?}: {:?}", format.kind, parsed.coverage);
        }
    }
});
