//! What each wanted event says, through XML and binary alike.

use super::*;
use crate::tag::{Pool, Tag};
use poolscope_testkit::event_xml::{Element, exhaustion, pool_info, process_info, system_info};

#[test]
fn pool_empty_is_srv_and_names_the_pool_and_status() {
    let packet = "0000040001005400000000 00e30700c000000000 9a0000c0".replace(' ', "");
    for (provider, id, pool) in
        [("Srv", 2019, Pool::Nonpaged), ("srv", 2020, Pool::Paged), ("srv2", 2019, Pool::Nonpaged)]
    {
        let event = Written::new(provider, id, WHEN).strings(&["\\Device\\LanmanServer"]).binary(&packet);
        assert_eq!(detail(event), EventDetail::PoolEmpty { pool, status: Some(0xc000_009a) });
    }
    let bare = Written::new("Srv", 2019, WHEN);
    assert_eq!(detail(bare), EventDetail::PoolEmpty { pool: Pool::Nonpaged, status: None });
    assert_eq!(detail(Written::new("srv", 2017, WHEN)), EventDetail::Other);
}

#[test]
fn ids_of_other_providers_are_only_counted() {
    let events: Vec<_> = [
        ("Microsoft-Windows-Setup", 2004),
        ("Microsoft-Windows-UserModePowerService", 12),
        ("Microsoft-Windows-Time-Service", 19),
        ("SomeDriver", 6),
        ("e1iexpress", 27),
        ("Application", 1001),
        ("Disk", 41),
        ("Other", 2019),
    ]
    .map(|(provider, id)| Written::new(provider, id, WHEN))
    .to_vec();
    assert_eq!(details(&events), []);
    let log = read_evtx(&evtx_writer::write(&events)).value;
    assert_eq!(log.by_provider.len(), 8);
    assert_eq!(log.by_provider[&("Disk".to_owned(), 41)], 1);
}

#[test]
fn exhaustion_in_both_orders_with_missing_blocks_and_empty_slots() {
    let system = system_info(8_000_000_000, 7_900_000_000, 600_000_000, 200_000_000);
    let nonpaged = pool_info("NonPagedPoolInfo", &[("Even", 400_000_000), ("Io", 9_000_000), ("MmCa", 5)]);
    let paged = pool_info("PagedPoolInfo", &[("MmSt", 100_000_000)]);
    let processes =
        process_info(&[("store.exe", 7_580, 11_282_399_232, 40_000), ("w3wp.exe", 4_242, 5_000, 77)]);
    let windows7 = vec![system.clone(), processes.clone(), paged.clone(), nonpaged.clone()];
    let windows10 = vec![Element::new("ExhaustionEventInfo"), paged, nonpaged, system, processes];
    for blocks in [windows7, windows10] {
        let EventDetail::ResourceExhaustion(read) = detail(exhaustion(WHEN, blocks)) else { panic!() };
        assert_eq!(read.commit_limit_bytes, Some(8_000_000_000));
        assert_eq!(read.commit_charge_bytes, Some(7_900_000_000));
        assert_eq!((read.nonpaged_pool_bytes, read.paged_pool_bytes), (Some(600_000_000), Some(200_000_000)));
        assert_eq!(read.processes_running, Some(77));
        assert_eq!(
            read.nonpaged_tags,
            [(Tag(*b"Even"), 400_000_000), (Tag(*b"Io  "), 9_000_000), (Tag(*b"MmCa"), 5)]
        );
        assert_eq!(read.paged_tags, [(Tag(*b"MmSt"), 100_000_000)]);
        assert_eq!(read.processes.len(), 2);
        let store = &read.processes[0];
        assert_eq!((store.name.as_str(), store.pid, store.handles), ("store.exe", 7_580, Some(40_000)));
        assert_eq!(store.commit_bytes, Some(11_282_399_232));
        assert_eq!(store.created, Some(time("2026-04-30 06:00:00.123")));
    }
    let EventDetail::ResourceExhaustion(bare) = detail(exhaustion(WHEN, vec![process_info(&[])])) else {
        panic!()
    };
    assert_eq!(*bare, ResourceExhaustion::default());
}

#[test]
fn boots_and_stops() {
    let start = Written::new("Microsoft-Windows-Kernel-General", 12, WHEN).named(&[
        ("MajorVersion", "10"),
        ("MinorVersion", "0"),
        ("BuildVersion", "17763"),
        ("StartTime", "2026-05-01T08:30:50.5Z"),
    ]);
    assert_eq!(
        detail(start),
        EventDetail::OsStart { started: Some(time("2026-05-01 08:30:50.5")), version: Some([10, 0, 17_763]) }
    );
    assert_eq!(detail(Written::new("Microsoft-Windows-Kernel-General", 13, WHEN)), EventDetail::OsStop);
    assert_eq!(detail(Written::new("EventLog", 6005, WHEN).strings(&[""])), EventDetail::LogStarted);
    assert_eq!(detail(Written::new("EventLog", 6006, WHEN)), EventDetail::LogStopped);
    let version = Written::new("EventLog", 6009, WHEN).strings(&[
        "6.01.",
        "7601",
        "Service Pack 1",
        "Multiprocessor Free",
        "0",
    ]);
    assert_eq!(
        detail(version),
        EventDetail::OsVersion { text: "6.01. 7601 Service Pack 1 Multiprocessor Free".to_owned() }
    );
    let up = Written::new("EventLog", 6013, WHEN).strings(&["", "", "", "", "181234", "60", "-60 CET"]);
    assert_eq!(detail(up), EventDetail::UpTime { seconds: 181_234 });
    let power = Written::new("Microsoft-Windows-Kernel-Power", 41, WHEN).named(&[("BugcheckCode", "209")]);
    assert_eq!(detail(power), EventDetail::PowerLoss { bugcheck: 209 });
    for (kind, kernel_resumed) in [(0, false), (1, true), (2, true)] {
        let event =
            Written::new("Microsoft-Windows-Kernel-Boot", 27, WHEN).named(&[("BootType", &kind.to_string())]);
        assert_eq!(detail(event), EventDetail::BootType { kind, kernel_resumed });
    }
    let restart = Written::new("USER32", 1074, WHEN).source("User32").named(&[
        ("param1", "C:\\Windows\\system32\\winlogon.exe (WEB01)"),
        ("param2", "WEB01"),
        ("param3", "Operating System: Upgrade (Planned)"),
        ("param4", "0x80020003"),
        ("param5", "restart"),
        ("param6", ""),
        ("param7", "NT AUTHORITY\\SYSTEM"),
    ]);
    assert_eq!(
        detail(restart),
        EventDetail::Restart {
            by: "C:\\Windows\\system32\\winlogon.exe (WEB01)".to_owned(),
            user: "NT AUTHORITY\\SYSTEM".to_owned(),
            why: "Operating System: Upgrade (Planned); 0x80020003; restart".to_owned(),
        }
    );
    for provider in ["Microsoft-Windows-WER-SystemErrorReporting", "BugCheck"] {
        let event = Written::new(provider, 1001, WHEN)
            .named(&[("param1", "0x000000c4 (0x62, 0x1, 0x2, 0x3)"), ("param2", "C:\\Windows\\MEMORY.DMP")]);
        let want = EventDetail::Bugcheck {
            text: "0x000000c4 (0x62, 0x1, 0x2, 0x3)".to_owned(),
            dump: Some("C:\\Windows\\MEMORY.DMP".to_owned()),
        };
        assert_eq!(detail(event), want);
    }
}

#[test]
fn dirty_shutdown_by_binary_time_or_by_an_unambiguous_text() {
    let dirty = |texts: &[&str], binary: &str| {
        let event = Written::new("EventLog", 6008, WHEN).strings(texts);
        detail(if binary.is_empty() { event } else { event.binary(binary) })
    };
    let marked = ["10:15:33", "\u{200e}01\u{200e}.\u{200e}05\u{200e}.\u{200e}2026"];
    // 2026-05-01 (a Friday) 10:15:33.500 as a SYSTEMTIME.
    let wall = dirty(&marked, "EA07050005000100 0A000F002100F401EA07".replace(' ', "").as_str());
    assert_eq!(wall, EventDetail::DirtyShutdown { stopped_wall: Some(time("2026-05-01 10:15:33.5")) });
    assert_eq!(dirty(&marked, ""), EventDetail::DirtyShutdown { stopped_wall: None });
    let iso = ["10:15:33", "\u{200e}2026\u{200e}-\u{200e}05\u{200e}-\u{200e}01"];
    assert_eq!(
        dirty(&iso, ""),
        EventDetail::DirtyShutdown { stopped_wall: Some(time("2026-05-01 10:15:33")) }
    );
}

#[test]
fn services_and_drivers_in_any_language() {
    for (path, kind, is_driver) in [
        ("\\SystemRoot\\System32\\drivers\\abc.sys", "kernel mode driver", true),
        ("\\??\\C:\\Temp\\abc.sys", "Kernelmodustreiber", true),
        ("system32\\DRIVERS\\abc.SYS", "драйвер режима ядра", true),
        ("\"C:\\Program Files\\a\\a.exe\" -x", "user mode service", false),
        ("C:\\a\\driverhost.exe", "Benutzermodusdienst", false),
        ("", "драйвер режима ядра", true),
        ("", "user mode service", false),
    ] {
        let event = Written::new(SCM, 7045, WHEN).named(&[
            ("ServiceName", "abc"),
            ("ImagePath", path),
            ("ServiceType", kind),
            ("StartType", "demand start"),
            ("AccountName", ""),
        ]);
        let EventDetail::ServiceInstalled { name, image_path, kernel_driver, .. } = detail(event) else {
            panic!()
        };
        assert_eq!((name.as_str(), image_path.as_str(), kernel_driver), ("abc", path, is_driver));
    }
    let state =
        Written::new(SCM, 7036, WHEN).named(&[("param1", "World Wide Web"), ("param2", "wird ausgeführt")]);
    assert_eq!(
        detail(state),
        EventDetail::ServiceState { name: "World Wide Web".to_owned(), state: "wird ausgeführt".to_owned() }
    );
    let changed = Written::new(SCM, 7040, WHEN).strings(&["BITS", "demand start", "auto start"]);
    let EventDetail::ServiceStartChanged { to, .. } = detail(changed) else { panic!() };
    assert_eq!(to, "auto start");
    let failed = Written::new(SCM, 7026, WHEN).named(&[("param1", "\r\nCSC\r\ndam")]);
    assert_eq!(
        detail(failed),
        EventDetail::ServiceFailed { name: "CSC dam".to_owned(), error: String::new() }
    );
}

#[test]
fn installed_drivers_updates_filters_and_failures() {
    let package = Written::new("Microsoft-Windows-UserPnp", 20001, WHEN).user(Element::with(
        "InstallDeviceID",
        vec![
            Element::text("DriverName", "abc.inf_amd64_1\\abc.inf"),
            Element::text("DriverVersion", "1.2.3.4"),
            Element::text("DriverProvider", "A & B"),
            Element::text("DeviceInstanceID", "PCI\\VEN_1&DEV_2"),
            Element::text("InstallStatus", "0x0"),
        ],
    ));
    let service = Written::new("Microsoft-Windows-UserPnp", 20003, WHEN).user(Element::with(
        "AddServiceID",
        vec![
            Element::text("ServiceName", "abc"),
            Element::text("DriverFileName", "\\SystemRoot\\system32\\drivers\\abc.sys"),
            Element::text("DeviceInstanceID", "PCI\\VEN_1"),
            Element::text("AddServiceStatus", "0"),
        ],
    ));
    let installed =
        |driver: &str, version: Option<&str>, vendor: Option<&str>, service: Option<&str>, device: &str| {
            EventDetail::DriverInstalled {
                driver: driver.to_owned(),
                version: version.map(str::to_owned),
                vendor: vendor.map(str::to_owned),
                service: service.map(str::to_owned),
                device: device.to_owned(),
                status: Some(0),
            }
        };
    assert_eq!(
        details(&[package, service]),
        [
            installed("abc.inf_amd64_1\\abc.inf", Some("1.2.3.4"), Some("A & B"), None, "PCI\\VEN_1&DEV_2"),
            installed("\\SystemRoot\\system32\\drivers\\abc.sys", None, None, Some("abc"), "PCI\\VEN_1"),
        ]
    );
    let update = Written::new("Microsoft-Windows-WindowsUpdateClient", 19, WHEN)
        .named(&[("updateTitle", "Fix (KB123)")]);
    assert_eq!(detail(update), EventDetail::UpdateInstalled { title: "Fix (KB123)".to_owned() });
    let failed = Written::new("Microsoft-Windows-Kernel-PnP", 219, WHEN).named(&[
        ("DriverName", "HID\\VID_1"),
        ("Status", "3221226341"),
        ("FailureName", "\\Driver\\WudfRd"),
    ]);
    assert_eq!(
        detail(failed),
        EventDetail::DriverLoadFailed {
            driver: "\\Driver\\WudfRd".to_owned(),
            device: "HID\\VID_1".to_owned(),
            status: Some(0xc000_0365),
        }
    );
    let filter = |extra: &str| {
        detail(
            Written::new("Microsoft-Windows-FilterManager", 6, WHEN)
                .named(&[("DeviceName", "WdFilter"), ("ExtraInfoString", extra)]),
        )
    };
    let registered = |altitude: Option<&str>| EventDetail::FilterRegistered {
        name: "WdFilter".to_owned(),
        altitude: altitude.map(str::to_owned),
    };
    assert_eq!(
        filter("{ \"frame\" : 0, \"instances\" : [[\"328010.5\",\"0x00000000\"]] }"),
        registered(Some("328010.5"))
    );
    assert_eq!(filter("{ \"instances\" : [] }"), registered(None));
    assert_eq!(filter(""), registered(None));
}
