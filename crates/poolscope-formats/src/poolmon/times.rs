//! When a snapshot was taken: the user's word, a line inside, the file's name, its modification time.

use crate::dates;
use crate::time::{Civil, Time, Zone};

/// A line that is little more than a date and time: `2026-05-01 08:30:00`, `Fri 05/01/2026  8:30:12.34`,
/// `===== 05/01/2026 08:30:00 =====`, `Time: ...`. A sentence with a date in it is not one.
pub(super) fn time_line(line: &[u8]) -> Option<(dates::Reading, Zone)> {
    /// Letters a label or a weekday may take beside the date; more is prose.
    const MOST_OTHER_LETTERS: usize = 32;
    if line.len() > 160 {
        return None;
    }
    let (reading, zone, range) = dates::find(line)?;
    let (before, after) = (line.get(..range.start)?, line.get(range.end..)?);
    let letters = |text: &[u8]| text.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let digits = |text: &[u8]| text.iter().filter(|b| b.is_ascii_digit()).count();
    let words = |text: &[u8]| text.split(|b| !b.is_ascii_alphabetic()).filter(|w| !w.is_empty()).count();
    let bare = letters(before) + letters(after) <= MOST_OTHER_LETTERS
        && words(before) + words(after) <= 4
        && digits(before) + digits(after) <= 4;
    bare.then_some((reading, zone))
}

/// The moment a file's name states: `2026-05-01_0830.log`, `poolsnap_20260501-083015.txt`, `1777624200.log`,
/// `2026-05-01_1777624200.pool.csv`. A date without a time of day is none. Epoch numbers are UTC; the rest is
/// wall time of an unknown zone.
pub fn from_name(name: &str) -> Option<(Time, Zone)> {
    let bytes = name.as_bytes();
    let mut runs: Vec<(usize, &[u8])> = Vec::new();
    let mut at = 0;
    while at < bytes.len() && runs.len() < 32 {
        let rest = bytes.get(at..)?;
        let run = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if run > 0 {
            runs.push((at, rest.get(..run)?));
        }
        at += run.max(1);
    }
    epoch(&runs)
        .map(|time| (time, Zone::Utc))
        .or_else(|| wall(bytes, &runs).map(|time| (time, Zone::Unknown)))
}

/// A run of 10 (seconds) or 13 (milliseconds) digits that falls between 2000 and 2100.
fn epoch(runs: &[(usize, &[u8])]) -> Option<Time> {
    let years = 946_684_800..4_102_444_800u64;
    runs.iter().find_map(|(_, digits)| {
        let value = crate::numbers::plain(digits)?;
        let (seconds, micros) = match digits.len() {
            10 => (value, value.checked_mul(1_000_000)?),
            13 => (value / 1_000, value.checked_mul(1_000)?),
            _ => return None,
        };
        years.contains(&seconds).then(|| i64::try_from(micros).ok().map(Time)).flatten()
    })
}

/// Year, month, day, hour, minute and perhaps second, in runs of 4+2+2, 8, 12 or 14 digits with one character
/// between neighbours.
fn wall(name: &[u8], runs: &[(usize, &[u8])]) -> Option<Time> {
    for begin in 0..runs.len() {
        let Some(pieces) = runs.get(begin..) else { continue };
        let mut digits: Vec<u8> = Vec::new();
        let mut last_end = pieces.first().map_or(0, |(at, _)| *at);
        for (at, piece) in pieces {
            let gap = name.get(last_end..*at).unwrap_or(&[]);
            let near = gap.len() <= 1 && gap.iter().all(|b| b"-_.T ".contains(b));
            let even = piece.len() % 2 == 0;
            if !near || !even || digits.len() + piece.len() > 14 {
                break;
            }
            digits.extend_from_slice(piece);
            last_end = at + piece.len();
        }
        if digits.len() < 12 || pieces.first().is_some_and(|(_, first)| first.len() < 4) {
            continue;
        }
        let field = |from: usize, to: usize| -> Option<u32> {
            u32::try_from(crate::numbers::plain(digits.get(from..to)?)?).ok()
        };
        let civil = Civil {
            year: field(0, 4).and_then(|year| i32::try_from(year).ok())?,
            month: field(4, 6)?,
            day: field(6, 8)?,
            hour: field(8, 10)?,
            minute: field(10, 12)?,
            second: field(12, 14).unwrap_or(0),
            micro: 0,
        };
        let sane = (1990..2100).contains(&civil.year);
        if let Some(time) = civil.to_time().filter(|_| sane) {
            return Some(time);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_iso;

    #[test]
    fn names_of_files() {
        for (name, want) in [
            ("2026-05-01_0830.log", Some("2026-05-01 08:30")),
            ("poolsnap_20260501-083015.txt", Some("2026-05-01 08:30:15")),
            ("poolmon 2026-05-01 08.30.15.txt", Some("2026-05-01 08:30:15")),
            ("202605010830.log", Some("2026-05-01 08:30")),
            ("SRV01_2026-05-01T08-30.log", Some("2026-05-01 08:30")),
            ("2026-05-01_1777624200.pool.csv", Some("2026-05-01 08:30Z")),
            ("1777624200.log", Some("2026-05-01 08:30Z")),
            ("1777624200123.log", Some("2026-05-01 08:30:00.123Z")),
            ("2026-05-01.log", None),
            ("poolsnap.log", None),
            ("snapshot12.txt", None),
            ("2026-13-01_0830.log", None),
            ("0001234567.log", None),
        ] {
            assert_eq!(from_name(name), want.and_then(parse_iso), "{name}");
        }
    }

    #[test]
    fn lines_of_time_and_of_prose() {
        for line in [
            "2026-05-01 08:30:00",
            "Fri 05/01/2026  8:30:12.34",
            "===== 2026-05-01 08:30:00 =====",
            "Time: 2026-05-01T08:30:00Z",
            "[05/01/2026 08:30:15]",
            "01.05.2026 08:30:15,12",
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
}
