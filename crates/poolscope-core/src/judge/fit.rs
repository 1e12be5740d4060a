//! Every shape fitted to one series under every noise, and weighed: which shape, how steep, since when, and
//! how surely not by chance.
//!
//! Weights are marginal likelihoods (maximum over level, slope and scale; mean over start and curvature;
//! mean over the noise grid under the host's own noise prior), so a shape with more freedom pays for it.

use super::frame::{Frame, LEAST_BLOCKS_OF_GROWTH, Space, dot};
use super::likelihood::{LogSum, log_likelihood};
use super::shapes::{curves, ramps, worth};
use super::stats::student_tail;

/// The shapes a series is weighed between. The order is that of [`Fit::weights`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Level, with its cycles where they fit.
    Level,
    /// Level with a cycle of the day or week.
    Cycle,
    /// Rising evenly since the start or an onset.
    Rising,
    /// Rising faster and faster.
    Accelerating,
    /// Rising or falling between two moments, flat before and after.
    Ramp,
    /// Rising slower and slower, full by the end.
    Saturated,
    /// Rising slower and slower, not full by the end.
    Filling,
    /// Falling since the start or an onset.
    Falling,
}

/// How many shapes there are.
const SHAPES: usize = 8;

/// A rise that starts within this share of the series is as good as one that was always there.
const AT_ONCE: f64 = 0.025;

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    /// Probability of each [`Shape`], by its place.
    pub weights: [f64; SHAPES],
    /// Rise an hour since the start of the rise, and its standard error.
    pub slope: f64,
    /// Standard error of `slope`, the doubt about noise and start included.
    pub slope_error: f64,
    /// Probability that a series without any trend looks so steep.
    pub chance: f64,
    /// Start of the rise: probability that it lies before the series.
    pub from_the_first: f64,
    /// Start of the rise in hours: 5 %, mean (of a start within the series) and 95 %.
    pub start: [f64; 3],
    /// Block at which the rise most likely starts.
    pub start_block: usize,
    /// How the rise bends in the middle: its change of steepness there as a share of the steepness before,
    /// and that share over its standard error. Negative: it slows down.
    pub bend: (f64, f64),
    /// The same with no cycle taken out: within one day the harmonics take a bend for their own.
    pub bare_bend: (f64, f64),
    /// Start and end (hours) of the most likely ramp, and its height.
    pub ramp: (f64, f64, f64),
}

impl Fit {
    /// Probability of a shape.
    pub(crate) fn weight(&self, shape: Shape) -> f64 {
        self.weights.get(shape as usize).copied().unwrap_or(0.0)
    }

    /// The most probable shape.
    pub(crate) fn best(&self) -> Shape {
        const ALL: [Shape; SHAPES] = [
            Shape::Level,
            Shape::Cycle,
            Shape::Rising,
            Shape::Accelerating,
            Shape::Ramp,
            Shape::Saturated,
            Shape::Filling,
            Shape::Falling,
        ];
        ALL.into_iter().max_by(|a, b| self.weight(*a).total_cmp(&self.weight(*b))).unwrap_or(Shape::Level)
    }
}

/// One candidate of the rising shape: what the estimate averages over.
struct Candidate {
    log_weight: f64,
    /// The same for rates: a leak's own arrivals wander, so wandering noise keeps its weight.
    log_rate_weight: f64,
    slope: f64,
    error: f64,
    freedom: f64,
    start: usize,
    /// Place of the start between its block and the next, 0 to 1.
    within: f64,
}

/// Fits `values` (parallel to the frame's hours). `noise_prior` weighs the lenses; `grain` is the smallest
/// change the source can show (one allocation), which bounds the noise from below. Without `shapes` only
/// level and rise are fitted: rate and chance are right, the weights are not.
pub(crate) fn fit(frame: &Frame, values: &[f64], noise_prior: &[f64], grain: f64, shapes: bool) -> Fit {
    let n = values.len() as f64;
    let middle = values.get(values.len() / 2).copied().unwrap_or(0.0);
    let centred: Vec<f64> = values.iter().map(|value| value - middle).collect();
    let mut sums = [LogSum::NONE; SHAPES];
    let mut candidates: Vec<Candidate> = Vec::new();
    let wandering = frame.lenses.iter().filter(|lens| lens.wanders).count().max(1) as f64;
    let mut bent: Vec<(f64, f64)> = Vec::new();
    let mut bends = [(f64::NEG_INFINITY, (0.0, 0.0)); 2];
    let mut best_ramp = (f64::NEG_INFINITY, (0.0, 0.0, 0.0));
    for (lens, prior) in frame.lenses.iter().zip(noise_prior) {
        let rate_prior = 0.7 * prior + if lens.wanders { 0.3 / wandering } else { 0.0 };
        if rate_prior < 1e-6 {
            continue;
        }
        let prior = prior.max(1e-9);
        let rate_shift = (rate_prior / prior).ln();
        let white = lens.whitener.apply(&centred);
        for (cycles, space) in lens.spaces.iter().enumerate() {
            let used = space.null.len() as f64;
            let mut free = white.clone();
            super::frame::free_of(&mut free, &space.null);
            let floor = grain * grain / 12.0 * n * (-lens.whitener.log_variance / n).exp();
            let rss = dot(&free, &free) + floor;
            let base = prior.ln() - 0.5 * (used - 1.0) * n.ln();
            let log = |left: f64, columns: f64| {
                base + log_likelihood(lens, left.max(floor.max(1e-12 * rss)), n) - 0.5 * columns * n.ln()
            };
            let mut add = |shape: Shape, log: f64| {
                if let Some(sum) = sums.get_mut(shape as usize) {
                    sum.add(log);
                }
            };
            add(if cycles == 0 { Shape::Level } else { Shape::Cycle }, log(rss, 0.0));
            let products: Vec<f64> = space.hinges.iter().map(|hinge| dot(hinge, &free)).collect();
            let from = candidates.len();
            hinges(space, &products, n, used, rss, floor, &log, &mut add, &mut candidates);
            for candidate in candidates.iter_mut().skip(from) {
                candidate.log_rate_weight = candidate.log_weight + rate_shift;
                // The first is the best of all, the second the best without a cycle.
                for (place, best) in bends.iter_mut().enumerate() {
                    if candidate.log_weight > best.0 && (place == 0 || cycles == 0) {
                        let left = n - used - 2.0;
                        let bend = bend(space, &products, candidate.start, rss, floor, left.max(1.0));
                        *best = (candidate.log_weight, bend);
                    }
                }
            }
            if !shapes {
                continue;
            }
            let ramp = ramps(space, &products, rss, n, &log, &mut add);
            if ramp.0 > best_ramp.0 {
                let hour = |at: usize| frame.hours.get(at).copied().unwrap_or(0.0);
                let (from, to) = (hour(ramp.1), hour(ramp.2));
                best_ramp = (ramp.0, (from, to, ramp.3 * (to - from)));
            }
            curves(space, &products, &free, rss, n - used, &log, &mut add, &mut bent);
        }
    }
    let top = sums.iter().map(|sum| sum.log()).fold(f64::NEG_INFINITY, f64::max);
    let mut weights = sums.map(|sum| if sum.sum > 0.0 { (sum.log() - top).exp() } else { 0.0 });
    let whole: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= whole);
    summary(frame, weights, &candidates, &bent, best_ramp.1, bends.map(|best| best.1))
}

#[expect(clippy::too_many_arguments, reason = "one loop of `fit`, apart for its length only")]
fn hinges(
    space: &Space,
    products: &[f64],
    n: f64,
    used: f64,
    rss: f64,
    floor: f64,
    log: &impl Fn(f64, f64) -> f64,
    add: &mut impl FnMut(Shape, f64),
    candidates: &mut Vec<Candidate>,
) {
    let starts = products.len().saturating_sub(LEAST_BLOCKS_OF_GROWTH - 2).max(1);
    let gain = |start: usize, product: f64| product * product / space.product(start, start).max(1e-12);
    let best = products.iter().take(starts).enumerate().map(|(at, p)| gain(at, *p)).fold(0.0, f64::max);
    let worth = worth(rss, best, floor, n);
    // The start before the series has half of the prior; the others share the rest.
    let late = (0.5 / (starts.max(2) - 1) as f64).ln();
    for (start, product) in products.iter().take(starts).enumerate() {
        let norm = space.product(start, start);
        if norm < 1e-12 || rss - gain(start, *product) > worth {
            continue;
        }
        let left = (rss - product * product / norm).max(floor.max(1e-12 * rss));
        let prior = if start == 0 { 0.5f64.ln() } else { late };
        let weight = log(left, 1.0) + prior;
        if *product <= 0.0 {
            add(Shape::Falling, weight);
            continue;
        }
        let freedom = (n - used - 1.0).max(1.0);
        let straight = Candidate {
            log_weight: weight,
            log_rate_weight: weight,
            slope: product / norm,
            error: (left / freedom / norm).sqrt(),
            freedom,
            start,
            within: 0.0,
        };
        // A rise that starts between two blocks is a kink at each of them. Before the second block it is an onset
        // like any other, beside the rise that was always there; later the better of the two stands for both.
        let kinked = between(space, products, start, rss, floor, freedom - 1.0).map(|(left, within)| {
            let weight = log(left, 2.0) + if start == 0 { late } else { prior };
            Candidate { log_weight: weight, log_rate_weight: weight, start, freedom: freedom - 1.0, ..within }
        });
        let better = kinked.as_ref().is_some_and(|kinked| kinked.log_weight > straight.log_weight);
        let straight = (start == 0 || !better).then_some(straight);
        for candidate in straight.into_iter().chain(kinked.filter(|_| start == 0 || better)) {
            add(Shape::Rising, candidate.log_weight);
            candidates.push(candidate);
        }
    }
}

/// A rise that starts between blocks `start` and the next: what it leaves over, its slope after both, and the
/// place of the start between them.
fn between(
    space: &Space,
    products: &[f64],
    start: usize,
    rss: f64,
    floor: f64,
    freedom: f64,
) -> Option<(f64, Candidate)> {
    let (a, b) = (products.get(start)?, products.get(start + 1)?);
    let (aa, bb) = (space.product(start, start), space.product(start + 1, start + 1));
    let ab = space.product(start, start + 1);
    let whole = aa * bb - ab * ab;
    if whole <= 1e-9 * aa * bb || freedom < 1.0 {
        return None;
    }
    let (first, second) = ((a * bb - b * ab) / whole, (b * aa - a * ab) / whole);
    let slope = first + second;
    if first < 0.0 || second < 0.0 {
        return None;
    }
    let left = (rss - first * a - second * b).max(floor.max(1e-12 * rss));
    let error = (left / freedom * (aa + bb - 2.0 * ab) / whole).sqrt();
    let within = second / slope;
    Some((left, Candidate { log_weight: 0.0, log_rate_weight: 0.0, slope, error, freedom, start, within }))
}

/// How a rise from block `start` bends halfway to the end; see [`Fit::bend`].
fn bend(space: &Space, products: &[f64], start: usize, rss: f64, floor: f64, freedom: f64) -> (f64, f64) {
    let middle = (start + products.len()).div_ceil(2);
    let (Some(a), Some(b)) = (products.get(start), products.get(middle)) else { return (0.0, 0.0) };
    let (aa, bb) = (space.product(start, start), space.product(middle, middle));
    let ab = space.product(start, middle);
    let whole = aa * bb - ab * ab;
    if whole <= 1e-9 * aa * bb || middle <= start {
        return (0.0, 0.0);
    }
    let (slope, change) = ((a * bb - b * ab) / whole, (b * aa - a * ab) / whole);
    let left = (rss - slope * a - change * b).max(floor.max(1e-12 * rss));
    let error = (left / freedom * aa / whole).sqrt();
    (change / slope.abs().max(1e-300), change / error)
}

fn summary(
    frame: &Frame,
    weights: [f64; SHAPES],
    candidates: &[Candidate],
    bent: &[(f64, f64)],
    ramp: (f64, f64, f64),
    [bend, bare_bend]: [(f64, f64); 2],
) -> Fit {
    let mut out = Fit {
        weights,
        slope: 0.0,
        slope_error: 0.0,
        chance: 1.0,
        from_the_first: 1.0,
        start: [0.0; 3],
        start_block: 0,
        bend,
        bare_bend,
        ramp,
    };
    let highest =
        |weight: fn(&Candidate) -> f64| candidates.iter().map(weight).fold(f64::NEG_INFINITY, f64::max);
    let (top, rate_top) = (highest(|c| c.log_weight), highest(|c| c.log_rate_weight));
    let mut starts = vec![0.0; frame.hours.len()];
    let hour = |at: usize| frame.hours.get(at).copied().unwrap_or(0.0);
    let (mut sum, mut chance) = (0.0, 0.0);
    let (mut at_once, mut late_start, mut late_sum) = (0.0, 0.0, 0.0);
    let near = hour(0) + AT_ONCE * (hour(frame.hours.len().saturating_sub(1)) - hour(0));
    let (mut rate_sum, mut slope, mut square) = (0.0, 0.0, 0.0);
    for candidate in candidates {
        let weight = (candidate.log_weight - top).exp();
        sum += weight;
        if weight > 1e-12 {
            chance += weight * student_tail(candidate.slope / candidate.error, candidate.freedom);
        }
        if let Some(start) = starts.get_mut(candidate.start) {
            *start += weight;
        }
        let from = hour(candidate.start);
        let from = from + candidate.within * (hour(candidate.start + 1) - from);
        if from <= near {
            at_once += weight;
        } else {
            late_start += weight * from;
            late_sum += weight;
        }
        let weight = (candidate.log_rate_weight - rate_top).exp();
        rate_sum += weight;
        slope += weight * candidate.slope;
        square += weight * (candidate.error.powi(2) + candidate.slope.powi(2));
    }
    if sum <= 0.0 || rate_sum <= 0.0 {
        return out;
    }
    out.slope = slope / rate_sum;
    out.slope_error = (square / rate_sum - out.slope * out.slope).max(0.0).sqrt();
    let (mut whole, mut chances) = (sum, chance);
    for (log, chance) in bent {
        let weight = (log - top).min(600.0).exp();
        whole += weight;
        chances += weight * chance;
    }
    out.chance = chances / whole;
    out.from_the_first = at_once / sum;
    out.start[1] = if late_sum > 0.0 { late_start / late_sum } else { hour(0) };
    let (mut passed, mut most, mut late) = (0.0, 0.0, false);
    for (at, weight) in starts.iter().map(|weight| weight / sum).enumerate() {
        if passed < 0.05 && passed + weight >= 0.05 {
            out.start[0] = hour(at.saturating_sub(1));
        }
        passed += weight;
        if passed >= 0.95 && !late {
            out.start[2] = hour((at + 1).min(frame.hours.len() - 1));
            late = true;
        }
        if weight > most {
            most = weight;
            out.start_block = at;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_ten_samples_a_rise_that_begins_between_the_first_two_is_an_onset_and_an_old_one_is_not() {
        let hours: Vec<f64> = (0..10).map(f64::from).collect();
        let frame = Frame::new(&hours);
        let prior = vec![1.0 / frame.lenses.len() as f64; frame.lenses.len()];
        let rise = |onset: f64| -> Vec<f64> {
            hours.iter().enumerate().map(|(i, h)| 1e6 * (h - onset).max(0.0) + ((i * 7) % 5) as f64).collect()
        };
        let young = fit(&frame, &rise(0.6), &prior, 1.0, true);
        assert!(young.from_the_first < 0.5 && (young.start[1] - 0.6).abs() < 0.05, "{:?}", young.start);
        let old = fit(&frame, &rise(-5.0), &prior, 1.0, true);
        assert!(old.from_the_first > 0.9, "{}", old.from_the_first);
    }
}
