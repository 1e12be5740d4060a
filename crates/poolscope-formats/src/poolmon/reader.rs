//! Puts lines together: which snapshot a row belongs to, where one ends, what its time is.

use std::collections::BTreeMap;

use super::cells::{self, CellRows, Table};
use super::check::{contradiction, describe, is_consistent};
use super::labels::{self, Field};
use super::listing::{self, RowOddity, RowRead};
use super::rows::PoolRow;
use super::times::{self, Heading};
use super::{PoolScope, PoolmonLog, Snapshot, assign, head};
use crate::dates::Reading;
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt};
use crate::limits::{MAX_POOLMON_ROWS, MAX_POOLMON_SNAPSHOTS, MAX_UNGLUE_TRIES, MIN_WHOLE_LISTING_ROWS};
use crate::parsed::{Parsed, Place};
use crate::tag::{Pool, Tag};
use crate::text::{self, Block};

/// A snapshot that still takes rows.
#[derive(Default, Debug)]
pub(super) struct Open {
    pub(super) snapshot: Snapshot,
    pub(super) written: Option<Heading>,
    /// It cannot be a whole listing: half a line, a bad row.
    torn: bool,
}

/// The state between lines.
#[derive(Default, Debug)]
pub(super) struct Reader {
    done: Vec<Open>,
    current: Option<Open>,
    /// A time line that waits for its snapshot.
    pending: Option<Heading>,
    tag_column: Option<usize>,
    table: Option<Table>,
    /// Snapshots of a table with times, by time: their rows may come in any order.
    timed: BTreeMap<Reading, Open>,
    block: FieldBlock,
    rows: usize,
    rows_dropped: u64,
    passed_over: u64,
    first_passed_over: u64,
    unglued: u64,
    /// Splits of glued numbers that may still be tried.
    unglue_tries: u32,
    sign_lost: u64,
    rounded: bool,
    without_pool: u64,
}

/// Fields of one tag that stand one a line.
#[derive(Default, Debug)]
struct FieldBlock {
    tag: Option<Tag>,
    pool: Option<Pool>,
    fields: Vec<(Field, u32)>,
    line: u64,
}

/// Reads a whole input.
///
/// # Errors
/// [`FormatError::Read`]; [`FormatError::NotThisFormat`] when nothing in it is of a pool listing.
pub fn parse(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<PoolmonLog>, FormatError> {
    let mut parsed = Parsed::new(PoolmonLog::default());
    let mut reader = Reader { unglue_tries: MAX_UNGLUE_TRIES, ..Reader::default() };
    text::for_each_block(input, |block| {
        reader.block(block, &mut parsed);
        Ok(())
    })?;
    reader.finish(&mut parsed, context);
    if parsed.value.snapshots.is_empty() && parsed.coverage.bad_records == 0 {
        let start = crate::input::read_vec(input, 0, 40)?;
        return Err(FormatError::not_this("a poolmon listing", Place::Whole, "a row of a pool tag", &start));
    }
    Ok(parsed)
}

impl Reader {
    fn block(&mut self, block: Block<'_>, parsed: &mut Parsed<PoolmonLog>) {
        let mut rest = block.bytes;
        let mut number = block.first_line;
        while !rest.is_empty() {
            let (line, next, ended) = match memchr::memchr(b'\n', rest) {
                Some(at) => (rest.get(..at).unwrap_or(&[]), rest.get(at + 1..).unwrap_or(&[]), true),
                None => (rest, &[][..], false),
            };
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let row_line = u32::try_from(number).unwrap_or(u32::MAX);
            match listing::fast(line, row_line).filter(|_| ended && self.table.is_none()) {
                Some(row) => self.push(row, parsed),
                None => self.line(line, number, ended, parsed),
            }
            rest = next;
            number += 1;
        }
    }

    /// Any line that is not a row of the exact `-n` layout.
    fn line(&mut self, line: &[u8], number: u64, ended: bool, parsed: &mut Parsed<PoolmonLog>) {
        let trimmed = line.trim_ascii();
        if trimmed.is_empty() || cells::is_rule(trimmed) || trimmed.starts_with(b"```") {
            return;
        }
        if self.table.as_ref().is_some_and(|table| line.contains(&table.delimiter)) {
            match cells::head_line(line) {
                Some(table) => self.begin_table(table, number, parsed),
                None => self.table_row(line, number, ended, parsed),
            }
            return;
        }
        let row_line = u32::try_from(number).unwrap_or(u32::MAX);
        match listing::row(line, row_line, self.tag_column, &mut self.unglue_tries) {
            RowRead::Row(row, oddity) => {
                if !ended && !is_consistent(&row) {
                    self.bad(number, "the last line is cut off", parsed);
                    return;
                }
                self.odd(oddity);
                self.push(row, parsed);
            }
            RowRead::Bad(why) => {
                self.bad(number, if ended { why } else { "the last line is cut off" }, parsed);
            }
            RowRead::NotARow if self.head_lines(line, number, parsed) => {}
            RowRead::NotARow => match cells::headless_row(line, row_line) {
                Some(found) if ended || found.rows.iter().all(is_consistent) => {
                    self.push_cells(found, number, parsed);
                }
                Some(_) => self.bad(number, "the last line is cut off", parsed),
                None => self.other_line(line, number, parsed),
            },
        }
    }

    /// Lines above a table: memory, scope, column names.
    fn head_lines(&mut self, line: &[u8], number: u64, parsed: &mut Parsed<PoolmonLog>) -> bool {
        let mut memory = self.current.as_ref().and_then(|open| open.snapshot.head).unwrap_or_default();
        let begins = line.trim_ascii_start().starts_with(b"Memory:");
        if begins {
            memory = super::MemoryHead::default();
        }
        if head::memory_line(line, &mut memory) {
            let used = self.current.as_ref().is_some_and(|open| {
                !open.snapshot.rows.is_empty() || (begins && open.snapshot.head.is_some())
            });
            let open = if used { self.next(number, parsed) } else { self.open(number) };
            open.snapshot.head = Some(memory);
            return true;
        }
        if let Some(scope) = head::scope_line(line) {
            let used = self.current.as_ref().is_some_and(|open| !open.snapshot.rows.is_empty());
            let open = if used { self.next(number, parsed) } else { self.open(number) };
            open.snapshot.scope = scope;
            return true;
        }
        if let Some(column) = listing::head_line(line) {
            self.tag_column = Some(column);
            self.table = None;
            if self.current.as_ref().is_some_and(|open| !open.snapshot.rows.is_empty()) {
                self.next(number, parsed);
            }
            return true;
        }
        match cells::head_line(line) {
            Some(table) => {
                self.begin_table(table, number, parsed);
                true
            }
            None => false,
        }
    }

    fn begin_table(&mut self, table: Table, number: u64, parsed: &mut Parsed<PoolmonLog>) {
        self.table = Some(table);
        if self.current.as_ref().is_some_and(|open| !open.snapshot.rows.is_empty()) {
            self.next(number, parsed);
        }
    }

    /// A row of a table whose head named the columns.
    fn table_row(&mut self, line: &[u8], number: u64, ended: bool, parsed: &mut Parsed<PoolmonLog>) {
        let row_line = u32::try_from(number).unwrap_or(u32::MAX);
        let Some(table) = &self.table else { return };
        match table.row(line, row_line) {
            Ok(found) if ended || found.rows.iter().all(is_consistent) => {
                self.push_cells(found, number, parsed);
            }
            Ok(_) => self.bad(number, "the last line is cut off", parsed),
            Err(why) => self.bad(number, if ended { why } else { "the last line is cut off" }, parsed),
        }
    }

    fn push_cells(&mut self, found: CellRows, number: u64, parsed: &mut Parsed<PoolmonLog>) {
        self.odd(found.oddity);
        self.rounded |= found.rounded;
        let Some((reading, zone)) = found.time else {
            for row in found.rows {
                self.push(row, parsed);
            }
            return;
        };
        if self.timed.len() >= MAX_POOLMON_SNAPSHOTS && !self.timed.contains_key(&reading) {
            self.rows_dropped += found.rows.len() as u64;
            return;
        }
        // The table's own times hold its rows together, not their order.
        let waiting = self.current.take();
        let mut open = self.timed.remove(&reading).unwrap_or_default();
        if open.written.is_none() {
            open.written = Some(Heading::Full(reading, zone));
            open.snapshot.line = number;
        }
        self.current = Some(open);
        for row in found.rows {
            self.push(row, parsed);
        }
        if let Some(open) = self.current.take() {
            self.timed.insert(reading, open);
        }
        self.current = waiting;
    }

    /// Lines that are neither head nor row.
    fn other_line(&mut self, line: &[u8], number: u64, parsed: &mut Parsed<PoolmonLog>) {
        if let Some(time) = times::heading(line) {
            self.end_block(parsed);
            if self.current.as_ref().is_some_and(|open| !open.snapshot.rows.is_empty()) {
                self.close(parsed);
            }
            self.pending = Some(time);
            return;
        }
        if let Some(field) = labels::field(line) {
            if matches!(field, Field::Tag(_)) {
                self.end_block(parsed);
                self.block.line = number;
            }
            match field {
                Field::Tag(tag) => self.block.tag = Some(tag),
                Field::Pool(pool) => self.block.pool = Some(pool),
                field if self.block.fields.len() < 16 => {
                    self.block.fields.push((field, u32::try_from(number).unwrap_or(u32::MAX)));
                }
                _ => self.bad(number, "more figures than a tag has", parsed),
            }
            return;
        }
        if memchr::memmem::find(line, b"Query pooltags Failed").is_some() {
            self.bad(
                number,
                "poolmon could not query the tags: pool tagging is off (Windows XP and older)",
                parsed,
            );
            return;
        }
        if self.passed_over == 0 {
            self.first_passed_over = number;
        }
        self.passed_over += 1;
    }

    /// Ends a block of `Name: value` lines and makes its rows.
    fn end_block(&mut self, parsed: &mut Parsed<PoolmonLog>) {
        let block = std::mem::take(&mut self.block);
        let Some((_, first)) = block.fields.first() else { return };
        let Some(tag) = block.tag else {
            self.bad(u64::from(*first), "figures without a `Tag:` line before them", parsed);
            return;
        };
        let line = u32::try_from(block.line).unwrap_or(u32::MAX);
        for split_pool in [None, Some(Pool::Nonpaged), Some(Pool::Paged)] {
            let mut row = PoolRow::new(tag, split_pool.or(block.pool), line);
            let mut figures = 0;
            for (field, _) in &block.fields {
                match *field {
                    Field::Figure(figure, value, of_pool) if of_pool == split_pool => row.set(figure, value),
                    Field::Outstanding(diff) if split_pool.is_none() => row.set_outstanding(diff),
                    _ => continue,
                }
                figures += 1;
            }
            if figures > 0 {
                self.push(row, parsed);
            }
        }
    }

    fn odd(&mut self, oddity: RowOddity) {
        self.unglued += u64::from(oddity.unglued);
        self.sign_lost += u64::from(oddity.sign_lost);
    }

    fn bad(&mut self, number: u64, why: &str, parsed: &mut Parsed<PoolmonLog>) {
        parsed.bad(Place::Line(number), why);
        if let Some(open) = &mut self.current {
            open.torn = true;
        }
    }

    /// The snapshot that takes rows now.
    fn open(&mut self, number: u64) -> &mut Open {
        let pending = &mut self.pending;
        self.current.get_or_insert_with(|| Open {
            snapshot: Snapshot { line: number, ..Snapshot::default() },
            written: pending.take(),
            torn: false,
        })
    }

    /// Ends the current snapshot and opens another.
    fn next(&mut self, number: u64, parsed: &mut Parsed<PoolmonLog>) -> &mut Open {
        self.close(parsed);
        self.open(number)
    }

    fn close(&mut self, parsed: &mut Parsed<PoolmonLog>) {
        let Some(open) = self.current.take() else { return };
        let has_head = open.snapshot.head.is_some_and(|head| head != super::MemoryHead::default());
        if open.snapshot.rows.is_empty() && !has_head {
            return;
        }
        if self.done.len() < MAX_POOLMON_SNAPSHOTS {
            self.done.push(open);
        } else {
            parsed
                .note(Place::Line(open.snapshot.line), "more snapshots than the limit; this one is left out");
        }
    }

    fn push(&mut self, row: PoolRow, parsed: &mut Parsed<PoolmonLog>) {
        if self.rows >= MAX_POOLMON_ROWS {
            self.rows_dropped += 1;
            return;
        }
        self.rows += 1;
        parsed.coverage.records += 1;
        self.without_pool += u64::from(row.pool.is_none());
        let open = self.open(u64::from(row.line));
        if let Some(contradiction) = contradiction(&row) {
            parsed.note(Place::Line(contradiction.line), describe(&contradiction));
            open.snapshot.contradictions.push(contradiction);
        }
        open.snapshot.rows.push(row);
    }

    fn finish(mut self, parsed: &mut Parsed<PoolmonLog>, context: &ParseContext) {
        self.end_block(parsed);
        self.close(parsed);
        let timed = std::mem::take(&mut self.timed);
        self.done.extend(timed.into_values());
        self.done.truncate(MAX_POOLMON_SNAPSHOTS);
        self.times_after_listings(parsed);
        let headings: Vec<Option<Heading>> = self.done.iter().map(|open| open.written).collect();
        parsed.value.snapshots = std::mem::take(&mut self.done)
            .into_iter()
            .map(|mut open| {
                open.snapshot.cut = open.torn || open.snapshot.rows.len() < MIN_WHOLE_LISTING_ROWS;
                open.snapshot
            })
            .collect();
        assign::times_from_inside(parsed, &headings, context);
        assign::days_from_outside(parsed, &headings, context);
        assign::times_from_outside(parsed, context);
        self.summary_notes(parsed);
    }

    /// A script that writes the time after each listing leaves the first without one and a time at the end.
    fn times_after_listings(&mut self, parsed: &mut Parsed<PoolmonLog>) {
        let Some(last) = self.pending.take() else { return };
        let late = self.done.first().is_some_and(|open| open.written.is_none())
            && self.done.iter().skip(1).all(|open| open.written.is_some());
        if !late {
            return;
        }
        let mut next = Some(last);
        for open in self.done.iter_mut().rev() {
            std::mem::swap(&mut open.written, &mut next);
        }
        parsed.note(Place::Whole, "the time lines stand after their listings and were read so");
    }

    fn summary_notes(&self, parsed: &mut Parsed<PoolmonLog>) {
        let mut say = |count: u64, place: Place, what: &str| {
            if count > 0 {
                parsed.note(place, format!("{count} {what}"));
            }
        };
        say(
            self.rows_dropped,
            Place::Whole,
            "rows over the limit of rows or snapshots of one input were left out",
        );
        say(
            self.unglued,
            Place::Whole,
            "rows had two numbers glued together; the only split that adds up was taken",
        );
        say(self.sign_lost, Place::Whole, "figures were printed as negative 32-bit numbers; 2^32 was added");
        say(self.without_pool, Place::Whole, "rows do not name their pool");
        say(
            self.passed_over,
            Place::Line(self.first_passed_over),
            "lines, from this one on, are no part of a listing",
        );
        if self.rounded {
            parsed.note(Place::Whole, "Bytes were written in a larger unit and are rounded");
        }
        if parsed.value.snapshots.iter().any(|s| s.scope != PoolScope::System) {
            parsed.note(Place::Whole, "some listings are of session pools, not of the system's");
        }
    }
}
