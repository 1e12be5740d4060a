//! The judgement of a whole host: every series looked at, the false alarms of all of them held down together,
//! suspects ranked, growth explained.

use poolscope_formats::{Pool, Time};

use super::answer::{Class, ExplainedGrowth, HostJudgement, Interval, Onset, Standing, TagJudgement};
use super::blocks::Blocks;
use super::frame::Frame;
use super::input::{HostInput, PoolBound, SeriesKey};
use super::pool::{self, PoolNow};
use super::tag::{Around, LEAST_SNAPSHOTS, Look, NINETY};
use super::{confidence, few, lockstep, prior, rank, sawtooth, tag};

/// Frames kept besides the main one; series with still other moments are only ranked.
const MOST_FRAMES: usize = 64;
/// Falls at restarts that are followed up.
const MOST_SAWTEETH: usize = 60;
/// A total and an untagged rest are tested as strictly as this many series.
const POOLS_AS_SERIES: usize = 200;
/// A span that holds a whole daily cycle.
const LEAST_HOURS_OF_A_CYCLE: f64 = 23.0;
/// More tags than this do not leak at once (two leaks in lock-step groups do).
const MOST_LEAKS_AT_ONCE: usize = 8;
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

/// Frames by their moments.
struct Frames {
    made: Vec<Frame>,
}

impl Frames {
    /// The frame of these hours; `None` when there are too few or too many different ones.
    fn of(&mut self, hours: &[f64]) -> Option<&Frame> {
        if hours.len() < LEAST_SNAPSHOTS {
            return None;
        }
        if let Some(at) = self.made.iter().position(|frame| frame.hours == hours) {
            return self.made.get(at);
        }
        if self.made.len() > MOST_FRAMES {
            return None;
        }
        self.made.push(Frame::new(hours));
        self.made.last()
    }
}

pub(crate) fn judge_reduced(mut host: ReducedHost<'_>) -> HostJudgement {
    host.series.sort_by_key(|series| series.key);
    let mut frames = Frames { made: Vec::new() };
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
    for series in &host.series {
        let around = Around {
            noise_prior: &noise_prior,
            series: host.series.len(),
            left: ends.left(series.key.pool),
            bytes_only: false,
        };
        looks.push(look_at(&series.blocks, &mut frames, around, &mut sawteeth));
    }
    hold_against_the_workload(&host, &mut looks);
    let growth = pools(&host, &looks, &mut frames, &noise_prior, &ends);
    answer(&host, looks, growth, &ends)
}

/// Below a day and a bit a growth may be the rising side of the daily cycle. Leaks are few; where many tags
/// rise at once, the workload rises, and only a tag that outgrows all the others together, or is made of its
/// growth, is still called a leak.
fn hold_against_the_workload(host: &ReducedHost<'_>, looks: &mut [Look]) {
    let span = host.series.iter().map(|series| series.blocks.span()).fold(0.0, f64::max);
    if span >= LEAST_HOURS_OF_A_CYCLE {
        return;
    }
    let rising: Vec<f64> = looks.iter().filter(|look| look.sure).map(|look| look.growth).collect();
    if rising.len() <= MOST_LEAKS_AT_ONCE {
        return;
    }
    let whole: f64 = rising.iter().sum();
    for (series, look) in host.series.iter().zip(looks.iter_mut()).filter(|(_, look)| look.leaking) {
        let first = series.blocks.bytes.first().copied().unwrap_or(0.0);
        if look.growth < 0.8 * whole && look.growth < 3.0 * first {
            look.leaking = false;
            look.open = true;
            look.class = Class::StillRising;
        }
    }
}

fn varies(values: &[f64]) -> bool {
    values.windows(2).any(|pair| pair[0] != pair[1])
}

fn look_at(blocks: &Blocks, frames: &mut Frames, around: Around<'_>, sawteeth: &mut usize) -> Look {
    let grows = blocks.hours.len() >= LEAST_SNAPSHOTS && varies(&blocks.bytes) && varies(&blocks.counts);
    if grows
        && *sawteeth < MOST_SAWTEETH
        && let Some(teeth) = sawtooth::teeth(blocks)
    {
        let rest = tag::plain(blocks, frames.made.first().filter(|frame| frame.hours == blocks.hours));
        if teeth.trimmed {
            return Look { class: Class::Sawtooth, ..rest };
        }
        let tail = blocks.tail(teeth.last_start);
        if rest.class != Class::Seasonal {
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
    tag::plain(blocks, frames.made.first().filter(|frame| frame.hours == blocks.hours))
}

/// Where the pools stand at the end.
struct Ends {
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

    fn left(&self, pool: Pool) -> Option<f64> {
        let entry = self.now.iter().find(|entry| entry.0 == pool)?;
        entry.2.map(|bound| (bound - entry.1).max(0.0))
    }
}

/// A pool's growth and where it stands.
pub(crate) struct PoolGrowth {
    pub explained: ExplainedGrowth,
    pub now: Option<PoolNow>,
    /// Rate that empties the pool (the leaks' together) and its standard error.
    pub leak: (f64, f64),
    /// The total or the untagged rest rises in a way that does not decide.
    pub open: bool,
}

fn pools(
    host: &ReducedHost<'_>,
    looks: &[Look],
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
            };
            let grows = varies(&blocks.bytes) && tag::may_grow(&blocks.hours, &blocks.bytes);
            match frames.of(&blocks.hours) {
                Some(frame) if grows => tag::look(blocks, frame, around),
                _ => tag::plain(blocks, None),
            }
        };
        let prior = if noise_prior.is_empty() { &even } else { noise_prior };
        let total_look = total.map(|blocks| see(blocks, &even));
        let tagged_blocks = together(total.map(|t| &t.hours), &members);
        let rest_look = total.filter(|_| !members.is_empty() && !host.cut_listings).map(|total| {
            let mut rest = total.clone();
            for (value, tagged) in rest.bytes.iter_mut().zip(&tagged_blocks.bytes) {
                *value -= tagged;
            }
            see(&rest, &even)
        });
        let sum = match &total_look {
            _ if members.is_empty() => Interval::default(),
            Some(_) | None => see(&tagged_blocks, prior).bytes,
        };
        let mut leak = leaks(&members);
        let explained =
            pool::explained(pool, total_look.as_ref(), sum, leak.0, rest_look.as_ref(), members.is_empty());
        if explained.untagged_leak {
            let look = if members.is_empty() { &total_look } else { &rest_look };
            if let Some(look) = look {
                leak = (leak.0 + look.bytes.estimate, leak.1.hypot(look.error));
            }
        }
        let now = match (total, &total_look) {
            (Some(blocks), Some(look)) => pool::now(blocks, look),
            _ => pool::now(&tagged_blocks, &tag::plain(&tagged_blocks, None)),
        };
        let open =
            rest_look.iter().chain(total_look.iter().filter(|_| members.is_empty())).any(|look| look.open);
        out.push(PoolGrowth { explained, now, leak, open });
    }
    out
}

/// The leaking tags' rate together.
fn leaks(members: &[(&Reduced, &Look)]) -> (f64, f64) {
    members.iter().filter(|(_, look)| look.leaking).fold((0.0, 0.0), |(rate, error), (_, look)| {
        (rate + look.bytes.estimate, f64::hypot(error, look.error))
    })
}

/// The sum of the tags at `hours` (at the longest tag's where not given); a tag counts where it was listed.
fn together(hours: Option<&Vec<f64>>, members: &[(&Reduced, &Look)]) -> Blocks {
    let Some(longest) = members.iter().max_by_key(|member| member.0.blocks.samples) else {
        return Blocks::default();
    };
    let base = longest.0.blocks.start;
    let mut out = longest.0.blocks.clone();
    out.hours = hours.unwrap_or(&longest.0.blocks.hours).clone();
    out.bytes = vec![0.0; out.hours.len()];
    out.counts = vec![0.0; out.hours.len()];
    for (series, _) in members {
        let blocks = &series.blocks;
        if blocks.hours == out.hours {
            out.bytes.iter_mut().zip(&blocks.bytes).for_each(|(sum, value)| *sum += value);
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
    let point = |at: usize| Some((*blocks.hours.get(at)?, *blocks.bytes.get(at)?));
    match (above.checked_sub(1).and_then(point), point(above)) {
        (Some((h1, b1)), Some((h2, b2))) if h2 > h1 => b1 + (b2 - b1) * (hour - h1) / (h2 - h1),
        (_, Some((h, b))) if (h - hour).abs() < 1e-6 => b,
        _ => 0.0,
    }
}

fn answer(host: &ReducedHost<'_>, looks: Vec<Look>, pools: Vec<PoolGrowth>, ends: &Ends) -> HostJudgement {
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
    let groups = lockstep::groups(&host.series, &looks);
    let odds = few::log_odds(&host.series);
    let order = rank::order(&host.series, &looks, &groups, &odds);
    let seen = confidence::Seen {
        standing,
        snapshots,
        hours,
        totals_only: host.series.is_empty(),
        tag_leaks: looks.iter().any(|look| look.leaking),
        weight: order.first().and_then(|&first| looks.get(first)).map_or(0.0, |look| look.weight),
        suspicion: order.first().map_or(0.0, |&first| few::posterior(&odds, first)),
    };
    let (sure, grounds) = confidence::of_host(&seen);
    let mut tags = Vec::with_capacity(looks.len());
    for at in order {
        if let (Some(series), Some(look)) = (host.series.get(at), looks.get(at)) {
            let own = confidence::of_tag(&seen, look, few::posterior(&odds, at));
            tags.push(TagJudgement { confidence: own, ..tag_answer(series, look, &pools, ends) });
        }
    }
    let growth = pools
        .iter()
        .map(|pool| {
            let bound = ends.bound(pool.explained.pool);
            let exhaustion = pool
                .now
                .as_ref()
                .zip(bound)
                .and_then(|(now, bound)| pool::run_out(now, bound, pool.leak.0, pool.leak.1));
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
    let time = |hour: f64| blocks.start.map(|start| start.plus_hours(hour));
    let onset = look.onset.and_then(|[earliest, at, latest]| {
        Some(Onset { at: time(at)?, earliest: time(earliest)?, latest: time(latest)? })
    });
    let exhaustion =
        pool.and_then(|pool| pool.now.as_ref()).zip(ends.bound(series.key.pool)).filter(|_| look.leaking);
    TagJudgement {
        key: series.key,
        class: look.class,
        leaking: look.leaking,
        rate_bytes_per_hour: look.bytes,
        rate_count_per_hour: look.counts,
        onset,
        outstanding_bytes: blocks.last_bytes,
        outstanding_count: blocks.last_count,
        exhaustion: exhaustion.and_then(|(now, bound)| {
            let error = (look.bytes.high - look.bytes.estimate) / NINETY;
            pool::run_out(now, bound, look.bytes.estimate, error)
        }),
        confidence: 0.0,
        share_of_growth: grows.then(|| (look.bytes.estimate / whole).clamp(0.0, 1.0)),
        growth_bytes: look.growth,
        noise_bytes: look.noise,
        samples: blocks.samples,
        first: blocks.start,
        last: blocks.end,
    }
}
