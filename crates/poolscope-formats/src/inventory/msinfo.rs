//! msinfo32 exports: `.nfo` (XML, UTF-16) and `.txt` (sections of tab-separated rows).
//!
//! Names of sections and columns are localised: drivers are known by the shape of their eleven cells, the
//! summary's items by their words only in English, and otherwise by order.

use super::systeminfo::bits_of_system_type;
use super::{Inventory, push_driver, push_host};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{DriverFact, DriverListing, DriverType, HostValue};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_CELL_BYTES;
use crate::number;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;
use crate::time::{Civil, Zone};
use crate::xml_stream::{Piece, for_each_piece, resolve};

/// Cells of a row of System Drivers.
const DRIVER_CELLS: usize = 11;

/// Cells of one row beyond which the rest is dropped; real rows have at most 11.
const MAX_CELLS: usize = 64;

struct Reader {
    parsed: Parsed<Inventory>,
    /// Rows of two cells before the first section with others: the System Summary.
    summary_row: usize,
    summary_over: bool,
}

impl Reader {
    fn row(&mut self, line: u64, cells: &[String]) {
        let place = Place::Line(line);
        match cells {
            [item, value] if !self.summary_over => {
                self.summary(place, item, value);
                self.summary_row += 1;
            }
            [_, _] => {}
            _ if cells.len() == DRIVER_CELLS => {
                if let Some(fact) = driver(place, cells) {
                    push_driver(&mut self.parsed, fact);
                }
            }
            _ => {}
        }
    }

    fn summary(&mut self, place: Place, item: &str, value: &str) {
        let value = value.trim();
        let fact = match (item.trim(), self.summary_row) {
            _ if value.is_empty() => None,
            ("OS Name", _) | (_, 0) => Some(HostValue::OsName(value.to_owned())),
            ("System Name", _) => Some(HostValue::Name(value.to_owned())),
            (_, 4) if value.chars().count() <= 15 && !value.contains(' ') => {
                Some(HostValue::Name(value.to_owned()))
            }
            ("System Model", _) => Some(HostValue::Model(value.to_owned())),
            ("Time Zone", _) => Some(HostValue::TimeZone(value.to_owned())),
            ("Installed Physical Memory (RAM)", _) => {
                number::size_with_unit(value).map(HostValue::PhysicalBytes)
            }
            ("Available Physical Memory", _) => number::size_with_unit(value).map(HostValue::AvailableBytes),
            _ => None,
        };
        if let Some(fact) = fact {
            push_host(&mut self.parsed, place, fact);
        }
        let mut numbers = value
            .split_whitespace()
            .next()
            .unwrap_or("")
            .split('.')
            .map_while(|part| part.parse::<u32>().ok());
        if self.summary_row <= 2
            && let (Some(major), Some(minor), Some(build)) = (numbers.next(), numbers.next(), numbers.next())
        {
            push_host(&mut self.parsed, place, HostValue::OsVersion { major, minor, build });
            push_host(&mut self.parsed, place, HostValue::OsVersionText(value.to_owned()));
        }
        let is_type = item.trim() == "System Type"
            || (value.chars().count() < 24 && value.to_ascii_lowercase().starts_with('x'));
        if is_type && let Some(bits) = bits_of_system_type(value) {
            push_host(&mut self.parsed, place, HostValue::Bits(bits));
        }
    }
}

/// Name, Description, File, Type, Started, Start Mode, State, Status, Error Control, Accept Pause, Accept Stop.
fn driver(place: Place, cells: &[String]) -> Option<DriverFact> {
    let cell = |at: usize| cells.get(at).map(|text| text.trim()).filter(|text| !text.is_empty());
    let file = cell(2)?;
    if !file.contains('\\') && !file.to_ascii_lowercase().ends_with(".sys") {
        return None;
    }
    let mut fact = DriverFact::named(place, DriverListing::MsInfo, cell(0)?);
    fact.display_name = cell(1).map(str::to_owned);
    fact.path = Some(file.to_owned());
    fact.driver_type = match cell(3).map(str::to_lowercase) {
        Some(kind) if kind.contains("file system") => Some(DriverType::FileSystem),
        Some(kind) if kind.contains("kernel") => Some(DriverType::Kernel),
        _ => None,
    };
    fact.running = match (cell(4), cell(6)) {
        (Some("Yes"), _) | (_, Some("Running")) => Some(true),
        (Some("No"), _) | (_, Some("Stopped")) => Some(false),
        _ => None,
    };
    Some(fact)
}

/// `05/14/26 06:31:02`, always month first.
fn creation(text: &str) -> Option<HostValue> {
    let (date, clock) = text.trim().split_once(' ')?;
    let numbers = |text: &str, mark: char| -> Option<[u32; 3]> {
        let mut parts = text.split(mark).map(|part| part.parse::<u32>().ok());
        Some([parts.next()??, parts.next()??, parts.next()??])
    };
    let [month, day, year] = numbers(date, '/')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let year = i32::try_from(if year < 100 { year + 2000 } else { year }).ok()?;
    let time = Civil { year, month, day, hour, minute, second, micro: 0 }.to_time()?;
    Some(HostValue::TakenAt { time, zone: Zone::Utc })
}

fn parse_nfo(input: &dyn ReadAt, reader: &mut Reader) -> Result<bool, FormatError> {
    let (mut known, mut in_data, mut categories) = (false, false, 0u32);
    let mut created = false;
    let mut row_line = 0;
    let mut cells: Vec<String> = Vec::new();
    let mut text = String::new();
    let long_tags = for_each_piece(input, |line, piece| {
        match piece {
            Piece::Start { name: "MsInfo", .. } => known = true,
            Piece::Start { name: "CreationUTC", .. } => {
                created = true;
                text.clear();
            }
            Piece::Start { name: "Category", .. } => {
                categories += 1;
                // The summary is the first category; those below it have their own rows.
                reader.summary_over |= categories > 1;
            }
            Piece::Start { name: "Data", .. } => {
                (in_data, row_line) = (true, line);
                cells.clear();
            }
            Piece::End("Data") => {
                if in_data {
                    reader.row(row_line, &cells);
                }
                in_data = false;
            }
            Piece::End("CreationUTC") => {
                created = false;
                if let Some(value) = creation(&text) {
                    push_host(&mut reader.parsed, Place::Line(line), value);
                }
            }
            Piece::Start { .. } if in_data => text.clear(),
            Piece::End(_) if in_data && cells.len() < MAX_CELLS => cells.push(std::mem::take(&mut text)),
            Piece::Text { text: bytes, cdata } if (in_data || created) && text.len() < MAX_CELL_BYTES => {
                let part = String::from_utf8_lossy(bytes.get(..MAX_CELL_BYTES).unwrap_or(bytes));
                if cdata { text.push_str(&part) } else { text.push_str(&resolve(&part)) }
            }
            _ => {}
        }
        Ok(())
    })?;
    if long_tags > 0 {
        reader.parsed.note(Place::Whole, format!("{long_tags} XML tags are too long and passed over"));
    }
    Ok(known)
}

fn parse_text(input: &dyn ReadAt, reader: &mut Reader) -> Result<bool, FormatError> {
    let mut sections = 0u32;
    for_each_line(input, |number, line| {
        let trimmed = line.trim_end();
        if is_section(trimmed) {
            sections += 1;
            reader.summary_over |= sections > 1;
        } else if trimmed.contains('\t') && sections > 0 {
            // Each cell ends with a tab; empty ones at the end count too.
            let body = line.strip_suffix('\t').unwrap_or(line);
            let cells: Vec<String> = body.split('\t').take(MAX_CELLS).map(str::to_owned).collect();
            let is_head = sections == 1
                && reader.summary_row == 0
                && reader.parsed.value.host.is_empty()
                && is_item_head(&cells);
            if !is_head {
                reader.row(number, &cells);
            }
        }
        Ok(())
    })?;
    Ok(sections > 1)
}

/// `Item<TAB>Value`: two words above the summary's rows.
fn is_item_head(cells: &[String]) -> bool {
    matches!(cells, [a, b] if !a.contains(' ') && !b.contains(' ') && !b.contains(|c: char| c.is_ascii_digit()))
}

fn is_section(line: &str) -> bool {
    line.len() > 2 && line.starts_with('[') && line.ends_with(']') && !line.contains('\t')
}

/// Reads an export of msinfo32.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without `<MsInfo>` or sections of tab-separated rows; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let mut reader =
        Reader { parsed: Parsed::new(Inventory::default()), summary_row: 0, summary_over: false };
    let bytes = read_vec(input, 0, 400)?;
    let head = crate::text::decode_head(&bytes);
    let known = if head.trim_start().starts_with('<') {
        parse_nfo(input, &mut reader)?
    } else {
        parse_text(input, &mut reader)?
    };
    if !known {
        return Err(FormatError::not_this(
            "an msinfo32 export",
            Place::Whole,
            "`<MsInfo>`, or sections in brackets with tab-separated rows",
            bytes.get(..40).unwrap_or(&bytes),
        ));
    }
    Ok(reader.parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    if head.text.contains("<MsInfo>") {
        return Some(Likelihood::Certain);
    }
    let mut sections = 0;
    let mut rows = 0;
    for line in head.lines().take(200) {
        if is_section(line.trim_end()) {
            sections += 1;
        } else if sections > 0 && line.split('\t').count() >= 2 {
            rows += 1;
        }
    }
    (sections >= 1 && rows >= 5).then_some(Likelihood::Likely)
}
