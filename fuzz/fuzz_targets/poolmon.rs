//! Poolmon text with its head forced in front, so that the fuzzer spends its time on rows.
//!
//! It checks that nothing panics, that figures read are the figures asked for, and that rows stay within what
//! the input could hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::ParseContext;
use poolscope_formats::poolmon::parse;

const HEADS: [&[u8]; 4] = [
    b"",
    b" Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc\n",
    b"\"DateTime\",\"Tag\",\"PagedType\",\"Allocs\",\"Frees\",\"Diff\",\"Bytes\",\"PerAlloc\"\n",
    b"| Tag | Type | Bytes (MB) | Outstanding |\n",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let text = [HEADS[usize::from(first) % HEADS.len()], rest].concat();
    let context = ParseContext { name: String::from_utf8_lossy(rest).into_owned(), ..ParseContext::default() };
    let Ok(parsed) = parse(&text, &context) else { return };
    let mut rows = 0;
    for snapshot in &parsed.value.snapshots {
        rows += snapshot.rows.len() as u64;
        for row in &snapshot.rows {
            let _ = (row.mapped_binary(), row.tag.to_string());
            if let (Some(allocs), Some(frees)) = (row.allocs(), row.frees()) {
                let recomputed = row.recomputed_outstanding().expect("both figures are there");
                assert_eq!((allocs.wrapping_sub(frees) ^ recomputed as u64) & 0xffff_ffff, 0);
            }
        }
        assert!(snapshot.contradictions.len() <= snapshot.rows.len());
    }
    assert!(rows <= text.len() as u64);
});
