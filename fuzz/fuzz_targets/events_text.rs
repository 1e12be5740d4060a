//! Events saved as text: the bytes as they are, below a list's first event and below Event Viewer's head. Checks that nothing panics and that what has a head is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::{ParseContext, events};

fuzz_target!(|bytes: &[u8]| {
    let context = ParseContext::default();
    let _ = events::parse_text(&bytes, &context);
    let list = b"TimeCreated  : 7/21/2026 1:46:58 AM\r\nProviderName : srv\r\nId           : 2019\r\nMessage      : ";
    let table = b"Level,Date and Time,Source,Event ID,Task Category\r\nError,7/21/2026 1:46:58 AM,srv,2019,None,";
    for head in [&list[..], &table[..]] {
        // Bytes full of zeros make the whole look like UTF-16, which is then no event.
        if let Ok(parsed) = events::parse_text(&[head, bytes].concat().as_slice(), &context) {
            assert!(parsed.coverage.records + parsed.coverage.bad_records > 0);
        }
    }
});
