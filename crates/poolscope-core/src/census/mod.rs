//! Objects against handles: which process holds the objects that a tag counts.
//!
//! Four kinds of witnesses: handle counters over time, listings of handles at a moment, the same process in several
//! listings ([`history`]), and the handle counts of event 2004. Used by the rules and by the attribution; nothing
//! here is a finding.

mod history;

use poolscope_formats::counters::{CounterId, Identity};
use poolscope_formats::{Tag, Time};

use history::histories;

use crate::ingest::named;
use crate::judge::TagJudgement;
use crate::model::{Case, CounterKey, Grade, ProcessMoment, Source};
use crate::rules::BootJudgement;
use crate::units::count;

/// Handles that grow by this share of the objects' growth explain them (field-lessons.md 3, rule 3; the margin
/// is ours: a process opens other handles too, and closes some).
const GROWTH_IN_STEP: std::ops::RangeInclusive<f64> = 0.7..=1.3;

/// A process whose handles of the very type are at least this share of the objects holds them.
const TYPED_SHARE: f64 = 0.5;

/// A process whose handles of all types are this share of the objects may hold them.
const UNTYPED_SHARE: std::ops::RangeInclusive<f64> = 0.7..=1.5;

/// Fewer objects than this match some process's count by chance.
const MIN_OBJECTS: f64 = 1_000.0;

/// Fewer samples than this give no rate worth comparing.
const MIN_SAMPLES: usize = 8;

/// The object type that handle tools print for objects of this tag.
pub(crate) fn object_type(tag: Tag) -> Option<&'static str> {
    Some(match &tag.without_protected_bit().0 {
        b"Even" => "Event",
        b"Thre" => "Thread",
        b"Proc" => "Process",
        b"Toke" => "Token",
        b"File" => "File",
        b"Key " => "Key",
        b"Sema" => "Semaphore",
        b"Muta" => "Mutant",
        b"Sect" => "Section",
        _ => return None,
    })
}

/// How the handles of one process, or of all, changed over a stretch of time.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct HandleGrowth {
    /// The instance as the counter log names it.
    pub(crate) process: String,
    /// Handles at the begin.
    pub(crate) first: f64,
    /// Handles at the end.
    pub(crate) last: f64,
    /// Growth, from the medians of the first and last quarter.
    pub(crate) per_hour: f64,
    /// Where the log stands.
    pub(crate) source: Source,
}

/// The growth of every process's handles over a stretch, fastest first; a name that changed hands is left out.
pub(crate) fn handle_growth(case: &Case, from: Time, to: Time) -> Vec<HandleGrowth> {
    let mut all: Vec<HandleGrowth> = case
        .counters
        .iter()
        .filter(|(key, series)| {
            key.counter == CounterId::ProcessHandleCount
                && !key.is_sum()
                && !matches!(series.identity, Identity::Spliced { .. })
        })
        .filter_map(|(key, _)| growth_of(case, key, from, to))
        .collect();
    all.sort_by(|a, b| b.per_hour.total_cmp(&a.per_hour).then_with(|| a.process.cmp(&b.process)));
    all
}

/// The growth of all handles of the host: `_Total` where it was logged, else the sum over the processes.
pub(crate) fn total_handle_growth(case: &Case, from: Time, to: Time) -> Option<HandleGrowth> {
    let total = case.counters.keys().find(|key| key.counter == CounterId::ProcessHandleCount && key.is_sum());
    if let Some(growth) = total.and_then(|key| growth_of(case, key, from, to)) {
        return Some(growth);
    }
    let all = handle_growth(case, from, to);
    let source = all.first()?.source;
    Some(HandleGrowth {
        process: "all processes".to_owned(),
        first: all.iter().map(|one| one.first).sum(),
        last: all.iter().map(|one| one.last).sum(),
        per_hour: all.iter().map(|one| one.per_hour).sum(),
        source,
    })
}

fn growth_of(case: &Case, key: &CounterKey, from: Time, to: Time) -> Option<HandleGrowth> {
    let series = case.counters.get(key)?;
    let range = series.range(from, to);
    if range.len() < MIN_SAMPLES {
        return None;
    }
    let (times, values) = (series.times.get(range.clone())?, series.values.get(range)?);
    Some(HandleGrowth {
        process: key.instance.clone(),
        first: *values.first()?,
        last: *values.last()?,
        per_hour: rate(times, values)?,
        source: series.source_at(*times.last()?),
    })
}

/// Growth per hour from the medians of the first and the last quarter: robust to bursts, enough to match.
pub(crate) fn rate(times: &[Time], values: &[f64]) -> Option<f64> {
    let quarter = values.len() / 4;
    let median = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    };
    let early = median(values.get(..quarter)?)?;
    let late = median(values.get(values.len() - quarter..)?)?;
    let middle = |times: &[Time]| times.get(times.len() / 2).copied();
    let hours = middle(times.get(values.len() - quarter..)?)?.hours_since(middle(times.get(..quarter)?)?);
    (hours > 0.0).then(|| (late - early) / hours)
}

/// A process that holds the objects of a tag, and by which witness.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Holder {
    /// The process.
    pub(crate) process: String,
    /// Its handles for each object, 1 being a perfect match.
    pub(crate) share: f64,
    /// [`Grade::HandlesInStep`], or [`Grade::Circumstance`] for counts over all types at one moment.
    pub(crate) grade: Grade,
    /// Why, as a clause a reader can check.
    pub(crate) reason: String,
    /// Where.
    pub(crate) source: Source,
    /// True if it grew with the objects, false if it matched them at one moment.
    pub(crate) over_time: bool,
}

/// The stretch in which a tag grew: from its onset, else from its first sample.
pub(crate) fn stretch(boot: &BootJudgement, tag: &TagJudgement) -> (Time, Time) {
    let first = tag.first.unwrap_or(boot.from).max(boot.from);
    (tag.onset.map_or(first, |onset| onset.at.max(first)), boot.to)
}

/// Processes that hold, or add, the objects of a tag, most telling first. Whoever holds many of them and adds none
/// is told as a circumstance, with that.
pub(crate) fn holders(case: &Case, boot: &BootJudgement, tag: &TagJudgement) -> Vec<Holder> {
    let mut holders = holders_in_step(case, boot, tag);
    let listed = histories(case, boot, tag);
    let mut held = holders_at_a_moment(case, boot, tag.key.tag, tag.outstanding_count);
    // Growth says more than a match at one moment, which compares different days, if it is as good a witness.
    held.retain(|holder| {
        !listed.in_step.iter().any(|one| one.process == holder.process && one.grade <= holder.grade)
    });
    let better_held = |one: &Holder| held.iter().any(|holder| holder.process == one.process);
    holders.extend(listed.in_step.into_iter().filter(|one| !better_held(one)));
    for holder in &mut held {
        if let Some(flat) = listed.flat.get(&holder.process) {
            holder.grade = Grade::Circumstance;
            holder.reason = format!("{}, {flat}", holder.reason);
        }
    }
    holders.extend(held);
    holders
}

/// Listings of processes and handles of one run of Windows: process ids and counts begin anew with the next. Those
/// without a time belong to whichever is looked at.
fn listings_of<'c>(case: &'c Case, boot: &BootJudgement) -> impl Iterator<Item = &'c ProcessMoment> {
    let run = boot.from..=boot.to;
    case.state.processes.iter().filter(move |listing| listing.time.is_none_or(|time| run.contains(&time)))
}

/// Processes whose handles grow in step with the objects of a tag.
fn holders_in_step(case: &Case, boot: &BootJudgement, tag: &TagJudgement) -> Vec<Holder> {
    let per_hour = tag.rate_count_per_hour.estimate;
    if object_type(tag.key.tag).is_none() || per_hour <= 0.0 {
        return Vec::new();
    }
    let (from, to) = stretch(boot, tag);
    let growths = handle_growth(case, from, to);
    let mut in_step: Vec<Holder> = growths
        .into_iter()
        .filter_map(|growth| {
            let share = growth.per_hour / per_hour;
            GROWTH_IN_STEP.contains(&share).then(|| Holder {
                reason: format!(
                    "its handle count grows by {} an hour while {} objects are added an hour ({:.0} %)",
                    count(growth.per_hour),
                    count(per_hour),
                    share * 100.0
                ),
                process: growth.process,
                share,
                grade: Grade::HandlesInStep,
                source: growth.source,
                over_time: true,
            })
        })
        .collect();
    // The best match first.
    in_step.sort_by(|a, b| {
        a.share.ln().abs().total_cmp(&b.share.ln().abs()).then_with(|| a.process.cmp(&b.process))
    });
    in_step
}

/// Processes that hold as many handles as there are objects of a tag, at a moment.
fn holders_at_a_moment(case: &Case, boot: &BootJudgement, tag: Tag, objects: i64) -> Vec<Holder> {
    let Some(wanted) = object_type(tag) else { return Vec::new() };
    let objects = objects as f64;
    if objects < MIN_OBJECTS {
        return Vec::new();
    }
    let mut holders = Vec::new();
    for listing in listings_of(case, boot) {
        holders.extend(typed_holders(listing, wanted, objects));
        let untyped = listing.processes.iter().filter_map(|process| Some((process, process.handles?)));
        for (process, handles) in untyped {
            let source = Source { evidence: listing.source.evidence, place: process.place };
            holders.extend(untyped_holder(named(&process.name, process.pid), handles, objects, source, ""));
        }
    }
    for report in case.exhaustion_reports.iter().filter(|report| (boot.from..=boot.to).contains(&report.time))
    {
        for (process, handles) in &report.processes {
            let then = format!(" in event 2004 of {} UTC", report.time);
            holders.extend(untyped_holder(process.clone(), *handles, objects, report.source, &then));
        }
    }
    holders.sort_by(|a, b| {
        (1.0 - a.share).abs().total_cmp(&(1.0 - b.share).abs()).then_with(|| a.source.cmp(&b.source))
    });
    holders
}

fn typed_holders(listing: &ProcessMoment, wanted: &str, objects: f64) -> Vec<Holder> {
    let of_type = listing.handles.iter().filter(|row| row.object_type.eq_ignore_ascii_case(wanted));
    of_type
        .filter_map(|row| {
            let process = row.process.as_ref()?;
            let share = row.handles as f64 / objects;
            (share >= TYPED_SHARE).then(|| Holder {
                process: named(&process.name, process.pid),
                share,
                grade: Grade::HandlesInStep,
                reason: format!(
                    "it holds {} handles of type {wanted}, and {} such objects stand ({:.0} %)",
                    count(row.handles as f64),
                    count(objects),
                    share * 100.0
                ),
                source: Source { evidence: listing.source.evidence, place: row.place },
                over_time: false,
            })
        })
        .collect()
}

fn untyped_holder(process: String, handles: u64, objects: f64, source: Source, then: &str) -> Option<Holder> {
    let share = handles as f64 / objects;
    UNTYPED_SHARE.contains(&share).then(|| Holder {
        process,
        share,
        grade: Grade::Circumstance,
        reason: format!(
            "it holds {} handles of all types{then}, and {} such objects stand",
            count(handles as f64),
            count(objects)
        ),
        source,
        over_time: false,
    })
}

/// Handles of one type over the whole host at a moment: stated, or summed over a complete listing.
pub(crate) fn handles_of_type(case: &Case, wanted: &str) -> Option<(u64, Source)> {
    case.state.processes.iter().rev().find_map(|listing| {
        let of_type = || listing.handles.iter().filter(|row| row.object_type.eq_ignore_ascii_case(wanted));
        if let Some(stated) = of_type().find(|row| row.process.is_none()) {
            let source = Source { evidence: listing.source.evidence, place: stated.place };
            return Some((stated.handles, source));
        }
        let sum: u64 = of_type().map(|row| row.handles).sum();
        (listing.complete && sum > 0).then_some((sum, listing.source))
    })
}

/// All handles of the host at a moment: stated, or summed over a complete listing.
pub(crate) fn all_handles(case: &Case) -> Option<(u64, Source)> {
    case.state.processes.iter().rev().find_map(|listing| {
        let sum = || -> u64 { listing.processes.iter().filter_map(|p| p.handles).sum() };
        let handles = listing.total_handles.or_else(|| listing.complete.then(sum).filter(|&sum| sum > 0))?;
        Some((handles, listing.source))
    })
}

/// Live processes at the latest moment that counts them, with where it stands.
pub(crate) fn live_processes(case: &Case, until: Time) -> Option<(u64, Source)> {
    let key = CounterKey { counter: CounterId::SystemProcesses, instance: String::new() };
    let counted = case.counters.get(&key).and_then(|series| {
        let at = series.times.partition_point(|&time| time < until).checked_sub(1)?;
        Some((*series.values.get(at)? as u64, series.source))
    });
    counted.or_else(|| {
        let listing = case.state.processes.iter().rev().find(|listing| listing.complete)?;
        let live = listing.processes.iter().filter(|process| !process.ended).count();
        Some((live as u64, listing.source))
    })
}
