//! Robust slopes. First version: Theil-Sen on block medians, with a rank interval.

/// Median of `values`, which are reordered; `None` when empty.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let (_, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if values.len().is_multiple_of(2) {
        let lower = values.get(..middle)?.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        return Some((lower + upper) / 2.0);
    }
    Some(upper)
}

/// The slopes between all pairs of points, sorted; points of equal time are skipped.
pub(crate) fn pair_slopes(times: &[f64], values: &[f64]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(times.len() * times.len() / 2);
    for (at, (&t1, &v1)) in times.iter().zip(values).enumerate() {
        for (&t2, &v2) in times.iter().zip(values).skip(at + 1) {
            if t2 > t1 {
                slopes.push((v2 - v1) / (t2 - t1));
            }
        }
    }
    slopes.sort_unstable_by(f64::total_cmp);
    slopes
}

/// The Mann-Kendall statistic as a standard normal deviate, ties corrected; 0 with fewer than three points.
pub(crate) fn mann_kendall(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    if n < 3.0 {
        return 0.0;
    }
    let mut score = 0.0f64;
    for (at, a) in values.iter().enumerate() {
        for b in values.iter().skip(at + 1) {
            score += match b.total_cmp(a) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Less => -1.0,
                std::cmp::Ordering::Equal => 0.0,
            };
        }
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|run| run.len() as f64)
        .map(|t| t * (t - 1.0) * (2.0 * t + 5.0))
        .sum();
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0;
    if variance <= 0.0 || score == 0.0 { 0.0 } else { (score - score.signum()) / variance.sqrt() }
}
