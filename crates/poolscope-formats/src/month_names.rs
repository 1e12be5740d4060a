//! Dates with the month as a word: `09 June 2026 09:03:11`, `Monday, October 5, 2026 8:14:09 AM`,
//! `Mo 5. Okt 2026 08:14`, `Mon Oct  5 08:14:09 2026`.
//!
//! Such a date has one meaning only. The languages are those PowerShell's `Get-Date` is met in.

use crate::dates;
use crate::time::{Civil, Time, Zone};

/// The names of the months in lower case: English, German, French, Spanish, Italian, Portuguese, Dutch, and
/// short forms that are no beginning of a name.
const NAMES: [&[&str]; 12] = [
    &["january", "januar", "jänner", "janvier", "enero", "gennaio", "janeiro", "januari"],
    &["february", "februar", "février", "febrero", "febbraio", "fevereiro", "februari"],
    &["march", "märz", "mars", "marzo", "março", "maart", "mrz", "mrt"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "maio", "mei"],
    &["june", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "août", "agosto", "augustus"],
    &["september", "septembre", "septiembre", "settembre", "setembro"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "décembre", "diciembre", "dicembre", "dezembro"],
];

/// The month a word names, from 1: a name, or its first letters (three or more) if they are of one month only.
pub fn month(word: &str) -> Option<u32> {
    let letters = word.chars().count();
    if !(3..=10).contains(&letters) {
        return None;
    }
    let lower = word.to_lowercase();
    let mut found = None;
    for (names, number) in NAMES.iter().zip(1..) {
        if names.iter().any(|name| name.starts_with(&lower)) {
            if found.is_some() {
                return None;
            }
            found = Some(number);
        }
    }
    found
}

/// Finds the first date and time of day in a line whose month is a word. Gives the wall time and the bytes it
/// covers.
pub fn find(line: &str) -> Option<(Time, std::ops::Range<usize>)> {
    let mut from = 0;
    while let Some(start) = line.get(from..)?.find(char::is_alphabetic).map(|at| from + at) {
        let rest = line.get(start..)?;
        let end = start + rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        if let Some(month) = month(line.get(start..end)?)
            && let Some(found) = around(line, start, end, month)
        {
            return Some(found);
        }
        from = end;
    }
    None
}

/// Day, year and time of day around the word of a month at `start..end`.
fn around(line: &str, start: usize, end: usize, month: u32) -> Option<(Time, std::ops::Range<usize>)> {
    let day_before = day_before(line.get(..start)?);
    let mut tail = Tail { line, at: end };
    tail.skip(" .-/");
    tail.word("de");
    let (day, begin, year, clock);
    if let Some((number, at)) = day_before {
        (day, begin) = (number, at);
        year = tail.number(4)?;
        clock = tail.clock()?;
    } else {
        begin = start;
        day = tail.number_of(1..=2)?;
        tail.skip(" ,.");
        // `Mon Oct  5 08:14:09 2026`, as C writes it, has the year last.
        let before = tail.at;
        if let Some(early) = tail.clock() {
            clock = early;
            tail.skip(" ");
            year = tail.number(4)?;
        } else {
            tail.at = before;
            year = tail.number(4)?;
            clock = tail.clock()?;
        }
    }
    let civil = Civil { year: i32::try_from(year).ok()?, month, day, ..clock };
    Some((civil.to_time()?, begin..tail.at))
}

/// The day that ends just before a month's name, and where it begins: `09 `, `5. `, `5 de `, `05-`.
fn day_before(text: &str) -> Option<(u32, usize)> {
    let bare = text.trim_end_matches([' ', '.', '-', '/']);
    let bare = bare.strip_suffix(" de").unwrap_or(bare).trim_end_matches(' ');
    let digits = bare.bytes().rev().take_while(u8::is_ascii_digit).count();
    let begin = bare.len() - digits;
    let day: u32 = bare.get(begin..).filter(|_| (1..=2).contains(&digits))?.parse().ok()?;
    // More than a few characters between the two is prose.
    ((1..=31).contains(&day) && text.len() - bare.len() <= 5).then_some((day, begin))
}

/// What stands behind the month.
struct Tail<'a> {
    line: &'a str,
    at: usize,
}

impl Tail<'_> {
    fn rest(&self) -> &str {
        self.line.get(self.at..).unwrap_or("")
    }

    fn skip(&mut self, any: &str) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(|c| any.contains(c)).len();
    }

    fn word(&mut self, word: &str) {
        if self.rest().starts_with(word) && self.rest().get(word.len()..).is_some_and(|r| r.starts_with(' '))
        {
            self.at += word.len() + 1;
        }
    }

    fn number(&mut self, digits: usize) -> Option<u32> {
        self.number_of(digits..=digits)
    }

    fn number_of(&mut self, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
        let run = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let value = self.rest().get(..run).filter(|_| digits.contains(&run))?.parse().ok()?;
        self.at += run;
        Some(value)
    }

    /// The time of day, with `,`, `um`, `at`, `à` or blanks before it.
    fn clock(&mut self) -> Option<Civil> {
        self.skip(" ,-_T");
        for word in ["um", "at", "à"] {
            self.word(word);
        }
        self.skip(" ");
        let (clock, used) = dates::read_clock(self.rest().as_bytes())?;
        self.at += used;
        Some(clock)
    }
}

/// Finds the first date and time of day in a line, written in numbers or with the name of its month.
pub fn find_any(line: &str) -> Option<(dates::Reading, Zone, std::ops::Range<usize>)> {
    dates::find(line.as_bytes())
        .or_else(|| find(line).map(|(time, range)| (dates::Reading::Plain(time), Zone::Unknown, range)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_several_languages_and_words_that_begin_like_one() {
        for (word, want) in [
            ("June", Some(6)),
            ("JUN", Some(6)),
            ("Juni", Some(6)),
            ("juillet", Some(7)),
            ("juin", Some(6)),
            ("July", Some(7)),
            ("März", Some(3)),
            ("maart", Some(3)),
            ("Mai", Some(5)),
            ("maggio", Some(5)),
            ("marzo", Some(3)),
            ("septembre", Some(9)),
            ("Oktober", Some(10)),
            ("octubre", Some(10)),
            ("diciembre", Some(12)),
            ("Dezember", Some(12)),
            ("gennaio", Some(1)),
            ("fevereiro", Some(2)),
            ("août", Some(8)),
            ("Marcus", None),
            ("decrease", None),
            ("separate", None),
            ("general", None),
            ("jui", None),
            ("Sept", Some(9)),
            ("Process", None),
            ("", None),
        ] {
            assert_eq!(month(word), want, "{word}");
        }
    }

    #[test]
    fn dates_as_consoles_write_them() {
        for (line, want) in [
            ("09 June 2026 09:03:11", "2026-06-09 09:03:11"),
            ("Monday, October 5, 2026 8:14:09 AM", "2026-10-05 08:14:09"),
            ("Sunday, October 11, 2026 5:31:40 PM", "2026-10-11 17:31:40"),
            ("Montag, 5. Oktober 2026 08:14:09", "2026-10-05 08:14:09"),
            ("Mon Oct  5 08:14:09 2026", "2026-10-05 08:14:09"),
            ("lundi 5 octobre 2026 08:14:09", "2026-10-05 08:14:09"),
            ("lunes, 5 de octubre de 2026 8:14:09", "2026-10-05 08:14:09"),
            ("=== 05-Oct-2026 08:14 ===", "2026-10-05 08:14:00"),
            ("5. Mai 2026 um 08:14", "2026-05-05 08:14:00"),
        ] {
            assert_eq!(find(line).map(|(time, _)| time.to_string()).as_deref(), Some(want), "{line}");
        }
        for line in
            ["", "in May we had 3 of 5", "31 June 2026 09:00", "9 June 2026", "Jun 5", "May 99 2026 8:00"]
        {
            assert_eq!(find(line), None, "{line}");
        }
    }
}
