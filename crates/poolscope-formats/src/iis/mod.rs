//! IIS W3C access logs: how many requests reached the worker, and with which failures, by minute.
//!
//! Counts statuses and Win32 errors over time. It keeps no URLs, users or addresses. Errors that http.sys
//! answers itself never appear here; they are in HTTPERR.

mod records;
mod tally;

pub use records::{IisLog, StatusStat, Win32Stat};

use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt};
use crate::parsed::Parsed;
use crate::records::Records;
use crate::w3c::{Columns, Row, W3cFormat, scan};
use tally::{Fields, Tally};

/// IIS as a W3C log.
struct Iis;

impl W3cFormat for Iis {
    const NAME: &'static str = "an IIS W3C log";
    type Fields = Fields;
    type Tally = Tally;

    fn fields(names: &[&[u8]]) -> Result<(Fields, usize, usize), String> {
        tally::stated(names)
    }

    fn guess(_: &[u8]) -> Option<Columns<Fields>> {
        // The field list is the administrator's choice: a row alone does not show it.
        None
    }

    fn add(fields: &Fields, row: &Row<'_>, tally: &mut Tally) -> Result<(), String> {
        tally.add(fields, row)
    }

    fn tally() -> Tally {
        Tally::default()
    }

    fn merge(whole: &mut Tally, block: Tally, lines_before: u64) {
        whole.merge(block, lines_before);
    }
}

/// Says whether an input looks like an IIS log: by its directives only.
pub fn test(head: &Head) -> Option<Likelihood> {
    let mut lines = head.lines().take(200).map(|line| line.trim_start_matches('\0'));
    lines.find_map(|line| {
        let is_iis = line.starts_with("#Software: Microsoft Internet Information Services")
            || (line.starts_with("#Fields:")
                && line.contains(" sc-status")
                && !line.contains(" s-reason")
                && (line.contains(" cs-uri-stem") || line.contains(" sc-win32-status")));
        is_iis.then_some(Likelihood::Certain)
    })
}

/// Reads an IIS W3C log.
///
/// Rows without a date column take the day of `#Date`, and the next day when the clock passes midnight.
///
/// # Errors
/// [`FormatError::NotThisFormat`] if there is neither a directive block nor a row; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    let mut parsed = scan::<Iis>(input)?;
    tally::note_limits(&mut parsed);
    let rows = parsed.coverage.records;
    Ok(parsed.map(|log| Records::Iis(tally::finish(log, rows))))
}

#[cfg(test)]
mod tests;
