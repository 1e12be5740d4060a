//! The order of suspicion: leaks by bytes an hour first, then what might be one.

use super::answer::LockstepGroup;
use super::host::Reduced;
use super::stats::{median, quantile};
use super::tag::{LEAST_SNAPSHOTS, Look};

/// Indices of the series, most suspect first.
pub(crate) fn order(series: &[Reduced], looks: &[Look], groups: &[LockstepGroup]) -> Vec<usize> {
    let wobble = usual_wobble(series);
    let scored: Vec<(bool, bool, f64)> = series
        .iter()
        .zip(looks)
        .map(|(series, look)| {
            let score = if look.leaking { look.bytes.estimate } else { suspicion(series, look, wobble) };
            (look.leaking, look.open, score)
        })
        .collect();
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.sort_by(|&a, &b| match (scored.get(a), scored.get(b)) {
        (Some(a_score), Some(b_score)) => b_score
            .0
            .cmp(&a_score.0)
            .then(b_score.1.cmp(&a_score.1))
            .then(b_score.2.total_cmp(&a_score.2))
            .then(a.cmp(&b)),
        _ => a.cmp(&b),
    });
    lead_with_the_purest(&mut order, series, looks, groups);
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

/// Typical distance of a sample from the line through its neighbours, as a share of the tag's bytes: the
/// upper quartile over the host's tags.
fn usual_wobble(series: &[Reduced]) -> f64 {
    let mut shares: Vec<f64> =
        series.iter().filter_map(|series| Some(wobble(series)? / level(series).max(1.0))).collect();
    quantile(&mut shares, 0.75).unwrap_or(0.0)
}

fn level(series: &Reduced) -> f64 {
    median(&mut series.blocks.bytes.clone()).unwrap_or(0.0)
}

fn wobble(series: &Reduced) -> Option<f64> {
    let (hours, bytes) = (&series.blocks.hours, &series.blocks.bytes);
    let mut off: Vec<f64> = hours
        .windows(3)
        .zip(bytes.windows(3))
        .filter_map(|(h, b)| {
            let part = (h.get(1)? - h.first()?) / (h.get(2)? - h.first()?);
            Some((b.get(1)? - b.first()? - part * (b.get(2)? - b.first()?)).abs())
        })
        .collect();
    median(&mut off)
}

/// Growth an hour, discounted by how much of it could be noise.
fn suspicion(series: &Reduced, look: &Look, usual: f64) -> f64 {
    let bytes = &series.blocks.bytes;
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return f64::NEG_INFINITY };
    let rate = look.bytes.estimate;
    let growth = last - first;
    if growth <= 0.0 || rate <= 0.0 {
        return rate.min(0.0);
    }
    // With a few samples a bend may be the onset as well as noise.
    let own = if bytes.len() < LEAST_SNAPSHOTS { 0.3 } else { 1.0 };
    let noise = (own * wobble(series).unwrap_or(0.0)).hypot(usual * first.max(0.0)).max(1.0);
    let surety = growth.min(look.growth.max(0.0)) / noise;
    rate * (surety * surety / (surety * surety + 36.0))
}
