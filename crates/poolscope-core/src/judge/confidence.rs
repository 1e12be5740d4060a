//! How sure the judge is, as probabilities that are meant to come true that often (see docs/method.md for
//! the curve).

use super::answer::{Standing, TagJudgement};
use super::host::PoolGrowth;
use super::tag::Look;

/// Probability that what is said about one tag is right.
pub(crate) fn of_tag(look: &Look, samples: usize) -> f64 {
    match () {
        () if samples < 3 => 0.5,
        () if look.leaking => (0.5 + 0.5 * look.weight).min(0.99),
        () if look.open => 0.5,
        () => 0.99,
    }
}

/// Probability that what is said about a leak no tag shows is right.
pub(crate) fn of_pool(pool: &PoolGrowth) -> f64 {
    if pool.open { 0.6 } else { 0.97 }
}

/// Probability that the standing is right; without one, that the first suspect is.
pub(crate) fn of_host(
    standing: Standing,
    tags: &[TagJudgement],
    pools: &[PoolGrowth],
    _snapshots: usize,
) -> f64 {
    match standing {
        Standing::Leak => tags.iter().filter(|tag| tag.leaking).map(|tag| tag.confidence).fold(0.5, f64::max),
        Standing::NoLeakSeen => pools.iter().map(of_pool).fold(0.99, f64::min),
        Standing::NotEnoughEvidence => 0.5,
    }
}
