//! Writes the System event log of the incident as `wevtutil qe System.evt /lf:true /f:xml` exports it: one
//! `Event` element a line, no root element, newest last.

use std::fmt::Write as _;

use super::clock::{HOUR, Seconds, iso};
use super::machine::HOST;
use super::story::{DRIVER_INSTALL, END, FIRST_BOOT, IISRESET, SECOND_BOOT, SHUTDOWN, refusals_from};

/// One event. Old events have no names for their data; newer ones have.
struct Written<'a> {
    moment: Seconds,
    provider: &'a str,
    id: u32,
    qualifiers: u32,
    level: u32,
    data: &'a [&'a str],
    names: &'a [&'a str],
    binary: &'a str,
}

/// The export.
pub fn system_events() -> String {
    let mut list = Vec::new();
    boot(&mut list, FIRST_BOOT);
    list.push(service(FIRST_BOOT + 94, &["World Wide Web Publishing Service", "running"]));
    list.push(service(FIRST_BOOT + 97, &["Order Synchronisation Service", "running"]));
    let mut noon = FIRST_BOOT + 10 * HOUR;
    while noon < END {
        if !(SHUTDOWN - HOUR..SECOND_BOOT + HOUR).contains(&noon) {
            list.push(event(
                noon + 17,
                "W32Time",
                35,
                16_384,
                4,
                &["time.example.net (ntp.m|0x1|192.0.2.7:123)"],
            ));
        }
        noon += 24 * HOUR;
    }
    list.push(srv_2019(SHUTDOWN - 26 * 60));
    list.push(srv_2019(SHUTDOWN - 11 * 60));
    list.push(service(IISRESET, &["World Wide Web Publishing Service", "stopped"]));
    list.push(service(IISRESET + 21, &["World Wide Web Publishing Service", "running"]));
    list.push(event(
        SHUTDOWN - 20,
        "USER32",
        1_074,
        32_768,
        4,
        &[
            "Explorer.EXE",
            HOST,
            "Other (Planned)",
            "0x84000000",
            "restart",
            "sites answer 503",
            "WEB04\\Administrator",
        ],
    ));
    list.push(event(SHUTDOWN, "EventLog", 6_006, 32_768, 4, &[]));
    boot(&mut list, SECOND_BOOT);
    list.push(service(SECOND_BOOT + 88, &["World Wide Web Publishing Service", "running"]));
    list.push(service(SECOND_BOOT + 91, &["Order Synchronisation Service", "running"]));
    list.push(Written {
        names: &["ServiceName", "ImagePath", "ServiceType", "StartType", "AccountName"],
        ..event(
            DRIVER_INSTALL,
            "Service Control Manager",
            7_045,
            16_384,
            4,
            &[
                "Contoso Volume Filter",
                "system32\\DRIVERS\\cvfilter.sys",
                "kernel mode driver",
                "demand start",
                "",
            ],
        )
    });
    list.push(service(DRIVER_INSTALL + 6, &["Contoso Backup Agent", "running"]));
    list.push(srv_2019(refusals_from() + 39 * 60));
    list.push(srv_2019(refusals_from() + 58 * 60));
    list.sort_by_key(|event| event.moment);
    let mut out = String::new();
    for (record, event) in list.iter().enumerate() {
        write(&mut out, 8_411 + record, event);
    }
    out
}

fn event<'a>(
    moment: Seconds,
    provider: &'a str,
    id: u32,
    qualifiers: u32,
    level: u32,
    data: &'a [&'a str],
) -> Written<'a> {
    Written { moment, provider, id, qualifiers, level, data, names: &[], binary: "" }
}

/// Version and start of the event log, as they are written at every boot.
fn boot(list: &mut Vec<Written<'_>>, moment: Seconds) {
    let version = &["5.02.", "3790", "Service Pack 2", "Multiprocessor Free"];
    list.push(event(moment + 33, "EventLog", 6_009, 32_768, 4, version));
    list.push(event(moment + 33, "EventLog", 6_005, 32_768, 4, &[]));
}

/// A service entered a state: its name and the state.
fn service(moment: Seconds, data: &'static [&'static str]) -> Written<'static> {
    event(moment, "Service Control Manager", 7_036, 16_384, 4, data)
}

/// The server service found the nonpaged pool empty; the data ends in STATUS_INSUFFICIENT_RESOURCES.
fn srv_2019(moment: Seconds) -> Written<'static> {
    Written {
        moment,
        provider: "Srv",
        id: 2_019,
        qualifiers: 49_152,
        level: 2,
        data: &["\\Device\\LanmanServer"],
        names: &[],
        binary: "0000040001005400000000E307000000000000009A0000C000000000000000000000000000000000",
    }
}

fn write(out: &mut String, record: usize, event: &Written<'_>) {
    let time = iso(event.moment).replace(' ', "T");
    let _ = write!(
        out,
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{}'/>\
         <EventID Qualifiers='{}'>{}</EventID><Level>{}</Level><Task>0</Task><Keywords>0x80000000000000</Keywords>\
         <TimeCreated SystemTime='{time}.000000000Z'/><EventRecordID>{record}</EventRecordID>\
         <Channel>System</Channel><Computer>{HOST}</Computer><Security/></System><EventData>",
        event.provider, event.qualifiers, event.id, event.level,
    );
    for (at, data) in event.data.iter().enumerate() {
        let name = event.names.get(at).map(|name| format!(" Name='{name}'")).unwrap_or_default();
        let _ = write!(out, "<Data{name}>{data}</Data>");
    }
    if !event.binary.is_empty() {
        let _ = write!(out, "<Binary>{}</Binary>", event.binary);
    }
    out.push_str("</EventData></Event>\r\n");
}
