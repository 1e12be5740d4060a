//! Handles of one process over several listings: listings at a few moments tell growth too, and tell apart who
//! holds many objects from who adds them.
//!
//! Listings seldom carry a time, so growth is compared with what the tag gained over its whole series, unless both
//! ends are dated.

use std::collections::BTreeMap;

use poolscope_formats::Time;

use super::{Holder, listings_of, object_type};
use crate::ingest::named;
use crate::judge::TagJudgement;
use crate::model::{Case, Grade, Source};
use crate::rules::BootJudgement;
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
pub(super) fn histories(case: &Case, boot: &BootJudgement, tag: &TagJudgement) -> Histories {
    let mut out = Histories::default();
    let Some(wanted) = object_type(tag.key.tag) else { return out };
    let per_hour = tag.rate_count_per_hour.estimate;
    let (Some(first), Some(last)) = (tag.first, tag.last) else { return out };
    let first = tag.onset.map_or(first, |onset| onset.at.max(first));
    let gained = per_hour * last.hours_since(first);
    if gained <= 0.0 {
        return out;
    }
    let all = collect(case, boot, wanted);
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
fn collect(case: &Case, boot: &BootJudgement, wanted: &str) -> BTreeMap<(String, bool), History> {
    let mut all: BTreeMap<(String, bool), History> = BTreeMap::new();
    let mut add = |key, time, handles, source| {
        all.entry(key).or_insert(History { counts: Vec::new() }).counts.push((time, handles, source));
    };
    for listing in listings_of(case, boot) {
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

#[cfg(test)]
mod tests {
    use poolscope_formats::Place;
    use poolscope_formats::facts::{HandleCount, ProcessFact, ProcessKey};

    use crate::census::holders;
    use crate::model::{Grade, ProcessMoment};
    use crate::testcase::{TestCase, at};

    /// Listings of all handles of two processes, and of the events of the second, at the begin and the end.
    fn listings(case: &mut TestCase, hours: [Option<f64>; 2]) {
        let moments = [(hours[0], 190_000, 92_000), (hours[1], 190_004, 139_500)];
        for (listing, (hour, idle, busy)) in moments.into_iter().enumerate() {
            let line = 1_000 + listing as u64 * 10;
            let mut processes = Vec::new();
            for (pid, handles) in [(9_016, idle), (3_412, busy + 4_000)] {
                let mut fact =
                    ProcessFact::named(Place::Line(line), if pid == 9_016 { "idle" } else { "busy" });
                (fact.pid, fact.handles) = (Some(pid), Some(handles));
                processes.push(fact);
            }
            let source = case.source(line);
            case.builder.state.processes.push(ProcessMoment {
                time: hour.map(at),
                source,
                complete: false,
                processes,
                handles: vec![HandleCount {
                    place: Place::Line(line + 1),
                    // `handle -s -p 3412` prints no name.
                    process: Some(ProcessKey { name: String::new(), pid: Some(3_412) }),
                    object_type: "Event".to_owned(),
                    handles: busy,
                }],
                total_handles: None,
            });
        }
    }

    #[test]
    fn a_listing_of_an_earlier_run_of_windows_is_no_part_of_the_history() {
        let mut case = TestCase::new(48);
        case.leaking(b"Even", 2_000.0, 128).outstanding_count = 200_000;
        listings(&mut case, [Some(-30.0), Some(23.5)]);
        case.with(|view| {
            let mut boot = view.boots[0].clone();
            boot.from = at(-1.0);
            let holders = holders(view.case, &boot, &boot.judgement.tags[0]);
            assert!(holders.iter().all(|one| !one.reason.contains("listings")), "{holders:?}");
        });
    }

    #[test]
    fn who_adds_the_objects_is_told_from_who_only_holds_many() {
        for hours in [[None, None], [Some(0.0), Some(23.5)]] {
            let mut case = TestCase::new(48);
            case.leaking(b"Even", 2_000.0, 128).outstanding_count = 200_000;
            listings(&mut case, hours);
            case.with(|view| {
                let boot = &view.boots[0];
                let holders = holders(view.case, boot, &boot.judgement.tags[0]);
                assert_eq!(holders[0].process, "busy (3412)", "{holders:?}");
                assert_eq!(holders[0].grade, Grade::HandlesInStep);
                assert!(holders[0].reason.contains("92,000 to 139,500 over 2 listings"), "{holders:?}");
                let idle: Vec<_> = holders.iter().filter(|one| one.process == "idle (9016)").collect();
                assert!(!idle.is_empty() && idle.iter().all(|one| one.grade == Grade::Circumstance));
                assert!(
                    idle[0].reason.contains("did not grow (190,000 to 190,004 in 2 listings)"),
                    "{idle:?}"
                );
            });
        }
    }
}
