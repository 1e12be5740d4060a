//! Driver Verifier and WDF texts.

use poolscope_formats::detect::Kind;
use poolscope_formats::verifier::{self, PoolUse, VerifierReport, WdfPool};
use poolscope_formats::{Parsed, Place};
use proptest::prelude::*;

fn fixture(name: &str) -> Vec<u8> {
    super::fixture("verifier", name)
}

fn parse(name: &str) -> Parsed<VerifierReport> {
    verifier::parse(&fixture(name)).unwrap()
}

#[test]
fn every_fixture_is_recognised() {
    super::assert_kinds("verifier", |_| Kind::Verifier);
}

#[test]
fn counters_of_the_host_and_its_drivers() {
    let parsed = parse("query.txt");
    let report = &parsed.value;
    assert_eq!(report.flags, Some(8));
    assert_eq!(report.global_counters.len(), 11);
    assert_eq!(
        (report.global_counters[3].name.as_str(), report.global_counters[3].value),
        ("AllocationsAttempted", 51_321)
    );
    let [abc, def] = report.drivers.as_slice() else { panic!("{:?}", report.drivers) };
    assert_eq!((abc.name.as_str(), abc.loads), ("abc.sys", Some((1, 0))));
    assert_eq!(
        abc.current,
        Some(PoolUse { nonpaged_count: 51_000, nonpaged_bytes: 26_112_000, paged_count: 3, paged_bytes: 96 })
    );
    assert_eq!(abc.peak.unwrap().nonpaged_bytes, 26_113_536);
    assert_eq!(abc.taken.as_ref().unwrap().wall.unwrap().to_string(), "2026-05-14 08:31:02");
    assert_eq!(def.current, None, "half a block is no measurement");
    assert_eq!(parsed.coverage.bad_records, 1);
    assert_eq!(parsed.notes[0].place, Place::Line(41));
}

#[test]
fn a_log_gives_a_series_with_its_times() {
    let report = parse("log_series.txt").value;
    let series: Vec<_> = report
        .drivers
        .iter()
        .map(|d| (d.taken.as_ref().unwrap().wall.unwrap().to_string(), d.current.unwrap().nonpaged_bytes))
        .collect();
    assert_eq!(
        series,
        [("2026-05-04 23:59:50".to_owned(), 51_200), ("2026-05-14 00:00:20".to_owned(), 71_680)]
    );
}

#[test]
fn words_of_another_language_do_not_matter() {
    let report = parse("query_localised.txt").value;
    assert_eq!(report.flags, Some(8));
    assert_eq!(
        report.drivers[0].current,
        Some(PoolUse { nonpaged_count: 11, nonpaged_bytes: 1_408, paged_count: 0, paged_bytes: 0 })
    );
}

#[test]
fn settings_name_flags_and_drivers() {
    let report = parse("settings.txt").value;
    assert_eq!(report.flags, Some(9));
    assert_eq!(report.drivers.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["abc.sys", "def.sys"]);
    assert!(report.drivers.iter().all(|d| d.current.is_none()));
}

#[test]
fn wdf_lines() {
    let report = parse("wdf.txt").value;
    assert_eq!(report.wdf.len(), 2);
    assert!(
        matches!(report.wdf[0].what, WdfPool::Standing { current, peak_nonpaged_bytes: 33_748, peak_paged_bytes: 392 } if current.nonpaged_bytes == 136 && current.nonpaged_count == 1)
    );
    assert_eq!(report.wdf[1].what, WdfPool::Leaked { paged: false, address: 0xffff_cb84_3b87_aff0 });
}

#[test]
fn other_texts_are_refused() {
    for text in ["", "Name: x\nValue: 3\n", "abc.sys\n"] {
        assert!(verifier::parse(&text.as_bytes()).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_texts_never_panic(at in 0usize..2_000, with in any::<u8>(), drop in 0usize..60) {
        for name in ["query.txt", "settings.txt", "wdf.txt"] {
            let bytes = super::damaged(fixture(name), at, with, drop);
            let _ = verifier::parse(&bytes);
        }
    }
}
