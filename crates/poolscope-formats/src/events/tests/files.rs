//! Whole files: roots, encodings, damage, the real samples, and bytes at random.

use super::*;
use crate::parsed::Place;
use crate::time::Zone;
use poolscope_testkit::event_xml::{exhaustion, pool_info, process_info};
use poolscope_testkit::samples;
use proptest::prelude::*;

#[test]
fn exports_with_and_without_a_root_in_any_encoding() {
    let event = |nth: u64| Written::new("EventLog", 6005, WHEN).record(nth);
    let list = format!("{}\r\n{}", event(7).xml(), event(8).xml());
    let rooted = format!("<?xml version=\"1.0\" encoding=\"utf-16\"?><Events>{list}</Events>");
    for text in [list, rooted] {
        let utf16: Vec<u8> =
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for bytes in [text.into_bytes(), utf16] {
            assert_eq!(test_xml(&Head::read(&bytes).unwrap()), Some(Likelihood::Certain));
            let log = of(parse_xml(&bytes, &ParseContext::default())).value;
            assert_eq!(
                log.events.iter().map(|e| (e.record, e.place)).collect::<Vec<_>>(),
                [(7, Place::Line(1)), (8, Place::Line(2))]
            );
            assert_eq!((log.zone, log.first), (Zone::Utc, Some(time("2026-05-01 08:31:02.123456"))));
            assert_eq!(log.computer.as_deref(), Some("WEB01.example.test"));
        }
    }
}

#[test]
fn powershell_objects_hold_local_times_and_message_text() {
    let uptime = Written::new("EventLog", 6013, WHEN).message("Die Systembetriebszeit ist 181234 Sekunden.");
    let exhausted = Written::new("Microsoft-Windows-Resource-Exhaustion-Detector", 2004, WHEN).message(
        "Windows successfully diagnosed a low virtual memory condition. The following programs consumed the most \
         virtual memory: store.exe (7580) consumed 11282399232 bytes, my app.exe (21200) consumed 590950400 bytes, \
         and w3wp.exe (21092) consumed 562757632 bytes.",
    );
    let installed = Written::new(SCM, 7045, WHEN).message(
        "Ein Dienst wurde im System installiert.\r\n\r\nDienstname:  abc\r\nDienstdateiname:  C:\\Temp\\abc.sys\r\n\
         Diensttyp:  Kernelmodustreiber\r\nDienststarttyp:  Manuell\r\nDienstkonto:  ",
    );
    let power = Written::new("Microsoft-Windows-Kernel-Power", 41, WHEN).message("The system has rebooted.");
    let text = [
        (&uptime, "5/1/2026 8:31:02 AM"),
        (&exhausted, "5/1/2026 8:31:03 AM"),
        (&installed, "5/1/2026 8:31:04 AM"),
        (&power, "5/1/2026 8:31:05 AM"),
    ]
    .map(|(event, when)| event.object(when))
    .concat();
    let parsed = read_xml(&format!("<?xml version=\"1.0\"?>\r\n<Objects>{text}</Objects>"));
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records, parsed.notes.len()), (4, 0, 1));
    let log = parsed.value;
    assert_eq!((log.zone, log.first), (Zone::Unknown, Some(time("2026-05-01 08:31:02"))));
    assert_eq!(log.events[0].detail, EventDetail::UpTime { seconds: 181_234 });
    let EventDetail::ResourceExhaustion(read) = &log.events[1].detail else { panic!() };
    let names: Vec<_> =
        read.processes.iter().map(|p| (p.name.as_str(), p.pid, p.commit_bytes.unwrap())).collect();
    assert_eq!(
        names,
        [
            ("store.exe", 7_580, 11_282_399_232),
            ("my app.exe", 21_200, 590_950_400),
            ("w3wp.exe", 21_092, 562_757_632)
        ]
    );
    let EventDetail::ServiceInstalled { name, image_path, kernel_driver, .. } = &log.events[2].detail else {
        panic!()
    };
    assert_eq!((name.as_str(), image_path.as_str(), *kernel_driver), ("abc", "C:\\Temp\\abc.sys", true));
    assert_eq!(log.events[3].detail, EventDetail::Other);
}

#[test]
fn a_day_over_twelve_settles_the_order_of_all_dates() {
    let event = Written::new("EventLog", 6005, WHEN);
    let text = [event.object("01/05/2026 08:31:02"), event.object("30/04/2026 08:31:02")].concat();
    let log = read_xml(&text).value;
    assert_eq!(log.first, Some(time("2026-04-30 08:31:02")));
    assert_eq!(log.last, Some(time("2026-05-01 08:31:02")));
}

#[test]
fn broken_events_of_an_export_cost_themselves_only() {
    let good = Written::new("EventLog", 6005, WHEN).xml();
    let text = [
        good.as_str(),
        "<Event xmlns='x'><System><Provider Name='a'/>",
        &good,
        "<Event><System><broken</Event>",
        "<Event><System/></Event>",
        &good.replace("SystemTime", "Systemzeit"),
        &good,
        "<Event xmlns='cut",
    ]
    .join("\n");
    let parsed = read_xml(&text);
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (3, 5));
    let lines: Vec<_> = parsed.notes.iter().map(|note| note.place).collect();
    assert_eq!(lines, [2, 4, 5, 6].map(Place::Line).into_iter().chain([Place::Line(8)]).collect::<Vec<_>>());
}

#[test]
fn damaged_chunks_and_records_of_a_binary_log_are_counted_with_their_offsets() {
    let events: Vec<_> = (0..400).map(|nth| Written::new("EventLog", 6005, WHEN).record(nth)).collect();
    let bytes = evtx_writer::write(&events);
    let chunks = (bytes.len() - 4_096) / 65_536;
    assert!(chunks >= 4, "{chunks}");
    let whole = read_evtx(&bytes);
    assert_eq!((whole.value.records, whole.coverage.bad_records, whole.notes.len()), (400, 0, 0));
    let per_chunk =
        whole.value.events.iter().filter(|e| matches!(e.place, Place::Offset(at) if at < 69_632)).count();

    let mut damaged = bytes.clone();
    damaged[0x78] = 1;
    // The second chunk loses its mark; the third one record, which has its size zeroed.
    damaged[4_096 + 65_536] = 0;
    let third = 4_096 + 2 * 65_536 + 512;
    damaged[third..third + 8].fill(0);
    let parsed = read_evtx(&damaged);
    assert_eq!(parsed.value.records, 400 - per_chunk as u64 - 1);
    assert_eq!(parsed.coverage.bad_records, 2);
    let places: Vec<_> = parsed.notes.iter().map(|note| note.place).collect();
    let at = |chunk: u64| Place::Offset(4_096 + chunk * 65_536);
    // The dirty flag, the chunk, the record, and the third chunk's checksum.
    assert_eq!(places, [Place::Offset(0x78), at(1), Place::Offset(third as u64), at(2)]);

    let cut = read_evtx(&bytes[..4_096 + 65_536 + 30_000]);
    assert!(cut.value.records > per_chunk as u64 && cut.value.records < 2 * per_chunk as u64);
    assert!(cut.notes[0].text.contains("ends 30000 bytes into a chunk"), "{:?}", cut.notes);
}

/// Counted by two other readers: `pip install evtx python-evtx`, then
/// `sum(1 for _ in evtx.PyEvtxParser(path).records_json())`, and for the damaged file, which that one refuses,
/// `Evtx.Evtx.ChunkHeader(bytes, offset).records()` over every chunk with its mark: 14 + 13 + 129 + 114. It stops
/// at the damaged record in the chunk at 0x71000; 30 whole records follow there (mark, and size equal to its
/// copy), so 300.
#[test]
fn real_logs_have_the_counts_of_other_readers() {
    if let Some(bytes) = samples::read("evtx/system.evtx") {
        let parsed = read_evtx(&bytes);
        let log = &parsed.value;
        assert_eq!((log.records, parsed.coverage.bad_records), (1_881, 0));
        assert_eq!(log.computer.as_deref(), Some("DESKTOP-2KGM189"));
        for (provider, id, count) in [
            ("EventLog", 6005, 3),
            ("EventLog", 6013, 23),
            ("Microsoft-Windows-FilterManager", 6, 26),
            ("Microsoft-Windows-Kernel-General", 12, 3),
            ("Microsoft-Windows-Setup", 2004, 1),
            ("Microsoft-Windows-UserModePowerService", 12, 3),
            ("Microsoft-Windows-UserPnp", 20001, 24),
            ("Microsoft-Windows-UserPnp", 20003, 16),
            ("Microsoft-Windows-WindowsUpdateClient", 19, 116),
            ("Service Control Manager", 7045, 57),
            ("User32", 1074, 2),
        ] {
            assert_eq!(log.by_provider[&(provider.to_owned(), id)], count, "{provider} {id}");
        }
        let kept = |test: fn(&EventDetail) -> bool| log.events.iter().filter(|e| test(&e.detail)).count();
        assert_eq!(kept(|d| matches!(d, EventDetail::Other | EventDetail::ResourceExhaustion(_))), 0);
        assert_eq!(
            kept(|d| matches!(d, EventDetail::OsStart { version: Some([10, 0, 15_063]), started: Some(_) })),
            3
        );
        assert_eq!(kept(|d| matches!(d, EventDetail::DriverInstalled { .. })), 40);
        assert_eq!(kept(|d| matches!(d, EventDetail::ServiceInstalled { .. })), 57);
        assert_eq!(kept(|d| matches!(d, EventDetail::FilterRegistered { altitude: Some(_), .. })), 26);
        assert_eq!(kept(|d| matches!(d, EventDetail::UpTime { seconds: 1.. })), 23);
    }
    if let Some(bytes) = samples::read("evtx/bad-chunk-magic.evtx") {
        let parsed = read_evtx(&bytes);
        assert_eq!((parsed.value.records, parsed.coverage.bad_records), (300, 4));
        let bad: Vec<_> =
            parsed.notes.iter().filter(|n| n.text.contains("without its mark")).map(|n| n.place).collect();
        assert_eq!(bad, [Place::Offset(0x61000), Place::Offset(0xa1000)]);
        let unread = parsed.notes.iter().find(|n| n.text.contains("cannot be read")).unwrap();
        assert_eq!(unread.place, Place::Offset(0x71000 + 0x2060));
    }
}

#[test]
fn what_it_is_is_told_by_content() {
    let xml = |text: &str| test_xml(&Head::read(&text.as_bytes()).unwrap());
    assert_eq!(
        xml(
            "<Objects><Object><Property Name=\"Id\">1</Property><Property Name=\"ProviderName\">a</Property>"
        ),
        Some(Likelihood::Likely)
    );
    assert_eq!(xml("<MsInfo><Category name=\"x\"/></MsInfo>"), None);
    assert_eq!(test_evtx(&Head::read(&&b"ElfFile\0..."[..]).unwrap()), Some(Likelihood::Certain));
    assert_eq!(test_evtx(&Head::read(&&b"MZ"[..]).unwrap()), None);
    assert!(parse_evtx(&&b"MZ"[..], &ParseContext::default()).is_err());
    assert!(parse_xml(&&b"MZ"[..], &ParseContext::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn never_panics_on_a_mutated_log(at in 0usize..80_000, with in proptest::collection::vec(any::<u8>(), 1..40)) {
        let events: Vec<_> = (0..100).map(|nth| Written::new("EventLog", 6005, WHEN).record(nth).strings(&["a", "b"])).collect();
        let mut bytes = evtx_writer::write(&events);
        for (slot, byte) in bytes.iter_mut().skip(at).zip(with) {
            *slot = byte;
        }
        let _ = parse_evtx(&bytes, &ParseContext::default());
    }

    #[test]
    fn never_panics_on_mutated_xml(at in 0usize..900, with in "[ -~]{1,9}") {
        let mut text = exhaustion(WHEN, vec![pool_info("NonPagedPoolInfo", &[("Even", 1)]), process_info(&[])]).xml();
        if text.is_char_boundary(at) && at < text.len() {
            text.insert_str(at, &with);
        }
        let _ = parse_xml(&text.as_bytes(), &ParseContext::default());
        let _ = parse_xml(&with.as_bytes(), &ParseContext::default());
    }
}
