//! Outcome to report: names, times and sources as text. Nothing is computed here.

use poolscope_core::judge::{self, Class};
use poolscope_core::model::{self, Case, EventKind};
use poolscope_core::model::{CounterId, Kind, Place, Pool, Time};
use poolscope_core::rules::{self, Subject};
use poolscope_core::{Outcome, verdict};

use crate::model::*;

/// Events on the time line at most; the middle is thinned with a line that says so.
const MOST_TIMELINE_ENTRIES: usize = 60;

/// Points of a chart at most.
const MOST_CHART_POINTS: usize = 400;

/// Suspects drawn.
const MOST_CHARTS: usize = 4;

/// The report of an outcome.
pub fn build(outcome: &Outcome) -> Report {
    let case = &outcome.case;
    Report {
        schema: SCHEMA,
        poolscope_version: env!("CARGO_PKG_VERSION"),
        host: host(case),
        verdict: Verdict {
            state: outcome.verdict.state.name(),
            confidence: outcome.verdict.confidence.map(rounded),
            summary: outcome.verdict.summary.clone(),
            suspects: outcome.verdict.suspects.iter().map(|suspect| build_suspect(case, suspect)).collect(),
            against: outcome.verdict.against.clone(),
        },
        findings: outcome.findings.iter().map(|finding| build_finding(case, finding)).collect(),
        timeline: timeline(outcome),
        gaps: outcome
            .verdict
            .gaps
            .iter()
            .map(|gap| Gap { text: gap.text.clone(), sources: sources(case, &gap.sources) })
            .collect(),
        next_steps: outcome
            .verdict
            .next_steps
            .iter()
            .map(|step| NextStep {
                title: step.title.clone(),
                why: step.why.clone(),
                command: step.command.clone(),
                cost: step.cost.clone(),
                risk: step.risk.clone(),
                undo: (!step.undo.is_empty()).then(|| step.undo.clone()),
            })
            .collect(),
        charts: charts(outcome),
        evidence: case.evidence.iter().map(build_evidence).collect(),
    }
}

/// A moment in RFC 3339.
pub(crate) fn rfc3339(time: Time) -> String {
    time.to_string().replacen(' ', "T", 1) + "Z"
}

/// Floats are rounded to nine significant digits, so that the last bit of a platform's arithmetic never shows.
fn rounded(value: f64) -> f64 {
    if !value.is_finite() {
        return 0.0;
    }
    format!("{value:.8e}").parse().unwrap_or(value)
}

fn interval(value: judge::Interval) -> Interval {
    Interval { low: rounded(value.low), estimate: rounded(value.estimate), high: rounded(value.high) }
}

fn host(case: &Case) -> Host {
    let version = case.host.version.as_ref().map(|stated| {
        let v = stated.value;
        format!("{} ({}.{}.{})", v.name(), v.major, v.minor, v.build)
    });
    Host {
        names: case.hosts().into_iter().map(str::to_owned).collect(),
        windows: version,
        bits: case.host.bits.as_ref().map(|stated| match stated.value {
            model::Bits::X86 => 32,
            model::Bits::X64 => 64,
        }),
        ram_bytes: case.host.ram_bytes.as_ref().map(|stated| stated.value),
        commit_limit_bytes: case.host.commit_limit_bytes.as_ref().map(|stated| stated.value),
    }
}

fn build_suspect(case: &Case, suspect: &verdict::Suspect) -> Suspect {
    Suspect {
        tag: suspect.key.tag.to_string(),
        pool: suspect.key.pool.name(),
        class: class_name(suspect.class),
        leaking: suspect.leaking,
        rate_bytes_per_hour: suspect.rate_bytes_per_hour.map(interval),
        rate_count_per_hour: suspect.rate_count_per_hour.map(interval),
        recent_bytes_per_hour: suspect.recent_bytes_per_hour.map(rounded),
        outstanding_bytes: suspect.outstanding_bytes,
        outstanding_count: suspect.outstanding_count,
        onset: suspect.onset.map(|onset| rfc3339(onset.at)),
        onset_interval: suspect.onset.map(|onset| [rfc3339(onset.earliest), rfc3339(onset.latest)]),
        exhaustion: suspect.exhaustion.as_ref().map(|end| Exhaustion {
            earliest: rfc3339(end.earliest),
            estimate: rfc3339(end.estimate),
            latest: rfc3339(end.latest),
            bound: Bound { bytes: end.bound_bytes, what: end.bound.clone() },
        }),
        share_of_growth: suspect.share_of_growth.map(rounded),
        owners: suspect
            .owners
            .iter()
            .map(|owner| Owner {
                name: owner.name.clone(),
                kind: owner.kind.name(),
                grade: owner.grade.name(),
                grade_words: owner.grade.words(),
                confidence: owner.confidence,
                reasons: owner.reasons.clone(),
                sources: sources(case, &owner.sources),
            })
            .collect(),
        confidence: suspect.confidence.map(rounded),
        snapshots: suspect.snapshots,
        sources: sources(case, &suspect.sources),
    }
}

/// The JSON name of a class.
pub fn class_name(class: Class) -> &'static str {
    match class {
        Class::SteadyLeak => "steady_leak",
        Class::AcceleratingLeak => "accelerating_leak",
        Class::StepThenFlat => "step_then_flat",
        Class::SaturatingCache => "saturating_cache",
        Class::StillRising => "still_rising",
        Class::Churn => "churn",
        Class::Seasonal => "seasonal",
        Class::StaticBlock => "static_block",
        Class::Sawtooth => "sawtooth",
        Class::Burst => "burst",
        Class::PinnedAfterGrowth => "pinned_after_growth",
        Class::Shrinking => "shrinking",
        Class::TooShortToSay => "too_short_to_say",
    }
}

fn build_finding(case: &Case, finding: &rules::Finding) -> Finding {
    let name = rules::RULES.iter().find(|rule| rule.code == finding.code).map_or("", |rule| rule.name);
    Finding {
        code: finding.code,
        name,
        title: finding.title.clone(),
        subject: match &finding.subject {
            Subject::Host => "host".to_owned(),
            Subject::Pool(pool) => format!("{pool} pool"),
            Subject::Tag(key) => format!("{} ({})", key.tag, key.pool),
            Subject::Process(name) | Subject::Driver(name) => name.clone(),
        },
        strength: finding.strength.name(),
        numbers: finding
            .numbers
            .iter()
            .map(|n| Number { name: n.name, value: rounded(n.value), unit: n.unit })
            .collect(),
        sources: sources(case, &finding.sources),
    }
}

fn sources(case: &Case, all: &[model::Source]) -> Vec<Source> {
    all.iter()
        .map(|source| Source {
            evidence: source.evidence.0,
            path: case.evidence.get(source.evidence.0 as usize).map_or(String::new(), |e| e.path.clone()),
            line: match source.place {
                Place::Line(line) => Some(line),
                _ => None,
            },
            offset: match source.place {
                Place::Offset(offset) => Some(offset),
                _ => None,
            },
        })
        .collect()
}

fn timeline(outcome: &Outcome) -> Vec<TimelineEntry> {
    let case = &outcome.case;
    let mut entries: Vec<(Time, TimelineEntry)> = Vec::new();
    let mut add = |time: Time, kind: &'static str, text: String, from: &[model::Source]| {
        let entry = TimelineEntry { time: rfc3339(time), kind, text, sources: sources(case, from) };
        entries.push((time, entry));
    };
    // Signature updates come daily: one line for all.
    let signature = |event: &&model::TimelineEvent| {
        matches!(&event.kind, EventKind::UpdateInstalled { name }
            if model::ChangeWhat::of_update(name) == model::ChangeWhat::SignatureUpdate)
    };
    let signatures: Vec<&model::TimelineEvent> = case.events.iter().filter(signature).collect();
    if let [first, .., last] = signatures.as_slice() {
        let others = signatures.len() - 1;
        let text = format!("{}, and {others} more signature updates up to {} UTC", first.text, last.time);
        add(first.time, "update_installed", text, &[first.source, last.source]);
    }
    for event in case.events.iter().filter(|event| signatures.len() < 2 || !signature(event)) {
        let kind = match event.kind {
            EventKind::Boot => "boot",
            EventKind::KernelResumed => "kernel_resumed",
            EventKind::Shutdown => "shutdown",
            EventKind::PoolEmpty(_) => "pool_empty",
            EventKind::CommitLow => "commit_low",
            EventKind::ConnectionsRefused => "connections_refused",
            EventKind::DriverChange { .. } => "driver_change",
            EventKind::ServiceInstalled { .. } => "service_installed",
            EventKind::ProductInstalled { .. } => "product_installed",
            EventKind::UpdateInstalled { .. } => "update_installed",
            EventKind::Other => "other",
            // Services start and stop all day; rules read them, a person does not want the list.
            EventKind::ServiceState | EventKind::FilterLoaded { .. } => continue,
        };
        add(event.time, kind, event.text.clone(), &[event.source]);
    }
    let timed = || case.snapshots.iter().filter(|snapshot| snapshot.timed);
    if let (Some(first), Some(last)) = (timed().next(), timed().next_back()) {
        let at =
            |s: &model::SnapshotFacts| model::Source { evidence: s.evidence, place: Place::Line(s.line) };
        add(first.time, "first_snapshot", "first snapshot of the tag table".to_owned(), &[at(first)]);
        add(last.time, "last_snapshot", "last snapshot of the tag table".to_owned(), &[at(last)]);
    }
    for suspect in outcome.verdict.suspects.iter().filter(|suspect| suspect.leaking) {
        let name = format!("{} ({})", suspect.key.tag, suspect.key.pool);
        if let Some(onset) = suspect.onset {
            add(onset.at, "onset", format!("{name} begins to grow"), &suspect.sources);
        }
        // One line a pool: the first suspect of it stands for all.
        let first_of_pool = outcome.verdict.suspects.iter().find(|other| other.key.pool == suspect.key.pool);
        if let Some(end) = suspect.exhaustion.as_ref().filter(|_| first_of_pool == Some(suspect)) {
            add(
                end.estimate,
                "exhaustion",
                format!("the {} pool runs out (estimate)", suspect.key.pool),
                &[],
            );
        }
    }
    entries.sort_by(|a, b| (a.0, a.1.kind, &a.1.text).cmp(&(b.0, b.1.kind, &b.1.text)));
    // A driver of several devices is installed for each within seconds.
    entries.dedup_by(|a, b| {
        a.1.kind == b.1.kind && a.1.text == b.1.text && a.0.hours_since(b.0) * 3_600.0 < 60.0
    });
    thin(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// Keeps the ends and says how many are left out between.
fn thin(mut entries: Vec<TimelineEntry>) -> Vec<TimelineEntry> {
    if entries.len() <= MOST_TIMELINE_ENTRIES {
        return entries;
    }
    let half = MOST_TIMELINE_ENTRIES / 2;
    let left_out = entries.len() - MOST_TIMELINE_ENTRIES;
    let tail = entries.split_off(entries.len() - half);
    entries.truncate(half);
    let time = entries.last().map_or(String::new(), |entry| entry.time.clone());
    entries.push(TimelineEntry {
        time,
        kind: "left_out",
        text: format!("{left_out} events are left out here; poolscope inspect shows them"),
        sources: Vec::new(),
    });
    entries.extend(tail);
    entries
}

fn charts(outcome: &Outcome) -> Vec<Chart> {
    let case = &outcome.case;
    let boots: Vec<(String, String)> = case
        .boots
        .iter()
        .filter(|boot| !boot.marks.is_empty())
        .map(|boot| (rfc3339(boot.from), "boot".to_owned()))
        .collect();
    let mut charts = Vec::new();
    for suspect in outcome.verdict.suspects.iter().take(MOST_CHARTS) {
        let Some(series) = case.tags.get(&suspect.key) else { continue };
        if series.times.len() < 3 {
            continue;
        }
        let mut marks = boots.clone();
        marks.extend(suspect.onset.map(|onset| (rfc3339(onset.at), "onset".to_owned())));
        let values = series.bytes.iter().map(|&bytes| bytes as f64);
        charts.push(Chart {
            title: format!("{} ({}): outstanding bytes", suspect.key.tag, suspect.key.pool),
            unit: "bytes",
            points: points(series.times.iter().copied().zip(values), series.times.len()),
            marks,
        });
    }
    for pool in [Pool::Nonpaged, Pool::Paged] {
        let counter = match pool {
            Pool::Nonpaged => CounterId::MemoryPoolNonpagedBytes,
            Pool::Paged => CounterId::MemoryPoolPagedBytes,
        };
        let key = model::CounterKey { counter, instance: String::new() };
        if let Some(series) = case.counters.get(&key).filter(|series| series.times.len() >= 3) {
            let values = series.times.iter().copied().zip(series.values.iter().copied());
            charts.push(Chart {
                title: format!("whole {pool} pool"),
                unit: "bytes",
                points: points(values, series.times.len()),
                marks: boots.clone(),
            });
        }
    }
    charts
}

/// Every k-th point and the last, so that at most [`MOST_CHART_POINTS`] remain.
fn points(all: impl Iterator<Item = (Time, f64)>, count: usize) -> Vec<(String, f64)> {
    let step = count.div_ceil(MOST_CHART_POINTS).max(1);
    all.enumerate()
        .filter(|(at, _)| at % step == 0 || at + 1 == count)
        .map(|(_, (time, value))| (rfc3339(time), rounded(value)))
        .collect()
}

/// An input as the report lists it.
pub fn build_evidence(evidence: &model::Evidence) -> Evidence {
    Evidence {
        path: evidence.path.clone(),
        kind: evidence.kind.map_or("unknown", Kind::name),
        kind_title: evidence.kind.map_or("not recognised", Kind::title),
        bytes: evidence.bytes,
        sha256: evidence.sha256.clone(),
        records: evidence.coverage.records,
        bad_records: evidence.coverage.bad_records,
        notes: evidence
            .notes
            .iter()
            .map(|note| Note { place: note.place.to_string(), text: note.text.clone() })
            .collect(),
        notes_dropped: evidence.notes_dropped,
    }
}
