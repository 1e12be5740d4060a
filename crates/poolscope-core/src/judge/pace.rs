//! How unevenly a growth arrives: what its own pace wanders, apart from noise around the line.
//!
//! Noise around a level comes back; a pace that was low for an hour is not made up for. So the rate that was
//! really seen may be known to a thousandth and the rate of the coming week still not.

use super::stats::{NINETY, student_ninety};

/// Stretches the growth is cut into, at most.
const STRETCHES: usize = 16;
/// Fewer tell nothing.
const LEAST_STRETCHES: usize = 6;

/// Variance an hour of the wandering (a random walk) of `values` around a line of this slope: the long-run
/// variance of the growths of even stretches, with their first autocovariance, since noise at the end of one
/// stretch is taken back in the next; widened by what so few stretches leave in doubt. 0 where nothing but noise is
/// seen, or too little.
pub(crate) fn wandering(hours: &[f64], values: &[f64], slope: f64) -> f64 {
    let steps = hours.len().min(values.len()).saturating_sub(1);
    let stretches = steps.min(STRETCHES);
    if stretches < LEAST_STRETCHES {
        return 0.0;
    }
    let edge = |part: usize| {
        let at = part * steps / stretches;
        Some((*hours.get(at)?, *values.get(at)?))
    };
    let off: Vec<f64> = (0..stretches)
        .filter_map(|part| {
            let (from, to) = (edge(part)?, edge(part + 1)?);
            Some(to.1 - from.1 - slope * (to.0 - from.0))
        })
        .collect();
    let own: f64 = off.iter().map(|off| off * off).sum();
    let next: f64 = off.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let whole = hours.get(steps).copied().unwrap_or(0.0) - hours.first().copied().unwrap_or(0.0);
    // The line was fitted to the same values: a share of three stretches is lost on it.
    let count = stretches as f64;
    let in_doubt = student_ninety(count - 3.0) / NINETY;
    (own + 2.0 * next).max(0.0) / whole.max(1e-9) * count / (count - 3.0) * in_doubt.powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed sequence of shocks without trend.
    fn shock(i: u32) -> f64 {
        f64::from((i * 7_919 + i * i * 31) % 1_009) / 504.0 - 1.0
    }

    #[test]
    fn a_random_walk_wanders_and_noise_around_a_line_hardly_does() {
        let hours: Vec<f64> = (0..97).map(f64::from).collect();
        let mut at = 0.0;
        let walk: Vec<f64> = (0..97)
            .map(|i| {
                at += shock(i);
                at
            })
            .collect();
        let noise: Vec<f64> = (0..97).map(shock).collect();
        // Shocks even between -1 and 1 have a variance of a third.
        let (walks, stays) = (wandering(&hours, &walk, 0.0), wandering(&hours, &noise, 0.0));
        assert!(walks > 0.1 && walks < 1.0, "{walks}");
        assert!(stays < 0.2 * walks, "{stays} {walks}");
        assert_eq!(wandering(&hours[..5], &walk[..5], 0.0), 0.0);
    }
}
