//! The shapes that are no plain rise: ramps and steps, stores that fill, growth that accelerates. Each adds its
//! weights to the sums of a fit; what they mean together is decided there.

use super::fit::Shape;
use super::frame::{Space, dot};
use super::stats::student_tail;

/// What may be left over at most for a fit to matter beside the best one, which takes `best` off `rss`.
pub(crate) fn worth(rss: f64, best: f64, floor: f64, n: f64) -> f64 {
    (rss - best).max(floor.max(1e-12 * rss)) * (50.0 / n).exp()
}

/// The best ramp: its logarithm of likelihood, its two blocks and its steepness.
pub(crate) fn ramps(
    space: &Space,
    products: &[f64],
    rss: f64,
    n: f64,
    log: &impl Fn(f64, f64) -> f64,
    add: &mut impl FnMut(Shape, f64),
) -> (f64, usize, usize, f64) {
    let count = products.len();
    let stride = (count / 32).max(1);
    // A ramp is over only where it has been flat for a while.
    let latest = count.saturating_sub((count / 12).max(1));
    let mut best = (f64::NEG_INFINITY, 0, 0, 0.0);
    let pairs = (0..count).flat_map(|from| {
        let next = (from + 1 < latest).then_some((from, from + 1));
        let wide = if from % stride == 0 {
            (from + stride.max(2)..latest).step_by(stride)
        } else {
            (0..0).step_by(1)
        };
        next.into_iter().chain(wide.map(move |to| (from, to)))
    });
    let gains: Vec<(usize, usize, f64, f64)> = pairs
        .filter_map(|(from, to)| {
            let norm = space.product(from, from) + space.product(to, to) - 2.0 * space.product(from, to);
            let product = products.get(from)? - products.get(to)?;
            (norm > 1e-12).then(|| (from, to, product * product / norm, product / norm))
        })
        .collect();
    let most = gains.iter().map(|pair| pair.2).fold(0.0, f64::max);
    let worth = worth(rss, most, 0.0, n);
    let share = (1.0 / gains.len().max(1) as f64).ln();
    for (from, to, gain, steepness) in gains.into_iter().filter(|pair| rss - pair.2 <= worth) {
        let weight = log(rss - gain, 1.0) + share;
        add(Shape::Ramp, weight);
        if weight > best.0 {
            best = (weight, from, to, steepness);
        }
    }
    best
}

/// Adds the bending shapes; `bent` takes weight and chance of each accelerating one.
#[expect(clippy::too_many_arguments, reason = "one loop of `fit`, apart for its length only")]
pub(crate) fn curves(
    space: &Space,
    products: &[f64],
    free: &[f64],
    rss: f64,
    freedom: f64,
    log: &impl Fn(f64, f64) -> f64,
    add: &mut impl FnMut(Shape, f64),
    bent: &mut Vec<(f64, f64)>,
) {
    let share = (1.0 / space.curves.len().max(1) as f64).ln();
    for curve in &space.curves {
        let product = dot(&curve.column, free);
        match curve.turns {
            Some(turns) if product > 0.0 => {
                let shape = if turns > 3.0 { Shape::Saturated } else { Shape::Filling };
                add(shape, log(rss - product * product / curve.norm, 1.0) + share);
            }
            Some(_) => {}
            None => {
                let Some(&straight) = products.get(curve.start) else { continue };
                let hinge = space.product(curve.start, curve.start);
                let whole = hinge * curve.norm - curve.with_hinge * curve.with_hinge;
                if whole <= 1e-9 * hinge * curve.norm {
                    continue;
                }
                let slope = (straight * curve.norm - product * curve.with_hinge) / whole;
                let bend = (product * hinge - straight * curve.with_hinge) / whole;
                if bend > 0.0 && slope >= 0.0 {
                    let gain = slope * straight + bend * product;
                    let weight = log(rss - gain, 2.0) + share;
                    add(Shape::Accelerating, weight);
                    let freedom = (freedom - 2.0).max(1.0);
                    let left = (rss - gain).max(1e-12 * rss) / freedom;
                    bent.push((weight, student_tail((gain / left).sqrt(), freedom)));
                }
            }
        }
    }
}
