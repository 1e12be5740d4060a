//! The rising side of the day: on less than a day's evidence a workload that picks up looks like many leaks.

use super::answer::{Class, LockstepGroup};
use super::host::Reduced;
use super::tag::Look;

/// A span that holds a whole daily cycle.
const LEAST_HOURS_OF_A_CYCLE: f64 = 23.0;
/// More code paths than this do not leak at once.
const MOST_LEAKS_AT_ONCE: usize = 4;
/// A leak that makes up this share of what all that rise have gained is no part of the workload...
const MOST_OF_THE_GROWTH: f64 = 0.8;
/// ...nor is a tag that has grown to many times what it was.
const TIMES_ITSELF: f64 = 3.0;

/// Leaks are few; where many tags rise at once, the workload rises, and only a tag that outgrows all the others
/// together, or is made of its growth, is still called a leak. Tags of one lock-step group rise as one.
pub(crate) fn hold_against(series: &[Reduced], groups: &[LockstepGroup], looks: &mut [Look]) {
    let span = series.iter().map(|series| series.blocks.span()).fold(0.0, f64::max);
    if span >= LEAST_HOURS_OF_A_CYCLE || !looks.iter().any(|look| look.leaking) {
        return;
    }
    let follows = |series: &Reduced| {
        groups.iter().any(|group| group.members.iter().skip(1).any(|member| member.key == series.key))
    };
    let rising: Vec<f64> = series
        .iter()
        .zip(looks.iter())
        .filter(|(series, look)| (look.rising || look.leaking) && !follows(series))
        .map(|(_, look)| look.growth)
        .collect();
    if rising.len() <= MOST_LEAKS_AT_ONCE {
        return;
    }
    let whole: f64 = rising.iter().sum();
    for (series, look) in series.iter().zip(looks.iter_mut()).filter(|(_, look)| look.leaking) {
        let first = series.blocks.bytes.first().copied().unwrap_or(0.0);
        if look.growth < MOST_OF_THE_GROWTH * whole && look.growth < TIMES_ITSELF * first {
            look.leaking = false;
            look.open = true;
            look.class = Class::StillRising;
        }
    }
}
