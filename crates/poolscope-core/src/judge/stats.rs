//! The few plain statistics the judge needs: medians and tails. No series, no time.

/// 90 % of a normal lies within this many standard errors.
pub(crate) const NINETY: f64 = 1.645;

/// Errors are this much wider than the average over shapes, onsets and noises says: what was chosen by looking at all
/// tags (the noises of the host, which tag leaks) is not in it. Fitted on tuning seeds of the laboratory.
pub(crate) const CHOSEN_BY_LOOKING: f64 = 1.1;

/// Median of `values`, which are reordered; `None` when empty.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The quantile `share` (0 to 1) of `values`, which are reordered; between two values the mean is taken for
/// the median, the nearest otherwise. `None` when empty.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let low = (place + 1e-9).floor() as usize;
    let (_, &mut at, above) = values.select_nth_unstable_by(low, f64::total_cmp);
    if place - low as f64 > 0.4 {
        let next = above.iter().copied().fold(f64::INFINITY, f64::min);
        return Some(if next.is_finite() { (at + next) / 2.0 } else { at });
    }
    Some(at)
}

/// A robust standard deviation: 1.4826 times the median absolute deviation from the median.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let mut copy = values.to_vec();
    let Some(middle) = median(&mut copy) else { return 0.0 };
    for value in &mut copy {
        *value = (*value - middle).abs();
    }
    1.4826 * median(&mut copy).unwrap_or(0.0)
}

/// Upper tail of the standard normal (Chebyshev fit of erfc; relative error below 2e-7 in the whole tail).
pub(crate) fn normal_tail(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    const C: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let poly = C.iter().rev().fold(0.0, |sum, c| sum * t + c);
    let tail = 0.5 * t * (-x * x + poly).exp();
    if z >= 0.0 { tail } else { 1.0 - tail }
}

/// Upper tail of Student's t (Wallace's transformation to a normal deviate; within 5 % of the tail itself).
pub(crate) fn student_tail(t: f64, freedom: f64) -> f64 {
    let z = (freedom * (t * t / freedom).ln_1p()).sqrt() * (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0);
    normal_tail(z.copysign(t))
}

/// 90 % of Student's t lies within this many standard errors (Cornish and Fisher's expansion: within 2 % from two
/// degrees of freedom on; one degree is 12 % too narrow).
pub(crate) fn student_ninety(freedom: f64) -> f64 {
    let (z, v) = (NINETY, freedom.max(1.0));
    let [z3, z5, z7] = [3, 5, 7].map(|power| z.powi(power));
    z + (z3 + z) / (4.0 * v)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v * v)
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * v.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_tenths_of_student_agree_with_tables() {
        for (freedom, reach) in [(2.0, 2.920), (4.0, 2.132), (8.0, 1.860), (13.0, 1.771), (1e9, 1.645)] {
            assert!((student_ninety(freedom) / reach - 1.0).abs() < 0.02, "{freedom}");
        }
    }

    #[test]
    fn tails_agree_with_tables() {
        for (z, tail) in [(0.0, 0.5), (1.644_854, 0.05), (3.0, 1.349_898e-3), (6.0, 9.865_876e-10)] {
            assert!((normal_tail(z) / tail - 1.0).abs() < 1e-5, "{z}: {}", normal_tail(z));
        }
        // Student with 8 degrees of freedom: t = 3.355 has a tail of 0.005, t = 5.041 of 0.0005.
        for (t, tail) in [(3.355_387, 0.005), (5.041_305, 0.0005), (-3.355_387, 0.995)] {
            assert!((student_tail(t, 8.0) / tail - 1.0).abs() < 0.05, "{t}: {}", student_tail(t, 8.0));
        }
    }

    #[test]
    fn medians_of_even_and_odd_lists() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&mut []), None);
        assert_eq!(quantile(&mut [5.0, 1.0, 4.0, 2.0, 3.0], 1.0), Some(5.0));
    }
}
