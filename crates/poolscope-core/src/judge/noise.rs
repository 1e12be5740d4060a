//! The noise of pool series: a mean-reverting (Ornstein-Uhlenbeck) part plus a white part, on a fixed grid of
//! correlation times and shares, and the filter that makes such noise white.
//!
//! Uneven sampling and gaps cost nothing here: the filter sees the true time between two blocks.

/// Correlation times as shares of the span; the last are as good as a random walk.
const CORRELATION: [f64; 8] = [0.0, 0.004, 0.012, 0.035, 0.1, 0.3, 1.0, WANDERING];
/// White variance against the variance of the slow part's change over a hundredth of the span.
const WHITE: [f64; 3] = [0.05, 0.7, 8.0];
/// For the longest correlation also this one: a faint wandering under much white noise still moves a rate.
const FAINT: f64 = 80.0;
/// From this correlation time on a noise is as good as a random walk.
pub(crate) const WANDERING: f64 = 5.0;

/// One point of the grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    /// Correlation time as a share of the span; 0 is white.
    pub correlation: f64,
    /// Variance of the white part, where the slow part has 1.
    pub white: f64,
}

/// Every point of the grid; the first is white noise.
pub(crate) fn grid() -> Vec<Noise> {
    let mut out = vec![Noise { correlation: 0.0, white: 1.0 }];
    for &correlation in CORRELATION.iter().skip(1) {
        let change = 2.0 * (1.0 - (-0.01 / correlation).exp());
        out.extend(WHITE.iter().map(|white| Noise { correlation, white: white * change }));
    }
    let change = 2.0 * (1.0 - (-0.01 / WANDERING).exp());
    out.push(Noise { correlation: WANDERING, white: FAINT * change });
    out
}

/// The filter of one noise over one set of moments: prediction errors of unit variance.
#[derive(Clone, Debug)]
pub(crate) struct Whitener {
    keep: Vec<f64>,
    gain: Vec<f64>,
    scale: Vec<f64>,
    /// Sum of the logarithms of the prediction variances.
    pub log_variance: f64,
}

impl Whitener {
    /// Kalman gains for `noise` at these hours, whose whole length is `span`.
    pub(crate) fn new(noise: Noise, hours: &[f64], span: f64) -> Self {
        let n = hours.len();
        let mut out = Self {
            keep: Vec::with_capacity(n),
            gain: Vec::with_capacity(n),
            scale: Vec::with_capacity(n),
            log_variance: 0.0,
        };
        let slow = if noise.correlation > 0.0 { 1.0 } else { 0.0 };
        let memory = noise.correlation * span;
        let (mut variance, mut before): (f64, Option<f64>) = (slow, None);
        for &hour in hours {
            let keep = match before {
                Some(before) if memory > 0.0 => (-(hour - before) / memory).exp(),
                _ => 0.0,
            };
            before = Some(hour);
            variance = keep * keep * variance + (1.0 - keep * keep) * slow;
            let whole: f64 = variance + noise.white;
            let gain = variance / whole;
            variance *= 1.0 - gain;
            out.keep.push(keep);
            out.gain.push(gain);
            out.scale.push(1.0 / whole.sqrt());
            out.log_variance += whole.ln();
        }
        out
    }

    /// The whitened values.
    pub(crate) fn apply(&self, values: &[f64]) -> Vec<f64> {
        let mut state = 0.0;
        let steps = self.keep.iter().zip(&self.gain).zip(&self.scale);
        values
            .iter()
            .zip(steps)
            .map(|(value, ((keep, gain), scale))| {
                state *= keep;
                let error = value - state;
                state += gain * error;
                error * scale
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_order_path_becomes_its_shocks() {
        // y[k] = 0.5 y[k-1] + shock: with hardly any white noise the filter gives the shocks back, scaled.
        let hours: Vec<f64> = (0..50).map(f64::from).collect();
        let noise = Noise { correlation: 1.0 / (49.0 * std::f64::consts::LN_2), white: 1e-9 };
        let shocks: Vec<f64> = (0..50).map(|i| f64::from((i * 37 % 11) - 5)).collect();
        let mut path = vec![shocks[0]];
        for at in 1..50 {
            path.push(0.5 * path[at - 1] + shocks[at]);
        }
        let white = Whitener::new(noise, &hours, 49.0).apply(&path);
        for (got, shock) in white.iter().zip(&shocks).skip(1) {
            assert!((got - shock / 0.75f64.sqrt()).abs() < 1e-6, "{got} {shock}");
        }
    }
}
