//! The judgement of a whole host.

use poolscope_formats::{Pool, Time};

use super::answer::*;
use super::input::{HostInput, SeriesInput};
use super::trend::{mann_kendall, median, pair_slopes};

/// Snapshots from which on a leak may be claimed at all.
const MIN_SNAPSHOTS_FOR_A_LEAK: usize = 8;
/// Blocks a series is reduced to before pairs are compared.
const BLOCKS: usize = 96;
/// Normal deviate beyond which a trend counts: thousands of tags are tested at once.
const TREND_DEVIATE: f64 = 5.0;
/// Growth must be this many times the noise of a single sample.
const GROWTH_OVER_NOISE: f64 = 3.0;

/// Judges one boot of one host.
pub fn judge(host: &HostInput<'_>) -> HostJudgement {
    let mut tags: Vec<TagJudgement> = host.series.iter().map(judge_tag).collect();
    let mut growth = Vec::new();
    for pool in [Pool::Nonpaged, Pool::Paged] {
        let total = host.totals.iter().find(|total| total.pool == pool);
        let tagged: f64 =
            tags.iter().filter(|tag| tag.key.pool == pool).map(|tag| tag.rate_bytes_per_hour.estimate).sum();
        if total.is_none() && !tags.iter().any(|tag| tag.key.pool == pool) {
            continue;
        }
        let trend =
            total.map(|total| Trend::of(total.times, total.bytes.iter().map(|&b| b as f64).collect()));
        let rate = trend.as_ref().map_or(point(tagged), |trend| trend.rate);
        let now = trend.as_ref().map_or_else(
            || tags.iter().filter(|tag| tag.key.pool == pool).map(|tag| tag.outstanding_bytes as f64).sum(),
            |trend| trend.last_value,
        );
        let last = trend.as_ref().map_or_else(
            || tags.iter().filter(|tag| tag.key.pool == pool).filter_map(|tag| tag.last).max(),
            |trend| trend.last,
        );
        let bound = host.bounds.iter().find(|bound| bound.pool == pool).map(|bound| bound.bytes);
        for tag in tags.iter_mut().filter(|tag| tag.key.pool == pool) {
            let own = tag.rate_bytes_per_hour;
            tag.exhaustion = bound.filter(|_| tag.leaking).and_then(|bound| run_out(bound - now, own, last));
            tag.share_of_growth = (rate.low > 0.0).then(|| (own.estimate / rate.estimate).clamp(0.0, 1.0));
        }
        let named: f64 = tags
            .iter()
            .filter(|tag| tag.key.pool == pool && tag.leaking)
            .map(|tag| tag.rate_bytes_per_hour.estimate)
            .sum();
        growth.push(ExplainedGrowth {
            pool,
            total_bytes_per_hour: rate,
            tagged_bytes_per_hour: point(tagged),
            named_share: if rate.estimate > 0.0 { (named / rate.estimate).clamp(0.0, 1.0) } else { 0.0 },
            untagged_bytes_per_hour: point(rate.estimate - tagged),
            untagged_leak: false,
            from_total: total.is_some(),
            exhaustion: bound.and_then(|bound| run_out(bound - now, rate, last)),
            confidence: 0.5,
        });
    }
    tags.sort_by(|a, b| {
        let rate = |tag: &TagJudgement| tag.rate_bytes_per_hour.estimate;
        b.leaking.cmp(&a.leaking).then(rate(b).total_cmp(&rate(a))).then(a.key.cmp(&b.key))
    });
    let snapshots = tags.iter().map(|tag| tag.samples).max().unwrap_or(0);
    let first = tags.iter().filter_map(|tag| tag.first).min();
    let last = tags.iter().filter_map(|tag| tag.last).max();
    let standing = if tags.iter().any(|tag| tag.leaking) {
        Standing::Leak
    } else if snapshots < MIN_SNAPSHOTS_FOR_A_LEAK {
        Standing::NotEnoughEvidence
    } else {
        Standing::NoLeakSeen
    };
    HostJudgement {
        standing,
        confidence: 0.5,
        tags,
        groups: Vec::new(),
        growth,
        snapshots,
        hours: first.zip(last).map_or(0.0, |(first, last)| last.hours_since(first)),
    }
}

fn point(value: f64) -> Interval {
    Interval { low: value, estimate: value, high: value }
}

fn run_out(left: f64, rate: Interval, last: Option<Time>) -> Option<Exhaustion> {
    let last = last.filter(|_| rate.low > 0.0 && left > 0.0)?;
    let after = |rate: f64| last.plus_hours(left / rate);
    Some(Exhaustion { earliest: after(rate.high), estimate: after(rate.estimate), latest: after(rate.low) })
}

/// Slope, interval and noise of one series.
struct Trend {
    rate: Interval,
    deviate: f64,
    noise: f64,
    growth: f64,
    samples: usize,
    first: Option<Time>,
    last: Option<Time>,
    last_value: f64,
}

impl Trend {
    fn of(times: &[Time], values: Vec<f64>) -> Self {
        let mut points: Vec<(Time, f64)> = times.iter().copied().zip(values).collect();
        points.sort_by_key(|point| point.0);
        points.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1;
            }
            same
        });
        let start = points.first().map(|point| point.0);
        let hours = |time: Time| start.map_or(0.0, |start| time.hours_since(start));
        let per_block = points.len().div_ceil(BLOCKS).max(1);
        let (mut at, mut mid) = (Vec::new(), Vec::new());
        for block in points.chunks(per_block) {
            at.push(block.iter().map(|point| hours(point.0)).sum::<f64>() / block.len() as f64);
            mid.push(median(&mut block.iter().map(|point| point.1).collect::<Vec<_>>()).unwrap_or(0.0));
        }
        let mut slopes = pair_slopes(&at, &mid);
        let slope = median(&mut slopes).unwrap_or(0.0);
        slopes.sort_unstable_by(f64::total_cmp);
        let n = mid.len() as f64;
        let reach = 1.645 * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
        let rank = |offset: f64| {
            let at = (slopes.len() as f64 / 2.0 + offset).clamp(0.0, (slopes.len().max(1) - 1) as f64);
            slopes.get(at as usize).copied().unwrap_or(slope)
        };
        let level =
            median(&mut at.iter().zip(&mid).map(|(t, v)| v - slope * t).collect::<Vec<_>>()).unwrap_or(0.0);
        let mut off: Vec<f64> =
            points.iter().map(|point| (point.1 - level - slope * hours(point.0)).abs()).collect();
        Self {
            rate: Interval { low: rank(-reach / 2.0), estimate: slope, high: rank(reach / 2.0) },
            deviate: mann_kendall(&mid),
            noise: 1.4826 * median(&mut off).unwrap_or(0.0),
            growth: slope * at.last().copied().unwrap_or(0.0),
            samples: points.len(),
            first: start,
            last: points.last().map(|point| point.0),
            last_value: points.last().map_or(0.0, |point| point.1),
        }
    }
}

fn judge_tag(series: &SeriesInput<'_>) -> TagJudgement {
    let count = |raw: i64| if raw < 0 { raw & 0xffff_ffff } else { raw };
    let bytes = Trend::of(series.times, series.outstanding_bytes.iter().map(|&b| b as f64).collect());
    let counts = Trend::of(series.times, series.outstanding_count.iter().map(|&c| count(c) as f64).collect());
    let grows = bytes.deviate > TREND_DEVIATE
        && counts.deviate > TREND_DEVIATE
        && bytes.growth > GROWTH_OVER_NOISE * bytes.noise;
    let leaking = grows && bytes.samples >= MIN_SNAPSHOTS_FOR_A_LEAK;
    let flat = series.outstanding_bytes.windows(2).all(|pair| pair[0] == pair[1]);
    TagJudgement {
        key: series.key,
        class: match () {
            () if bytes.samples < 3 => Class::TooShortToSay,
            () if flat => Class::StaticBlock,
            () if grows => Class::SteadyLeak,
            () if bytes.deviate < -TREND_DEVIATE => Class::Shrinking,
            () => Class::Churn,
        },
        leaking,
        rate_bytes_per_hour: bytes.rate,
        rate_count_per_hour: counts.rate,
        onset: None,
        outstanding_bytes: bytes.last_value as u64,
        outstanding_count: counts.last_value as i64,
        exhaustion: None,
        confidence: 0.5,
        share_of_growth: None,
        growth_bytes: bytes.growth,
        noise_bytes: bytes.noise,
        samples: bytes.samples,
        first: bytes.first,
        last: bytes.last,
    }
}

#[cfg(test)]
mod tests {
    use poolscope_formats::Tag;

    use super::super::input::SeriesKey;
    use super::*;

    #[test]
    fn a_steady_leak_is_named_and_three_snapshots_are_not_enough() {
        let times: Vec<Time> = (0..48).map(|i| Time(i * 1_800_000_000)).collect();
        let leak: Vec<u64> = (0..48u64).map(|i| 1_000_000 + i * 48_000 + (i * 7919) % 5000).collect();
        let counts: Vec<i64> = leak.iter().map(|b| (b / 48) as i64).collect();
        let flat = vec![5_000_000u64; 48];
        let flat_counts = vec![3i64; 48];
        let key = |tag: &[u8; 4]| SeriesKey { pool: Pool::Nonpaged, tag: Tag(*tag) };
        for (samples, standing) in [(48, Standing::Leak), (3, Standing::NotEnoughEvidence)] {
            let series = [
                SeriesInput {
                    key: key(b"Flat"),
                    times: &times[..samples],
                    outstanding_bytes: &flat,
                    outstanding_count: &flat_counts,
                },
                SeriesInput {
                    key: key(b"Even"),
                    times: &times[..samples],
                    outstanding_bytes: &leak,
                    outstanding_count: &counts,
                },
            ];
            let judged = judge(&HostInput { series: &series, ..HostInput::default() });
            assert_eq!(judged.standing, standing);
            assert_eq!(judged.tags[0].key, key(b"Even"));
        }
    }
}
