//! Reads pooltag.txt and tells it from other text. A line is `tag - binary - description`; `rem` and `//` begin
//! comments; the rest of what real files hold (a missing dash, wrapped lines, Ctrl-Z) is counted, never fatal.

use super::{PooltagEntry, PooltagFile};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::{MAX_POOLTAG_ENTRIES, MAX_POOLTAG_FIELD_BYTES};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text;

/// What a line of the file is.
enum Line<'a> {
    /// Blank, a comment, the Ctrl-Z of old editors.
    Nothing,
    /// All three fields.
    Entry { pattern: &'a str, binary: &'a str, description: &'a str },
    /// A tag and one more field: the binary or the second dash is missing.
    Short { pattern: &'a str, rest: &'a str },
    /// Free text, a wrapped line.
    Odd,
}

fn read_line(line: &str) -> Line<'_> {
    let trimmed = line.trim_end_matches(['\u{1a}', ' ', '\t']);
    let lower = trimmed.trim_start().get(..4).unwrap_or(trimmed.trim_start()).to_ascii_lowercase();
    if trimmed.trim_start().is_empty() || lower.trim_end() == "rem" || lower.starts_with("//") {
        return Line::Nothing;
    }
    // A tag may begin with a blank only in theory; real lines are indented by people.
    let Some((pattern, rest)) = split_at_dash(trimmed.trim_start()) else { return Line::Odd };
    let pattern = pattern.trim_end();
    if pattern.is_empty() || pattern.len() > 4 || !pattern.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Line::Odd;
    }
    match split_at_dash(rest.trim_start()) {
        Some((binary, description)) => {
            Line::Entry { pattern, binary: binary.trim(), description: description.trim() }
        }
        None => Line::Short { pattern, rest: rest.trim() },
    }
}

/// Splits at the first dash that has a blank on at least one side: names of binaries hold dashes too.
fn split_at_dash(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let blank = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_none_or(|b| b" \t".contains(b));
    let at = memchr::memchr_iter(b'-', bytes)
        .find(|&at| at > 0 && (blank(at.checked_sub(1)) || blank(Some(at + 1))))?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// A field that names a binary: `nt!mm`, `afd.sys`, `<unknown>`.
fn names_binary(field: &str) -> bool {
    let lower = field.to_ascii_lowercase();
    field.starts_with('<')
        || field.contains('!')
        || [".sys", ".exe", ".dll", ".lib"].iter().any(|ending| lower.contains(ending))
}

/// The binary of `nt!etw         Etw memory partition MDL`, where the second dash is missing.
fn binary_before_gap(rest: &str) -> Option<(&str, &str)> {
    let (first, description) = rest.split_once("  ")?;
    (names_binary(first) && !first.contains(' ')).then_some((first, description.trim_start()))
}

fn kept(field: &str) -> Box<str> {
    let mut end = field.len().min(MAX_POOLTAG_FIELD_BYTES);
    while !field.is_char_boundary(end) {
        end -= 1;
    }
    field.get(..end).unwrap_or("").into()
}

fn entry(pattern: &str, binary: &str, description: &str, line: u64) -> PooltagEntry {
    let unknown = binary.is_empty() || binary.eq_ignore_ascii_case("<unknown>") || binary == "?";
    PooltagEntry {
        pattern: pattern.into(),
        binary: (!unknown).then(|| kept(binary)),
        description: kept(description),
        line,
    }
}

/// Reads a whole file.
///
/// # Errors
/// [`FormatError::Read`]; [`FormatError::NotThisFormat`] where no line is an entry.
pub fn parse(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<PooltagFile>, FormatError> {
    let mut parsed = Parsed::new(());
    let mut entries: Vec<PooltagEntry> = Vec::new();
    let mut dropped = 0u64;
    text::for_each_block(input, |block| {
        for (number, line) in block.lines() {
            let line = String::from_utf8_lossy(line);
            let found = match read_line(&line) {
                Line::Nothing => continue,
                Line::Entry { pattern, binary, description } => entry(pattern, binary, description, number),
                Line::Short { pattern, rest } => match binary_before_gap(rest) {
                    Some((binary, description)) => {
                        parsed.note(Place::Line(number), "the second dash is missing");
                        entry(pattern, binary, description, number)
                    }
                    None => {
                        parsed.note(Place::Line(number), "no binary: a tag and a description only");
                        entry(pattern, "", rest, number)
                    }
                },
                Line::Odd => {
                    parsed.bad(Place::Line(number), "not a comment and not `tag - binary - description`");
                    continue;
                }
            };
            if entries.len() < MAX_POOLTAG_ENTRIES {
                entries.push(found);
            } else {
                dropped += 1;
            }
        }
        Ok(())
    })?;
    if entries.is_empty() {
        let start = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a pooltag.txt",
            Place::Whole,
            "a line `tag - binary - description`",
            &start,
        ));
    }
    if dropped > 0 {
        parsed.note(Place::Whole, format!("{dropped} entries over the limit were left out"));
    }
    parsed.coverage.records = entries.len() as u64;
    let file = PooltagFile::new(entries);
    let repeated = file.repeated_tags();
    if repeated > 0 {
        parsed
            .note(Place::Whole, format!("{repeated} tags stand more than once; all their entries are kept"));
    }
    Ok(parsed.map(|()| file))
}

/// The row of [`crate::detect::FORMATS`].
pub fn test(head: &Head) -> Option<Likelihood> {
    let (mut entries, mut with_binary, mut others) = (0, 0, 0);
    for line in head.lines() {
        match read_line(line) {
            Line::Nothing => {}
            Line::Entry { binary, .. } => {
                entries += 1;
                with_binary += usize::from(names_binary(binary));
            }
            Line::Short { .. } => entries += 1,
            Line::Odd => others += 1,
        }
    }
    match () {
        () if with_binary >= 20 && others * 5 <= entries => Some(Likelihood::Certain),
        () if with_binary >= 2 && others <= entries => Some(Likelihood::Likely),
        () if with_binary == 1 && others == 0 => Some(Likelihood::Likely),
        () => None,
    }
}

/// Reads a whole file into [`Records::Pooltag`].
///
/// # Errors
/// As [`parse`].
pub fn parse_records(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input, context)?.map(Records::Pooltag))
}
