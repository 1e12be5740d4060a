//! Which events are wanted, and what each says. Always by provider and id together: ids repeat.

use super::exhaustion;
use super::message;
use super::raw::{EventHead, RawEvent, read_number};
use super::records::EventDetail;
use crate::cursor::Cursor;
use crate::tag::Pool;
use crate::time::{Civil, Time, parse_iso};

/// The wanted events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    PoolEmpty(Pool),
    SrvOther,
    Exhaustion,
    OsStart,
    OsStop,
    LogStarted,
    LogStopped,
    DirtyShutdown,
    OsVersion,
    UpTime,
    PowerLoss,
    Bugcheck,
    Restart,
    ServiceInstalled,
    ServiceState,
    ServiceStartChanged,
    ServiceFailed,
    PackageInstalled,
    DeviceServiceAdded,
    UpdateInstalled,
    ProductInstalled,
    DriverLoadFailed,
    FilterRegistered,
    FilterUnloaded,
    BootType,
}

/// Says whether an event is wanted. Providers differ in case between versions (`User32`, `USER32`).
pub(super) fn wanted(head: &EventHead) -> Option<Wanted> {
    by_name(&head.provider, head.id).or_else(|| by_name(head.source.as_deref()?, head.id))
}

fn by_name(provider: &str, id: u32) -> Option<Wanted> {
    Some(match (provider.to_ascii_lowercase().as_str(), id) {
        ("srv" | "srv2", 2019) => Wanted::PoolEmpty(Pool::Nonpaged),
        ("srv" | "srv2", 2020) => Wanted::PoolEmpty(Pool::Paged),
        ("srv" | "srv2", 2000 | 2017 | 2021 | 2022) => Wanted::SrvOther,
        ("microsoft-windows-resource-exhaustion-detector", 2004) => Wanted::Exhaustion,
        ("microsoft-windows-kernel-general", 12) => Wanted::OsStart,
        ("microsoft-windows-kernel-general", 13) => Wanted::OsStop,
        ("eventlog", 6005) => Wanted::LogStarted,
        ("eventlog", 6006) => Wanted::LogStopped,
        ("eventlog", 6008) => Wanted::DirtyShutdown,
        ("eventlog", 6009) => Wanted::OsVersion,
        ("eventlog", 6013) => Wanted::UpTime,
        ("microsoft-windows-kernel-power", 41) => Wanted::PowerLoss,
        ("microsoft-windows-wer-systemerrorreporting" | "bugcheck", 1001) => Wanted::Bugcheck,
        ("user32", 1074) => Wanted::Restart,
        ("service control manager", 7045) => Wanted::ServiceInstalled,
        ("service control manager", 7036) => Wanted::ServiceState,
        ("service control manager", 7040) => Wanted::ServiceStartChanged,
        ("service control manager", 7000 | 7026 | 7031 | 7034) => Wanted::ServiceFailed,
        ("microsoft-windows-userpnp", 20001) => Wanted::PackageInstalled,
        ("microsoft-windows-userpnp", 20003) => Wanted::DeviceServiceAdded,
        ("microsoft-windows-windowsupdateclient", 19) => Wanted::UpdateInstalled,
        ("msiinstaller", 1033) => Wanted::ProductInstalled,
        ("microsoft-windows-kernel-pnp", 219) => Wanted::DriverLoadFailed,
        ("microsoft-windows-filtermanager", 6) => Wanted::FilterRegistered,
        ("microsoft-windows-filtermanager", 1) => Wanted::FilterUnloaded,
        ("microsoft-windows-kernel-boot", 27) => Wanted::BootType,
        _ => return None,
    })
}

/// What a wanted event says; [`EventDetail::Other`] where its fields are missing.
pub(super) fn detail(wanted: Wanted, raw: &RawEvent) -> EventDetail {
    from_fields(wanted, raw)
        .or_else(|| message::detail(wanted, raw.message.as_deref()?))
        .unwrap_or(EventDetail::Other)
}

fn from_fields(wanted: Wanted, raw: &RawEvent) -> Option<EventDetail> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Some(match wanted {
        Wanted::PoolEmpty(pool) => EventDetail::PoolEmpty { pool, status: final_status(&raw.binary()) },
        Wanted::SrvOther => EventDetail::Other,
        Wanted::Exhaustion => EventDetail::ResourceExhaustion(Box::new(exhaustion::read(raw)?)),
        Wanted::OsStart => EventDetail::OsStart {
            started: raw.named("StartTime").and_then(parse_iso).map(|(time, _)| time),
            version: os_version(raw),
        },
        Wanted::OsStop => EventDetail::OsStop,
        Wanted::LogStarted => EventDetail::LogStarted,
        Wanted::LogStopped => EventDetail::LogStopped,
        Wanted::DirtyShutdown => EventDetail::DirtyShutdown { stopped_wall: stopped_wall(raw) },
        Wanted::OsVersion => {
            let parts: Vec<&str> = raw.all().take(4).filter(|part| !part.is_empty()).collect();
            EventDetail::OsVersion { text: (!parts.is_empty()).then(|| parts.join(" "))? }
        }
        Wanted::UpTime => EventDetail::UpTime { seconds: raw.nth(4).and_then(read_number)? },
        Wanted::PowerLoss => {
            EventDetail::PowerLoss { bugcheck: u32::try_from(raw.number("BugcheckCode")?).ok()? }
        }
        Wanted::Bugcheck => EventDetail::Bugcheck {
            text: raw.param(1)?.to_owned(),
            dump: owned(raw.param(2).filter(|path| !path.is_empty())),
        },
        Wanted::Restart => {
            let why: Vec<&str> = [3, 4, 5, 6].into_iter().filter_map(|nth| raw.param(nth)).collect();
            EventDetail::Restart {
                by: raw.param(1)?.to_owned(),
                user: raw.param(7).unwrap_or_default().to_owned(),
                why: why.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; "),
            }
        }
        Wanted::ServiceInstalled => {
            let field =
                |name: &str, place: usize| raw.named(name).or_else(|| raw.nth(place)).unwrap_or_default();
            let name = raw.named("ServiceName").or_else(|| raw.nth(0))?;
            service_installed([
                name,
                field("ImagePath", 1),
                field("ServiceType", 2),
                field("StartType", 3),
                field("AccountName", 4),
            ])
        }
        Wanted::ProductInstalled => {
            let done = raw.param(4)? == "0";
            done.then_some(())?;
            EventDetail::ProductInstalled {
                name: raw.param(1)?.to_owned(),
                version: raw.param(2).unwrap_or_default().to_owned(),
            }
        }
        Wanted::ServiceState => {
            EventDetail::ServiceState { name: raw.param(1)?.to_owned(), state: raw.param(2)?.to_owned() }
        }
        Wanted::ServiceStartChanged => EventDetail::ServiceStartChanged {
            name: raw.param(1)?.to_owned(),
            from: raw.param(2)?.to_owned(),
            to: raw.param(3)?.to_owned(),
        },
        Wanted::ServiceFailed => EventDetail::ServiceFailed {
            // 7026 lists its drivers one a line.
            name: raw.param(1)?.split_whitespace().collect::<Vec<_>>().join(" "),
            error: raw.param(2).unwrap_or_default().to_owned(),
        },
        Wanted::PackageInstalled => EventDetail::DriverInstalled {
            driver: raw.named("DriverName")?.to_owned(),
            version: owned(raw.named("DriverVersion")),
            vendor: owned(raw.named("DriverProvider")),
            service: None,
            device: raw.named("DeviceInstanceID").unwrap_or_default().to_owned(),
            status: raw.number("InstallStatus").and_then(|status| u32::try_from(status).ok()),
        },
        Wanted::DeviceServiceAdded => EventDetail::DriverInstalled {
            driver: raw.named("DriverFileName")?.to_owned(),
            version: None,
            vendor: None,
            service: owned(raw.named("ServiceName")),
            device: raw.named("DeviceInstanceID").unwrap_or_default().to_owned(),
            status: raw.number("AddServiceStatus").and_then(|status| u32::try_from(status).ok()),
        },
        Wanted::UpdateInstalled => EventDetail::UpdateInstalled {
            title: raw.named("updateTitle").or_else(|| raw.nth(0))?.to_owned(),
        },
        Wanted::DriverLoadFailed => EventDetail::DriverLoadFailed {
            // The event calls the device instance "DriverName" and the driver "FailureName".
            driver: raw.named("FailureName")?.to_owned(),
            device: raw.named("DriverName").unwrap_or_default().to_owned(),
            status: raw.number("Status").and_then(|status| u32::try_from(status).ok()),
        },
        Wanted::FilterRegistered => EventDetail::FilterRegistered {
            name: raw.named("DeviceName")?.to_owned(),
            altitude: raw.named("ExtraInfoString").and_then(altitude),
        },
        Wanted::FilterUnloaded => EventDetail::FilterUnloaded { name: raw.named("DeviceName")?.to_owned() },
        Wanted::BootType => {
            let kind = u32::try_from(raw.number("BootType")?).ok()?;
            EventDetail::BootType { kind, kernel_resumed: matches!(kind, 1 | 2) }
        }
    })
}

/// An installed service or driver from name, image path, type, start type and account.
pub(super) fn service_installed(
    [name, image_path, service_type, start_type, account]: [&str; 5],
) -> EventDetail {
    EventDetail::ServiceInstalled {
        name: name.to_owned(),
        image_path: image_path.to_owned(),
        kernel_driver: is_kernel_driver(image_path, service_type),
        service_type: service_type.to_owned(),
        start_type: start_type.to_owned(),
        account: account.to_owned(),
    }
}

/// What "driver" is called in the languages Windows Server ships in, lower case.
const DRIVER_WORDS: [&str; 12] = [
    "driver",
    "treiber",
    "pilote",
    "controlador",
    "драйвер",
    "sterownik",
    "ovladač",
    "sürücü",
    "illesztő",
    "ドライバ",
    "驱动",
    "드라이버",
];

fn is_kernel_driver(image_path: &str, service_type: &str) -> bool {
    let path = image_path.to_ascii_lowercase();
    if path.contains(".sys") {
        return true;
    }
    let kind = service_type.to_lowercase();
    !path.contains(".exe") && DRIVER_WORDS.iter().any(|word| kind.contains(word))
}

fn os_version(raw: &RawEvent) -> Option<[u32; 3]> {
    let part = |name| raw.number(name).and_then(|part| u32::try_from(part).ok());
    Some([part("MajorVersion")?, part("MinorVersion")?, part("BuildVersion")?])
}

/// The final status of a driver's error packet, which classic driver events carry as binary data
/// (IO_ERROR_LOG_PACKET of the driver kit: ErrorCode at 0x0c, FinalStatus at 0x14).
fn final_status(packet: &[u8]) -> Option<u32> {
    let mut cursor = Cursor::new(packet, 0);
    cursor.skip(0x14, "packet head").ok()?;
    cursor.u32("FinalStatus").ok().filter(|status| *status != 0)
}

/// When the host was last alive, as 6008 says: by the SYSTEMTIME in its binary data, since the texts are
/// localised; by the texts where they can be read in one way only.
fn stopped_wall(raw: &RawEvent) -> Option<Time> {
    system_time(&raw.binary()).or_else(|| {
        let time = clean(raw.nth(0)?);
        let date = clean(raw.nth(1)?);
        parse_iso(&format!("{date} {time}")).map(|(time, _)| time)
    })
}

/// Drops the marks of writing direction (U+200E, U+200F) that Windows puts around localised dates.
fn clean(text: &str) -> String {
    text.chars().filter(|char| !matches!(char, '\u{200e}' | '\u{200f}')).collect::<String>().trim().to_owned()
}

/// A SYSTEMTIME: year, month, day of week, day, hour, minute, second, millisecond.
fn system_time(bytes: &[u8]) -> Option<Time> {
    let mut cursor = Cursor::new(bytes, 0);
    let mut word = |field| cursor.u16(field).ok().map(u32::from);
    let (year, month, _) = (word("year")?, word("month")?, word("day of week")?);
    let civil = Civil {
        year: i32::try_from(year).ok()?,
        month,
        day: word("day")?,
        hour: word("hour")?,
        minute: word("minute")?,
        second: word("second")?,
        micro: word("millisecond")?.checked_mul(1_000)?,
    };
    civil.to_time()
}

/// The first altitude in FilterManager's extra text: `"instances" : [["40500","0x00000000"]]`.
fn altitude(extra: &str) -> Option<String> {
    let (_, instances) = extra.split_once("\"instances\"")?;
    let value = instances.split('"').nth(1)?;
    (!value.is_empty() && value.bytes().all(|b| b.is_ascii_digit() || b == b'.')).then(|| value.to_owned())
}
