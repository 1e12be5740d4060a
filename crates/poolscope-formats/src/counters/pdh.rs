//! PDH-CSV and PDH-TSV, whole: perfmon, logman, relog, typeperf, Export-Counter, and hand-made copies.
//!
//! The lines are read in big blocks whose parts are read by all cores; a head line inside the file (appended
//! logs) begins a new set of columns.

use rayon::prelude::*;

use super::CounterLog;
use super::builder::{Builder, Target};
use super::names::Names;
use super::pdh_head::{self, PdhHead};
use super::pdh_rows::{self, RowPlan, Rows};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::{COUNTER_BLOCK_BYTES, DETECT_HEAD_BYTES, MAX_LINE_BYTES};
use crate::parsed::{Parsed, Place};
use crate::text;

/// The reader between blocks.
struct Reader {
    builder: Builder,
    plan: Option<(RowPlan, Vec<Target>)>,
    line: u64,
    month_first: bool,
    short: u64,
    long: u64,
    not_numbers: u64,
    passed_over: u64,
}

/// Reads a whole log.
///
/// # Errors
/// [`FormatError::Read`]; [`FormatError::NotThisFormat`] without a head line.
pub(super) fn parse(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<CounterLog>, FormatError> {
    let mut reader = Reader {
        builder: Builder::new(Names::new(context.perflib.as_deref())),
        plan: None,
        line: 1,
        month_first: true,
        short: 0,
        long: 0,
        not_numbers: 0,
        passed_over: 0,
    };
    let start = read_vec(input, 0, DETECT_HEAD_BYTES)?;
    let encoding = text::sniff(&start);
    let wide = encoding.encoding == encoding_rs::UTF_16LE || encoding.encoding == encoding_rs::UTF_16BE;
    if wide {
        text::for_each_block(input, |block| {
            let whole = memchr::memrchr(b'\n', block.bytes).map_or(0, |at| at + 1);
            let (lines, last) = block.bytes.split_at(whole);
            reader.lines(lines);
            reader.last_line(last);
            Ok(())
        })?;
    } else {
        // Not decoded as text: the numbers are ASCII, and the names need a code page of their own guess.
        raw_blocks(input, encoding.bom_bytes as u64, &mut reader)?;
    }
    reader.finish(&start)
}

fn raw_blocks(input: &dyn ReadAt, from: u64, reader: &mut Reader) -> Result<(), FormatError> {
    // One byte more than a small input, so that there is room for the read that finds its end.
    let size = usize::try_from(input.len()).unwrap_or(usize::MAX).saturating_add(1).min(COUNTER_BLOCK_BYTES);
    let mut buffer = vec![0; size];
    let mut filled = 0;
    let mut offset = from;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        let got = input.read_at(offset, room).map_err(|source| FormatError::Read { offset, source })?;
        offset += got as u64;
        filled += got;
        let text = buffer.get(..filled).unwrap_or(&[]);
        if got == 0 {
            let whole = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
            let (lines, last) = text.split_at(whole);
            reader.lines(lines);
            reader.last_line(last);
            break;
        }
        match memchr::memrchr(b'\n', text) {
            Some(at) if filled * 2 >= buffer.len() => {
                reader.lines(text.get(..=at).unwrap_or(&[]));
                buffer.copy_within(at + 1..filled, 0);
                filled -= at + 1;
            }
            None if filled >= MAX_LINE_BYTES => {
                reader.builder.parsed.bad(Place::Line(reader.line), "a line over the limit of length");
                filled = 0;
            }
            None if filled == buffer.len() => buffer.resize(MAX_LINE_BYTES, 0),
            _ => {}
        }
    }
    Ok(())
}

impl Reader {
    /// Takes whole lines: heads one by one, the rows between them in parallel.
    fn lines(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.plan.is_none() {
                let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                let (line, next) = rest.split_at(end);
                self.before_rows(line);
                self.line += 1;
                rest = next;
                continue;
            }
            let head_at = next_head(rest).unwrap_or(rest.len());
            let (rows, next) = rest.split_at(head_at);
            self.rows(rows);
            rest = next;
            if !rest.is_empty() {
                self.plan = None;
            }
        }
    }

    /// A line while no head is known.
    fn before_rows(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match pdh_head::read(line, &self.builder.names) {
            Some(head) => self.head(head),
            None => self.passed_over += 1,
        }
    }

    fn head(&mut self, head: PdhHead) {
        self.month_first &= head.marked && head.delimiter != b';';
        self.builder.zone(head.zone, head.zone_name);
        let mut kept = Vec::new();
        let mut targets = Vec::new();
        for (at, path) in head.paths.iter().enumerate() {
            if let Some(target) = self.builder.column(path) {
                // A path that stands twice (relog joins logs so) keeps its first column.
                if !targets.iter().any(|known: &Target| known.column == target.column) {
                    kept.push(at + 1);
                    targets.push(target);
                }
            }
        }
        if let Some(page) = head.code_page {
            let text = format!("the counter names are not UTF-8; they were read as {page}");
            self.builder.parsed.note(Place::Line(self.line), text);
        }
        if head.marked && head.zone == crate::time::Zone::Unknown {
            let text = "the head does not state a time zone: times are local time of an unknown zone";
            self.builder.parsed.note(Place::Line(self.line), text);
        }
        let cells = head.paths.len() + 1;
        let plan = RowPlan { delimiter: head.delimiter, zone: head.zone, cells, kept };
        self.plan = Some((plan, targets));
    }

    /// Rows under one head, cut into parts for the cores.
    fn rows(&mut self, bytes: &[u8]) {
        let Some((plan, targets)) = self.plan.take() else { return };
        let parts: Vec<Rows> =
            cut_at_lines(bytes).into_par_iter().map(|part| pdh_rows::read(part, &plan)).collect();
        for part in parts {
            self.take(part, &targets);
        }
        self.plan = Some((plan, targets));
    }

    fn take(&mut self, rows: Rows, targets: &[Target]) {
        for &(line, why) in &rows.bad {
            self.builder.parsed.bad(Place::Line(self.line + line), why);
        }
        self.line += rows.lines;
        self.short += rows.short;
        self.long += rows.long;
        self.not_numbers += rows.not_numbers;
        self.passed_over += rows.passed_over;
        self.builder.samples(&rows.readings, targets, &rows.values);
    }

    /// What stands after the last line end.
    fn last_line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        match self.plan.take() {
            Some((plan, targets)) if next_head(line) != Some(0) => {
                self.take(pdh_rows::read_last(line, &plan), &targets);
                self.plan = Some((plan, targets));
            }
            _ => self.before_rows(line),
        }
    }

    fn finish(self, start: &[u8]) -> Result<Parsed<CounterLog>, FormatError> {
        if self.builder.parsed.value.columns_total == 0 {
            return Err(FormatError::not_this(
                "a performance counter log",
                Place::Whole,
                "a head line with counter paths",
                start,
            ));
        }
        let mut parsed = self.builder.finish(self.month_first);
        let mut say = |count: u64, what: &str| {
            if count > 0 {
                parsed.note(Place::Whole, format!("{count} {what}"));
            }
        };
        say(self.short, "rows have fewer cells than the head; what they lack is missing");
        say(self.long, "rows have more cells than the head; the rest was not read");
        say(self.not_numbers, "cells of kept columns are neither numbers nor blank; they count as missing");
        say(self.passed_over, "lines are no part of the log");
        Ok(parsed)
    }
}

/// Where the next head line begins.
fn next_head(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"(PDH-").find_map(|at| {
        let line = memchr::memrchr(b'\n', bytes.get(..at)?).map_or(0, |end| end + 1);
        pdh_head::is_marked(bytes.get(line..)?).then_some(line).filter(|line| at - line <= 2)
    })
}

/// Parts of whole lines, a few for each core.
fn cut_at_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let size = (bytes.len() / (rayon::current_num_threads() * 2)).max(64 * 1024);
    let mut parts = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let from = size.min(rest.len());
        let end =
            memchr::memchr(b'\n', rest.get(from..).unwrap_or(&[])).map_or(rest.len(), |at| from + at + 1);
        let (part, next) = rest.split_at(end);
        parts.push(part);
        rest = next;
    }
    parts
}
