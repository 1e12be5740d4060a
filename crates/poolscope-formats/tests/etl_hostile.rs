//! The ETL container on bytes that mean it harm: never a panic, never more output than input allows.

use poolscope_formats::etl::{
    BUFFER_HEADER_BYTES, Compression, Container, Events, Met, decompress, for_each_event,
};
use proptest::prelude::*;

fn walk(bytes: &[u8]) -> Option<usize> {
    let trace = Container::open(&bytes).ok()?;
    let mut events = 0;
    let count = |met: Met<'_>| events += usize::from(matches!(met, Met::Event { .. }));
    for_each_event(&trace.value, &bytes, count).ok()?;
    Some(events)
}

/// A header buffer that is a trace for sure, so that what follows is reached.
fn forced_head(total: usize) -> Vec<u8> {
    let mut head = vec![0u8; 512];
    head[0..4].copy_from_slice(&512u32.to_le_bytes());
    head[0x2c] = 3;
    head[0x30..0x34].copy_from_slice(&512u32.to_le_bytes());
    head[0x36] = 4;
    let body = &mut head[BUFFER_HEADER_BYTES..];
    body[..8].copy_from_slice(&[2, 0, 2, 0xc0, 0x80, 1, 0, 0]);
    body[0x20..0x24].copy_from_slice(&(total as u32).to_le_bytes());
    head
}

proptest! {
    #[test]
    fn arbitrary_bytes_after_a_forced_head(tail in proptest::collection::vec(any::<u8>(), 0..4096), mode in any::<u32>()) {
        let mut bytes = forced_head(512);
        bytes[BUFFER_HEADER_BYTES + 0x20 + 0x20..][..4].copy_from_slice(&mode.to_le_bytes());
        bytes.extend(tail);
        prop_assert!(walk(&bytes).is_some());
    }

    #[test]
    fn arbitrary_bytes_as_a_body(body in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let mut covered = 0;
        for met in Events::new(&body) {
            match met {
                Ok(event) => {
                    let _ = (event.id(), event.version(), event.ticks(), event.process(), event.thread());
                    prop_assert!(event.payload().len() <= event.record_bytes());
                    covered += event.record_bytes();
                }
                Err(bad) => covered += bad.skipped,
            }
        }
        prop_assert!(covered <= body.len());
    }

    #[test]
    fn arbitrary_streams_stay_within_their_length(
        input in proptest::collection::vec(any::<u8>(), 0..2048),
        want in 0usize..70_000,
    ) {
        for compression in [Compression::Xpress, Compression::XpressHuffman, Compression::Lznt1] {
            let mut output = Vec::new();
            if let Err(error) = decompress(compression, &input, &mut output, want) {
                prop_assert!(error.done() <= want);
            }
            prop_assert!(output.len() < want + 100);
        }
    }
}

#[test]
fn zeros_and_cut_ends_are_noted() {
    let mut bytes = forced_head(512);
    bytes.extend(vec![0u8; 2000]);
    let trace = Container::open(&bytes).unwrap();
    assert_eq!(trace.value.buffers.len(), 1);
    assert!(trace.notes.iter().any(|note| note.text.contains("zeros")), "{:?}", trace.notes);
    assert!(Container::open(&&bytes[..40]).is_err());
    assert!(Container::open(&&b""[..]).is_err());
}
