//! The judgement of a whole host: every series looked at, the false alarms of all of them held down together,
//! suspects ranked, growth explained.

use poolscope_formats::Pool;

use super::answer::{Class, ExplainedGrowth, HostJudgement, LockstepGroup, Onset, Standing, TagJudgement};
use super::blocks::Blocks;
use super::frames::Frames;
use super::input::{HostInput, PoolBound, SeriesKey};
pub(crate) use super::pools::PoolGrowth;
use super::pools::pools;
use super::runout::{LeakRate, run_out};
use super::tag::{Around, LEAST_SNAPSHOTS, Look};
use super::{confidence, few, lockstep, prior, rank, sawtooth, tag, workload};

/// Falls at restarts that are followed up.
const MOST_SAWTEETH: usize = 60;
/// Hours before "no leak seen" may be said.
const LEAST_HOURS_FOR_NO: f64 = 3.9;

/// One reduced series and its key.
#[derive(Clone, Debug)]
pub(crate) struct Reduced {
    pub key: SeriesKey,
    pub blocks: Blocks,
}

/// A host reduced to blocks: what both the batch and the online judge judge.
pub(crate) struct ReducedHost<'a> {
    pub series: Vec<Reduced>,
    pub totals: Vec<(Pool, Blocks)>,
    pub bounds: &'a [PoolBound],
    pub cut_listings: bool,
}

/// Judges one boot of one host.
pub fn judge(host: &HostInput<'_>) -> HostJudgement {
    let series = host
        .series
        .iter()
        .map(|s| Reduced {
            key: s.key,
            blocks: Blocks::of(s.times, s.outstanding_bytes, s.outstanding_count),
        })
        .collect();
    let total_of = |pool| host.totals.iter().find(|total| total.pool == pool);
    let totals = [Pool::Nonpaged, Pool::Paged]
        .into_iter()
        .filter_map(total_of)
        .map(|total| (total.pool, Blocks::of(total.times, total.bytes, &[])))
        .collect();
    judge_reduced(ReducedHost { series, totals, bounds: host.bounds, cut_listings: host.cut_listings })
}

pub(crate) fn judge_reduced(mut host: ReducedHost<'_>) -> HostJudgement {
    host.series.sort_by_key(|series| series.key);
    let mut frames = Frames::default();
    // The longest series sets the main frame; the first of equals, so that input order does not matter.
    let longest =
        host.series.iter().max_by(|a, b| a.blocks.samples.cmp(&b.blocks.samples).then(b.key.cmp(&a.key)));
    let main: Vec<f64> = longest.map_or_else(
        || host.totals.first().map(|total| total.1.hours.clone()).unwrap_or_default(),
        |series| series.blocks.hours.clone(),
    );
    let noise_prior = match frames.of(&main) {
        Some(frame) => {
            let noisy: Vec<&[f64]> = host
                .series
                .iter()
                .filter(|series| series.blocks.hours == main && varies(&series.blocks.bytes))
                .map(|series| series.blocks.bytes.as_slice())
                .collect();
            prior::learn(frame, &noisy)
        }
        None => Vec::new(),
    };
    let ends = Ends::of(&host);
    let mut sawteeth = 0;
    let mut looks: Vec<Look> = Vec::with_capacity(host.series.len());
    let odds = few::log_odds(&host.series);
    for (series, odds) in host.series.iter().zip(&odds) {
        let around = Around {
            odds: *odds,
            noise_prior: &noise_prior,
            series: host.series.len(),
            left: ends.left(series.key.pool),
            bytes_only: false,
        };
        looks.push(look_at(&series.blocks, &mut frames, around, &mut sawteeth));
    }
    let groups = lockstep::groups(&host.series, &looks);
    workload::hold_against(&host.series, &groups, &mut looks);
    let growth = pools(&host, &looks, &groups, &mut frames, &noise_prior, &ends);
    answer(&host, looks, groups, growth, &ends, &odds)
}

pub(crate) fn varies(values: &[f64]) -> bool {
    values.windows(2).any(|pair| pair[0] != pair[1])
}

fn look_at(blocks: &Blocks, frames: &mut Frames, around: Around<'_>, sawteeth: &mut usize) -> Look {
    let grows = blocks.hours.len() >= LEAST_SNAPSHOTS && varies(&blocks.bytes) && varies(&blocks.counts);
    if grows
        && *sawteeth < MOST_SAWTEETH
        && let Some(teeth) = sawtooth::teeth(blocks)
    {
        let rest = tag::plain(blocks, frames.main(&blocks.hours));
        if teeth.trimmed {
            return Look { class: Class::Sawtooth, ..rest };
        }
        let tail = blocks.tail(teeth.last_start);
        // On one day the harmonics of the day follow teeth as well as they follow a cycle.
        if rest.class != Class::Seasonal || blocks.span() < tag::SPAN_WITH_TWO_DAYS {
            *sawteeth += 1;
            if let Some(frame) = frames.of(&tail.hours) {
                let look = tag::look(&tail, frame, around);
                if look.leaking || look.open {
                    return Look { class: Class::Sawtooth, ..look };
                }
            }
        }
    }
    if grows
        && tag::may_grow(&blocks.hours, &blocks.bytes)
        && tag::may_grow(&blocks.hours, &blocks.counts)
        && let Some(frame) = frames.of(&blocks.hours)
    {
        return tag::look(blocks, frame, around);
    }
    tag::plain(blocks, frames.main(&blocks.hours))
}

/// Where the pools stand at the end.
pub(crate) struct Ends {
    now: Vec<(Pool, f64, Option<f64>)>,
}

impl Ends {
    fn of(host: &ReducedHost<'_>) -> Self {
        let of = |pool: Pool| {
            let total =
                host.totals.iter().find(|total| total.0 == pool).map(|total| total.1.last_bytes as f64);
            let tagged = || {
                let of_pool = host.series.iter().filter(|series| series.key.pool == pool);
                of_pool.map(|series| series.blocks.last_bytes as f64).sum()
            };
            let bound = host.bounds.iter().find(|bound| bound.pool == pool).map(|bound| bound.bytes);
            (pool, total.unwrap_or_else(tagged), bound)
        };
        Self { now: vec![of(Pool::Nonpaged), of(Pool::Paged)] }
    }

    fn bound(&self, pool: Pool) -> Option<f64> {
        self.now.iter().find(|entry| entry.0 == pool)?.2
    }

    pub(crate) fn left(&self, pool: Pool) -> Option<f64> {
        let entry = self.now.iter().find(|entry| entry.0 == pool)?;
        entry.2.map(|bound| (bound - entry.1).max(0.0))
    }
}

fn answer(
    host: &ReducedHost<'_>,
    looks: Vec<Look>,
    groups: Vec<LockstepGroup>,
    pools: Vec<PoolGrowth>,
    ends: &Ends,
    odds: &[f64],
) -> HostJudgement {
    let snapshots =
        host.series.iter().map(|s| s.blocks.samples).chain(host.totals.iter().map(|t| t.1.samples));
    let snapshots = snapshots.max().unwrap_or(0);
    let all = || host.series.iter().map(|s| &s.blocks).chain(host.totals.iter().map(|t| &t.1));
    let first = all().filter_map(|blocks| blocks.start).min();
    let last = all().filter_map(|blocks| blocks.end).max();
    let hours = first.zip(last).map_or(0.0, |(first, last)| last.hours_since(first));
    let untagged = pools.iter().any(|pool| pool.explained.untagged_leak);
    let open = looks.iter().any(|look| look.open) || pools.iter().any(|pool| pool.open);
    let standing = if looks.iter().any(|look| look.leaking) || untagged {
        Standing::Leak
    } else if snapshots < LEAST_SNAPSHOTS || hours < LEAST_HOURS_FOR_NO || open || all().next().is_none() {
        Standing::NotEnoughEvidence
    } else {
        Standing::NoLeakSeen
    };
    let order = rank::order(&host.series, &looks, &groups, odds);
    let seen = confidence::Seen {
        standing,
        snapshots,
        hours,
        totals_only: host.series.is_empty(),
        tag_leaks: looks.iter().any(|look| look.leaking),
        weight: order.first().and_then(|&first| looks.get(first)).map_or(0.0, |look| look.weight),
        suspicion: order.first().map_or(0.0, |&first| few::posterior(odds, first)),
    };
    let (sure, grounds) = confidence::of_host(&seen);
    let mut tags = Vec::with_capacity(looks.len());
    for at in order {
        if let (Some(series), Some(look)) = (host.series.get(at), looks.get(at)) {
            let own = confidence::of_tag(&seen, look, few::posterior(odds, at));
            tags.push(TagJudgement { confidence: own, ..tag_answer(series, look, &pools, ends) });
        }
    }
    let growth = pools
        .iter()
        .map(|pool| {
            let bound = ends.bound(pool.explained.pool);
            let exhaustion =
                pool.now.as_ref().zip(bound).and_then(|(now, bound)| run_out(now, bound, pool.leak));
            ExplainedGrowth { exhaustion, confidence: confidence::of_pool(pool), ..pool.explained.clone() }
        })
        .collect();
    HostJudgement { standing, confidence: sure, grounds, tags, groups, growth, snapshots, hours }
}

fn tag_answer(series: &Reduced, look: &Look, pools: &[PoolGrowth], ends: &Ends) -> TagJudgement {
    let blocks = &series.blocks;
    let pool = pools.iter().find(|pool| pool.explained.pool == series.key.pool);
    let whole = pool.map_or(0.0, |pool| pool.explained.total_bytes_per_hour.estimate);
    let grows = pool.is_some_and(|pool| pool.explained.total_bytes_per_hour.low > 0.0);
    let exhaustion =
        pool.and_then(|pool| pool.now.as_ref()).zip(ends.bound(series.key.pool)).filter(|_| look.leaking);
    TagJudgement {
        key: series.key,
        class: look.class,
        leaking: look.leaking,
        rate_bytes_per_hour: look.bytes,
        rate_count_per_hour: look.counts,
        recent_bytes_per_hour: look.recent.map(|(pace, _)| pace),
        onset: blocks.start.zip(look.onset).map(|(start, hours)| Onset::since(start, hours)),
        outstanding_bytes: blocks.last_bytes,
        outstanding_count: blocks.last_count,
        exhaustion: exhaustion.and_then(|(now, bound)| run_out(now, bound, LeakRate::of(look))),
        confidence: 0.0,
        share_of_growth: grows.then(|| (look.bytes.estimate / whole).clamp(0.0, 1.0)),
        growth_bytes: look.growth,
        noise_bytes: look.noise,
        samples: blocks.samples,
        first: blocks.start,
        last: blocks.end,
    }
}
