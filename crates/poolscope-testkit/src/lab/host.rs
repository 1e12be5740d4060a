//! Whole laboratory hosts: 2,000 tags, totals, leaks, damage, and the truth about all of it.

use std::sync::Arc;

use super::plan::{HOUR, Plan};
use super::rng::Rng;
use super::shape::{Arrivals, Clock, Noise, Workday, healthy, leaked};
use super::truth::{Evidence, LabHost, LabPool, LabTag, LabTotal, LeakTruth, Shape};

/// What to put on a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scenario {
    /// No leak, no look-alike.
    Healthy,
    /// No leak, but a bounded cache that still rises at the end.
    LookAlike,
    /// One leak.
    OneLeak,
    /// Two or three leaks.
    SeveralLeaks,
    /// One leak shown by several tags, one of them private to the culprit.
    Lockstep,
    /// One leak, and a shrinking tag that hides it in the total.
    Masked,
    /// A leak that no tag shows.
    Untagged,
}

/// Tags on a host.
pub const TAGS: usize = 2_000;

/// Shared tags, as they occur in lock-step groups.
const SHARED: [&[u8; 4]; 8] = [b"Mdl ", b"Irp ", b"File", b"Toke", b"NtFC", b"IoNm", b"SeTd", b"Thre"];

/// The host of this seed. Its own random streams make it independent of every other host.
pub fn make(seed: u64, plan: Plan, scenario: Scenario) -> LabHost {
    let rng = &mut Rng::new(seed, 1);
    let start = 1_700_000_000_000_000 + (rng.unit() * 8.0 * 168.0 * HOUR) as i64;
    let times = Arc::new(plan.times(start, rng));
    let hours: Vec<f64> = times.iter().map(|&t| (t - start) as f64 / HOUR).collect();
    let clock = Clock { hours, week_hour: rng.unit() * 168.0, uptime: rng.log_between(0.1, 1_000.0) };
    let day = Workday::random(rng);
    let memory = rng.log_between(4.0, 512.0) * 1e9;
    let mut tags: Vec<LabTag> = Vec::with_capacity(TAGS);
    let mut sums = [vec![0.0; times.len()], vec![0.0; times.len()]];
    let mut returning = sums.clone();
    let push =
        |tags: &mut Vec<LabTag>, sums: &mut [Vec<f64>; 2], tag, pool, shape, size: f64, counts: &[f64]| {
            let (mut bytes, mut whole) = (Vec::with_capacity(counts.len()), Vec::with_capacity(counts.len()));
            for (&count, sum) in counts.iter().zip(&mut sums[pool as usize]) {
                let count = count.round().max(0.0);
                bytes.push((count * size).round() as u64);
                whole.push(count as i64);
                *sum += (count * size).round();
            }
            tags.push(LabTag { tag, pool, times: Arc::clone(&times), bytes, counts: whole, shape });
        };
    for (shape, number) in mix(scenario, rng) {
        for _ in 0..number {
            let giant = shape == Shape::Static && rng.chance(0.01);
            let bytes = if giant { rng.log_between(5e7, 5e8) } else { rng.log_normal(6e4, 2.0).min(3e8) };
            let bytes = bytes.min(memory * 0.02);
            let size = (16.0 * rng.log_between(1.0, 300.0)).round();
            let (counts, _) = healthy(shape, (bytes / size).max(1.0), &clock, &day, rng);
            let pool = if rng.chance(0.5) { LabPool::Nonpaged } else { LabPool::Paged };
            let tag = name(tags.len());
            push(&mut tags, &mut sums, tag, pool, shape, size, &counts);
            if shape.returns() {
                for (sum, count) in returning[pool as usize].iter_mut().zip(&counts) {
                    *sum += (count.round().max(0.0) * size).round();
                }
            }
        }
    }
    let base = sums.clone();
    let mut leaks = Vec::new();
    let mut paths: Vec<Drive> = Vec::new();
    let number = match scenario {
        Scenario::Healthy | Scenario::LookAlike => 0,
        Scenario::SeveralLeaks => 2 + rng.below(2),
        _ => 1,
    };
    for _ in 0..number {
        let drive = Drive::random(scenario, memory / number as f64, &clock, &day, rng);
        let pool = if rng.chance(0.7) { LabPool::Nonpaged } else { LabPool::Paged };
        let members = if scenario == Scenario::Lockstep { 2 + rng.below(3) } else { 1 };
        let mut ratios_size = 0.0;
        for member in 0..members {
            let private = member == 0;
            let size = if private { drive.size } else { (16.0 * rng.log_between(2.0, 40.0)).round() };
            let ratio = if private || rng.chance(0.6) { 1.0 } else { 2.0 + rng.below(2) as f64 };
            ratios_size += size * ratio;
            let tag =
                if private { name(tags.len()) } else { *SHARED[(seed as usize + member) % SHARED.len()] };
            let level = if private && rng.chance(0.5) {
                0.0
            } else {
                rng.log_normal(4e5, 2.0).min(memory * 0.01) / size
            };
            let (mut counts, noise) = healthy(Shape::Churn, level, &clock, &day, rng);
            for (count, leak) in counts.iter_mut().zip(&drive.path) {
                *count = count.max(0.0) + ratio * leak;
            }
            let untagged = scenario == Scenario::Untagged;
            let noise = if untagged { rest_noise(&base[pool as usize], 1.0 / size) } else { noise };
            if untagged {
                for (sum, leak) in sums[pool as usize].iter_mut().zip(&drive.path) {
                    *sum += leak * size;
                }
            } else {
                push(&mut tags, &mut sums, tag, pool, drive.shape, size, &counts);
            }
            leaks.push(LeakTruth {
                tag: (!untagged).then(|| tags.len() - 1),
                pool,
                shape: drive.shape,
                onset: (drive.onset > 0.0).then(|| start + (drive.onset * HOUR) as i64),
                rate: drive.rate() * ratio * size,
                path: Arc::new(drive.path.iter().map(|leaked| leaked * ratio * size).collect()),
                evidence: drive.evidence(ratio, size, &noise, start, memory),
                group: (members > 1).then_some(0),
                private,
            });
        }
        if scenario == Scenario::Masked {
            let size = 512.0;
            let lost = drive.path.last().copied().unwrap_or(0.0) * ratios_size / size;
            let mut counts: Vec<f64> =
                clock.hours.iter().map(|hour| lost * (1.5 - hour / clock.span().max(1e-9))).collect();
            Noise { slow: lost * 0.005, hours: 0.1, white: 0.0 }.add(&clock.hours, &mut counts, rng);
            let tag = name(tags.len());
            push(&mut tags, &mut sums, tag, pool, Shape::Shrinking, size, &counts);
        }
        paths.push(Drive { size: ratios_size, pool, ..drive });
    }
    let totals = [LabPool::Nonpaged, LabPool::Paged].map(|pool| {
        let of_pool: Vec<&Drive> = paths.iter().filter(|drive| drive.pool == pool).collect();
        let at = pool as usize;
        total(pool, &times, &clock, memory, [&base[at], &returning[at], &sums[at]], &of_pool, rng)
    });
    let mut host = LabHost {
        seed,
        plan: plan.name,
        tags,
        totals: totals.into(),
        cut: plan.top.is_some(),
        leaks,
        look_alike: scenario == Scenario::LookAlike,
    };
    wrap(&mut host, rng);
    if let Some(top) = plan.top {
        cut(&mut host, top);
    }
    host
}

/// How many tags of each shape.
fn mix(scenario: Scenario, rng: &mut Rng) -> Vec<(Shape, usize)> {
    let trimmed = if rng.chance(0.15) { 2 } else { 0 };
    let mut few = |most: usize| rng.below(most + 1);
    let mut mix = vec![
        (Shape::Daily, few(120)),
        (Shape::Weekly, few(30)),
        (Shape::Cache, few(10)),
        (Shape::Step, few(12)),
        (Shape::Burst, few(20)),
        (Shape::Ramp, few(10)),
        (Shape::Trimmed, trimmed),
        (Shape::Shrinking, few(6)),
        (Shape::RisingCache, if scenario == Scenario::LookAlike { 1 + few(2) } else { 0 }),
    ];
    let rest = TAGS - 10 - mix.iter().map(|entry| entry.1).sum::<usize>();
    let still = (rest as f64 * rng.between(0.3, 0.7)) as usize;
    mix.extend([(Shape::Static, still), (Shape::Churn, rest - still)]);
    mix
}

/// The tag of this index: letters that never collide with the shared ones (they hold a digit).
fn name(index: usize) -> [u8; 4] {
    let letter = |n: usize| b'A' + (n % 26) as u8;
    [letter(index / 260), letter(index / 10), b'0' + (index % 10) as u8, letter(index * 7)]
}

/// One leaking code path.
struct Drive {
    shape: Shape,
    onset: f64,
    size: f64,
    path: Vec<f64>,
    /// Allocations an hour, on average and in the long run.
    per_hour: f64,
    arrivals: Arrivals,
    /// Hours of the last unbroken growth: since the onset or the last restart.
    since: f64,
    span: f64,
    pool: LabPool,
}

impl Drive {
    fn random(scenario: Scenario, memory: f64, clock: &Clock, day: &Workday, rng: &mut Rng) -> Self {
        let span = clock.span();
        let shape = match rng.unit() {
            _ if scenario == Scenario::Untagged => Shape::SteadyLeak,
            u if u < 0.7 => Shape::SteadyLeak,
            u if u < 0.8 => Shape::AcceleratingLeak,
            u if u < 0.92 => Shape::IntermittentLeak,
            _ => Shape::SawtoothLeak,
        };
        let onset = if rng.chance(0.5) { 0.0 } else { rng.between(0.03, 0.9) * span };
        let size = (16.0 * rng.log_between(2.0, 256.0)).round();
        let most = (0.6 * memory / (span - onset).max(0.1)).min(2e10);
        let rate = rng.log_between(1e4, most.max(2e4));
        let per_hour = rate / size;
        let (path, arrivals) = leaked(shape, onset, per_hour, clock, day, rng);
        let restart = path.windows(2).rposition(|pair| pair[1] < pair[0]);
        let grows_from = restart.and_then(|at| clock.hours.get(at + 1).copied()).unwrap_or(onset);
        let since = span - grows_from;
        Self { shape, onset, size, path, per_hour, arrivals, since, span, pool: LabPool::Nonpaged }
    }

    /// Allocations an hour since the onset (since the last restart for a sawtooth: what goes on now).
    fn rate(&self) -> f64 {
        let last = self.path.last().copied().unwrap_or(0.0);
        last / self.since.max(1e-9)
    }

    /// What of this leak one tag shows.
    fn evidence(&self, ratio: f64, size: f64, noise: &Noise, start: i64, memory: f64) -> Evidence {
        let since = self.since;
        let grown = self.path.last().copied().unwrap_or(0.0) * ratio;
        Evidence {
            noise: Noise { slow: noise.slow * size, hours: noise.hours, white: noise.white * size },
            grown: grown * size,
            own_error: ratio * (grown / ratio).max(1.0).sqrt() * size,
            since: start + ((self.span - since) * HOUR) as i64,
            fast: grown * size / since.max(1e-9) * 24.0 > memory,
            two_days: self.shape == Shape::IntermittentLeak,
        }
    }
}

/// The total of one pool. `parts` at each moment: the healthy tags, those of them that return to a like level,
/// and all tags.
fn total(
    pool: LabPool,
    times: &Arc<Vec<i64>>,
    clock: &Clock,
    memory: f64,
    parts: [&Vec<f64>; 3],
    drives: &[&Drive],
    rng: &mut Rng,
) -> LabTotal {
    let [base, returning, sums] = parts;
    let untagged = base.iter().sum::<f64>() / base.len().max(1) as f64 * rng.between(0.04, 0.2);
    let mut rest = vec![untagged; base.len()];
    rest_noise(base, 1.0).add(&clock.hours, &mut rest, rng);
    let pages = |bytes: f64| (bytes.max(0.0) / 4096.0).round() as u64 * 4096;
    let bytes: Vec<u64> = sums.iter().zip(&rest).map(|(sum, rest)| pages(sum + rest)).collect();
    // What comes after: the leaks go on at their own pace, what follows the day or churns is as it was at a like
    // moment, and what has risen or fallen for good (a step, a full cache) stands where it stands.
    let (like, last) = (rng.below(base.len()), base.len() - 1);
    let at = |values: &[f64], moment: usize| values.get(moment).copied().unwrap_or(0.0);
    let level = at(sums, last) - at(returning, last) + at(returning, like) + at(&rest, like);
    let rate: f64 = drives.iter().map(|drive| drive.per_hour * drive.size).sum();
    let straight = drives.iter().all(|drive| drive.shape == Shape::SteadyLeak);
    let horizon = (memory - level) / rate.max(1.0);
    let interval = clock.span() / last.max(1) as f64;
    let shake = drives.iter().map(|drive| {
        drive.arrivals.deviation(drive.per_hour, horizon.max(0.0), interval) * drive.size * rng.normal()
    });
    let hours = (memory - level + shake.sum::<f64>()) / rate.max(1.0);
    let ends = (straight && rate > 0.0 && hours > 0.0 && hours < 87_600.0)
        .then(|| times.last().copied().unwrap_or(0) + (hours * HOUR) as i64);
    LabTotal { pool, times: Arc::clone(times), bytes, bound: memory, ends }
}

/// Noise of what no tag shows, in units of `scale` bytes.
fn rest_noise(base: &[f64], scale: f64) -> Noise {
    let level = base.iter().sum::<f64>() / base.len().max(1) as f64 * 0.1 * scale;
    Noise { slow: level * 0.002, hours: 0.5, white: level * 0.001 }
}

/// On one host of four, the difference of wrapped 32-bit counters is negative over a stretch.
fn wrap(host: &mut LabHost, rng: &mut Rng) {
    if !rng.chance(0.25) {
        return;
    }
    for tag in &mut host.tags {
        if rng.chance(0.02) {
            let (from, to) = (rng.below(tag.counts.len()), rng.below(tag.counts.len()));
            for count in tag.counts.iter_mut().take(from.max(to)).skip(from.min(to)) {
                *count -= 1 << 32;
            }
        }
    }
}

/// Keeps of every sample only the `top` biggest tags of each pool.
fn cut(host: &mut LabHost, top: usize) {
    for pool in [LabPool::Nonpaged, LabPool::Paged] {
        let of_pool: Vec<usize> = (0..host.tags.len()).filter(|&i| host.tags[i].pool == pool).collect();
        let samples = host.totals[0].times.len();
        let mut kept: Vec<Vec<usize>> = vec![Vec::new(); host.tags.len()];
        for at in 0..samples {
            let mut order = of_pool.clone();
            order.sort_by_key(|&i| std::cmp::Reverse(host.tags[i].bytes[at]));
            for &index in order.iter().take(top) {
                kept[index].push(at);
            }
        }
        for &index in &of_pool {
            keep(&mut host.tags[index], &kept[index]);
        }
    }
}

fn keep(tag: &mut LabTag, samples: &[usize]) {
    tag.times = Arc::new(samples.iter().map(|&at| tag.times[at]).collect());
    tag.bytes = samples.iter().map(|&at| tag.bytes[at]).collect();
    tag.counts = samples.iter().map(|&at| tag.counts[at]).collect();
}

impl LabHost {
    /// The same host as seen by someone with only these samples (indices into the totals' times).
    pub fn view(&self, samples: &[usize]) -> Self {
        let mut seen = self.clone();
        let all = Arc::clone(&self.totals[0].times);
        let wanted: Vec<i64> = samples.iter().filter_map(|&at| all.get(at).copied()).collect();
        let shared = Arc::new(wanted.clone());
        for tag in &mut seen.tags {
            let whole = Arc::ptr_eq(&tag.times, &all) || tag.times.len() == all.len();
            if whole {
                tag.bytes = samples.iter().filter_map(|&at| tag.bytes.get(at).copied()).collect();
                tag.counts = samples.iter().filter_map(|&at| tag.counts.get(at).copied()).collect();
                tag.times = Arc::clone(&shared);
            } else {
                let at: Vec<usize> =
                    (0..tag.times.len()).filter(|&at| wanted.binary_search(&tag.times[at]).is_ok()).collect();
                keep(tag, &at);
            }
        }
        seen.leaks = self.leaks.iter().map(|leak| leak.view(&all, samples)).collect();
        for total in &mut seen.totals {
            total.bytes = samples.iter().filter_map(|&at| total.bytes.get(at).copied()).collect();
            total.times = Arc::clone(&shared);
        }
        seen
    }

    /// `count` samples spread evenly over the host's.
    pub fn spread(&self, count: usize) -> Vec<usize> {
        let last = self.totals[0].times.len() - 1;
        let mut out: Vec<usize> =
            (0..count).map(|i| (i as f64 / (count - 1) as f64 * last as f64).round() as usize).collect();
        out.dedup();
        out
    }
}
