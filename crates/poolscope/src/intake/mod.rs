//! The one door to files: finds inputs, unpacks archives within bounds, names each format and reads it.
//!
//! It does not know what records mean. A panic of a parser is caught here and told as a note, so that one input
//! can never take the others down.

mod archive;
mod error;
mod file;
mod find;
mod progress;
mod read;

pub use error::IntakeError;
pub use file::open_input;
pub use find::{Input, find_inputs};
pub use progress::{Progress, Quiet};
pub use read::{read_input, read_whole};
