//! Who may own a suspect: claims from the evidence, text maps and processes whose handles move with it.

use poolscope_formats::Pool;
use poolscope_formats::counters::{CounterId, Identity};

use crate::judge::{SeriesKey, TagJudgement};
use crate::model::{Grade, OwnerClaim, OwnerKind, Source};
use crate::rules::{BootJudgement, View};
use crate::tagnotes::{TagClass, note};
use crate::units::count;

/// Handles that grow by at least this share of the objects' growth explain them.
const HANDLES_SHARE: std::ops::RangeInclusive<f64> = 0.7..=1.3;

/// Owners listed at most for one tag.
const MOST_OWNERS: usize = 8;

/// One owner with the reasons for it, strongest first.
#[derive(Clone, PartialEq, Debug)]
pub struct Owner {
    /// File name of a driver, `name` of a process, or a component.
    pub name: String,
    /// What it is.
    pub kind: OwnerKind,
    /// The strongest grade among the reasons.
    pub grade: Grade,
    /// Clauses a reader can check.
    pub reasons: Vec<String>,
    /// Where they stand.
    pub sources: Vec<Source>,
}

/// All owners of a tag, strongest evidence first.
pub(crate) fn owners(
    view: &View<'_>,
    key: SeriesKey,
    measured: Option<(&BootJudgement, &TagJudgement)>,
) -> Vec<Owner> {
    let mut claims: Vec<OwnerClaim> = view
        .case
        .owner_claims
        .iter()
        .filter(|claim| claim.tag == key.tag && claim.pool.is_none_or(|pool| pool == key.pool))
        .cloned()
        .collect();
    if let Some((boot, tag)) = measured {
        claims.extend(handles_in_step(view, boot, tag));
    }
    claims.extend(text_claims(view, key));
    claims.sort_by(|a, b| {
        (a.grade, &a.name, a.source, &a.reason).cmp(&(b.grade, &b.name, b.source, &b.reason))
    });
    let mut owners: Vec<Owner> = Vec::new();
    for claim in claims {
        match owners.iter_mut().find(|owner| owner.name == claim.name && owner.kind == claim.kind) {
            Some(owner) => {
                if !owner.reasons.contains(&claim.reason) {
                    owner.reasons.push(claim.reason);
                }
                owner.sources.extend(claim.source);
            }
            None => owners.push(Owner {
                name: claim.name,
                kind: claim.kind,
                grade: claim.grade,
                reasons: vec![claim.reason],
                sources: claim.source.into_iter().collect(),
            }),
        }
    }
    owners.truncate(MOST_OWNERS);
    owners
}

/// pooltag.txt files and poolscope's own notes.
fn text_claims(view: &View<'_>, key: SeriesKey) -> Vec<OwnerClaim> {
    let mut claims = Vec::new();
    for (evidence, file) in &view.case.pooltags {
        for entry in file.lookup(key.tag) {
            let Some(binary) = &entry.binary else { continue };
            claims.push(OwnerClaim {
                tag: key.tag,
                pool: Some(key.pool),
                name: binary.to_string(),
                kind: if binary.ends_with(".sys") { OwnerKind::Driver } else { OwnerKind::Component },
                grade: Grade::TextMap,
                reason: format!("the pooltag file says: {} - {}", entry.pattern, entry.description),
                source: Some(Source {
                    evidence: *evidence,
                    place: poolscope_formats::Place::Line(entry.line),
                }),
            });
        }
    }
    if let Some(note) = note(key.tag) {
        let driver = note.component.ends_with(".sys");
        let private = note.class == TagClass::Private;
        claims.push(OwnerClaim {
            tag: key.tag,
            pool: Some(key.pool),
            name: note.component.to_owned(),
            kind: if driver && private { OwnerKind::Driver } else { OwnerKind::Component },
            grade: Grade::TextMap,
            reason: format!("{} ({})", note.text.trim_end_matches('.'), note.source_words()),
            source: None,
        });
    }
    claims
}

/// Processes whose handle count grew by as much as the objects of this tag.
fn handles_in_step(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Vec<OwnerClaim> {
    let is_object = note(tag.key.tag).is_some_and(|note| note.class == TagClass::Object);
    let objects_per_hour = tag.rate_count_per_hour.estimate;
    if !is_object || tag.key.pool != Pool::Nonpaged && tag.key.tag.0 != *b"Key " || objects_per_hour <= 0.0 {
        return Vec::new();
    }
    let from = tag.onset.map_or(boot.from, |onset| onset.at).max(tag.first.unwrap_or(boot.from));
    let mut claims = Vec::new();
    for (key, series) in &view.case.counters {
        if key.counter != CounterId::ProcessHandleCount || key.instance.eq_ignore_ascii_case("_total") {
            continue;
        }
        let range = series.range(from, boot.to);
        if range.len() < 8 || matches!(series.identity, Identity::Spliced { .. }) {
            continue;
        }
        let (times, values) = (&series.times[range.clone()], &series.values[range]);
        let Some(handles_per_hour) = rate(times, values) else { continue };
        let share = handles_per_hour / objects_per_hour;
        if HANDLES_SHARE.contains(&share) {
            claims.push(OwnerClaim {
                tag: tag.key.tag,
                pool: Some(tag.key.pool),
                name: key.instance.clone(),
                kind: OwnerKind::Process,
                grade: Grade::HandlesInStep,
                reason: format!(
                    "its handle count grows by {} an hour while {} objects are added an hour ({:.0} %)",
                    count(handles_per_hour),
                    count(objects_per_hour),
                    share * 100.0
                ),
                source: Some(series.source),
            });
        }
    }
    claims
}

/// Growth per hour from the medians of the first and the last quarter: robust to bursts, enough to match.
fn rate(times: &[poolscope_formats::Time], values: &[f64]) -> Option<f64> {
    let quarter = values.len() / 4;
    let median = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    };
    let early = median(values.get(..quarter)?)?;
    let late = median(values.get(values.len() - quarter..)?)?;
    let middle = |times: &[poolscope_formats::Time]| times.get(times.len() / 2).copied();
    let hours = middle(times.get(values.len() - quarter..)?)?.hours_since(middle(times.get(..quarter)?)?);
    (hours > 0.0).then(|| (late - early) / hours)
}
