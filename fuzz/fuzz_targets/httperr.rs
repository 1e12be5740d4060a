//! An HTTPERR log: any bytes, whole and cut in two. Checks that nothing panics and that the sums agree with one another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::{ParseContext, Records, httperr};

fuzz_target!(|bytes: &[u8]| {
    let Ok(parsed) = httperr::parse(&bytes, &ParseContext::default()) else { return };
    let Records::HttpErr(log) = parsed.value else { return };
    let rows: u64 = log.reasons.iter().map(|reason| reason.rows).sum();
    assert_eq!(rows + log.rows_of_dropped_reasons, log.rows);
    assert!(log.statuses.values().sum::<u64>() <= log.rows);
    assert!(log.first <= log.last);
    for reason in &log.reasons {
        assert_eq!(reason.by_minute.values().fold(0u64, |sum, weight| sum.saturating_add(*weight)), reason.weight);
    }
});
