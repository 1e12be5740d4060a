//! Who spent the commit when it ran out: from event 2004, or from the counters of memory and processes.
//!
//! Says nothing about tags; a pool that spent the commit is no case of this module.

use poolscope_formats::{Pool, Time};

use crate::model::{Case, CounterId, CounterKey, CounterSeries, ExhaustionReport, Source};

/// Commit is as good as spent from this share of its limit on: where Windows says so itself, and where only the
/// counters do (a server may live at 90 % for months).
const SPENT_BY_EVENT: f64 = 0.9;
const SPENT_BY_COUNTERS: f64 = 0.97;

/// Pools that hold less than this share of the commit charge did not spend it.
const SMALL_POOLS: f64 = 0.2;

/// A process is named that holds at least this share of the charge.
const LEAST_SHARE: f64 = 0.1;

/// Failures within these hours of a moment of spent commit may come of it.
const NEAR_HOURS: f64 = 0.5;

/// A moment at which commit was spent, and not by the pools.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Spent {
    pub(crate) time: Time,
    /// Charge, limit and both pools, bytes.
    pub(crate) charge: u64,
    pub(crate) limit: u64,
    pub(crate) pools: u64,
    pub(crate) source: Source,
}

/// All such moments, by time: the events if there are any, else the samples of the counters.
pub(crate) fn spent(case: &Case) -> Vec<Spent> {
    let mut out: Vec<Spent> = case.exhaustion_reports.iter().filter_map(of_event).collect();
    if out.is_empty() {
        out = of_counters(case);
    }
    out.sort_by_key(|spent| (spent.time, spent.source));
    out
}

/// Whether commit was spent at some moment from `from` to `to`, give or take half an hour.
pub(crate) fn near(moments: &[Spent], from: Time, to: Time) -> bool {
    moments
        .iter()
        .any(|spent| spent.time.hours_since(from) > -NEAR_HOURS && to.hours_since(spent.time) > -NEAR_HOURS)
}

/// The moment's parts where they make a case of this module.
fn case_of(charge: u64, limit: u64, pools: u64, least: f64) -> bool {
    limit > 0 && charge as f64 >= limit as f64 * least && (pools as f64) < charge as f64 * SMALL_POOLS
}

fn of_event(report: &ExhaustionReport) -> Option<Spent> {
    let (charge, limit) = report.commit?;
    let pools = report.nonpaged_bytes?.saturating_add(report.paged_bytes.unwrap_or(0));
    let spent = Spent { time: report.time, charge, limit, pools, source: report.source };
    case_of(charge, limit, pools, SPENT_BY_EVENT).then_some(spent)
}

fn of_counters(case: &Case) -> Vec<Spent> {
    let whole = |counter| case.counters.get(&CounterKey { counter, instance: String::new() });
    let (Some(charges), Some(limits)) =
        (whole(CounterId::MemoryCommittedBytes), whole(CounterId::MemoryCommitLimit))
    else {
        return Vec::new();
    };
    let pool = |pool, time| value_at(case.counters.get(&CounterKey::total_of(pool))?, time);
    let moments = charges.times.iter().zip(&charges.values).filter_map(|(&time, charge)| {
        let limit = value_at(limits, time)?;
        let pools = pool(Pool::Nonpaged, time)? + pool(Pool::Paged, time).unwrap_or(0.0);
        let (charge, limit, pools) = (*charge as u64, limit as u64, pools as u64);
        let spent = Spent { time, charge, limit, pools, source: charges.source_at(time) };
        case_of(charge, limit, pools, SPENT_BY_COUNTERS).then_some(spent)
    });
    moments.collect()
}

fn value_at(series: &CounterSeries, time: Time) -> Option<f64> {
    series.values.get(series.times.binary_search(&time).ok()?).copied()
}

/// The process that held most at any of these moments, and its bytes. Of one that ended and came back, the moment at which
/// it held most tells most. The events name their processes; else the counters of the processes are gone through once.
pub(crate) fn holder(case: &Case, moments: &[Spent]) -> Option<(String, u64)> {
    let enough = |moment: &Spent, bytes: u64| bytes as f64 >= moment.charge as f64 * LEAST_SHARE;
    let at = |time: Time| {
        moments.binary_search_by_key(&time, |moment| moment.time).ok().and_then(|at| moments.get(at))
    };
    let reported = case
        .exhaustion_reports
        .iter()
        .filter_map(|report| Some((at(report.time)?, report)))
        .flat_map(|(moment, report)| report.committed.iter().filter(move |process| enough(moment, process.1)))
        .cloned();
    let logged = case
        .counters
        .iter()
        .filter(|(key, _)| {
            key.counter == CounterId::ProcessPrivateBytes && !key.is_sum() && key.instance != "Idle"
        })
        .filter_map(|(key, series)| {
            let bytes = series.times.iter().zip(&series.values).filter_map(|(time, value)| {
                let bytes = *value as u64;
                enough(at(*time)?, bytes).then_some(bytes)
            });
            Some((key.instance.clone(), bytes.max()?))
        });
    let by_bytes = |process: &(String, u64)| process.1;
    reported.max_by_key(by_bytes).or_else(|| logged.max_by_key(by_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testcase::{TestCase, at};

    #[test]
    fn counters_name_the_process_that_holds_most_when_commit_is_spent() {
        let mut case = TestCase::new(48);
        let gib = f64::from(1 << 30);
        case.counter(CounterId::MemoryCommittedBytes, "", move |hour| gib * (8.0 + hour / 2.0).min(19.8));
        case.counter(CounterId::MemoryCommitLimit, "", move |_| gib * 20.0);
        case.counter(CounterId::MemoryPoolNonpagedBytes, "", move |_| gib);
        case.counter(CounterId::ProcessPrivateBytes, "report", move |hour| gib * hour / 2.0);
        case.counter(CounterId::ProcessPrivateBytes, "sqlservr", move |_| gib * 3.0);
        case.with(|view| {
            let moments = spent(view.case);
            let first = moments.first().unwrap();
            let holder = holder(view.case, &moments).unwrap();
            assert_eq!((first.time, holder.0.as_str()), (at(23.0), "report"));
            assert!(near(&moments, at(22.0), at(22.6)) && !near(&moments, at(1.0), at(2.0)));
        });
    }
}
