//! The one error of a parser: the input is not of that format, or cannot be read at all.

use crate::parsed::Place;

/// Why an input could not be read as a format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The content is not of this format.
    #[error("not {format}: at {place} expected {expected}, found {found}")]
    NotThisFormat {
        /// The format that was tried, with its article: `a poolmon listing`.
        format: &'static str,
        /// Where the content differs.
        place: Place,
        /// What stands there in that format.
        expected: &'static str,
        /// What stood there, escaped and cut short.
        found: String,
    },
    /// A limit was met before anything useful was read.
    #[error("{what} at {place} is {found}, over the limit of {limit}")]
    OverLimit {
        /// What was counted or measured.
        what: &'static str,
        /// Where it is stated.
        place: Place,
        /// The value found.
        found: u64,
        /// The limit, of [`crate::limits`].
        limit: u64,
    },
    /// The bytes could not be fetched.
    #[error("reading at offset {offset:#x} failed")]
    Read {
        /// Where the read began.
        offset: u64,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl FormatError {
    /// [`FormatError::NotThisFormat`] with the found bytes escaped and cut to 40.
    pub fn not_this(format: &'static str, place: Place, expected: &'static str, found: &[u8]) -> Self {
        let found = format!("`{}`", found[..found.len().min(40)].escape_ascii());
        Self::NotThisFormat { format, place, expected, found }
    }
}
