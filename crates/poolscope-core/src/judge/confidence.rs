//! How sure the judge is: probabilities that come true that often on the laboratory's tuning seeds.
//!
//! A verdict falls into one row by its standing, its snapshots and hours, and (where nothing is claimed) by the
//! posterior of the first suspect; the row's share of right verdicts is what is stated. `cargo xtask lab --tune`
//! prints for every row what the laboratory makes of it now. The laboratory's hosts leak in half the cases, which
//! is meant: nobody judges a pool without a suspicion.

use super::answer::Standing;
use super::host::PoolGrowth;
use super::tag::{LEAST_SNAPSHOTS, Look};

/// Below this a series holds no whole day.
const A_DAY: f64 = 28.0;
/// Below this a series is as short as a listing by hand.
const BY_HAND: usize = 16;
/// From here on a series is as dense as a counter log.
const DENSE: usize = 200;

/// What the confidence rests on.
pub(crate) struct Seen {
    pub standing: Standing,
    /// The most samples of any series.
    pub snapshots: usize,
    /// From the first sample of the host to its last.
    pub hours: f64,
    /// No tag is known.
    pub totals_only: bool,
    /// Some tag is called a leak.
    pub tag_leaks: bool,
    /// Probability of the leak shapes for the first suspect.
    pub weight: f64,
    /// Posterior probability of the first suspect, from its levels alone.
    pub suspicion: f64,
}

/// Rows of claims, and the share that came true: snapshots below [`BY_HAND`]; less than a day, sparse and dense;
/// longer.
const CLAIMED: [(&str, f64); 4] = [
    ("leak, up to 15 snapshots", 0.975),
    ("leak, within a day", 0.975),
    ("leak, within a day, 200 samples or more", 0.98),
    ("leak, over more than a day", 0.995),
];
/// The same where no leak is seen.
const CLEARED: [(&str, f64); 4] = [
    ("no leak, up to 15 snapshots", 0.985),
    ("no leak, within a day", 0.98),
    ("no leak, within a day, 200 samples or more", 0.98),
    ("no leak, over more than a day", 0.98),
];
/// The first suspect where fewer than eight snapshots allow no claim, by its posterior (upper end of the row).
const FEW: [(f64, &str, f64); 6] = [
    (0.15, "3 to 7 snapshots, posterior to 15 %", 0.06),
    (0.3, "3 to 7 snapshots, posterior to 30 %", 0.175),
    (0.5, "3 to 7 snapshots, posterior to 50 %", 0.34),
    (0.8, "3 to 7 snapshots, posterior to 80 %", 0.6),
    (0.95, "3 to 7 snapshots, posterior to 95 %", 0.87),
    (1.1, "3 to 7 snapshots, posterior above 95 %", 0.99),
];
/// The same of two snapshots, which show no shape.
const TWO: [(f64, &str, f64); 6] = [
    (0.15, "2 snapshots, posterior to 15 %", 0.01),
    (0.3, "2 snapshots, posterior to 30 %", 0.06),
    (0.5, "2 snapshots, posterior to 50 %", 0.23),
    (0.8, "2 snapshots, posterior to 80 %", 0.53),
    (0.95, "2 snapshots, posterior to 95 %", 0.79),
    (1.1, "2 snapshots, posterior above 95 %", 0.99),
];
/// The same where the snapshots suffice, but what grows does not decide or the hours are few.
const OPEN: [(f64, &str, f64); 3] = [
    (0.3, "open, posterior to 30 %", 0.17),
    (0.8, "open, posterior to 80 %", 0.86),
    (1.1, "open, posterior above 80 %", 0.94),
];
/// A claim whose shape is in doubt: other shapes than a leak's keep this much probability.
const IN_DOUBT: (&str, f64) = ("leak, its shape in doubt", 0.5);
const DOUBT: f64 = 0.1;
/// Pool totals alone: a leak, none, or neither.
const TOTALS: [(&str, f64); 3] =
    [("totals only, leak", 0.985), ("totals only, no leak", 0.71), ("totals only, open", 0.85)];
/// A leak that no tag shows.
const UNTAGGED: (&str, f64) = ("a leak no tag shows", 0.985);
/// A tag that does not leak as far as the evidence goes.
const NOT_SUSPECTED: f64 = 0.01;

/// Probability that the standing is right (see [`super::HostJudgement::confidence`]), and its row's name.
pub(crate) fn of_host(seen: &Seen) -> (f64, &'static str) {
    let row = match (seen.standing, seen.totals_only) {
        (Standing::Leak, true) => TOTALS.first(),
        (Standing::NoLeakSeen, true) => TOTALS.get(1),
        (Standing::NotEnoughEvidence, true) => TOTALS.get(2),
        (Standing::Leak, false) if !seen.tag_leaks => Some(&UNTAGGED),
        (Standing::Leak, false) if seen.weight < 1.0 - DOUBT => Some(&IN_DOUBT),
        (Standing::Leak, false) => CLAIMED.get(length(seen)),
        (Standing::NoLeakSeen, false) => CLEARED.get(length(seen)),
        (Standing::NotEnoughEvidence, false) => return of_suspect(seen, seen.suspicion),
    };
    row.map_or((0.5, ""), |row| (row.1, row.0))
}

fn of_suspect(seen: &Seen, posterior: f64) -> (f64, &'static str) {
    let rows: &[(f64, &'static str, f64)] = match seen.snapshots {
        0 | 1 => &[],
        2 => &TWO,
        n if n < LEAST_SNAPSHOTS => &FEW,
        _ => &OPEN,
    };
    rows.iter().find(|row| posterior < row.0).map_or((0.5, ""), |row| (row.2, row.1))
}

/// Which of the four rows of a claim.
fn length(seen: &Seen) -> usize {
    match () {
        () if seen.snapshots < BY_HAND => 0,
        () if seen.hours >= A_DAY => 3,
        () if seen.snapshots < DENSE => 1,
        () => 2,
    }
}

/// Probability that one tag leaks.
pub(crate) fn of_tag(seen: &Seen, look: &Look, posterior: f64) -> f64 {
    match seen.standing {
        _ if look.leaking => of_host(seen).0,
        Standing::NotEnoughEvidence if seen.snapshots < LEAST_SNAPSHOTS || look.open => {
            of_suspect(seen, posterior).0
        }
        _ => NOT_SUSPECTED,
    }
}

/// Probability that what is said about a leak no tag shows is right.
pub(crate) fn of_pool(pool: &PoolGrowth) -> f64 {
    if pool.open { 0.6 } else { UNTAGGED.1 }
}
