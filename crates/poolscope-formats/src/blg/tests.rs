//! Performance logs: the real sample, and logs written by the testkit in every shape, then damaged.

use super::*;
use crate::counters::{CounterColumn, CounterId, CounterLog, Identity};
use crate::time::{Time, Zone, parse_iso};
use poolscope_testkit::blg::{BlgWriter, Column, Host, Moment, Object, Part, bulk, counter_type};
use poolscope_testkit::samples;
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Parsed<CounterLog> {
    parse(&bytes, &ParseContext::default()).unwrap().map(|records| match records {
        Records::Counters(log) => log,
        other => panic!("{other:?}"),
    })
}

/// Moment of a UTC text on a host whose local time is `bias` minutes behind.
fn moment(utc: &str, bias: i64) -> Moment {
    let utc = parse_iso(utc).unwrap().0.0 * 10 + 116_444_736_000_000_000;
    Moment { utc, local: utc - bias * 600_000_000 }
}

fn shown(column: &CounterColumn) -> String {
    format!("{} = {:?}", column.path, column.values)
}

const NAMES: [(u32, &str); 6] = [
    (4, "Memory"),
    (58, "Pool Nonpaged Bytes"),
    (230, "Process"),
    (784, "ID Process"),
    (952, "Handle Count"),
    (1_418, "IO Other Operations/sec"),
];

const PROCESS: [(u32, u32); 4] = [
    (784, counter_type::RAW),
    (952, counter_type::RAW),
    (58, counter_type::RAW),
    (1_418, counter_type::BULK),
];

/// The Process object: name, id, handles, nonpaged pool and count of operations of each process.
fn processes(list: &[(&str, u64, u64, u64, u64)]) -> Part {
    let instances = list
        .iter()
        .map(|(name, id, handles, pool, io)| ((*name).to_owned(), vec![*id, *handles, *pool, *io]));
    Part::Object(Object {
        name: 230,
        counters: PROCESS.to_vec(),
        instances: instances.collect(),
        single: false,
    })
}

fn memory(nonpaged: u64) -> Part {
    let counters = vec![(58, counter_type::LARGE_RAW), (7_777, 0x2051_0500)];
    Part::Object(Object {
        name: 4,
        counters,
        instances: vec![(String::new(), vec![nonpaged, 1])],
        single: true,
    })
}

const MINUTES: [&str; 4] =
    ["2026-05-01 08:00:00", "2026-05-01 08:01:00", "2026-05-01 08:02:00", "2026-05-01 08:03:00"];

/// Read with another tool of our own making at research time: sums of the last sample equal `_Total`.
#[test]
fn the_real_log_gives_its_published_sums() {
    let Some(bytes) = samples::read("blg/PAL-SampleLog.blg") else { return };
    assert_eq!(test(&Head::read(&bytes).unwrap()), Some(Likelihood::Certain));
    let parsed = read(&bytes);
    let log = &parsed.value;
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records, parsed.notes.len()), (11, 0, 0));
    assert_eq!((log.machine.as_deref(), log.zone), (Some("ZACH-PC"), Zone::Bias(240)));
    assert_eq!(log.times.len(), 11);
    assert_eq!(
        (log.times[0].to_string(), log.times[10].to_string()),
        ("2007-08-14 19:40:38".into(), "2007-08-14 19:50:38".into())
    );
    for (id, want) in
        [(CounterId::ProcessPoolNonpagedBytes, 543_384.0), (CounterId::ProcessHandleCount, 14_749.0)]
    {
        let last = |total: bool| -> Vec<f64> {
            let of = log.of(id).filter(|column| (column.path.instance.as_deref() == Some("_Total")) == total);
            of.map(|column| column.values[10]).filter(|value| !value.is_nan()).collect()
        };
        assert_eq!((last(false).len(), last(false).iter().sum::<f64>()), (48, want));
        assert_eq!(last(true), [want]);
    }
    assert!(log.columns.iter().all(|column| column.identity == Identity::Stable));
    let memory = log.of(CounterId::MemoryPoolNonpagedBytes).next().unwrap();
    assert_eq!(memory.values[10], 28_782_592.0);
    let up = log.of(CounterId::SystemUpTime).next().unwrap();
    assert!((up.values[10] - up.values[0] - 600.0).abs() < 0.1, "{:?}", up.values);
}

#[test]
fn all_three_kinds_of_parts_of_both_widths() {
    for wide in [false, true] {
        let host = Host { wide, zone_name: "Testzeit", ..Host::default() };
        let at = MINUTES.map(|text| moment(text, 0));
        let mut writer = BlgWriter::new(host, at[0]);
        writer.names(at[0], "SRV", &NAMES);
        writer.catalogue(
            at[0],
            "SRV",
            &[
                Column::Object("Process"),
                Column::Single("Memory", None, "Pool Nonpaged Bytes", counter_type::LARGE_RAW),
                Column::Instances("Process", "IO Other Operations/sec", counter_type::BULK),
                Column::Single("System", None, "System Up Time", counter_type::ELAPSED),
                Column::Single("Process", Some("w3wp"), "% Processor Time", 0x2051_0500),
            ],
        );
        for (nth, when) in at.iter().enumerate() {
            let nth = nth as i64;
            let second = 60_000_000 * nth;
            writer.sample(
                *when,
                &[
                    processes(&[("w3wp", 40, 100 + nth as u64, 7, 600 * nth as u64)]),
                    // In the third sample the counter was not there (PDH_CSTATUS_NO_OBJECT).
                    Part::Single(if nth == 2 { 0xc000_0bb8 } else { u32::from(nth == 1) }, 1_000 * nth, 0),
                    Part::Instances(
                        0,
                        vec![("a(b)".into(), 60 * nth, second), ("a(b)".into(), 120 * nth, second)],
                    ),
                    Part::Single(0, 1_000_000, 5_000_000 + second),
                    Part::Single(0, 1, 1),
                    Part::Unknown,
                ],
            );
        }
        let parsed = read(&writer.bytes());
        let log = &parsed.value;
        assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (4, 0));
        let notes: Vec<&str> = parsed.notes.iter().map(|note| note.text.as_str()).collect();
        let unsure = "2 per-process columns without ID Process may pass from one process to another unseen";
        assert_eq!(notes, [unsure]);
        assert_eq!(
            (log.zone, log.zone_name.as_deref(), log.columns_total),
            (Zone::Bias(0), Some("Testzeit"), 9)
        );
        assert_eq!(log.times, at.map(|when| Time((when.utc - 116_444_736_000_000_000) / 10)));
        assert_eq!(log.other_columns, ["\\\\SRV\\Process(w3wp)\\% Processor Time"]);
        let columns: Vec<String> = log.columns.iter().map(shown).collect();
        assert_eq!(
            columns,
            [
                "\\\\SRV\\Process(w3wp)\\ID Process = [40.0, 40.0, 40.0, 40.0]",
                "\\\\SRV\\Process(w3wp)\\Handle Count = [100.0, 101.0, 102.0, 103.0]",
                "\\\\SRV\\Process(w3wp)\\Pool Nonpaged Bytes = [7.0, 7.0, 7.0, 7.0]",
                "\\\\SRV\\Process(w3wp)\\IO Other Operations/sec = [NaN, 10.0, 10.0, 10.0]",
                "\\\\SRV\\Memory\\Pool Nonpaged Bytes = [0.0, 1000.0, NaN, 3000.0]",
                "\\\\SRV\\Process(a[b])\\IO Other Operations/sec = [NaN, 1.0, 1.0, 1.0]",
                "\\\\SRV\\Process(a[b]#1)\\IO Other Operations/sec = [NaN, 2.0, 2.0, 2.0]",
                "\\\\SRV\\System\\System Up Time = [4.0, 64.0, 124.0, 184.0]",
            ]
        );
    }
}

#[test]
fn processes_of_one_name_are_told_by_their_id() {
    let at = MINUTES.map(|text| moment(text, 0));
    let mut writer = BlgWriter::new(Host::default(), at[0]);
    writer.names(at[0], "SRV", &NAMES).catalogue(
        at[0],
        "SRV",
        &[Column::Object("Process"), Column::Object("Memory")],
    );
    let all = ("_Total", 0, 9, 9, 9);
    for (when, list) in at.iter().zip([
        vec![("svchost", 10, 1, 0, 0), ("svchost", 20, 2, 0, 0), ("svchost", 30, 3, 0, 0), all],
        // The first one ends: PDH would now call the second one `svchost`.
        vec![("svchost", 20, 2, 0, 0), ("svchost", 30, 3, 0, 0), all],
        vec![("svchost", 20, 2, 0, 0), ("svchost", 40, 4, 0, 0), ("svchost", 30, 3, 0, 0), all],
        vec![("svchost", 40, 4, 0, 0), all],
    ]) {
        writer.sample(*when, &[processes(&list), memory(5)]);
    }
    writer.trailer(at[0], at[3], 4);
    let parsed = read(&writer.bytes());
    assert_eq!(parsed.notes, []);
    let log = &parsed.value;
    let handles: Vec<String> = log.of(CounterId::ProcessHandleCount).map(shown).collect();
    assert_eq!(
        handles,
        [
            "\\\\SRV\\Process(svchost)\\Handle Count = [1.0, NaN, NaN, NaN]",
            "\\\\SRV\\Process(svchost#1)\\Handle Count = [2.0, 2.0, 2.0, NaN]",
            "\\\\SRV\\Process(svchost#2)\\Handle Count = [3.0, 3.0, 3.0, NaN]",
            "\\\\SRV\\Process(_Total)\\Handle Count = [9.0, 9.0, 9.0, 9.0]",
            "\\\\SRV\\Process(svchost#3)\\Handle Count = [NaN, NaN, 4.0, 4.0]",
        ]
    );
    assert!(log.columns.iter().all(|column| column.identity == Identity::Stable));
    assert_eq!(
        log.of(CounterId::MemoryPoolNonpagedBytes).map(shown).collect::<Vec<_>>(),
        ["\\\\SRV\\Memory\\Pool Nonpaged Bytes = [5.0, 5.0, 5.0, 5.0]"]
    );
    assert_eq!(log.other_columns, ["\\\\SRV\\Memory\\[7777]"]);
    assert_eq!(log.columns_total, 4 * 4 + 2);
}

#[test]
fn names_come_from_the_logs_own_table_in_any_language() {
    let at = moment(MINUTES[0], 0);
    let french = [(4, "Mémoire"), (58, "Octets de réserve non paginée"), (230, "Processus")];
    let mut writer = BlgWriter::new(Host::default(), at);
    writer.names(at, "SRV", &french).catalogue(at, "SRV", &[Column::Object("Mémoire")]);
    writer.sample(at, &[memory(77), processes(&[("w3wp", 4, 1, 2, 3)])]);
    let log = read(&writer.bytes()).value;
    let kept: Vec<String> =
        log.columns.iter().map(|column| format!("{:?} {}", column.id, column.path)).collect();
    assert_eq!(
        kept,
        [
            "MemoryPoolNonpagedBytes \\\\SRV\\Mémoire\\Octets de réserve non paginée",
            // Indices the table lacks have their English names.
            "ProcessIdProcess \\\\SRV\\Processus(w3wp)\\ID Process",
            "ProcessHandleCount \\\\SRV\\Processus(w3wp)\\Handle Count",
            "ProcessPoolNonpagedBytes \\\\SRV\\Processus(w3wp)\\Octets de réserve non paginée",
            "ProcessIoOtherOperations \\\\SRV\\Processus(w3wp)\\IO Other Operations/sec",
        ]
    );
    // No table at all, and the user's own dump for names above the fixed ones.
    let mut writer = BlgWriter::new(Host::default(), at);
    writer.sample(at, &[memory(77)]);
    assert_eq!(read(&writer.bytes()).value.columns[0].path.to_string(), "\\Memory\\Pool Nonpaged Bytes");
}

#[test]
fn local_times_become_utc_over_the_change_of_the_clock() {
    let host = Host { bias: -60, daylight_bias: -60, ..Host::default() };
    // No whole object in the log: nothing but the zone says what UTC was.
    let at = [moment("2026-10-24 12:00", -120), moment("2026-10-25 12:00", -60)];
    let mut writer = BlgWriter::new(host, at[0]);
    writer.catalogue(
        at[0],
        "SRV",
        &[Column::Single("Memory", None, "Committed Bytes", counter_type::LARGE_RAW)],
    );
    for when in at {
        writer.sample(when, &[Part::Single(0, 5, 0)]);
    }
    let log = read(&writer.bytes()).value;
    assert_eq!(
        log.times.iter().map(Time::to_string).collect::<Vec<_>>(),
        ["2026-10-24 12:00:00", "2026-10-25 12:00:00"]
    );
    assert_eq!(log.zone, Zone::Bias(-120));
}

fn four_samples() -> BlgWriter {
    let at = MINUTES.map(|text| moment(text, 0));
    let mut writer = BlgWriter::new(Host::default(), at[0]);
    writer.names(at[0], "SRV", &NAMES).catalogue(at[0], "SRV", &[Column::Object("Memory")]);
    for (nth, when) in at.iter().enumerate() {
        writer.sample(*when, &[memory(nth as u64)]);
    }
    writer
}

#[test]
fn samples_that_are_damaged_are_counted_and_the_rest_is_read() {
    let at = moment("2026-05-01 09:00:00", 0);
    let good = read(&four_samples().bytes()).value;
    for (damage, text) in [
        (
            four_samples().piece(0x22, at.local, 1, 2, b"BL\x03\0").bytes(),
            "a record without its piece 2 of 2",
        ),
        (
            four_samples().record(0x22, at.local, b"BL\x03\0\x50\0\0\0BL\x03\x05\xff\0\0\0").bytes(),
            "a sample that ends early: part at",
        ),
        (
            four_samples().record(0x22, at.local, b"BL\x03\0\x50\0\0\0zzzz").bytes(),
            "a sample that ends early: part mark",
        ),
        (four_samples().piece(0x22, at.local, 9, 2, b"").bytes(), "piece 9 of 2"),
    ] {
        let parsed = read(&damage);
        assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (4, 1), "{text}");
        assert!(parsed.notes[0].text.starts_with(text), "{:?}", parsed.notes);
        assert!(matches!(parsed.notes[0].place, Place::Offset(65_536..) | Place::Whole));
        assert_eq!(parsed.value.times[..4], good.times);
    }
    // A log that was cut short reads up to its end.
    let mut long = bulk(400_000);
    let whole = read(&long).value.times.len();
    long.truncate(200_000);
    let cut = read(&long);
    assert!(cut.value.times.len() > 2 && cut.value.times.len() < whole);
    assert!(!cut.notes.is_empty());
}

#[test]
fn what_is_not_read_is_said() {
    let at = moment(MINUTES[0], 0);
    let mut writer = BlgWriter::new(Host { circular: true, ..Host::default() }, at);
    writer.sample(at, &[memory(1)]);
    let parsed = read(&writer.bytes());
    assert_eq!((parsed.value.times.len(), parsed.coverage.bad_records), (0, 1));
    assert!(parsed.notes[0].text.contains("circular") && parsed.notes[0].text.contains("relog"));
    let empty = BlgWriter::new(Host::default(), at).bytes();
    assert!(matches!(parse(&empty, &ParseContext::default()), Err(FormatError::NotThisFormat { .. })));
    assert!(matches!(
        parse(&vec![0; 70_000], &ParseContext::default()),
        Err(FormatError::NotThisFormat { .. })
    ));
    assert_eq!(test(&Head::read(&vec![0u8; 70_000]).unwrap()), None);
    assert_eq!(test(&Head::read(&four_samples().bytes()).unwrap()), Some(Likelihood::Certain));
    if let Some(trace) = samples::read("etl/AMSITrace.etl") {
        assert_eq!(test(&Head::read(&trace).unwrap()), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_a_mutated_log(at in 65_536usize..75_000, with in proptest::collection::vec(any::<u8>(), 1..40)) {
        let at_ = moment(MINUTES[0], 0);
        let mut writer = BlgWriter::new(Host::default(), at_);
        writer.names(at_, "SRV", &NAMES).catalogue(at_, "SRV", &[Column::Object("Process"), Column::Instances("Process", "Handle Count", counter_type::RAW)]);
        for text in MINUTES {
            let list = [("a", 1, 2, 3, 4), ("b", 2, 3, 4, 5)];
            writer.sample(moment(text, 0), &[processes(&list), Part::Instances(0, vec![("a".into(), 1, 1); 9]), memory(1)]);
        }
        let mut bytes = writer.bytes();
        for (slot, byte) in bytes.iter_mut().skip(at).zip(with) {
            *slot = byte;
        }
        let _ = parse(&bytes, &ParseContext::default());
    }
}
