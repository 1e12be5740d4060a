//! The rising side of the day, or Monday morning: on evidence that holds no second one a workload that picks up looks
//! like many leaks.

use poolscope_formats::Pool;

use super::answer::{Class, LockstepGroup};
use super::host::Reduced;
use super::tag::{Look, least_squares};

/// A span that holds a whole daily cycle, and one that shows the week twice.
const LEAST_HOURS_OF_A_CYCLE: f64 = 23.0;
const TWO_WEEKS: f64 = 336.0;
/// Over more than a day, what follows one rise of the workload begins within these hours of each other.
const AT_ONCE_HOURS: f64 = 3.0;
/// More code paths than this do not leak at once.
const MOST_LEAKS_AT_ONCE: usize = 4;
/// A tag follows the workload up or down where its straight line has this deviate (no leak is claimed by it).
const FOLLOWS: f64 = 5.0;
/// The workload rises, whatever else leaks, where this many more tags follow it up than twice those that fall.
const MORE_RISE: usize = 6;
/// A leak that makes up this share of what all that rise in its pool have gained is no part of the workload...
const MOST_OF_THE_GROWTH: f64 = 0.8;
/// ...nor is a tag that has grown to many times what it was.
const TIMES_ITSELF: f64 = 3.0;

/// Leaks are few; where many tags rise at once, surely or (within a day) far more than fall, the workload rises, and
/// only a tag that outgrows all the others together, or is made of its growth, is still called a leak. Tags of one
/// lock-step group rise as one.
pub(crate) fn hold_against(series: &[Reduced], groups: &[LockstepGroup], looks: &mut [Look]) {
    let span = series.iter().map(|series| series.blocks.span()).fold(0.0, f64::max);
    if span >= TWO_WEEKS || !looks.iter().any(|look| look.leaking) {
        return;
    }
    let within_a_day = span < LEAST_HOURS_OF_A_CYCLE;
    let follows = |series: &Reduced| {
        groups.iter().any(|group| group.members.iter().skip(1).any(|member| member.key == series.key))
    };
    let (mut surely, mut risen, mut fallen) = (0, 0, 0);
    let mut whole = [(Pool::Nonpaged, 0.0), (Pool::Paged, 0.0)];
    let mut begins: Vec<f64> =
        looks.iter().filter(|look| look.open).filter_map(|look| look.onset).map(|onset| onset[1]).collect();
    for (series, look) in series.iter().zip(looks.iter()).filter(|(series, _)| !follows(series)) {
        let seems = look.rising || look.leaking;
        // Who merely follows is asked within a day only.
        if !seems && !within_a_day {
            continue;
        }
        let (slope, error) = least_squares(&series.blocks.hours, &series.blocks.bytes);
        if seems || slope > FOLLOWS * error {
            surely += usize::from(seems);
            begins.extend(look.onset.map(|onset| onset[1]));
            risen += 1;
            let gained = if seems { look.growth } else { slope * series.blocks.span() };
            whole.iter_mut().filter(|of| of.0 == series.key.pool).for_each(|of| of.1 += gained);
        } else if slope < -FOLLOWS * error {
            fallen += 1;
        }
    }
    let many_follow = within_a_day && risen > 2 * fallen + MORE_RISE;
    if surely <= MOST_LEAKS_AT_ONCE && !many_follow {
        return;
    }
    for (series, look) in series.iter().zip(looks.iter_mut()).filter(|(_, look)| look.leaking) {
        let first = series.blocks.bytes.first().copied().unwrap_or(0.0);
        let alike = |at: f64| begins.iter().filter(|other| (*other - at).abs() <= AT_ONCE_HOURS).count();
        if !within_a_day && look.onset.is_none_or(|onset| alike(onset[1]) <= MOST_LEAKS_AT_ONCE) {
            continue;
        }
        let whole: f64 = whole.iter().filter(|of| of.0 == series.key.pool).map(|of| of.1).sum();
        if look.growth < MOST_OF_THE_GROWTH * whole && look.growth < TIMES_ITSELF * first {
            look.leaking = false;
            look.open = true;
            look.class = Class::StillRising;
            look.recent = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use poolscope_formats::{Pool, Tag};

    use super::super::blocks::Blocks;
    use super::super::input::SeriesKey;
    use super::super::tag::plain;
    use super::*;

    /// Half a day of `tags` that gain these bytes on top of 1,000, all called leaks.
    fn host(gains: &[f64]) -> (Vec<Reduced>, Vec<Look>) {
        let hours: Vec<f64> = (0..12).map(f64::from).collect();
        let series: Vec<Reduced> = (b'a'..)
            .zip(gains)
            .map(|(letter, gain)| Reduced {
                key: SeriesKey { pool: Pool::Paged, tag: Tag([letter; 4]) },
                blocks: Blocks {
                    bytes: hours.iter().map(|hour| 1_000.0 + gain * hour / 11.0).collect(),
                    counts: hours.clone(),
                    hours: hours.clone(),
                    ..Blocks::default()
                },
            })
            .collect();
        let look = |series: &Reduced| Look { leaking: true, rising: true, ..plain(&series.blocks, None) };
        let looks = series.iter().map(look).collect();
        (series, looks)
    }

    #[test]
    fn many_that_rise_together_are_the_workload_and_the_one_that_outgrows_itself_is_not() {
        let (series, mut looks) = host(&[500.0, 400.0, 600.0, 500.0, 300.0, 9_000.0]);
        hold_against(&series, &[], &mut looks);
        let leaking: Vec<bool> = looks.iter().map(|look| look.leaking).collect();
        assert_eq!(leaking, [false, false, false, false, false, true]);
        assert!(looks[0].open);
    }

    #[test]
    fn a_few_are_left_alone() {
        let (series, mut looks) = host(&[500.0, 400.0, 600.0]);
        hold_against(&series, &[], &mut looks);
        assert!(looks.iter().all(|look| look.leaking));
    }
}
