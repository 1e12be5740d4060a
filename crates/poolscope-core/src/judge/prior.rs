//! The host's own noise: which noises of the grid its tags really have, learnt from all of them together
//! (empirical Bayes, expectation maximisation over the grid).
//!
//! With ten snapshots one tag cannot show whether its noise is white or wanders; two thousand tags can.

use super::frame::{Frame, dot, free_of};
use super::likelihood::log_likelihood;

/// Tags that are looked at; more add cost and little else.
const TAGS: usize = 240;
const ROUNDS: usize = 25;
/// Tags' worth of even weight over the grid mixed in, so that no noise is ruled out on little data.
const EVEN: f64 = 2.0;

/// The prior weight of each lens of `frame`, summing to 1. `series` are values parallel to its hours.
pub(crate) fn learn(frame: &Frame, series: &[&[f64]]) -> Vec<f64> {
    let lenses = frame.lenses.len();
    let mut prior = vec![1.0 / lenses as f64; lenses];
    if frame.hours.len() < 6 {
        return prior;
    }
    let step = series.len().div_ceil(TAGS).max(1);
    let tables: Vec<Vec<f64>> =
        series.iter().step_by(step).map(|values| likelihoods(frame, values)).collect();
    for _ in 0..ROUNDS {
        let mut next = vec![EVEN / lenses as f64; lenses];
        for table in &tables {
            let whole: f64 = table.iter().zip(&prior).map(|(l, p)| l * p).sum();
            if whole > 0.0 {
                next.iter_mut().zip(table.iter().zip(&prior)).for_each(|(n, (l, p))| *n += l * p / whole);
            }
        }
        let sum: f64 = next.iter().sum();
        prior = next.into_iter().map(|weight| weight / sum).collect();
    }
    prior
}

/// Likelihood of each lens for one series with a straight line (and the cycles, where fitted) taken out, the
/// greatest being 1.
fn likelihoods(frame: &Frame, values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let middle = values.first().copied().unwrap_or(0.0);
    let centred: Vec<f64> = values.iter().map(|value| value - middle).collect();
    let logs: Vec<f64> = frame
        .lenses
        .iter()
        .map(|lens| {
            let Some(space) = lens.spaces.last() else { return f64::NEG_INFINITY };
            let mut free = lens.whitener.apply(&centred);
            free_of(&mut free, &space.null);
            let line = space.hinges.first().map_or(0.0, |hinge| {
                let norm = dot(hinge, hinge);
                if norm > 1e-12 { dot(hinge, &free).powi(2) / norm } else { 0.0 }
            });
            let rss = dot(&free, &free) - line;
            if rss > 0.0 { log_likelihood(lens, rss, n) } else { f64::NEG_INFINITY }
        })
        .collect();
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top.is_finite() { logs.iter().map(|log| (log - top).exp()).collect() } else { vec![1.0; logs.len()] }
}
