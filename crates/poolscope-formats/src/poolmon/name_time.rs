//! The moment that a file's name states, in the spellings people and scripts use.
//!
//! It splits the name into runs of digits, letters and marks and looks for a date with a time of day behind it.
//! A date without a time of day is none.

use crate::dates::{Reading, year_last};
use crate::month_names;
use crate::time::{Civil, Time, Zone};

/// Runs looked at in one name.
const MOST_RUNS: usize = 48;

/// Years a name can mean.
const YEARS: std::ops::Range<u32> = 1990..2100;

/// One run of characters of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Run<'a> {
    Digits(&'a str),
    Letters(&'a str),
    Marks(&'a str),
}

/// The moment a file's name states: `2026-05-01_0830.log`, `poolsnap_20260501-083015.txt`, `pm 09-06-2026 0900.txt`,
/// `poolmon 6-9-2026 9-05 PM.txt`, `1777624200.log`. Epoch numbers and what says so (`20260501T0830Z`, `0830 UTC`)
/// are UTC; the rest is wall time of an unknown zone. A name without a year (`09Jun_0900`) gets the last one that is not after `modified`, the file's
/// modification time, and none without that.
pub fn from_name(name: &str, modified: Option<Time>) -> Option<(Reading, Zone)> {
    let runs = runs(name);
    if let Some(time) = epoch(&runs) {
        return Some((Reading::Plain(time), Zone::Utc));
    }
    let zone = if says_utc(&runs) { Zone::Utc } else { Zone::Unknown };
    (0..runs.len()).find_map(|at| wall(runs.get(at..)?, modified)).map(|reading| (reading, zone))
}

/// `...T0500Z`, `...0500 UTC`: digits with the letter or the word behind them.
fn says_utc(runs: &[Run<'_>]) -> bool {
    let word =
        |run: &Run<'_>| matches!(run, Run::Letters(word) if *word == "Z" || word.eq_ignore_ascii_case("utc"));
    runs.windows(2).any(|pair| matches!(pair, [Run::Digits(_), last] if word(last)))
        || runs.windows(3).any(|three| match three {
            [Run::Digits(_), Run::Marks(mark), Run::Letters(last)] => {
                is_mark(mark) && last.eq_ignore_ascii_case("utc")
            }
            _ => false,
        })
}

/// The day a name states, with or without a time of day: midnight of it.
pub(super) fn day_of_name(name: &str, modified: Option<Time>) -> Option<Reading> {
    let runs = runs(name);
    (0..runs.len()).find_map(|at| date(runs.get(at..)?, MIDNIGHT, modified).map(|(reading, _)| reading))
}

const MIDNIGHT: Civil = Civil { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, micro: 0 };

fn runs(name: &str) -> Vec<Run<'_>> {
    let class = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
    let mut runs = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next()
        && runs.len() < MOST_RUNS
    {
        let end = rest.find(|c| class(c) != class(first)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        runs.push(match class(first) {
            (true, _) => Run::Digits(run),
            (_, true) => Run::Letters(run),
            _ => Run::Marks(run),
        });
        rest = tail;
    }
    runs
}

fn value(digits: &str) -> Option<u32> {
    digits.parse().ok()
}

/// A run of 10 (seconds) or 13 (milliseconds) digits that falls between 2000 and 2100.
fn epoch(runs: &[Run<'_>]) -> Option<Time> {
    let years = 946_684_800..4_102_444_800u64;
    runs.iter().find_map(|run| {
        let Run::Digits(digits) = run else { return None };
        let value: u64 = digits.parse().ok()?;
        let (seconds, micros) = match digits.len() {
            10 => (value, value.checked_mul(1_000_000)?),
            13 => (value / 1_000, value.checked_mul(1_000)?),
            _ => return None,
        };
        years.contains(&seconds).then(|| i64::try_from(micros).ok().map(Time)).flatten()
    })
}

/// A date and a time of day at the beginning of the runs.
fn wall(runs: &[Run<'_>], modified: Option<Time>) -> Option<Reading> {
    // Date and time of day in one run: 202605010830, 20260501083015.
    if let [Run::Digits(digits), ..] = runs
        && matches!(digits.len(), 12 | 14)
    {
        let (day, clock) = digits.split_at(8);
        return date(&[Run::Digits(day)], clock_of_digits(clock)?, modified).map(|(reading, _)| reading);
    }
    let (_, used) = date(runs, MIDNIGHT, modified)?;
    let clock = clock(runs.get(used..)?)?;
    date(runs, clock, modified).map(|(reading, _)| reading)
}

/// A date at the beginning of the runs, at this time of day; and how many runs it takes.
fn date(runs: &[Run<'_>], clock: Civil, modified: Option<Time>) -> Option<(Reading, usize)> {
    let plain = |year: u32, month: u32, day: u32| {
        let year = i32::try_from(year).ok().filter(|_| YEARS.contains(&year))?;
        Civil { year, month, day, ..clock }.to_time().map(Reading::Plain)
    };
    match *runs {
        [Run::Digits(all), ..] if all.len() == 8 => {
            let field = |from: usize, to: usize| value(all.get(from..to)?);
            let year_first = plain(field(0, 4)?, field(4, 6)?, field(6, 8)?);
            let last = || {
                let year = field(4, 8).filter(|year| YEARS.contains(year))?;
                year_last(field(0, 2)?, field(2, 4)?, year, b'-', clock)
            };
            year_first.or_else(last).map(|reading| (reading, 1))
        }
        // 2026-0501 and 2026 0501.
        [Run::Digits(year), Run::Marks(mark), Run::Digits(rest), ..]
            if year.len() == 4 && rest.len() == 4 && is_mark(mark) =>
        {
            let (month, day) = rest.split_at(2);
            plain(value(year)?, value(month)?, value(day)?).map(|reading| (reading, 3))
        }
        [Run::Digits(first), Run::Marks(a), Run::Digits(second), Run::Marks(b), Run::Digits(third), ..]
            if is_mark(a) && a == b && (1..=2).contains(&second.len()) =>
        {
            let reading = match (first.len(), third.len()) {
                (4, 1..=2) => plain(value(first)?, value(second)?, value(third)?),
                (1..=2, 4) => {
                    let year = value(third).filter(|year| YEARS.contains(year))?;
                    year_last(value(first)?, value(second)?, year, *a.as_bytes().first()?, clock)
                }
                _ => None,
            };
            reading.map(|reading| (reading, 5))
        }
        _ => worded(runs, clock, modified),
    }
}

/// A date whose month is a word: `09Jun`, `9-Jun-2026`, `Jun 9 2026`, `2026Jun09`.
fn worded(runs: &[Run<'_>], clock: Civil, modified: Option<Time>) -> Option<(Reading, usize)> {
    // Marks between the three say nothing.
    let mut parts = runs.iter().enumerate().filter(|(_, run)| !matches!(run, Run::Marks(m) if m.len() <= 2));
    let (_, &first) = parts.next()?;
    let (after_first, &second) = parts.next()?;
    let third = parts.next();
    let year_of = |run: Option<(usize, &Run<'_>)>| match run {
        Some((at, Run::Digits(digits))) if digits.len() == 4 => {
            value(digits).filter(|year| YEARS.contains(year)).map(|year| (year, at + 1))
        }
        _ => None,
    };
    let (month, day, year, used) = match (first, second) {
        (Run::Digits(day), Run::Letters(word)) if day.len() <= 2 => {
            let year = year_of(third);
            (month_names::month(word)?, value(day)?, year.map(|y| y.0), year.map_or(after_first + 1, |y| y.1))
        }
        (Run::Letters(word), Run::Digits(day)) if day.len() <= 2 => {
            let year = year_of(third);
            (month_names::month(word)?, value(day)?, year.map(|y| y.0), year.map_or(after_first + 1, |y| y.1))
        }
        (Run::Digits(year), Run::Letters(word)) if year.len() == 4 => {
            let (at, Run::Digits(day)) = third? else { return None };
            let year = value(year).filter(|year| YEARS.contains(year))?;
            (month_names::month(word)?, value(day).filter(|_| day.len() <= 2)?, Some(year), at + 1)
        }
        _ => return None,
    };
    let at = |year: i32| Civil { year, month, day, ..clock }.to_time();
    let time = match year {
        Some(year) => at(i32::try_from(year).ok()?)?,
        None => {
            // A day's grace for the zone, which is not known.
            let latest = modified?.plus_hours(24.0);
            let this = latest.to_civil().year;
            at(this).filter(|time| *time <= latest).or_else(|| at(this - 1))?
        }
    };
    Some((Reading::Plain(time), used))
}

/// One character that people put between the parts of a date.
fn is_mark(text: &str) -> bool {
    matches!(text, "-" | "_" | "." | " " | "/")
}

/// A time of day behind a date: a gap, then `0900`, `090015`, `9-05 PM`, `14.25.00`, `14h25`.
fn clock(runs: &[Run<'_>]) -> Option<Civil> {
    let rest = match runs {
        [Run::Marks(mark), Run::Letters(word), Run::Marks(_), rest @ ..]
            if mark.len() <= 3 && matches!(word.to_ascii_lowercase().as_str(), "at" | "um" | "t") =>
        {
            rest
        }
        [Run::Marks(mark), rest @ ..] if mark.len() <= 3 => rest,
        [Run::Letters("T" | "t"), rest @ ..] => rest,
        _ => return None,
    };
    let (clock, after) = match rest {
        [Run::Digits(all), rest @ ..] if matches!(all.len(), 4 | 6) => (clock_of_digits(all)?, rest),
        [
            Run::Digits(hour),
            Run::Marks("-" | "." | "_" | "'") | Run::Letters("h"),
            Run::Digits(minute),
            rest @ ..,
        ] if hour.len() <= 2 && minute.len() == 2 => {
            let (second, rest) = match rest {
                [Run::Marks("-" | "." | "_"), Run::Digits(second), rest @ ..] if second.len() == 2 => {
                    (value(second)?, rest)
                }
                _ => (0, rest),
            };
            (Civil { hour: value(hour)?, minute: value(minute)?, second, ..MIDNIGHT }, rest)
        }
        _ => return None,
    };
    let half = match after {
        [Run::Marks(mark), Run::Letters(half), ..] if mark.len() == 1 => half,
        [Run::Letters(half), ..] => half,
        _ => "",
    };
    let hour = match half.to_ascii_lowercase().as_str() {
        "pm" if clock.hour <= 12 => clock.hour % 12 + 12,
        "am" if clock.hour <= 12 => clock.hour % 12,
        _ => clock.hour,
    };
    (hour < 24 && clock.minute < 60 && clock.second < 60).then_some(Civil { hour, ..clock })
}

/// `0900` or `090015`.
fn clock_of_digits(digits: &str) -> Option<Civil> {
    let field = |from: usize, to: usize| value(digits.get(from..to)?);
    let second = if digits.len() == 6 { field(4, 6)? } else { 0 };
    Some(Civil { hour: field(0, 2)?, minute: field(2, 4)?, second, ..MIDNIGHT })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_iso;

    fn at(iso: &str) -> Time {
        parse_iso(iso).unwrap().0
    }

    #[test]
    fn a_name_may_say_that_it_is_utc() {
        for (name, zone) in [
            ("poolmon_20260918T1700Z.txt", Zone::Utc),
            ("pool 2026-09-18 17.00 UTC.txt", Zone::Utc),
            ("poolmon_20260918T1700.txt", Zone::Unknown),
            ("poolmon_20260918T1700 Zoo.txt", Zone::Unknown),
        ] {
            let want = Some((Reading::Plain(at("2026-09-18 17:00")), zone));
            assert_eq!(from_name(name, None), want, "{name}");
        }
    }

    #[test]
    fn names_with_one_meaning() {
        for (name, want) in [
            ("2026-05-01_0830.log", Some("2026-05-01 08:30")),
            ("poolsnap_20260501-083015.txt", Some("2026-05-01 08:30:15")),
            ("poolmon 2026-05-01 08.30.15.txt", Some("2026-05-01 08:30:15")),
            ("202605010830.log", Some("2026-05-01 08:30")),
            ("SRV01_2026-05-01T08-30.log", Some("2026-05-01 08:30")),
            ("pool 20260609T0900.txt", Some("2026-06-09 09:00")),
            ("2026-06-09 09.00.00.txt", Some("2026-06-09 09:00")),
            ("snap 9-Jun-2026 1730.txt", Some("2026-06-09 17:30")),
            ("snap_Jun-9-2026_5-30pm.txt", Some("2026-06-09 17:30")),
            ("pool_2026Jun09_0000.txt", Some("2026-06-09 00:00")),
            ("pool 9. Juni 2026 um 14.25.txt", Some("2026-06-09 14:25")),
            ("pm_06-06-2026_14h25.txt", Some("2026-06-06 14:25")),
            ("2026-05-01_1777624200.pool.csv", Some("2026-05-01 08:30Z")),
            ("1777624200.log", Some("2026-05-01 08:30Z")),
            ("1777624200123.log", Some("2026-05-01 08:30:00.123Z")),
            ("2026-05-01.log", None),
            ("poolsnap.log", None),
            ("snapshot12.txt", None),
            ("2026-13-01_0830.log", None),
            ("0001234567.log", None),
            ("srv 10.0.17763 1809.txt", None),
            ("handle_s_3412_09Jun_0900.txt", None),
            ("2026-06-09_2460.txt", None),
        ] {
            let want = want.and_then(parse_iso).map(|(time, zone)| (Reading::Plain(time), zone));
            assert_eq!(from_name(name, None), want, "{name}");
        }
    }

    #[test]
    fn names_whose_day_and_month_can_be_exchanged() {
        let both = Reading::Either { month_first: at("2026-09-06 09:00"), day_first: at("2026-06-09 09:00") };
        for name in ["pm 09-06-2026 0900.txt", "pm_9-6-2026_9-00 AM.txt", "09062026_0900.log"] {
            assert_eq!(from_name(name, None), Some((both, Zone::Unknown)), "{name}");
        }
        for (name, want) in [
            ("pm_10.06.2026_14-25.txt", Reading::DayFirst(at("2026-06-10 14:25"))),
            ("pm 13-06-2026 0900.txt", Reading::DayFirst(at("2026-06-13 09:00"))),
            ("poolmon 6-13-2026 9-05 PM.txt", Reading::MonthFirst(at("2026-06-13 21:05"))),
        ] {
            assert_eq!(from_name(name, None), Some((want, Zone::Unknown)), "{name}");
        }
    }

    #[test]
    fn a_year_left_out_is_the_last_one_before_the_file_was_written() {
        let name = "handle_s_3412_09Jun_0900.txt";
        let read = |modified: &str| from_name(name, Some(at(modified)));
        assert_eq!(read("2026-06-09 08:04"), Some((Reading::Plain(at("2026-06-09 09:00")), Zone::Unknown)));
        assert_eq!(read("2027-01-02 00:00"), Some((Reading::Plain(at("2026-06-09 09:00")), Zone::Unknown)));
    }

    #[test]
    fn a_day_alone_is_kept_for_headings_that_have_the_hour() {
        assert_eq!(day_of_name("screens 2026-06-09.txt", None), Some(Reading::Plain(at("2026-06-09 00:00"))));
        assert_eq!(day_of_name("screens.txt", None), None);
    }
}
