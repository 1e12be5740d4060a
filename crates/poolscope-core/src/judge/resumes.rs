//! Rises that rest and come back at full pace: the load drives them. A store that fills is slower each day.
//!
//! It only clears a rise of the suspicion that it slows down towards a bound; whether it is a leak is asked elsewhere.

/// Hours over which a pace is measured.
const WINDOW_HOURS: f64 = 3.0;
/// Windows over the whole growth at most.
const MOST_WINDOWS: f64 = 100.0;
/// A pace below this share of the quickest is a rest.
const REST: f64 = 0.5;
/// A pace of at least this share of the quickest, after a rest, is a return. A store with a time constant of two
/// days fills at 0.6 of its first day's pace on the second.
const RETURN: f64 = 0.7;
/// What falls on the way may be this share of the growth: churn makes paces that mean nothing.
const MOST_FALLS: f64 = 0.05;

/// True if the growth since `start` rested and returned. Hours rise.
pub(crate) fn resumes(hours: &[f64], bytes: &[f64], start: f64) -> bool {
    let at = hours.partition_point(|hour| *hour < start);
    let (Some(hours), Some(bytes)) = (hours.get(at..), bytes.get(at..)) else { return false };
    let (Some(&first), Some(&last)) = (hours.first(), hours.last()) else { return false };
    let steps = bytes.windows(2).map(|pair| pair[1] - pair[0]);
    let (rises, falls) =
        steps.fold((0.0, 0.0), |(up, down): (f64, f64), step| (up + step.max(0.0), down - step.min(0.0)));
    if rises <= 0.0 || falls > MOST_FALLS * (rises - falls) {
        return false;
    }
    // Years of samples need no windows of hours, and must not cost memory by their length.
    let window = WINDOW_HOURS.max((last - first) / MOST_WINDOWS);
    let count = ((last - first) / window) as usize;
    let edges: Vec<f64> =
        (0..=count).map(|edge| level(hours, bytes, last - (count - edge) as f64 * window)).collect();
    let gains: Vec<f64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut quickest = 0.0f64;
    let mut rested = false;
    for &gain in &gains {
        if rested && gain >= RETURN * quickest {
            return true;
        }
        quickest = quickest.max(gain);
        rested |= gain < REST * quickest;
    }
    false
}

/// The level at an hour, between the samples beside it.
fn level(hours: &[f64], bytes: &[f64], hour: f64) -> f64 {
    let at = hours.partition_point(|one| *one < hour).clamp(1, hours.len().max(2) - 1);
    match (hours.get(at - 1..=at), bytes.get(at - 1..=at)) {
        (Some([h0, h1]), Some([b0, b1])) if h1 > h0 => {
            b0 + (b1 - b0) * ((hour - h0) / (h1 - h0)).clamp(0.0, 1.0)
        }
        _ => bytes.last().copied().unwrap_or(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half-hour samples of a level whose pace at an hour is given.
    fn series(days: f64, pace: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
        let mut level = 5e6;
        let hours: Vec<f64> = (0..(days * 48.0) as usize).map(|at| at as f64 / 2.0).collect();
        let bytes = hours.iter().map(|&hour| {
            level += pace(hour) / 2.0;
            level
        });
        let bytes = bytes.collect();
        (hours, bytes)
    }

    fn by_day(hour: f64) -> bool {
        (7.0..19.0).contains(&(hour % 24.0))
    }

    #[test]
    fn a_leak_that_follows_the_load_returns_in_the_morning() {
        let (hours, bytes) = series(1.4, |hour| if by_day(hour) { 35e6 } else { 8e6 });
        assert!(resumes(&hours, &bytes, 0.0));
    }

    #[test]
    fn a_store_that_fills_does_not_return_at_full_pace() {
        for constant in [6.0, 15.0, 40.0] {
            let (hours, bytes) = series(2.5, |hour| 40e6 * (-hour / constant).exp());
            assert!(!resumes(&hours, &bytes, 0.0), "{constant}");
            let (hours, bytes) =
                series(2.5, |hour| 40e6 * (-hour / constant).exp() * if by_day(hour) { 1.0 } else { 0.2 });
            assert!(!resumes(&hours, &bytes, 7.0), "by day, {constant}");
        }
    }

    #[test]
    fn churn_says_nothing() {
        let (hours, bytes) = series(2.0, |hour| 2e6 + 60e6 * (hour * 2.0).sin());
        assert!(!resumes(&hours, &bytes, 0.0));
    }
}
