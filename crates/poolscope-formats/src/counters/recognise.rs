//! Which text layout of performance counters an input has, if any.

use super::{CounterLog, get_counter, names::Names, pdh, pdh_head, tables};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt};
use crate::parsed::{Parsed, Place};
use crate::records::Records;

/// The text layouts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layout {
    Pdh,
    GetCounter,
    Table,
}

/// Lines looked at before giving up: banners and prose stand before a pasted table.
const MOST_LINES: usize = 200;

fn layout(head: &Head) -> Option<(Layout, Likelihood)> {
    let lines = head.lines().filter(|line| !line.trim().is_empty());
    for (at, line) in lines.take(MOST_LINES).enumerate() {
        if pdh_head::is_marked(line.as_bytes()) {
            return Some((Layout::Pdh, Likelihood::Certain));
        }
        if line.trim_start().starts_with("#Fields:") {
            return None;
        }
        if get_counter::is_line_of_it(line) {
            return Some((Layout::GetCounter, Likelihood::Certain));
        }
        if tables::head(line.trim().as_bytes()).is_some() {
            return Some((Layout::Table, Likelihood::Likely));
        }
        if at == 0 && line.contains('\\') && pdh_head::read(line.as_bytes(), &Names::new(None)).is_some() {
            return Some((Layout::Pdh, Likelihood::Likely));
        }
    }
    None
}

/// The row of [`crate::detect::FORMATS`].
pub fn test(head: &Head) -> Option<Likelihood> {
    layout(head).map(|(_, likelihood)| likelihood)
}

/// Reads performance counters from text of any layout.
///
/// # Errors
/// [`FormatError::Read`]; [`FormatError::NotThisFormat`] where no layout fits.
pub fn parse(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<CounterLog>, FormatError> {
    let head = Head::read(input)?;
    match layout(&head).map(|(layout, _)| layout) {
        Some(Layout::Pdh) => pdh::parse(input, context),
        Some(Layout::GetCounter) => get_counter::parse(input, context),
        Some(Layout::Table) => tables::parse(input, context),
        None => Err(FormatError::not_this(
            "a performance counter log",
            Place::Whole,
            "a head with counters",
            &head.bytes,
        )),
    }
}

/// Reads a whole input into [`Records::Counters`].
///
/// # Errors
/// As [`parse`].
pub fn parse_records(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input, context)?.map(Records::Counters))
}
