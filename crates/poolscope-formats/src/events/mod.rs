//! Windows event logs, binary (`.evtx`), exported as XML and saved as text: the events that bear on pool exhaustion.
//!
//! Keeps the events of `peers-and-domain.md` 2.6, matched by provider and id together, with their own fields;
//! all others are only counted. It does not cut the time line at boots; that is ingest's work.

mod collect;
mod detail;
mod evtx;
mod exhaustion;
mod local_time;
mod message;
mod raw;
mod records;
mod saved_text;
mod tree;
mod xml;

pub use records::{Event, EventDetail, EventLog, ProcessUse, ResourceExhaustion};

use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt};
use crate::parsed::Parsed;
use crate::records::Records;

/// Says whether an input is a binary event log: by its first bytes.
pub fn test_evtx(head: &Head) -> Option<Likelihood> {
    evtx::is_evtx(&head.bytes).then_some(Likelihood::Certain)
}

/// Says whether an input looks like events exported as XML.
pub fn test_xml(head: &Head) -> Option<Likelihood> {
    let (_, sure) = xml::form(&head.text)?;
    Some(if sure { Likelihood::Certain } else { Likelihood::Likely })
}

/// Says whether an input looks like events saved as text.
pub fn test_text(head: &Head) -> Option<Likelihood> {
    saved_text::test(head)
}

/// Reads events saved as text: `Format-List`, CSV, tab-delimited.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a head or properties of events; [`FormatError::Read`].
pub fn parse_text(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    saved_text::parse(input).map(|parsed| parsed.map(Records::Events))
}

/// Reads a binary event log (`.evtx`).
///
/// # Errors
/// [`FormatError::NotThisFormat`] without the file's mark; [`FormatError::Read`].
pub fn parse_evtx(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    evtx::parse(input).map(|parsed| parsed.map(Records::Events))
}

/// Reads events exported as XML.
///
/// # Errors
/// [`FormatError::NotThisFormat`] if nothing in its first 64 KiB looks like an event; [`FormatError::Read`].
pub fn parse_xml(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    xml::parse(input).map(|parsed| parsed.map(Records::Events))
}

#[cfg(test)]
mod tests;
