//! Debugger texts against the hand-made fixtures, damage, and arbitrary bytes.

use poolscope_formats::debugger::{self, DebuggerLog, DebuggerOutput};
use poolscope_formats::detect::Kind;
use poolscope_formats::facts::HostValue;
use poolscope_formats::{Parsed, Place, Pool, Tag, Zone};
use proptest::prelude::*;

use super::as_utf16;

fn fixture(name: &str) -> Vec<u8> {
    super::fixture("debugger", name)
}

fn parse(bytes: &[u8]) -> Parsed<DebuggerLog> {
    debugger::parse(&bytes).unwrap()
}

#[test]
fn every_fixture_is_recognised() {
    super::assert_kinds("debugger", |_| Kind::DebuggerLog);
}

#[test]
fn a_whole_session() {
    let parsed = parse(&fixture("logopen.txt"));
    let log = &parsed.value;
    let commands: Vec<_> = log.outputs.iter().map(|o| o.command.as_deref().unwrap_or("")).collect();
    assert_eq!(
        commands,
        [
            "!vm",
            "!poolused 2",
            "!poolused 4 Even",
            "!poolfind abcd 0",
            "!verifier 3 abc.sys",
            "!process 0 0",
            "!handle 0 3 f10 Event",
            "!handle 0 3 f10 Event",
        ]
    );
    let host: Vec<_> = log.host.iter().map(|fact| fact.value.clone()).collect();
    assert_eq!(
        host[..3],
        [
            HostValue::OsVersion { major: 10, minor: 0, build: 17_763 },
            HostValue::Processors(8),
            HostValue::Bits(64),
        ]
    );
    assert!(
        matches!(host[3], HostValue::TakenAt { time, zone: Zone::Bias(-120) } if time.to_string() == "2026-05-04 06:31:02")
    );
    assert_eq!(host[4], HostValue::UptimeSeconds(12 * 86_400 + 3 * 3_600 + 4 * 60 + 5));

    let DebuggerOutput::Memory(memory) = &log.outputs[0].output else { panic!("{:?}", log.outputs[0]) };
    let values: Vec<_> = memory.host.iter().map(|fact| fact.value.clone()).collect();
    assert_eq!(
        values,
        [
            HostValue::PhysicalBytes(16_776_180 * 1024),
            HostValue::AvailableBytes(493_824 * 1024),
            HostValue::PoolBytes { pool: Pool::Nonpaged, bytes: 10_000_400 * 1024 },
            HostValue::PoolLimitBytes { pool: Pool::Nonpaged, bytes: 17_179_869_184 * 1024 },
            HostValue::PoolBytes { pool: Pool::Paged, bytes: 300_000 * 1024 },
            HostValue::PoolLimitBytes { pool: Pool::Paged, bytes: 16_642_998_272 * 1024 },
            HostValue::CommittedBytes(15_600_000 * 1024),
            HostValue::CommitLimitBytes(25_164_788 * 1024),
        ]
    );
    assert_eq!(
        memory.warnings.iter().map(|w| w.1.as_str()).collect::<Vec<_>>(),
        ["Excessive NonPaged Pool Usage"]
    );

    let DebuggerOutput::PoolUsed(used) = &log.outputs[1].output else { panic!("{:?}", log.outputs[1]) };
    assert!(!used.partial);
    assert_eq!(used.totals, Some([(21_236_022, 9_861_585_254), (39, 205_984)]));
    assert_eq!(used.rows.len(), 8);
    let first = &used.rows[0];
    assert_eq!(
        (first.tag, first.pool, first.outstanding, first.bytes),
        (Tag(*b"abcd"), Pool::Nonpaged, 21_234_567, 9_607_407_110)
    );
    assert_eq!(used.rows[2].owner.as_deref(), Some("Etw Buffer , Binary: nt!etw"));
    assert_eq!(
        parsed.coverage.bad_records, 0,
        "the row of words has no two numbers: noise, {:?}",
        parsed.notes
    );
    assert!(parsed.notes.iter().any(|note| note.text.contains("unprintable")), "{:?}", parsed.notes);

    let DebuggerOutput::PoolUsed(used) = &log.outputs[2].output else { panic!("{:?}", log.outputs[2]) };
    assert!(used.partial, "one tag was asked for");

    let DebuggerOutput::PoolFind(found) = &log.outputs[3].output else { panic!("{:?}", log.outputs[3]) };
    assert_eq!((found.tag, found.blocks.len(), found.finished), (Some(Tag(*b"abcd")), 3, true));
    assert_eq!(found.blocks[2].bytes, 0x1c0);

    let DebuggerOutput::Verifier(drivers) = &log.outputs[4].output else { panic!("{:?}", log.outputs[4]) };
    let [driver] = drivers.as_slice() else { panic!("{drivers:?}") };
    assert_eq!(driver.name, "abc.sys");
    assert_eq!(driver.current.unwrap().nonpaged_bytes, 0x1c4);
    assert_eq!(driver.peak.unwrap().nonpaged_bytes, 0xbe59);
    assert_eq!(driver.allocations.len(), 3);
    assert_eq!(driver.allocations[2].tag, Tag(*b"Dh 1"));
    assert_eq!(driver.allocations[0].module(), Some("abc"));
    assert_eq!(driver.allocations.iter().map(|a| a.bytes).sum::<u64>(), 0x1c4 + 0x10);

    let DebuggerOutput::Processes(processes) = &log.outputs[5].output else { panic!("{:?}", log.outputs[5]) };
    let shown: Vec<_> = processes.iter().map(|p| (p.name.as_str(), p.pid, p.handles, p.ended)).collect();
    assert_eq!(
        shown,
        [
            ("System", Some(4), Some(2_104), false),
            ("Registry", Some(0x60), Some(0), false),
            ("worker.exe", Some(0x1a2c), Some(0), true),
            ("agent.exe", Some(0xf10), Some(65_905), false),
        ]
    );
    let DebuggerOutput::Handles(table) = &log.outputs[7].output else { panic!("{:?}", log.outputs[7]) };
    assert_eq!(table.total, Some(65_905));
    assert_eq!(table.process.as_ref().map(|p| (p.name.as_str(), p.pid)), Some(("agent.exe", Some(0xf10))));
    assert_eq!((table.by_type[0].object_type.as_str(), table.by_type[0].handles), ("Event", 2));
}

#[test]
fn old_poolused_with_glued_text() {
    let parsed = parse(&fixture("poolused_old.txt"));
    let DebuggerOutput::PoolUsed(used) = &parsed.value.outputs[0].output else { panic!() };
    let rows: Vec<_> = used.rows.iter().map(|r| (r.tag.0, r.pool, r.outstanding, r.bytes)).collect();
    assert_eq!(
        rows[..4],
        [
            (*b"1394", Pool::Nonpaged, 1, 520),
            (*b"1394", Pool::Paged, 0, 0),
            (*b"AcpX", Pool::Nonpaged, 3, 1_504),
            (*b"AcpX", Pool::Paged, 0, 504),
        ]
    );
    assert_eq!(used.rows[3].owner.as_deref(), Some("ACPI Pooltags , Binary: acpi.sys"));
    assert_eq!(rows[4].0, *b"Io  ");
    assert_eq!(rows[7], (*b"Dh 1", Pool::Paged, 24, 1_536));
    assert_eq!(used.totals, Some([(19, 6_728), (0, 0)]));
    assert_eq!(parsed.value.outputs[0].command, None);
}

#[test]
fn verbose_poolused_keeps_allocs_and_frees_apart() {
    let parsed = parse(&fixture("poolused_verbose.txt"));
    let DebuggerOutput::PoolUsed(used) = &parsed.value.outputs[0].output else { panic!() };
    let even = &used.rows[0];
    assert_eq!(
        (even.allocs, even.frees, even.outstanding, even.bytes),
        (Some(51_231_806), Some(50_546_884), 684_922, 32_876_256)
    );
    assert_eq!(used.totals, Some([(684_922, 32_876_256), (5_200, 21_299_200)]));
}

#[test]
fn a_stopped_search_says_so_and_counts_its_bad_line() {
    let parsed = parse(&fixture("poolfind_old.txt"));
    let DebuggerOutput::PoolFind(found) = &parsed.value.outputs[0].output else { panic!() };
    assert!(!found.finished);
    assert_eq!(
        found.blocks.iter().map(|b| (b.address, b.bytes, b.allocated)).collect::<Vec<_>>(),
        [(0x826f_a130, 0xc0, true), (0x8272_1c00, 0x10, false), (0x8273_9f80, 0xc0, true),]
    );
    assert_eq!(parsed.coverage.bad_records, 1);
    assert_eq!(parsed.notes[0].place, Place::Line(9));
}

#[test]
fn old_verifier_numbers_are_hexadecimal() {
    let parsed = parse(&fixture("verifier_old.txt"));
    let DebuggerOutput::Verifier(drivers) = &parsed.value.outputs[0].output else { panic!() };
    assert_eq!(drivers.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["xyz.sys", "old.sys"]);
    assert_eq!(drivers[0].current.unwrap().nonpaged_bytes, 0x68);
    assert_eq!(drivers[0].allocations[0].caller, 0xf9c3_a4e1);
    assert_eq!(drivers[1].peak.unwrap().nonpaged_bytes, 0x100);
}

#[test]
fn user_mode_handle_summary() {
    let parsed = parse(&fixture("handles_user.txt"));
    let DebuggerOutput::Handles(table) = &parsed.value.outputs[0].output else {
        panic!("{:?}", parsed.value)
    };
    let counts: Vec<_> = table.by_type.iter().map(|c| (c.object_type.as_str(), c.handles)).collect();
    assert_eq!(counts, [("Event", 21), ("File", 14), ("None", 12), ("Section", 1)]);
    assert_eq!(table.total, Some(48));
}

#[test]
fn other_texts_are_refused() {
    for text in [
        "",
        "hello\nworld\n",
        " Tag  Type     Allocs            Frees            Diff   Bytes    Per Alloc\n",
    ] {
        assert!(debugger::parse(&text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_cut_session_keeps_what_stands_before_the_cut() {
    let whole = fixture("logopen.txt");
    let full = parse(&whole).value.outputs.len();
    let mut last = 0;
    for cut in (0..whole.len()).step_by(97) {
        if let Ok(parsed) = debugger::parse(&&whole[..cut]) {
            let outputs = parsed.value.outputs.len();
            assert!(outputs >= last && outputs <= full, "cut at {cut}: {outputs} after {last}");
            last = outputs;
        }
    }
}

#[test]
fn utf16_reads_like_utf8() {
    let text = String::from_utf8(fixture("logopen.txt")).unwrap();
    let wide = as_utf16(&text);
    assert_eq!(parse(&wide).value, parse(text.as_bytes()).value);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_sessions_never_panic(at in 0usize..4_000, with in any::<u8>(), drop in 0usize..40) {
        let bytes = super::damaged(fixture("logopen.txt"), at, with, drop);
        let _ = debugger::parse(&bytes);
    }
}
