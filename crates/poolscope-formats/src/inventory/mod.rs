//! Inventories of a host and its changes: drivers, filters, updates, system information.
//!
//! One module a listing; all of them fill the same [`Inventory`]. Localised listings are read by order and
//! numbers, not by words.

pub(crate) mod autoruns;
pub(crate) mod driverquery;
mod fields;
pub(crate) mod findstr;
pub(crate) mod fltmc;
pub(crate) mod hotfix;
pub(crate) mod msinfo;
pub(crate) mod net_bindings;
pub(crate) mod pnputil;
pub(crate) mod sc_query;
pub(crate) mod setupapi;
pub(crate) mod systeminfo;

use crate::facts::{ChangeFact, DriverFact, HostFact, HostValue};
use crate::limits::MAX_LISTING_ROWS;
use crate::parsed::{Parsed, Place};
use crate::tag::Tag;
use crate::written_date::{self, DateOrder};

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

/// Adds a driver, up to the limit.
fn push_driver(parsed: &mut Parsed<Inventory>, fact: DriverFact) {
    if parsed.value.drivers.len() < MAX_LISTING_ROWS {
        parsed.coverage.records += 1;
        parsed.value.drivers.push(fact);
    } else {
        parsed.bad(fact.place, format!("more than {MAX_LISTING_ROWS} drivers, this one is left out"));
    }
}

/// Adds a change, up to the limit.
fn push_change(parsed: &mut Parsed<Inventory>, fact: ChangeFact) {
    if parsed.value.changes.len() < MAX_LISTING_ROWS {
        parsed.coverage.records += 1;
        parsed.value.changes.push(fact);
    } else {
        parsed.bad(fact.place, format!("more than {MAX_LISTING_ROWS} changes, this one is left out"));
    }
}

/// Adds a fact about the host, up to the limit.
fn push_host(parsed: &mut Parsed<Inventory>, place: Place, value: HostValue) {
    if parsed.value.host.len() < MAX_LISTING_ROWS {
        parsed.coverage.records += 1;
        parsed.value.host.push(HostFact { place, value });
    }
}

/// Decides dates of drivers that could be two days by the order the others show, or else by `fallback`.
fn settle_dates(parsed: &mut Parsed<Inventory>, fallback: Option<DateOrder>) {
    let mut dates: Vec<_> =
        parsed.value.drivers.iter_mut().filter_map(|driver| driver.date.as_mut()).collect();
    written_date::settle(&mut dates, fallback);
}
