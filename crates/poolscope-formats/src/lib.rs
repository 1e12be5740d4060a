//! Evidence formats of Windows pool diagnosis: bytes to records, one module a format.
//!
//! # Invariants
//! - No module opens a file, reads a clock or the environment, prints, or knows what a leak is.
//! - No parser panics on any bytes, and no count, size or depth read from a file is used before it
//!   met a limit of [`limits`].
//! - "This is not that format" is the only error ([`FormatError`]); everything else that is wrong with
//!   the input becomes a counted and located [`Note`], and the rest is still read.
//!
//! # The door
//! [`detect::detect`] names the format of an input by its content; [`detect::Format::parse`] reads it into
//! [`Parsed`]`<`[`Records`]`>`. To add a format: write its module, add a [`Records`] variant and a row in
//! [`detect::FORMATS`] (CONTRIBUTING.md has the steps).

pub mod blg;
pub mod columns;
pub mod counters;
mod csv_rows;
pub mod cursor;
pub mod dates;
pub mod debugger;
pub mod detect;
pub mod error;
pub mod etl;
pub mod events;
pub mod facts;
pub mod httperr;
pub mod iis;
pub mod input;
pub mod inventory;
pub mod limits;
pub mod month_names;
pub mod notes;
pub mod number;
pub mod numbers;
pub mod parsed;
pub mod pe;
pub mod poolmon;
pub mod pooltag;
pub mod processes;
pub mod rammap;
pub mod records;
pub mod registry;
pub mod tag;
pub mod text;
pub mod time;
pub mod verifier;
mod w3c;
pub mod written_date;
mod xml_stream;
pub mod xperf_text;

pub use detect::{Format, Head, Kind, Likelihood};
pub use error::FormatError;
pub use input::{ParseContext, ReadAt};
pub use parsed::{Coverage, Note, Parsed, Place};
pub use records::Records;
pub use tag::{Pool, Tag};
pub use time::{Time, Zone};
