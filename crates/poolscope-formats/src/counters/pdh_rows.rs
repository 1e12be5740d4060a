//! The rows of a PDH text log: a time, then one cell a column. Only cells of kept columns become numbers.

use super::pdh_head;
use crate::dates::{self, Reading};
use crate::numbers;
use crate::time::Zone;

/// How to read the rows under one head.
#[derive(Clone, Debug)]
pub(super) struct RowPlan {
    pub(super) delimiter: u8,
    pub(super) zone: Zone,
    /// Cells of a row, the time included.
    pub(super) cells: usize,
    /// Cells whose values are kept, ascending; the time is cell 0.
    pub(super) kept: Vec<usize>,
}

/// What a run of lines held.
#[derive(Default, Debug)]
pub(super) struct Rows {
    pub(super) readings: Vec<Reading>,
    /// One row of kept values after another; NaN = missing.
    pub(super) values: Vec<f64>,
    pub(super) lines: u64,
    /// Rows that could not be read: the line within the run (from 0) and why.
    pub(super) bad: Vec<(u64, &'static str)>,
    /// Rows with fewer, and with more, cells than the head.
    pub(super) short: u64,
    pub(super) long: u64,
    /// Cells that are neither a number nor blank.
    pub(super) not_numbers: u64,
    /// Lines that are no rows: blank, or what typeperf says at the end.
    pub(super) passed_over: u64,
}

/// Reads whole lines.
pub(super) fn read(bytes: &[u8], plan: &RowPlan) -> Rows {
    let mut rows = Rows::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, next) = match memchr::memchr(b'\n', rest) {
            Some(at) => (rest.get(..at).unwrap_or(&[]), rest.get(at + 1..).unwrap_or(&[])),
            None => (rest, &[][..]),
        };
        row(line.strip_suffix(b"\r").unwrap_or(line), plan, &mut rows);
        rows.lines += 1;
        rest = next;
    }
    rows
}

/// Reads a last line without a line end: a row only if its cells are all there and the last is closed.
pub(super) fn read_last(line: &[u8], plan: &RowPlan) -> Rows {
    let quoted = line.starts_with(b"\"");
    let closed =
        !quoted || (line.ends_with(b"\"") && memchr::memchr_iter(b'"', line).count().is_multiple_of(2));
    let mut rows = Rows::default();
    if closed && pdh_head::split(line, plan.delimiter).len() >= plan.cells {
        row(line, plan, &mut rows);
    } else if line.trim_ascii().is_empty() {
        rows.passed_over = 1;
    } else {
        rows.bad.push((0, "the last row is cut off"));
    }
    rows.lines = 1;
    rows
}

fn row(line: &[u8], plan: &RowPlan, rows: &mut Rows) {
    let line = line.trim_ascii();
    let time_end = memchr::memchr(plan.delimiter, line).unwrap_or(line.len());
    let time = without_quotes(line.get(..time_end).unwrap_or(&[]));
    if !time.first().is_some_and(u8::is_ascii_digit) {
        // Noise of typeperf and of editors; a damaged time is one only if cells follow it.
        match memchr::memchr(plan.delimiter, line) {
            Some(_) if line.starts_with(b"\"") => {
                rows.bad.push((rows.lines, "a row that does not begin with a time"))
            }
            _ => rows.passed_over += 1,
        }
        return;
    }
    let Some((reading, _, used)) = dates::read_at(time) else {
        rows.bad.push((rows.lines, "a time that cannot be read"));
        return;
    };
    if used != time.len() {
        rows.bad.push((rows.lines, "text after the time of a row"));
        return;
    }
    let begin = rows.values.len();
    let not_numbers = rows.not_numbers;
    let mut cells = plain_cells(line, plan, rows);
    if cells != plan.cells && memchr::memchr(b'"', line).is_some() {
        // A delimiter inside quotes, or a row of another length: split with care.
        rows.values.truncate(begin);
        rows.not_numbers = not_numbers;
        let split = pdh_head::split(line, plan.delimiter);
        cells = split.len();
        for &at in &plan.kept {
            let value = split.get(at).map_or(f64::NAN, |cell| value(cell, &mut rows.not_numbers));
            rows.values.push(value);
        }
    }
    rows.values.resize(begin + plan.kept.len(), f64::NAN);
    rows.short += u64::from(cells < plan.cells);
    rows.long += u64::from(cells > plan.cells);
    rows.readings.push(shifted(reading, plan.zone));
}

/// Takes the kept cells of a row, split at every delimiter. Returns how many cells there were.
fn plain_cells(line: &[u8], plan: &RowPlan, rows: &mut Rows) -> usize {
    let mut kept = plan.kept.iter().copied();
    let mut wanted = kept.next();
    let (mut cell, mut start) = (0, 0);
    for end in memchr::memchr_iter(plan.delimiter, line).chain(std::iter::once(line.len())) {
        if wanted == Some(cell) {
            let text = line.get(start..end).unwrap_or(&[]);
            rows.values.push(value(without_quotes(text), &mut rows.not_numbers));
            wanted = kept.next();
        }
        cell += 1;
        start = end + 1;
    }
    cell
}

fn without_quotes(cell: &[u8]) -> &[u8] {
    match cell {
        [b'"', inner @ .., b'"'] => inner,
        _ => cell.trim_ascii(),
    }
}

/// The number of a cell; NaN if it is blank, and counted if it is something else.
fn value(cell: &[u8], not_numbers: &mut u64) -> f64 {
    if let Some(value) = short_decimal(cell) {
        return value;
    }
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return f64::NAN;
    }
    numbers::decimal(cell).unwrap_or_else(|| {
        *not_numbers += 1;
        f64::NAN
    })
}

/// A number whose digits fit a 53-bit integer, which makes the division exact: most cells. `None` for others.
fn short_decimal(cell: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    if cell.is_empty() || cell.len() > 17 {
        return None;
    }
    let mut digits = 0u64;
    let mut places = None;
    for &byte in cell {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + u64::from(byte - b'0');
                places = places.map(|places: usize| places + 1);
            }
            b'.' if places.is_none() => places = Some(0),
            _ => return None,
        }
    }
    let only_point = cell == b".";
    if digits >= 1 << 53 || only_point {
        return None;
    }
    Some(digits as f64 / POWERS.get(places.unwrap_or(0))?)
}

/// A reading in local time moved to UTC.
fn shifted(reading: Reading, zone: Zone) -> Reading {
    match reading {
        Reading::Plain(time) => Reading::Plain(zone.to_utc(time)),
        Reading::MonthFirst(time) => Reading::MonthFirst(zone.to_utc(time)),
        Reading::DayFirst(time) => Reading::DayFirst(zone.to_utc(time)),
        Reading::Either { month_first, day_first } => {
            Reading::Either { month_first: zone.to_utc(month_first), day_first: zone.to_utc(day_first) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_cells() {
        for (cell, want) in [
            ("20261367808.000000", 20_261_367_808.0),
            ("1088.8185231449717776", 1_088.818_523_144_971_8),
            ("0", 0.0),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("-5.5", -5.5),
            ("1,5", 1.5),
            ("1e3", 1_000.0),
            ("123456.789", 123_456.789),
        ] {
            let mut not_numbers = 0;
            assert_eq!(value(cell.as_bytes(), &mut not_numbers), want, "{cell}");
            assert_eq!(not_numbers, 0);
        }
        let mut not_numbers = 0;
        assert!(value(b" ", &mut not_numbers).is_nan() && value(b"", &mut not_numbers).is_nan());
        assert_eq!(not_numbers, 0);
        assert!(value(b"n/a", &mut not_numbers).is_nan() && value(b".", &mut not_numbers).is_nan());
        assert_eq!(not_numbers, 2);
    }
}
