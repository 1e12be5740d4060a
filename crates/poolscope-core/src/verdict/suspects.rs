//! Ranks the suspects: the tags that leak, or those to look at first.

use poolscope_formats::Time;

use super::State;
use super::owners::{Owner, owners};
use crate::judge::{Class, Interval, Onset, SeriesKey, TagJudgement};
use crate::model::Source;
use crate::rules::{BootJudgement, View};

/// Suspects listed at most.
const MOST_SUSPECTS: usize = 10;

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
    /// Of a leak that accelerates: its pace in the last quarter of its time, bytes an hour.
    pub recent_bytes_per_hour: Option<f64>,
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
        // Where only the total leaks, and the tags were listed too seldom to say which: those to look at first.
        State::Leak => view.suspects(),
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
            recent_bytes_per_hour: None,
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

/// The suspects that leak in the pool of one of them, itself included.
pub(super) fn leaking_beside<'s>(
    suspects: &'s [Suspect],
    one: &'s Suspect,
) -> impl Iterator<Item = &'s Suspect> {
    suspects.iter().filter(|other| other.leaking && other.key.pool == one.key.pool)
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
        recent_bytes_per_hour: tag.recent_bytes_per_hour,
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
