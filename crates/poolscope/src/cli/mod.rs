//! What the user typed, and what the program says back besides its report: exit codes, progress, output files.

mod args;
pub(crate) mod exit;
pub(crate) mod output;
pub(crate) mod progress;

pub(crate) use args::*;
