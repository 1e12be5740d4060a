//! Whether stated probabilities come true that often.

use std::collections::BTreeMap;

/// Verdicts of one stated confidence (or of several near each other).
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Reliability {
    /// Verdicts.
    pub of: usize,
    /// Of these, right.
    pub right: usize,
    /// Sum of what was stated.
    pub stated: f64,
}

impl Reliability {
    /// Adds one verdict.
    pub fn add(&mut self, stated: f64, right: bool) {
        self.of += 1;
        self.right += usize::from(right);
        self.stated += stated;
    }

    /// The mean of what was stated, 0 to 1.
    pub fn mean_stated(&self) -> f64 {
        self.stated / self.of.max(1) as f64
    }

    /// The share that was right, 0 to 1.
    pub fn came_true(&self) -> f64 {
        self.right as f64 / self.of.max(1) as f64
    }

    /// How far what was stated lies from what came true, in standard errors of the latter.
    pub fn deviate(&self) -> f64 {
        let p = self.mean_stated().clamp(0.001, 0.999);
        (self.came_true() - p) / (p * (1.0 - p) / self.of.max(1) as f64).sqrt()
    }
}

/// Upper ends of the bins of stated confidence.
const BINS: [f64; 7] = [0.1, 0.3, 0.6, 0.8, 0.9, 0.96, 1.01];

/// By stated confidence.
pub fn by_confidence(stated: &[(f64, &'static str, bool)]) -> Vec<Reliability> {
    let mut bins = vec![Reliability::default(); BINS.len()];
    for (confidence, _, right) in stated {
        let at = BINS.iter().position(|end| confidence < end).unwrap_or(BINS.len() - 1);
        bins[at].add(*confidence, *right);
    }
    bins.retain(|bin| bin.of > 0);
    bins
}

/// By what the confidence rests on.
pub fn by_grounds<'a>(
    stated: impl Iterator<Item = &'a (f64, &'static str, bool)>,
) -> BTreeMap<&'static str, Reliability> {
    let mut rows: BTreeMap<&'static str, Reliability> = BTreeMap::new();
    for (confidence, grounds, right) in stated {
        rows.entry(grounds).or_default().add(*confidence, *right);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stated_half_and_right_in_one_of_four_is_a_standard_error_low() {
        let stated = [(0.5, "row", true), (0.5, "row", false), (0.5, "row", false), (0.5, "row", false)];
        let bins = by_confidence(&stated);
        assert_eq!((bins.len(), bins[0].of, bins[0].right), (1, 4, 1));
        assert!((bins[0].deviate() + 1.0).abs() < 1e-12);
        assert_eq!(by_grounds(stated.iter())["row"].came_true(), 0.25);
    }
}
