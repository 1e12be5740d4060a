//! An IIS log: the bytes as they are, and under a list of fields. Checks that nothing panics and that the sums agree with one another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::{ParseContext, Records, iis};

fuzz_target!(|bytes: &[u8]| {
    let context = ParseContext::default();
    let _ = iis::parse(&bytes, &context);
    let head = b"#Date: 2026-05-01 08:00:00\n#Fields: time cs-uri-stem sc-status sc-substatus sc-win32-status\n";
    let log = [&head[..], bytes].concat();
    let Ok(parsed) = iis::parse(&log, &context) else { return };
    let Records::Iis(log) = parsed.value else { return };
    assert_eq!(log.by_minute.values().sum::<u64>(), log.rows);
});
