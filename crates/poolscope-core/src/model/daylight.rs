//! Daylight saving by the rules of North America and of Europe, for hosts whose inputs state both of their offsets.
//!
//! Knows these two rules as they have been since 2007; the south of the world, which turns its clocks the other way
//! round, is not known here.

use poolscope_formats::Time;

/// Minutes to add to a wall time to get UTC, west of Greenwich positive.
type Bias = i32;

/// The two offsets of one zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seasons {
    /// In winter.
    pub(super) standard: Bias,
    /// In summer, an hour less.
    pub(super) daylight: Bias,
}

impl Seasons {
    /// The seasons of two stated offsets, if they are those of a zone whose rule is known.
    pub(super) fn of(one: Bias, other: Bias) -> Option<Self> {
        let (standard, daylight) = (one.max(other), one.min(other));
        (standard - daylight == 60 && rule(standard).is_some()).then_some(Self { standard, daylight })
    }

    /// The offset at a wall time. The hour that comes twice in autumn is taken for its first.
    pub(super) fn at(self, wall: Time) -> Bias {
        let civil = wall.to_civil();
        let summer = rule(self.standard).is_some_and(|(begin, end)| {
            let moment = (civil.month, civil.day, civil.hour);
            let at = |turn: Turn| (turn.month, turn.day_in(civil.year), turn.hour);
            at(begin) <= moment && moment < at(end)
        });
        if summer { self.daylight } else { self.standard }
    }
}

/// When clocks are turned: a Sunday of a month, by the wall clock before.
#[derive(Clone, Copy)]
struct Turn {
    month: u32,
    /// The first, second, ... Sunday, or 0 for the last of a month of 31 days.
    sunday: u32,
    hour: u32,
}

impl Turn {
    fn day_in(self, year: i32) -> u32 {
        let weekday = |day: u32| weekday(year, self.month, day);
        match self.sunday {
            0 => 31 - weekday(31),
            nth => 1 + (7 - weekday(1)) % 7 + 7 * (nth - 1),
        }
    }
}

/// Days since Sunday (Sakamoto's method).
fn weekday(year: i32, month: u32, day: u32) -> u32 {
    const SHIFTS: [i32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let year = if month < 3 { year - 1 } else { year };
    let shift = SHIFTS.get(month as usize - 1).copied().unwrap_or(0);
    let days = year + year / 4 - year / 100 + year / 400 + shift + day as i32;
    days.rem_euclid(7) as u32
}

/// Begin and end of summer by the wall clock, of North America and of Europe.
fn rule(standard: Bias) -> Option<(Turn, Turn)> {
    match standard {
        180..=600 => Some((Turn { month: 3, sunday: 2, hour: 2 }, Turn { month: 11, sunday: 1, hour: 2 })),
        // Clocks are turned at one in the morning UTC, from Lisbon to Helsinki.
        -120..=0 => {
            let hour = u32::try_from(1 - standard / 60).unwrap_or(1);
            Some((Turn { month: 3, sunday: 0, hour }, Turn { month: 10, sunday: 0, hour: hour + 1 }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use poolscope_formats::time::Civil;

    use super::*;

    #[test]
    fn clocks_are_turned_on_their_sundays() {
        let at = |month, day, hour| {
            Civil { year: 2026, month, day, hour, minute: 30, second: 0, micro: 0 }.to_time().unwrap()
        };
        let east = Seasons::of(240, 300).unwrap();
        let offsets =
            |moments: [(u32, u32, u32); 4], zone: Seasons| moments.map(|(m, d, h)| zone.at(at(m, d, h)));
        // 8 March and 1 November 2026; 29 March and 25 October 2026.
        assert_eq!(offsets([(3, 8, 1), (3, 8, 3), (11, 1, 1), (11, 1, 2)], east), [300, 240, 240, 300]);
        let berlin = Seasons::of(-120, -60).unwrap();
        assert_eq!(
            offsets([(3, 29, 1), (3, 29, 3), (10, 25, 2), (10, 25, 3)], berlin),
            [-60, -120, -120, -60]
        );
        assert_eq!(Seasons::of(-600, -660), None, "Sydney turns the other way round");
        assert_eq!(Seasons::of(240, 480), None);
    }
}
