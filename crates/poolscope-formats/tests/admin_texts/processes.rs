//! Process and handle listings.

use poolscope_formats::detect::{self, Head, Kind};
use poolscope_formats::facts::ProcessKey;
use poolscope_formats::processes::ProcessListing;
use poolscope_formats::{ParseContext, Parsed, Records};
use proptest::prelude::*;

fn kind(name: &str) -> Kind {
    match name {
        _ if name.starts_with("handle") => Kind::HandleSummary,
        _ if name.starts_with("tasklist") => Kind::TaskList,
        _ => Kind::ProcessTable,
    }
}

fn parse(name: &str) -> Parsed<ProcessListing> {
    let bytes = super::fixture("processes", name);
    let format = detect::detect(&Head::read(&bytes).unwrap()).unwrap();
    (format.parse)(&bytes, &ParseContext::default()).unwrap().map(|records| match records {
        Records::Processes(listing) => listing,
        other => panic!("{other:?}"),
    })
}

#[test]
fn every_fixture_is_recognised() {
    super::assert_kinds("processes", kind);
}

#[test]
fn handle_summary_of_the_host() {
    let parsed = parse("handle_s.txt");
    let counts: Vec<_> = parsed.value.handles.iter().map(|c| (c.object_type.as_str(), c.handles)).collect();
    assert_eq!(
        counts,
        [
            ("<Unknown type>", 3),
            ("ALPC Port", 4_123),
            ("Event", 77_001),
            ("File", 20_417),
            ("Key", 11_012),
            ("Process", 41),
            ("Token", 902),
        ]
    );
    assert!(parsed.value.handles.iter().all(|c| c.process.is_none()));
    assert_eq!(parsed.value.totals[0].handles, 113_500);
    assert_eq!(parsed.notes.len(), 1, "the total is off by one: {:?}", parsed.notes);
    assert!(parsed.notes[0].text.contains("113499"), "{:?}", parsed.notes);
}

#[test]
fn handle_summaries_of_processes() {
    let listing = parse("handle_s_p.txt").value;
    let by_pid = ProcessKey { name: String::new(), pid: Some(3_856) };
    let by_name = ProcessKey { name: "agent".to_owned(), pid: None };
    let counts: Vec<_> =
        listing.handles.iter().map(|c| (c.process.as_ref(), c.object_type.as_str(), c.handles)).collect();
    assert_eq!(
        counts,
        [(Some(&by_pid), "Event", 65_905), (Some(&by_pid), "File", 120), (Some(&by_name), "Key", 12)]
    );
    assert_eq!(listing.totals.len(), 2);
}

#[test]
fn the_long_listing_is_counted_by_type() {
    let listing = parse("handle_long.txt").value;
    let counts: Vec<_> = listing
        .handles
        .iter()
        .map(|c| (c.process.as_ref().unwrap().pid, c.object_type.as_str(), c.handles))
        .collect();
    assert_eq!(
        counts,
        [
            (Some(4), "Process", 1),
            (Some(4), "File", 1),
            (Some(3_856), "Event", 2),
            (Some(3_856), "ALPC Port", 1),
            (Some(3_856), "File", 1),
        ]
    );
    let handles: Vec<_> = listing.processes.iter().map(|p| (p.name.as_str(), p.pid, p.handles)).collect();
    assert_eq!(handles, [("System", Some(4), Some(2)), ("agent.exe", Some(3_856), Some(4))]);
}

#[test]
fn tasklist_tables_and_csv() {
    for name in ["tasklist.txt", "tasklist.csv"] {
        let listing = parse(name).value;
        let last = listing.processes.last().unwrap();
        assert_eq!(listing.processes[1].pid, Some(4), "{name}");
        assert!(last.name == "agent.exe" && last.session.is_some(), "{name}: {last:?}");
    }
    assert_eq!(parse("tasklist.txt").value.processes[2].name, "a-very-long-image-name-of");
}

#[test]
fn services_wrap_and_none_is_none_in_any_language() {
    let listing = parse("tasklist_svc_de.txt").value;
    let services: Vec<_> =
        listing.processes.iter().map(|p| (p.name.as_str(), p.services.join(" "))).collect();
    assert_eq!(
        services,
        [
            ("System Idle Process", String::new()),
            ("System", String::new()),
            ("svchost.exe", "BrokerInfrastructure DcomLaunch PlugPlay Power SystemEventsBroker".to_owned()),
            ("größer.exe", String::new()),
            ("agent.exe", "AgentSvc".to_owned()),
        ]
    );
}

#[test]
fn process_tables_by_property_name() {
    for name in ["get_process.txt", "get_process.csv", "wmic_process.csv"] {
        let parsed = parse(name);
        assert_eq!(parsed.coverage.bad_records, 0, "{name}: {:?}", parsed.notes);
        let find = |pid| parsed.value.processes.iter().find(|p| p.pid == Some(pid)).unwrap();
        assert_eq!(find(4).handles, Some(2_104), "{name}");
        assert_eq!(find(3_856).handles, Some(65_905), "{name}");
    }
    let table = parse("get_process.txt").value;
    assert_eq!(table.processes[0].nonpaged_quota_bytes, Some(20 * 1_024));
    assert_eq!(
        (table.processes[3].name.as_str(), table.processes[3].handles, table.processes[3].pid),
        ("my app", Some(1_234_567), Some(14_120))
    );
    let csv = parse("get_process.csv").value;
    assert_eq!(
        (csv.processes[0].nonpaged_quota_bytes, csv.processes[0].paged_quota_bytes),
        (Some(20_480), Some(199_808))
    );
    assert_eq!(parse("wmic_process.csv").value.processes[1].threads, Some(151));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_listings_never_panic(at in 0usize..2_000, with in any::<u8>(), drop in 0usize..60) {
        for name in ["handle_s.txt", "handle_long.txt", "tasklist_svc_de.txt", "get_process.txt", "get_process.csv"] {
            let bytes = super::damaged(super::fixture("processes", name), at, with, drop);
            super::read_as_anything(&bytes);
        }
    }
}
