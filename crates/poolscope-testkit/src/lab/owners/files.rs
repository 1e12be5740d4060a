//! The files of an ownership case. Each witness is there or not, and right or not, by chance: the shares are
//! guesses from public cases (field-lessons), not counts.

use std::fmt::Write as _;

use super::{DRIVERS, Host, PROCESSES, Story};
use crate::incident::clock::{parts, perfmon};
use crate::lab::rng::Rng;
use crate::poolmon::{Head, Row as Listed, snapshot};
use crate::pooltag::{Entry, file};

type File = (String, Vec<u8>);

/// All files, and whether a change of the culprit's driver stands shortly before the onset.
pub(super) fn write(host: &Host, story: Story, own: [u8; 4], rng: &mut Rng) -> (Vec<File>, bool) {
    let mut files = listings(host);
    let driver = matches!(story, Story::PrivateTag | Story::SharedWithTwin).then_some(own);
    if story == Story::Handles || rng.chance(0.6) {
        files.push(("perfmon.csv".to_owned(), handles(host, story, rng)));
    }
    if rng.chance(0.6) {
        files.push(("drivers.json".to_owned(), index(driver, host, rng)));
    }
    if let Some(tag) = driver {
        if rng.chance(0.5) {
            files.push(("findstr.txt".to_owned(), findstr(tag, rng)));
        }
        if rng.chance(0.4) {
            files.push(("pooltag.txt".to_owned(), pooltag(tag, rng)));
        }
    }
    let changed = story != Story::Handles && host.onset > 0.0 && rng.chance(0.5);
    if changed || rng.chance(0.7) {
        files.push(("setupapi.dev.log".to_owned(), changes(host, changed, rng)));
    }
    // Evidence comes in the order of its paths.
    files.sort();
    (files, changed)
}

fn listings(host: &Host) -> Vec<File> {
    let head = Head {
        total_kb: 16_777_216,
        avail_kb: 9_000_000,
        commit_kb: 6_000_000,
        limit_kb: 20_000_000,
        peak_kb: 7_000_000,
        nonpaged_kb: 0,
        paged_kb: 0,
    };
    let listing = |at: usize, moment: i64| {
        let names: Vec<String> =
            host.rows.iter().map(|row| String::from_utf8_lossy(&row.tag).into_owned()).collect();
        let rows: Vec<Listed<'_>> = host
            .rows
            .iter()
            .zip(&names)
            .map(|(row, name)| {
                let frees = 900 + 37 * at as u64;
                let count = row.counts[at];
                Listed::new(name, row.nonpaged, frees + count, frees, count * row.size)
            })
            .collect();
        let kb = |nonpaged: bool| {
            let of_pool = rows.iter().filter(|row| row.nonpaged == nonpaged);
            of_pool.map(|row| row.bytes).sum::<u64>() / 1_024 + 60_000
        };
        let p = parts(moment);
        let name =
            format!("poolmon/{:04}-{:02}-{:02}_{:02}{:02}.log", p.year, p.month, p.day, p.hour, p.minute);
        let head = Head { nonpaged_kb: kb(true), paged_kb: kb(false), ..head };
        (name, snapshot(&head, &rows).into_bytes())
    };
    host.times.iter().enumerate().map(|(at, &moment)| listing(at, moment)).collect()
}

/// Handle counts of processes: the culprit's in step with the objects, others with the load, and sometimes an
/// innocent one that grows too.
fn handles(host: &Host, story: Story, rng: &mut Rng) -> Vec<u8> {
    let mut out = String::from("\"(PDH-CSV 4.0) (Coordinated Universal Time)(0)\"");
    for process in PROCESSES {
        let _ = write!(out, ",\"\\\\LAB\\Process({process})\\Handle Count\"");
    }
    out.push_str("\r\n");
    let grower = rng.chance(0.25).then(|| 1 + rng.below(PROCESSES.len() - 1));
    let as_fast = rng.log_between(0.15, 3.0);
    let lives: Vec<(f64, f64, f64)> = PROCESSES
        .iter()
        .enumerate()
        .map(|(at, _)| {
            let per_object = match at {
                0 if story == Story::Handles => rng.between(0.9, 1.08),
                at if Some(at) == grower => as_fast,
                _ => 0.0,
            };
            (rng.log_between(200.0, 6_000.0), rng.between(0.0, 0.4), per_object)
        })
        .collect();
    for (at, &moment) in host.times.iter().enumerate() {
        let _ = write!(out, "\"{}\"", perfmon(moment, 250));
        for (process, &(base, with_load, per_object)) in lives.iter().enumerate() {
            // An innocent one grows on its own, evenly, since long.
            let grown = if process == 0 { host.leaked[at] } else { host.per_hour * host.hours[at] };
            let value =
                base * (1.0 + with_load * host.activity(at) + 0.01 * rng.normal()) + per_object * grown;
            let _ = write!(out, ",\"{}\"", value.max(20.0).round());
        }
        out.push_str("\r\n");
    }
    out.into_bytes()
}

/// An index of driver images, by this product's own published shape.
fn index(driver: Option<[u8; 4]>, host: &Host, rng: &mut Rng) -> Vec<u8> {
    let mut rows = Vec::new();
    let culprit_listed = rng.chance(0.8);
    // A tag of four letters is not a registered name: now and then another driver has it too.
    let also = rng.chance(0.12).then(|| 1 + rng.below(DRIVERS.len() - 1));
    for (at, name) in DRIVERS.iter().enumerate() {
        let mut tags: Vec<(String, &str)> = Vec::new();
        let filler = &host.rows[(host.rows.len() - 1).saturating_sub(at * 2)];
        tags.push((String::from_utf8_lossy(&filler.tag).into_owned(), "passed"));
        if let Some(tag) = driver {
            let tag = String::from_utf8_lossy(&tag).into_owned();
            if at == 0 && culprit_listed {
                let grade = match rng.unit() {
                    u if u < 0.6 => "passed",
                    u if u < 0.8 => "wrapper",
                    _ => "immediate",
                };
                tags.push((tag.clone(), grade));
            }
            if Some(at) == also {
                tags.push((tag, if rng.chance(0.3) { "passed" } else { "immediate" }));
            }
        }
        if at == 0 && !culprit_listed {
            continue;
        }
        let tags: Vec<String> = tags
            .iter()
            .map(|(tag, grade)| {
                let to = if *grade == "immediate" { "" } else { "\"ExAllocatePoolWithTag\"" };
                format!("{{\"tag\":\"{tag}\",\"grade\":\"{grade}\",\"site_count\":3,\"interfaces\":[{to}]}}")
            })
            .collect();
        rows.push(format!(
            "{{\"path\":\"C:\\\\Windows\\\\System32\\\\drivers\\\\{name}\",\"machine\":\"x64\",\"company\":\"Example\",\
             \"version\":\"1.{at}.0.0\",\"imports_allocator\":true,\"tags\":[{}]}}",
            tags.join(",")
        ));
    }
    format!("{{\"schema\":\"poolscope/driver-index/1\",\"drivers\":[\n{}\n]}}\n", rows.join(",\n"))
        .into_bytes()
}

/// Hits of `findstr /m`: the culprit's file mostly, and files that hold the bytes by chance.
fn findstr(tag: [u8; 4], rng: &mut Rng) -> Vec<u8> {
    let tag = String::from_utf8_lossy(&tag).into_owned();
    let mut hits: Vec<&str> = Vec::new();
    if rng.chance(0.85) {
        hits.push(DRIVERS[0]);
    }
    for _ in 0..rng.below(3) {
        let other = DRIVERS[1 + rng.below(DRIVERS.len() - 1)];
        if !hits.contains(&other) {
            hits.push(other);
        }
    }
    hits.sort_unstable();
    format!("C:\\Windows\\System32\\drivers>findstr /m /l {tag} *.sys\r\n{}\r\n", hits.join("\r\n"))
        .into_bytes()
}

/// A pooltag file that knows the tag: rightly, or for a driver that shares it.
fn pooltag(tag: [u8; 4], rng: &mut Rng) -> Vec<u8> {
    let name = String::from_utf8_lossy(&tag).into_owned();
    let binary = if rng.chance(0.75) { DRIVERS[0] } else { DRIVERS[1 + rng.below(DRIVERS.len() - 1)] };
    file(&[
        Entry { tag: "Zz9x", binary: "other.sys", text: "something else" },
        Entry { tag: &name, binary, text: "its buffers" },
    ])
    .into_bytes()
}

/// Drivers installed in the days before: innocent ones at any time, the culprit's shortly before the onset.
fn changes(host: &Host, culprit: bool, rng: &mut Rng) -> Vec<u8> {
    let start = host.times.first().copied().unwrap_or(0);
    let end = host.times.last().copied().unwrap_or(0);
    let mut installs: Vec<(i64, &str)> = Vec::new();
    for _ in 0..1 + rng.below(4) {
        let when = end - (rng.between(0.0, 12.0 * 86_400.0)) as i64;
        installs.push((when, DRIVERS[1 + rng.below(DRIVERS.len() - 1)]));
    }
    if culprit {
        installs.push((start + ((host.onset - rng.between(0.1, 4.0)) * 3_600.0) as i64, DRIVERS[0]));
    }
    installs.sort_unstable();
    let mut out = String::from(
        "[Device Install Log]\r\n     OS Version = 10.0.17763\r\n     Architecture = amd64\r\n\r\n",
    );
    for (when, name) in installs {
        let p = parts(when);
        let at = |second: i64| {
            format!("{:04}/{:02}/{:02} {:02}:{:02}:{second:02}.120", p.year, p.month, p.day, p.hour, p.minute)
        };
        let stem = name.trim_end_matches(".sys");
        let _ = write!(
            out,
            ">>>  [Device Install (DiInstallDriver) - C:\\inst\\{stem}.inf]\r\n>>>  Section start {}\r\n     inf: {{Copy \
             file: {name}}}\r\n<<<  Section end {}\r\n<<<  [Exit status: SUCCESS]\r\n\r\n",
            at(1),
            at(9)
        );
    }
    out.into_bytes()
}
