//! How early a leak is said: hosts are judged on ever longer beginnings of their series, as someone who watches
//! would, and so are healthy ones. Each simple method gets the threshold at which it accuses as many of the healthy
//! hosts as we do: only then its times are worth comparing. A store or a ramp that still fills shortly before a
//! beginning ends is a look-alike there, and counted apart for every method.

use poolscope_testkit::lab::baseline::THRESHOLDED;
use poolscope_testkit::lab::score::{Answer, Said, quantile};
use poolscope_testkit::lab::truth::{LabHost, LabTag, Shape};
use serde_json::{Value, json};

use super::bridge;

/// Each beginning holds this many times the samples of the one before, counted from the onset.
const STEP: f64 = 1.25;
/// Samples after the onset in the first beginning.
const LEAST: f64 = 8.0;
const METHODS: usize = THRESHOLDED.len();
/// What still fills lacks at least this share of what it gains.
const STILL_FILLS: f64 = 0.05;

/// What was seen of one host.
#[derive(Clone, Debug)]
pub enum Watched {
    /// Nothing leaks.
    Healthy {
        /// We accused it at some beginning.
        accused: bool,
        /// We accused a look-alike of it at some beginning.
        look_alike_accused: bool,
        /// What each method compares with its threshold: the greatest over all beginnings and tags but look-alikes.
        strongest: [f64; METHODS],
    },
    /// One even leak.
    Leak {
        /// Hours from the onset to exhaustion.
        whole: f64,
        /// Hours from the onset (or the first sample) to our first right answer; `None` if never.
        ours: Option<f64>,
        /// Each beginning: hours since the onset, and for each method what it compares with its threshold for the
        /// leaking tag and for the strongest tag that it would name before it.
        steps: Vec<(f64, [(f64, f64); METHODS])>,
    },
}

/// Watches one host with a single even leak, or a clear healthy one; `None` for any other.
pub fn watch(host: &LabHost) -> Option<Watched> {
    match host.leaks.as_slice() {
        [] if !host.look_alike => Some(watch_healthy(host)),
        [_] => watch_leak(host),
        _ => None,
    }
}

/// The ends of ever longer beginnings (samples), counted on from `first`.
fn beginnings(first: usize, samples: usize) -> impl Iterator<Item = usize> {
    let grow = |after: &f64| Some((after * STEP).ceil());
    std::iter::successors(Some(LEAST), grow)
        .map(move |n| first + n as usize)
        .take_while(move |end| *end <= samples)
}

fn begun(host: &LabHost, end: usize) -> LabHost {
    host.view(&(0..end).collect::<Vec<_>>())
}

fn ours(host: &LabHost) -> Answer {
    bridge::answer(host, &bridge::Inputs::of(host, false).judge())
}

fn watch_healthy(host: &LabHost) -> Watched {
    let samples = host.totals[0].times.len();
    // Watched as leaks are: half from the first sample, half from somewhere within.
    let from = if host.seed.is_multiple_of(2) { 0 } else { samples * (host.seed / 2 % 16) as usize / 18 };
    let mut strongest = [f64::NEG_INFINITY; METHODS];
    let (mut accused, mut look_alike_accused) = (false, false);
    for end in beginnings(from, samples) {
        let seen = begun(host, end);
        let fills: Vec<bool> = host.tags.iter().map(|tag| still_fills(tag, end)).collect();
        let clear = |tag: usize| !fills.get(tag).copied().unwrap_or(false);
        let answer = ours(&seen);
        let mut blamed = answer.suspects.iter().filter(|suspect| suspect.leaking);
        accused |= !answer.untagged.is_empty() || blamed.clone().any(|suspect| clear(suspect.tag));
        look_alike_accused |= blamed.any(|suspect| !clear(suspect.tag));
        for (best, (_, method)) in strongest.iter_mut().zip(THRESHOLDED) {
            let clear = method(&seen).into_iter().enumerate().filter(|(tag, _)| clear(*tag));
            *best = clear.map(|(_, tag)| tag.0).fold(*best, f64::max);
        }
    }
    Watched::Healthy { accused, look_alike_accused, strongest }
}

/// Whether a healthy tag is a bounded store, or a ramp, that was not full before the last eighth of the beginning
/// that holds `end` samples.
fn still_fills(tag: &LabTag, end: usize) -> bool {
    let bounded = matches!(tag.shape, Shape::Cache | Shape::RisingCache | Shape::Ramp);
    let lately = tag.bytes.get(end - end.div_ceil(8));
    match (tag.bytes.first(), lately, tag.bytes.last()) {
        (Some(&first), Some(&lately), Some(&full)) if bounded && full > first => {
            full as f64 - lately as f64 >= STILL_FILLS * (full - first) as f64
        }
        _ => false,
    }
}

fn watch_leak(host: &LabHost) -> Option<Watched> {
    let leak = host.leaks.first()?;
    let at = leak.tag?;
    let total = host.totals.iter().find(|total| total.pool == leak.pool)?;
    let times = &total.times;
    if leak.shape != Shape::SteadyLeak || !leak.evidence.suffices(times) {
        return None;
    }
    let onset = leak.onset.unwrap_or(*times.first()?);
    let hours = |time: i64| (time - onset) as f64 / 3.6e9;
    let whole = hours(total.ends?);
    let mut found = None;
    let mut steps = Vec::new();
    for end in beginnings(times.partition_point(|time| *time <= onset), times.len()) {
        let seen = begun(host, end);
        let since = hours(*times.get(end - 1)?);
        if found.is_none() {
            let answer = ours(&seen);
            let named = answer.suspects.first().map(|suspect| suspect.tag) == Some(at);
            found = (answer.said == Said::Leak && named).then_some(since);
        }
        steps.push((since, THRESHOLDED.map(|(_, method)| against_rivals(&method(&seen), at))));
    }
    Some(Watched::Leak { whole, ours: found, steps })
}

/// What is compared with the threshold: of the leaking tag, and the most of the tags ranked before it.
fn against_rivals(tags: &[(f64, f64)], leak: usize) -> (f64, f64) {
    let own = tags.get(leak).copied().unwrap_or((f64::NEG_INFINITY, f64::NEG_INFINITY));
    let before = tags.iter().filter(|tag| tag.1 > own.1).map(|tag| tag.0);
    (own.0, before.fold(f64::NEG_INFINITY, f64::max))
}

/// How early one method speaks.
struct Times {
    name: &'static str,
    /// Its threshold; not a number for us.
    threshold: f64,
    /// Share of the time from onset to exhaustion at which each leak was said; infinite where never.
    shares: Vec<f64>,
    hours: Vec<f64>,
    /// Share of the leaks that we say later than this method.
    we_are_later: f64,
}

/// What the watched hosts say together.
pub struct Summary {
    healthy: usize,
    accused: usize,
    look_alikes_accused: usize,
    leaks: usize,
    times: Vec<Times>,
}

impl Summary {
    /// Chooses the thresholds and measures the times.
    pub fn of(all: &[Watched]) -> Self {
        let mut strongest: [Vec<f64>; METHODS] = Default::default();
        let (mut healthy, mut accused, mut look_alikes_accused) = (0, 0, 0);
        for host in all {
            if let Watched::Healthy { accused: one, look_alike_accused, strongest: of } = host {
                healthy += 1;
                accused += usize::from(*one);
                look_alikes_accused += usize::from(*look_alike_accused);
                strongest.iter_mut().zip(of).for_each(|(list, value)| list.push(*value));
            }
        }
        let ours: Vec<(f64, Option<f64>)> = leaks(all).map(|(whole, ours, _)| (whole, ours)).collect();
        let mut times = vec![Times::of("poolscope", f64::NAN, &ours, &ours)];
        for (method, mut values) in strongest.into_iter().enumerate() {
            // As many healthy hosts lie above the threshold as we accuse.
            values.sort_by(|a, b| b.total_cmp(a));
            let threshold = values.get(accused).copied().unwrap_or(f64::INFINITY);
            let theirs: Vec<(f64, Option<f64>)> = leaks(all)
                .map(|(whole, _, steps)| {
                    let said = steps.iter().find(|(_, of)| {
                        let (own, rival) = of[method];
                        own > threshold && rival <= threshold
                    });
                    (whole, said.map(|step| step.0))
                })
                .collect();
            times.push(Times::of(THRESHOLDED[method].0, threshold, &theirs, &ours));
        }
        Self { healthy, accused, look_alikes_accused, leaks: ours.len(), times }
    }

    /// Prints it.
    pub fn print(&self) {
        println!(
            "Time to detection: {} even leaks and {} healthy hosts, watched on ever longer beginnings; {} of the \
             healthy accused at some beginning, by every method alike; a look-alike that still filled was accused on \
             {} by poolscope",
            self.leaks, self.healthy, self.accused, self.look_alikes_accused
        );
        println!("  {:<28} share of the time from onset to exhaustion     hours", "");
        for one in &self.times {
            let at = |share: f64| 100.0 * quantile(&one.shares, share);
            print!(
                "  {:<28} median {:>6.2} %  75 % {:>6.2} %  90 % {:>6.2} %   median {:>5.1}  90 % {:>5.1}",
                one.name,
                at(0.5),
                at(0.75),
                at(0.9),
                quantile(&one.hours, 0.5),
                quantile(&one.hours, 0.9)
            );
            if one.threshold.is_nan() {
                println!();
            } else {
                println!(
                    "   threshold {:.4}, we are later in {:.0} %",
                    one.threshold,
                    100.0 * one.we_are_later
                );
            }
        }
        println!("  (usual advice: watch for 48 h; inf: not said by the end of the series)");
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        let methods: Vec<Value> = self
            .times
            .iter()
            .map(|one| {
                json!({
                    "method": one.name,
                    "threshold": finite(one.threshold),
                    "share_median": finite(quantile(&one.shares, 0.5)),
                    "share_75": finite(quantile(&one.shares, 0.75)),
                    "share_90": finite(quantile(&one.shares, 0.9)),
                    "hours_median": finite(quantile(&one.hours, 0.5)),
                    "hours_90": finite(quantile(&one.hours, 0.9)),
                    "poolscope_is_later": finite(one.we_are_later),
                })
            })
            .collect();
        json!({
            "leaks": self.leaks,
            "healthy": self.healthy,
            "healthy_accused": self.accused,
            "look_alikes_accused": self.look_alikes_accused,
            "methods": methods,
        })
    }
}

type Step = (f64, [(f64, f64); METHODS]);

fn leaks(all: &[Watched]) -> impl Iterator<Item = (f64, Option<f64>, &[Step])> {
    all.iter().filter_map(|host| match host {
        Watched::Leak { whole, ours, steps } => Some((*whole, *ours, steps.as_slice())),
        Watched::Healthy { .. } => None,
    })
}

impl Times {
    fn of(
        name: &'static str,
        threshold: f64,
        said: &[(f64, Option<f64>)],
        ours: &[(f64, Option<f64>)],
    ) -> Self {
        let hours: Vec<f64> = said.iter().map(|one| one.1.unwrap_or(f64::INFINITY)).collect();
        let later = ours.iter().zip(&hours).filter(|(one, hours)| one.1.unwrap_or(f64::INFINITY) > **hours);
        Self {
            name,
            threshold,
            shares: said.iter().zip(&hours).map(|(one, hours)| hours / one.0).collect(),
            we_are_later: later.count() as f64 / hours.len() as f64,
            hours,
        }
    }
}

/// A number, or nothing where it is not one.
pub fn finite(value: f64) -> Value {
    if value.is_finite() { json!((value * 1e6).round() / 1e6) } else { Value::Null }
}
