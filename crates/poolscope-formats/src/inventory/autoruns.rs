//! Sysinternals autoruns as CSV (`autorunsc -c`) or tabs (`-ct`): the rows of the category Drivers.

use super::{Inventory, push_driver, settle_dates};
use crate::csv_rows;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{DateOf, DriverFact, DriverListing, DriverType, WrittenDate};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::time::Civil;
use crate::written_date;

/// Which column holds what.
#[derive(Clone, Copy, Debug)]
struct Columns {
    time: Option<usize>,
    entry: usize,
    enabled: Option<usize>,
    category: usize,
    description: Option<usize>,
    signer: Option<usize>,
    company: Option<usize>,
    path: usize,
    version: Option<usize>,
}

impl Columns {
    fn of(cells: &[String]) -> Option<Self> {
        let find = |name: &str| cells.iter().position(|cell| cell.eq_ignore_ascii_case(name));
        Some(Self {
            time: find("Time"),
            entry: find("Entry")?,
            enabled: find("Enabled"),
            category: find("Category")?,
            description: find("Description"),
            signer: find("Signer"),
            company: find("Company").or_else(|| find("Publisher")),
            path: find("Image Path")?,
            version: find("Version"),
        })
    }
}

fn driver(place: Place, cells: &[String], columns: &Columns) -> Option<DriverFact> {
    let cell = |at: usize| cells.get(at).map(String::as_str).filter(|text| !text.is_empty());
    let optional = |at: Option<usize>| at.and_then(cell).map(str::to_owned);
    // A row without an entry is the head of its location.
    let mut fact = DriverFact::named(place, DriverListing::Autoruns, cell(columns.entry)?);
    fact.display_name = optional(columns.description);
    fact.path = cell(columns.path).map(str::to_owned);
    fact.version = optional(columns.version);
    let signer = optional(columns.signer);
    fact.signed = signer.as_deref().map(|signer| signer.starts_with("(Verified)"));
    fact.company = optional(columns.company).or_else(|| {
        let signer = signer?;
        Some(signer.split_once(") ").map_or(signer.clone(), |(_, name)| name.to_owned()))
    });
    fact.driver_type = Some(DriverType::Kernel);
    if columns.enabled.and_then(cell) == Some("disabled") {
        fact.running = Some(false);
    }
    if let Some(text) = columns.time.and_then(cell) {
        fact.date = Some(time(text));
        fact.date_of = DateOf::File;
    }
    Some(fact)
}

/// `20240401-072632`, or a date in the host's way.
fn time(text: &str) -> WrittenDate {
    let compact = || {
        let (date, clock) = text.split_once('-')?;
        let part = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
        if date.len() != 8 || clock.len() != 6 {
            return None;
        }
        let civil = Civil {
            year: i32::try_from(part(date, 0, 4)?).ok()?,
            month: part(date, 4, 6)?,
            day: part(date, 6, 8)?,
            hour: part(clock, 0, 2)?,
            minute: part(clock, 2, 4)?,
            second: part(clock, 4, 6)?,
            micro: 0,
        };
        civil.to_time()
    };
    match compact() {
        Some(wall) => WrittenDate { text: text.to_owned(), wall: Some(wall) },
        None => written_date::read(text, None),
    }
}

fn head_line(line: &str) -> Option<(u8, Columns)> {
    [b',', b'\t'].into_iter().find_map(|delimiter| {
        let cells = csv_rows::cells(line, delimiter);
        let own = cells.iter().any(|cell| cell == "Entry Location") && cells.len() >= 6;
        Columns::of(&cells).filter(|_| own).map(|columns| (delimiter, columns))
    })
}

/// Reads the drivers of an autoruns table.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without its column heads in the first 64 KiB; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let head = Head::read(input)?;
    let Some((delimiter, columns)) = head.lines().take(20).find_map(head_line) else {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "an autoruns table",
            Place::Whole,
            "the columns Entry Location, Entry, Category, Image Path",
            &head,
        ));
    };
    drop(head);
    let mut parsed = Parsed::new(Inventory::default());
    let mut others = 0u64;
    csv_rows::for_each_row(input, delimiter, |line, cells| {
        match cells.get(columns.category).map(String::as_str) {
            Some("Drivers") => {
                if let Some(fact) = driver(Place::Line(line), cells, &columns) {
                    push_driver(&mut parsed, fact);
                }
            }
            Some(_) => others += 1,
            None => {}
        }
    })?;
    settle_dates(&mut parsed, None);
    if others > 0 {
        parsed.note(Place::Whole, format!("{others} rows of other categories than Drivers are not kept"));
    }
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    head.lines().take(20).find_map(head_line).map(|_| Likelihood::Certain)
}
