//! Event logs to the time line, boots, host facts and exhaustion reports.

use poolscope_formats::events::{Event, EventDetail, EventLog, ProcessUse, ResourceExhaustion};
use poolscope_formats::{Pool, Zone};

use crate::judge::SeriesKey;
use crate::model::{
    BootMark, BootMarkKind, CaseBuilder, Driver, EventKind, EvidenceId, ExhaustionReport, HostFacts, Source,
    TimelineEvent, WindowsVersion,
};
use crate::table::Table;
use crate::units::bytes;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, log: EventLog) {
    let whole = Source { evidence, place: poolscope_formats::Place::Whole };
    if log.zone == Zone::Unknown && !log.events.is_empty() {
        case.wall_times(whole);
    }
    case.states_zone(log.zone, whole);
    for event in &log.events {
        let source = Source { evidence, place: event.place };
        facts(case, event, source);
        if let Some((kind, text)) = line_of(event, &log.events) {
            case.events.push(TimelineEvent { time: event.time, kind, text, source });
        }
    }
}

/// Boots, host facts and exhaustion reports.
fn facts(case: &mut CaseBuilder, event: &Event, source: Source) {
    let booted = match &event.detail {
        EventDetail::OsStart { started, version } => {
            if let Some([major, minor, build]) = *version {
                let version = WindowsVersion { major, minor, build };
                HostFacts::state(&mut case.host.version, version, source);
            }
            Some(started.unwrap_or(event.time))
        }
        EventDetail::LogStarted => Some(event.time),
        EventDetail::OsVersion { text } => {
            if let Some(version) = WindowsVersion::parse(text) {
                HostFacts::state(&mut case.host.version, version, source);
            }
            Some(event.time)
        }
        EventDetail::ResourceExhaustion(report) => {
            exhaustion(case, event, report, source);
            None
        }
        EventDetail::FilterRegistered { name, altitude } => {
            let mut driver = Driver::named(name, source);
            driver.altitude.clone_from(altitude);
            driver.running = Some(true);
            case.state.drivers.push(driver);
            None
        }
        _ => None,
    };
    if let Some(time) = booted {
        case.boot_marks.push(BootMark { time, kind: BootMarkKind::Stated, source });
    }
}

fn exhaustion(case: &mut CaseBuilder, event: &Event, report: &ResourceExhaustion, source: Source) {
    if let Some(ram) = report.physical_bytes {
        HostFacts::state(&mut case.host.ram_bytes, ram, source);
    }
    if let Some(limit) = report.commit_limit_bytes {
        HostFacts::state(&mut case.host.commit_limit_bytes, limit, source);
    }
    let tags = [(Pool::Nonpaged, &report.nonpaged_tags), (Pool::Paged, &report.paged_tags)]
        .into_iter()
        .flat_map(|(pool, tags)| tags.iter().map(move |&(tag, bytes)| (SeriesKey { pool, tag }, bytes)))
        .collect();
    let named = |process: &ProcessUse, number: Option<u64>| Some((named(process), number?));
    case.exhaustion_reports.push(ExhaustionReport {
        time: event.time,
        nonpaged_bytes: report.nonpaged_pool_bytes,
        paged_bytes: report.paged_pool_bytes,
        commit: report.commit_charge_bytes.zip(report.commit_limit_bytes),
        tags,
        processes: report.processes.iter().filter_map(|p| named(p, p.handles)).collect(),
        committed: report.processes.iter().filter_map(|p| named(p, p.commit_bytes)).collect(),
        source,
    });
}

/// `w3wp.exe (4120)`.
fn named(process: &ProcessUse) -> String {
    format!("{} ({})", process.name, process.pid)
}

/// An update takes a filter out and loads it again within minutes.
fn loaded_again(unloaded: &Event, filter: &str, all: &[Event]) -> &'static str {
    const AGAIN_WITHIN_HOURS: f64 = 1.0;
    let again = all.iter().any(|event| {
        let hours = event.time.hours_since(unloaded.time);
        (0.0..AGAIN_WITHIN_HOURS).contains(&hours)
            && matches!(&event.detail, EventDetail::FilterRegistered { name, .. } if name.eq_ignore_ascii_case(filter))
    });
    if again { " and loaded again" } else { "" }
}

/// The line on the time line; `None` for events that would only add noise.
fn line_of(event: &Event, all: &[Event]) -> Option<(EventKind, String)> {
    Some(match &event.detail {
        EventDetail::PoolEmpty { pool, .. } => {
            let text = format!("{} {}: the {pool} pool was empty", event.provider, event.id);
            (EventKind::PoolEmpty(*pool), text)
        }
        EventDetail::ResourceExhaustion(report) => {
            /// Of the commit, for a process to be named.
            const LEAST_SHARE: f64 = 0.2;
            let tags: Vec<String> = report
                .nonpaged_tags
                .iter()
                .map(|(tag, held)| format!("{tag} {}", bytes(*held as f64)))
                .collect();
            let tags = if tags.is_empty() { "none named".to_owned() } else { tags.join(", ") };
            let most = report.processes.iter().filter_map(|process| Some((process, process.commit_bytes?)));
            let charge = report.commit_charge_bytes.unwrap_or(0) as f64;
            let most =
                most.max_by_key(|process| process.1).filter(|(_, held)| *held as f64 >= LEAST_SHARE * charge);
            let most = most.map_or(String::new(), |(process, held)| {
                format!("; most of it held {}: {}", named(process), bytes(held as f64))
            });
            (EventKind::CommitLow, format!("commit ran low (event 2004){most}; top nonpaged tags: {tags}"))
        }
        EventDetail::OsStart { .. } => (EventKind::Boot, "Windows started".to_owned()),
        EventDetail::OsVersion { text } => (EventKind::Boot, format!("Windows started: {text}")),
        EventDetail::OsStop => (EventKind::Shutdown, "Windows shut down".to_owned()),
        EventDetail::LogStopped => (EventKind::Shutdown, "event log stopped: clean shutdown".to_owned()),
        EventDetail::DirtyShutdown { .. } => {
            (EventKind::Shutdown, "the shutdown before was unexpected".to_owned())
        }
        EventDetail::PowerLoss { bugcheck: 0 } => {
            (EventKind::Shutdown, "restarted without a clean shutdown".to_owned())
        }
        EventDetail::PowerLoss { bugcheck } => {
            (EventKind::Shutdown, format!("restarted after bug check {bugcheck:#x}"))
        }
        EventDetail::Bugcheck { text, .. } => (EventKind::Shutdown, format!("bug check {text}")),
        EventDetail::Restart { by, why, .. } => {
            (EventKind::Shutdown, format!("restart asked for by {by}: {why}"))
        }
        EventDetail::ServiceInstalled { name, image_path, kernel_driver: true, .. } => (
            // The event names the service as people see it; other evidence knows the driver by its file.
            EventKind::DriverChange { name: file_name(image_path).unwrap_or(name).to_owned() },
            format!("driver installed: {name} ({image_path})"),
        ),
        EventDetail::ServiceInstalled { name, image_path, .. } => (
            EventKind::ServiceInstalled { name: name.clone() },
            format!("service installed: {name} ({image_path})"),
        ),
        EventDetail::DriverInstalled { driver, version, vendor, .. } => {
            let version = version.as_deref().map_or(String::new(), |v| format!(" {v}"));
            let vendor = vendor.as_deref().map_or(String::new(), |v| format!(" by {v}"));
            (
                EventKind::DriverChange { name: driver.clone() },
                format!("driver package installed: {driver}{version}{vendor}"),
            )
        }
        EventDetail::FilterRegistered { name, altitude } => {
            let altitude = altitude.as_deref().map_or(String::new(), |a| format!(" at altitude {a}"));
            (
                EventKind::FilterLoaded { name: name.clone() },
                format!("file system filter loaded: {name}{altitude}"),
            )
        }
        EventDetail::FilterUnloaded { name } => (
            // At a shutdown filters are not unloaded one by one: this one was taken out of a running system.
            EventKind::DriverChange { name: name.clone() },
            format!("file system filter unloaded{}: {name}", loaded_again(event, name, all)),
        ),
        EventDetail::ProductInstalled { name, version } => (
            EventKind::ProductInstalled { name: name.clone() },
            format!("program installed: {name} {version}"),
        ),
        EventDetail::UpdateInstalled { title } => {
            (EventKind::UpdateInstalled { name: title.clone() }, format!("update installed: {title}"))
        }
        EventDetail::DriverLoadFailed { driver, .. } => {
            (EventKind::Other, format!("driver failed to load: {driver}"))
        }
        EventDetail::ServiceFailed { name, .. } => (EventKind::Other, format!("service failed: {name}")),
        EventDetail::BootType { kernel_resumed: true, .. } => (
            EventKind::KernelResumed,
            "this start resumed the kernel of before (Fast Startup): it does not clear the pool".to_owned(),
        ),
        EventDetail::ServiceState { name, state } => {
            (EventKind::ServiceState, format!("service {name}: {state}"))
        }
        _ => return None,
    })
}

/// The file name of an image path, if it is a driver's.
fn file_name(path: &str) -> Option<&str> {
    let path = path.trim().trim_matches('"');
    let name = path.rsplit(['\\', '/']).next()?;
    name.to_lowercase().ends_with(".sys").then_some(name)
}

pub(super) fn tables(log: &EventLog) -> Vec<Table> {
    let kept = log.events.iter().map(|event| {
        let text = line_of(event, &log.events).map_or_else(|| "-".to_owned(), |(_, text)| text);
        vec![
            event.time.to_string(),
            event.provider.clone(),
            event.id.to_string(),
            text,
            event.place.to_string(),
        ]
    });
    let counted = log
        .by_provider
        .iter()
        .map(|((provider, id), count)| vec![provider.clone(), id.to_string(), count.to_string()]);
    vec![
        Table::new(
            format!("events that bear on the pool ({} of {})", log.events.len(), log.records),
            &[("Time (UTC)", false), ("Provider", false), ("Id", true), ("What", false), ("Place", false)],
            kept,
        ),
        Table::new(
            "all events by provider and id",
            &[("Provider", false), ("Id", true), ("Events", true)],
            counted,
        ),
    ]
}
