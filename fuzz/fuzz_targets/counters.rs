//! Counter text with a head of each layout forced in front.
//!
//! It checks that nothing panics and that every column has one value a sample.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::ParseContext;
use poolscope_formats::counters::{Identity, parse};

const HEADS: [&[u8]; 5] = [
    b"",
    b"\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\H\\Memory\\Pool Nonpaged Bytes\",\"\\\\H\\Process(a#1)\\ID Process\"\n",
    b"(PDH-TSV 4.0)\t\\\\H\\Process(a#1)\\Handle Count\n",
    b"Timestamp                 CounterSamples\n",
    b"Time PagedPoolMB NonpagedPoolMB\n",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let text = [HEADS[usize::from(first) % HEADS.len()], rest].concat();
    let Ok(parsed) = parse(&text, &ParseContext::default()) else { return };
    let log = parsed.value;
    for column in &log.columns {
        assert_eq!(column.values.len(), log.times.len());
        if let Identity::Spliced { rows } = &column.identity {
            assert!(rows.iter().all(|&row| (row as usize) < log.times.len()));
        }
        let _ = column.path.to_string();
    }
    assert!(log.clock_back.iter().all(|&at| (at as usize) < log.times.len()));
    assert!(log.columns.len() <= log.columns_total as usize);
});
