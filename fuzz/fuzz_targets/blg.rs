//! A performance binary log: the bytes as the file, and as a sample in a log of the right shape. Checks that nothing panics and that the sums agree with one another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::{ParseContext, Records, blg};
use poolscope_testkit::blg::{BlgWriter, Column, Host, Moment, counter_type};

fuzz_target!(|bytes: &[u8]| {
    let context = ParseContext::default();
    let _ = blg::parse(&bytes, &context);
    let at = Moment { utc: 133_000_000_000_000_000, local: 133_000_000_000_000_000 };
    let mut log = BlgWriter::new(Host::default(), at);
    log.catalogue(at, "H", &[Column::Object("Process"), Column::Instances("Process", "Handle Count", counter_type::RAW)]);
    // The first byte says which of the log's events the rest is.
    let (opcode, data) = bytes.split_first().map_or((0x22, bytes), |(first, rest)| (0x20 | first & 7, rest));
    log.record(opcode, at.local, data).record(0x22, at.local, data);
    if let Ok(parsed) = blg::parse(&log.bytes(), &context)
        && let Records::Counters(counters) = parsed.value
    {
        assert!(counters.columns.iter().all(|column| column.values.len() == counters.times.len()));
    }
});
