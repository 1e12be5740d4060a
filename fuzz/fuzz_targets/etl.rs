//! The whole trace reader: the bytes as they are, and behind a head that is a trace for sure.
//!
//! It checks that nothing panics, that no more is found than the bytes could hold, and that the plain walk and the
//! pool pass agree on how much there is to read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::etl::pool_trace::{PoolTraceOptions, read};
use poolscope_formats::etl::{Compression, Container, Met, decompress, for_each_event};

fuzz_target!(|bytes: &[u8]| {
    whole(bytes);
    let (mode, tail) = bytes.split_first().unwrap_or((&0, &[]));
    let mut forced = head(*mode);
    forced.extend_from_slice(tail);
    whole(&forced);
    for compression in [Compression::Xpress, Compression::XpressHuffman, Compression::Lznt1] {
        let mut output = Vec::new();
        let _ = decompress(compression, tail, &mut output, 4_096);
    }
});

fn whole(bytes: &[u8]) {
    let Ok(trace) = Container::open(&bytes) else { return };
    let mut events = 0u64;
    let walked = for_each_event(&trace.value, &bytes, |met| {
        if let Met::Event { event, .. } = met {
            events += 1;
            let _ = (event.id(), event.version(), event.ticks(), event.process(), event.thread());
        }
    });
    walked.expect("a slice can always be read");
    let options = PoolTraceOptions { range: Some((0.0, 1.0)), moments: 16, threads: 1 };
    let parsed = read(&bytes, &options).expect("opened before");
    assert_eq!(parsed.value.tally.events, events);
    let pairing = parsed.value.pairing;
    assert_eq!(pairing.paired + pairing.frees_without_alloc, pairing.frees);
    assert!(pairing.allocs + pairing.frees <= events);
}

/// A header buffer of 512 bytes: 64-bit or 32-bit, compressed by any method or not, linear or a ring.
fn head(mode: u8) -> Vec<u8> {
    let mut head = vec![0u8; 512];
    head[0..4].copy_from_slice(&512u32.to_le_bytes());
    head[0x2c] = 2 + (mode & 3);
    head[0x30..0x34].copy_from_slice(&512u32.to_le_bytes());
    head[0x36] = 4;
    let event = &mut head[72..];
    event[..8].copy_from_slice(&[2, 0, if mode & 4 != 0 { 2 } else { 1 }, 0xc0, 0x80, 1, 0, 0]);
    let payload = &mut event[0x20..];
    payload[0..4].copy_from_slice(&512u32.to_le_bytes());
    payload[0x23] = if mode & 8 != 0 { 4 } else { 0 };
    payload[0x20] = if mode & 16 != 0 { 2 } else { 1 };
    payload[0x2c] = if mode & 4 != 0 { 8 } else { 4 };
    head
}
