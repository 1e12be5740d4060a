//! Performance counters as text in every layout of the field, its traps, and damage.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests stand outside #[test] functions

use std::collections::BTreeMap;
use std::sync::Arc;

use poolscope_formats::counters::{CounterId, CounterLog, Identity, parse};
use poolscope_formats::time::parse_iso;
use poolscope_formats::{Head, Kind, ParseContext, Parsed, Time, Zone, detect::detect};
use poolscope_testkit::counters::{self as write, Sample};
use poolscope_testkit::poolmon::utf16;
use proptest::prelude::*;

const PATHS: [&str; 6] = [
    "\\\\SRV01\\Memory\\Pool Nonpaged Bytes",
    "\\\\SRV01\\Memory\\Available MBytes",
    "\\\\SRV01\\Processor Information(3,3)\\% Processor Time",
    "\\\\SRV01\\Process(w3wp#1)\\Handle Count",
    "\\\\SRV01\\Process(w3wp#1)\\ID Process",
    "\\\\SRV01\\LogicalDisk(0 C:)\\% Free Space",
];

fn samples() -> Vec<Sample> {
    (0..4u32)
        .map(|at| Sample {
            time: (2026, 5, 13, 8, 30 + at, 0),
            values: vec![
                Some(20_261_367_808.0 + f64::from(at)),
                Some(512.0),
                (at > 0).then_some(12.5),
                Some(1_000.0 + f64::from(at)),
                Some(if at < 2 { 4_321.0 } else { 999.0 }),
                None,
            ],
        })
        .collect()
}

fn read_with(bytes: &[u8], context: &ParseContext) -> Parsed<CounterLog> {
    parse(&bytes, context).unwrap()
}

fn read(text: &str) -> Parsed<CounterLog> {
    read_with(text.as_bytes(), &ParseContext::default())
}

fn utc(iso: &str) -> Time {
    parse_iso(iso).unwrap().0
}

fn kind_of(bytes: &[u8]) -> Option<Kind> {
    detect(&Head::read(&bytes).unwrap()).map(|format| format.kind)
}

fn values(log: &CounterLog, id: CounterId) -> Vec<f64> {
    let columns: Vec<_> = log.of(id).collect();
    assert_eq!(columns.len(), 1, "{id:?}");
    columns[0].values.clone()
}

fn has_note<T>(parsed: &Parsed<T>, part: &str) -> bool {
    parsed.notes.iter().any(|note| note.text.contains(part))
}

#[test]
fn perfmon_relog_and_typeperf() {
    let zone = "(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)";
    let csv = write::pdh(zone, ',', &PATHS, &samples());
    let excel: String =
        csv.replace(',', ";").replace("12.5", "12,5").replace('"', "").replace("(3;3)", "(3,3)");
    for (name, bytes, known) in [
        ("CSV", csv.clone().into_bytes(), true),
        ("TSV", write::pdh(&zone.replace("CSV", "TSV"), '\t', &PATHS, &samples()).into_bytes(), true),
        ("UTF-16", utf16(&csv), true),
        ("Excel in Germany", excel.into_bytes(), true),
        ("typeperf", write::typeperf(&PATHS, &samples()).into_bytes(), false),
    ] {
        assert_eq!(kind_of(&bytes), Some(Kind::CounterLog), "{name}");
        let parsed = read_with(&bytes, &ParseContext::default());
        let log = &parsed.value;
        assert_eq!(
            (parsed.coverage.records, parsed.coverage.bad_records),
            (4, 0),
            "{name}: {:?}",
            parsed.notes
        );
        let (zone, first) = if known {
            (Zone::Bias(-120), utc("2026-05-13 06:30:00.123"))
        } else {
            (Zone::Unknown, utc("2026-05-13 08:30"))
        };
        assert_eq!((log.zone, log.times[0]), (zone, first), "{name}");
        assert_eq!(log.machine.as_deref(), Some("SRV01"));
        assert_eq!((log.columns_total, log.columns.len()), (6, 4), "{name}");
        assert_eq!(log.other_columns, [PATHS[2], PATHS[5]]);
        assert_eq!(values(log, CounterId::MemoryPoolNonpagedBytes)[3], 20_261_367_811.0);
        assert_eq!(values(log, CounterId::MemoryAvailableBytes), [512.0 * 1_048_576.0; 4]);
        let handles: Vec<_> = log.of(CounterId::ProcessHandleCount).collect();
        assert_eq!(handles[0].identity, Identity::Spliced { rows: vec![2] }, "{name}");
        assert_eq!((handles[0].path.instance.as_deref(), handles[0].path.index), (Some("w3wp"), 1));
    }
}

#[test]
fn blanks_are_missing_and_never_zero() {
    let text = "\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\H\\Memory\\Pool Nonpaged Bytes\",\"\\\\H\\Memory\\Pool Paged Bytes\"\n\
                \"05/13/2026 08:30:00.000\",\" \",\"\"\n\"05/13/2026 08:31:00.000\",\"5\",\"n/a\"\n";
    let parsed = read(text);
    let nonpaged = values(&parsed.value, CounterId::MemoryPoolNonpagedBytes);
    assert!(nonpaged[0].is_nan() && nonpaged[1] == 5.0);
    assert!(values(&parsed.value, CounterId::MemoryPoolPagedBytes).iter().all(|value| value.is_nan()));
    assert!(has_note(&parsed, "1 cells of kept columns are neither numbers nor blank"));
}

#[test]
fn localised_heads_and_code_pages() {
    let german = "\"(PDH-CSV 4.0) (Mitteleuropäische Zeit)(-60)\",\"\\\\H\\Arbeitsspeicher\\Nicht-Auslagerungsseiten (Bytes)\",\
                  \"\\\\H\\Prozess(w3wp)\\Handleanzahl\"\r\n\"05/13/2026 08:30:00.000\",\"7\",\"8\"\r\n";
    let ansi: Vec<u8> = german.chars().map(|c| if c == 'ä' { 0xe4 } else { c as u8 }).collect();
    for bytes in [german.as_bytes(), &ansi] {
        let parsed = read_with(bytes, &ParseContext::default());
        assert_eq!(values(&parsed.value, CounterId::MemoryPoolNonpagedBytes), [7.0]);
        assert_eq!(values(&parsed.value, CounterId::ProcessHandleCount), [8.0]);
    }
    // cp1251: П р о ц е с с ( x ) \ Р а б о ч и й ..., and the zone cut where its name leaves the code page.
    let mut russian = b"\"(PDH-CSV 4.0) (RTZ 2 (\",\"\\\\H\\".to_vec();
    russian.extend([0xcf, 0xe0, 0xec, 0xff, 0xf2, 0xfc]);
    russian.extend(b"\\Pool Nonpaged Bytes\"\r\n\"05/13/2026 08:30:00.000\",\"1088.8185231449717776\"\r\n");
    let parsed = read_with(&russian, &ParseContext::default());
    assert_eq!(values(&parsed.value, CounterId::MemoryPoolNonpagedBytes), [1_088.818_523_144_971_8]);
    assert_eq!(parsed.value.zone, Zone::Unknown);
    assert_eq!(parsed.value.columns[0].path.object, "Память");
    assert!(has_note(&parsed, "windows-1251") && has_note(&parsed, "does not state a time zone"));
}

#[test]
fn a_user_dump_maps_other_languages() {
    let text = "\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\H\\Mémoire\\Octets de réserve non paginée\"\n\"05/13/2026 08:30:00.000\",\"5\"\n";
    assert!(read(text).value.columns.is_empty());
    let names: BTreeMap<u32, String> =
        [(4, "Mémoire".to_owned()), (58, "Octets de réserve non paginée".to_owned())].into();
    let context = ParseContext { perflib: Some(Arc::new(names)), ..ParseContext::default() };
    let parsed = read_with(text.as_bytes(), &context);
    assert_eq!(values(&parsed.value, CounterId::MemoryPoolNonpagedBytes), [5.0]);
}

#[test]
fn odd_rows_are_counted_and_the_rest_is_read() {
    let whole = write::pdh("(PDH-CSV 4.0) (UTC)(0)", ',', &PATHS, &samples());
    for cut in [2, 3, 10, 30] {
        let parsed = read(&whole[..whole.len() - cut]);
        let lost = u64::from(cut > 2);
        assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (4 - lost, lost), "cut {cut}");
    }
    let head = "\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\H\\Memory\\Pool Nonpaged Bytes\"\n";
    let parsed = read(&format!(
        "{head}\"05/13/2026 08:30:00.000\",\"1\",\"2\",\"3\"\n\"05/13/2026 08:31:00.000\"\n\"garbage\",\"1\"\n\"99/99/2026 08:31:00.000\",\"1\"\n\n\"05/13/2026 08:32:00.000\",\"4\"\n"
    ));
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (3, 2));
    let got = values(&parsed.value, CounterId::MemoryPoolNonpagedBytes);
    assert!(got[0] == 1.0 && got[1].is_nan() && got[2] == 4.0);
    assert!(has_note(&parsed, "1 rows have fewer cells") && has_note(&parsed, "1 rows have more cells"));
    assert!(parsed.notes.iter().any(|note| note.place.to_string() == "line 5"));
}

#[test]
fn quoted_decimal_commas_do_not_shift_cells() {
    let text = "\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\H\\Memory\\Pool Paged Bytes\",\"\\\\H\\Memory\\Pool Nonpaged Bytes\"\n\
                \"05/13/2026 08:30:00.000\",\"1013,7\",\"2048\"\n";
    let parsed = read(text);
    assert_eq!(values(&parsed.value, CounterId::MemoryPoolPagedBytes), [1_013.7]);
    assert_eq!(values(&parsed.value, CounterId::MemoryPoolNonpagedBytes), [2_048.0]);
}

#[test]
fn a_clock_that_goes_back_is_noted() {
    let mut samples = samples();
    samples[2].time = (2026, 5, 13, 7, 40, 0);
    let parsed = read(&write::pdh("(PDH-CSV 4.0) (UTC)(0)", ',', &PATHS, &samples));
    assert_eq!(parsed.value.clock_back, [2]);
    assert!(has_note(
        &parsed,
        "the clock goes back 1 times, first from 2026-05-13 08:31:00 to 2026-05-13 07:40:00"
    ));
}

#[test]
fn appended_logs_join_their_columns() {
    let first = write::pdh(
        "(PDH-CSV 4.0) (Summer)(-120)",
        ',',
        &PATHS[..1],
        &[Sample { time: (2026, 5, 13, 8, 0, 0), values: vec![Some(1.0)] }],
    );
    let second = write::pdh(
        "(PDH-CSV 4.0) (Winter)(-60)",
        ',',
        &[PATHS[3], PATHS[0]],
        &[Sample { time: (2026, 5, 13, 9, 0, 0), values: vec![Some(7.0), Some(2.0)] }],
    );
    let parsed = read(&format!("{first}{second}"));
    let log = &parsed.value;
    assert_eq!(values(log, CounterId::MemoryPoolNonpagedBytes), [1.0, 2.0]);
    let handles = values(log, CounterId::ProcessHandleCount);
    assert!(handles[0].is_nan() && handles[1] == 7.0);
    assert_eq!(log.times, [utc("2026-05-13 06:00:00.123"), utc("2026-05-13 08:00:00.123")]);
    assert_eq!(parsed.coverage.bad_records, 0);
}

#[test]
fn pdh_dates_are_month_first_even_where_day_first_would_be_shorter() {
    let month = |month: u32| Sample { time: (2026, month, 1, 0, 0, 0), values: vec![Some(1.0)] };
    let parsed =
        read(&write::pdh("(PDH-CSV 4.0) (UTC)(0)", ',', &PATHS[..1], &[month(2), month(3), month(4)]));
    assert_eq!(parsed.value.times[2], utc("2026-04-01 00:00:00.123"));
}

#[test]
fn get_counter_text_folded_and_in_other_cultures() {
    let american = |s: &Sample| {
        let (y, mo, d, h, mi, se) = s.time;
        format!("{mo}/{d}/{y} {h}:{mi:02}:{se:02}")
    };
    let danish = |s: &Sample| {
        let (y, mo, d, h, mi, se) = s.time;
        format!("{d:02}-{mo:02}-{y} {h:02}:{mi:02}:{se:02}")
    };
    for (width, text) in [
        (200, write::get_counter(&PATHS[..4], &samples(), 200, american, '.')),
        (80, write::get_counter(&PATHS[..4], &samples(), 80, american, '.')),
        (52, write::get_counter(&PATHS[..4], &samples(), 52, danish, ',')),
    ] {
        assert_eq!(kind_of(text.as_bytes()), Some(Kind::CounterLog), "{width}");
        let parsed = read_with(&utf16(&text), &ParseContext::default());
        let log = &parsed.value;
        assert_eq!(
            (parsed.coverage.records, parsed.coverage.bad_records),
            (4, 0),
            "{width}: {:?}",
            parsed.notes
        );
        assert_eq!(log.times[1], utc("2026-05-13 08:31"), "{width}");
        assert_eq!(values(log, CounterId::MemoryPoolNonpagedBytes)[3], 20_261_367_811.0, "{width}");
        assert_eq!(values(log, CounterId::ProcessHandleCount)[0], 1_000.0);
        assert_eq!(log.of(CounterId::ProcessHandleCount).next().unwrap().identity, Identity::Unknown);
    }
}

#[test]
fn get_counter_dates_are_settled_by_their_order() {
    let text = |days: [&str; 3]| -> String {
        days.iter().map(|day| format!("{day} 10:22:32       \\\\h\\memory\\pool nonpaged bytes :\n                          5\n\n")).collect()
    };
    let parsed = read(&text(["03-04-2023", "04-04-2023", "05-04-2023"]));
    assert_eq!(parsed.value.times[2], utc("2023-04-05 10:22:32"));
    let parsed = read(&text(["11-04-2023", "11-04-2023", "11-04-2023"]));
    assert!(has_note(&parsed, "do not tell day from month"));
}

#[test]
fn format_table_cuts_are_noted() {
    let text = "Timestamp                 CounterSamples\n---------                 --------------\n\
                5/13/2026 8:30:00         \\\\h\\memory\\pool nonpaged bytes :\n                          5\n\n\
                \x20                         \\\\h\\process(w3wp)\\han...\n";
    let parsed = read(text);
    assert_eq!(values(&parsed.value, CounterId::MemoryPoolNonpagedBytes), [5.0]);
    assert!(has_note(&parsed, "1 paths were cut by Format-Table"));
}

#[test]
fn tables_of_scripts() {
    let blank = "Time                PageTableMB PagedPoolMB NonpagedPoolMB\n----                ----------- ----------- --------------\n\
                 2026-05-01 20:59:08           0        1225         1013,7\n2026-05-01 21:59:08           0        1225         1100\n";
    let csv = "Timestamp,PagedPoolMB,NonpagedPoolMB,Handles\n2026-05-01T20:59:08Z,1225,1013.7,5000\n2026-05-01T21:59:08Z,1225,1100,\n";
    for text in [blank, csv] {
        assert_eq!(kind_of(text.as_bytes()), Some(Kind::CounterLog), "{text}");
        let parsed = read(text);
        let nonpaged = values(&parsed.value, CounterId::MemoryPoolNonpagedBytes);
        assert!((nonpaged[0] - 1_013.7 * 1_048_576.0).abs() < 1.0, "{nonpaged:?}");
        assert_eq!(parsed.value.times[1], utc("2026-05-01 21:59:08"));
    }
    assert_eq!(read(csv).value.zone, Zone::Utc);
    assert!(values(&read(csv).value, CounterId::ProcessHandleCount)[1].is_nan());
    let long = "\"Path\",\"InstanceName\",\"CookedValue\",\"RawValue\",\"Timestamp\",\"Status\"\n\
                \"\\\\h\\memory\\pool nonpaged bytes\",\"\",\"5\",\"5\",\"5/13/2026 8:30:00 AM\",\"0\"\n\
                \"\\\\h\\memory\\pool paged bytes\",\"\",\"6\",\"6\",\"5/13/2026 8:30:00 AM\",\"0\"\n\
                \"\\\\h\\memory\\pool nonpaged bytes\",\"\",\"7\",\"7\",\"5/13/2026 8:31:00 AM\",\"0\"\n";
    let parsed = read(long);
    assert_eq!(values(&parsed.value, CounterId::MemoryPoolNonpagedBytes), [5.0, 7.0]);
}

#[test]
fn hand_made_heads_with_single_backslashes() {
    let text = "Time,Process(x)\\Handle Count,Memory\\Pool Nonpaged Bytes\n05/13/2026 08:30:00,7,8\n";
    assert_eq!(kind_of(text.as_bytes()), Some(Kind::CounterLog));
    let parsed = read(text);
    assert_eq!(values(&parsed.value, CounterId::ProcessHandleCount), [7.0]);
    assert_eq!(parsed.value.machine, None);
}

#[test]
fn other_texts_are_not_counters() {
    for text in [
        "#Fields: date time c-ip\n2026-05-01 08:31:02 -\n",
        "tag,type,allocs,frees,diff,bytes,perAlloc\nAbcd,Nonp,1,0,1,16,16\n",
        "\"DateTime\",\"Tag\",\"PagedType\",\"Allocs\",\"Frees\",\"Diff\",\"Bytes\",\"PerAlloc\"\n",
        "Time,Entry Location,Entry,Enabled,Category,Image Path\n20240401-072632,HKLM\\System,abc,enabled,Drivers,c:\\windows\\abc.sys\n",
        "\"Module Name\",\"Display Name\",\"Path\"\n\"abc\",\"ABC\",\"C:\\Windows\\abc.sys\"\n",
        "hello, world\n",
        "",
    ] {
        assert_ne!(kind_of(text.as_bytes()), Some(Kind::CounterLog), "{text}");
    }
    assert!(parse(&&b"hello, world\n"[..], &ParseContext::default()).is_err());
}

#[test]
fn wide_logs_keep_only_what_is_known() {
    let many: Vec<String> = (0..1_100)
        .map(|at| match at % 11 {
            0 => format!("\\\\H\\Process(p{at})\\Handle Count"),
            _ => format!("\\\\H\\Network Interface(intel[r] {at})\\Bytes Total/sec"),
        })
        .collect();
    let paths: Vec<&str> = many.iter().map(String::as_str).collect();
    let samples: Vec<Sample> = (0..30)
        .map(|at| Sample {
            time: (2026, 5, 13, 8, at, 0),
            values: (0..1_100).map(|v| Some(f64::from(v))).collect(),
        })
        .collect();
    let parsed = read(&write::pdh("(PDH-CSV 4.0) (UTC)(0)", ',', &paths, &samples));
    assert_eq!((parsed.value.columns_total, parsed.value.columns.len()), (1_100, 100));
    assert_eq!(parsed.value.other_columns.len(), 64);
    for (at, column) in parsed.value.columns.iter().enumerate() {
        assert_eq!(column.values, [at as f64 * 11.0; 30]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1_000), start in 0usize..4) {
        let start: &[u8] = [&b""[..], b"\"(PDH-CSV 4.0)", b"Timestamp                 CounterSamples\n", b"Time,NonpagedPoolMB\n"][start];
        let _ = parse(&[start, &bytes].concat(), &ParseContext::default());
    }

    #[test]
    fn no_mutation_makes_it_panic(at in 0usize..1_500, with in any::<u8>(), cut in 0usize..1_500, layout in 0usize..3) {
        let text = match layout {
            0 => write::pdh("(PDH-CSV 4.0) (UTC)(0)", ',', &PATHS, &samples()),
            1 => write::typeperf(&PATHS, &samples()),
            _ => write::get_counter(&PATHS, &samples(), 60, |_| "5/13/2026 8:30:00".to_owned(), '.'),
        };
        let mut bytes = text.into_bytes();
        if let Some(slot) = bytes.get_mut(at) {
            *slot = with;
        }
        bytes.truncate(cut.max(10));
        let _ = parse(&bytes, &ParseContext::default());
    }

    #[test]
    fn written_values_are_read_back(rows in proptest::collection::vec((proptest::option::of(0.0f64..1e15), proptest::option::of(any::<u32>())), 1..40)) {
        let samples: Vec<Sample> = rows
            .iter()
            .enumerate()
            .map(|(at, &(a, b))| Sample { time: (2026, 5, 13, 8, at as u32, 0), values: vec![a, b.map(f64::from)] })
            .collect();
        let parsed = read(&write::pdh("(PDH-CSV 4.0) (UTC)(0)", ',', &[PATHS[0], PATHS[3]], &samples));
        let same = |got: &[f64], want: Vec<Option<f64>>| {
            got.len() == want.len()
                && got.iter().zip(want).all(|(got, want)| want.map_or(got.is_nan(), |want| *got == want))
        };
        prop_assert!(same(&values(&parsed.value, CounterId::MemoryPoolNonpagedBytes), rows.iter().map(|r| r.0).collect()));
        prop_assert!(same(&values(&parsed.value, CounterId::ProcessHandleCount), rows.iter().map(|r| r.1.map(f64::from)).collect()));
    }
}
