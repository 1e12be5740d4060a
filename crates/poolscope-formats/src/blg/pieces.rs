//! Puts the log's records together from the pieces they are cut into, 8,000 bytes an event.
//!
//! Pieces of a record share type and time and are numbered from 1. They come in order unless the logging
//! service moved to another processor in between; pieces that come early wait for the ones before them.

use std::collections::BTreeMap;

use crate::cursor::Cursor;
use crate::etl::Guid;
use crate::limits::MAX_BLG_RECORD_BYTES;

/// A whole record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<'p> {
    pub opcode: u8,
    /// Local FILETIME of the event.
    pub ticks: i64,
    pub bytes: &'p [u8],
}

/// The record that is being put together.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    log: Option<Guid>,
    opcode: u8,
    ticks: i64,
    count: u32,
    /// Number of the next piece; 0 while there is no record.
    next: u32,
    bytes: Vec<u8>,
    early: BTreeMap<u32, Vec<u8>>,
    early_bytes: usize,
}

impl Pieces {
    /// Takes the next event and gives a record when it is whole. What is wrong with the event, or with the
    /// record that it leaves incomplete, goes to `problems`.
    pub fn take(
        &mut self,
        opcode: u8,
        ticks: i64,
        payload: &[u8],
        problems: &mut Vec<String>,
    ) -> Option<Whole<'_>> {
        let mut cursor = Cursor::new(payload, 0);
        let guid = cursor.bytes(16, "log GUID").ok().and_then(|bytes| Guid::at(bytes, 0));
        let (Some(guid), Ok(number), Ok(count)) =
            (guid, cursor.u32("piece number"), cursor.u32("piece count"))
        else {
            problems.push(format!("a piece of {} bytes, under its own head", payload.len()));
            return None;
        };
        if *self.log.get_or_insert(guid) != guid {
            problems.push(format!("a piece of another log, {guid}"));
            return None;
        }
        if number == 0 || number > count {
            problems.push(format!("piece {number} of {count}"));
            return None;
        }
        if self.next == 0 || (self.opcode, self.ticks, self.count) != (opcode, ticks, count) {
            self.drop_unfinished(problems);
            (self.opcode, self.ticks, self.count, self.next) = (opcode, ticks, count, 1);
        }
        let data = cursor.rest();
        if self.bytes.len() + self.early_bytes + data.len() > MAX_BLG_RECORD_BYTES {
            problems.push(format!("a record over {MAX_BLG_RECORD_BYTES} bytes"));
            self.clear();
            return None;
        }
        if number == self.next {
            self.bytes.extend_from_slice(data);
            self.next += 1;
            while let Some(early) = self.early.remove(&self.next) {
                self.early_bytes -= early.len();
                self.bytes.extend_from_slice(&early);
                self.next += 1;
            }
        } else if number > self.next {
            self.early_bytes += data.len();
            if let Some(twice) = self.early.insert(number, data.to_vec()) {
                self.early_bytes -= twice.len();
            }
        }
        (self.next > self.count).then_some(Whole { opcode, ticks, bytes: &self.bytes })
    }

    /// Makes room for the next record; says so if the one before stays incomplete.
    pub fn drop_unfinished(&mut self, problems: &mut Vec<String>) {
        if self.next > 0 && self.next <= self.count {
            problems.push(format!("a record without its piece {} of {}", self.next, self.count));
        }
        self.clear();
    }

    /// Forgets the record, whole or not.
    pub fn clear(&mut self) {
        self.next = 0;
        self.bytes.clear();
        self.early.clear();
        self.early_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(log: u8, number: u32, count: u32, data: &[u8]) -> Vec<u8> {
        [&[log; 16][..], &number.to_le_bytes(), &count.to_le_bytes(), data].concat()
    }

    /// Feeds pieces of `(ticks, number, count, data)`; gives the whole records and the problems.
    fn feed(pieces: &[(i64, u32, u32, &str)]) -> (Vec<String>, Vec<String>) {
        let (mut whole, mut problems, mut state) = (Vec::new(), Vec::new(), Pieces::default());
        for (ticks, number, count, data) in pieces {
            let payload = piece(7, *number, *count, data.as_bytes());
            if let Some(record) = state.take(0x22, *ticks, &payload, &mut problems) {
                whole.push(String::from_utf8(record.bytes.to_vec()).unwrap());
            }
        }
        state.drop_unfinished(&mut problems);
        (whole, problems)
    }

    #[test]
    fn pieces_in_order_early_and_missing() {
        assert_eq!(
            feed(&[(1, 1, 1, "a"), (2, 1, 2, "b"), (2, 2, 2, "c")]),
            (vec!["a".into(), "bc".into()], vec![])
        );
        assert_eq!(feed(&[(2, 1, 3, "b"), (2, 3, 3, "d"), (2, 2, 3, "c")]), (vec!["bcd".into()], vec![]));
        let (whole, problems) = feed(&[(1, 1, 2, "a"), (2, 1, 1, "b"), (3, 2, 2, "c"), (4, 1, 2, "d")]);
        assert_eq!(whole, ["b"]);
        let missing = |nth: u32| format!("a record without its piece {nth} of 2");
        assert_eq!(problems, [missing(2), missing(1), missing(2)]);
        assert_eq!(feed(&[(1, 0, 2, "a"), (1, 3, 2, "a")]).1, ["piece 0 of 2", "piece 3 of 2"]);
    }

    #[test]
    fn other_logs_and_short_pieces_are_told() {
        let (mut state, mut problems) = (Pieces::default(), Vec::new());
        assert!(state.take(1, 1, &piece(7, 1, 1, b"a"), &mut problems).is_some());
        assert!(state.take(1, 1, &piece(8, 1, 1, b"a"), &mut problems).is_none());
        assert!(state.take(1, 1, &[7; 20], &mut problems).is_none());
        assert_eq!(problems.len(), 2);
    }
}
