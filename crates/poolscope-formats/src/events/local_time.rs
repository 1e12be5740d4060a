//! Local dates as PowerShell prints them into XML: ISO, or the culture's short date and long time.

use crate::time::{Civil, Time, parse_iso};

/// Which of the first two numbers of `4/5/2026` is the month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DayOrder {
    MonthFirst,
    DayFirst,
}

/// A date that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Local {
    pub time: Time,
    /// The first number was over 12, so it can only be the day.
    pub day_stood_first: bool,
}

/// Reads `2026-05-01T08:31:02.1+02:00`, `5/1/2026 8:31:02 AM`, `01.05.2026 08:31:02` and their like.
pub(super) fn read_local(text: &str, order: DayOrder) -> Option<Local> {
    let text = text.trim();
    if let Some((time, _)) = parse_iso(text) {
        return Some(Local { time, day_stood_first: false });
    }
    let (date, rest) = text.split_once([' ', '\u{a0}', '\u{202f}'])?;
    let mut numbers = date.split(['/', '.', '-']).map(|part| part.parse::<u32>().ok());
    let (first, second, third) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let day_stood_first = first > 12 && first <= 31 && third > 31;
    let (year, month, day) = if first > 31 {
        (first, second, third)
    } else if date.contains('.') || day_stood_first || order == DayOrder::DayFirst {
        (third, second, first)
    } else {
        (third, first, second)
    };
    let mut parts = rest.split([' ', '\u{a0}', '\u{202f}']).filter(|part| !part.is_empty());
    let mut clock = parts.next()?.split(['.', ':']).map(|part| part.parse::<u32>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next().flatten().unwrap_or(0));
    let hour = match parts.next().map(|half| half.to_ascii_uppercase().replace('.', "")) {
        Some(half) if half == "PM" && hour < 12 => hour + 12,
        Some(half) if half == "AM" && hour == 12 => 0,
        _ => hour,
    };
    let civil = Civil { year: i32::try_from(year).ok()?, month, day, hour, minute, second, micro: 0 };
    Some(Local { time: civil.to_time()?, day_stood_first })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_several_cultures() {
        for (text, want) in [
            ("5/1/2026 8:31:02 AM", "2026-05-01 08:31:02"),
            ("5/1/2026 12:31:02 AM", "2026-05-01 00:31:02"),
            ("5/1/2026 12:31:02 PM", "2026-05-01 12:31:02"),
            ("5/1/2026\u{202f}8:31:02\u{202f}PM", "2026-05-01 20:31:02"),
            ("01.05.2026 08:31:02", "2026-05-01 08:31:02"),
            ("31/12/2025 23:59:59", "2025-12-31 23:59:59"),
            ("2026/05/01 8:31:02", "2026-05-01 08:31:02"),
            ("2026-05-01T10:31:02+02:00", "2026-05-01 08:31:02"),
        ] {
            let local = read_local(text, DayOrder::MonthFirst).unwrap();
            assert_eq!(local.time.to_string(), want, "{text}");
        }
        assert_eq!(
            read_local("1/5/2026 8:31:02", DayOrder::DayFirst).unwrap().time.to_string(),
            "2026-05-01 08:31:02"
        );
        for bad in ["", "today", "1/2 3", "40/40/2026 1:1:1", "5/1/2026 25:00:00"] {
            assert_eq!(read_local(bad, DayOrder::MonthFirst), None, "{bad}");
        }
    }
}
