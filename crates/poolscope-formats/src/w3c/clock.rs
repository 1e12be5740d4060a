//! Times of rows, remembered from row to row because neighbours share their second, minute or day.

use crate::time::{Civil, Time};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Reads `2026-05-01` and `08:31:02`; keeps the last answer.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// The last `date time` read well, as it stands in a row that begins with both.
    key: [u8; 19],
    day_key: [u8; 10],
    day: Option<Time>,
    /// The last moment read well.
    pub time: Time,
    /// Start of its minute.
    pub minute: Time,
}

impl Clock {
    pub fn new() -> Self {
        Self { key: [0; 19], day_key: [0; 10], day: None, time: Time(0), minute: Time(0) }
    }

    /// True if the row begins with the same second as the last one that was read.
    pub fn is_same_second(&self, row: &[u8]) -> bool {
        row.first_chunk::<19>() == Some(&self.key) && row.get(19) == Some(&b' ')
    }

    /// Sets the moment from the row's first two columns.
    pub fn read_head(&mut self, row: &[u8]) -> Option<()> {
        let key = row.first_chunk::<19>()?;
        let (date, time) = key.split_first_chunk::<10>()?;
        if time.first() != Some(&b' ') || row.get(19) != Some(&b' ') {
            return None;
        }
        self.read(date, time.get(1..)?)?;
        self.key = *key;
        Some(())
    }

    /// Sets the moment from a date and a time of day.
    pub fn read(&mut self, date: &[u8], time: &[u8]) -> Option<()> {
        if self.day.is_none() || date != self.day_key {
            self.day = Some(read_day(date)?);
            self.day_key = *date.first_chunk()?;
        }
        self.set(self.day?, read_time_of_day(time)?);
        Some(())
    }

    /// Sets the moment from the start of a day and a time of day in microseconds.
    pub fn set(&mut self, day: Time, time_of_day: i64) {
        self.key = [0; 19];
        self.time = Time(day.0.saturating_add(time_of_day));
        self.minute = Time(self.time.0.saturating_sub(time_of_day.rem_euclid(60 * SECOND)));
    }
}

/// Start of the day `2026-05-01` names.
pub(super) fn read_day(date: &[u8]) -> Option<Time> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *<&[u8; 10]>::try_from(date).ok()? else {
        return None;
    };
    let year = two(y0, y1)? * 100 + two(y2, y3)?;
    let civil = Civil {
        year: i32::try_from(year).ok()?,
        month: two(m0, m1)?,
        day: two(d0, d1)?,
        hour: 0,
        minute: 0,
        second: 0,
        micro: 0,
    };
    civil.to_time()
}

/// Microseconds since midnight of `08:31:02`; 60 seconds are taken as 59.
pub(super) fn read_time_of_day(time: &[u8]) -> Option<i64> {
    let [h0, h1, b':', m0, m1, b':', s0, s1] = *<&[u8; 8]>::try_from(time).ok()? else { return None };
    let (hour, minute, second) = (two(h0, h1)?, two(m0, m1)?, two(s0, s1)?);
    let in_range = hour < 24 && minute < 60 && second <= 60;
    in_range.then(|| i64::from(hour * 3_600 + minute * 60 + second.min(59)) * SECOND)
}

/// The moment after `last` at this time of day: the next day's if the clock has passed midnight.
pub(super) fn next_day_if_past_midnight(day: Time, last: i64, now: i64) -> Time {
    // A fall of less than half a day is a clock set back or an out-of-order row, not midnight.
    if last - now > DAY / 2 { Time(day.0.saturating_add(DAY)) } else { day }
}

fn two(high: u8, low: u8) -> Option<u32> {
    let digit = |byte: u8| byte.checked_sub(b'0').filter(|d| *d < 10).map(u32::from);
    Some(digit(high)? * 10 + digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_what_is_none() {
        let mut clock = Clock::new();
        for (row, want) in [
            ("2026-05-01 08:31:02 -", Some("2026-05-01 08:31:02")),
            ("2026-05-01 23:59:60 -", Some("2026-05-01 23:59:59")),
            ("2026-02-30 08:31:02 -", None),
            ("2026-05-01 24:00:00 -", None),
            ("2026-05-01T08:31:02 -", None),
            ("2026-05-01 08:31:02", None),
            ("", None),
        ] {
            let got = clock.read_head(row.as_bytes()).map(|()| clock.time.to_string());
            assert_eq!(got.as_deref(), want, "{row}");
        }
        clock.read_head(b"2026-05-01 08:31:02 -").unwrap();
        assert!(clock.is_same_second(b"2026-05-01 08:31:02 1.2.3.4"));
        assert!(!clock.is_same_second(b"2026-05-01 08:31:03 1.2.3.4"));
        assert_eq!(clock.minute.to_string(), "2026-05-01 08:31:00");
    }
}
