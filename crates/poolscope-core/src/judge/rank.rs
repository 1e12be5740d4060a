//! The order of suspicion: leaks by bytes an hour first, then what might be one.

use super::answer::LockstepGroup;
use super::host::Reduced;
use super::lockstep::is_shared;
use super::tag::{LEAST_SNAPSHOTS, Look};

/// How far down a private twin of the first suspect is looked for, where snapshots are few.
const TWINS_WITHIN: usize = 12;
/// Twins of a few snapshots gain counts in one ratio in every step, as near as this.
const SAME_RATIO: f64 = 0.01;
/// The greatest ratio between twins.
const MOST_RATIO: f64 = 8.0;

/// Indices of the series, most suspect first. `odds` are those of [`super::few::log_odds`].
pub(crate) fn order(
    series: &[Reduced],
    looks: &[Look],
    groups: &[LockstepGroup],
    odds: &[f64],
) -> Vec<usize> {
    let scored: Vec<(bool, bool, f64, f64)> = looks
        .iter()
        .zip(odds)
        .map(|(look, odds)| {
            let score = if look.leaking { look.bytes.estimate } else { *odds };
            (look.leaking, look.open, score, look.bytes.estimate)
        })
        .collect();
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.sort_by(|&a, &b| match (scored.get(a), scored.get(b)) {
        (Some(a_score), Some(b_score)) => b_score
            .0
            .cmp(&a_score.0)
            .then(b_score.1.cmp(&a_score.1))
            .then(b_score.2.total_cmp(&a_score.2))
            .then(b_score.3.total_cmp(&a_score.3))
            .then(a.cmp(&b)),
        _ => a.cmp(&b),
    });
    lead_with_the_purest(&mut order, series, looks, groups);
    lead_with_the_private_twin(&mut order, series);
    order
}

/// In a lock-step group of leaks the first place of any member goes to the group's purest.
fn lead_with_the_purest(
    order: &mut Vec<usize>,
    series: &[Reduced],
    looks: &[Look],
    groups: &[LockstepGroup],
) {
    for group in groups {
        let place_of = |order: &[usize], key| {
            order.iter().position(|&at| series.get(at).is_some_and(|series| series.key == key))
        };
        let Some(purest) = group.members.first().and_then(|member| place_of(order, member.key)) else {
            continue;
        };
        let leads = order.get(purest).and_then(|&at| looks.get(at)).is_some_and(|look| look.leaking);
        let first = group.members.iter().filter_map(|member| place_of(order, member.key)).min();
        if let Some(first) = first.filter(|&first| leads && first < purest) {
            let at = order.remove(purest);
            order.insert(first, at);
        }
    }
}

/// Too few snapshots for lock-step groups: where a known shared tag comes first, a tag that gained allocations in
/// one whole ratio with it in every step goes before it.
fn lead_with_the_private_twin(order: &mut Vec<usize>, series: &[Reduced]) {
    let Some(first) = order.first().and_then(|&at| series.get(at)) else { return };
    let steps = |series: &Reduced| -> Vec<f64> {
        series.blocks.counts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    };
    let shared = steps(first);
    if !is_shared(first.key.tag) || shared.len() < 2 || first.blocks.samples >= LEAST_SNAPSHOTS {
        return;
    }
    let twin = |other: &Reduced| {
        let own = steps(other);
        if own.len() != shared.len() || is_shared(other.key.tag) {
            return false;
        }
        let (grown, with): (f64, f64) = (own.iter().sum(), shared.iter().sum());
        let ratio = if grown > 0.0 { with / grown } else { return false };
        let nearest = if ratio >= 1.0 { ratio.round() } else { 1.0 / (1.0 / ratio).round() };
        (1.0 / MOST_RATIO..=MOST_RATIO).contains(&ratio)
            && (ratio / nearest - 1.0).abs() < SAME_RATIO
            && own
                .iter()
                .zip(&shared)
                .all(|(own, with)| (own * nearest - with).abs() < SAME_RATIO * movement(&shared))
    };
    let place = order.iter().take(TWINS_WITHIN).position(|&at| series.get(at).is_some_and(twin));
    if let Some(place) = place {
        let at = order.remove(place);
        order.insert(0, at);
    }
}

/// The whole movement of a series, which its steps are compared with.
fn movement(steps: &[f64]) -> f64 {
    steps.iter().map(|step| step.abs()).sum()
}
