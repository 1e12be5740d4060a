//! The score as a table and as JSON (`poolscope/lab/1`).

use std::collections::BTreeMap;

use poolscope_testkit::lab::owners::OwnerScore;
use poolscope_testkit::lab::reliability::{Reliability, by_confidence, by_grounds};
use poolscope_testkit::lab::score::{GAINS, Score, Share, quantile};
use serde_json::{Map, Value, json};

use super::detection::{Summary, finite};
use super::owners;

/// Name and version of the JSON's shape.
const SCHEMA: &str = "poolscope/lab/1";
/// Fewer verdicts than this say nothing about a stated confidence.
const ENOUGH_CASES: usize = 30;
/// Stated and true may lie this far apart.
const WITHIN: f64 = 0.05;

fn shown(share: Share) -> String {
    if share.of == 0 { "-".to_owned() } else { format!("{:.1} % of {}", share.percent(), share.of) }
}

/// The shares of a score and their names.
fn shares(s: &Score) -> [(&'static str, Share); 16] {
    [
        ("found", s.found),
        ("detected", s.detected),
        ("top1", s.top1),
        ("top3", s.top3),
        ("accused", s.accused),
        ("cleared", s.cleared),
        ("look_alikes", s.look_alikes),
        ("claimed", s.claimed),
        ("precision", s.precision),
        ("private_first", s.private_first),
        ("untagged_said", s.untagged_said),
        ("untagged_blamed", s.untagged_blamed),
        ("rate_covered", s.rate_covered),
        ("onset_close", s.onset_close),
        ("onset_not_invented", s.onset_not_invented),
        ("ends_covered", s.ends_covered),
    ]
}

/// Whether a score is a simple method's, not ours.
pub fn is_baseline(name: &str) -> bool {
    name.contains(" by ")
}

/// Prints one score.
pub fn print(name: &str, s: &Score) {
    println!("{name}");
    for (name, share) in shares(s).iter().filter(|(_, share)| share.of > 0) {
        println!("  {name:<20} {}", shown(*share));
    }
    if !s.rate_errors.is_empty() {
        println!(
            "  {:<20} median {:.2} %, 90 % {:.2} %, interval width {:.2} %",
            "rate error",
            100.0 * quantile(&s.rate_errors, 0.5),
            100.0 * quantile(&s.rate_errors, 0.9),
            100.0 * quantile(&s.rate_widths, 0.5)
        );
    }
    let called: Vec<String> = s
        .shapes
        .iter()
        .filter(|(_, share)| share.of > 0)
        .map(|(shape, n)| format!("{} {}/{}", shape.name(), n.yes, n.of))
        .collect();
    println!("  {:<20} {}", "called leaks", called.join(", "));
    if is_baseline(name) {
        return;
    }
    let by_gain = GAINS.iter().zip(s.top3_by_gain).filter(|(_, share)| share.of > 0);
    let by_gain: Vec<String> = by_gain.map(|((_, name), share)| format!("{name} {}", shown(share))).collect();
    if !by_gain.is_empty() {
        println!("  {:<20} {}", "top3 by gain", by_gain.join(", "));
    }
    for bin in by_confidence(&s.stated) {
        let far = bin.of >= ENOUGH_CASES && (bin.came_true() - bin.mean_stated()).abs() > WITHIN;
        println!(
            "  {:<20} {:>5.1} % came true {:>5.1} % of {:<5} {}",
            "stated confidence",
            100.0 * bin.mean_stated(),
            100.0 * bin.came_true(),
            bin.of,
            if far { "more than 5 points off" } else { "" }
        );
    }
}

/// Our verdicts of all views by what their confidence rests on.
fn all_grounds(scores: &BTreeMap<String, Score>) -> BTreeMap<&'static str, Reliability> {
    let ours = scores.iter().filter(|(name, _)| !is_baseline(name));
    by_grounds(ours.flat_map(|(_, score)| &score.stated))
}

/// Prints what every row of the judge's table of confidence states, and what came true: the fitted number.
pub fn print_grounds(scores: &BTreeMap<String, Score>) {
    println!("Confidence by its grounds (crates/poolscope-core/src/judge/confidence.rs), all views");
    for (grounds, row) in all_grounds(scores) {
        print_fitted(&format!("{grounds:<44}"), row);
    }
}

/// Prints what one row states and what came true, behind its padded name.
pub fn print_fitted(name: &str, row: Reliability) {
    println!(
        "  {name} states {:>5.1} %, fitted {:>5.1} % of {:<5} ({:+.1} standard errors)",
        100.0 * row.mean_stated(),
        100.0 * row.came_true(),
        row.of,
        row.deviate()
    );
}

/// Everything that is printed, as JSON.
pub fn json(
    hosts: usize,
    tuning: bool,
    scores: &BTreeMap<String, Score>,
    detection: &Summary,
    owned: &OwnerScore,
) -> String {
    let views: Vec<Value> = scores.iter().map(|(name, score)| view(name, score)).collect();
    let whole = json!({
        "schema": SCHEMA,
        "hosts": hosts,
        "seeds": if tuning { "tuning" } else { "scored" },
        "views": views,
        "confidence": all_grounds(scores)
            .iter()
            .map(|(grounds, row)| reliability(Some(grounds), row))
            .collect::<Vec<_>>(),
        "time_to_detection": detection.json(),
        "owners": owners::json(owned),
    });
    format!("{whole:#}\n")
}

fn view(name: &str, s: &Score) -> Value {
    let count = |share: &Share| json!({ "yes": share.yes, "of": share.of });
    let (view, judge) = name.split_once(" by ").unwrap_or((name, "poolscope"));
    let all = shares(s);
    let counted = all.iter().filter(|(_, share)| share.of > 0);
    let shares: Map<String, Value> =
        counted.map(|(name, share)| ((*name).to_owned(), count(share))).collect();
    let called = s.shapes.iter().filter(|(_, share)| share.of > 0);
    let shapes: Map<String, Value> =
        called.map(|(shape, share)| (shape.name().to_owned(), count(share))).collect();
    let stated = if is_baseline(name) { Vec::new() } else { by_confidence(&s.stated) };
    json!({
        "view": view,
        "judge": judge,
        "shares": shares,
        "called_leaks": shapes,
        "top3_by_gain": GAINS.iter().zip(&s.top3_by_gain).map(|((_, name), n)| (*name, count(n))).collect::<BTreeMap<_, _>>(),
        "rate_error_median": finite(quantile(&s.rate_errors, 0.5)),
        "rate_error_90": finite(quantile(&s.rate_errors, 0.9)),
        "rate_interval_width_median": finite(quantile(&s.rate_widths, 0.5)),
        "stated_confidence": stated.iter().map(|bin| reliability(None, bin)).collect::<Vec<_>>(),
    })
}

fn reliability(grounds: Option<&str>, row: &Reliability) -> Value {
    json!({
        "grounds": grounds,
        "stated": finite(row.mean_stated()),
        "came_true": finite(row.came_true()),
        "of": row.of,
    })
}
