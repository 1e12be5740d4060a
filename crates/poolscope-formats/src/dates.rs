//! Dates and times as people, consoles and cultures write them, day and month order included.
//!
//! It reads wall time; it does not know time zones beyond an offset that is written down.

use crate::time::{Civil, Time, Zone};

/// One date and time as written, with what its spelling says about the order of day and month.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reading {
    /// Year first, or the order does not matter (1/1).
    Plain(Time),
    /// Only month first gives a date: `6/18/2019`.
    MonthFirst(Time),
    /// Only day first gives a date: `18/6/2019`, or points between: `01.05.2026`.
    DayFirst(Time),
    /// Both do: `11-04-2023`.
    Either {
        /// Read as month, day, year.
        month_first: Time,
        /// Read as day, month, year.
        day_first: Time,
    },
}

impl Reading {
    /// The same reading with each of its times changed.
    #[must_use]
    pub fn map(self, change: impl Fn(Time) -> Time) -> Self {
        match self {
            Self::Plain(time) => Self::Plain(change(time)),
            Self::MonthFirst(time) => Self::MonthFirst(change(time)),
            Self::DayFirst(time) => Self::DayFirst(change(time)),
            Self::Either { month_first, day_first } => {
                Self::Either { month_first: change(month_first), day_first: change(day_first) }
            }
        }
    }

    /// The time it means where day and month stand in this order.
    pub fn in_order(self, month_stands_first: bool) -> Time {
        match self {
            Self::Plain(time) | Self::MonthFirst(time) | Self::DayFirst(time) => time,
            Self::Either { month_first, day_first } => {
                if month_stands_first {
                    month_first
                } else {
                    day_first
                }
            }
        }
    }
}

/// How the order of day and month of a series was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DayOrder {
    /// No date of the series was ambiguous.
    Clear,
    /// Other dates of the series, or their ascent, decide it.
    Decided,
    /// Nothing decides it; month first was taken.
    Guessed,
}

/// Gives every reading of a series, in the order of the input, one time. Unambiguous dates of the series decide
/// the order; else the order that keeps time ascending does, then the one with the shorter span.
pub fn resolve(series: &[Reading]) -> (Vec<Time>, DayOrder) {
    let pick = |month_first: bool| -> Vec<Time> {
        series.iter().map(|reading| reading.in_order(month_first)).collect()
    };
    if !series.iter().any(|reading| matches!(reading, Reading::Either { .. })) {
        return (pick(true), DayOrder::Clear);
    }
    if series.iter().any(|reading| matches!(reading, Reading::MonthFirst(_))) {
        return (pick(true), DayOrder::Decided);
    }
    if series.iter().any(|reading| matches!(reading, Reading::DayFirst(_))) {
        return (pick(false), DayOrder::Decided);
    }
    let badness = |times: &[Time]| {
        let backward = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
        let low = times.iter().min().map_or(0, |time| time.0);
        let high = times.iter().max().map_or(0, |time| time.0);
        (backward, high.abs_diff(low))
    };
    let (month_first, day_first) = (pick(true), pick(false));
    match badness(&month_first).cmp(&badness(&day_first)) {
        std::cmp::Ordering::Less => (month_first, DayOrder::Decided),
        std::cmp::Ordering::Greater => (day_first, DayOrder::Decided),
        std::cmp::Ordering::Equal => (month_first, DayOrder::Guessed),
    }
}

/// Reads a text that is one date and time and nothing else.
pub fn read(text: &str) -> Option<(Reading, Zone)> {
    let text = text.trim();
    let (reading, zone, used) = read_at(text.as_bytes())?;
    (used == text.len()).then_some((reading, zone))
}

/// Finds the first date and time in a line. Gives the reading, its zone and the range of bytes it covers.
pub fn find(line: &[u8]) -> Option<(Reading, Zone, std::ops::Range<usize>)> {
    let mut at = 0;
    while at < line.len() {
        let rest = line.get(at..)?;
        if !rest.first()?.is_ascii_digit() {
            at += 1;
            continue;
        }
        if let Some((reading, zone, used)) = read_at(rest) {
            return Some((reading, zone, at..at + used));
        }
        at += rest.iter().take_while(|b| b.is_ascii_digit()).count();
    }
    None
}

/// Reads a date and time at the start of `text`: three numbers, then a time of day. Gives the bytes used too.
pub fn read_at(text: &[u8]) -> Option<(Reading, Zone, usize)> {
    let mut scan = Scan { text, at: 0 };
    let (first, first_digits) = scan.number(4)?;
    let separator = scan.one_of(b"/.-")?;
    let (second, _) = scan.number(2)?;
    scan.one_of(&[separator])?;
    let (third, third_digits) = scan.number(4)?;
    scan.gap()?;
    let (clock, zone) = scan.clock()?;
    let reading = if first_digits == 4 {
        let wall =
            Civil { year: i32::try_from(first).ok()?, month: second, day: third, ..clock }.to_time()?;
        Reading::Plain(zone.to_utc(wall))
    } else {
        let year = match third_digits {
            4 => third,
            2 => 2000 + third,
            _ => return None,
        };
        year_last(first, second, year, separator, clock)?.map(|wall| zone.to_utc(wall))
    };
    Some((reading, zone, scan.at))
}

/// A date whose year stands last; `clock` gives the time of day. Dots are written day first wherever they are.
pub(crate) fn year_last(first: u32, second: u32, year: u32, separator: u8, clock: Civil) -> Option<Reading> {
    let build =
        |month: u32, day: u32| Civil { year: i32::try_from(year).ok()?, month, day, ..clock }.to_time();
    let month_first = build(first, second).filter(|_| separator != b'.');
    Some(match (month_first, build(second, first)) {
        (Some(month_first), Some(day_first)) if month_first == day_first => Reading::Plain(day_first),
        (Some(month_first), Some(day_first)) => Reading::Either { month_first, day_first },
        (Some(time), None) => Reading::MonthFirst(time),
        (None, Some(time)) => Reading::DayFirst(time),
        (None, None) => return None,
    })
}

/// Reads a time of day at the start of `text`: `8:30`, `08:30:15.123`, `2:05 pm`. Its date fields are 0. Gives
/// the bytes used too.
pub fn read_clock(text: &[u8]) -> Option<(Civil, usize)> {
    let mut scan = Scan { text, at: 0 };
    let (clock, _) = scan.clock()?;
    Some((clock, scan.at))
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    fn number(&mut self, most: usize) -> Option<(u32, usize)> {
        let run = self.rest().iter().take_while(|b| b.is_ascii_digit()).count();
        if run == 0 || run > most {
            return None;
        }
        let value = self.rest().iter().take(run).fold(0, |value, &b| value * 10 + u32::from(b - b'0'));
        self.at += run;
        Some((value, run))
    }

    fn one_of(&mut self, any: &[u8]) -> Option<u8> {
        let found = *self.rest().first().filter(|b| any.contains(b))?;
        self.at += 1;
        Some(found)
    }

    /// Between date and time of day: `T`, `_`, or blanks with perhaps a comma before them.
    fn gap(&mut self) -> Option<()> {
        if self.one_of(b"T_").is_some() {
            return Some(());
        }
        let _ = self.one_of(b",");
        let blanks = self.rest().iter().take_while(|&&b| b == b' ').count();
        self.at += blanks;
        (1..=4).contains(&blanks).then_some(())
    }

    /// `8:30`, `08:30:15.123`, `8:30:15 PM`, with `Z` or `+02:00` after it. Date fields are left 0.
    fn clock(&mut self) -> Option<(Civil, Zone)> {
        let (mut hour, _) = self.number(2)?;
        self.one_of(b":")?;
        let (minute, minute_digits) = self.number(2)?;
        let mut second = 0;
        let mut micro = 0;
        if minute_digits != 2 {
            return None;
        }
        if self.rest().first() == Some(&b':') {
            self.at += 1;
            second = self.number(2)?.0;
            if self.rest().first().is_some_and(|b| b".,".contains(b))
                && self.rest().get(1).is_some_and(u8::is_ascii_digit)
            {
                self.at += 1;
                let run = self.rest().iter().take_while(|b| b.is_ascii_digit()).count().min(9);
                for place in 0..6 {
                    let digit = self.rest().get(place).filter(|_| place < run).map_or(0, |b| b - b'0');
                    micro = micro * 10 + u32::from(digit);
                }
                self.at += run;
            }
        }
        let blank = usize::from(self.rest().first() == Some(&b' '));
        let afternoon = match self.rest().get(blank..blank + 2).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"AM") => Some(0),
            Some(b"PM") => Some(12),
            _ => None,
        };
        if let Some(hours) = afternoon {
            hour = hour % 12 + hours;
            self.at += blank + 2;
        }
        let zone = self.zone();
        (hour < 24 && minute < 60 && second <= 60)
            .then_some((Civil { year: 0, month: 0, day: 0, hour, minute, second, micro }, zone))
    }

    fn zone(&mut self) -> Zone {
        let sign = match self.rest() {
            [b'Z', next, ..] if next.is_ascii_alphanumeric() => return Zone::Unknown,
            [b'Z', ..] => {
                self.at += 1;
                return Zone::Utc;
            }
            [b'+', ..] => -1,
            [b'-', ..] => 1,
            _ => return Zone::Unknown,
        };
        let begin = self.at;
        self.at += 1;
        let minutes = match self.number(4) {
            Some((hours, 2)) => {
                let colon = self.one_of(b":").is_some();
                let minutes = if colon { self.number(2).map(|(minutes, _)| minutes) } else { Some(0) };
                minutes.map(|minutes| hours * 60 + minutes)
            }
            Some((both, 4)) => Some(both / 100 * 60 + both % 100),
            _ => None,
        };
        match minutes.filter(|minutes| *minutes <= 15 * 60).and_then(|minutes| i32::try_from(minutes).ok()) {
            Some(minutes) => Zone::Bias(sign * minutes),
            None => {
                self.at = begin;
                Zone::Unknown
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_iso;

    fn at(iso: &str) -> Time {
        parse_iso(iso).unwrap().0
    }

    #[test]
    fn spellings() {
        let evening = at("2019-06-18 14:39:56");
        for (text, want) in [
            ("2019-06-18 14:39:56", Reading::Plain(evening)),
            ("2019-06-18T14:39:56.000Z", Reading::Plain(evening)),
            ("2019-06-18T16:39:56+02:00", Reading::Plain(evening)),
            ("2019-06-18_10:39:56-0400", Reading::Plain(evening)),
            ("2019/06/18 14:39:56", Reading::Plain(evening)),
            ("6/18/2019 14:39:56", Reading::MonthFirst(evening)),
            ("6/18/2019 2:39:56 PM", Reading::MonthFirst(evening)),
            ("06/18/19 2:39:56PM", Reading::MonthFirst(evening)),
            ("18/6/2019, 14:39:56", Reading::DayFirst(evening)),
            ("18.06.2019 14:39:56,00", Reading::DayFirst(evening)),
            ("06.06.2019 14:39:56", Reading::DayFirst(at("2019-06-06 14:39:56"))),
            ("6/6/2019 14:39:56", Reading::Plain(at("2019-06-06 14:39:56"))),
            (
                "11-04-2023 10:22:32",
                Reading::Either {
                    month_first: at("2023-11-04 10:22:32"),
                    day_first: at("2023-04-11 10:22:32"),
                },
            ),
            ("12/31/2026 12:00:00 AM", Reading::MonthFirst(at("2026-12-31 00:00:00"))),
        ] {
            assert_eq!(read(text).map(|(reading, _)| reading), Some(want), "{text}");
        }
        for text in
            ["", "2019-06-18", "13/13/2019 10:00", "1/1/1 10:00", "2019-06-18 25:00", "10:00", "1.2.3.4 5:6"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn found_inside_a_line() {
        let (reading, _, range) = find(b"=== Fri 05/15/2026  8:30:12.34 === poolmon").unwrap();
        assert_eq!(reading, Reading::MonthFirst(at("2026-05-15 08:30:12.34")));
        assert_eq!(range, 8..30);
        assert_eq!(find(b" Abcd Nonp       6394      4056      2338 163418368      69896"), None);
    }

    #[test]
    fn the_order_is_found_from_the_series() {
        let series = |texts: &[&str]| -> Vec<Reading> { texts.iter().map(|t| read(t).unwrap().0).collect() };
        let (times, order) = resolve(&series(&["11-04-2023 10:00", "13-04-2023 10:00"]));
        assert_eq!((times[0], order), (at("2023-04-11 10:00"), DayOrder::Decided));
        // 30 April to 1 May cannot be seen; 3, 4, 5 April can: month first would jump a month each.
        let (times, order) = resolve(&series(&["03/04/2023 10:00", "04/04/2023 10:00", "05/04/2023 10:00"]));
        assert_eq!((times[2], order), (at("2023-04-05 10:00"), DayOrder::Decided));
        let (times, order) = resolve(&series(&["03/04/2023 10:00", "03/04/2023 11:00"]));
        assert_eq!((times[0], order), (at("2023-03-04 10:00"), DayOrder::Guessed));
        assert_eq!(resolve(&series(&["2023-03-04 10:00"])).1, DayOrder::Clear);
    }
}
