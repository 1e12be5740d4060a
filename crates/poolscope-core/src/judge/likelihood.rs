//! Likelihoods kept as logarithms: of one candidate line, and their sums.

use super::frame::Lens;

/// Sums of likelihoods kept as logarithms.
#[derive(Clone, Copy)]
pub(super) struct LogSum {
    pub(super) top: f64,
    pub(super) sum: f64,
}

impl LogSum {
    pub(super) const NONE: Self = Self { top: f64::NEG_INFINITY, sum: 0.0 };

    pub(super) fn add(&mut self, log: f64) {
        if log > self.top {
            self.sum = self.sum * (self.top - log).exp() + 1.0;
            self.top = log;
        } else if log.is_finite() {
            self.sum += (log - self.top).exp();
        }
    }

    pub(super) fn log(self) -> f64 {
        self.top + self.sum.ln()
    }
}

/// The logarithm of the likelihood, scale at its best, of `rss` left over `n` blocks; the level integrated
/// out.
pub(crate) fn log_likelihood(lens: &Lens, rss: f64, n: f64) -> f64 {
    -0.5 * (n * (rss / n).ln() + lens.whitener.log_variance + lens.level_norm.ln())
}
