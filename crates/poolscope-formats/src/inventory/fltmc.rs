//! `fltmc filters` and `fltmc instances`: minifilters with their altitudes, cut by the ruler of dashes.

use std::collections::BTreeSet;

use super::{Inventory, push_driver};
use crate::columns::Ruler;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{DriverFact, DriverListing, DriverType};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;

/// Which of the two tables a ruler belongs to.
fn listing(ruler: &Ruler) -> Option<DriverListing> {
    match ruler.len() {
        4 => Some(DriverListing::FltmcFilters),
        5..=7 => Some(DriverListing::FltmcInstances),
        _ => None,
    }
}

/// An altitude: digits with an optional fraction (`385250.5`).
fn is_altitude(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (2..=20).contains(&whole.len()) && digits(whole) && digits(fraction)
}

/// The filter of a row; an altitude may be missing (`<Legacy>` filters have none).
fn filter(place: Place, line: &str, ruler: &Ruler, listing: DriverListing) -> Option<DriverFact> {
    let cells = ruler.cut(line);
    let (name, altitude) = match (cells.first(), cells.get(2)) {
        (Some(name), Some(altitude))
            if !name.is_empty() && (altitude.is_empty() || is_altitude(altitude)) =>
        {
            (*name, *altitude)
        }
        // A long name or volume pushes the rest of its row to the right.
        _ => {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            (name, words.find(|word| word.len() >= 5 && is_altitude(word))?)
        }
    };
    let mut fact = DriverFact::named(place, listing, name);
    fact.altitude = (!altitude.is_empty()).then(|| altitude.to_owned());
    fact.driver_type = Some(DriverType::FileSystem);
    fact.running = Some(true);
    Some(fact)
}

/// Reads a table of `fltmc`. Instances are kept once a filter and altitude, at their first volume.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a ruler of 4 to 7 columns; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let mut parsed = Parsed::new(Inventory::default());
    let mut table: Option<(Ruler, DriverListing)> = None;
    let mut seen = BTreeSet::new();
    for_each_line(input, |number, line| {
        let place = Place::Line(number);
        if let Some(ruler) = Ruler::of(line, 4).filter(|_| line.contains("---")) {
            table = listing(&ruler).map(|listing| (ruler, listing));
        } else if line.contains("0x80070005") {
            parsed.note(place, "fltmc was refused (0x80070005): it must run as administrator");
        } else if let Some((ruler, listing)) = &table
            && !line.trim().is_empty()
        {
            match filter(place, line, ruler, *listing) {
                Some(fact) => {
                    let key = (fact.listing, fact.name.clone(), fact.altitude.clone());
                    if *listing == DriverListing::FltmcFilters || seen.insert(key) {
                        push_driver(&mut parsed, fact);
                    }
                }
                None if line.starts_with(|c: char| c.is_alphanumeric()) && line.contains("  ") => {
                    parsed.bad(
                        place,
                        format!(
                            "expected a filter with its altitude, found `{}`",
                            line.chars().take(60).collect::<String>()
                        ),
                    );
                }
                None => table = None,
            }
        }
        Ok(())
    })?;
    if parsed.value.drivers.is_empty() && parsed.notes.is_empty() {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "output of fltmc",
            Place::Whole,
            "filters under a ruler of dashes",
            &head,
        ));
    }
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`]: full-width rulers of dashes and rows with an altitude.
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut table: Option<(Ruler, DriverListing)> = None;
    let mut rows = 0;
    for line in head.lines().take(400) {
        if let Some(ruler) = Ruler::of(line, 4).filter(|_| line.starts_with("----------")) {
            table = listing(&ruler).map(|listing| (ruler, listing));
        } else if let Some((ruler, listing)) = &table {
            let fact = filter(Place::Whole, line, ruler, *listing);
            rows += usize::from(
                fact.is_some_and(|fact| fact.altitude.is_some_and(|altitude| altitude.len() >= 5)),
            );
        }
    }
    (rows > 0).then_some(Likelihood::Certain)
}
