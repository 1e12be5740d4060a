//! Handles of one process over several listings: listings at a few moments tell growth too, and tell apart who
//! holds many objects from who adds them.
//!
//! Listings seldom carry a time, so growth is compared with what the tag gained over its whole series, unless both
//! ends are dated.

use std::collections::BTreeMap;

use poolscope_formats::Time;

use super::{Holder, object_type};
use crate::ingest::named;
use crate::judge::TagJudgement;
use crate::model::{Case, Grade, Source};
use crate::units::count;

/// Handles that rose by this share of the objects' growth explain it, where the moments of both are known.
const DATED: std::ops::RangeInclusive<f64> = 0.7..=1.3;

/// The same where the listings carry no time: they may cover a part of the series only.
const UNDATED: std::ops::RangeInclusive<f64> = 0.5..=1.5;

/// A process whose handles rose by less than this share of what another's rose did not add the objects.
const FLAT: f64 = 0.1;

/// Handles of one process, of one type or of all types, at several moments.
#[derive(Clone, PartialEq, Debug)]
struct History {
    /// In the order of the listings.
    counts: Vec<(Option<Time>, u64, Source)>,
}

impl History {
    fn rise(&self) -> f64 {
        let (first, last) = (self.counts.first(), self.counts.last());
        first.zip(last).map_or(0.0, |(first, last)| last.1 as f64 - first.1 as f64)
    }

    /// Hours between the first and the last listing, where both carry a time.
    fn hours(&self) -> Option<f64> {
        let (first, last) = (self.counts.first()?.0?, self.counts.last()?.0?);
        Some(last.hours_since(first)).filter(|hours| *hours > 0.0)
    }
}

/// What the listings say of the processes behind the objects of one tag.
#[derive(Default, Debug)]
pub(super) struct Histories {
    /// Processes whose handles rose as the objects did.
    pub(super) in_step: Vec<Holder>,
    /// Processes whose handles stood while those of another rose with the objects, each with a clause.
    pub(super) flat: BTreeMap<String, String>,
}

/// Compares all listings with the growth of a tag.
pub(super) fn histories(case: &Case, tag: &TagJudgement) -> Histories {
    let mut out = Histories::default();
    let Some(wanted) = object_type(tag.key.tag) else { return out };
    let per_hour = tag.rate_count_per_hour.estimate;
    let (Some(first), Some(last)) = (tag.first, tag.last) else { return out };
    let first = tag.onset.map_or(first, |onset| onset.at.max(first));
    let gained = per_hour * last.hours_since(first);
    if gained <= 0.0 {
        return out;
    }
    let all = collect(case, wanted);
    let mut most = 0.0f64;
    for ((process, typed), history) in &all {
        let (growth, margin) = match history.hours() {
            Some(hours) => (per_hour * hours, DATED),
            None => (gained, UNDATED),
        };
        let share = history.rise() / growth;
        let Some(&(_, now, source)) = history.counts.last().filter(|_| margin.contains(&share)) else {
            continue;
        };
        most = most.max(history.rise());
        let then = history.counts.first().map_or(0, |first| first.1);
        let kind =
            if *typed { format!("handles of type {wanted}") } else { "handles of all types".to_owned() };
        out.in_step.push(Holder {
            process: process.clone(),
            share,
            // A count over all types in step may be a coincidence of a few moments; of the very type it is not.
            grade: if *typed { Grade::HandlesInStep } else { Grade::Circumstance },
            reason: format!(
                "its {kind} rose from {} to {} over {} listings while about {} objects were added ({:.0} %)",
                count(then as f64),
                count(now as f64),
                history.counts.len(),
                count(growth),
                share * 100.0
            ),
            source,
            over_time: true,
        });
    }
    for ((process, _), history) in &all {
        if most > 0.0 && history.rise() < FLAT * most {
            let counts = history.counts.iter().map(|(_, handles, _)| *handles);
            let (low, high) = counts.fold((u64::MAX, 0), |(low, high), h| (low.min(h), high.max(h)));
            out.flat.insert(
                process.clone(),
                format!(
                    "but its handles did not grow ({} to {} in {} listings)",
                    count(low as f64),
                    count(high as f64),
                    history.counts.len()
                ),
            );
        }
    }
    out.in_step.sort_by(|a, b| {
        (a.grade, (1.0 - a.share).abs())
            .partial_cmp(&(b.grade, (1.0 - b.share).abs()))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    out
}

/// Histories of at least two listings, by process and by whether they count the wanted type only.
fn collect(case: &Case, wanted: &str) -> BTreeMap<(String, bool), History> {
    let mut all: BTreeMap<(String, bool), History> = BTreeMap::new();
    let mut add = |key, time, handles, source| {
        all.entry(key).or_insert(History { counts: Vec::new() }).counts.push((time, handles, source));
    };
    for listing in &case.state.processes {
        let at = |place| Source { evidence: listing.source.evidence, place };
        for row in listing.handles.iter().filter(|row| row.object_type.eq_ignore_ascii_case(wanted)) {
            if let Some(process) = &row.process {
                add((named(&process.name, process.pid), true), listing.time, row.handles, at(row.place));
            }
        }
        for process in &listing.processes {
            if let (Some(handles), Some(_)) = (process.handles, process.pid) {
                add((named(&process.name, process.pid), false), listing.time, handles, at(process.place));
            }
        }
    }
    all.retain(|_, history| history.counts.len() > 1);
    all
}
