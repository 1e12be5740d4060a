//! `pnputil -e` and `/enum-drivers` in any language: the driver packages of the store, by the look of values.
//!
//! A package's date is the vendor's DriverVer, not the day it was installed.

use super::fields::{Field, for_each_field_block, head_blocks};
use super::{Inventory, push_driver, settle_dates};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{DateOf, DriverFact, DriverListing};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::written_date::{self, DateOrder};

/// `oem12.inf`
fn is_published(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    lower
        .strip_prefix("oem")
        .and_then(|rest| rest.strip_suffix(".inf"))
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// `06/21/2006 10.0.17763.1`: a date, a blank, a version.
fn date_and_version(value: &str) -> Option<(&str, &str)> {
    let (date, version) = value.rsplit_once(' ')?;
    let numbers = version.split('.').collect::<Vec<_>>();
    let is_version =
        numbers.len() >= 2 && numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let is_date = written_date::wall(date, Some(DateOrder::MonthFirst)).is_some()
        || written_date::wall(date, Some(DateOrder::DayFirst)).is_some();
    (is_version && is_date).then_some((date.trim(), version))
}

fn package(block: &[Field]) -> Option<DriverFact> {
    let start = block.iter().position(|field| is_published(&field.value))?;
    let fields = block.get(start..)?;
    let published = fields.first()?;
    let mut fact =
        DriverFact::named(Place::Line(published.line), DriverListing::PnpUtil, published.value.clone());
    let mut rest = fields.get(1..)?.iter().peekable();
    if let Some(original) = rest.next_if(|field| field.value.to_ascii_lowercase().ends_with(".inf")) {
        fact.inf = Some(original.value.clone());
    }
    // The provider follows the file names in both layouts; it may be empty.
    fact.company = rest
        .next()
        .map(|field| field.value.clone())
        .filter(|value| !value.is_empty() && date_and_version(value).is_none());
    let dated = fields.iter().find_map(|field| date_and_version(&field.value));
    if let Some((date, version)) = dated {
        fact.date = Some(written_date::read(date, None));
        fact.date_of = DateOf::DriverVer;
        fact.version = Some(version.to_owned());
        // The signer stands last, behind the version.
        let signer = fields.last().filter(|field| date_and_version(&field.value).is_none());
        fact.signed = signer.map(|field| !field.value.is_empty());
    }
    Some(fact)
}

/// Reads a listing of driver packages.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without an `oemN.inf`; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let mut parsed = Parsed::new(Inventory::default());
    for_each_field_block(input, |block| match package(block) {
        Some(fact) => push_driver(&mut parsed, fact),
        None if block.len() >= 4 => {
            let line = block.first().map_or(1, |field| field.line);
            parsed.bad(Place::Line(line), "expected a driver package with its oemN.inf");
        }
        None => {}
    })?;
    if parsed.value.drivers.is_empty() {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "output of pnputil",
            Place::Whole,
            "driver packages with their oemN.inf",
            &head,
        ));
    }
    // The tool writes month first; a listing that shows otherwise is believed.
    settle_dates(&mut parsed, Some(DateOrder::MonthFirst));
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let blocks = head_blocks(&head.text);
    let whole = |block: &&Vec<Field>| package(block).is_some_and(|fact| fact.version.is_some());
    blocks.iter().take(8).find(whole).map(|_| Likelihood::Certain)
}
