//! The time zone of the logging host, from the trace header's TIME_ZONE_INFORMATION (SDK, timezoneapi.h).
//!
//! Event and counter times in a binary log are local. This converts them, with the yearly change to daylight
//! saving time. It knows no zone by name.

use crate::cursor::{Cursor, Short};
use crate::time::{Civil, Time};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A zone: minutes to add to its local time to get UTC, and when that changes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct HostZone {
    bias: i32,
    standard_bias: i32,
    daylight_bias: i32,
    /// Begin of standard time, in daylight time; `None` if the zone has no daylight time.
    standard: Option<YearlyDate>,
    /// Begin of daylight time, in standard time.
    daylight: Option<YearlyDate>,
    /// The standard name, if the header spells it (newer Windows writes a resource's number there).
    pub name: Option<String>,
}

/// A day such as "last Sunday of October, 03:00".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct YearlyDate {
    month: u32,
    /// 0 = Sunday.
    weekday: u32,
    /// 1 to 4, or 5 for the last of the month.
    week: u32,
    /// Time of day.
    at: i64,
}

impl HostZone {
    /// Reads the structure.
    pub fn read(cursor: &mut Cursor<'_>) -> Result<Self, Short> {
        let bias = cursor.i32("Bias")?;
        let standard_name = name(cursor)?;
        let standard = YearlyDate::read(cursor)?;
        let standard_bias = cursor.i32("StandardBias")?;
        name(cursor)?;
        let daylight = YearlyDate::read(cursor)?;
        let daylight_bias = cursor.i32("DaylightBias")?;
        let name = Some(standard_name).filter(|name| !name.is_empty() && !name.starts_with('@'));
        let sane = [bias, standard_bias, daylight_bias].into_iter().all(|bias| bias.abs() <= 24 * 60);
        Ok(if sane {
            Self { bias, standard_bias, daylight_bias, standard, daylight, name }
        } else {
            Self::default()
        })
    }

    /// Minutes to add to this local time to get UTC. In the hour that comes twice in autumn it is taken as
    /// daylight time.
    pub fn bias_at(&self, local: Time) -> i32 {
        let (Some(standard), Some(daylight)) = (self.standard, self.daylight) else { return self.bias };
        let year = local.to_civil().year;
        let (Some(begin), Some(end)) = (daylight.in_year(year), standard.in_year(year)) else {
            return self.bias;
        };
        let is_daylight =
            if begin < end { begin <= local && local < end } else { !(end <= local && local < begin) };
        self.bias + if is_daylight { self.daylight_bias } else { self.standard_bias }
    }

    /// Local time to UTC.
    pub fn to_utc(&self, local: Time) -> Time {
        Time(local.0.saturating_add(i64::from(self.bias_at(local)) * MINUTE))
    }
}

impl YearlyDate {
    /// A SYSTEMTIME whose year is 0; month 0 means there is no such date.
    fn read(cursor: &mut Cursor<'_>) -> Result<Option<Self>, Short> {
        let mut words = [0u32; 8];
        for word in &mut words {
            *word = u32::from(cursor.u16("SYSTEMTIME")?);
        }
        let [_, month, weekday, week, hour, minute, second, _] = words;
        let fits = (1..=12).contains(&month) && weekday < 7 && (1..=5).contains(&week) && hour < 24;
        let at = (i64::from(hour) * 60 + i64::from(minute)) * MINUTE + i64::from(second) * 1_000_000;
        Ok(fits.then_some(Self { month, weekday, week, at }))
    }

    fn in_year(self, year: i32) -> Option<Time> {
        let first =
            Civil { year, month: self.month, day: 1, hour: 0, minute: 0, second: 0, micro: 0 }.to_time()?;
        // 1970-01-01 was a Thursday.
        let weekday = (first.0.div_euclid(DAY) + 4).rem_euclid(7);
        let ahead = (i64::from(self.weekday) - weekday).rem_euclid(7);
        let days = (0..i64::from(self.week)).map(|week| ahead + week * 7);
        let in_month = |day: &i64| Time(first.0 + day * DAY).to_civil().month == self.month;
        days.filter(in_month).max().map(|day| Time(first.0 + day * DAY + self.at))
    }
}

/// 32 UTF-16 units, cut at the first zero.
fn name(cursor: &mut Cursor<'_>) -> Result<String, Short> {
    let (pairs, _) = cursor.bytes(64, "zone name")?.as_chunks::<2>();
    let units: Vec<u16> =
        pairs.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0).collect();
    Ok(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_iso;

    fn date(month: u32, weekday: u32, week: u32, hour: i64) -> Option<YearlyDate> {
        Some(YearlyDate { month, weekday, week, at: hour * 60 * MINUTE })
    }

    fn bias(zone: &HostZone, local: &str) -> i32 {
        zone.bias_at(parse_iso(local).unwrap().0)
    }

    #[test]
    fn daylight_time_north_and_south_and_never() {
        let berlin = HostZone {
            bias: -60,
            daylight_bias: -60,
            standard: date(10, 0, 5, 3),
            daylight: date(3, 0, 5, 2),
            ..HostZone::default()
        };
        for (local, want) in [
            ("2026-03-29 01:59", -60),
            ("2026-03-29 03:00", -120),
            ("2026-10-25 02:59", -120),
            ("2026-10-25 03:00", -60),
            ("2026-12-31 23:59", -60),
        ] {
            assert_eq!(bias(&berlin, local), want, "{local}");
        }
        let sydney = HostZone {
            bias: -600,
            daylight_bias: -60,
            standard: date(4, 0, 1, 3),
            daylight: date(10, 0, 1, 2),
            ..HostZone::default()
        };
        for (local, want) in
            [("2026-01-15 12:00", -660), ("2026-07-15 12:00", -600), ("2026-10-04 02:00", -660)]
        {
            assert_eq!(bias(&sydney, local), want, "{local}");
        }
        let plain = HostZone { bias: 300, ..HostZone::default() };
        assert_eq!(bias(&plain, "2026-07-15 12:00"), 300);
    }
}
