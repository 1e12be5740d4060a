//! Ranks the suspects and says the answer in sentences.

use poolscope_formats::Time;

use super::State;
use super::conflicts::conflicts;
use super::owners::{Owner, owners};
use crate::changes::nearest;
use crate::ingest::label;
use crate::judge::{Class, Interval, Onset, SeriesKey, Standing, TagJudgement};
use crate::model::Source;
use crate::rules::{BootJudgement, Finding, View};
use crate::system_images::works_for_others;
use crate::units::{bytes, bytes_per_hour, count, hours};

/// Suspects listed at most.
const MOST_SUSPECTS: usize = 10;

/// An owner less likely than this is named with a "perhaps".
const LEAST_TO_NAME: f64 = 0.6;

/// When the pool runs out, and against which bound.
#[derive(Clone, PartialEq, Debug)]
pub struct SuspectExhaustion {
    /// Earliest moment (90 % interval).
    pub earliest: Time,
    /// Best estimate.
    pub estimate: Time,
    /// Latest moment.
    pub latest: Time,
    /// The bound in bytes.
    pub bound_bytes: u64,
    /// The bound in words.
    pub bound: String,
}

/// A tag under suspicion.
#[derive(Clone, PartialEq, Debug)]
pub struct Suspect {
    /// Tag and pool.
    pub key: SeriesKey,
    /// True if the statistics call it a leak.
    pub leaking: bool,
    /// Shape of the series.
    pub class: Class,
    /// Growth of outstanding bytes; `None` from a single snapshot.
    pub rate_bytes_per_hour: Option<Interval>,
    /// Growth of outstanding allocations.
    pub rate_count_per_hour: Option<Interval>,
    /// Outstanding bytes at the last snapshot.
    pub outstanding_bytes: u64,
    /// Outstanding allocations at the last snapshot.
    pub outstanding_count: i64,
    /// When it began, if within the series.
    pub onset: Option<Onset>,
    /// When the pool runs out.
    pub exhaustion: Option<SuspectExhaustion>,
    /// Share of its pool's growth, 0 to 1.
    pub share_of_growth: Option<f64>,
    /// Who may own it, strongest evidence first.
    pub owners: Vec<Owner>,
    /// Probability that it leaks; `None` where one snapshot allows no statement.
    pub confidence: Option<f64>,
    /// Snapshots behind it.
    pub snapshots: usize,
    /// First and last row it rests on.
    pub sources: Vec<Source>,
}

pub(super) fn suspects(view: &View<'_>, state: State) -> Vec<Suspect> {
    if view.case.hosts().len() > 1 {
        return Vec::new();
    }
    let Some(boot) = view.main_boot() else { return untimed(view) };
    let chosen: Vec<&TagJudgement> = match state {
        State::Leak => boot.judgement.tags.iter().filter(|tag| tag.leaking).collect(),
        State::NoLeakSeen | State::OtherProblem => Vec::new(),
        State::NotEnoughEvidence if boot.judgement.snapshots < 2 => biggest(&boot.judgement.tags),
        State::NotEnoughEvidence => {
            boot.judgement.tags.iter().filter(|tag| tag.rate_bytes_per_hour.estimate > 0.0).collect()
        }
    };
    let listed = chosen.into_iter().take(MOST_SUSPECTS);
    listed.map(|tag| suspect(view, boot, tag)).collect()
}

/// The tags that hold most, for a single snapshot.
fn biggest(tags: &[TagJudgement]) -> Vec<&TagJudgement> {
    let mut by_size: Vec<&TagJudgement> = tags.iter().collect();
    by_size.sort_by_key(|tag| (std::cmp::Reverse(tag.outstanding_bytes), tag.key));
    by_size.truncate(3);
    by_size
}

/// Suspects from listings without any time: by size only.
fn untimed(view: &View<'_>) -> Vec<Suspect> {
    let mut sized: Vec<_> = view
        .case
        .tags
        .iter()
        .filter_map(|(key, series)| Some((*series.bytes.last()?, *series.counts.last()?, *key, series)))
        .collect();
    sized.sort_by_key(|(held, _, key, _)| (std::cmp::Reverse(*held), *key));
    let biggest = sized.into_iter().take(3);
    biggest
        .map(|(held, outstanding, key, series)| Suspect {
            key,
            leaking: false,
            class: Class::TooShortToSay,
            rate_bytes_per_hour: None,
            rate_count_per_hour: None,
            outstanding_bytes: held,
            outstanding_count: outstanding,
            onset: None,
            exhaustion: None,
            share_of_growth: None,
            owners: owners(view, key, None),
            confidence: None,
            snapshots: series.points.len(),
            sources: series.source(series.points.len() - 1, &view.case.snapshots).into_iter().collect(),
        })
        .collect()
}

fn suspect(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Suspect {
    let measured = tag.samples >= 2;
    let bound = view.bounds.iter().find(|(pool, _)| *pool == tag.key.pool).map(|(_, bound)| bound);
    let pool_growth = boot.judgement.growth.iter().find(|growth| growth.pool == tag.key.pool);
    // The pool runs out by all that grows in it, so its own forecast counts before the tag's.
    let forecast = pool_growth.and_then(|growth| growth.exhaustion).or(tag.exhaustion);
    let exhaustion = forecast.filter(|_| tag.leaking).zip(bound).map(|(when, bound)| SuspectExhaustion {
        earliest: when.earliest,
        estimate: when.estimate,
        latest: when.latest,
        bound_bytes: bound.bytes,
        bound: bound.what.clone(),
    });
    Suspect {
        key: tag.key,
        leaking: tag.leaking,
        class: tag.class,
        rate_bytes_per_hour: measured.then_some(tag.rate_bytes_per_hour),
        rate_count_per_hour: measured.then_some(tag.rate_count_per_hour),
        outstanding_bytes: tag.outstanding_bytes,
        outstanding_count: tag.outstanding_count,
        onset: tag.onset,
        exhaustion,
        share_of_growth: tag.share_of_growth,
        owners: owners(view, tag.key, Some((boot, tag))),
        confidence: measured.then_some(tag.confidence),
        snapshots: tag.samples,
        sources: view.end_sources(tag.key, boot),
    }
}

/// The answer in sentences, the most important first.
pub(super) fn summary(
    view: &View<'_>,
    findings: &[Finding],
    state: State,
    suspects: &[Suspect],
) -> Vec<String> {
    let mut lines = Vec::new();
    let hosts = view.case.hosts();
    if hosts.len() > 1 {
        lines.push(format!(
            "The evidence is of several hosts ({}), which are never mixed: choose one with --host NAME.",
            hosts.join(", ")
        ));
        return lines;
    }
    match state {
        State::Leak => match suspects.first() {
            Some(first) => {
                leak_lines(first, &mut lines);
                lines.extend(change_line(view));
            }
            None => {
                lines.push("A pool grows as a leak does, but no tag that was seen explains it.".to_owned())
            }
        },
        State::NoLeakSeen => {
            let boot = view.main_boot();
            let (snapshots, span) =
                boot.map_or((0, 0.0), |boot| (boot.judgement.snapshots, boot.judgement.hours));
            lines.push(format!(
                "No leak is seen in {snapshots} samples over {}: nothing grows by more than noise, cycles and \
                 caches explain.",
                hours(span)
            ));
        }
        State::NotEnoughEvidence => not_enough_lines(view, suspects, &mut lines),
        State::OtherProblem => lines.push(
            "The failed requests have reasons that are not memory: a request queue or an application pool. \
             Nothing here points at a pool leak."
                .to_owned(),
        ),
    }
    let worth_a_sentence = |finding: &&Finding| match finding.code {
        // What failed, and rows that must not be trusted.
        "PS001" | "PS002" | "PS006" => true,
        // Another illness beside a healthy pool, or in place of a proven leak.
        "PS012" | "PS013" | "PS014" | "PS015" | "PS025" => state != State::Leak,
        // Settings that do harm while they stay.
        "PS029" | "PS030" => true,
        _ => false,
    };
    for finding in findings.iter().filter(worth_a_sentence) {
        let mut sentence = finding.title.clone();
        if let Some(first) = sentence.get(..1) {
            let upper = first.to_uppercase();
            if !sentence.starts_with("http.sys") {
                sentence.replace_range(..1, &upper);
            }
        }
        lines.push(sentence + ".");
    }
    lines
}

fn leak_lines(first: &Suspect, lines: &mut Vec<String>) {
    let name = label(first.key.tag, first.key.pool);
    let rate = first.rate_bytes_per_hour.unwrap_or_default();
    lines.push(format!(
        "Leak: {name} grows by {} (90 % interval {} to {}).",
        bytes_per_hour(rate.estimate),
        bytes(rate.low),
        bytes(rate.high)
    ));
    let since = match first.onset {
        Some(onset) => format!("since about {} UTC", onset.at),
        None => "since before the first snapshot".to_owned(),
    };
    lines.push(format!(
        "It has grown {since} and holds {} in {} allocations.",
        bytes(first.outstanding_bytes as f64),
        count(first.outstanding_count as f64)
    ));
    if let Some(owner) = first.owners.first().filter(|owner| works_for_others(&owner.name)) {
        lines.push(format!(
            "It is allocated by {} ({}), which works for others: the culprit is whoever makes it allocate.",
            owner.name,
            owner.grade.words()
        ));
    } else if let Some(owner) = first.owners.first() {
        let perhaps = if owner.confidence < LEAST_TO_NAME { "perhaps " } else { "" };
        lines.push(format!("Owner: {perhaps}{} ({}).", owner.name, owner.grade.words()));
    } else {
        lines.push("Nothing in the evidence names its owner.".to_owned());
    }
    if let Some(end) = &first.exhaustion {
        lines.push(format!(
            "At this rate the {} pool runs out about {} UTC (between {} and {}); the bound is the {}.",
            first.key.pool, end.estimate, end.earliest, end.latest, end.bound
        ));
    }
}

/// What changed shortly before the onset, if nothing speaks against it.
fn change_line(view: &View<'_>) -> Option<String> {
    let first = nearest(view)?;
    let when = if first.hours_before > 0.0 {
        format!("{} before it began", hours(first.hours_before))
    } else {
        "When it began".to_owned()
    };
    let mut line = format!("{when}: {}. That is circumstance, not proof.", first.change.text);
    if let Some(capital) = line.get(..1).map(str::to_uppercase) {
        line.replace_range(..1, &capital);
    }
    Some(line)
}

fn not_enough_lines(view: &View<'_>, suspects: &[Suspect], lines: &mut Vec<String>) {
    let snapshots = view.case.snapshots.len();
    let first = suspects.first().map(|suspect| (suspect, label(suspect.key.tag, suspect.key.pool)));
    match (snapshots, first) {
        (0, _) if view.boots.is_empty() => {
            lines.push("Not enough evidence: nothing here measures the pool over time.".to_owned());
        }
        (1, Some((suspect, name))) => lines.push(format!(
            "Not enough evidence: one snapshot proves no growth. {name} holds most of what is listed ({}).",
            bytes(suspect.outstanding_bytes as f64)
        )),
        (_, Some((suspect, name))) => {
            let rate = suspect.rate_bytes_per_hour.unwrap_or_default();
            lines.push(format!(
                "Not enough evidence for a verdict from {snapshots} snapshots. {name} grew most ({}).",
                bytes_per_hour(rate.estimate)
            ));
        }
        _ => lines.push("Not enough evidence for a verdict; nothing seen grows.".to_owned()),
    }
}

/// What speaks against the answer.
pub(super) fn against(view: &View<'_>, suspects: &[Suspect]) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(first) = suspects.first().filter(|first| first.leaking) else { return lines };
    if let Some(share) = first.share_of_growth.filter(|share| *share < 0.5) {
        lines.push(format!(
            "{} explains only {:.0} % of the growth of its pool: something else grows too.",
            label(first.key.tag, first.key.pool),
            share * 100.0
        ));
    }
    let quiet = view.boots.iter().any(|boot| {
        boot.judgement.standing == Standing::NoLeakSeen && boot.judgement.snapshots >= first.snapshots / 2
    });
    if quiet {
        lines.push("In another boot of comparable length no leak is seen.".to_owned());
    }
    lines.extend(conflicts(first));
    if first.owners.first().is_none_or(|owner| owner.grade >= crate::model::Grade::TextMap) {
        lines.push(
            "No driver image, trace or handle count confirms the owner; a tag alone names none.".to_owned(),
        );
    }
    lines
}
