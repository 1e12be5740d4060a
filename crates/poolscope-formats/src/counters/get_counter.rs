//! `Get-Counter` as it looks on the screen or redirected to a file.
//!
//! A sample begins with a timestamp in the culture of the session; a path stands there and, on lines of its own,
//! below; its value follows on the next line. The console folds long paths, and Format-Table may cut them.

use std::collections::BTreeMap;

use super::builder::{Builder, Target};
use super::names::Names;
use super::{CounterLog, CounterPath};
use crate::dates::{self, Reading};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_COUNTER_PATH_BYTES;
use crate::numbers;
use crate::parsed::{Parsed, Place};
use crate::text;

struct Reader {
    builder: Builder,
    sample: Option<Reading>,
    values: BTreeMap<usize, (Target, f64)>,
    /// Pieces of a path whose end has not come yet.
    pieces: Vec<String>,
    /// The path that waits for its value.
    path: Option<String>,
    cut: u64,
    passed_over: u64,
}

/// True for the head of the table, or a path with the colon that only Get-Counter puts after it.
pub(super) fn is_line_of_it(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().take(3).collect();
    let text = line.trim();
    let dated = dates::read_at(text.as_bytes()).and_then(|(_, _, used)| text.get(used..)).unwrap_or(text);
    words == ["Timestamp", "CounterSamples"]
        || (dated.trim_start().starts_with("\\\\") && dated.ends_with(" :"))
}

/// Reads a whole text.
///
/// # Errors
/// [`FormatError::Read`]; [`FormatError::NotThisFormat`] where no counter has a value.
pub(super) fn parse(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<CounterLog>, FormatError> {
    let mut reader = Reader {
        builder: Builder::new(Names::new(context.perflib.as_deref())),
        sample: None,
        values: BTreeMap::new(),
        pieces: Vec::new(),
        path: None,
        cut: 0,
        passed_over: 0,
    };
    text::for_each_block(input, |block| {
        for (number, line) in block.lines() {
            reader.line(&String::from_utf8_lossy(line), number);
        }
        Ok(())
    })?;
    reader.end_sample();
    if reader.builder.parsed.coverage.records == 0 {
        let start = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "Get-Counter text",
            Place::Whole,
            "a counter and its value",
            &start,
        ));
    }
    let (cut, passed_over) = (reader.cut, reader.passed_over);
    let mut parsed = reader.builder.finish(false);
    parsed.note(Place::Whole, "times are local time of an unknown zone");
    if cut > 0 {
        parsed.note(Place::Whole, format!("{cut} paths were cut by Format-Table and left out"));
    }
    if passed_over > 0 {
        parsed.note(Place::Whole, format!("{passed_over} lines are no part of the samples"));
    }
    Ok(parsed)
}

impl Reader {
    fn line(&mut self, line: &str, number: u64) {
        let trimmed = line.trim();
        let rule = !trimmed.is_empty() && trimmed.bytes().all(|b| b == b'-' || b == b' ');
        if trimmed.is_empty() || rule || trimmed.starts_with("Timestamp") {
            return;
        }
        let dated = (!line.starts_with(' ')).then(|| dates::read_at(trimmed.as_bytes())).flatten();
        let rest = match dated {
            Some((reading, _, used)) => {
                self.end_sample();
                self.sample = Some(reading);
                trimmed.get(used..).unwrap_or("").trim()
            }
            None => trimmed,
        };
        if let Some(path) = self.path.take() {
            match numbers::decimal(rest.as_bytes()) {
                Some(value) => self.value(&path, value),
                None => self
                    .builder
                    .parsed
                    .bad(Place::Line(number), "text where the value of a counter was expected"),
            }
            return;
        }
        if rest.starts_with("\\\\") {
            self.pieces.clear();
        } else if self.pieces.is_empty() {
            self.passed_over += u64::from(!rest.is_empty());
            return;
        }
        if self.pieces.iter().map(String::len).sum::<usize>() + rest.len() > MAX_COUNTER_PATH_BYTES {
            self.pieces.clear();
            self.builder.parsed.bad(Place::Line(number), "a counter path over the limit of length");
            return;
        }
        if rest.ends_with("...") || rest.ends_with('…') {
            self.cut += 1;
            self.pieces.clear();
            return;
        }
        self.pieces.push(rest.to_owned());
        if rest == ":" || rest.ends_with(" :") {
            self.path = Some(self.joined());
        }
    }

    /// The folded pieces as one path: joined as they stand or with a blank at the folds, whichever is a counter
    /// that is known.
    fn joined(&mut self) -> String {
        let pieces = std::mem::take(&mut self.pieces);
        let end = |text: String| text.trim_end_matches(':').trim_end().to_owned();
        let plain = end(pieces.concat());
        let known =
            |text: &str| CounterPath::parse(text).is_some_and(|path| self.builder.names.id(&path).is_some());
        let spaced = end(pieces.join(" "));
        if !known(&plain) && known(&spaced) { spaced } else { plain }
    }

    fn value(&mut self, path: &str, value: f64) {
        if let Some(target) = self.builder.column(path) {
            self.values.insert(target.column, (target, value));
        }
    }

    fn end_sample(&mut self) {
        self.pieces.clear();
        self.path = None;
        let values = std::mem::take(&mut self.values);
        if let Some(reading) = self.sample.take() {
            self.builder.sample(reading, values.into_values());
        }
    }
}
