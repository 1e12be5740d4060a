//! `systeminfo` as list and CSV, in any language: fields by order.

mod part;

use super::{Inventory, push_change, push_host};
use crate::csv_rows;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{ChangeFact, ChangeKind, HostValue, WrittenDate};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::number;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;
use crate::time::Zone;
use crate::written_date::{self, DateOrder};

/// One field: its place among the fields, its line, its value and the lines below it.
#[derive(Default)]
struct Field {
    line: u64,
    name: String,
    value: String,
    more: Vec<(u64, String)>,
}

/// Places of fields, the same since Windows XP.
mod order {
    pub(super) const HOST: usize = 0;
    pub(super) const OS_NAME: usize = 1;
    pub(super) const OS_VERSION: usize = 2;
    pub(super) const INSTALLED: usize = 9;
    /// Boot time; up to 2003 the time it has been up.
    pub(super) const BOOT: usize = 10;
    pub(super) const MAKER: usize = 11;
    pub(super) const MODEL: usize = 12;
    pub(super) const SYSTEM_TYPE: usize = 13;
    pub(super) const PROCESSORS: usize = 14;
    pub(super) const LOCALE: usize = 19;
    pub(super) const TIME_ZONE: usize = 21;
    pub(super) const MEMORY: usize = 22;
    pub(super) const AVAILABLE: usize = 23;
    /// Fields a systeminfo has at least.
    pub(super) const LEAST: usize = 24;
}

/// `10.0.17763 N/A Build 17763`, in any language: major.minor.build first.
fn os_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = text.split_whitespace().next()?.split('.');
    let mut next = || numbers.next()?.parse::<u32>().ok();
    Some((next()?, next()?, next()?))
}

/// `KB5034127` anywhere in a text.
pub(super) fn kb_number(text: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find("KB") {
        let at = from + found;
        let digits = text.get(at + 2..)?.bytes().take_while(u8::is_ascii_digit).count();
        let begins = !text.get(..at)?.ends_with(|c: char| c.is_alphanumeric());
        if digits >= 5 && begins {
            return text.get(at..at + 2 + digits);
        }
        from = at + 2;
    }
    None
}

/// The list's fields. The column of values is where the first one begins.
fn list_fields(input: &dyn ReadAt) -> Result<Vec<Field>, FormatError> {
    let mut fields: Vec<Field> = Vec::new();
    let mut column = None;
    for_each_line(input, |number, line| {
        if line.trim().is_empty() || fields.len() >= MAX_FIELDS {
            return Ok(());
        }
        let column = *column.get_or_insert_with(|| value_column(line));
        let value_at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let (name, value) = line.split_at_checked(value_at).unwrap_or((line, ""));
        let name = name.trim();
        if name.is_empty() {
            if let Some(field) = fields.last_mut().filter(|field| field.more.len() < MAX_FIELDS) {
                field.more.push((number, value.trim().to_owned()));
            }
        } else if name.ends_with([':', '：']) {
            fields.push(Field {
                line: number,
                name: name.to_owned(),
                value: value.trim().to_owned(),
                more: Vec::new(),
            });
        } else if let Some((name, value)) = line.split_once([':', '：']) {
            // A name too long for its column pushes its value to the right.
            fields.push(Field {
                line: number,
                name: name.to_owned(),
                value: value.trim().to_owned(),
                more: Vec::new(),
            });
        }
        Ok(())
    })?;
    Ok(fields)
}

/// Fields and lines of a field that are kept; a real list has about 35 and up to some hundred updates.
const MAX_FIELDS: usize = 2_000;

/// The character at which the value of `Host Name:                 HOST1` begins.
fn value_column(line: &str) -> usize {
    let Some(colon) = line.find([':', '：']) else { return usize::MAX };
    let name = line.get(..colon).unwrap_or("").chars().count() + 1;
    let blanks = line.chars().skip(name).take_while(|c| *c == ' ').count();
    name + blanks
}

/// The fields of the CSV's one row of values.
fn csv_fields(input: &dyn ReadAt) -> Result<Vec<Field>, FormatError> {
    let mut rows = Vec::new();
    csv_rows::for_each_row(input, b',', |line, cells| {
        if rows.len() < 3 {
            rows.push((line, cells.to_vec()));
        }
    })?;
    let row = rows.into_iter().find(|(_, cells)| {
        cells.len() >= order::LEAST
            && cells.get(order::OS_VERSION).is_some_and(|text| os_version(text).is_some())
    });
    let field = |line: u64, cell: String| Field {
        line,
        name: String::new(),
        more: cell.split(",[").map(|part| (line, part.to_owned())).collect(),
        value: cell,
    };
    Ok(row.map(|(line, cells)| cells.into_iter().map(|cell| field(line, cell)).collect()).unwrap_or_default())
}

/// `12 Days, 3 Hours, 4 Minutes, 5 Seconds` by its numbers.
fn uptime_seconds(text: &str) -> Option<u64> {
    let numbers: Vec<u64> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map_while(|part| part.parse().ok())
        .collect();
    match numbers[..] {
        [days, hours, minutes, seconds] if hours < 24 && minutes < 60 && seconds < 60 => {
            days.checked_mul(86_400)?.checked_add(hours * 3_600 + minutes * 60 + seconds)
        }
        _ => None,
    }
}

fn take(parsed: &mut Parsed<Inventory>, fields: &[Field]) {
    let dated = |at: usize| fields.get(at).map(|field| field.value.as_str());
    let order = DateOrder::of([dated(order::INSTALLED), dated(order::BOOT)].into_iter().flatten())
        .or_else(|| part::order_of_locale(dated(order::LOCALE)?));
    for (at, field) in fields.iter().enumerate() {
        let place = Place::Line(field.line);
        let value = field.value.as_str();
        if value.is_empty() {
            continue;
        }
        let date = || -> Option<WrittenDate> {
            let shown = value.starts_with(|c: char| c.is_ascii_digit()) && value.contains(['/', '.', '-']);
            shown.then(|| written_date::read(value, order))
        };
        match at {
            order::HOST => push_host(parsed, place, HostValue::Name(value.to_owned())),
            order::OS_NAME => push_host(parsed, place, HostValue::OsName(value.to_owned())),
            order::OS_VERSION => {
                if let Some((major, minor, build)) = os_version(value) {
                    push_host(parsed, place, HostValue::OsVersion { major, minor, build });
                }
                push_host(parsed, place, HostValue::OsVersionText(value.to_owned()));
            }
            order::INSTALLED => {
                if let Some(date) = date() {
                    push_host(parsed, place, HostValue::InstallTime(date));
                }
            }
            order::BOOT => {
                if let Some(seconds) = uptime_seconds(value).filter(|_| !value.contains([':', '/'])) {
                    push_host(parsed, place, HostValue::UptimeSeconds(seconds));
                } else if let Some(date) = date() {
                    if date.wall.is_none() {
                        parsed.note(place, format!("boot time `{value}` could be two days: nothing shows the order of day and month"));
                    }
                    push_host(parsed, place, HostValue::BootTime(date));
                }
            }
            order::MODEL => {
                let maker = fields.get(order::MAKER).map_or("", |field| field.value.as_str());
                push_host(parsed, place, HostValue::Model(format!("{maker} {value}").trim().to_owned()));
            }
            order::SYSTEM_TYPE => {
                if let Some(bits) = bits_of_system_type(value) {
                    push_host(parsed, place, HostValue::Bits(bits));
                }
            }
            order::PROCESSORS => {
                // Sockets, not logical processors: kept as no fact.
            }
            order::TIME_ZONE => push_host(parsed, place, HostValue::TimeZone(value.to_owned())),
            order::MEMORY => {
                if let Some(bytes) = number::size_with_unit(value) {
                    push_host(parsed, place, HostValue::PhysicalBytes(bytes));
                }
            }
            order::AVAILABLE => {
                if let Some(bytes) = number::size_with_unit(value) {
                    push_host(parsed, place, HostValue::AvailableBytes(bytes));
                }
            }
            _ => {}
        }
        for (line, text) in &field.more {
            if let Some(kb) = kb_number(text) {
                push_change(
                    parsed,
                    ChangeFact {
                        place: Place::Line(*line),
                        kind: ChangeKind::UpdateInstalled,
                        time: None,
                        zone: Zone::Unknown,
                        day_only: false,
                        subject: kb.to_owned(),
                        detail: String::new(),
                        files: Vec::new(),
                        succeeded: None,
                    },
                );
            }
        }
    }
}

/// `x64-based PC`, `x64-basierter PC`, `X86-based PC`, `ARM64-based PC`.
pub(super) fn bits_of_system_type(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    if lower.contains("64") {
        Some(64)
    } else if lower.contains("86") {
        Some(32)
    } else {
        None
    }
}

/// Reads a systeminfo.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without at least 24 fields of which the third is a version, and without a part of
/// one; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let head = read_vec(input, 0, 200)?;
    let csv = crate::text::decode_head(&head).trim_start().starts_with('"');
    let fields = if csv { csv_fields(input)? } else { list_fields(input)? };
    let fits = fields.len() >= order::LEAST
        && fields.get(order::OS_VERSION).is_some_and(|field| part::is_version(&field.value));
    let mut parsed = Parsed::new(Inventory::default());
    let fields = if fits && part::in_their_places(&fields) {
        fields
    } else if fits {
        parsed
            .note(Place::Whole, "lines of this systeminfo are missing: its fields were taken by their names");
        part::by_names(fields)
    } else {
        parsed.note(Place::Whole, "only a part of a systeminfo is there");
        part::of_a_part(fields).ok_or_else(|| {
            FormatError::not_this(
                "output of systeminfo",
                Place::Whole,
                "at least 24 fields, the third a version, or some of them in their order",
                head.get(..40).unwrap_or(&head),
            )
        })?
    };
    take(&mut parsed, &fields);
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`]: it is small, so the head holds enough of it to be read whole.
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    parse(&head.bytes).ok().map(|_| Likelihood::Certain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<HostValue>> {
        let parsed = parse(&text.as_bytes()).ok()?;
        Some(parsed.value.host.into_iter().map(|fact| fact.value).collect())
    }

    #[test]
    fn picked_lines_in_their_order() {
        let host = read(
            "Host Name:                 HOST1\r\nOS Version:                10.0.20348 N/A Build 20348\r\n\
             System Boot Time:          02/06/2026, 06:41:18\r\nSystem Locale:             en-gb;English (United Kingdom)\r\n\
             Total Physical Memory:     8,191 MB\r\n",
        )
        .unwrap();
        assert_eq!(host[0], HostValue::Name("HOST1".to_owned()));
        assert!(host.contains(&HostValue::OsVersion { major: 10, minor: 0, build: 20_348 }), "{host:?}");
        assert!(host.contains(&HostValue::PhysicalBytes(8_191 << 20)), "{host:?}");
        let boot = host.iter().find_map(|v| if let HostValue::BootTime(date) = v { date.wall } else { None });
        assert_eq!(boot.map(|time| time.to_string()).as_deref(), Some("2026-06-02 06:41:18"));
    }

    #[test]
    fn a_list_whose_lines_were_thinned_is_taken_by_its_names_and_a_date_is_no_version() {
        let lines: Vec<String> = (0..16).map(|at| format!("Extra {at}:            x\r\n")).collect();
        let thinned = format!(
            "Host Name:          HOST1\r\nOS Name:            Windows\r\nOS Version:         10.0.17763 N/A Build 17763\r\n\
             System Boot Time:   19/08/2026, 10:41:07 PM\r\nSystem Type:        x64-based PC\r\n\
             Time Zone:          (UTC+10:00) Sydney\r\nTotal Physical Memory: 16,285 MB\r\nHotfix(s):          1\r\n\
                                 [01]: KB5087421\r\n{}",
            lines.concat()
        );
        let host = read(&thinned).unwrap();
        assert!(host.contains(&HostValue::PhysicalBytes(16_285 << 20)), "{host:?}");
        assert!(host.contains(&HostValue::TimeZone("(UTC+10:00) Sydney".to_owned())), "{host:?}");
        let events =
            "Protokollname: Application\r\nQuelle:        x\r\nDatum:         10.08.2026 17:22:05\r\n"
                .repeat(9);
        assert!(read(&events).is_none());
    }

    #[test]
    fn the_first_lines_and_then_picked_ones() {
        let host = read(
            "Host Name:                 HOST1\nOS Name:                   Microsoft Windows Server 2022\n\
             OS Version:                10.0.20348 N/A Build 20348\nTotal Physical Memory:     8,191 MB\n",
        )
        .unwrap();
        assert!(host.contains(&HostValue::PhysicalBytes(8_191 << 20)), "{host:?}");
    }

    #[test]
    fn the_beginning_of_one_in_a_language_without_a_table() {
        let host = read(
            "Nazwa hosta:               HOST1\r\nNazwa systemu operacyjnego:  Microsoft Windows Server 2022\r\n\
             Wersja systemu operacyjnego: 10.0.20348 Brak dostępnych danych Kompilacja 20348\r\nProducent: Microsoft\r\n",
        )
        .unwrap();
        assert!(host.contains(&HostValue::OsVersion { major: 10, minor: 0, build: 20_348 }), "{host:?}");
    }

    #[test]
    fn german_lines_picked_by_hand() {
        let host = read("Hostname:        HOST1\nZeitzone:        (UTC+01:00) Berlin\nGesamter physischer Speicher: 4.095 MB\n").unwrap();
        assert!(host.contains(&HostValue::TimeZone("(UTC+01:00) Berlin".to_owned())), "{host:?}");
    }

    #[test]
    fn notes_are_no_systeminfo() {
        for text in [
            "Host Name: HOST1\nTime Zone: UTC\n",
            "Time Zone: UTC\nOS Version: 10\nHost Name: HOST1\n",
            "Host Name: HOST1\nTicket: 1\nBy: me\nOwner: you\nOS Name: Windows\nTime Zone: UTC\nState: open\nNext: call\n",
            "a: b\nc: d\nversion: 1.2.3\ne: f\n",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
