//! A pooltag.txt of any bytes, and every look-up in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::pooltag::parse;
use poolscope_formats::{ParseContext, Tag};

fuzz_target!(|bytes: &[u8]| {
    let Ok(parsed) = parse(&bytes, &ParseContext::default()) else { return };
    let file = parsed.value;
    for entry in file.entries() {
        if let Some(tag) = Tag::from_text(entry.pattern.as_bytes()) {
            assert!(file.lookup(tag).any(|found| found == entry), "an entry does not cover its own tag");
        }
    }
    let _ = file.lookup(Tag(*b"Even")).count();
});
