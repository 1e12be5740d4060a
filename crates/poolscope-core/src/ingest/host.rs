//! Statements about the host (systeminfo, msinfo32, debugger) to host facts and boots.

use poolscope_formats::facts::{HostFact, HostValue};
use poolscope_formats::{Pool, Time};

use crate::model::{
    Bits, BootMark, BootMarkKind, CaseBuilder, EvidenceId, HostFacts, Source, WindowsVersion,
};

/// Adds what the facts say of the machine.
pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, facts: &[HostFact]) {
    for fact in facts {
        let source = Source { evidence, place: fact.place };
        let host = &mut case.host;
        match &fact.value {
            HostValue::OsVersion { major, minor, build } => {
                let version = WindowsVersion { major: *major, minor: *minor, build: *build };
                HostFacts::state(&mut host.version, version, source);
            }
            HostValue::PhysicalBytes(bytes) => HostFacts::state(&mut host.ram_bytes, *bytes, source),
            HostValue::CommitLimitBytes(bytes) => {
                HostFacts::state(&mut host.commit_limit_bytes, *bytes, source);
            }
            HostValue::Bits(32) => HostFacts::state(&mut host.bits, Bits::X86, source),
            HostValue::Bits(64) => HostFacts::state(&mut host.bits, Bits::X64, source),
            HostValue::PoolLimitBytes { pool: Pool::Nonpaged, bytes } if *bytes > 0 => {
                HostFacts::state(&mut host.nonpaged_limit_bytes, *bytes, source);
            }
            HostValue::PoolLimitBytes { pool: Pool::Paged, bytes } if *bytes > 0 => {
                HostFacts::state(&mut host.paged_limit_bytes, *bytes, source);
            }
            HostValue::BootTime(date) => {
                if let Some(wall) = date.wall {
                    case.started_at_wall_time(wall, source);
                }
            }
            HostValue::TimeZone(text) => case.states_time_zone(text, source),
            _ => {}
        }
    }
    if let Some((time, source)) = boot(evidence, facts) {
        case.boot_marks.push(BootMark { time, kind: BootMarkKind::Stated, source });
    }
}

/// When Windows was started: the evidence's own time less its uptime. A boot time as wall time is left to the
/// host's clock.
fn boot(evidence: EvidenceId, facts: &[HostFact]) -> Option<(Time, Source)> {
    let taken = taken_at(facts)?;
    facts.iter().find_map(|fact| match fact.value {
        HostValue::UptimeSeconds(seconds) => {
            Some((taken.plus_hours(-(seconds as f64) / 3_600.0), Source { evidence, place: fact.place }))
        }
        _ => None,
    })
}

/// When the evidence was taken, if it says so with its zone.
pub(super) fn taken_at(facts: &[HostFact]) -> Option<Time> {
    facts.iter().find_map(|fact| match fact.value {
        HostValue::TakenAt { time, zone } if zone != poolscope_formats::Zone::Unknown => Some(time),
        _ => None,
    })
}

/// The host's name.
pub(super) fn name(facts: &[HostFact]) -> Option<&str> {
    facts.iter().find_map(|fact| match &fact.value {
        HostValue::Name(name) => Some(name.as_str()),
        _ => None,
    })
}

/// The facts as cells of a table: what, value, place.
pub(super) fn rows(facts: &[HostFact]) -> Vec<Vec<String>> {
    facts
        .iter()
        .map(|fact| {
            let (what, value) = shown(&fact.value);
            vec![what, value, fact.place.to_string()]
        })
        .collect()
}

/// The columns of [`rows`].
pub(super) const COLUMNS: [(&str, bool); 3] = [("What", false), ("Value", false), ("Place", false)];

fn shown(value: &HostValue) -> (String, String) {
    let (what, value) = match value {
        HostValue::Name(text) => ("host name", text.clone()),
        HostValue::OsName(text) => ("Windows", text.clone()),
        HostValue::OsVersion { major, minor, build } => ("version", format!("{major}.{minor}.{build}")),
        HostValue::OsVersionText(text) => ("version text", text.clone()),
        HostValue::BootTime(date) => ("started (host's clock)", date.text.clone()),
        HostValue::UptimeSeconds(seconds) => ("uptime in seconds", seconds.to_string()),
        HostValue::InstallTime(date) => ("installed (host's clock)", date.text.clone()),
        HostValue::PhysicalBytes(bytes) => ("memory in bytes", bytes.to_string()),
        HostValue::AvailableBytes(bytes) => ("memory available in bytes", bytes.to_string()),
        HostValue::CommitLimitBytes(bytes) => ("commit limit in bytes", bytes.to_string()),
        HostValue::CommittedBytes(bytes) => ("committed bytes", bytes.to_string()),
        HostValue::Bits(bits) => ("width in bits", bits.to_string()),
        HostValue::Processors(count) => ("processors", count.to_string()),
        HostValue::TimeZone(text) => ("time zone", text.clone()),
        HostValue::Model(text) => ("model", text.clone()),
        HostValue::PoolBytes { pool, bytes } => {
            return (format!("{pool} pool in bytes"), bytes.to_string());
        }
        HostValue::PoolLimitBytes { pool, bytes } => {
            return (format!("{pool} pool limit in bytes"), bytes.to_string());
        }
        HostValue::ProcessCount(count) => ("processes", count.to_string()),
        HostValue::TakenAt { time, zone } => ("taken at", format!("{time} ({zone:?})")),
        _ => ("other", String::new()),
    };
    (what.to_owned(), value)
}
