//! One series: from blocks to a shape, a rate, an onset, and whether that is a leak.

use super::answer::{Class, Interval};
use super::blocks::Blocks;
use super::fit::{Fit, Shape, fit};
use super::frame::Frame;
use super::pace;
use super::resumes::resumes;
use super::stats::{CHOSEN_BY_LOOKING, median, quantile, spread, student_ninety};

/// Snapshots from which on a leak may be claimed at all.
pub(crate) const LEAST_SNAPSHOTS: usize = 8;
/// Hours of growth from which on a leak may be claimed.
const LEAST_HOURS: f64 = 4.0;
/// The same where the pool would be exhausted within a day.
const LEAST_HOURS_IF_FAST: f64 = 0.5;
/// Chance of one false alarm on a whole host; divided by the number of series (Bonferroni).
const HOST_ALARM: f64 = 0.006;
/// The same for one series that by its levels alone is likely to leak (logarithm of odds): it was no accident that
/// this one of thousands rises.
const SUSPECT_ALARM: f64 = 1e-4;
const SUSPECT: f64 = 4.0;
/// Logarithm of odds from which on what merely seems to grow is not called healthy.
const NOT_HEALTHY: f64 = 3.0;
/// Counts must grow too; they are asked second, so one alarm in ten thousand is enough.
const COUNT_ALARM: f64 = 1e-4;
/// Chance below which a series seems to grow, when it is only asked how many do.
const SEEMING: f64 = 1e-3;
/// Least probability of the leak shapes among all shapes.
const LEAST_WEIGHT: f64 = 0.5;
/// Bend and its deviate below which a rise slows down like a store that fills: slight and sure, or strong.
const SLOWS_DOWN: [(f64, f64); 2] = [(-0.2, -4.0), (-0.3, -2.5)];
/// Of a rise that slows down: it is full where the last quarter brings less than this share.
const FULL: f64 = 0.09;
/// The same where a single day is seen: a leak of the working day is not claimed there.
const SLACKENS: f64 = 0.15;
/// The share of the last quarter from which on a ramp has not ended; one that ends a twelfth before the end brings 18 %.
const STILL_BRINGS: f64 = 0.2;
/// Bend of a rise that stopped for good.
const BENT: f64 = -0.3;
/// From this many hours on a rise may have rested over a night and gone on.
pub(crate) const SPAN_WITH_TWO_DAYS: f64 = 40.0;
/// A pool in which less is left than this share of what a series gained was emptied by it.
const LEFT_WHEN_EMPTY: f64 = 0.1;
/// Bytes an hour below which nothing is called a leak: a page an hour is 35 MB a year, and the day's work leaves more.
const LEAST_RATE: f64 = 4096.0;
/// Growth must be this many times the noise of one block.
const GROWTH_OVER_NOISE: f64 = 2.5;
/// What is left of the growth without its biggest single rises.
const LEAST_SPREAD_OUT: f64 = 0.5;
/// Of so many rises the greatest falls tell what noise does. Of fewer, noise is not told from the steps of a working
/// day.
const RISES_WITH_NOISE: usize = 40;
/// A climb is under way where this share of it lies below.
const STILL_AT_ITS_FOOT: f64 = 0.1;
/// Share of the growth that must lie above everything before it.
const LEAST_NEW_HIGH: f64 = 0.5;

/// What surrounds a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    /// Prior weight of each noise.
    pub noise_prior: &'a [f64],
    /// Series judged together.
    pub series: usize,
    /// Bytes left in the pool, where known.
    pub left: Option<f64>,
    /// The series has no counts (a pool total).
    pub bytes_only: bool,
    /// Logarithm of the odds by its levels alone ([`super::few`]).
    pub odds: f64,
}

/// What was seen in one series.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// The shape.
    pub class: Class,
    /// It leaks.
    pub leaking: bool,
    /// It grows in a way that may be a leak, but the evidence does not decide.
    pub open: bool,
    /// It seems to grow evenly; on thousands of series a few such come by chance.
    pub rising: bool,
    /// Bytes an hour.
    pub bytes: Interval,
    /// Allocations an hour.
    pub counts: Interval,
    /// Onset in hours: earliest, best, latest.
    pub onset: Option<[f64; 3]>,
    /// Fitted growth in bytes.
    pub growth: f64,
    /// Noise of a block in bytes.
    pub noise: f64,
    /// Standard error of the bytes rate.
    pub error: f64,
    /// Of a leak: variance an hour by which its own pace wanders (bytes squared), at least that of allocations
    /// that come by chance.
    pub wandering: f64,
    /// Of a leak that accelerates: its pace in the last quarter of its time, bytes an hour, and the standard error.
    pub recent: Option<(f64, f64)>,
    /// Probability of the leak shapes among all.
    pub weight: f64,
}

/// Whether any suffix of the series rises at all: a cheap question that most series answer with no.
pub(crate) fn may_grow(hours: &[f64], values: &[f64]) -> bool {
    let n = values.len();
    (0..8).map(|part| part * n / 8).chain([n.saturating_sub(8)]).any(|from| {
        let (Some(x), Some(y)) = (hours.get(from..), values.get(from..)) else { return false };
        if x.len() < 4 {
            return false;
        }
        let (slope, error) = least_squares(x, y);
        slope > 0.0 && slope > 4.5 * error
    })
}

/// Ordinary least squares: slope and its standard error for white noise.
pub(crate) fn least_squares(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xx += (x - mx) * (x - mx);
        xy += (x - mx) * (y - my);
        yy += (y - my) * (y - my);
    }
    if xx <= 0.0 {
        return (0.0, f64::INFINITY);
    }
    let slope = xy / xx;
    (slope, ((yy - slope * xy).max(0.0) / (n - 2.0).max(1.0) / xx).sqrt())
}

/// Bytes of one allocation, at least 1.
fn grain(blocks: &Blocks) -> f64 {
    let (bytes, counts) = (blocks.bytes.last().copied(), blocks.counts.last().copied());
    match (bytes, counts) {
        (Some(bytes), Some(counts)) if counts >= 1.0 => (bytes / counts).max(1.0),
        _ => 1.0,
    }
}

/// The 90 % interval of a rate by its standard error, as wide as so few blocks make it; no width where the error is
/// not known.
fn interval(blocks: &Blocks, slope: f64, error: f64) -> Interval {
    let error = if error.is_finite() { CHOSEN_BY_LOOKING * error } else { 0.0 };
    let reach = student_ninety(blocks.hours.len() as f64 - 2.0) * error;
    Interval { low: slope - reach, estimate: slope, high: slope + reach }
}

/// A look at a series that has no more than a straight line to give: too short, or without any rise.
pub(crate) fn plain(blocks: &Blocks, frame: Option<&Frame>) -> Look {
    let (slope, error) = least_squares(&blocks.hours, &blocks.bytes);
    let (counts, counts_error) = least_squares(&blocks.hours, &blocks.counts);
    let rest: Vec<f64> = blocks.hours.iter().zip(&blocks.bytes).map(|(h, b)| b - slope * h).collect();
    let flat = blocks.bytes.windows(2).all(|pair| pair[0] == pair[1])
        && blocks.counts.windows(2).all(|pair| pair[0] == pair[1]);
    let n = blocks.hours.len();
    let class = if n < 3 {
        Class::TooShortToSay
    } else if flat {
        Class::StaticBlock
    } else if n < LEAST_SNAPSHOTS {
        Class::TooShortToSay
    } else {
        still_shape(blocks, frame, slope / error.max(1e-300))
    };
    Look {
        class,
        leaking: false,
        open: false,
        rising: false,
        bytes: interval(blocks, slope, error),
        counts: interval(blocks, counts, counts_error),
        onset: None,
        growth: slope * blocks.span(),
        noise: spread(&rest),
        error: if error.is_finite() { error } else { 0.0 },
        wandering: 0.0,
        recent: None,
        weight: 0.0,
    }
}

/// The shape of a series that does not rise.
fn still_shape(blocks: &Blocks, frame: Option<&Frame>, deviate: f64) -> Class {
    let values = &blocks.bytes;
    if let Some(lens) = frame.and_then(|frame| frame.lenses.first())
        && let (Some(level), Some(cycle)) = (lens.spaces.first(), lens.spaces.get(1))
    {
        let left = |null: &[Vec<f64>]| {
            let middle = values.first().copied().unwrap_or(0.0);
            let mut free = lens.whitener.apply(&values.iter().map(|v| v - middle).collect::<Vec<_>>());
            super::frame::free_of(&mut free, null);
            super::frame::dot(&free, &free)
        };
        // Within one day the harmonics follow a straight fall too, but not as well as a line does.
        let line = |free: f64| {
            let hinge = level.hinges.first();
            let share = hinge.map_or(0.0, |hinge| {
                let middle = values.first().copied().unwrap_or(0.0);
                let white = lens.whitener.apply(&values.iter().map(|v| v - middle).collect::<Vec<_>>());
                super::frame::dot(hinge, &white).powi(2) / super::frame::dot(hinge, hinge).max(1e-12)
            });
            (free - share).max(0.0)
        };
        if left(&cycle.null) < 0.3 * line(left(&level.null)) {
            return Class::Seasonal;
        }
    }
    let mut sorted = values.clone();
    let low = quantile(&mut sorted, 0.25).unwrap_or(0.0);
    let high = quantile(&mut sorted, 0.9).unwrap_or(0.0);
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let end = values.last().copied().unwrap_or(0.0);
    if deviate < -15.0 {
        Class::Shrinking
    } else if top - low > 5.0 * (high - low).max(spread(values)) && end < low + 0.3 * (top - low) {
        Class::Burst
    } else {
        Class::Churn
    }
}

/// A look with everything. `frame` is that of the blocks' hours.
pub(crate) fn look(blocks: &Blocks, frame: &Frame, around: Around<'_>) -> Look {
    let grain = grain(blocks);
    let bytes = fit(frame, &blocks.bytes, around.noise_prior, grain, true);
    let span = blocks.span();
    let late = bytes.from_the_first < 0.5;
    let first = blocks.hours.first().copied().unwrap_or(0.0);
    let start = if late { bytes.start[1] } else { first };
    let since = blocks.hours.last().copied().unwrap_or(0.0) - start;
    let growth = bytes.slope * since;
    let rest: Vec<f64> = blocks
        .hours
        .iter()
        .zip(&blocks.bytes)
        .map(|(hour, value)| value - bytes.slope * (hour - start).max(0.0))
        .collect();
    let noise = spread(&rest);
    let late_share = late_share(blocks, start);
    let mut weight = bytes.weight(Shape::Rising) + bytes.weight(Shape::Accelerating);
    // A ramp that still brings its fair share to the end is not over: a rise whose pace wobbles.
    if bytes.ramp.2 > 0.0 && late_share > STILL_BRINGS {
        weight += bytes.weight(Shape::Ramp);
    }
    let fast = around.left.is_some_and(|left| bytes.slope * 24.0 > left);
    let climbed = under_way(blocks);
    let alarm = match HOST_ALARM / around.series.max(1) as f64 {
        alarm if around.odds >= SUSPECT => alarm.max(SUSPECT_ALARM),
        alarm => alarm,
    };
    let after = blocks.hours.iter().filter(|hour| **hour >= start).count();
    let samples_after = blocks.samples as f64 * after as f64 / blocks.hours.len().max(1) as f64;
    let accelerates = bytes.best() == Shape::Accelerating && climbed >= span / 2.0;
    let likely = bytes.chance < alarm
        && growth > GROWTH_OVER_NOISE * noise
        && (accelerates || new_high(blocks, start, growth))
        && spread_out(blocks, start, growth, around.bytes_only);
    let counts = match () {
        () if around.bytes_only => bytes.clone(),
        // Counts are asked only where bytes make it worth while.
        () if !likely => {
            let look = unlikely(blocks, bytes, late, growth, noise, weight);
            return Look { open: look.rising && around.odds >= NOT_HEALTHY, ..look };
        }
        () => fit(frame, &blocks.counts, around.noise_prior, 1.0, false),
    };
    let sure = likely && counts.chance < COUNT_ALARM;
    // What accelerates has no onset of its own (the likeliest kink says when it became steep), but a climb that has
    // only begun is none yet.
    let (lasted, samples_after) = match bytes.best() {
        Shape::Accelerating if accelerates => (span, blocks.samples as f64),
        Shape::Accelerating => (climbed, samples_after),
        _ => (since, samples_after),
    };
    let enough = blocks.samples >= LEAST_SNAPSHOTS
        && samples_after >= LEAST_SNAPSHOTS as f64 - 1.5
        && lasted >= if fast { LEAST_HOURS_IF_FAST } else { LEAST_HOURS } * 0.97;
    let one_day = span < SPAN_WITH_TWO_DAYS;
    let bend = if one_day { bytes.bare_bend } else { bytes.bend };
    // A store is bounded below the pool's end; what took all there was is none.
    let took_the_rest = around.left.is_some_and(|left| left < LEFT_WHEN_EMPTY * growth);
    let slows = (SLOWS_DOWN.iter().any(|most| bend.0 < most.0 && bend.1 < most.1)
        || one_day && late_share < SLACKENS)
        && !resumes(&blocks.hours, &blocks.bytes, start)
        && !took_the_rest;
    let full = late_share < FULL;
    // A leak of the working day may rest at night; it does not bend.
    let stopped = full && (bytes.bend.0 < BENT || one_day);
    let matters = bytes.slope >= LEAST_RATE;
    let leaking = sure && enough && matters && weight >= LEAST_WEIGHT && !slows && !stopped;
    let class = match class_of(&bytes, sure, leaking, span) {
        Class::StillRising if full => Class::SaturatingCache,
        class => class,
    };
    let filling = if full { 0.0 } else { weight + bytes.weight(Shape::Filling) };
    Look {
        class,
        leaking,
        open: !leaking && sure && matters && filling >= LEAST_WEIGHT,
        rising: sure && matters && weight >= LEAST_WEIGHT && !slows && !stopped,
        bytes: interval(blocks, bytes.slope, bytes.slope_error),
        counts: interval(blocks, counts.slope, counts.slope_error),
        onset: late.then_some(bytes.start),
        growth,
        noise,
        error: bytes.slope_error,
        wandering: if leaking {
            wandering_since(blocks, start, bytes.slope).max(bytes.slope * grain)
        } else {
            0.0
        },
        recent: if class == Class::AcceleratingLeak { recent_pace(blocks, start, bytes.slope) } else { None },
        weight,
    }
}

/// Hours for which the series has stood above its foot by a tenth of what it gained.
fn under_way(blocks: &Blocks) -> f64 {
    let part = (blocks.bytes.len() / 8).max(1);
    let foot = median(&mut blocks.bytes.iter().take(part).copied().collect::<Vec<_>>()).unwrap_or(0.0);
    let top = blocks.bytes.last().copied().unwrap_or(0.0);
    let below = blocks.bytes.iter().rposition(|value| *value <= foot + STILL_AT_ITS_FOOT * (top - foot));
    let since = below.and_then(|at| blocks.hours.get(at)).or(blocks.hours.first()).copied().unwrap_or(0.0);
    blocks.hours.last().copied().unwrap_or(0.0) - since
}

/// The pace since three quarters of the growth's time have passed, where it is above the mean pace.
fn recent_pace(blocks: &Blocks, start: f64, mean: f64) -> Option<(f64, f64)> {
    let last = blocks.hours.last()?;
    let at = blocks.hours.partition_point(|hour| *hour < last - (last - start) / 4.0);
    let (hours, bytes) = (blocks.hours.get(at..)?, blocks.bytes.get(at..)?);
    let (pace, error) = least_squares(hours, bytes);
    (hours.len() >= 3 && pace > mean).then_some((pace, error))
}

/// How the pace wanders from the start of the growth on.
fn wandering_since(blocks: &Blocks, start: f64, slope: f64) -> f64 {
    let at = blocks.hours.partition_point(|hour| *hour < start);
    pace::wandering(blocks.hours.get(at..).unwrap_or(&[]), blocks.bytes.get(at..).unwrap_or(&[]), slope)
}

/// A look at a series whose bytes do not grow for sure.
fn unlikely(blocks: &Blocks, bytes: Fit, late: bool, growth: f64, noise: f64, weight: f64) -> Look {
    Look {
        class: class_of(&bytes, false, false, blocks.span()),
        bytes: interval(blocks, bytes.slope, bytes.slope_error),
        onset: late.then_some(bytes.start),
        growth,
        noise,
        error: bytes.slope_error,
        rising: bytes.chance < SEEMING && growth > GROWTH_OVER_NOISE * noise && weight >= LEAST_WEIGHT,
        weight,
        ..plain(blocks, None)
    }
}

fn class_of(fit: &Fit, sure: bool, leaking: bool, span: f64) -> Class {
    match fit.best() {
        Shape::Accelerating if leaking => Class::AcceleratingLeak,
        _ if leaking => Class::SteadyLeak,
        Shape::Level => Class::Churn,
        Shape::Cycle => Class::Seasonal,
        Shape::Rising | Shape::Accelerating | Shape::Filling if sure => Class::StillRising,
        Shape::Rising | Shape::Accelerating | Shape::Filling => Class::Churn,
        Shape::Saturated => Class::SaturatingCache,
        Shape::Falling => Class::Shrinking,
        Shape::Ramp if fit.ramp.2 < 0.0 => Class::Shrinking,
        Shape::Ramp if fit.ramp.1 - fit.ramp.0 <= (span / 10.0).max(1.0) => Class::StepThenFlat,
        Shape::Ramp => Class::PinnedAfterGrowth,
    }
}

/// The growth must lead above what was there before it: regaining an old level is no growth.
fn new_high(blocks: &Blocks, start: f64, growth: f64) -> bool {
    let at = blocks.hours.partition_point(|hour| *hour < start);
    let mut before = blocks.bytes.get(..at).unwrap_or(&[]).to_vec();
    let Some(high) = quantile(&mut before, 0.95) else { return true };
    let last = blocks.bytes.len().saturating_sub((blocks.bytes.len() / 24).max(3));
    let end = median(&mut blocks.bytes.get(last..).unwrap_or(&[]).to_vec()).unwrap_or(0.0);
    end - high >= LEAST_NEW_HIGH * growth
}

/// The share of the rise since `start` that fell into the last quarter of its time.
fn late_share(blocks: &Blocks, start: f64) -> f64 {
    let last = blocks.hours.last().copied().unwrap_or(0.0);
    let level = |from: f64, to: f64| {
        let mut part: Vec<f64> = blocks
            .hours
            .iter()
            .zip(&blocks.bytes)
            .filter(|(hour, _)| **hour >= from && **hour <= to)
            .map(|(_, bytes)| *bytes)
            .collect();
        median(&mut part)
    };
    let whole = last - start;
    let near = whole / 20.0;
    match (
        level(start - near, start + near),
        level(last - whole / 4.0 - near, last - whole / 4.0 + near),
        level(last - near, last),
    ) {
        (Some(first), Some(quarter), Some(end)) if end > first => (end - quarter) / (end - first),
        _ => 0.25,
    }
}

/// The growth must not hang on a few single rises, as that of steps does. Noise rises
/// and falls alike: in a rest that no tag shows (`even_out`), and where there are rises enough, what the greatest falls
/// take is no part of a step.
fn spread_out(blocks: &Blocks, start: f64, growth: f64, even_out: bool) -> bool {
    // A start between two blocks: the rise from the one before it may be the step.
    let at = blocks.hours.partition_point(|hour| *hour < start).saturating_sub(1);
    let after = blocks.bytes.get(at..).unwrap_or(&[]);
    let mut rises: Vec<f64> = after.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let net: f64 = rises.iter().sum();
    rises.sort_unstable_by(|a, b| b.total_cmp(a));
    // A step may fall into the middle of a block of several samples and show as two rises.
    let least = if blocks.samples > blocks.hours.len() { 2 } else { 1 };
    let few = (rises.len() / 12).clamp(least, 4);
    let biggest: f64 = rises.iter().take(few).sum();
    // Noise rises and falls alike; steps that stay only rise.
    let noise: f64 = match even_out || rises.len() >= RISES_WITH_NOISE {
        true => rises.iter().rev().take(few).map(|rise| -rise.min(0.0)).sum(),
        false => 0.0,
    };
    let typical = median(&mut rises).unwrap_or(0.0).max(0.0);
    let fair = typical * few as f64 + noise;
    net.max(growth) - (biggest - fair).max(0.0) >= LEAST_SPREAD_OUT * growth
}
