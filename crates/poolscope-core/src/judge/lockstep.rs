//! Tags whose outstanding counts move together in a fixed ratio, found among thousands without comparing all
//! pairs: growing tags (few) are compared with each other; all others are sorted by a fixed projection of
//! their movements, and only neighbours are compared.

use std::cmp::Ordering;

use super::answer::{LockstepGroup, LockstepMember};
use super::blocks::Blocks;
use super::host::Reduced;
use super::tag::Look;

/// Least correlation of the movements (growth taken out) of two growing tags.
const GROWING_TOGETHER: f64 = 0.6;
/// Least correlation of tags that do not grow: a common workload reaches 0.98.
const STANDING_TOGETHER: f64 = 0.995;
/// A ratio this close to n or 1/n counts as one.
const WHOLE: f64 = 0.02;
/// The greatest ratio between two tags of one code path.
const MOST_RATIO: f64 = 8.0;
/// Neighbours in the projection that are compared.
const NEIGHBOURS: usize = 12;
/// Movements needed for a correlation.
const LEAST_MOVES: usize = 8;
/// Of fewer, at least this many, growing tags must agree exactly: in every step to this share of the whole gain, which
/// must be as great as this.
const LEAST_EXACT: usize = 4;
const EXACT: f64 = 0.002;
const LEAST_GAINED: f64 = 5_000.0;

/// Shared allocators and object types: anyone may cause them to grow, so they never head a group that has
/// another tag (Microsoft's pool tag list and public cases; see docs/method.md).
const SHARED: [&[u8; 4]; 29] = [
    b"Mdl ", b"Mmdi", b"Irp ", b"IoWI", b"Strg", b"Wfpn", b"NDnd", b"NDPt", b"Fecf", b"FMfn", b"NtFC",
    b"EtwB", b"Even", b"Thre", b"Proc", b"Toke", b"File", b"Key ", b"Sema", b"Muta", b"IoNm", b"IoFE",
    b"SeTd", b"SeAt", b"SeTl", b"NtfC", b"FMwi", b"MmSt", b"FMic",
];

/// Whether anyone may cause allocations of this tag.
pub(crate) fn is_shared(tag: poolscope_formats::Tag) -> bool {
    SHARED.contains(&&tag.0)
}

/// The movements of one series' counts: differences between blocks (`steps`), and with the mean taken out, of length 1.
struct Moves {
    at: usize,
    steps: Vec<f64>,
    unit: Vec<f64>,
    length: f64,
    grown: f64,
    grows: bool,
}

/// The lock-step groups, those that grow most first.
pub(crate) fn groups(series: &[Reduced], looks: &[Look]) -> Vec<LockstepGroup> {
    let longest = series.iter().max_by_key(|series| series.blocks.hours.len());
    let Some(hours) = longest.map(|series| &series.blocks.hours) else { return Vec::new() };
    let moves: Vec<Moves> = series
        .iter()
        .zip(looks)
        .enumerate()
        .filter(|(_, (series, _))| series.blocks.hours == *hours)
        .filter_map(|(at, (series, look))| moves(at, &series.blocks, look.leaking || look.open))
        .collect();
    let mut head: Vec<usize> = (0..moves.len()).collect();
    let mut join = |a: usize, b: usize| {
        let (a, b) = (root(&head, a), root(&head, b));
        if let Some(slot) = head.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    };
    for (i, a) in moves.iter().enumerate().filter(|(_, a)| a.grows) {
        for (j, b) in moves.iter().enumerate().skip(i + 1).filter(|(_, b)| b.grows) {
            let together = match a.steps.len() {
                few if few < LEAST_MOVES => {
                    let steps = a.steps.iter().copied().zip(b.steps.iter().copied());
                    alike_in_every_step(steps, (a.grown, b.grown))
                }
                _ => correlation(a, b) >= GROWING_TOGETHER,
            };
            if together && whole(a.grown / b.grown) {
                join(i, j);
            }
        }
    }
    let mut order: Vec<(f64, usize)> = moves
        .iter()
        .enumerate()
        .filter(|(_, m)| !m.grows && m.steps.len() >= LEAST_MOVES)
        .map(|(at, m)| (projection(&m.unit), at))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for (place, &(_, i)) in order.iter().enumerate() {
        for &(_, j) in order.iter().skip(place + 1).take(NEIGHBOURS) {
            if let (Some(a), Some(b)) = (moves.get(i), moves.get(j))
                && correlation(a, b) >= STANDING_TOGETHER
                && whole(a.length / b.length)
            {
                join(i, j);
            }
        }
    }
    let mut found: Vec<LockstepGroup> = Vec::new();
    for top in 0..moves.len() {
        let members: Vec<&Moves> =
            moves.iter().enumerate().filter(|(at, _)| root(&head, *at) == top).map(|(_, m)| m).collect();
        if members.len() >= 2 {
            found.push(group(members, series));
        }
    }
    let growth = |group: &LockstepGroup| group.members.first().map(|member| member.key);
    found.sort_by_key(growth);
    found
}

fn root(head: &[usize], mut at: usize) -> usize {
    while let Some(&above) = head.get(at).filter(|above| **above != at) {
        at = above;
    }
    at
}

fn moves(at: usize, blocks: &Blocks, grows: bool) -> Option<Moves> {
    let steps: Vec<f64> = blocks.counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let least = if steps.len() < LEAST_MOVES { LEAST_EXACT } else { LEAST_MOVES };
    if steps.iter().filter(|step| **step != 0.0).count() < least {
        return None;
    }
    let grown: f64 = steps.iter().sum();
    let mut unit = steps.clone();
    // Between uneven moments growth is uneven too; it is taken out hour by hour.
    let hours: Vec<f64> = blocks.hours.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rate = grown / hours.iter().sum::<f64>();
    unit.iter_mut().zip(&hours).for_each(|(step, hours)| *step -= rate * hours);
    let length = unit.iter().map(|step| step * step).sum::<f64>().sqrt();
    if length <= 0.0 {
        return None;
    }
    unit.iter_mut().for_each(|step| *step /= length);
    Some(Moves { at, steps, unit, length, grown, grows })
}

/// Whether two counts that gained `grown` in these steps each gained thousands, in one ratio in every step: no chance,
/// however few the listings.
pub(crate) fn alike_in_every_step(steps: impl IntoIterator<Item = (f64, f64)>, grown: (f64, f64)) -> bool {
    let ratio = grown.0 / grown.1;
    let off = |step: (f64, f64)| (step.0 - ratio * step.1).abs();
    grown.0.min(grown.1) >= LEAST_GAINED && steps.into_iter().all(|step| off(step) <= EXACT * grown.0)
}

fn correlation(a: &Moves, b: &Moves) -> f64 {
    super::frame::dot(&a.unit, &b.unit)
}

/// A fixed direction, the same on every run: equal movements have equal projections.
fn projection(unit: &[f64]) -> f64 {
    unit.iter().enumerate().map(|(at, step)| step * ((at as f64 + 1.0) * 2.399_963).sin()).sum()
}

/// Whether a ratio is n to one or one to n.
fn whole(ratio: f64) -> bool {
    let ratio = if ratio < 1.0 { 1.0 / ratio } else { ratio };
    ratio.is_finite() && ratio < MOST_RATIO + 0.5 && (ratio / ratio.round() - 1.0).abs() <= WHOLE
}

/// Puts the purest member first: not a shared allocator, and the one whose outstanding count is made of these
/// movements rather than of a standing stock.
fn group(mut members: Vec<&Moves>, series: &[Reduced]) -> LockstepGroup {
    let key = |m: &Moves| series.get(m.at).map(|series| series.key);
    let purity = |m: &Moves| {
        let counts = series.get(m.at).map(|series| series.blocks.counts.as_slice()).unwrap_or(&[]);
        let top = counts.iter().copied().fold(1.0, f64::max);
        if m.grows { m.grown / top } else { m.length / top }
    };
    let shared = |m: &Moves| key(m).is_some_and(|key| is_shared(key.tag));
    members.sort_by(|a, b| {
        let order = shared(a).cmp(&shared(b)).then(purity(b).total_cmp(&purity(a)));
        if order == Ordering::Equal { key(a).cmp(&key(b)) } else { order }
    });
    let first = members.first().copied();
    let size = |m: &Moves| if m.grows { m.grown } else { m.length };
    let base = first.map_or(1.0, size);
    LockstepGroup {
        agreement: members
            .iter()
            .filter_map(|m| first.map(|first| correlation(first, m)))
            .fold(1.0, f64::min),
        members: members
            .iter()
            .filter_map(|m| Some(LockstepMember { key: key(m)?, ratio: size(m) / base }))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use poolscope_formats::{Pool, Tag, Time};

    use super::super::input::SeriesKey;
    use super::super::tag::plain;
    use super::*;

    #[test]
    fn a_few_listings_join_what_gains_alike_in_every_step() {
        let times: Vec<Time> = (0..7).map(|hour| Time(hour * 3_600_000_000)).collect();
        let counts = [0, 9_000, 12_000, 30_000, 34_000, 51_000, 60_000];
        let tag = |name: &[u8; 4], stock: i64, odd: i64| {
            let counts: Vec<i64> =
                counts.iter().enumerate().map(|(at, count)| stock + count + odd * (at as i64 % 2)).collect();
            let bytes: Vec<u64> = counts.iter().map(|count| *count as u64 * 240).collect();
            Reduced {
                key: SeriesKey { pool: Pool::Nonpaged, tag: Tag(*name) },
                blocks: Blocks::of(&times, &bytes, &counts),
            }
        };
        let series = [tag(b"Irp ", 4_000, 0), tag(b"HgQx", 60, 30), tag(b"Even", 900, 3_000)];
        let look = |series: &Reduced| Look { open: true, ..plain(&series.blocks, None) };
        let looks: Vec<Look> = series.iter().map(look).collect();
        let found = groups(&series, &looks);
        let members: Vec<Tag> = found[0].members.iter().map(|member| member.key.tag).collect();
        assert_eq!((found.len(), members), (1, vec![Tag(*b"HgQx"), Tag(*b"Irp ")]));
    }
}
