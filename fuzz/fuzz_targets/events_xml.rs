//! Events exported as XML: the bytes as they are, and inside an event of the schema. Checks that nothing panics and that the sums agree with one another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::{ParseContext, events};

fuzz_target!(|bytes: &[u8]| {
    let context = ParseContext::default();
    let _ = events::parse_xml(&bytes, &context);
    let head = b"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='srv'/><EventID>2019</EventID><TimeCreated SystemTime='2026-05-01T08:00:00Z'/></System>";
    let event = [&head[..], bytes, b"</Event>"].concat();
    // Bytes full of zeros make the whole look like UTF-16, which is then no event.
    if let Ok(parsed) = events::parse_xml(&event, &context) {
        assert!(parsed.coverage.records + parsed.coverage.bad_records > 0);
    }
});
