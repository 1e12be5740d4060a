//! IIS logs: written by the testkit and read back, with changing fields and missing dates.

use super::*;
use crate::parsed::Place;
use crate::time::parse_iso;
use poolscope_testkit::iis::{IisWriter, Request};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Parsed<IisLog> {
    parse(&bytes, &ParseContext::default()).unwrap().map(|records| match records {
        Records::Iis(log) => log,
        other => panic!("{other:?}"),
    })
}

fn time(text: &str) -> crate::Time {
    parse_iso(text).unwrap().0
}

const FULL: &str = "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken";
const SHORT: &str = "date time cs-uri-stem sc-status sc-win32-status";
const UNDATED: &str = "time c-ip cs-method cs-uri-stem sc-status";

#[test]
fn statuses_errors_and_minutes() {
    let mut writer = IisWriter::new(FULL);
    writer
        .start("2026-05-01 08:00:00")
        .request(Request::new("2026-05-01 08:00:01", 200, 0, 0))
        .request(Request::new("2026-05-01 08:00:59", 503, 2, 0))
        .request(Request::new("2026-05-01 08:01:00", 500, 19, 1450))
        .request(Request::new("2026-05-01 08:07:00", 500, 19, 1450))
        .request(Request::new("2026-05-01 08:07:00", 200, 0, 64));
    let parsed = read(&writer.bytes());
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records, parsed.notes.len()), (5, 0, 0));
    let log = parsed.value;
    assert_eq!((log.site.as_deref(), log.computer.as_deref()), (Some("W3SVC1"), Some("WEB01")));
    let minutes: Vec<_> = log.by_minute.iter().map(|(t, n)| (t.to_string()[11..16].to_owned(), *n)).collect();
    assert_eq!(minutes, [("08:00".to_owned(), 2), ("08:01".to_owned(), 1), ("08:07".to_owned(), 2)]);
    let statuses: Vec<_> =
        log.statuses.iter().map(|s| (s.status, s.substatus, s.rows, s.by_minute.len())).collect();
    assert_eq!(statuses, [(200, Some(0), 2, 0), (500, Some(19), 2, 2), (503, Some(2), 1, 1)]);
    let win32: Vec<_> = log.win32.iter().map(|s| (s.code, s.rows, s.first.1, s.last.1)).collect();
    assert_eq!(win32, [(64, 1, 9, 9), (1450, 2, 7, 8)]);
    assert_eq!(log.log_starts, [(time("2026-05-01 08:00:00"), 3)]);
}

#[test]
fn fields_may_change_and_a_useless_list_is_noted() {
    let mut writer = IisWriter::new(FULL);
    writer.start("2026-05-01 08:00:00").request(Request::new("2026-05-01 08:00:01", 200, 0, 0));
    writer.fields(SHORT).start("2026-05-01 09:00:00").request(Request::new(
        "2026-05-01 09:00:01",
        503,
        2,
        1455,
    ));
    writer.raw("#Fields: date time cs-uri-stem\r\n2026-05-01 10:00:00 /a\r\n2026-05-01 10:00:00 /a\r\n");
    let parsed = read(&writer.bytes());
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (2, 2));
    assert_eq!(parsed.notes.len(), 1);
    assert_eq!(parsed.notes[0].place, Place::Line(11));
    let statuses: Vec<_> = parsed.value.statuses.iter().map(|s| (s.status, s.substatus)).collect();
    assert_eq!(statuses, [(200, Some(0)), (503, None)]);
    assert_eq!(parsed.value.win32[0].code, 1455);
}

#[test]
fn rows_without_a_date_take_the_day_of_the_directive() {
    let mut writer = IisWriter::new(UNDATED);
    writer.start("2026-05-01 23:00:00");
    writer.raw(
        "23:59:59 10.0.0.1 GET /a 200\r\n00:00:01 10.0.0.1 GET /a 503\r\n00:00:00 10.0.0.1 GET /a 200\r\n",
    );
    let log = read(&writer.bytes()).value;
    assert_eq!(log.first, Some(time("2026-05-01 23:59:59")));
    assert_eq!(log.last, Some(time("2026-05-02 00:00:01")));
    assert_eq!(log.statuses[1].first, (time("2026-05-02 00:00:01"), 6));
}

#[test]
fn a_log_without_its_date_directive_is_read_by_its_rows() {
    let rows = format!("#Fields: {SHORT}\r\n2026-05-01 08:00:01 /a 200 0\r\n");
    let log = read(rows.as_bytes()).value;
    assert_eq!((log.rows, log.log_starts.len()), (1, 0));
    let undated = read(b"#Software: Microsoft Internet Information Services 6.0\r\n#Date: x\r\n#Fields: date time sc-status\r\n2026-05-01 08:00:01 200\r\n");
    assert_eq!((undated.value.rows, undated.notes.len()), (1, 1));
    // With no day anywhere a time of day is no time: the rows are bad, not dated at random.
    let nothing =
        parse(&&b"#Fields: time sc-status cs-uri-stem\r\n08:00:01 200 /a\r\n"[..], &ParseContext::default());
    assert!(nothing.is_err());
}

#[test]
fn undated_rows_over_several_blocks() {
    let mut writer = IisWriter::new(UNDATED);
    writer.start("2026-05-01 00:00:00");
    let rows = 40_000u32;
    for nth in 0..rows {
        // 13 seconds a row: six midnights.
        let s = nth * 13 % 86_400;
        writer.raw(&format!(
            "{:02}:{:02}:{:02} 10.0.0.1 GET /some/longer/path/of/a/page 200\r\n",
            s / 3_600,
            s / 60 % 60,
            s % 60
        ));
    }
    assert!(writer.bytes().len() > 2 * crate::limits::W3C_BLOCK_BYTES);
    let log = read(&writer.bytes()).value;
    assert_eq!(log.rows, u64::from(rows));
    assert_eq!(log.last, Some(crate::Time(time("2026-05-01 00:00:00").0 + i64::from(rows - 1) * 13_000_000)));
}

#[test]
fn what_it_is_is_told_by_content() {
    let test_of = |bytes: &[u8]| test(&Head::read(&bytes).unwrap());
    assert_eq!(
        test_of(&IisWriter::new(FULL).start("2026-05-01 08:00:00").bytes()),
        Some(Likelihood::Certain)
    );
    assert_eq!(
        test_of(b"#Version: 1.0\n#Fields: date time cs-uri-stem sc-status\n"),
        Some(Likelihood::Certain)
    );
    assert_eq!(
        test_of(b"#Software: Microsoft Windows Firewall\n#Fields: date time action protocol src-ip\n"),
        None
    );
    assert_eq!(test_of(b"#Software: Microsoft HTTP API 2.0\n#Fields: date time sc-status s-reason\n"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics(rows in proptest::collection::vec("[ -~\\x00]{0,60}", 0..20), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut writer = IisWriter::new(SHORT);
        writer.start("2026-05-01 08:00:00");
        for row in rows {
            writer.raw(&row).raw("\r\n");
        }
        let bytes = [writer.bytes(), bytes].concat();
        prop_assert!(parse(&bytes, &ParseContext::default()).is_ok());
    }
}
