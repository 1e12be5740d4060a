//! Moments: UTC inside, with the zone they were written in known or marked unknown.
//!
//! This module converts; it never asks a clock.

use std::fmt;

/// Microseconds since 1970-01-01 00:00:00 UTC.
///
/// Where the zone of the evidence is unknown ([`Zone::Unknown`]) the local wall time is kept as if it were
/// UTC, and whoever holds the value must say so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// How the wall times of one input relate to UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Zone {
    /// The input states UTC.
    Utc,
    /// The input states its offset: minutes to add to its wall time to get UTC (Windows' "bias").
    Bias(i32),
    /// The input says nothing; its wall time is kept unchanged.
    Unknown,
}

impl Zone {
    /// Wall time of this zone to UTC; unchanged where the zone is unknown.
    pub fn to_utc(self, wall: Time) -> Time {
        match self {
            Self::Utc | Self::Unknown => wall,
            Self::Bias(minutes) => Time(wall.0.saturating_add(i64::from(minutes) * 60_000_000)),
        }
    }
}

/// A date and time of day as written, without a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Civil {
    /// Year, 1601 to 9999.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u32,
    /// Day of the month, 1 to 31.
    pub day: u32,
    /// Hour, 0 to 23.
    pub hour: u32,
    /// Minute, 0 to 59.
    pub minute: u32,
    /// Second, 0 to 59 (60 is taken as 59: leap seconds do not exist on Windows' clock).
    pub second: u32,
    /// Microsecond, 0 to 999,999.
    pub micro: u32,
}

impl Civil {
    /// The moment this wall time names when read as UTC; `None` if any field is out of range.
    pub fn to_time(self) -> Option<Time> {
        let field = |value: u32| i8::try_from(value).ok();
        let date =
            jiff::civil::Date::new(i16::try_from(self.year).ok()?, field(self.month)?, field(self.day)?);
        let time = jiff::civil::Time::new(
            field(self.hour)?,
            field(self.minute)?,
            field(if self.second == 60 { 59 } else { self.second })?,
            i32::try_from(self.micro).ok()?.checked_mul(1_000)?,
        );
        let moment = jiff::tz::Offset::UTC.to_timestamp(date.ok()?.to_datetime(time.ok()?)).ok()?;
        (self.year >= 1601).then(|| Time(moment.as_microsecond()))
    }
}

/// 100 ns ticks between 1601-01-01 (FILETIME zero) and 1970-01-01.
const FILETIME_UNIX_EPOCH: i64 = 116_444_736_000_000_000;

impl Time {
    /// From a FILETIME (100 ns ticks since 1601-01-01 UTC); `None` for values no clock writes.
    pub fn from_filetime(ticks: u64) -> Option<Self> {
        let ticks = i64::try_from(ticks).ok()?;
        (ticks > 0).then(|| Self((ticks - FILETIME_UNIX_EPOCH) / 10))
    }

    /// From whole seconds since 1970.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        seconds.checked_mul(1_000_000).map(Self)
    }

    /// Seconds since `earlier`, negative if `self` is before it.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0.saturating_sub(earlier.0)) as f64 / 1e6
    }

    /// Hours since `earlier`, negative if `self` is before it.
    pub fn hours_since(self, earlier: Self) -> f64 {
        self.seconds_since(earlier) / 3_600.0
    }

    /// The moment `hours` later; saturates.
    pub fn plus_hours(self, hours: f64) -> Self {
        Self(self.0.saturating_add((hours * 3.6e9) as i64))
    }

    /// The UTC date and time of day; a moment outside the years -9999 to 9999 is shown as the nearest one.
    pub fn to_civil(self) -> Civil {
        let limit = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(limit);
        let at = jiff::tz::Offset::UTC.to_datetime(moment);
        Civil {
            year: i32::from(at.year()),
            month: u32::from(at.month().unsigned_abs()),
            day: u32::from(at.day().unsigned_abs()),
            hour: u32::from(at.hour().unsigned_abs()),
            minute: u32::from(at.minute().unsigned_abs()),
            second: u32::from(at.second().unsigned_abs()),
            micro: at.subsec_nanosecond().unsigned_abs() / 1_000,
        }
    }
}

/// `2026-05-01 08:30:00`, UTC, without a zone mark: whoever renders it says which zone it is.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.to_civil();
        write!(f, "{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({self})")
    }
}

/// Reads `2026-05-01 08:30`, `2026-05-01T08:30:15.123Z`, `2026-05-01 08:30:15+02:00` and their like (a date,
/// a blank, `T` or `_`, a time, an optional fraction, an optional zone). The zone is [`Zone::Unknown`] when
/// none is written. Trailing text is not accepted.
pub fn parse_iso(text: &str) -> Option<(Time, Zone)> {
    let bytes = text.trim().as_bytes();
    let mut at = 0;
    let year = digits(bytes, &mut at, 4)?;
    eat(bytes, &mut at, b"-/")?;
    let month = digits(bytes, &mut at, 2)?;
    eat(bytes, &mut at, b"-/")?;
    let day = digits(bytes, &mut at, 2)?;
    eat(bytes, &mut at, b" T_")?;
    let hour = digits(bytes, &mut at, 2)?;
    eat(bytes, &mut at, b":")?;
    let minute = digits(bytes, &mut at, 2)?;
    let mut second = 0;
    let mut micro = 0;
    if eat(bytes, &mut at, b":").is_some() {
        second = digits(bytes, &mut at, 2)?;
        if eat(bytes, &mut at, b".,").is_some() {
            micro = fraction(bytes, &mut at)?;
        }
    }
    let wall = Civil { year: year as i32, month, day, hour, minute, second, micro }.to_time()?;
    let zone = match bytes.get(at..)? {
        [] => Zone::Unknown,
        [b'Z' | b'z'] => Zone::Utc,
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let mut rest_at = 0;
            let hours = digits(rest, &mut rest_at, 2)? as i32;
            let _ = eat(rest, &mut rest_at, b":");
            let minutes = if rest_at < rest.len() { digits(rest, &mut rest_at, 2)? as i32 } else { 0 };
            if rest_at != rest.len() {
                return None;
            }
            let ahead = hours * 60 + minutes;
            Zone::Bias(if *sign == b'+' { -ahead } else { ahead })
        }
        _ => return None,
    };
    Some((zone.to_utc(wall), zone))
}

fn digits(bytes: &[u8], at: &mut usize, count: usize) -> Option<u32> {
    let mut value = 0u32;
    for &byte in bytes.get(*at..*at + count)? {
        value = value * 10 + u32::from(byte.checked_sub(b'0').filter(|d| *d < 10)?);
    }
    *at += count;
    Some(value)
}

fn eat(bytes: &[u8], at: &mut usize, any_of: &[u8]) -> Option<()> {
    any_of.contains(bytes.get(*at)?).then(|| *at += 1)
}

/// One to nine digits after the point, as microseconds.
fn fraction(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let run = bytes[*at..].iter().take_while(|b| b.is_ascii_digit()).count();
    if run == 0 || run > 9 {
        return None;
    }
    let mut micro = 0u32;
    for place in 0..6 {
        let digit = if place < run { u32::from(bytes[*at + place] - b'0') } else { 0 };
        micro = micro * 10 + digit;
    }
    *at += run;
    Some(micro)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_and_back_over_odd_dates() {
        for (text, micros) in [
            ("1970-01-01 00:00:00", 0),
            ("2000-02-29 23:59:59", 951_868_799_000_000),
            ("1601-01-01 00:00:00", -11_644_473_600_000_000),
            ("2026-11-23 00:18:10", 1_795_393_090_000_000),
        ] {
            let (time, zone) = parse_iso(text).unwrap();
            assert_eq!((time.0, zone), (micros, Zone::Unknown), "{text}");
            assert_eq!(time.to_string(), text);
        }
    }

    #[test]
    fn zones_and_fractions() {
        let noon = parse_iso("2026-05-01 12:00:00Z").unwrap().0;
        assert_eq!(parse_iso("2026-05-01T14:00:00.000+02:00"), Some((noon, Zone::Bias(-120))));
        assert_eq!(parse_iso("2026-05-01T08:00-0400"), Some((noon, Zone::Bias(240))));
        assert_eq!(parse_iso("2026-05-01 12:00:00.1234567").unwrap().0.0, noon.0 + 123_456);
        for bad in ["2026-02-30 00:00", "2026-05-01", "2026-05-01 25:00", "2026-05-01 12:00 PM", "x"] {
            assert_eq!(parse_iso(bad), None, "{bad}");
        }
    }

    #[test]
    fn filetime_zero_is_no_time() {
        assert_eq!(Time::from_filetime(0), None);
        assert_eq!(Time::from_filetime(116_444_736_000_000_000), Some(Time(0)));
    }
}
