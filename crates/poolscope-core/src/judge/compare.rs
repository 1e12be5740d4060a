//! Before and after a change (a fix, an update, a removed filter): did the leak stop? Two judgements side by
//! side, rate against rate with their intervals. It does not ask whether the workload was the same.

use poolscope_formats::Pool;

use super::answer::{ExplainedGrowth, HostJudgement, Interval, Standing, TagJudgement};
use super::host::judge;
use super::input::{HostInput, SeriesKey};

/// A rate below this share of the old one, upper end of its interval included, is a leak that stopped.
const STOPPED_BELOW: f64 = 0.1;

/// Rates that differ by less are the same: the intervals speak of the growth that took place, and a workload of
/// two days is never equally busy on both.
const LEAST_DIFFERENCE: f64 = 0.1;

/// What happened to one tag's growth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It leaked, and what growth is possible now is under a tenth of the old rate.
    Stopped,
    /// It grows less by a tenth or more, the intervals apart.
    Slower,
    /// The intervals overlap, or the rates differ by less than a tenth.
    Same,
    /// It grows more by a tenth or more, the intervals apart.
    Faster,
    /// It did not leak before and does now.
    New,
    /// The later evidence is too thin to say.
    CannotTell,
}

/// One tag before and after.
#[derive(Clone, PartialEq, Debug)]
pub struct TagChange {
    /// The tag and its pool.
    pub key: SeriesKey,
    /// What happened.
    pub change: Change,
    /// Bytes an hour before; `None` where the tag was not seen.
    pub before: Option<Interval>,
    /// Bytes an hour after; `None` where the tag was not seen.
    pub after: Option<Interval>,
}

/// One pool before and after, where on either side no tag shows its leak.
#[derive(Clone, PartialEq, Debug)]
pub struct PoolChange {
    /// The pool.
    pub pool: Pool,
    /// What happened to the growth of its total.
    pub change: Change,
    /// Bytes an hour before; `None` where the pool was not seen.
    pub before: Option<Interval>,
    /// Bytes an hour after; `None` where the pool was not seen.
    pub after: Option<Interval>,
}

/// Whether the change worked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Every leak of before stopped, and none is new.
    Fixed,
    /// Some leaks stopped or slowed, others did not.
    Better,
    /// The leaks go on as they did.
    Unchanged,
    /// A leak is faster or new.
    Worse,
    /// No leak before, none after.
    NothingToFix,
    /// One side is too thin to say.
    CannotTell,
}

/// Before and after, side by side.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// Whether the change worked.
    pub outcome: Outcome,
    /// Every tag that leaks on either side, the fastest of before first; none of the pools below.
    pub tags: Vec<TagChange>,
    /// Pools whose leak no tag shows on one side at least: they are compared as a whole.
    pub pools: Vec<PoolChange>,
    /// The judgement of before.
    pub before: HostJudgement,
    /// The judgement of after.
    pub after: HostJudgement,
}

/// Judges both sides and sets them against each other. Each side is one boot of the same host.
pub fn compare(before: &HostInput<'_>, after: &HostInput<'_>) -> Comparison {
    side_by_side(judge(before), judge(after))
}

/// Sets two judgements of one host against each other.
pub fn side_by_side(before: HostJudgement, after: HostJudgement) -> Comparison {
    let find = |side: &HostJudgement, key| side.tags.iter().find(|tag| tag.key == key).map(Growth::of_tag);
    let thin = after.standing == Standing::NotEnoughEvidence;
    let pools = pools(&before, &after, thin);
    let whole = |pool: Pool| pools.iter().any(|one| one.pool == pool);
    let mut keys: Vec<SeriesKey> = Vec::new();
    for tag in before.tags.iter().chain(&after.tags).filter(|tag| tag.leaking && !whole(tag.key.pool)) {
        if !keys.contains(&tag.key) {
            keys.push(tag.key);
        }
    }
    let tags: Vec<TagChange> = keys
        .into_iter()
        .map(|key| {
            let (old, new) = (find(&before, key), find(&after, key));
            TagChange {
                key,
                change: change(old, new, thin),
                before: old.map(|tag| tag.rate),
                after: new.map(|tag| tag.rate),
            }
        })
        .collect();
    let changes: Vec<Change> =
        tags.iter().map(|tag| tag.change).chain(pools.iter().map(|pool| pool.change)).collect();
    let any = |wanted: &[Change]| changes.iter().any(|change| wanted.contains(change));
    let outcome = match () {
        () if any(&[Change::New, Change::Faster]) => Outcome::Worse,
        () if any(&[Change::CannotTell]) || before.standing == Standing::NotEnoughEvidence => {
            Outcome::CannotTell
        }
        () if changes.is_empty() && thin => Outcome::CannotTell,
        () if changes.is_empty() => Outcome::NothingToFix,
        () if changes.iter().all(|change| *change == Change::Stopped) => Outcome::Fixed,
        () if any(&[Change::Stopped, Change::Slower]) => Outcome::Better,
        () => Outcome::Unchanged,
    };
    Comparison { outcome, tags, pools, before, after }
}

/// How one tag or one pool grows on one side.
#[derive(Clone, Copy)]
struct Growth {
    leaking: bool,
    rate: Interval,
}

impl Growth {
    fn of_tag(tag: &TagJudgement) -> Self {
        Self { leaking: tag.leaking, rate: tag.rate_bytes_per_hour }
    }

    /// A pool's total leaks if no tag shows why, or if a tag of it leaks.
    fn of_pool(side: &HostJudgement, growth: &ExplainedGrowth) -> Self {
        Self {
            leaking: growth.untagged_leak || a_tag_leaks(side, growth.pool),
            rate: growth.total_bytes_per_hour,
        }
    }
}

fn a_tag_leaks(side: &HostJudgement, pool: Pool) -> bool {
    side.tags.iter().any(|tag| tag.leaking && tag.key.pool == pool)
}

/// The pools whose leak no tag shows on one side at least.
fn pools(before: &HostJudgement, after: &HostJudgement, thin: bool) -> Vec<PoolChange> {
    let of = |side: &HostJudgement, pool| side.growth.iter().find(|growth| growth.pool == pool).cloned();
    let changed = |pool| {
        let (old, new) = (of(before, pool), of(after, pool));
        let blind = |side: &HostJudgement, growth: &Option<ExplainedGrowth>| {
            growth.as_ref().is_some_and(|growth| growth.untagged_leak) && !a_tag_leaks(side, pool)
        };
        let untagged = blind(before, &old) || blind(after, &new);
        let (old, new) =
            (old.map(|old| Growth::of_pool(before, &old)), new.map(|new| Growth::of_pool(after, &new)));
        untagged.then(|| PoolChange {
            pool,
            change: change(old, new, thin),
            before: old.map(|growth| growth.rate),
            after: new.map(|growth| growth.rate),
        })
    };
    [Pool::Nonpaged, Pool::Paged].into_iter().filter_map(changed).collect()
}

fn change(before: Option<Growth>, after: Option<Growth>, thin: bool) -> Change {
    match (before.filter(|growth| growth.leaking), after) {
        (None, _) => Change::New,
        // Not listed any more: gone, unless the later evidence is too thin to have listed it.
        (Some(_), None) => {
            if thin {
                Change::CannotTell
            } else {
                Change::Stopped
            }
        }
        (Some(old), Some(new)) => {
            let (old, rate) = (old.rate, new.rate);
            match () {
                () if !new.leaking && !thin && rate.high < STOPPED_BELOW * old.estimate => Change::Stopped,
                () if thin => Change::CannotTell,
                () if rate.high < old.low && rate.estimate < (1.0 - LEAST_DIFFERENCE) * old.estimate => {
                    Change::Slower
                }
                () if rate.low > old.high && rate.estimate > (1.0 + LEAST_DIFFERENCE) * old.estimate => {
                    Change::Faster
                }
                () if !new.leaking && rate.low <= 0.0 && rate.high > 0.5 * old.low => Change::CannotTell,
                () => Change::Same,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use poolscope_formats::{Pool, Tag, Time};

    use super::super::SeriesInput;
    use super::super::input::TotalInput;
    use super::*;

    #[test]
    fn a_leak_that_only_the_total_shows_is_compared_by_the_total() {
        let times: Vec<Time> = (0..96).map(|i| Time(i * 1_800_000_000)).collect();
        let noise = |i: u64| (i.wrapping_mul(6_364_136_223_846_793_005) >> 56) * 4_096;
        let side =
            |rate: u64| -> Vec<u64> { (0..96u64).map(|i| 400_000_000 + i * rate / 2 + noise(i)).collect() };
        let judged = |bytes: &[u64]| {
            let totals = [TotalInput { pool: Pool::Nonpaged, times: &times, bytes }];
            judge(&HostInput { totals: &totals, ..HostInput::default() })
        };
        let (leak, still) = (side(4_000_000), side(0));
        let go = |old: &[u64], new: &[u64]| side_by_side(judged(old), judged(new));
        assert_eq!(go(&leak, &leak).outcome, Outcome::Unchanged);
        assert_eq!(go(&leak, &still).outcome, Outcome::Fixed);
        assert_eq!(go(&still, &leak).outcome, Outcome::Worse);
        assert_eq!(go(&leak, &still).pools[0].change, Change::Stopped);
    }

    fn outcome(before: u64, after: u64, samples: usize) -> (Outcome, Option<Change>) {
        let times: Vec<Time> = (0..96).map(|i| Time(i * 1_800_000_000)).collect();
        let side = |rate: u64| -> (Vec<u64>, Vec<i64>) {
            let noise = |i: u64| (i.wrapping_mul(6_364_136_223_846_793_005) >> 56) * 64;
            let bytes: Vec<u64> = (0..96u64).map(|i| 1_000_000 + i * rate / 2 + noise(i)).collect();
            let counts = bytes.iter().map(|b| (b / 64) as i64).collect();
            (bytes, counts)
        };
        let (old, new) = (side(before), side(after));
        let key = SeriesKey { pool: Pool::Nonpaged, tag: Tag(*b"Leak") };
        let before =
            [SeriesInput { key, times: &times, outstanding_bytes: &old.0, outstanding_count: &old.1 }];
        let after = [SeriesInput {
            key,
            times: &times[..samples],
            outstanding_bytes: &new.0,
            outstanding_count: &new.1,
        }];
        let compared = compare(
            &HostInput { series: &before, ..HostInput::default() },
            &HostInput { series: &after, ..HostInput::default() },
        );
        (compared.outcome, compared.tags.first().map(|tag| tag.change))
    }

    #[test]
    fn a_fix_is_told_from_a_leak_that_goes_on() {
        assert_eq!(outcome(64_000, 0, 96), (Outcome::Fixed, Some(Change::Stopped)));
        assert_eq!(outcome(64_000, 64_000, 96).0, Outcome::Unchanged);
        assert_eq!(outcome(64_000, 32_000, 96), (Outcome::Better, Some(Change::Slower)));
        assert_eq!(outcome(0, 64_000, 96), (Outcome::Worse, Some(Change::New)));
        assert_eq!(outcome(0, 0, 96), (Outcome::NothingToFix, None));
        assert_eq!(outcome(64_000, 0, 4), (Outcome::CannotTell, Some(Change::CannotTell)));
    }
}
