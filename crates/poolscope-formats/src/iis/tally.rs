//! Sums an IIS log: requests by minute, statuses and Win32 errors.

use std::collections::BTreeMap;

use super::records::{IisLog, StatusStat, Win32Stat};
use crate::limits::{MAX_IIS_CODES, MAX_W3C_MINUTES};
use crate::parsed::{Parsed, Place};
use crate::w3c::{Count, Log, MinuteBudget, Row, position};

/// The columns that are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fields {
    status: usize,
    substatus: Option<usize>,
    win32: Option<usize>,
    site: Option<usize>,
    computer: Option<usize>,
}

/// By a `#Fields` list.
pub(super) fn stated(names: &[&[u8]]) -> Result<(Fields, usize, usize), String> {
    let fields = Fields {
        status: position(names, "sc-status").ok_or("the field `sc-status` is missing")?,
        substatus: position(names, "sc-substatus"),
        win32: position(names, "sc-win32-status"),
        site: position(names, "s-sitename"),
        computer: position(names, "s-computername"),
    };
    let optional = [fields.substatus, fields.win32, fields.site, fields.computer];
    let all = || optional.into_iter().flatten().chain([fields.status]);
    Ok((fields, all().min().unwrap_or(0), all().max().unwrap_or(0)))
}

/// The sums of a block or of the whole.
#[derive(Default, Debug)]
pub(super) struct Tally {
    all: Option<Count>,
    statuses: BTreeMap<(u16, Option<u16>), Count>,
    win32: BTreeMap<u32, Count>,
    site: Option<String>,
    computer: Option<String>,
    codes_dropped: u64,
    budget: MinuteBudget,
}

impl Tally {
    /// Adds one row.
    pub fn add(&mut self, fields: &Fields, row: &Row<'_>) -> Result<(), String> {
        let number = |column: usize, what: &'static str| {
            let field = row.field(column).ok_or_else(|| format!("the row ends before its {what}"))?;
            read_number(field).ok_or_else(|| format!("expected a number as {what}"))
        };
        let status = number(fields.status, "sc-status")?;
        let status = u16::try_from(status).map_err(|_| "expected a status of three digits".to_owned())?;
        let substatus = match fields.substatus {
            Some(column) => u16::try_from(number(column, "sc-substatus")?).ok(),
            None => None,
        };
        let win32 = match fields.win32 {
            Some(column) => number(column, "sc-win32-status")?,
            None => 0,
        };
        self.all.get_or_insert_with(|| Count::new(row.seen)).add(row.seen, row.minute, 1);
        if let Some(count) = slot(&mut self.statuses, (status, substatus), row, &mut self.codes_dropped) {
            if status >= 400 { count.add(row.seen, row.minute, 1) } else { count.add_untimed(row.seen) }
        }
        if win32 != 0
            && let Some(count) = slot(&mut self.win32, win32, row, &mut self.codes_dropped)
        {
            count.add(row.seen, row.minute, 1);
        }
        for (name, column) in [(&mut self.site, fields.site), (&mut self.computer, fields.computer)] {
            if name.is_none()
                && let Some(text) = column.and_then(|column| row.field(column)).filter(|text| *text != b"-")
            {
                *name = Some(String::from_utf8_lossy(text).into_owned());
            }
        }
        Ok(())
    }

    /// Adds the sums of the next block.
    pub fn merge(&mut self, block: Self, lines_before: u64) {
        if let Some(count) = block.all {
            let count = count.after_lines(lines_before);
            match &mut self.all {
                Some(known) => known.append(count, &mut self.budget),
                None => self.all = Some(count),
            }
        }
        self.codes_dropped += block.codes_dropped;
        let Self { statuses, win32, budget, codes_dropped, .. } = self;
        merge_codes(statuses, block.statuses, lines_before, budget, codes_dropped);
        merge_codes(win32, block.win32, lines_before, budget, codes_dropped);
        self.site = self.site.take().or(block.site);
        self.computer = self.computer.take().or(block.computer);
    }
}

/// The counter of a code, added if there is room.
fn slot<'t, K: Ord>(
    codes: &'t mut BTreeMap<K, Count>,
    code: K,
    row: &Row<'_>,
    dropped: &mut u64,
) -> Option<&'t mut Count> {
    if codes.len() >= MAX_IIS_CODES && !codes.contains_key(&code) {
        *dropped += 1;
        return None;
    }
    Some(codes.entry(code).or_insert_with(|| Count::new(row.seen)))
}

fn merge_codes<K: Ord>(
    whole: &mut BTreeMap<K, Count>,
    block: BTreeMap<K, Count>,
    lines_before: u64,
    budget: &mut MinuteBudget,
    dropped: &mut u64,
) {
    for (code, count) in block {
        let count = count.after_lines(lines_before);
        if let Some(known) = whole.get_mut(&code) {
            known.append(count, budget);
        } else if whole.len() < MAX_IIS_CODES {
            budget.take(count.runs());
            whole.insert(code, count);
        } else {
            *dropped += count.rows;
        }
    }
}

/// A decimal number; `-` is 0, as IIS writes it where there was none.
fn read_number(field: &[u8]) -> Option<u32> {
    if field == b"-" {
        return Some(0);
    }
    if field.is_empty() || field.len() > 10 {
        return None;
    }
    let value = field.iter().try_fold(0u64, |value, byte| {
        byte.checked_sub(b'0').filter(|digit| *digit < 10).map(|digit| value * 10 + u64::from(digit))
    });
    u32::try_from(value?).ok()
}

/// Says where a limit cut the sums.
pub(super) fn note_limits(parsed: &mut Parsed<Log<Tally>>) {
    let tally = &parsed.value.tally;
    let (codes, runs) = (tally.codes_dropped, tally.budget.dropped);
    if codes > 0 {
        parsed.note(
            Place::Whole,
            format!(
                "over {MAX_IIS_CODES} distinct statuses or Win32 errors: {codes} further ones are left out"
            ),
        );
    }
    if runs > 0 {
        parsed.note(
            Place::Whole,
            format!(
                "over {MAX_W3C_MINUTES} minutes: {runs} later ones are in the sums but not on the time line"
            ),
        );
    }
}

/// The record of the whole log.
pub(super) fn finish(log: Log<Tally>, rows: u64) -> IisLog {
    let tally = log.tally;
    IisLog {
        first: log.first,
        last: log.last,
        rows,
        site: tally.site,
        computer: tally.computer,
        by_minute: tally.all.map(|count| count.by_minute()).unwrap_or_default(),
        statuses: tally
            .statuses
            .into_iter()
            .map(|((status, substatus), count)| StatusStat {
                status,
                substatus,
                rows: count.rows,
                first: count.first,
                last: count.last,
                by_minute: count.by_minute(),
            })
            .collect(),
        win32: tally
            .win32
            .into_iter()
            .map(|(code, count)| Win32Stat {
                code,
                rows: count.rows,
                first: count.first,
                last: count.last,
                by_minute: count.by_minute(),
            })
            .collect(),
        log_starts: log.starts,
    }
}
