//! Sums an HTTPERR log: reasons with their minutes, statuses.

use super::layout::Fields;
use super::reasons;
use super::records::{HttpErrLog, ReasonClass, ReasonStat};
use crate::limits::{MAX_HTTPERR_QUEUES, MAX_HTTPERR_REASONS, MAX_W3C_MINUTES};
use crate::parsed::{Parsed, Place};
use crate::w3c::{Count, Log, MinuteBudget, Row};

/// A reason's name is at most this long; the longest of Windows has 32 bytes.
const MAX_REASON_BYTES: usize = 128;

/// The sums of a block or of the whole.
#[derive(Default, Debug)]
pub(super) struct Tally {
    reasons: Vec<Reason>,
    /// The reason of the last row: rows of one reason stand together.
    last: usize,
    dropped_rows: u64,
    /// Rows by status, from 0 to 999.
    statuses: Vec<u64>,
    /// The last row's status bytes and value.
    status: ([u8; 3], Option<u16>),
    budget: MinuteBudget,
}

#[derive(Debug)]
struct Reason {
    /// As logged, the refusals without their count.
    name: Box<[u8]>,
    class: ReasonClass,
    count: Count,
    /// Rows by request queue, of reasons that speak of one.
    queues: Vec<(Box<[u8]>, u64)>,
}

impl Reason {
    /// Counts rows of a request queue; one of no name, or too many of them, is left out.
    fn add_queue(&mut self, name: &[u8], rows: u64) {
        if let Some((_, sum)) = self.queues.iter_mut().find(|(known, _)| **known == *name) {
            *sum += rows;
        } else if self.queues.len() < MAX_HTTPERR_QUEUES
            && !matches!(name, b"" | b"-")
            && name.len() <= MAX_REASON_BYTES
            && !name.iter().any(u8::is_ascii_control)
        {
            self.queues.push((name.into(), rows));
        }
    }

    fn is(&self, name: &[u8], status: Option<u16>) -> bool {
        *self.name == *name
            && (name != b"N/A" || (self.class == ReasonClass::MemoryPossible) == (status == Some(503)))
    }
}

impl Tally {
    /// Adds one row.
    pub fn add(&mut self, fields: &Fields, row: &Row<'_>) -> Result<(), String> {
        let (Some(status), Some(reason)) = (row.field(fields.status), row.field(fields.reason)) else {
            return Err("the row ends before its reason".to_owned());
        };
        let status = read_status(status, self.status)?;
        if reason != b"-" && !reason.iter().any(u8::is_ascii_alphabetic) {
            return Err("expected a reason, found a number".to_owned());
        }
        let (name, weight) = reasons::split_refused(reason);
        if !self.reasons.get(self.last).is_some_and(|known| known.is(name, status.1)) {
            match self.find(name, status.1, row)? {
                Some(at) => self.last = at,
                None => {
                    self.dropped_rows += 1;
                    self.count_status(status);
                    return Ok(());
                }
            }
        }
        if let Some(known) = self.reasons.get_mut(self.last) {
            known.count.add(row.seen, row.minute, weight);
            if fields.queue_behind
                && known.class == ReasonClass::QueueOrAppPool
                && let Some(queue) = row.behind(fields.reason)
            {
                known.add_queue(queue, 1);
            }
        }
        self.count_status(status);
        Ok(())
    }

    /// The place of a reason, added if there is room.
    fn find(&mut self, name: &[u8], status: Option<u16>, row: &Row<'_>) -> Result<Option<usize>, String> {
        if let Some(at) = self.reasons.iter().position(|known| known.is(name, status)) {
            return Ok(Some(at));
        }
        if name.is_empty() || name.len() > MAX_REASON_BYTES || name.iter().any(u8::is_ascii_control) {
            return Err(format!("expected a reason, found {} bytes that are none", name.len()));
        }
        if self.reasons.len() >= MAX_HTTPERR_REASONS {
            return Ok(None);
        }
        let class = reasons::class(name, status);
        self.reasons.push(Reason {
            name: name.into(),
            class,
            count: Count::new(row.seen),
            queues: Vec::new(),
        });
        Ok(Some(self.reasons.len() - 1))
    }

    fn count_status(&mut self, status: ([u8; 3], Option<u16>)) {
        self.status = status;
        let Some(status) = status.1 else { return };
        if self.statuses.is_empty() {
            self.statuses.resize(1_000, 0);
        }
        if let Some(rows) = self.statuses.get_mut(usize::from(status)) {
            *rows += 1;
        }
    }

    /// Adds the sums of the next block.
    pub fn merge(&mut self, block: Self, lines_before: u64) {
        if self.statuses.is_empty() {
            self.statuses = block.statuses;
        } else {
            for (sum, rows) in self.statuses.iter_mut().zip(block.statuses) {
                *sum += rows;
            }
        }
        self.dropped_rows += block.dropped_rows;
        for reason in block.reasons {
            let count = reason.count.after_lines(lines_before);
            let same = |known: &&mut Reason| known.name == reason.name && known.class == reason.class;
            if let Some(known) = self.reasons.iter_mut().find(same) {
                known.count.append(count, &mut self.budget);
                for (queue, rows) in reason.queues {
                    known.add_queue(&queue, rows);
                }
            } else if self.reasons.len() < MAX_HTTPERR_REASONS {
                self.budget.take(count.runs());
                self.reasons.push(Reason { count, ..reason });
            } else {
                self.dropped_rows += count.rows;
            }
        }
    }
}

/// A status of three digits, or `-`; remembered from the row before.
fn read_status(field: &[u8], last: ([u8; 3], Option<u16>)) -> Result<([u8; 3], Option<u16>), String> {
    if *field == last.0 {
        return Ok(last);
    }
    match field {
        b"-" => Ok(([0; 3], None)),
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            let digit = |byte: u8| u16::from(byte - b'0');
            Ok(([*a, *b, *c], Some(digit(*a) * 100 + digit(*b) * 10 + digit(*c))))
        }
        _ => Err("expected a status of three digits or `-`".to_owned()),
    }
}

/// Says where a limit cut the sums.
pub(super) fn note_limits(parsed: &mut Parsed<Log<Tally>>) {
    let tally = &parsed.value.tally;
    let (rows, runs) = (tally.dropped_rows, tally.budget.dropped);
    if rows > 0 {
        parsed.note(
            Place::Whole,
            format!(
                "over {MAX_HTTPERR_REASONS} distinct reasons: {rows} rows of further ones are only counted"
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
pub(super) fn finish(log: Log<Tally>, rows: u64) -> HttpErrLog {
    let mut reasons: Vec<ReasonStat> = log
        .tally
        .reasons
        .into_iter()
        .map(|Reason { name, class, count, queues }| ReasonStat {
            name: String::from_utf8_lossy(&name).into_owned(),
            class,
            rows: count.rows,
            weight: count.weight,
            first: count.first,
            last: count.last,
            by_minute: count.by_minute(),
            queues: queues
                .into_iter()
                .map(|(name, rows)| (String::from_utf8_lossy(&name).into_owned(), rows))
                .collect(),
        })
        .collect();
    reasons.sort_by(|a, b| (&a.name, a.class).cmp(&(&b.name, b.class)));
    HttpErrLog {
        first: log.first,
        last: log.last,
        rows,
        reasons,
        rows_of_dropped_reasons: log.tally.dropped_rows,
        statuses: (0u16..).zip(log.tally.statuses).filter(|(_, rows)| *rows > 0).collect(),
        service_starts: log.starts,
    }
}
