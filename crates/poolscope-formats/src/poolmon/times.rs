//! Lines that say when a listing was taken: a date and time, or a time of day alone.

use crate::time::Zone;
use crate::{dates, month_names};

/// A line that is little more than a date and time: `2026-05-01 08:30:00`, `Fri 05/01/2026  8:30:12.34`,
/// `===== 05/01/2026 08:30:00 =====`, `Time: ...`. A sentence with a date in it is not one.
pub(super) fn time_line(line: &[u8]) -> Option<(dates::Reading, Zone)> {
    /// Letters a label or a weekday may take beside the date; more is prose.
    const MOST_OTHER_LETTERS: usize = 32;
    if line.len() > 160 {
        return None;
    }
    let (reading, zone, range) = match dates::find(line) {
        Some(found) => found,
        None => month_names::find_any(std::str::from_utf8(line).ok()?)?,
    };
    let (before, after) = (line.get(..range.start)?, line.get(range.end..)?);
    let letters = |text: &[u8]| text.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let digits = |text: &[u8]| text.iter().filter(|b| b.is_ascii_digit()).count();
    let words = |text: &[u8]| text.split(|b| !b.is_ascii_alphabetic()).filter(|w| !w.is_empty()).count();
    let bare = letters(before) + letters(after) <= MOST_OTHER_LETTERS
        && words(before) + words(after) <= 4
        && digits(before) + digits(after) <= 4;
    bare.then_some((reading, zone))
}

/// What a line above a listing says of its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heading {
    /// Date and time of day.
    Full(dates::Reading, Zone),
    /// A time of day only, in microseconds after midnight.
    TimeOfDay(i64),
}

/// Reads a heading: [`time_line`], or a line that is little more than a time of day.
pub(super) fn heading(line: &[u8]) -> Option<Heading> {
    time_line(line)
        .map(|(reading, zone)| Heading::Full(reading, zone))
        .or_else(|| time_of_day(line).map(Heading::TimeOfDay))
}

/// `13:50 Uhr:`, `2:05 pm`, `--- 14:00 ---`, `um 14.10 Uhr`. A duration or a sentence with a time in it is none.
fn time_of_day(line: &[u8]) -> Option<i64> {
    const MOST_BYTES: usize = 48;
    /// Words beside the time: more is prose.
    const MOST_WORDS: usize = 3;
    if line.len() > MOST_BYTES {
        return None;
    }
    let text = String::from_utf8_lossy(line);
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.get(start..)?.to_owned();
    // `13.50 Uhr`: a dot between, where the word says that it is a time.
    let hour_digits = digits(&rest);
    if rest.get(hour_digits..)?.starts_with('.') && text.to_lowercase().contains("uhr") {
        rest.replace_range(hour_digits..=hour_digits, ":");
    }
    let (clock, used) = dates::read_clock(rest.as_bytes())?;
    let (before, after) = (text.get(..start)?, rest.get(used..)?);
    let words: Vec<String> = [before, after]
        .iter()
        .flat_map(|part| part.split(|c: char| !c.is_alphabetic()))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let duration = ["uptime", "up", "elapsed", "duration", "laufzeit", "dauer", "cpu", "seit", "since"];
    let bare = words.len() <= MOST_WORDS
        && !words.iter().any(|word| duration.contains(&word.as_str()))
        && !after.contains(|c: char| c.is_ascii_digit())
        && !before.ends_with([':', '.', '-'])
        && !after.starts_with([':', '.'].as_slice()) | (after.trim() == ":");
    let minutes = i64::from(clock.hour) * 60 + i64::from(clock.minute);
    bare.then(|| (minutes * 60 + i64::from(clock.second)) * 1_000_000 + i64::from(clock.micro))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_time_and_of_prose() {
        for line in [
            "2026-05-01 08:30:00",
            "Fri 05/01/2026  8:30:12.34",
            "===== 2026-05-01 08:30:00 =====",
            "Time: 2026-05-01T08:30:00Z",
            "[05/01/2026 08:30:15]",
            "01.05.2026 08:30:15,12",
            "09 June 2026 09:03:11",
            "Monday, October 5, 2026 8:14:09 AM",
        ] {
            assert!(time_line(line.as_bytes()).is_some(), "{line}");
        }
        for line in [
            "we rebooted it on 2026-05-01 08:30 and it came back within the hour",
            " Abcd Nonp       6394      4056      2338 163418368      69896",
            "08:30:00",
            "",
        ] {
            assert!(time_line(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn a_time_of_day_alone_and_what_only_looks_like_one() {
        for (line, want) in [
            ("13:50 Uhr:", Some((13, 50))),
            ("13.50 Uhr", Some((13, 50))),
            ("um 14:10 Uhr", Some((14, 10))),
            ("2:05 pm", Some((14, 5))),
            ("2:05 PM:", Some((14, 5))),
            ("--- 14:00 ---", Some((14, 0))),
            ("at 9:30", Some((9, 30))),
            ("screen at 9:30 a", Some((9, 30))),
            ("Uptime: 12:34:56", None),
            ("up 3 days 12:34", None),
            ("25:00", None),
            ("we looked at it again at 9:30 and it had grown", None),
            ("a: 12:34:56:78", None),
            ("14:00 12 34", None),
            ("1400", None),
            ("10.0.17763", None),
            ("", None),
        ] {
            let want = want.map(|(hour, minute)| (hour * 60 + minute) * 60_000_000);
            assert_eq!(time_of_day(line.as_bytes()), want, "{line}");
        }
    }
}
