//! `verifier /query`, `/log` files and `/querysettings`. Flags and counters are known by their numbers and
//! order, because Verifier speaks the language of its host.

use super::{NamedCount, PoolUse, VerifiedDriver, VerifierReport, wdf};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::WrittenDate;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_LISTING_ROWS;
use crate::number;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;
use crate::written_date::{self, DateOrder};

struct Reader {
    parsed: Parsed<VerifierReport>,
    /// Values of the open driver's counters, in order.
    counters: Vec<u64>,
    /// Below the last heading line; a bare `abc.sys` counts only there.
    in_drivers: bool,
    taken: Option<WrittenDate>,
    /// Anything that only Verifier or WDF writes.
    known: bool,
}

/// What one line is.
enum Line<'a> {
    /// `Verifier Flags: 0x00000008`, `Level: 00000008`.
    Flags(u32),
    /// `[X] 0x00000008 Pool tracking.`
    Option {
        set: bool,
        flag: u32,
    },
    /// `Name: abc.sys, loads: 1, unloads: 0`
    DriverWithLoads {
        name: &'a str,
        loads: u64,
        unloads: u64,
    },
    /// `abc.sys` alone.
    Driver(&'a str),
    /// `AllocationsFailed: 3`
    Count {
        name: &'a str,
        value: u64,
    },
    /// `Time Stamp: 05/14/2026 08:31:02.123`
    Time(WrittenDate),
    /// A name with nothing behind its colon: a heading.
    Heading,
    Other,
}

fn classify(line: &str) -> Line<'_> {
    let trimmed = line.trim();
    if let Some(rest) = trimmed.strip_prefix('[') {
        if let Some((mark, rest)) = rest.split_once(']')
            && let Some(flag) =
                rest.split_whitespace().next().filter(|word| word.starts_with("0x")).and_then(hex_u32)
        {
            return Line::Option { set: !mark.trim().is_empty(), flag };
        }
        return Line::Other;
    }
    if let Some(driver) = with_loads(trimmed) {
        return driver;
    }
    if is_driver_file(trimmed) {
        return Line::Driver(trimmed);
    }
    let Some((name, value)) = trimmed.split_once(':') else { return Line::Other };
    let value = value.trim();
    if value.is_empty() {
        return Line::Heading;
    }
    if (value.starts_with("0x") || (value.len() == 8 && name.trim() == "Level"))
        && let Some(flags) = hex_u32(value)
    {
        return Line::Flags(flags);
    }
    if [None, Some(DateOrder::MonthFirst), Some(DateOrder::DayFirst)]
        .into_iter()
        .any(|order| written_date::wall(value, order).is_some())
    {
        return Line::Time(written_date::read(value, None));
    }
    match number::grouped(value) {
        Some(value) => Line::Count { name: name.trim(), value },
        None => Line::Other,
    }
}

fn hex_u32(text: &str) -> Option<u32> {
    number::hex(text).and_then(|value| u32::try_from(value).ok())
}

fn is_driver_file(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    (lower.ends_with(".sys") || lower.ends_with(".exe") || lower.ends_with(".dll"))
        && !text.contains([':', '\\', '/', '*', '?', ','])
        && text.len() <= 260
}

/// A line of three parts by comma: a file name behind a colon, and two counts behind theirs.
fn with_loads(line: &str) -> Option<Line<'_>> {
    let mut parts = line.split(',');
    let after_colon = |part: &'_ str| part.split_once(':').map(|(_, value)| value.trim().to_owned());
    let (_, name) = parts.next()?.split_once(':')?;
    let loads = number::grouped(&after_colon(parts.next()?)?)?;
    let unloads = number::grouped(&after_colon(parts.next()?)?)?;
    is_driver_file(name.trim()).then_some(Line::DriverWithLoads { name: name.trim(), loads, unloads })
}

impl Reader {
    fn line(&mut self, number: u64, line: &str) {
        let place = Place::Line(number);
        if let Some(dump) = wdf::line(number, line) {
            self.known = true;
            self.count_record();
            if self.parsed.value.wdf.len() < MAX_LISTING_ROWS {
                self.parsed.value.wdf.push(dump);
            }
            return;
        }
        match classify(line) {
            Line::Flags(flags) => {
                self.known = true;
                self.count_record();
                self.parsed.value.flags = Some(flags);
            }
            Line::Option { set, flag } => {
                self.known = true;
                self.count_record();
                if set {
                    self.parsed.value.flags = Some(self.parsed.value.flags.unwrap_or(0) | flag);
                }
            }
            Line::DriverWithLoads { name, loads, unloads } => {
                self.known = true;
                self.driver(place, name, Some((loads, unloads)));
            }
            Line::Driver(name) if self.in_drivers => self.driver(place, name, None),
            Line::Count { name, value } => self.counter(place, name, value),
            Line::Time(date) => self.taken = Some(date),
            Line::Heading => self.in_drivers = true,
            Line::Driver(_) | Line::Other => {}
        }
    }

    fn count_record(&mut self) {
        self.parsed.coverage.records += 1;
    }

    fn driver(&mut self, place: Place, name: &str, loads: Option<(u64, u64)>) {
        self.close_driver();
        self.in_drivers = true;
        if self.parsed.value.drivers.len() >= MAX_LISTING_ROWS {
            self.parsed.bad(place, format!("more than {MAX_LISTING_ROWS} drivers, this one is left out"));
            return;
        }
        self.count_record();
        self.parsed.value.drivers.push(VerifiedDriver {
            loads,
            taken: self.taken.clone(),
            ..VerifiedDriver::named(place, name)
        });
    }

    fn counter(&mut self, place: Place, name: &str, value: u64) {
        let open = self
            .parsed
            .value
            .drivers
            .last()
            .is_some_and(|driver| driver.loads.is_some() && driver.current.is_none());
        if open {
            self.counters.push(value);
            if self.counters.len() == DRIVER_COUNTERS {
                self.close_driver();
            }
        } else if self.parsed.value.global_counters.len() < MAX_LISTING_ROWS {
            self.count_record();
            self.parsed.value.global_counters.push(NamedCount { place, name: name.to_owned(), value });
        }
    }

    /// Gives the open driver its counters; Verifier writes them in one fixed order in every language.
    fn close_driver(&mut self) {
        let counters = std::mem::take(&mut self.counters);
        let Some(driver) = self.parsed.value.drivers.last_mut() else { return };
        match counters[..] {
            [] => {}
            [
                paged,
                nonpaged,
                peak_paged,
                peak_nonpaged,
                paged_bytes,
                nonpaged_bytes,
                peak_paged_bytes,
                peak_nonpaged_bytes,
            ] => {
                driver.current = Some(PoolUse {
                    nonpaged_count: nonpaged,
                    nonpaged_bytes,
                    paged_count: paged,
                    paged_bytes,
                });
                driver.peak = Some(PoolUse {
                    nonpaged_count: peak_nonpaged,
                    nonpaged_bytes: peak_nonpaged_bytes,
                    paged_count: peak_paged,
                    paged_bytes: peak_paged_bytes,
                });
            }
            _ => {
                let (place, text) = (
                    driver.place,
                    format!(
                        "{} has {} pool counters where Verifier writes {DRIVER_COUNTERS}; they are left out",
                        driver.name,
                        counters.len()
                    ),
                );
                self.parsed.bad(place, text);
            }
        }
    }
}

/// Pool counters below each driver of `/query`.
const DRIVER_COUNTERS: usize = 8;

/// Reads Verifier's or WDF's text.
///
/// # Errors
/// [`FormatError::NotThisFormat`] if it has no flags, no verified driver and no `FxPoolDump`;
/// [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<VerifierReport>, FormatError> {
    let mut reader = Reader {
        parsed: Parsed::new(VerifierReport::default()),
        counters: Vec::new(),
        in_drivers: false,
        taken: None,
        known: false,
    };
    for_each_line(input, |number, line| {
        reader.line(number, line);
        Ok(())
    })?;
    reader.close_driver();
    date_the_series(&mut reader.parsed.value.drivers);
    if !reader.known {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a text of Driver Verifier",
            Place::Whole,
            "Verifier flags, a driver with its loads, or FxPoolDump",
            &head,
        ));
    }
    Ok(reader.parsed)
}

/// Reads the time stamps again, now that all of them together show their order of day and month.
fn date_the_series(drivers: &mut [VerifiedDriver]) {
    let mut stamps: Vec<_> = drivers.iter_mut().filter_map(|driver| driver.taken.as_mut()).collect();
    written_date::settle(&mut stamps, None);
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Verifier))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut options = 0;
    let mut counters = 0;
    for line in head.lines() {
        match classify(line) {
            Line::DriverWithLoads { .. } => return Some(Likelihood::Certain),
            Line::Flags(_) if line.contains("Verifier Flags") => return Some(Likelihood::Certain),
            Line::Option { .. } => options += 1,
            Line::Count { name: "RaiseIRQLs" | "AllocationsAttempted" | "AllocationsFailed", .. } => {
                counters += 1
            }
            _ if wdf::line(0, line).is_some() => return Some(Likelihood::Likely),
            _ => {}
        }
    }
    (options >= 3 || counters >= 2).then_some(Likelihood::Likely)
}
