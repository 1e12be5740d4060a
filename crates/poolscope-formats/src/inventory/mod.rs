//! Inventories of a host and its changes: drivers, filters, updates, system information.
//!
//! One module a listing; all of them fill the same [`Inventory`]. Localised listings are read by order and
//! numbers, not by words.

use crate::facts::{ChangeFact, DriverFact, HostFact};
use crate::parsed::Place;
use crate::tag::Tag;

/// What one inventory says. Most listings fill one of the lists.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inventory {
    /// Drivers, in the order of the text.
    pub drivers: Vec<DriverFact>,
    /// Changes with their times.
    pub changes: Vec<ChangeFact>,
    /// Facts about the host.
    pub host: Vec<HostFact>,
    /// Files that hold the bytes of a tag, from `findstr`.
    pub tag_files: Vec<TagFile>,
    /// True if the listing says itself that it was cut short (`sc query` with more data).
    pub cut_short: bool,
}

/// A file in which `findstr` met the four bytes of a tag: a hint, often false.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagFile {
    /// The line.
    pub place: Place,
    /// The file's path as spelled.
    pub path: String,
    /// What was searched, where the command line was copied too.
    pub tag: Option<Tag>,
}
