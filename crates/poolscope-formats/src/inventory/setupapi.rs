//! `setupapi.dev.log`: every driver package and device that was installed or removed, and every boot.
//!
//! The log is English on every host and its times are local.

use super::{Inventory, push_change, push_host};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{ChangeFact, ChangeKind, HostValue, WrittenDate};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;
use crate::time::{Time, Zone, parse_iso};

/// Files kept of one section: a package has a handful.
const MAX_SECTION_FILES: usize = 16;

/// Characters kept of a section's subject and details.
const MAX_DETAIL_CHARS: usize = 400;

/// One section, from `>>>  [title]` to `<<<  [Exit status: ...]`.
struct Section {
    line: u64,
    title: String,
    start: Option<Time>,
    files: Vec<String>,
    details: Vec<String>,
}

struct Reader {
    parsed: Parsed<Inventory>,
    open: Option<Section>,
    known: bool,
}

impl Reader {
    fn line(&mut self, number: u64, line: &str) {
        let trimmed = line.trim();
        if let Some(title) = trimmed.strip_prefix(">>>  [").or_else(|| trimmed.strip_prefix(">>> [")) {
            self.known = true;
            self.close(None);
            let title = title.strip_suffix(']').unwrap_or(title).to_owned();
            self.open =
                Some(Section { line: number, title, start: None, files: Vec::new(), details: Vec::new() });
        } else if let Some(rest) = trimmed.strip_prefix(">>>") {
            if let (Some(section), Some(at)) = (&mut self.open, rest.trim().strip_prefix("Section start ")) {
                section.start = parse_iso(at.trim()).map(|(time, _)| time);
                if section.start.is_none() {
                    self.parsed.bad(Place::Line(number), "expected the date and time of a section's start");
                }
            }
        } else if let Some(rest) = trimmed.strip_prefix("<<<") {
            if let Some((_, status)) = rest.split_once("[Exit status: ") {
                self.close(Some(status.starts_with("SUCCESS")));
            }
        } else if let Some(rest) = trimmed.strip_prefix("[Boot Session: ") {
            self.known = true;
            self.close(None);
            let text = rest.trim_end_matches(']').trim();
            match parse_iso(text) {
                Some((time, _)) => {
                    let date = WrittenDate { text: text.to_owned(), wall: Some(time) };
                    push_host(&mut self.parsed, Place::Line(number), HostValue::BootTime(date));
                }
                None => self.parsed.bad(Place::Line(number), "expected the date and time of a boot"),
            }
        } else if self.open.is_some() {
            self.inside(trimmed);
        } else {
            self.head(number, trimmed);
        }
    }

    /// A line of a section: its package's files and what it says about the driver.
    fn inside(&mut self, line: &str) {
        let Some(section) = &mut self.open else { return };
        for word in line.split(|c: char| {
            c.is_whitespace() || matches!(c, '\'' | '"' | '(' | ')' | '{' | '}' | ',' | '=' | ';')
        }) {
            let name = word.rsplit(['\\', '/']).next().unwrap_or(word).trim_end_matches(['.', ':']);
            let lower = name.to_ascii_lowercase();
            let is_file = lower.len() > 4 && (lower.ends_with(".inf") || lower.ends_with(".sys"));
            if is_file
                && section.files.len() < MAX_SECTION_FILES
                && !section.files.iter().any(|known| known.eq_ignore_ascii_case(name))
            {
                section.files.push(name.to_owned());
            }
        }
        for (key, word) in [
            ("Provider", "provider"),
            ("Driver Version", "version"),
            ("DriverVer", "version"),
            ("Driver version", "version"),
        ] {
            if let Some(value) = value_of(line, key)
                && !section.details.iter().any(|known| known.starts_with(word))
            {
                section.details.push(format!("{word} {value}"));
            }
        }
    }

    /// A line of the log's head.
    fn head(&mut self, number: u64, line: &str) {
        let Some((name, value)) = line.split_once('=') else { return };
        let place = Place::Line(number);
        match name.trim() {
            "OS Version" => {
                let numbers: Vec<u32> = value.trim().split('.').map_while(|part| part.parse().ok()).collect();
                if let [major, minor, build, ..] = numbers[..] {
                    push_host(&mut self.parsed, place, HostValue::OsVersion { major, minor, build });
                }
            }
            "Architecture" => {
                let bits = match value.trim() {
                    "amd64" | "arm64" | "ia64" => 64,
                    "x86" => 32,
                    _ => return,
                };
                push_host(&mut self.parsed, place, HostValue::Bits(bits));
            }
            _ => {}
        }
    }

    fn close(&mut self, succeeded: Option<bool>) {
        let Some(section) = self.open.take() else { return };
        let (action, subject) = section.title.split_once(" - ").unwrap_or((&section.title, &section.title));
        let Some(kind) = kind_of(action) else {
            self.parsed.coverage.records += 1;
            return;
        };
        let cut = |text: &str| text.chars().take(MAX_DETAIL_CHARS).collect::<String>();
        let mut detail = vec![cut(action)];
        detail.extend(section.details.iter().map(|text| cut(text)));
        let fact = ChangeFact {
            place: Place::Line(section.line),
            kind,
            time: section.start,
            zone: Zone::Unknown,
            day_only: false,
            subject: cut(subject),
            detail: detail.join("; "),
            files: section.files,
            succeeded,
        };
        push_change(&mut self.parsed, fact);
    }
}

/// What a section does, by its title; `None` for sections that change nothing.
fn kind_of(action: &str) -> Option<ChangeKind> {
    let lower = action.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if any(&["uninstall", "delete", "unstage", "remove", "cleanup"]) {
        Some(ChangeKind::DriverRemoved)
    } else if any(&["install", "import", "stage", "copyoeminf", "update", "publish"]) {
        Some(ChangeKind::DriverInstalled)
    } else {
        None
    }
}

/// The value of `     inf:      Provider       = Example` or `dvi:  Driver Version   - 05/01/2026,1.2.3.4`.
fn value_of<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(": ")?;
    let rest = rest.trim_start().strip_prefix(key)?.trim_start();
    let value = rest.strip_prefix([':', '=', '-'])?.trim().trim_matches('"');
    (!value.is_empty()).then_some(value)
}

/// Reads the log.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a section or a boot session; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let mut reader = Reader { parsed: Parsed::new(Inventory::default()), open: None, known: false };
    for_each_line(input, |number, line| {
        reader.line(number, line);
        Ok(())
    })?;
    reader.close(None);
    if !reader.known {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a setupapi log",
            Place::Whole,
            "`>>>  [` sections or `[Boot Session:`",
            &head,
        ));
    }
    Ok(reader.parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut section = false;
    for line in head.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("[Boot Session: ")
            || trimmed == "[Device Install Log]"
            || trimmed == "[SetupAPI Log]"
        {
            return Some(Likelihood::Certain);
        }
        if section && trimmed.starts_with(">>>") && trimmed.contains("Section start ") {
            return Some(Likelihood::Certain);
        }
        section = trimmed.starts_with(">>>") && trimmed.contains('[');
    }
    None
}
