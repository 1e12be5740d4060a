//! RAMMap snapshots, written by the testkit.

use poolscope_formats::detect::{self, Head, Kind};
use poolscope_formats::rammap::{self, RamMapSnapshot};
use poolscope_formats::{Parsed, Pool, Tag};
use poolscope_testkit::rammap::RamMap;
use proptest::prelude::*;

fn sample() -> RamMap {
    let mut file = RamMap {
        processes: vec![("a & \"b\".exe".to_owned(), 3_856, 0), ("System".to_owned(), 4, 0)],
        pool: vec![
            (0xffff_da0f_e5b1_0001, 8_192, *b"Abcd"),
            (0xffff_da0f_e5b2_0001, 4_096, *b"Abcd"),
            (0xffff_8d0a_7f01_0000, 4_096, *b"Abcd"),
            (0xffff_8d0a_7f02_0000, 12_288, *b"CM31"),
        ],
        ..RamMap::default()
    };
    file.page_uses[5][6] = 2_500_000;
    file.page_uses[4] = [1, 2, 3, 4, 5, 6, 7, 8];
    file
}

fn parse(text: &str) -> Parsed<RamMapSnapshot> {
    rammap::parse(&text.as_bytes()).unwrap()
}

#[test]
fn tables_and_processes_survive_the_trip() {
    let mut expected = None;
    for (prefix, line_width) in [("", 0), ("", 64), ("", 63), ("ns", 0)] {
        let text = RamMap { prefix, line_width, page_list_bytes: 100_000, ..sample() }.write();
        let head = Head::read(&text.as_bytes()).unwrap();
        assert_eq!(
            detect::detect(&head).map(|format| format.kind),
            Some(Kind::RamMap),
            "{prefix} {line_width}"
        );
        let parsed = parse(&text);
        assert_eq!(parsed.coverage.bad_records, 0, "{:?}", parsed.notes);
        assert!(parsed.notes[0].text.starts_with("layout not verified on a real file"), "{:?}", parsed.notes);
        let pool: Vec<_> =
            parsed.value.big_pool.iter().map(|r| (r.tag, r.pool, r.outstanding, r.bytes)).collect();
        assert_eq!(
            pool,
            [
                (Tag(*b"Abcd"), Pool::Nonpaged, 2, 12_288),
                (Tag(*b"Abcd"), Pool::Paged, 1, 4_096),
                (Tag(*b"CM31"), Pool::Paged, 1, 12_288),
            ]
        );
        let uses: Vec<_> = parsed.value.page_uses.iter().map(|row| (row.name, row.pages)).collect();
        assert_eq!(uses[5], ("Nonpaged Pool", [0, 0, 0, 0, 0, 0, 2_500_000, 0]));
        assert_eq!(uses[4], ("Paged Pool", [1, 2, 3, 4, 5, 6, 7, 8]));
        let processes: Vec<_> = parsed.value.processes.iter().map(|p| (p.name.clone(), p.pid)).collect();
        assert_eq!(processes, [("a & \"b\".exe".to_owned(), Some(3_856)), ("System".to_owned(), Some(4))]);
        let same = (pool, uses, processes);
        assert_eq!(expected.get_or_insert_with(|| same.clone()), &same);
    }
}

#[test]
fn utf16_and_a_wrong_count() {
    let text = RamMap { stated_pool_count: Some(u64::MAX), ..sample() }.write();
    let parsed = rammap::parse(&super::as_utf16(&text)).unwrap();
    assert_eq!(parsed.value.big_pool.len(), 3);
    assert_eq!(parsed.coverage.bad_records, 1);
    assert!(
        parsed.notes.iter().any(|note| note.text.contains("states 18446744073709551615 entries and holds 4")),
        "{:?}",
        parsed.notes
    );
}

#[test]
fn a_cut_file_keeps_whole_entries() {
    let text = RamMap { page_list_bytes: 0, ..sample() }.write();
    let pool_at = text.find("<PoolInfo>").unwrap() + "<PoolInfo>".len();
    for entries in 0..4 {
        // Past the count, whole entries, and five bytes of the next one.
        let parsed = parse(&text[..pool_at + 16 + entries * 48 + 10]);
        let outstanding: u64 = parsed.value.big_pool.iter().map(|row| row.outstanding).sum();
        assert_eq!((outstanding, parsed.coverage.bad_records), (entries as u64, 1), "{:?}", parsed.notes);
    }
}

#[test]
fn other_xml_is_refused() {
    for text in ["", "<MsInfo></MsInfo>", "<a>PoolInfo</a>"] {
        assert!(rammap::parse(&text.as_bytes()).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_snapshots_never_panic(at in 0usize..8_000, with in any::<u8>(), drop in 0usize..80) {
        let bytes = super::damaged(sample().write().into_bytes(), at, with, drop);
        let _ = rammap::parse(&bytes);
    }
}
