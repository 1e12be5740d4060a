//! The records of every format, under one type so that the intake can carry any of them.

/// What one input held. One variant a format.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Records {
    /// The content was recognised but nothing reads it yet; the kind says what it is.
    NotReadYet,
}
