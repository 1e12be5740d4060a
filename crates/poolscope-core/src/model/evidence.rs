//! Where a fact comes from: which input, and where in it.

use poolscope_formats::{Coverage, Kind, Note, Place};

/// Index of an input in [`super::Case::evidence`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EvidenceId(pub u32);

/// One place in one input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Source {
    /// The input.
    pub evidence: EvidenceId,
    /// The line or offset in it.
    pub place: Place,
}

/// One input of the case, as the report lists it.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// Path as given, with `/` on every system; members of an archive as `case.zip/inner/name.log`.
    pub path: String,
    /// What it is; `None` if nothing knows it.
    pub kind: Option<Kind>,
    /// The host it is of, short and in upper case; `None` if it names none.
    pub host: Option<String>,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the content in lower-case hex; empty where it was not read to the end.
    pub sha256: String,
    /// Good and bad records.
    pub coverage: Coverage,
    /// Notes of the parser and of the intake.
    pub notes: Vec<Note>,
    /// Notes beyond the kept ones.
    pub notes_dropped: u64,
}
