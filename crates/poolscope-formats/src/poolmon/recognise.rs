//! Tells a pool listing from other text by its own words.

use super::{cells, head, labels, listing};
use crate::detect::{Head, Likelihood};
use crate::records::Records;
use crate::{FormatError, ParseContext, Parsed, ReadAt};

/// The row of [`crate::detect::FORMATS`].
pub fn test(head_of_input: &Head) -> Option<Likelihood> {
    let mut rows = 0;
    let mut fields = 0;
    let mut memory = super::MemoryHead::default();
    for line in head_of_input.lines() {
        let line = line.as_bytes();
        let begin = line.trim_ascii_start();
        if begin.starts_with(b"#Fields:") || begin.starts_with(b"(PDH-") || begin.starts_with(b"\"(PDH-") {
            return None;
        }
        if listing::head_line(line).is_some() || cells::head_line(line).is_some_and(|t| t.is_pool_certain()) {
            return Some(Likelihood::Certain);
        }
        let scope = head::scope_line(line).is_some();
        if scope || (head::memory_line(line, &mut memory) && memory.pool_nonpaged_bytes.is_some()) {
            return Some(Likelihood::Certain);
        }
        if cells::head_line(line).is_some() {
            return Some(Likelihood::Likely);
        }
        let is_row = matches!(listing::row(line, 0, None, &mut 0), listing::RowRead::Row(..))
            || cells::headless_row(line, 0).is_some();
        rows += usize::from(is_row);
        match labels::field(line) {
            Some(labels::Field::Tag(_)) => fields |= 1,
            Some(labels::Field::Figure(..) | labels::Field::Outstanding(_)) if fields & 1 == 1 => fields |= 2,
            _ => {}
        }
        if rows >= 3 {
            break;
        }
    }
    if rows > 0 {
        return Some(Likelihood::Likely);
    }
    (fields == 3).then_some(Likelihood::Maybe)
}

/// Reads a whole input into [`Records::Poolmon`].
///
/// # Errors
/// As [`super::parse`].
pub fn parse_records(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(super::parse(input, context)?.map(Records::Poolmon))
}
