//! xperf's pool report.

use poolscope_formats::detect::Kind;
use poolscope_formats::xperf_text;
use poolscope_formats::{Place, Pool, Tag};
use proptest::prelude::*;

#[test]
fn every_fixture_is_recognised() {
    super::assert_kinds("xperf_text", |_| Kind::XperfPool);
}

#[test]
fn rows_by_section() {
    let parsed = xperf_text::parse(&super::fixture("xperf_text", "pool.txt")).unwrap();
    let rows: Vec<_> = parsed
        .value
        .rows
        .iter()
        .map(|r| {
            (r.section.as_str(), r.standing.pool, r.standing.tag, r.standing.outstanding, r.standing.bytes)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("Paged Pool", Pool::Paged, Tag(*b"CM31"), 5_200, 20_800 * 1_024),
            ("Non-Paged Pool", Pool::Nonpaged, Tag(*b"Abcd"), 100, 50 * 1_024),
            ("Non-Paged Pool", Pool::Nonpaged, Tag(*b"Dh 1"), 24, 3 * 1_024),
            ("NX Non-Paged", Pool::Nonpaged, Tag(*b"Abcd"), 880_000, 56_320 * 1_024),
            ("NX Non-Paged", Pool::Nonpaged, Tag(*b"Io  "), 0, 0),
        ]
    );
    assert_eq!(parsed.value.rows[1].standing.owner.as_deref(), Some("abc.sys"));
    assert!(parsed.notes[0].text.starts_with("layout not verified"), "{:?}", parsed.notes);
    assert_eq!(parsed.notes[0].place, Place::Whole);
    assert_eq!(parsed.coverage.bad_records, 1, "{:?}", parsed.notes);
    assert_eq!(parsed.notes[1].place, Place::Line(14), "the half row");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_reports_never_panic(at in 0usize..2_000, with in any::<u8>(), drop in 0usize..80) {
        let _ = xperf_text::parse(&super::damaged(super::fixture("xperf_text", "pool.txt"), at, with, drop));
    }
}
