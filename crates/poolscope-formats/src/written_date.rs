//! Dates as localised programs write them: `5/4/2026, 8:30:00 AM`, `04.05.2026 08:30`, `2026/5/4`.
//!
//! Whether `5/4` is May or April is decided by the other dates of the same listing ([`DateOrder::of`]) or not
//! at all: a date that could be two days has no wall time.

use crate::facts::WrittenDate;
use crate::time::{Civil, Time};

/// The order of a numeric date's fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateOrder {
    /// Year, month, day.
    YearFirst,
    /// Month, day, year.
    MonthFirst,
    /// Day, month, year.
    DayFirst,
}

impl DateOrder {
    /// The order that all dates of one listing share; `None` if none of them shows it, or they contradict.
    pub fn of<'a>(dates: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut found = None;
        for fields in dates.into_iter().filter_map(Fields::read) {
            match (fields.own_order(), found) {
                (Some(order), None) => found = Some(order),
                (Some(order), Some(known)) if order != known => return None,
                _ => {}
            }
        }
        found
    }
}

/// Reads a date in the order its listing has; without one, only a date that cannot be two days.
pub fn read(text: &str, order: Option<DateOrder>) -> WrittenDate {
    WrittenDate { text: text.trim().to_owned(), wall: wall(text, order).map(|(time, _)| time) }
}

/// Reads the dates of one listing that could be two days again, in the order that all of them together show,
/// or else in `fallback`.
pub fn settle(dates: &mut [&mut WrittenDate], fallback: Option<DateOrder>) {
    let order = DateOrder::of(dates.iter().map(|date| date.text.as_str())).or(fallback);
    for date in dates.iter_mut().filter(|date| date.wall.is_none()) {
        **date = read(&date.text, order);
    }
}

/// The wall time of a written date, and whether only the day is written.
pub fn wall(text: &str, order: Option<DateOrder>) -> Option<(Time, bool)> {
    let fields = Fields::read(text)?;
    let [a, b, c] = fields.date;
    let (year, month, day) = match fields.own_order().or(order) {
        Some(DateOrder::YearFirst) => (a, b, c),
        Some(DateOrder::MonthFirst) => (c, a, b),
        Some(DateOrder::DayFirst) => (c, b, a),
        None if a == b => (c, a, b),
        None => return None,
    };
    let year = if year < 70 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    let (hour, minute, second) = fields.clock.unwrap_or((0, 0, 0));
    let civil = Civil { year: i32::try_from(year).ok()?, month, day, hour, minute, second, micro: 0 };
    Some((civil.to_time()?, fields.clock.is_none()))
}

/// The longest date of any locale stays well under this, whatever marks it carries.
const MAX_DATE_BYTES: usize = 96;

/// A date split into its numbers.
struct Fields {
    date: [u32; 3],
    mark: char,
    clock: Option<(u32, u32, u32)>,
}

impl Fields {
    fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_DATE_BYTES {
            return None;
        }
        // Marks of writing direction stand in event texts and some locales' dates.
        let clean: String =
            text.chars().filter(|c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{feff}')).collect();
        let clean = clean.trim().trim_matches('"');
        let mut rest = clean;
        let mut date = [0; 3];
        let mut mark = ' ';
        for (at, slot) in date.iter_mut().enumerate() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if digits == 0 || digits > 4 {
                return None;
            }
            *slot = rest.get(..digits)?.parse().ok()?;
            rest = rest.get(digits..)?;
            if at < 2 {
                let c = rest.chars().next().filter(|c| matches!(c, '/' | '.' | '-'))?;
                if at == 1 && c != mark {
                    return None;
                }
                mark = c;
                // Some locales write a blank behind the dot: `4. 5. 2026`.
                rest = rest.get(1..)?.trim_start_matches(' ');
            }
        }
        let tail = rest.trim_start_matches(|c: char| c == ',' || c == '.' || c == 'T' || c.is_whitespace());
        let clock = if tail.is_empty() { None } else { Some(clock(tail)?) };
        Some(Self { date, mark, clock })
    }

    /// The order this date shows by itself.
    fn own_order(&self) -> Option<DateOrder> {
        let [a, b, _] = self.date;
        match (a, b) {
            (32.., _) => Some(DateOrder::YearFirst),
            (13..=31, 1..=12) => Some(DateOrder::DayFirst),
            (1..=12, 13..=31) => Some(DateOrder::MonthFirst),
            // Dots are written day first wherever Windows writes them.
            (1..=12, 1..=12) if self.mark == '.' => Some(DateOrder::DayFirst),
            _ => None,
        }
    }
}

/// `8:30:00 AM`, `08:30`, `上午 8:30:00`; text behind it is passed over.
fn clock(text: &str) -> Option<(u32, u32, u32)> {
    let lower = text.to_lowercase();
    let morning = ["am", "a.m.", "上午", "오전"].iter().any(|mark| lower.contains(mark));
    let evening = ["pm", "p.m.", "下午", "오후"].iter().any(|mark| lower.contains(mark));
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(digits.len());
    let mut parts = digits.get(..end)?.split(':');
    let hour: u32 = parts.next()?.parse().ok()?;
    let minute: u32 = parts.next()?.parse().ok()?;
    let second: u32 =
        parts.next().filter(|part| !part.is_empty()).map_or(Some(0), |part| part.parse().ok())?;
    let hour = match (morning, evening, hour) {
        (true, false, 12) => 0,
        (false, true, 1..=11) => hour + 12,
        _ => hour,
    };
    (hour < 24 && minute < 60 && second < 60).then_some((hour, minute, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, order: Option<DateOrder>) -> Option<String> {
        wall(text, order).map(|(time, day_only)| format!("{time}{}", if day_only { " day" } else { "" }))
    }

    #[test]
    fn dates_of_many_lands() {
        use DateOrder::{DayFirst, MonthFirst};
        for (text, order, want) in [
            ("5/14/2026, 8:30:00 AM", None, Some("2026-05-14 08:30:00")),
            ("5/14/2026, 12:30:00 AM", None, Some("2026-05-14 00:30:00")),
            ("5/14/2026 12:05:00\u{202f}PM", None, Some("2026-05-14 12:05:00")),
            ("04.05.2026, 20:30:15", None, Some("2026-05-04 20:30:15")),
            ("4. 5. 2026 8:30:15", None, Some("2026-05-04 08:30:15")),
            ("2026/5/4, 8:30:00", None, Some("2026-05-04 08:30:00")),
            ("2026/5/4, 下午 8:30:00", None, Some("2026-05-04 20:30:00")),
            ("2026-05-04", None, Some("2026-05-04 00:00:00 day")),
            ("5/4/2026", None, None),
            ("5/4/2026", Some(MonthFirst), Some("2026-05-04 00:00:00 day")),
            ("5/4/2026", Some(DayFirst), Some("2026-04-05 00:00:00 day")),
            ("5/5/2026", None, Some("2026-05-05 00:00:00 day")),
            ("06/21/2006", Some(MonthFirst), Some("2006-06-21 00:00:00 day")),
            ("5/14/26", None, Some("2026-05-14 00:00:00 day")),
            ("14/5/98", None, Some("1998-05-14 00:00:00 day")),
            ("\u{200e}5/\u{200e}14/\u{200e}2026", None, Some("2026-05-14 00:00:00 day")),
            ("02/30/2026", None, None),
            ("", None, None),
            ("N/A", None, None),
            ("1.2.3.4", None, None),
        ] {
            assert_eq!(shown(text, order).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn a_listing_shows_its_order() {
        assert_eq!(DateOrder::of(["5/4/2026", "5/14/2026"]), Some(DateOrder::MonthFirst));
        assert_eq!(DateOrder::of(["5/4/2026", "14/5/2026"]), Some(DateOrder::DayFirst));
        assert_eq!(DateOrder::of(["5/14/2026", "14/5/2026"]), None);
        assert_eq!(DateOrder::of(["5/4/2026"]), None);
    }
}
