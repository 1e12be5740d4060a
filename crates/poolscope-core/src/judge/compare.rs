//! Before and after a change (a fix, an update, a removed filter): did the leak stop? Two judgements side by
//! side, rate against rate with their intervals. It does not ask whether the workload was the same.

use super::answer::{HostJudgement, Interval, Standing, TagJudgement};
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
    /// Every tag that leaks on either side, the fastest of before first.
    pub tags: Vec<TagChange>,
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
    let find = |side: &HostJudgement, key| side.tags.iter().find(|tag| tag.key == key).cloned();
    let mut keys: Vec<SeriesKey> = before.tags.iter().filter(|tag| tag.leaking).map(|tag| tag.key).collect();
    for tag in after.tags.iter().filter(|tag| tag.leaking) {
        if !keys.contains(&tag.key) {
            keys.push(tag.key);
        }
    }
    let thin = after.standing == Standing::NotEnoughEvidence;
    let tags: Vec<TagChange> = keys
        .into_iter()
        .map(|key| {
            let (old, new) = (find(&before, key), find(&after, key));
            TagChange {
                key,
                change: change(old.as_ref(), new.as_ref(), thin),
                before: old.map(|tag| tag.rate_bytes_per_hour),
                after: new.map(|tag| tag.rate_bytes_per_hour),
            }
        })
        .collect();
    let any = |wanted: &[Change]| tags.iter().any(|tag| wanted.contains(&tag.change));
    let outcome = match () {
        () if any(&[Change::New, Change::Faster]) => Outcome::Worse,
        () if any(&[Change::CannotTell]) || before.standing == Standing::NotEnoughEvidence => {
            Outcome::CannotTell
        }
        () if tags.is_empty() && thin => Outcome::CannotTell,
        () if tags.is_empty() => Outcome::NothingToFix,
        () if tags.iter().all(|tag| tag.change == Change::Stopped) => Outcome::Fixed,
        () if any(&[Change::Stopped, Change::Slower]) => Outcome::Better,
        () => Outcome::Unchanged,
    };
    Comparison { outcome, tags, before, after }
}

fn change(before: Option<&TagJudgement>, after: Option<&TagJudgement>, thin: bool) -> Change {
    match (before.filter(|tag| tag.leaking), after) {
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
            let (old, rate) = (old.rate_bytes_per_hour, new.rate_bytes_per_hour);
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
    use super::*;

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
