//! Tables with separated cells: CSV of TSS and PowerShell, PoolMonX without a head row, Markdown, tab rows.

use std::borrow::Cow;

use super::labels::{figure, pool_word};
use super::listing::{ORDER, RowOddity, console_bytes, set};
use super::rows::{Figure, PoolRow};
use crate::dates::{self, Reading};
use crate::limits::{MAX_MAPPED_DRIVER_BYTES, MAX_TABLE_CELLS};
use crate::numbers;
use crate::tag::{Pool, Tag};
use crate::time::Zone;

/// What one column of a table holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Time,
    Tag,
    Type,
    /// A figure, perhaps of one pool only, in a unit of so many bytes.
    Figure(Figure, Option<Pool>, u64),
    Driver,
    Other,
}

/// A table whose head line named the columns.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Table {
    pub(super) delimiter: u8,
    columns: Vec<Column>,
}

/// Rows of one line of a table: two where one line has both pools.
#[derive(Default, Debug)]
pub(super) struct CellRows {
    pub(super) rows: Vec<PoolRow>,
    pub(super) time: Option<(Reading, Zone)>,
    pub(super) oddity: RowOddity,
    /// Bytes were rounded down to KB (PoolMonX).
    pub(super) rounded: bool,
}

/// Splits a line at a delimiter, quotes respected, at most [`MAX_TABLE_CELLS`] cells. A quoted cell keeps its
/// blanks; of another the outer ones go.
pub(super) fn split(line: &[u8], delimiter: u8) -> Vec<Cow<'_, [u8]>> {
    let mut cells = Vec::with_capacity(12);
    let mut rest = line;
    if delimiter == b'|' {
        rest = rest.trim_ascii();
        rest = rest.strip_prefix(b"|").unwrap_or(rest);
        rest = rest.strip_suffix(b"|").unwrap_or(rest);
    }
    loop {
        if cells.len() == MAX_TABLE_CELLS {
            return cells;
        }
        let blanks = if delimiter == b'\t' { 0 } else { rest.iter().take_while(|&&b| b == b' ').count() };
        let open = rest.get(blanks..).and_then(|cell| cell.strip_prefix(b"\""));
        if let Some(inner) = open
            && let Some((cell, after)) = quoted(inner)
        {
            cells.push(cell);
            match memchr::memchr(delimiter, after).and_then(|at| after.get(at + 1..)) {
                Some(next) => rest = next,
                None => return cells,
            }
            continue;
        }
        let end = memchr::memchr(delimiter, rest).unwrap_or(rest.len());
        let cell = rest.get(..end).unwrap_or(&[]).trim_ascii();
        let bare = cell.strip_prefix(b"`").and_then(|cell| cell.strip_suffix(b"`")).unwrap_or(cell);
        let bare = bare.strip_prefix(b"**").and_then(|cell| cell.strip_suffix(b"**")).unwrap_or(bare);
        cells.push(Cow::Borrowed(bare));
        match rest.get(end + 1..) {
            Some(next) => rest = next,
            None => return cells,
        }
    }
}

/// The cell up to its closing quote and what follows it; `""` inside is one quote.
fn quoted(inner: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut at = 0;
    let mut doubled = false;
    loop {
        at += memchr::memchr(b'"', inner.get(at..)?)?;
        if inner.get(at + 1) == Some(&b'"') {
            doubled = true;
            at += 2;
            continue;
        }
        let (cell, after) = (inner.get(..at)?, inner.get(at + 1..)?);
        if !doubled {
            return Some((Cow::Borrowed(cell), after));
        }
        let mut single = Vec::with_capacity(cell.len());
        let mut previous_quote = false;
        for &byte in cell {
            previous_quote = byte == b'"' && !previous_quote;
            if byte != b'"' || previous_quote {
                single.push(byte);
            }
        }
        return Some((Cow::Owned(single), after));
    }
}

/// The delimiter of a line: the one of tab, bar, semicolon and comma that occurs most.
pub(super) fn delimiter(line: &[u8]) -> Option<u8> {
    let counted = |d: u8| (memchr::memchr_iter(d, line).count(), d);
    let (count, best) = [b',', b';', b'|', b'\t'].into_iter().map(counted).max()?;
    (count > 0).then_some(best)
}

/// Reads the head line of a table; `None` if the line is none of pool tags.
pub(super) fn head_line(line: &[u8]) -> Option<Table> {
    // A head has no digits, and this is asked of every row of a table.
    if line.len() > 4096
        || line.iter().any(u8::is_ascii_digit)
        || !line.windows(3).any(|window| window.eq_ignore_ascii_case(b"tag"))
    {
        return None;
    }
    let delimiter = delimiter(line)?;
    let columns: Vec<Column> = split(line, delimiter).iter().map(|cell| column(cell)).collect();
    let has = |wanted: fn(&Column) -> bool| columns.iter().any(wanted);
    let figures = columns.iter().filter(|c| matches!(c, Column::Figure(..))).count();
    let enough = figures >= 2 || (figures == 1 && has(|c| matches!(c, Column::Type | Column::Time)));
    // `Out Alloc#` is xperf's: a trace of a while, not what stands.
    let foreign = memchr::memmem::find(line, b"Out Alloc").is_some();
    (has(|c| *c == Column::Tag) && enough && !foreign).then_some(Table { delimiter, columns })
}

/// What a head cell announces: letters and digits only are compared, in any case.
fn column(cell: &[u8]) -> Column {
    let name: Vec<u8> =
        cell.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).take(40).collect();
    match name.as_slice() {
        b"tag" | b"pooltag" => return Column::Tag,
        b"type" | b"pagedtype" | b"pool" | b"pooltype" => return Column::Type,
        b"datetime" | b"time" | b"timestamp" | b"date" => return Column::Time,
        b"mappeddriver" | b"driver" | b"owner" | b"source" | b"binary" => return Column::Driver,
        _ => {}
    }
    let (pool, rest) = match () {
        () if name.starts_with(b"nonpaged") => (Some(Pool::Nonpaged), name.get(8..)),
        () if name.starts_with(b"npaged") => (Some(Pool::Nonpaged), name.get(6..)),
        () if name.starts_with(b"paged") => (Some(Pool::Paged), name.get(5..)),
        () => (None, Some(name.as_slice())),
    };
    let rest = rest.unwrap_or(&[]);
    if let Some(figure) = figure(rest) {
        return Column::Figure(figure, pool, 1);
    }
    for unit in [&b"kb"[..], b"kib", b"mb", b"mib", b"gb", b"gib"] {
        let stem = rest.strip_suffix(unit).map(|stem| if stem.is_empty() { b"bytes" } else { stem });
        if let (Some(Some(Figure::Bytes)), Some(bytes)) = (stem.map(figure), numbers::unit_bytes(unit)) {
            return Column::Figure(Figure::Bytes, pool, bytes);
        }
    }
    Column::Other
}

impl Table {
    /// Allocs and Frees beside a tag: no other table has them.
    pub(super) fn is_pool_certain(&self) -> bool {
        let has = |wanted| self.columns.iter().any(|c| matches!(c, Column::Figure(f, ..) if *f == wanted));
        has(Figure::Allocs) && has(Figure::Frees)
    }

    /// Reads a line of the table.
    ///
    /// # Errors
    /// Why it is not a row of it.
    pub(super) fn row(&self, line: &[u8], number: u32) -> Result<CellRows, &'static str> {
        let cells = split(line, self.delimiter);
        if cells.len() < 2 {
            return Err("one cell where a row of the table was expected");
        }
        let mut found = CellRows::default();
        let mut tag = None;
        let mut pool = None;
        let mut driver = None;
        for (column, cell) in self.columns.iter().zip(&cells) {
            match column {
                Column::Tag => tag = tag_cell(cell),
                Column::Type => pool = Some(pool_word(cell).ok_or("a type that is neither Nonp nor Paged")?),
                Column::Time => found.time = dates::read(&String::from_utf8_lossy(cell)),
                Column::Driver => driver = driver_cell(cell),
                Column::Figure(..) | Column::Other => {}
            }
        }
        let tag = tag.ok_or("a tag cell that is not one to four bytes")?;
        let split_pools = self.columns.iter().any(|c| matches!(c, Column::Figure(_, Some(_), _)));
        let rows = if split_pools { 3 } else { 1 };
        for split_pool in [None, Some(Pool::Nonpaged), Some(Pool::Paged)].into_iter().take(rows) {
            let mut row = PoolRow::new(tag, split_pool.or(pool), number);
            let mut figures = 0;
            for (column, cell) in self.columns.iter().zip(&cells) {
                let Column::Figure(figure, of_pool, unit) = *column else { continue };
                let cell = without_delta(cell);
                if of_pool != split_pool || cell.is_empty() {
                    continue;
                }
                set_cell(&mut row, figure, cell, unit, &mut found)?;
                figures += 1;
            }
            let idle = split_pool.is_some() && row.allocs() == Some(0) && row.bytes() == Some(0);
            if figures > 0 && !idle {
                row.mapped_driver.clone_from(&driver);
                found.rows.push(row);
            }
        }
        if found.rows.is_empty() { Err("no number in any column of the table") } else { Ok(found) }
    }
}

fn set_cell(
    row: &mut PoolRow,
    figure: Figure,
    cell: &[u8],
    unit: u64,
    found: &mut CellRows,
) -> Result<(), &'static str> {
    let bare = cell.last().is_some_and(u8::is_ascii_digit);
    if figure != Figure::Bytes || (unit == 1 && bare) {
        return set(row, figure, cell, &mut found.oddity);
    }
    let bytes = if unit == 1 { numbers::size_in_bytes(cell) } else { numbers::scaled(cell, unit) };
    row.set(figure, bytes.ok_or("a size that is not a number")?);
    found.rounded = true;
    Ok(())
}

/// `9112 (   3)` without its delta.
fn without_delta(cell: &[u8]) -> &[u8] {
    let at = memchr::memchr(b'(', cell).filter(|at| *at > 0).unwrap_or(cell.len());
    cell.get(..at).unwrap_or(cell).trim_ascii()
}

fn tag_cell(cell: &[u8]) -> Option<Tag> {
    let bytes = console_bytes(cell);
    let cell = bytes.as_deref().unwrap_or(cell);
    Tag::from_text(cell).or_else(|| Tag::from_text(cell.trim_ascii())).filter(|tag| tag.0 != *b"    ")
}

fn driver_cell(cell: &[u8]) -> Option<Box<str>> {
    let text = cell.trim_ascii();
    let unknown = text.is_empty() || text.eq_ignore_ascii_case(b"Unknown Driver");
    let kept = text.get(..MAX_MAPPED_DRIVER_BYTES).unwrap_or(text);
    (!unknown).then(|| String::from_utf8_lossy(kept).into())
}

/// Reads a line of a table that has no head row: a type cell with a tag before it and at least three numbers
/// after it, or PoolMonX' tag with four paged and four nonpaged figures. `None` if it is neither.
pub(super) fn headless_row(line: &[u8], number: u32) -> Option<CellRows> {
    let delimiter = delimiter(line)?;
    let cells = split(line, delimiter);
    let type_at = cells.iter().position(|cell| pool_word(cell).is_some()).filter(|at| *at > 0);
    let Some(type_at) = type_at else { return poolmonx_row(&cells, number) };
    let mut found = CellRows::default();
    let mut row = PoolRow::new(tag_cell(cells.get(type_at - 1)?)?, pool_word(cells.get(type_at)?), number);
    let mut count = 0;
    for (figure, cell) in ORDER.into_iter().zip(cells.get(type_at + 1..)?) {
        set(&mut row, figure, without_delta(cell), &mut found.oddity).ok()?;
        count += 1;
    }
    if let Some(first) = cells.first().filter(|_| type_at >= 2) {
        found.time = dates::read(&String::from_utf8_lossy(first));
        if found.time.is_none() {
            row.mapped_driver = driver_cell(first);
        }
    }
    found.rows.push(row);
    (count >= 3).then_some(found)
}

/// PoolMonX saves no head row: tag, paged allocs, frees, diff, usage, the same of nonpaged, source, text.
/// Usage is `n B` or `n KB`. The two Diffs must add up, or the line is something else.
fn poolmonx_row(cells: &[Cow<'_, [u8]>], number: u32) -> Option<CellRows> {
    let tag = tag_cell(cells.first()?)?;
    let mut found = CellRows { rounded: true, ..CellRows::default() };
    let source = cells.get(9).and_then(|cell| driver_cell(cell));
    for (pool, from) in [(Pool::Paged, 1), (Pool::Nonpaged, 5)] {
        let figure = |at: usize| numbers::count(cells.get(from + at)?);
        let (allocs, frees, diff) = (figure(0)?, figure(1)?, figure(2)?);
        let bytes = numbers::size_in_bytes(cells.get(from + 3)?)?;
        if (allocs.wrapping_sub(frees) ^ diff) & 0xffff_ffff != 0 {
            return None;
        }
        if allocs > 0 || bytes > 0 {
            let mut row = PoolRow::new(tag, pool, number)
                .with(Figure::Allocs, allocs)
                .with(Figure::Frees, frees)
                .with(Figure::Diff, diff)
                .with(Figure::Bytes, bytes);
            row.mapped_driver.clone_from(&source);
            found.rows.push(row);
        }
    }
    Some(found)
}

/// True for the `|---|---:|` line under a Markdown head, and for rules of dashes in general.
pub(super) fn is_rule(line: &[u8]) -> bool {
    line.contains(&b'-') && line.iter().all(|b| b"-|:+= \t".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_blanks() {
        let cells = |line: &str, d: u8| -> Vec<String> {
            split(line.as_bytes(), d).iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect()
        };
        assert_eq!(cells("\"Icp \",\"a,b\",\"c\"\"d\", 12 ,", b','), ["Icp ", "a,b", "c\"d", "12", ""]);
        assert_eq!(cells("| `WCsc` | 1,234 |", b'|'), ["WCsc", "1,234"]);
        assert_eq!(cells("\"open,1", b','), ["\"open", "1"]);
    }

    #[test]
    fn heads_of_pool_tables_and_of_others() {
        for head in [
            "tag,type,allocs,frees,diff,bytes,perAlloc",
            "\"DateTime\",\"Tag\",\"PagedType\",\"Allocs\",\"Frees\",\"Diff\",\"Bytes\",\"PerAlloc\"",
            "| tag | bytes | outstanding |",
            "Tag;Type;Bytes",
            "owner\ttag\ttype\tallocs\tfrees\tdiff\tbytes\tper\trate",
            "Tag,Paged Allocs,Paged Frees,Paged Diff,Paged Usage,NPaged Allocs,NPaged Frees,NPaged Diff,NPaged Usage",
            "| Tag | Pool | Bytes (MB) |",
        ] {
            assert!(head_line(head.as_bytes()).is_some(), "{head}");
        }
        for head in [
            "Image, Tag, Alloc #, Alloc KB, Out Alloc#, Out Alloc KB",
            "\"Module Name\",\"Display Name\",\"Driver Type\",\"Paged Pool(bytes)\",\"Code(bytes)\"",
            "date time tag bytes",
            "Address,Length,Tag,Caller Address",
            "| tag | meaning |",
        ] {
            assert!(head_line(head.as_bytes()).is_none(), "{head}");
        }
    }

    #[test]
    fn poolmonx_lines_prove_themselves() {
        let found =
            headless_row(b"Even,10,4,6,576 B,2000,1000,1000,93 KB,<unknown>,Event objects", 1).unwrap();
        let shown: Vec<_> = found.rows.iter().map(|r| (r.pool, r.outstanding(), r.bytes())).collect();
        assert_eq!(
            shown,
            [(Some(Pool::Paged), Some(6), Some(576)), (Some(Pool::Nonpaged), Some(1_000), Some(93 << 10))]
        );
        assert!(headless_row(b"Even,10,4,7,576 B,2000,1000,1000,93 KB,x,y", 1).is_none());
        assert!(headless_row(b"abc,1,2,3", 1).is_none());
    }
}
