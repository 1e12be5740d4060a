//! Each pool of one host: its growth, the part no tag shows, the leaks' rate together and where the pool stands.
//! What the numbers mean for the answer is said in `pool` (explained growth) and `runout` (exhaustion).

use poolscope_formats::{Pool, Time};

use super::answer::{ExplainedGrowth, Interval, LockstepGroup, Onset};
use super::blocks::Blocks;
use super::frames::Frames;
use super::host::{Ends, Reduced, ReducedHost, varies};
use super::pool;
use super::runout::{LeakRate, PoolNow, now};
use super::tag::{self, Around, LEAST_SNAPSHOTS, Look};

/// Two pools' totals and rests are tested as strictly as this many series: with room for noise of a kind that
/// no single tag has.
const POOLS_AS_SERIES: usize = 20;

/// A pool's growth and where it stands.
pub(crate) struct PoolGrowth {
    pub explained: ExplainedGrowth,
    pub now: Option<PoolNow>,
    /// Rate that empties the pool: the leaks' together.
    pub leak: LeakRate,
    /// The total or the untagged rest rises in a way that does not decide.
    pub open: bool,
}

/// The pools of which a tag or a total is known.
pub(crate) fn pools(
    host: &ReducedHost<'_>,
    looks: &[Look],
    groups: &[LockstepGroup],
    frames: &mut Frames,
    noise_prior: &[f64],
    ends: &Ends,
) -> Vec<PoolGrowth> {
    let mut out = Vec::new();
    for pool in [Pool::Nonpaged, Pool::Paged] {
        let members: Vec<(&Reduced, &Look)> =
            host.series.iter().zip(looks).filter(|(series, _)| series.key.pool == pool).collect();
        let total = host.totals.iter().find(|total| total.0 == pool).map(|total| &total.1);
        if members.is_empty() && total.is_none() {
            continue;
        }
        let lenses = super::noise::grid().len();
        let even = vec![1.0 / lenses as f64; lenses];
        let mut see = |blocks: &Blocks, prior: &[f64]| {
            let around = Around {
                noise_prior: prior,
                series: POOLS_AS_SERIES,
                left: ends.left(pool),
                bytes_only: true,
                odds: f64::NEG_INFINITY,
            };
            let grows = varies(&blocks.bytes) && tag::may_grow(&blocks.hours, &blocks.bytes);
            match frames.of(&blocks.hours) {
                Some(frame) if grows => tag::look(blocks, frame, around),
                _ => tag::plain(blocks, None),
            }
        };
        let prior = if noise_prior.is_empty() { &even } else { noise_prior };
        let total_look = total.map(|blocks| see(blocks, &even));
        let longest = members.iter().map(|member| &member.0.blocks).max_by_key(|blocks| blocks.samples);
        let listed = longest.map_or(0, |blocks| blocks.samples);
        // Totals are often logged for longer than tags were listed: outside of that no rest is known.
        let beside = total
            .zip(longest.and_then(|blocks| blocks.start.zip(blocks.end)))
            .map(|(total, (from, to))| total.within(from, to));
        // A few listings within a long series of totals leave no rest that could be followed over its time.
        let dense = beside.as_ref().filter(|_| listed >= LEAST_SNAPSHOTS);
        let dense = dense.filter(|total| total.hours.len() >= LEAST_SNAPSHOTS);
        let tagged_blocks = together(
            dense.map(|total| (total.hours.as_slice(), total.start)),
            members.iter().map(|member| member.0),
        );
        let totals_only = members.is_empty() || total.is_some() && dense.is_none();
        let rest_look = dense.filter(|_| !host.cut_listings).map(|total| {
            let mut rest = total.clone();
            rest.bytes =
                total.means().iter().zip(&tagged_blocks.bytes).map(|(all, tags)| all - tags).collect();
            rest.byte_means = Vec::new();
            see(&rest, &even)
        });
        let sum = if members.is_empty() { Interval::default() } else { see(&tagged_blocks, prior).bytes };
        let mut leak = leaks(&members, groups);
        let mut explained =
            pool::explained(pool, total_look.as_ref(), sum, leak.rate, rest_look.as_ref(), totals_only);
        let unnamed = if totals_only { &total_look } else { &rest_look };
        let unnamed = unnamed.as_ref().filter(|_| explained.untagged_leak);
        if let Some(look) = unnamed {
            leak = leak.beside(LeakRate::of(look));
            let start = total.and_then(|total| total.start);
            explained.onset = start.zip(look.onset).map(|(start, hours)| Onset::since(start, hours));
        }
        let open = rest_look.iter().chain(total_look.iter().filter(|_| totals_only)).any(|look| look.open);
        let now = now(&members, total, total_look.as_ref());
        out.push(PoolGrowth { explained, now, leak, open });
    }
    out
}

/// The leaking tags' rate together; those of a lock-step group err together.
fn leaks(members: &[(&Reduced, &Look)], groups: &[LockstepGroup]) -> LeakRate {
    let mut paths: Vec<(Option<usize>, LeakRate)> = Vec::new();
    for (series, look) in members.iter().filter(|member| member.1.leaking) {
        let rate = LeakRate::of(look);
        let group =
            groups.iter().position(|group| group.members.iter().any(|member| member.key == series.key));
        match paths.iter_mut().find(|path| group.is_some() && path.0 == group) {
            Some(path) => path.1 = path.1.in_step_with(rate),
            None => paths.push((group, rate)),
        }
    }
    paths.into_iter().fold(LeakRate::default(), |all, path| all.beside(path.1))
}

/// The sum of the tags at these hours since that start (at the longest tag's where not given); a tag counts where it
/// was listed.
pub(crate) fn together<'r>(
    at: Option<(&[f64], Option<Time>)>,
    members: impl Iterator<Item = &'r Reduced> + Clone,
) -> Blocks {
    let Some(longest) = members.clone().max_by_key(|member| member.blocks.samples) else {
        return Blocks::default();
    };
    let (hours, base) = at.unwrap_or((&longest.blocks.hours, longest.blocks.start));
    let mut out = longest.blocks.clone();
    out.start = base;
    out.hours = hours.to_vec();
    out.bytes = vec![0.0; out.hours.len()];
    out.counts = vec![0.0; out.hours.len()];
    out.byte_means = Vec::new();
    for series in members {
        let blocks = &series.blocks;
        if blocks.hours == out.hours && blocks.start == base {
            out.bytes.iter_mut().zip(blocks.means()).for_each(|(sum, value)| *sum += value);
            continue;
        }
        let shift = blocks.start.zip(base).map_or(0.0, |(start, base): (Time, Time)| start.hours_since(base));
        for (hour, sum) in out.hours.iter().zip(&mut out.bytes) {
            *sum += at_hour(blocks, hour - shift);
        }
    }
    out
}

/// The bytes of a series at an hour between its blocks; 0 outside of them.
fn at_hour(blocks: &Blocks, hour: f64) -> f64 {
    let above = blocks.hours.partition_point(|h| *h < hour);
    let point = |at: usize| Some((*blocks.hours.get(at)?, *blocks.means().get(at)?));
    match (above.checked_sub(1).and_then(point), point(above)) {
        (Some((h1, b1)), Some((h2, b2))) if h2 > h1 => b1 + (b2 - b1) * (hour - h1) / (h2 - h1),
        (_, Some((h, b))) if (h - hour).abs() < 1e-6 => b,
        _ => 0.0,
    }
}
