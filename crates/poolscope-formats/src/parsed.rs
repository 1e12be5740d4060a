//! What a parse gives: the value, the notes, and how much of the input they cover.

use std::fmt;

use crate::limits::MAX_KEPT_NOTES;

/// Where in its input a fact or a defect stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// The input as a whole.
    Whole,
    /// A 1-based line of a text.
    Line(u64),
    /// A byte offset in a binary.
    Offset(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole file"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Offset(offset) => write!(f, "offset {offset:#x}"),
        }
    }
}

/// Something about the input that a reader of the report should know: a bad record, a contradiction, a gap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Where it is.
    pub place: Place,
    /// What was expected and what was found, as a plain clause without a final dot.
    pub text: String,
}

/// How much of the input was understood.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Coverage {
    /// Records read well.
    pub records: u64,
    /// Records that were damaged or not understood; they are left out and counted.
    pub bad_records: u64,
}

/// A value read from an input, with everything that went wrong on the way.
#[derive(Clone, PartialEq, Debug)]
pub struct Parsed<T> {
    /// What was read.
    pub value: T,
    /// Notes in input order, at most [`MAX_KEPT_NOTES`] of them.
    pub notes: Vec<Note>,
    /// Notes beyond the kept ones.
    pub notes_dropped: u64,
    /// Good and bad records.
    pub coverage: Coverage,
}

impl<T> Parsed<T> {
    /// A value with no notes and nothing counted yet.
    pub fn new(value: T) -> Self {
        Self { value, notes: Vec::new(), notes_dropped: 0, coverage: Coverage::default() }
    }

    /// Adds a note; beyond [`MAX_KEPT_NOTES`] it is only counted, so hostile input cannot fill the memory.
    pub fn note(&mut self, place: Place, text: impl Into<String>) {
        if self.notes.len() < MAX_KEPT_NOTES {
            self.notes.push(Note { place, text: text.into() });
        } else {
            self.notes_dropped += 1;
        }
    }

    /// Counts one bad record and notes it.
    pub fn bad(&mut self, place: Place, text: impl Into<String>) {
        self.coverage.bad_records += 1;
        self.note(place, text);
    }

    /// The same parse with its value changed.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Parsed<U> {
        Parsed {
            value: change(self.value),
            notes: self.notes,
            notes_dropped: self.notes_dropped,
            coverage: self.coverage,
        }
    }
}
