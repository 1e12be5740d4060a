//! The head line of PDH-CSV and PDH-TSV: time zone, column paths, delimiter, code page.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254};

use super::CounterPath;
use super::names::Names;
use crate::time::Zone;

/// A head line, read.
#[derive(Debug)]
pub(super) struct PdhHead {
    pub(super) delimiter: u8,
    pub(super) zone: Zone,
    pub(super) zone_name: Option<String>,
    /// Paths of the columns after the time column.
    pub(super) paths: Vec<String>,
    /// The code page the names were guessed to be in, if they are not UTF-8.
    pub(super) code_page: Option<&'static str>,
    /// The first cell is the mark of PDH, which always writes month, day, year.
    pub(super) marked: bool,
}

/// Whether a line begins with the mark of a PDH text log.
pub(super) fn is_marked(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    line.starts_with(b"(PDH-CSV ") || line.starts_with(b"(PDH-TSV ")
}

/// Reads a head line with the mark, or a hand-made one: a first cell for the time, then counter paths.
pub(super) fn read(line: &[u8], names: &Names) -> Option<PdhHead> {
    let line = line.trim_ascii();
    let marked = is_marked(line);
    let delimiter = delimiter(line)?;
    let cells = split(line, delimiter);
    let (first, rest) = cells.split_first()?;
    let (encoding, code_page) = encoding_of(rest, names);
    let text = |cell: &[u8]| encoding.decode_without_bom_handling(cell).0.into_owned();
    let paths: Vec<String> = rest.iter().map(|cell| text(cell)).collect();
    if !marked {
        let first_is_time = !first.contains(&b'\\') && first.len() <= 60;
        let some_path = paths.iter().any(|path| path.contains('\\') && CounterPath::parse(path).is_some());
        if !first_is_time || !some_path {
            return None;
        }
    }
    let (zone, zone_name) = if marked { zone(&text(first)) } else { (Zone::Unknown, None) };
    Some(PdhHead { delimiter, zone, zone_name, paths, code_page, marked })
}

/// What stands after the first closing quote; without quotes the tab of TSV, else the commoner of `,` and `;`.
fn delimiter(line: &[u8]) -> Option<u8> {
    let known = |b: &u8| b",;\t".contains(b);
    if let Some(inner) = line.strip_prefix(b"\"") {
        let close = memchr::memchr(b'"', inner)?;
        return inner.get(close + 1).copied().filter(known).or(Some(b','));
    }
    let count = |d: u8| memchr::memchr_iter(d, line).count();
    [b'\t', b';', b','].into_iter().max_by_key(|&d| count(d)).filter(|&d| count(d) > 0)
}

/// Splits a line at a delimiter, quotes respected; `""` inside is one quote.
pub(super) fn split(line: &[u8], delimiter: u8) -> Vec<Cow<'_, [u8]>> {
    let mut cells = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    for (at, &byte) in line.iter().enumerate() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == delimiter && !quoted {
            cells.push(unquoted(line.get(start..at).unwrap_or(&[])));
            start = at + 1;
        }
    }
    cells.push(unquoted(line.get(start..).unwrap_or(&[])));
    cells
}

fn unquoted(cell: &[u8]) -> Cow<'_, [u8]> {
    let cell = cell.trim_ascii();
    let inner = cell.strip_prefix(b"\"").map_or(cell, |cell| cell.strip_suffix(b"\"").unwrap_or(cell));
    if !inner.windows(2).any(|pair| pair == b"\"\"") {
        return Cow::Borrowed(inner);
    }
    let mut single = Vec::with_capacity(inner.len());
    let mut skip = false;
    for &byte in inner {
        if byte == b'"' && !skip {
            skip = true;
            continue;
        }
        skip = false;
        single.push(byte);
    }
    Cow::Owned(single)
}

/// UTF-8 if the names are valid, else the code page under which most of them are known names; Western if none
/// is. Windows writes the log in the ANSI code page of the machine and does not say which.
fn encoding_of(cells: &[Cow<'_, [u8]>], names: &Names) -> (&'static Encoding, Option<&'static str>) {
    if cells.iter().all(|cell| std::str::from_utf8(cell).is_ok()) {
        return (encoding_rs::UTF_8, None);
    }
    let pages = [WINDOWS_1252, WINDOWS_1251, WINDOWS_1250, WINDOWS_1253, WINDOWS_1254];
    let mut best = (0, WINDOWS_1252);
    for page in pages {
        let known = cells.iter().filter(|cell| !cell.is_ascii()).take(2_000).filter_map(|cell| {
            CounterPath::parse(&page.decode_without_bom_handling(cell).0).map(|path| names.known(&path))
        });
        let known: usize = known.sum();
        if known > best.0 {
            best = (known, page);
        }
    }
    (best.1, Some(best.1.name()))
}

/// Zone and its name from `(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)`. The bias is minutes from local time
/// to UTC at the start of the log. A machine whose zone name is not in its code page cuts the cell short, and
/// typeperf leaves it out: then the zone is unknown.
fn zone(cell: &str) -> (Zone, Option<String>) {
    let Some((_, rest)) = cell.split_once(')') else { return (Zone::Unknown, None) };
    let rest = rest.trim();
    let Some(bias_at) = rest.rfind('(') else { return (Zone::Unknown, None) };
    let bias = rest.get(bias_at + 1..).and_then(|tail| tail.strip_suffix(')'));
    let bias = bias.and_then(|bias| bias.trim().parse::<i32>().ok()).filter(|bias| bias.abs() <= 900);
    let name = rest.get(..bias_at).map(str::trim).and_then(|name| name.strip_prefix('('));
    let name = name.map(|name| name.trim_end_matches(')').trim().to_owned()).filter(|name| !name.is_empty());
    (bias.map_or(Zone::Unknown, Zone::Bias), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(line: &str) -> PdhHead {
        read(line.as_bytes(), &Names::new(None)).unwrap()
    }

    #[test]
    fn first_cells_of_the_field() {
        for (cell, zone, name) in [
            ("(PDH-CSV 4.0) (Eastern Daylight Time)(240)", Zone::Bias(240), Some("Eastern Daylight Time")),
            (
                "(PDH-CSV 4.0) (W. Europe Standard Time)(-60)",
                Zone::Bias(-60),
                Some("W. Europe Standard Time"),
            ),
            ("(PDH-CSV 4.0) (Time (with) parens)(0)", Zone::Bias(0), Some("Time (with) parens")),
            ("(PDH-CSV 4.0)", Zone::Unknown, None),
            ("(PDH-CSV 4.0) (RTZ 2 (", Zone::Unknown, Some("RTZ 2")),
            ("(PDH-TSV 4.0) (UTC)(99999)", Zone::Unknown, Some("UTC")),
        ] {
            let head = head(&format!("\"{cell}\",\"\\\\H\\Memory\\Available Bytes\""));
            assert_eq!((head.zone, head.zone_name.as_deref()), (zone, name), "{cell}");
            assert!(head.marked);
        }
    }

    #[test]
    fn delimiters_and_hand_made_heads() {
        for (line, delimiter, marked) in [
            ("\"(PDH-CSV 4.0)\",\"\\\\H\\Processor Information(3,3)\\% Idle Time\"", b',', true),
            ("\"(PDH-TSV 4.0) (UTC)(0)\"\t\"\\\\H\\Memory\\Available Bytes\"", b'\t', true),
            ("(PDH-CSV 4.0) (UTC)(0);\\\\H\\Memory\\Available Bytes", b';', true),
            ("Time,Process(x)\\Working Set", b',', false),
        ] {
            let head = head(line);
            assert_eq!((head.delimiter, head.marked, head.paths.len()), (delimiter, marked, 1), "{line}");
        }
        for line in ["", "a,b,c", "C:\\Windows\\x.sys,4", "Name,Path\n"] {
            assert!(read(line.as_bytes(), &Names::new(None)).is_none(), "{line}");
        }
    }

    #[test]
    fn the_code_page_that_gives_known_names_is_taken() {
        let russian =
            WINDOWS_1251.encode("\"(PDH-CSV 4.0) (RTZ 2 (\",\"\\\\H\\Процесс(x)\\Рабочий набор\"").0;
        let head = read(&russian, &Names::new(None)).unwrap();
        assert_eq!(head.code_page, Some("windows-1251"));
        assert_eq!(head.paths, ["\\\\H\\Процесс(x)\\Рабочий набор"]);
        let german = WINDOWS_1252.encode("\"(PDH-CSV 4.0)\",\"\\\\H\\Arbeitsspeicher\\Verfügbare Bytes\"").0;
        let head = read(&german, &Names::new(None)).unwrap();
        assert_eq!(
            (head.code_page, head.paths[0].as_str()),
            (Some("windows-1252"), "\\\\H\\Arbeitsspeicher\\Verfügbare Bytes")
        );
    }
}
