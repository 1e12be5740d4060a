//! HTTPERR logs of http.sys: which errors were made in front of the web server, and when.
//!
//! Counts reasons and statuses over time. It keeps no request rows, and it does not judge: which reasons can
//! have to do with memory is a fact of the documentation ([`ReasonClass`]), whether memory was short is not
//! decided here.

mod layout;
mod reasons;
mod records;
mod tally;

pub use records::{HttpErrLog, ReasonClass, ReasonStat};

use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt};
use crate::parsed::Parsed;
use crate::records::Records;
use crate::w3c::{Columns, Row, W3cFormat, scan};
use layout::Fields;
use tally::Tally;

/// HTTPERR as a W3C log.
struct HttpErr;

impl W3cFormat for HttpErr {
    const NAME: &'static str = "an HTTPERR log";
    type Fields = Fields;
    type Tally = Tally;

    fn fields(names: &[&[u8]]) -> Result<(Fields, usize, usize), String> {
        layout::stated(names)
    }

    fn guess(row: &[u8]) -> Option<Columns<Fields>> {
        layout::guess(row)
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

/// Says whether an input looks like an HTTPERR log: by its directives, or by rows of a known layout with a
/// documented reason (Windows Server 2003 writes no directives, and a piece of a log has none).
pub fn test(head: &Head) -> Option<Likelihood> {
    let mut likely = None;
    for line in head.lines().take(200) {
        let line = line.trim_start_matches('\0');
        if line.starts_with("#Software: Microsoft HTTP API")
            || (line.starts_with("#Fields:") && line.contains(" s-reason"))
        {
            return Some(Likelihood::Certain);
        }
        if layout::guess(line.as_bytes())
            .is_some_and(|columns| layout::has_known_reason(line.as_bytes(), &columns))
        {
            likely = Some(Likelihood::Likely);
        }
    }
    likely
}

/// Reads an HTTPERR log.
///
/// Cutting a log in two at any line end and reading both pieces gives the same rows and sums as the whole:
/// without `#Fields` each row's layout is told by its own number of columns (13, 14, 16 or 18).
///
/// # Errors
/// [`FormatError::NotThisFormat`] if there is neither a directive block nor a row; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    let mut parsed = scan::<HttpErr>(input)?;
    tally::note_limits(&mut parsed);
    let rows = parsed.coverage.records;
    Ok(parsed.map(|log| Records::HttpErr(tally::finish(log, rows))))
}

#[cfg(test)]
mod tests;
