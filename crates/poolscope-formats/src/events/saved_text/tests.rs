//! Texts as people save them, with what was read of each.

use super::super::records::EventDetail;
use super::*;
use crate::time::Zone;

fn read(text: &str) -> Parsed<EventLog> {
    parse(&text.as_bytes()).unwrap()
}

fn shown(log: &EventLog) -> Vec<String> {
    log.events.iter().map(|event| format!("{} {} {:?}", event.time, event.id, event.detail)).collect()
}

#[test]
fn a_format_list_with_broken_lines() {
    let parsed = read(
        "PS C:\\> Get-WinEvent -LogName System | fl TimeCreated,ProviderName,Id,Message\r\n\r\n\r\n\
         TimeCreated  : 7/21/2026 5:20:48 AM\r\nProviderName : Microsoft-Windows-WindowsUpdateClient\r\n\
         Id           : 19\r\nMessage      : Installation Successful: Windows successfully installed the following update: Update for \r\n\
         \x20              Example - KB4000001 (Broad)\r\n\r\n\
         TimeCreated  : 7/21/2026 1:46:58 AM\r\nProviderName : Microsoft-Windows-FilterManager\r\nId           : 1\r\n\
         Message      : File System Filter 'abcflt' (Version 10.0, 2025-02-11T14:02:31.000000000Z) unloaded successfully.\r\n\r\n\
         TimeCreated  : 7/21/2026 1:47:03 AM\r\nProviderName : Microsoft-Windows-FilterManager\r\nId           : 6\r\n\
         Message      : File System Filter 'abcflt' (10.0, 2026-08-21T10:40:11.000000000Z) has successfully loaded and \r\n\
         \x20              registered with Filter Manager.\r\n\r\nPS C:\\> \r\n",
    );
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (3, 0), "{:?}", parsed.notes);
    assert_eq!(parsed.value.zone, Zone::Unknown);
    assert_eq!(
        shown(&parsed.value),
        [
            "2026-07-21 01:46:58 1 FilterUnloaded { name: \"abcflt\" }",
            "2026-07-21 01:47:03 6 FilterRegistered { name: \"abcflt\", altitude: None }",
            "2026-07-21 05:20:48 19 UpdateInstalled { title: \"Update for Example - KB4000001 (Broad)\" }",
        ]
    );
}

const VIEWER_CSV: &str = "\u{feff}Level,Date and Time,Source,Event ID,Task Category\r\n\
    Information,4/5/2026 2:05:20 AM,EventLog,6005,None,The Event log service was started.\r\n\
    Information,4/5/2026 2:05:20 AM,EventLog,6009,None,Microsoft (R) Windows (R) 10.00. 20348  Multiprocessor Free.\r\n\
    Information,4/5/2026 2:04:37 AM,Microsoft-Windows-Kernel-General,12,(1),\"The operating system started at system time \u{200e}2026\u{200e}-\u{200e}04\u{200e}-\u{200e}05T08:04:37.500000000Z.\"\r\n\
    Information,4/5/2026 1:54:11 AM,User32,1074,None,\"The process C:\\Windows\\system32\\svchost.exe (HOST1) has initiated the restart of computer HOST1 on behalf of user NT AUTHORITY\\SYSTEM for the following reason: Operating System: Service pack (Planned)\n Reason Code: 0x80020010\n Shutdown Type: restart\n Comment: \"\r\n\
    Error,4/5/2026 1:50:00 AM,srv,2019,None,The server was unable to allocate from the system nonpaged pool because the pool was empty.\r\n\
    Information,4/5/2026 1:40:00 AM,Service Control Manager,7045,None,\"A service was installed in the system.\n\nService Name:  Abc Driver\nService File Name:  \\SystemRoot\\system32\\drivers\\abc.sys\nService Type:  kernel mode driver\nService Start Type:  demand start\nService Account:  \"\r\n\
    Information,4/5/2026 1:39:00 AM,Somebody,77,None,\"Half, a message\"\r\n";

#[test]
fn event_viewers_csv_with_its_zone_and_order_found() {
    let parsed = read(VIEWER_CSV);
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (7, 0), "{:?}", parsed.notes);
    // A start that states UTC: the host is six hours behind, and April is the month.
    assert_eq!(parsed.value.zone, Zone::Bias(360));
    let events = &parsed.value.events;
    assert_eq!(events.len(), 6);
    assert_eq!(events[0].time.to_string(), "2026-04-05 07:40:00");
    assert!(
        matches!(&events[0].detail, EventDetail::ServiceInstalled { name, kernel_driver: true, .. } if name == "Abc Driver"),
        "{:?}",
        events[0].detail
    );
    assert!(matches!(events[1].detail, EventDetail::PoolEmpty { .. }), "{:?}", events[1].detail);
    match &events[2].detail {
        EventDetail::Restart { by, user, why } => {
            assert_eq!(by, "C:\\Windows\\system32\\svchost.exe (HOST1)");
            assert_eq!(user, "NT AUTHORITY\\SYSTEM");
            assert!(why.starts_with("Operating System: Service pack (Planned); "), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(events[3].detail, EventDetail::OsStart { .. }));
    assert!(
        events.iter().any(
            |e| matches!(&e.detail, EventDetail::OsVersion { text } if text.starts_with("10.00. 20348"))
        )
    );
}

#[test]
fn event_viewer_in_other_languages() {
    for head in ["Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie", "Ebene1,Zwei,Drei,Vier,Fünf"]
    {
        let text = format!(
            "{head}\r\nInformationen,04.05.2026 08:30:00,EventLog,6005,Keine,Der Ereignisprotokolldienst wurde gestartet.\r\n"
        );
        let parsed = read(&text);
        assert_eq!(shown(&parsed.value), ["2026-05-04 08:30:00 6005 LogStarted"], "{head}");
    }
    let tabs = "Level\tDate and Time\tSource\tEvent ID\tTask Category\r\nInformation\t31/05/2026 08:30:00\tEventLog\t6006\tNone\tThe Event log service was stopped.\r\n";
    assert_eq!(shown(&read(tabs).value), ["2026-05-31 08:30:00 6006 LogStopped"]);
}

#[test]
fn details_copied_from_event_viewer_in_two_languages() {
    let german = "Protokollname: System\r\nQuelle:        EventLog\r\nDatum:         28.08.2026 17:22:05\r\n\
                  Ereignis-ID:   6005\r\nAufgabenkategorie:Keine\r\nEbene:         Informationen\r\n\
                  Schlüsselwörter:Klassisch\r\nBenutzer:      Nicht zutreffend\r\nComputer:      SRV3.example\r\n\
                  Beschreibung:\r\nDer Dienst wurde gestartet.\r\nGrund: keiner\r\n\r\n";
    let english = "Log Name:      System\r\nSource:        EventLog\r\nDate:          8/29/2026 5:22:05 PM\r\n\
                   Event ID:      6006\r\nTask Category: None\r\nLevel:         Information\r\nKeywords:      Classic\r\n\
                   User:          N/A\r\nComputer:      SRV3.example\r\nDescription:\r\nThe Event log service was stopped.\r\n";
    assert_eq!(shown(&read(&german.repeat(2)).value), ["2026-08-28 17:22:05 6005 LogStarted"; 2]);
    assert_eq!(shown(&read(english).value), ["2026-08-29 17:22:05 6006 LogStopped"]);
}

#[test]
fn texts_of_wevtutil_old_and_new() {
    let text = |head: &str, date: &str| {
        format!(
            "{head}\r\n  Log Name: System\r\n  Source: EventLog\r\n  Date: {date}\r\n  Event ID: 6005\r\n  Task: N/A\r\n  \
             Level: Information\r\n  User: N/A\r\n  Computer: SRV3.example\r\n  Description: \r\nThe Event log service was started.\r\n\r\n"
        )
    };
    let old =
        read(&(text("Event[0]:", "2026-08-28T17:22:05.000") + &text("Event[1]:", "2026-08-29T17:22:05.000")));
    assert_eq!(
        shown(&old.value),
        ["2026-08-28 17:22:05 6005 LogStarted", "2026-08-29 17:22:05 6005 LogStarted"]
    );
    assert_eq!(old.value.zone, Zone::Unknown);
    let new = read(&text("Event[0]", "2026-08-28T17:22:05.8708171Z"));
    assert_eq!((shown(&new.value).len(), new.value.zone), (1, Zone::Utc));
}

#[test]
fn drivers_that_plug_and_play_installed() {
    let text = "Log Name: System\r\nSource: Microsoft-Windows-UserPnp\r\nDate: 2026-10-28 06:14:18\r\nEvent ID: 20001\r\nComputer: S\r\n\
                Description:\r\nDriver Management concluded the process to install driver a.inf_amd64_6f2f\\bnxtnd.inf for \
                Device Instance ID PCI\\VEN_14E4&DEV_16D7\\000A with the following status: 0x0.\r\n";
    let read = read(text);
    let shown = &shown(&read.value)[0];
    assert!(shown.contains("driver: \"bnxtnd.inf\"") && shown.contains("status: Some(0)"), "{shown}");
}

#[test]
fn programs_that_windows_installer_installed() {
    let text = "Log Name: Application\r\nSource: MsiInstaller\r\nDate: 2026-08-28 17:22:05\r\nEvent ID: 1033\r\nComputer: SRV3\r\n\
                Description:\r\nWindows Installer installed the product. Product Name: Agent. Product Version: 7.5.2. \
                Product Language: 1033. Manufacturer: X Ltd. Installation success or error status: 0.\r\n";
    let want = "ProductInstalled { name: \"Agent\", version: \"7.5.2\" }";
    assert!(shown(&read(text).value)[0].ends_with(want), "{:?}", shown(&read(text).value));
    assert!(!shown(&read(&text.replace("status: 0.", "status: 1603.")).value)[0].contains("Agent"));
}

#[test]
fn damage_is_counted_with_its_line() {
    let parsed = read(
        "Level,Date and Time,Source,Event ID,Task Category\r\nInformation,5/31/2026 8:30:00 AM,EventLog,6006,None,x\r\nInformation,5/31/20",
    );
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (1, 1));
    assert_eq!(parsed.notes.last().map(|note| note.place), Some(Place::Line(3)));
}

#[test]
fn other_texts_are_left_alone() {
    for text in [
        "Name : a\nId : 3\n",
        "Id,Name,Source\n1,a,b\n",
        "a,b,c,d,e\n1,2,3,4,5,6\n",
        "Handles  NPM(K)    PM(K)\n-------  ------    -----\n",
        "",
    ] {
        assert!(parse(&text.as_bytes()).is_err(), "{text}");
    }
}
