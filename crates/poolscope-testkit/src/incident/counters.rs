//! Writes the performance counter logs of the incident: PDH-CSV as perfmon writes it, one file a boot.

use std::fmt::Write as _;

use super::chance::{between, office_hours};
use super::clock::{Seconds, perfmon};
use super::machine::{self, HOST, Process};
use super::story::{COUNTERS_EVERY, leaked};

/// The counter log of one boot, from its first to its last sample.
pub fn pdh_csv(first: Seconds, last: Seconds) -> String {
    let mut out = String::from("\"(PDH-CSV 4.0) (Greenwich Standard Time)(0)\"");
    let mut head = |path: &str| {
        let _ = write!(out, ",\"\\\\{HOST}\\{path}\"");
    };
    for (path, _) in SYSTEM {
        head(path);
    }
    for process in machine::processes(first) {
        for (counter, _) in OF_PROCESS {
            head(&format!("Process({})\\{counter}", process.name));
        }
    }
    head("Process(_Total)\\Handle Count");
    out.push_str("\r\n");
    let mut moment = first;
    while moment <= last {
        // The first sample of a rate has nothing to compare with.
        line(&mut out, moment, moment == first);
        moment += COUNTERS_EVERY;
    }
    out
}

/// A counter of the whole system and its value; `None` is missing.
type SystemCounter = (&'static str, fn(Seconds) -> String);

const SYSTEM: &[SystemCounter] = &[
    ("Memory\\Available MBytes", |at| (machine::available_kib(at) / 1_024).to_string()),
    ("Memory\\Committed Bytes", |at| (machine::committed_kib(at) * 1_024).to_string()),
    ("Memory\\Commit Limit", |_| (machine::COMMIT_LIMIT_KIB * 1_024).to_string()),
    ("Memory\\Free System Page Table Entries", |at| machine::free_system_ptes(at).to_string()),
    ("Memory\\Pool Nonpaged Bytes", |at| machine::nonpaged_bytes(at).to_string()),
    ("Memory\\Pool Paged Bytes", |at| machine::paged_bytes(at).to_string()),
    ("Objects\\Events", |at| (leaked(at) + 3_420 + between(0, 60, "events", at).unsigned_abs()).to_string()),
    ("System\\System Up Time", |at| {
        format!("{}.{:07}", machine::uptime(at), between(0, 9_999_999, "up", at))
    }),
    (RATE, |at| {
        let busy = 240 + (4_200.0 * office_hours(at)) as i64;
        format!(
            "{}.{:013}",
            between(busy, busy + 300, "cpu", at) / 100,
            between(0, 9_999_999_999_999, "cpu2", at)
        )
    }),
];

/// The one counter here that needs two samples.
const RATE: &str = "Processor(_Total)\\% Processor Time";

/// A counter of a process and its value.
type ProcessCounter = (&'static str, fn(&Process) -> u64);

const OF_PROCESS: &[ProcessCounter] = &[
    ("Handle Count", |process| process.handles),
    ("ID Process", |process| process.pid),
    ("Pool Nonpaged Bytes", |process| process.nonpaged_quota),
    ("Pool Paged Bytes", |process| process.paged_quota),
];

fn line(out: &mut String, moment: Seconds, first: bool) {
    let millis = between(0, 999, "millis", moment).unsigned_abs();
    let _ = write!(out, "\"{}\"", perfmon(moment, millis));
    for (path, value) in SYSTEM {
        let value = if first && *path == RATE { " ".to_owned() } else { value(moment) };
        let _ = write!(out, ",\"{value}\"");
    }
    for process in machine::processes(moment) {
        for (_, value) in OF_PROCESS {
            let _ = write!(out, ",\"{}\"", value(&process));
        }
    }
    let _ = write!(out, ",\"{}\"\r\n", machine::total_handles(moment));
}
