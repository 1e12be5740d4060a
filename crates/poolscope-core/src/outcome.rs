//! The whole way from a case to its outcome: judge every boot, apply the rules, weigh the verdict.

use poolscope_formats::{Pool, Time};

use crate::bounds::{Bound, bound};
use crate::judge::{HostInput, PoolBound, SeriesInput, TotalInput, judge};
use crate::model::{Boot, Case, CounterKey, HostFacts, Stated};
use crate::objects::event_bits;
use crate::rules::{BootJudgement, Finding, View, check_all};
use crate::verdict::{Verdict, weigh};

/// Everything the report is built from.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The facts.
    pub case: Case,
    /// The judgement of each boot that has measurements.
    pub boots: Vec<BootJudgement>,
    /// The bounds of the pools, where known.
    pub bounds: Vec<(Pool, Bound)>,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// The answer.
    pub verdict: Verdict,
}

impl Outcome {
    /// The judgement of the boot that the verdict speaks of.
    pub fn main_judgement(&self) -> Option<&crate::judge::HostJudgement> {
        let view = View { case: &self.case, boots: &self.boots, bounds: &self.bounds };
        view.main_boot().map(|boot| &boot.judgement)
    }
}

/// Concludes a case.
pub fn conclude(mut case: Case) -> Outcome {
    width_from_event_objects(&mut case);
    let bounds: Vec<(Pool, Bound)> = [Pool::Nonpaged, Pool::Paged]
        .into_iter()
        .filter_map(|pool| Some((pool, bound(&case, pool)?)))
        .collect();
    let boots: Vec<BootJudgement> =
        case.boots.iter().enumerate().filter_map(|(at, boot)| judge_boot(&case, at, boot, &bounds)).collect();
    let view = View { case: &case, boots: &boots, bounds: &bounds };
    let findings = check_all(&view);
    let verdict = weigh(&view, &findings);
    Outcome { boots, bounds, findings, verdict, case }
}

/// Event objects tell the width of the kernel where nothing else states it.
fn width_from_event_objects(case: &mut Case) {
    if case.host.bits.is_some() {
        return;
    }
    let mut found = None;
    for (key, series) in &case.tags {
        if key.tag.without_protected_bit().0 != *b"Even" {
            continue;
        }
        let Some((&bytes, &count)) = series.bytes.last().zip(series.counts.last()) else { continue };
        let last = series.points.len().saturating_sub(1);
        if count > 0
            && let Some(bits) = event_bits(bytes as f64 / count as f64)
            && let Some(source) = series.source(last, &case.snapshots)
        {
            found = Some(Stated { value: bits, source });
        }
    }
    if let Some(stated) = found {
        HostFacts::state(&mut case.host.bits, stated.value, stated.source);
    }
}

/// `None` for a boot without measurements.
fn judge_boot(case: &Case, at: usize, boot: &Boot, bounds: &[(Pool, Bound)]) -> Option<BootJudgement> {
    let mut series = Vec::new();
    for (key, all) in &case.tags {
        let range = all.range(boot.from.max(first_timed(case)), boot.to);
        if range.is_empty() {
            continue;
        }
        series.push(SeriesInput {
            key: *key,
            times: &all.times[range.clone()],
            outstanding_bytes: &all.bytes[range.clone()],
            outstanding_count: &all.counts[range],
        });
    }
    let totals: Vec<(Pool, Vec<Time>, Vec<u64>)> = [Pool::Nonpaged, Pool::Paged]
        .into_iter()
        .map(|pool| {
            let (times, bytes) = total(case, pool, boot);
            (pool, times, bytes)
        })
        .filter(|(_, times, _)| !times.is_empty())
        .collect();
    if series.is_empty() && totals.is_empty() {
        return None;
    }
    let totals: Vec<TotalInput<'_>> =
        totals.iter().map(|(pool, times, bytes)| TotalInput { pool: *pool, times, bytes }).collect();
    let bounds: Vec<PoolBound> =
        bounds.iter().map(|(pool, bound)| PoolBound { pool: *pool, bytes: bound.bytes as f64 }).collect();
    let cut_listings = case.snapshots.iter().any(|s| s.cut && s.time >= boot.from && s.time < boot.to);
    let host = HostInput { series: &series, totals: &totals, bounds: &bounds, cut_listings };
    Some(BootJudgement { boot: at, from: boot.from, to: boot.to, judgement: judge(&host) })
}

/// Snapshots without a time stand at the beginning of all time, in order: they are ranked by size, never by rate.
fn first_timed(case: &Case) -> Time {
    let untimed = case.snapshots.iter().take_while(|snapshot| !snapshot.timed).count();
    match case.snapshots.get(untimed) {
        Some(snapshot) if untimed > 0 => snapshot.time,
        Some(_) => Time(i64::MIN),
        None if untimed > 0 => Time(i64::MAX),
        None => Time(i64::MIN),
    }
}

/// The whole pool over one boot: the counter if it was logged, else the heads of the listings.
fn total(case: &Case, pool: Pool, boot: &Boot) -> (Vec<Time>, Vec<u64>) {
    if let Some(series) = case.counters.get(&CounterKey::total_of(pool)) {
        let range = series.range(boot.from, boot.to);
        if range.len() > 1 {
            let bytes = series.values[range.clone()].iter().map(|&value| value.max(0.0) as u64).collect();
            return (series.times[range].to_vec(), bytes);
        }
    }
    let listed = case.snapshots.iter().filter(|s| s.timed && s.time >= boot.from && s.time < boot.to);
    listed
        .filter_map(|snapshot| {
            let bytes = match pool {
                Pool::Nonpaged => snapshot.pool_nonpaged_bytes,
                Pool::Paged => snapshot.pool_paged_bytes,
            };
            Some((snapshot.time, bytes?))
        })
        .unzip()
}
