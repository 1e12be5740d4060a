//! The zone of listings by what they hold: the head of a poolmon listing and a counter log tell the same two pool
//! totals, to the kilobyte, only at the same moment.
//!
//! Knows nothing of names or settings; one match of both pools at once is no chance among the few offsets there are.

use poolscope_formats::{Pool, Time, Zone};

use super::builder::CaseBuilder;
use super::series::{CounterKey, CounterSeries, SnapshotFacts};

/// A counter's sample and a listing of one minute.
const NEAR_HOURS: f64 = 1.5 / 60.0;

/// Heads of listings are in kilobytes.
const ONE_KILOBYTE: f64 = 1024.0;

/// Zones differ by quarters of an hour, to 14 hours either way.
const QUARTER: i32 = 15;
const MOST: i32 = 14 * 60;

/// Listings that must agree.
const LEAST_MATCHES: usize = 2;

/// The offset (minutes to add to a wall time) under which most of the listings without a zone tell the same totals as the counters,
/// which are in UTC; `None` where fewer than two do, or two offsets as well.
pub(super) fn offset(case: &CaseBuilder) -> Option<i32> {
    let of = |pool: Pool| case.counters.iter().filter(move |(key, _)| *key == CounterKey::total_of(pool));
    let nonpaged: Vec<&CounterSeries> = of(Pool::Nonpaged).map(|(_, series)| series).collect();
    let paged: Vec<&CounterSeries> = of(Pool::Paged).map(|(_, series)| series).collect();
    let heads: Vec<(&SnapshotFacts, f64, f64)> = case
        .wall_snapshots
        .iter()
        .filter_map(|at| case.snapshots.get(*at as usize))
        .filter_map(|snapshot| {
            Some((snapshot, snapshot.pool_nonpaged_bytes? as f64, snapshot.pool_paged_bytes? as f64))
        })
        .collect();
    let matches = |minutes: i32| {
        let agrees = |snapshot: &SnapshotFacts, n: f64, p: f64| {
            let at = Zone::Bias(minutes).to_utc(snapshot.time);
            tells(&nonpaged, at, n) && tells(&paged, at, p)
        };
        heads.iter().filter(|(snapshot, n, p)| agrees(snapshot, *n, *p)).count()
    };
    let mut votes: Vec<(usize, i32)> =
        (-MOST / QUARTER..=MOST / QUARTER).map(|step| (matches(step * QUARTER), step * QUARTER)).collect();
    votes.sort_unstable_by_key(|vote| std::cmp::Reverse(vote.0));
    match votes.as_slice() {
        [best, second, ..] if best.0 >= LEAST_MATCHES && best.0 > second.0 => Some(best.1),
        _ => None,
    }
}

/// Whether some log holds this value at about this moment.
fn tells(logs: &[&CounterSeries], at: Time, bytes: f64) -> bool {
    logs.iter().any(|series| {
        let range = series.range(at.plus_hours(-NEAR_HOURS), at.plus_hours(NEAR_HOURS));
        let values = series.values.get(range).unwrap_or(&[]);
        values.iter().any(|value| (value - bytes).abs() < ONE_KILOBYTE)
    })
}

#[cfg(test)]
mod tests {
    use super::super::CounterId;
    use crate::testcase::{TestCase, at};

    /// Totals that are never the same twice.
    fn total(hour: f64) -> f64 {
        (400_000.0 + (hour * 7_919.0) % 10_007.0).round() * 1_024.0
    }

    #[test]
    fn listings_that_tell_the_totals_of_two_hours_before_were_named_two_hours_late() {
        let mut case = TestCase::new(96);
        case.counter(CounterId::MemoryPoolNonpagedBytes, "", total);
        case.counter(CounterId::MemoryPoolPagedBytes, "", |hour| total(hour + 0.25));
        let source = case.source(1);
        for sample in [10_u32, 20, 30] {
            let truly = f64::from(sample) / 2.0 - 2.0;
            let snapshot = &mut case.builder.snapshots[sample as usize];
            snapshot.pool_nonpaged_bytes = Some(total(truly) as u64);
            snapshot.pool_paged_bytes = Some(total(truly + 0.25) as u64);
            case.builder.wall_snapshot(sample, source);
        }
        case.with(|view| {
            // Three listings stand two hours earlier now, beside those that stood there before.
            let there = |hours: f64| view.case.snapshots.iter().filter(|one| one.time == at(hours)).count();
            assert_eq!([there(3.0), there(8.0), there(13.0), there(5.0)], [2, 2, 2, 0]);
            assert!(view.case.caveats.iter().any(|caveat| caveat.text.contains("read as UTC+02:00")));
            assert!(!view.case.caveats.iter().any(|caveat| caveat.text.contains("nothing states the zone")));
        });
    }
}
