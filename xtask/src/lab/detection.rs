//! How early a leak is said: the host is judged on ever longer beginnings of its series.

use poolscope_testkit::lab::baseline;
use poolscope_testkit::lab::score::{Answer, Said, quantile};
use poolscope_testkit::lab::truth::{LabHost, Shape};

use super::bridge;

/// Each beginning is this much longer than the one before, counted from the onset.
const STEP: f64 = 1.35;

/// When one leak was first said, by us and by least squares.
#[derive(Clone, Copy, Debug)]
pub struct Detection {
    /// Hours from the onset to exhaustion.
    pub whole: f64,
    /// Hours from the onset (or the first sample) to our first right answer; `None` if never.
    pub ours: Option<f64>,
    /// The same for least squares with its fixed threshold.
    pub least_squares: Option<f64>,
}

/// Watches one host with a single even leak; `None` for any other host.
pub fn watch(host: &LabHost) -> Option<Detection> {
    let [leak] = host.leaks.as_slice() else { return None };
    let total = host.totals.iter().find(|total| total.pool == leak.pool)?;
    let times = &total.times;
    if leak.shape != Shape::SteadyLeak || leak.tag.is_none() || !leak.evidence.suffices(times) {
        return None;
    }
    let onset = leak.onset.unwrap_or(*times.first()?);
    let hours = |time: i64| (time - onset) as f64 / 3.6e9;
    let whole = hours(total.ends?);
    let first = times.partition_point(|time| *time <= onset);
    let right = |answer: &Answer| {
        answer.said == Said::Leak && answer.suspects.first().map(|suspect| suspect.tag) == leak.tag
    };
    let mut out = Detection { whole, ours: None, least_squares: None };
    let mut samples = 8.0;
    while out.ours.is_none() || out.least_squares.is_none() {
        let end = first + samples as usize;
        if end > times.len() {
            break;
        }
        let seen = host.view(&(0..end).collect::<Vec<_>>());
        let at = hours(*times.get(end - 1)?);
        if out.ours.is_none() {
            let judged = bridge::Inputs::of(&seen, false).judge();
            out.ours = right(&bridge::answer(&seen, &judged)).then_some(at);
        }
        if out.least_squares.is_none() {
            out.least_squares = right(&baseline::least_squares(&seen)).then_some(at);
        }
        samples = (samples * STEP).ceil();
    }
    Some(out)
}

/// Prints what was found.
pub fn print(all: &[Detection]) {
    let shares = |of: fn(&Detection) -> Option<f64>| -> Vec<f64> {
        all.iter().map(|d| of(d).map_or(f64::INFINITY, |hours| hours / d.whole)).collect()
    };
    let hours: Vec<f64> = all.iter().map(|d| d.ours.unwrap_or(f64::INFINITY)).collect();
    let later = all
        .iter()
        .filter(|d| d.least_squares.unwrap_or(f64::INFINITY) < d.ours.unwrap_or(f64::INFINITY))
        .count();
    println!("Time to detection, {} even leaks", all.len());
    for (name, shares) in [("poolscope", shares(|d| d.ours)), ("least squares", shares(|d| d.least_squares))]
    {
        println!(
            "  {name:<16} median {:.2} % of the time from onset to exhaustion, 75 % {:.2} %, 90 % {:.2} %",
            100.0 * quantile(&shares, 0.5),
            100.0 * quantile(&shares, 0.75),
            100.0 * quantile(&shares, 0.9)
        );
    }
    println!(
        "  in hours: median {:.1}, 90 % {:.1} (usual advice: watch for 48 h); later than least squares in {later}",
        quantile(&hours, 0.5),
        quantile(&hours, 0.9)
    );
}
