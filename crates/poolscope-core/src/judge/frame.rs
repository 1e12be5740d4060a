//! The columns every fit uses, made once for a set of moments: all tags of a host share them.
//!
//! For each noise of the grid and for each null space (a level; a level with the daily and weekly cycle) the
//! hinges, saturating and quadratic curves are whitened and freed of the null space. A fit is then a few
//! inner products.

use super::noise::{Noise, WANDERING, Whitener, grid};

/// Hours of a day and of a week.
const DAY: f64 = 24.0;
const WEEK: f64 = 168.0;
/// Below this span no daily cycle is fitted: less than a period cannot be told from a trend.
const LEAST_SPAN_FOR_CYCLES: f64 = 20.0;
/// Weekly cycles are fitted from two weeks on.
const LEAST_SPAN_FOR_WEEKS: f64 = 2.0 * WEEK;
/// Harmonics of the day that are fitted, where there are blocks enough.
const HARMONICS: usize = 3;
/// Time constants a saturating curve makes over the stretch from its start to the end of the series.
pub(crate) const TURNS: [f64; 5] = [1.2, 2.2, 4.0, 8.0, 16.0];
/// Starts of curves.
const CURVE_STARTS: usize = 12;
/// A growth must have at least this many blocks after its start.
pub(crate) const LEAST_BLOCKS_OF_GROWTH: usize = 4;

/// A curve that bends: its start (an index into the blocks) and its whitened column.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    /// Block at which it starts.
    pub start: usize,
    /// Time constants to the end; `None` for the quadratic.
    pub turns: Option<f64>,
    /// The column, free of the null space.
    pub column: Vec<f64>,
    /// Its squared length.
    pub norm: f64,
    /// Its product with the hinge of the same start.
    pub with_hinge: f64,
}

/// Hinges and curves for one noise and one null space.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    /// Orthonormal columns of the null space.
    pub null: Vec<Vec<f64>>,
    /// `hinges[i]`: 0 before block i, then rising by 1 an hour.
    pub hinges: Vec<Vec<f64>>,
    /// Inner products of the hinges, row by row.
    pub gram: Vec<f64>,
    /// Bending curves.
    pub curves: Vec<Curve>,
}

impl Space {
    /// Inner product of hinges `i` and `j`.
    pub(crate) fn product(&self, i: usize, j: usize) -> f64 {
        self.gram.get(i * self.hinges.len() + j).copied().unwrap_or(0.0)
    }
}

/// One noise over the frame's moments.
#[derive(Clone, Debug)]
pub(crate) struct Lens {
    /// The noise is as good as a random walk.
    pub wanders: bool,
    /// The filter.
    pub whitener: Whitener,
    /// Squared length of the whitened level column: how well this noise lets the level be known.
    pub level_norm: f64,
    /// Null spaces: the level, then the level with its cycles where the span allows.
    pub spaces: Vec<Space>,
}

/// Everything that depends on the moments alone.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The moments, hours.
    pub hours: Vec<f64>,
    /// One lens a noise of the grid.
    pub lenses: Vec<Lens>,
}

impl Frame {
    /// The frame of these moments (rising hours).
    pub(crate) fn new(hours: &[f64]) -> Self {
        let span = (hours.last().copied().unwrap_or(0.0) - hours.first().copied().unwrap_or(0.0)).max(1e-9);
        let level = vec![vec![1.0; hours.len()]];
        let mut nulls = vec![level.clone()];
        let cycles = cycle_columns(hours, span);
        if !cycles.is_empty() {
            nulls.push(level.into_iter().chain(cycles).collect());
        }
        let hinges: Vec<Vec<f64>> = hours
            .iter()
            .take(hours.len().saturating_sub(1))
            .map(|from| hours.iter().map(|hour| (hour - from).max(0.0)).collect())
            .collect();
        let curves = curve_columns(hours);
        let lenses = grid()
            .into_iter()
            .map(|noise: Noise| {
                let whitener = Whitener::new(noise, hours, span);
                let spaces = nulls.iter().map(|null| space(&whitener, null, &hinges, &curves)).collect();
                let level = whitener.apply(&vec![1.0; hours.len()]);
                Lens {
                    wanders: noise.correlation >= WANDERING,
                    whitener,
                    level_norm: dot(&level, &level),
                    spaces,
                }
            })
            .collect();
        Self { hours: hours.to_vec(), lenses }
    }
}

fn cycle_columns(hours: &[f64], span: f64) -> Vec<Vec<f64>> {
    let mut periods = Vec::new();
    if span >= LEAST_SPAN_FOR_CYCLES {
        let harmonics = (hours.len().saturating_sub(4) / 6).min(HARMONICS);
        periods.extend((1..=harmonics).map(|k| DAY / k as f64));
    }
    if span >= LEAST_SPAN_FOR_WEEKS && hours.len() >= 48 {
        periods.extend([WEEK, WEEK / 2.0]);
    }
    let wave = |period: f64, shift: f64| -> Vec<f64> {
        hours.iter().map(|hour| (hour / period * std::f64::consts::TAU + shift).sin()).collect()
    };
    periods
        .iter()
        .flat_map(|&period| [wave(period, 0.0), wave(period, std::f64::consts::FRAC_PI_2)])
        .collect()
}

/// Start, time constants (`None`: quadratic) and values of every bending curve.
fn curve_columns(hours: &[f64]) -> Vec<(usize, Option<f64>, Vec<f64>)> {
    let n = hours.len();
    let end = hours.last().copied().unwrap_or(0.0);
    let mut out = Vec::new();
    let mut starts: Vec<usize> = (0..CURVE_STARTS).map(|i| i * n / CURVE_STARTS).collect();
    starts.dedup();
    for start in starts.into_iter().filter(|start| start + LEAST_BLOCKS_OF_GROWTH + 2 <= n) {
        let from = hours.get(start).copied().unwrap_or(0.0);
        let whole = (end - from).max(1e-9);
        let done = |hour: &f64| ((hour - from) / whole).max(0.0);
        for turns in TURNS {
            out.push((start, Some(turns), hours.iter().map(|h| 1.0 - (-turns * done(h)).exp()).collect()));
        }
        out.push((start, None, hours.iter().map(|h| done(h).powi(2)).collect()));
    }
    out
}

fn space(
    whitener: &Whitener,
    null: &[Vec<f64>],
    hinges: &[Vec<f64>],
    curves: &[(usize, Option<f64>, Vec<f64>)],
) -> Space {
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(null.len());
    for column in null {
        let mut column = whitener.apply(column);
        let before = dot(&column, &column);
        free_of(&mut column, &basis);
        free_of(&mut column, &basis);
        let norm = dot(&column, &column);
        if norm > 1e-9 * before {
            let scale = 1.0 / norm.sqrt();
            column.iter_mut().for_each(|value| *value *= scale);
            basis.push(column);
        }
    }
    let freed = |column: &Vec<f64>| {
        let mut column = whitener.apply(column);
        free_of(&mut column, &basis);
        column
    };
    let hinges: Vec<Vec<f64>> = hinges.iter().map(freed).collect();
    let count = hinges.len();
    let mut gram = vec![0.0; count * count];
    for (i, a) in hinges.iter().enumerate() {
        for (j, b) in hinges.iter().enumerate().skip(i) {
            let product = dot(a, b);
            for at in [i * count + j, j * count + i] {
                if let Some(slot) = gram.get_mut(at) {
                    *slot = product;
                }
            }
        }
    }
    let curves = curves
        .iter()
        .filter_map(|(start, turns, column)| {
            let column = freed(column);
            let norm = dot(&column, &column);
            let with_hinge = dot(&column, hinges.get(*start)?);
            (norm > 1e-12).then_some(Curve { start: *start, turns: *turns, column, norm, with_hinge })
        })
        .collect();
    Space { null: basis, hinges, gram, curves }
}

/// Takes out of `column` what lies in the span of the orthonormal `basis`.
pub(crate) fn free_of(column: &mut [f64], basis: &[Vec<f64>]) {
    for unit in basis {
        let share = dot(column, unit);
        column.iter_mut().zip(unit).for_each(|(value, unit)| *value -= share * unit);
    }
}

/// Inner product.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four sums side by side, so that the compiler may use vector registers.
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a4.zip(b4) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest
}
