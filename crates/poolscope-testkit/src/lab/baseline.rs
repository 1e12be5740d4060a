//! What people and monitoring products do today, scored on the same hosts.

use super::score::{Answer, Said, Suspect};
use super::truth::{LabHost, LabTag};

/// A way to judge a host without this product.
pub type Baseline = fn(&LabHost) -> Answer;

/// The baselines and their names.
pub const BASELINES: [(&str, Baseline); 4] = [
    ("biggest bytes", biggest_bytes),
    ("biggest growth", biggest_growth),
    ("least squares", least_squares),
    ("60 % of maximum", percent_of_maximum),
];

/// First-to-last growth that people take for a leak.
const GROWTH_TAKEN_FOR_A_LEAK: f64 = 1e6;
/// The fixed threshold on R squared.
const R_SQUARED: f64 = 0.9;
/// The alarm of monitoring products.
const ALARM: f64 = 0.6;

/// The biggest tag is the leak.
pub fn biggest_bytes(host: &LabHost) -> Answer {
    ranked(host, |tag| tag.bytes.last().map_or(0.0, |bytes| *bytes as f64), |_| true)
}

/// The tag that grew most between the first and the last snapshot: poolmon by hand.
pub fn biggest_growth(host: &LabHost) -> Answer {
    let growth = |tag: &LabTag| match (tag.bytes.first(), tag.bytes.last()) {
        (Some(first), Some(last)) => *last as f64 - *first as f64,
        _ => 0.0,
    };
    ranked(host, growth, move |tag| growth(tag) > GROWTH_TAKEN_FOR_A_LEAK)
}

/// A straight line by least squares, a leak where R squared is above 0.9.
pub fn least_squares(host: &LabHost) -> Answer {
    ranked(
        host,
        |tag| line(tag).slope * line(tag).r_squared,
        |tag| line(tag).slope > 0.0 && line(tag).r_squared > R_SQUARED,
    )
}

/// A straight line through the bytes of one tag.
struct Line {
    /// Bytes an hour.
    slope: f64,
    /// The share of the variance that it explains.
    r_squared: f64,
    /// The slope over its standard error for white noise.
    t: f64,
}

fn line(tag: &LabTag) -> Line {
    let n = tag.bytes.len() as f64;
    let hours = |t: &i64| (t - tag.times[0]) as f64 / 3.6e9;
    let (mut x, mut y, mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (time, bytes) in tag.times.iter().zip(&tag.bytes) {
        let (h, b) = (hours(time), *bytes as f64);
        x += h;
        y += b;
        xx += h * h;
        xy += h * b;
        yy += b * b;
    }
    let (vx, vy, c) = (xx - x * x / n, yy - y * y / n, xy - x * y / n);
    if vx <= 0.0 || vy <= 0.0 {
        return Line { slope: 0.0, r_squared: 0.0, t: 0.0 };
    }
    let r_squared = (c * c / (vx * vy)).min(1.0);
    let t = ((n - 2.0).max(0.0) * r_squared / (1.0 - r_squared).max(1e-12)).sqrt();
    Line { slope: c / vx, r_squared, t: if c > 0.0 { t } else { -t } }
}

/// A method with a threshold still to be chosen: for each tag what is compared with the threshold, and what ranks
/// the tags above it.
pub type Thresholded = fn(&LabHost) -> Vec<(f64, f64)>;

/// The methods that are watched for the time to detection, at the threshold that accuses as seldom as we do.
pub const THRESHOLDED: [(&str, Thresholded); 3] = [
    ("least squares by R2", |host| {
        let of =
            |line: Line| (if line.slope > 0.0 { line.r_squared } else { 0.0 }, line.slope * line.r_squared);
        host.tags.iter().map(|tag| of(line(tag))).collect()
    }),
    ("least squares by t", |host| {
        let of = |line: Line| (line.t, line.slope);
        host.tags.iter().map(|tag| of(line(tag))).collect()
    }),
    ("biggest growth by its share", |host| {
        let grown = |tag: &LabTag| match (tag.bytes.first(), tag.bytes.last()) {
            (Some(first), Some(last)) => last.saturating_sub(*first) as f64,
            _ => 0.0,
        };
        let whole: f64 = host.tags.iter().map(grown).sum();
        host.tags.iter().map(|tag| (grown(tag) / whole.max(1.0), grown(tag))).collect()
    }),
];

/// An alarm on the pool's share of its maximum; the biggest tag of that pool is suspected.
pub fn percent_of_maximum(host: &LabHost) -> Answer {
    let over: Vec<_> = host
        .totals
        .iter()
        .filter(|total| total.bytes.last().is_some_and(|bytes| *bytes as f64 > ALARM * total.bound))
        .map(|total| total.pool)
        .collect();
    let mut answer = ranked(
        host,
        |tag| tag.bytes.last().map_or(0.0, |bytes| *bytes as f64),
        |tag| over.contains(&tag.pool),
    );
    if over.is_empty() {
        answer.said = Said::NoLeak;
    }
    answer
}

/// The tags by falling score; a leak is claimed where the first passes `claim`.
fn ranked(host: &LabHost, score: impl Fn(&LabTag) -> f64, claim: impl Fn(&LabTag) -> bool) -> Answer {
    let mut order: Vec<(f64, usize)> = host
        .tags
        .iter()
        .enumerate()
        .filter(|(_, tag)| !tag.bytes.is_empty())
        .map(|(at, tag)| (score(tag), at))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    // What passes the claim comes first, as a careful user of the method would read it.
    order.sort_by_key(|entry| !claim(&host.tags[entry.1]));
    let claimed = order.first().is_some_and(|entry| claim(&host.tags[entry.1]));
    let suspects = order
        .iter()
        .take(3)
        .map(|&(_, tag)| Suspect {
            tag,
            leaking: claim(&host.tags[tag]),
            rate: [0.0; 3],
            onset: None,
            class: "",
        })
        .collect();
    Answer {
        said: if claimed { Said::Leak } else { Said::NoLeak },
        confidence: 0.5,
        grounds: "",
        totals_only: false,
        suspects,
        untagged: Vec::new(),
        ends: Vec::new(),
    }
}
