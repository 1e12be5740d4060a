//! A person's own notes: mails, tickets and to-do lists in a case folder that speak of what is often advised for a
//! pool leak.
//!
//! Only lines that name such advice are kept, with the advice; whether it does harm is not judged here, and nothing
//! else in the text is taken for a fact.

use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::{MAX_LISTING_ROWS, MAX_NOTE_CHARS};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;

/// The lines of a text that speak of advice.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Notes {
    /// In order; a line that speaks of two pieces of advice stands twice.
    pub mentions: Vec<Mention>,
}

/// A line that speaks of a piece of advice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mention {
    /// Its line.
    pub place: Place,
    /// The advice's name, one of the first column of [`ADVISED`].
    pub advice: &'static str,
    /// The line, trimmed and cut to [`MAX_NOTE_CHARS`].
    pub line: String,
}

/// Advice by its name, and the words (lower case) that all stand in a line that speaks of it.
pub static ADVISED: &[(&str, &[&str])] = &[
    ("NonPagedPoolSize", &["nonpagedpoolsize"]),
    ("PagedPoolSize", &["pagedpoolsize"]),
    ("PoolUsageMaximum", &["poolusagemaximum"]),
    ("NonPagedPoolQuota", &["nonpagedpoolquota"]),
    ("NonPagedPoolQuota", &["pagedpoolquota"]),
    ("NonPagedPoolLimit", &["nonpagedpoollimit"]),
    ("NonPagedPoolLimit", &["pagedpoollimit"]),
    ("EnableAggressiveMemoryUsage", &["enableaggressivememoryusage"]),
    ("SpecialPool", &["special pool", "verifier"]),
    ("SpecialPool", &["verifier", "/standard"]),
    ("SpecialPool", &["verifier", "/flags 0x1", "/driver"]),
    ("verifier-all-drivers", &["verifier", "/all"]),
    ("verifier-all-drivers", &["verifier", "*.sys"]),
    ("gflags-pool-tagging", &["gflags", "+ptg"]),
    ("gflags-pool-tagging", &["gflags", "pool tagging"]),
    ("reboot", &["nightly", "reboot"]),
    ("reboot", &["weekly", "reboot"]),
    ("reboot", &["scheduled", "reboot"]),
    ("reboot", &["reboot", "help"]),
    ("reboot", &["reboot", "fixe"]),
    ("reboot", &["reboot", "solve"]),
    ("reboot", &["will reboot"]),
    ("reboot", &["and reboot"]),
    ("iisreset", &["iisreset"]),
];

/// True where a word stands in a line and is not the tail of a longer one (`pagedpoolsize` in `nonpagedpoolsize`).
fn stands_in(word: &str, line: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(char::is_alphabetic)
    })
}

/// The advice a line speaks of.
fn advised(line: &str) -> Vec<&'static str> {
    let line = line.to_lowercase();
    let mut found: Vec<&str> = Vec::new();
    for (name, words) in ADVISED {
        if words.iter().all(|word| stands_in(word, &line)) && !found.contains(name) {
            found.push(name);
        }
    }
    found
}

/// Reads notes.
///
/// # Errors
/// [`FormatError::NotThisFormat`] if no line speaks of advice, or [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Notes>, FormatError> {
    let mut parsed = Parsed::new(Notes::default());
    for_each_line(input, |number, line| {
        for advice in advised(line) {
            if parsed.value.mentions.len() < MAX_LISTING_ROWS {
                parsed.coverage.records += 1;
                let line = line.trim().chars().take(MAX_NOTE_CHARS).collect();
                parsed.value.mentions.push(Mention { place: Place::Line(number), advice, line });
            }
        }
        Ok(())
    })?;
    if parsed.value.mentions.is_empty() {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this("notes", Place::Whole, "a line about pool settings", &head));
    }
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Notes))
}

/// The row's test in [`crate::detect::FORMATS`]: text of any kind whose head speaks of such advice, but no report of
/// poolscope, which speaks of it too.
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let binary = |c: char| matches!(c, '\0'..='\u{8}' | '\u{fffd}');
    let prose = !head.text.chars().any(binary) && !head.text.contains("poolscope");
    (prose && head.lines().any(|line| !advised(line).is_empty())).then_some(Likelihood::Maybe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_speak_of_advice() {
        for (line, names) in [
            ("set NonPagedPoolSize=0xFFFFFFFF and reboot", vec!["NonPagedPoolSize", "reboot"]),
            ("PagedPoolSize to -1", vec!["PagedPoolSize"]),
            ("Reboot helped for two days, then nightly reboot", vec!["reboot"]),
            ("we must reboot the other host", vec![]),
            ("verifier /flags 0x1 /driver *.sys", vec!["SpecialPool", "verifier-all-drivers"]),
            ("verifier /flags 0x8 /driver contoso.sys", vec![]),
            ("the pool grows", vec![]),
        ] {
            assert_eq!(advised(line), names, "{line}");
        }
    }

    #[test]
    fn places_and_long_lines() {
        let text = format!("Ticket 1\r\n\r\niisreset, {}\r\n", "again ".repeat(500));
        let parsed = parse(&text.as_bytes().to_vec()).unwrap();
        assert_eq!(parsed.value.mentions.len(), 1);
        assert_eq!(parsed.value.mentions[0].place, Place::Line(3));
        assert_eq!(parsed.value.mentions[0].line.chars().count(), MAX_NOTE_CHARS);
        assert!(parse(&b"nothing of the kind".to_vec()).is_err());
    }
}
