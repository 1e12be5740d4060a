//! Sentences about a whole pool: how it grew, what event 2004 saw in it, when it runs out or did.

use poolscope_formats::{Pool, Time};

use crate::bounds::empty_moments_between;
use crate::model::CounterKey;
use crate::rules::View;
use crate::units::{bytes, hours};

/// A tag that held this share of the pool when event 2004 was written is told in the answer.
const REPORTED_SHARE: f64 = 0.2;

/// Pools whose totals have grown, where no more can be said of them.
pub(super) fn grown_totals(view: &View<'_>) -> Vec<String> {
    /// Growth to this multiple is worth a sentence.
    const TIMES: f64 = 1.5;
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let line = |pool: Pool| {
        let series = view.case.counters.get(&CounterKey::total_of(pool))?;
        let range = series.range(boot.from, boot.to);
        let (times, values) = (series.times.get(range.clone())?, series.values.get(range)?);
        let (first, last) = (*values.first()?, *values.last()?);
        (last >= TIMES * first).then(|| {
            format!(
                "Not enough evidence for a verdict: the {pool} pool grew from {} to {} in {}, in a way that a store \
                 which fills has too, and a leak that follows the working week.",
                bytes(first),
                bytes(last),
                hours(times.last().zip(times.first()).map_or(0.0, |(last, first)| last.hours_since(*first)))
            )
        })
    };
    [Pool::Nonpaged, Pool::Paged].into_iter().filter_map(line).collect()
}

/// What event 2004 saw hold the pool, if one tag held a good part of it.
pub(super) fn reported_line(view: &View<'_>, pool: Pool) -> Option<String> {
    let report = view.case.exhaustion_reports.last()?;
    let whole = match pool {
        Pool::Nonpaged => report.nonpaged_bytes,
        Pool::Paged => report.paged_bytes,
    }?;
    let (key, held) =
        report.tags.iter().filter(|(key, _)| key.pool == pool).max_by_key(|(_, bytes)| *bytes)?;
    (*held as f64 >= REPORTED_SHARE * whole as f64).then(|| {
        format!(
            "Event 2004 of {} UTC saw {} hold {} of {} in the {pool} pool.",
            report.time,
            key.tag,
            bytes(*held as f64),
            bytes(whole as f64)
        )
    })
}

/// The pool ran out before the evidence ends, in the run of Windows that is judged; nothing where the forecast lies
/// further ahead, since http.sys refuses connections before the pool is quite empty.
pub(super) fn ran_out(view: &View<'_>, pool: Pool, forecast: Option<Time>) -> Option<String> {
    /// What happened longer ago may have passed.
    const RECENT_HOURS: f64 = 24.0;
    let boot = view.main_boot()?;
    let moments = empty_moments_between(view.case, pool, boot.from, boot.to);
    let (first, last) = (moments.first()?, moments.last()?);
    let end = boot.judgement.tags.iter().filter_map(|tag| tag.last).max()?;
    let ahead = forecast.is_some_and(|forecast| forecast > *last);
    (end.hours_since(*last) < RECENT_HOURS && !ahead).then(|| {
        format!("The {pool} pool ran out already: first about {first}, the last time seen about {last} UTC.")
    })
}

/// The last moment at which the judged run of Windows was measured.
pub(in crate::verdict) fn evidence_end(view: &View<'_>) -> Time {
    let boot = view.main_boot();
    let tags = boot.and_then(|boot| boot.judgement.tags.iter().filter_map(|tag| tag.last).max());
    let counters = [Pool::Nonpaged, Pool::Paged].into_iter().filter_map(|pool| {
        let series = view.case.counters.get(&CounterKey::total_of(pool))?;
        let range = boot.map_or(0..series.times.len(), |boot| series.range(boot.from, boot.to));
        series.times.get(range)?.last().copied()
    });
    tags.into_iter().chain(counters).max().unwrap_or(Time(0))
}

/// When a pool runs out, said as sharply as it is known: far away, the day is enough.
pub(super) fn runs_out(
    pool: Pool,
    now: Time,
    [earliest, estimate, latest]: [Time; 3],
    bound: &str,
) -> String {
    /// Nobody plans further, and no leak goes on unchanged for so long.
    const A_YEAR_OF_HOURS: f64 = 8_766.0;
    if earliest.hours_since(now) > A_YEAR_OF_HOURS {
        return format!("At this rate the {pool} pool lasts for more than a year; the bound is the {bound}.");
    }
    let digits = match latest.hours_since(earliest) {
        width if width > 48.0 => 10,
        _ => 16,
    };
    let said = |time: Time| time.to_string().chars().take(digits).collect::<String>();
    format!(
        "At this rate the {pool} pool runs out about {} UTC (between {} and {}); the bound is the {bound}.",
        said(estimate),
        said(earliest),
        said(latest)
    )
}
