//! The score as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use poolscope_testkit::lab::score::{Score, Share, quantile};

/// Bins of the reliability curve by stated confidence.
const BINS: [(f64, f64); 6] = [(0.0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.98), (0.98, 1.01)];

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
    let curve: Vec<String> = BINS
        .iter()
        .filter_map(|&(from, to)| {
            let of: Vec<&(f64, bool)> = s.stated.iter().filter(|(c, _)| *c >= from && *c < to).collect();
            let mean = of.iter().map(|(c, _)| c).sum::<f64>() / of.len() as f64;
            let right = of.iter().filter(|(_, right)| *right).count() as f64 / of.len() as f64;
            (!of.is_empty())
                .then(|| format!("{:.1} % came true {:.1} % of {}", 100.0 * mean, 100.0 * right, of.len()))
        })
        .collect();
    println!("  {:<20} {}", "stated confidence", curve.join("; "));
}

/// All scores as JSON.
pub fn json(scores: &BTreeMap<String, Score>) -> String {
    let mut out = String::from("{\n");
    for (at, (name, s)) in scores.iter().enumerate() {
        let _ = write!(out, "{}  \"{name}\": {{", if at > 0 { ",\n" } else { "" });
        for (name, share) in shares(s) {
            let _ = write!(out, "\"{name}\": [{}, {}], ", share.yes, share.of);
        }
        for (shape, share) in &s.shapes {
            let _ = write!(out, "\"called {}\": [{}, {}], ", shape.name(), share.yes, share.of);
        }
        let number = |value: f64| if value.is_finite() { format!("{value:.6}") } else { "null".to_owned() };
        let _ = write!(
            out,
            "\"rate_error_median\": {}, \"rate_error_90\": {}, \"rate_width_median\": {}}}",
            number(quantile(&s.rate_errors, 0.5)),
            number(quantile(&s.rate_errors, 0.9)),
            number(quantile(&s.rate_widths, 0.5))
        );
    }
    out.push_str("\n}\n");
    out
}
