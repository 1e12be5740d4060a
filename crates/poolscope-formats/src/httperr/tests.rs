//! HTTPERR: written by the testkit and read back, damaged, cut in two, and the real sample.

use super::*;
use crate::detect::Head;
use crate::parsed::Place;
use crate::time::parse_iso;
use poolscope_testkit::httperr::{HttpErrWriter, Layout, Row as Written, bulk};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Parsed<HttpErrLog> {
    parse(&bytes, &ParseContext::default()).unwrap().map(|records| match records {
        Records::HttpErr(log) => log,
        other => panic!("{other:?}"),
    })
}

fn time(text: &str) -> crate::Time {
    parse_iso(text).unwrap().0
}

fn reason<'a>(log: &'a HttpErrLog, name: &str) -> &'a ReasonStat {
    log.reasons.iter().find(|r| r.name == name).unwrap_or_else(|| panic!("no {name} in {:?}", log.reasons))
}

#[test]
fn every_layout_gives_the_same_sums() {
    for layout in Layout::ALL {
        let mut writer = HttpErrWriter::new(layout);
        writer
            .start("2026-05-01 08:00:00")
            .row(Written::new("2026-05-01 08:30:59", "503", "N/A"))
            .row(Written {
                client: "fe80::1%13",
                ..Written::new("2026-05-01 08:31:01", "-", "Timer_ConnectionIdle")
            })
            .row(Written::refused("2026-05-01 08:31:02", "24_Connections_Refused"))
            .row(Written::refused("2026-05-01 08:31:30", "3_Connections_Refused"))
            .row(Written::refused("2026-05-01 08:33:00", "1_Connections_Refused"));
        let parsed = read(&writer.bytes());
        assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (5, 0), "{layout:?}");
        assert_eq!(parsed.notes, [], "{layout:?}");
        let log = &parsed.value;
        assert_eq!(log.first, Some(time("2026-05-01 08:30:59")));
        assert_eq!(log.last, Some(time("2026-05-01 08:33:00")));
        let line = if layout == Layout::Server2003 { 0 } else { 4 };
        let refused = reason(log, "Connections_Refused");
        assert_eq!((refused.class, refused.rows, refused.weight), (ReasonClass::MemoryRefusal, 3, 28));
        assert_eq!(refused.first, (time("2026-05-01 08:31:02"), line + 3));
        assert_eq!(refused.last, (time("2026-05-01 08:33:00"), line + 5));
        let minutes: Vec<_> = refused.by_minute.iter().map(|(t, n)| (t.to_string(), *n)).collect();
        assert_eq!(minutes, [("2026-05-01 08:31:00".to_owned(), 27), ("2026-05-01 08:33:00".to_owned(), 1)]);
        assert_eq!(reason(log, "N/A").class, ReasonClass::MemoryPossible);
        assert_eq!(statuses(log), [(503, 1)]);
        let starts: &[_] = if line == 0 { &[] } else { &[(time("2026-05-01 08:00:00"), 3)] };
        assert_eq!(log.service_starts, starts);
    }
}

fn statuses(log: &HttpErrLog) -> Vec<(u16, u64)> {
    log.statuses.iter().map(|(status, rows)| (*status, *rows)).collect()
}

#[test]
fn a_layout_may_change_at_a_service_start() {
    let mut writer = HttpErrWriter::new(Layout::Server2008);
    writer.start("2026-05-01 08:00:00").row(Written::new("2026-05-01 08:30:59", "503", "QueueFull"));
    writer.layout(Layout::Server2022).start("2026-05-02 01:00:00");
    writer.row(Written::new("2026-05-02 01:02:03", "503", "AppOffline"));
    let log = read(&writer.bytes()).value;
    assert_eq!(log.reasons.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["AppOffline", "QueueFull"]);
    assert_eq!(log.service_starts, [(time("2026-05-01 08:00:00"), 3), (time("2026-05-02 01:00:00"), 8)]);
}

#[test]
fn na_is_split_by_status_and_unknown_reasons_are_kept() {
    let mut writer = HttpErrWriter::new(Layout::Server2008);
    writer.start("2026-05-01 08:00:00");
    for (status, reason) in [("503", "N/A"), ("400", "N/A"), ("503", "N/A"), ("500", "Brand_New"), ("-", "-")]
    {
        writer.row(Written::new("2026-05-01 08:30:59", status, reason));
    }
    let log = read(&writer.bytes()).value;
    let seen: Vec<_> = log.reasons.iter().map(|r| (r.name.as_str(), r.class, r.rows)).collect();
    assert_eq!(
        seen,
        [
            ("-", ReasonClass::Unknown, 1),
            ("Brand_New", ReasonClass::Unknown, 1),
            ("N/A", ReasonClass::MemoryPossible, 2),
            ("N/A", ReasonClass::Unknown, 1),
        ]
    );
}

#[test]
fn full_queues_are_told_by_name() {
    for layout in [Layout::Server2008, Layout::Server2022] {
        let mut writer = HttpErrWriter::new(layout);
        writer.start("2026-05-01 08:00:00");
        for (second, queue) in [(1, "OrdersApi"), (2, "OrdersApi"), (3, "Shop"), (4, "-"), (5, "")] {
            let when = format!("2026-05-01 08:30:0{second}");
            writer.row(Written { queue, ..Written::new(&when, "503", "QueueFull") });
            writer.row(Written { queue, ..Written::new(&when, "-", "Client_Reset") });
        }
        let log = read(&writer.bytes()).value;
        let queues: Vec<_> = reason(&log, "QueueFull").queues.iter().map(|(n, r)| (n.as_str(), *r)).collect();
        assert_eq!(queues, [("OrdersApi", 2), ("Shop", 1)]);
        assert!(reason(&log, "Client_Reset").queues.is_empty());
    }
}

#[test]
fn odd_rows_are_read_or_located() {
    let mut writer = HttpErrWriter::new(Layout::Server2008);
    writer.start("2026-05-01 08:00:00");
    // An empty queue name leaves a blank at the end of the row, or nothing at all.
    writer.raw("2026-05-01 08:30:00 ::1%0 5 ::1%0 80 HTTP/1.1 GET /a - 1 Client_Reset \r\n");
    writer.raw("2026-05-01 08:30:01 ::1%0 5 ::1%0 80 HTTP/1.1 GET /a - 1 Client_Reset\r\n");
    writer.raw("2026-05-01 08:30:02 ::1%0 5 ::1%0 80 HTTP/1.1 GET\r\n");
    writer.raw("2026-13-01 08:30:02 - - - - - - - - - 1_Connections_Refused -\r\n");
    writer.raw("2026-05-01 08:30:03 - - - - - - - 5x3 - QueueFull -\r\n");
    writer.raw("what is this\r\n\r\n");
    writer.raw("2026-05-01 08:30:04 - - - - - - - - - 2_Connections_Refused -\r\n");
    writer.raw("2026-05-01 08:30:0\0\0\0\0");
    let parsed = read(&writer.bytes());
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (3, 5));
    let places: Vec<_> = parsed.notes.iter().map(|note| note.place).collect();
    assert_eq!(places, [7, 8, 9, 10, 13].map(Place::Line));
    assert_eq!(reason(&parsed.value, "Client_Reset").rows, 2);
    assert_eq!(reason(&parsed.value, "Connections_Refused").weight, 2);
}

#[test]
fn zeros_of_a_crash_are_one_note_and_the_next_start_is_read() {
    let mut writer = HttpErrWriter::new(Layout::Server2008);
    writer.start("2026-05-01 08:00:00").row(Written::new("2026-05-01 08:30:59", "503", "QueueFull"));
    writer.raw(&"\0".repeat(5_000)).start("2026-05-01 09:00:00");
    writer.row(Written::new("2026-05-01 09:30:59", "503", "QueueFull")).raw(&"\0".repeat(9_000));
    let parsed = read(&writer.bytes());
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (2, 2));
    assert_eq!(parsed.notes.len(), 2);
    assert!(parsed.notes[0].text.starts_with("5000 zero bytes"), "{:?}", parsed.notes);
    assert_eq!(parsed.value.service_starts.len(), 2);
}

#[test]
fn a_clock_that_jumps_back_is_noted_with_its_line() {
    let mut writer = HttpErrWriter::new(Layout::Server2008);
    writer
        .start("2026-05-01 08:00:00")
        .row(Written::new("2026-05-01 08:30:59", "503", "QueueFull"))
        .row(Written::new("2026-05-01 08:30:30", "503", "QueueFull"))
        .row(Written::new("2026-05-01 07:30:00", "503", "QueueFull"));
    let parsed = read(&writer.bytes());
    assert_eq!(parsed.notes.len(), 1);
    assert_eq!(parsed.notes[0].place, Place::Line(7));
    assert_eq!(parsed.notes[0].text, "the clock jumps back from 2026-05-01 08:30:30 to 2026-05-01 07:30:00");
    assert_eq!(parsed.value.first, Some(time("2026-05-01 07:30:00")));
    assert_eq!(parsed.value.last, Some(time("2026-05-01 08:30:59")));
}

#[test]
fn utf16_and_a_byte_order_mark() {
    let mut writer = HttpErrWriter::new(Layout::Server2016);
    writer
        .start("2026-05-01 08:00:00")
        .row(Written::refused("2026-05-01 08:31:02", "24_Connections_Refused"));
    let plain = read(&writer.bytes());
    let text = String::from_utf8(writer.bytes()).unwrap();
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&utf16), plain);
    assert_eq!(read(format!("\u{feff}{text}").as_bytes()), plain);
}

#[test]
fn more_reasons_than_the_limit_are_counted() {
    let mut writer = HttpErrWriter::new(Layout::Server2008);
    writer.start("2026-05-01 08:00:00");
    for nth in 0..300 {
        writer.row(Written::new("2026-05-01 08:30:59", "503", &format!("Reason{nth}")));
    }
    let parsed = read(&writer.bytes());
    assert_eq!(parsed.value.reasons.len(), crate::limits::MAX_HTTPERR_REASONS);
    assert_eq!(parsed.value.rows_of_dropped_reasons, 300 - 256);
    assert_eq!(parsed.value.statuses[&503], 300);
    assert_eq!(parsed.notes.len(), 1);
}

#[test]
fn rows_under_a_damaged_field_list_are_read_by_their_own_shape() {
    let mut writer = HttpErrWriter::new(Layout::Server2016);
    writer.start("2026-05-01 08:00:00").row(Written::new("2026-05-01 08:30:59", "503", "QueueFull"));
    let text = String::from_utf8(writer.bytes()).unwrap();
    // Without `s-reason` the list is useless; with two names run together every column is off by one.
    for damaged in [text.replace("s-reason", "s-re\0son"), text.replace("cs-uri streamid", "cs-uri_streamid")]
    {
        let parsed = read(damaged.as_bytes());
        assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (1, 0));
        assert_eq!(reason(&parsed.value, "QueueFull").rows, 1);
        assert_eq!(statuses(&parsed.value), [(503, 1)]);
    }
}

#[test]
fn what_it_is_is_told_by_content() {
    let test_of = |bytes: &[u8]| test(&Head::read(&bytes).unwrap());
    let mut writer = HttpErrWriter::new(Layout::Server2003);
    writer.row(Written::new("2026-05-01 08:30:59", "503", "QueueFull"));
    assert_eq!(test_of(&writer.bytes()), Some(Likelihood::Likely));
    writer.layout(Layout::Server2016).start("2026-05-01 09:00:00");
    assert_eq!(test_of(&writer.bytes()), Some(Likelihood::Certain));
    assert_eq!(
        test_of(
            b"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time sc-status\r\n"
        ),
        None
    );
    assert_eq!(test_of(&[0; 5_000]), None);
    assert!(matches!(
        parse(&&[0u8; 5_000][..], &ParseContext::default()),
        Err(FormatError::NotThisFormat { .. })
    ));
}

/// A log long enough for several blocks: sums do not depend on where the blocks fall.
#[test]
fn blocks_add_up_to_a_plain_count() {
    let bytes = bulk(crate::limits::W3C_BLOCK_BYTES * 5 / 2);
    let parsed = read(&bytes);
    let text = String::from_utf8(bytes).unwrap();
    let rows: Vec<(usize, &str)> =
        text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')).collect();
    assert_eq!(parsed.coverage.records, rows.len() as u64);
    assert_eq!(parsed.coverage.bad_records, 0);
    for name in ["QueueFull", "N/A", "Timer_ConnectionIdle", "Connections_Refused"] {
        let with: Vec<_> = rows.iter().filter(|(_, line)| line.contains(name)).collect();
        let stat = reason(&parsed.value, name);
        assert_eq!(stat.rows, with.len() as u64, "{name}");
        assert_eq!(stat.first, (time(&with[0].1[..19]), with[0].0 as u64 + 1));
        let last = with.last().unwrap();
        assert_eq!(stat.last, (time(&last.1[..19]), last.0 as u64 + 1));
        assert_eq!(stat.by_minute.values().sum::<u64>(), stat.weight);
    }
    let refused: u64 = rows
        .iter()
        .filter_map(|(_, line)| line.split(' ').find_map(|f| f.strip_suffix("_Connections_Refused")))
        .map(|n| n.parse::<u64>().unwrap())
        .sum();
    assert_eq!(reason(&parsed.value, "Connections_Refused").weight, refused);
}

/// Cut in two at any line, the second piece without directives: the same rows, weights and minutes.
#[test]
fn a_cut_log_gives_the_sums_of_the_whole() {
    for layout in Layout::ALL {
        let mut writer = HttpErrWriter::new(layout);
        writer.start("2026-05-01 08:00:00");
        for nth in 0..20 {
            let when = format!("2026-05-01 08:{:02}:00", 30 + nth / 3);
            match nth % 4 {
                0 => writer.row(Written::refused(&when, "7_Connections_Refused")),
                1 => writer.row(Written { queue: "", ..Written::new(&when, "503", "N/A") }),
                _ => writer.row(Written::new(&when, "-", "Timer_ConnectionIdle")),
            };
        }
        let bytes = writer.bytes();
        let sums = |logs: &[HttpErrLog]| {
            let mut sums = std::collections::BTreeMap::new();
            for stat in logs.iter().flat_map(|log| &log.reasons) {
                for (minute, weight) in &stat.by_minute {
                    *sums.entry((stat.name.clone(), stat.class, *minute)).or_insert(0) += weight;
                }
            }
            sums
        };
        let whole = sums(&[read(&bytes).value]);
        let head = bytes.windows(8).position(|w| w == b"#Fields:").map_or(0, |at| at + 1);
        for cut in memchr::memchr_iter(b'\n', &bytes)
            .map(|at| at + 1)
            .filter(|cut| *cut > head && *cut < bytes.len())
        {
            let logs = [read(&bytes[..cut]).value, read(&bytes[cut..]).value];
            assert_eq!(sums(&logs), whole, "{layout:?} cut at {cut}");
        }
    }
}

#[test]
fn a_real_log_is_read() {
    let Some(bytes) = poolscope_testkit::samples::read("httperr/plaso-httperr.log") else { return };
    let parsed = read(&bytes);
    // `grep -vc '^#'` on the file gives 5.
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records, parsed.notes.len()), (5, 0, 0));
    let names: Vec<_> = parsed.value.reasons.iter().map(|r| (r.name.as_str(), r.class)).collect();
    assert_eq!(
        names,
        ["Header", "Hostname", "URL_Length", "Verb", "Version_N/S"].map(|n| (n, ReasonClass::BadRequest))
    );
    assert_eq!(statuses(&parsed.value), [(400, 3), (414, 1), (505, 1)]);
    assert_eq!(parsed.value.service_starts, [(time("2026-10-07 12:24:54"), 3)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = parse(&bytes, &ParseContext::default());
    }

    #[test]
    fn never_panics_on_a_mutated_log(at in 0usize..3_000, with in proptest::collection::vec(any::<u8>(), 1..9)) {
        let mut bytes = bulk(3_000);
        for (slot, byte) in bytes.iter_mut().skip(at).zip(with) {
            *slot = byte;
        }
        let parsed = parse(&bytes, &ParseContext::default());
        prop_assert!(parsed.is_ok_and(|p| p.coverage.records > 10));
    }
}
