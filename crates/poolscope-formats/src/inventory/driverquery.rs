//! `driverquery` as table, list and CSV, with `/v` and `/si`, in any language: 4 or 15 columns by order.
//!
//! Its "Paged Pool(bytes)" is the size of an image section, not pool use, and is not read.

use super::fields::{Field, for_each_field_block, head_blocks};
use super::{Inventory, push_driver, settle_dates};
use crate::columns::Ruler;
use crate::csv_rows;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{DateOf, DriverFact, DriverListing, DriverType};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;
use crate::written_date::{self, DateOrder};

/// Columns of a plain listing and of `/si`.
const PLAIN: usize = 4;
/// Columns of `/v`.
const VERBOSE: usize = 15;

/// The shapes a listing comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Table,
    Csv,
    List,
}

/// The driver of one row.
fn driver(place: Place, cells: &[&str]) -> Option<DriverFact> {
    let name = cells.first().filter(|name| !name.is_empty())?;
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match cells {
        [device, inf, signed, maker] if inf.to_ascii_lowercase().ends_with(".inf") => {
            let mut fact = DriverFact::named(place, DriverListing::DriverQuerySigned, *device);
            fact.inf = filled(inf);
            fact.signed = match signed.to_ascii_uppercase().as_str() {
                "TRUE" => Some(true),
                "FALSE" => Some(false),
                _ => None,
            };
            fact.company = filled(maker);
            Some(fact)
        }
        [_, display, kind, date] => {
            let mut fact = DriverFact::named(place, DriverListing::DriverQuery, *name);
            fact.display_name = filled(display);
            fact.driver_type = driver_type(kind);
            set_link_date(&mut fact, date);
            Some(fact)
        }
        [_, display, _, kind, _, state, _, _, _, _, _, _, date, path, _] => {
            let mut fact = DriverFact::named(place, DriverListing::DriverQuery, *name);
            fact.display_name = filled(display);
            fact.driver_type = driver_type(kind);
            fact.running = match *state {
                "Running" => Some(true),
                "Stopped" => Some(false),
                _ => None,
            };
            fact.path = filled(path);
            set_link_date(&mut fact, date);
            Some(fact)
        }
        _ => None,
    }
}

fn driver_type(text: &str) -> Option<DriverType> {
    match text.trim().to_lowercase().as_str() {
        "file system" | "dateisystem" => Some(DriverType::FileSystem),
        kind if kind.contains("kernel") => Some(DriverType::Kernel),
        _ => None,
    }
}

fn set_link_date(fact: &mut DriverFact, date: &str) {
    if !date.is_empty() {
        fact.date = Some(written_date::read(date, None));
        fact.date_of = DateOf::Link;
    }
}

/// True if cells are a driver's and not a column head or something else.
fn is_row(cells: &[&str]) -> bool {
    match cells {
        // A module name is short and a type is a word or two; a date has digits.
        [name, inf, signed, _] if inf.to_ascii_lowercase().ends_with(".inf") => {
            !name.is_empty() && matches!(signed.to_ascii_uppercase().as_str(), "TRUE" | "FALSE" | "")
        }
        [name, _, kind, date] => {
            !name.is_empty()
                && !name.contains(['\\', '/', ':'])
                && kind.chars().count() <= 30
                && !kind.chars().any(|c| c.is_ascii_digit())
                && (date.is_empty() || is_date(date))
        }
        [name, .., date, path, init] if cells.len() == VERBOSE => {
            !name.is_empty()
                && (date.is_empty() || is_date(date))
                && (path.is_empty() || path.contains('\\') || path.to_ascii_lowercase().ends_with(".sys"))
                && (init.is_empty() || init.starts_with(|c: char| c.is_ascii_digit()))
        }
        _ => false,
    }
}

fn is_date(text: &str) -> bool {
    [DateOrder::MonthFirst, DateOrder::DayFirst]
        .iter()
        .any(|&order| written_date::wall(text, Some(order)).is_some())
}

/// The shape of a listing, and whether it is certain.
fn shape(head: &Head) -> Option<(Shape, Likelihood)> {
    let mut ruler = None;
    for line in head.lines().take(200) {
        if let Some(found) = Ruler::of(line, PLAIN)
            && line.contains("====")
            && matches!(found.len(), PLAIN | VERBOSE)
        {
            ruler = Some(found);
        } else if let Some(ruler) = &ruler
            && !line.trim().is_empty()
        {
            let likelihood = if ruler.len() == VERBOSE { Likelihood::Certain } else { Likelihood::Likely };
            return is_row(&ruler.cut(line)).then_some((Shape::Table, likelihood));
        } else if line.trim_start().starts_with('"') {
            // The head line is a row like the others: look at the next one too.
            let rows: Vec<Vec<String>> = head
                .lines()
                .filter(|line| line.trim_start().starts_with('"'))
                .skip(1)
                .take(3)
                .map(|line| csv_rows::cells(line.trim(), b','))
                .collect();
            let fits = |cells: &Vec<String>| is_row(&cells.iter().map(String::as_str).collect::<Vec<_>>());
            let width = rows.first().map_or(0, Vec::len);
            return (!rows.is_empty() && rows.iter().all(|row| row.len() == width) && rows.iter().any(fits))
                .then_some((
                    Shape::Csv,
                    if width == VERBOSE { Likelihood::Certain } else { Likelihood::Likely },
                ));
        }
    }
    let blocks = head_blocks(&head.text);
    let fitting = blocks.iter().take(8).filter(|block| is_list_row(block)).count();
    (fitting >= 1 && fitting * 2 >= blocks.len().min(8)).then_some((Shape::List, Likelihood::Likely))
}

fn values(block: &[Field]) -> Vec<&str> {
    block.iter().map(|field| field.value.as_str()).collect()
}

/// A block of 4 or 15 fields whose values fit. A plain block must have its words too: four fields of anything
/// would fit.
fn is_list_row(block: &[Field]) -> bool {
    let cells = values(block);
    let own_words = cells.len() == VERBOSE
        || cells.get(1).is_some_and(|inf| inf.to_ascii_lowercase().ends_with(".inf"))
        || cells.get(2).is_some_and(|kind| driver_type(kind).is_some());
    own_words && is_row(&cells)
}

/// Reads a listing of `driverquery`.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a table, list or CSV of 4 or 15 columns; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let head = Head::read(input)?;
    let Some((shape, _)) = shape(&head) else {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "output of driverquery",
            Place::Whole,
            "rows of 4 or 15 columns",
            &head,
        ));
    };
    drop(head);
    let mut parsed = Parsed::new(Inventory::default());
    let mut row = |line: u64, cells: &[&str]| {
        let place = Place::Line(line);
        match driver(place, cells).filter(|_| is_row(cells)) {
            Some(fact) => push_driver(&mut parsed, fact),
            None => parsed.bad(
                place,
                format!("expected a driver in 4 or 15 columns, found {} that do not fit", cells.len()),
            ),
        }
    };
    match shape {
        Shape::Table => {
            let mut ruler: Option<Ruler> = None;
            for_each_line(input, |number, line| {
                if let Some(found) = Ruler::of(line, PLAIN).filter(|_| line.contains("====")) {
                    ruler = Some(found);
                } else if let Some(ruler) = &ruler
                    && !line.trim().is_empty()
                {
                    row(number, &ruler.cut(line));
                }
                Ok(())
            })?;
        }
        Shape::Csv => {
            let mut first = true;
            csv_rows::for_each_row(input, b',', |line, cells| {
                let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                // The column heads, with `/nh` a driver; a date cell tells them apart where both fit.
                if std::mem::take(&mut first) && !cells.iter().any(|cell| is_date(cell)) {
                    return;
                }
                row(line, &cells);
            })?;
        }
        Shape::List => for_each_field_block(input, |block| {
            row(block.first().map_or(0, |field| field.line), &values(block));
        })?,
    }
    settle_dates(&mut parsed, None);
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    shape(head).map(|(_, likelihood)| likelihood)
}
