//! Records to case to findings to verdict.
//!
//! # Invariants
//! - No IO, no clock, no environment, no printing; the crate knows no file format and no renderer.
//! - Every fact of a [`model::Case`] carries a [`model::Source`]; every [`rules::Finding`] names its sources.
//! - The order in which evidence arrives never changes the outcome: [`model::CaseBuilder::finish`] sorts by
//!   what the evidence says, then by its label.
//! - A boot is a hard border: no rate, onset or class is ever computed across one.
//!
//! # The door
//! [`ingest::ingest`] adds one input's records to a [`model::CaseBuilder`]; [`outcome::conclude`] judges, applies
//! the rules and weighs the verdict.

pub mod advice;
pub mod bounds;
mod cases;
mod census;
mod changes;
mod commit;
pub mod ingest;
pub mod judge;
pub mod model;
pub mod objects;
pub mod outcome;
pub mod rules;
mod system_images;
pub mod table;
pub mod tagnotes;
#[cfg(test)]
mod testcase;
pub mod trace;
mod twins;
pub mod units;
pub mod verdict;

pub use outcome::{Outcome, conclude};
