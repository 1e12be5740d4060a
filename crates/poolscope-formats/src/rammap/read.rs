//! Streams a snapshot: only the two tables and the list of processes are decoded, the page lists are passed
//! over.

use std::collections::BTreeMap;

use super::hex::HexBytes;
use super::{PAGE_USES, PageUse, RamMapSnapshot};
use crate::cursor::Cursor;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{ProcessFact, StandingPool};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_LISTING_ROWS;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::tag::{Pool, Tag};
use crate::xml_stream::{Piece, attribute, for_each_piece};

/// Bytes of `PageUseCounts`: rows of eight u64.
const PAGE_USE_BYTES: usize = 16 * 8 * 8;

/// Bytes of one entry of `PoolInfo`: address, size, tag and four bytes of filling.
const POOL_ENTRY_BYTES: usize = 24;

/// Which blob is being read.
enum Blob {
    PageUse { line: u64, bytes: Vec<u8>, hex: HexBytes },
    Pool { line: u64, hex: HexBytes, entries: PoolEntries },
}

/// The entries of `PoolInfo`, summed by tag and pool while they pass.
#[derive(Default)]
struct PoolEntries {
    stated: Option<u64>,
    read: u64,
    pending: Vec<u8>,
    sums: BTreeMap<(Tag, Pool), (u64, u64)>,
    dropped: u64,
}

impl PoolEntries {
    fn take(&mut self, byte: u8) {
        self.pending.push(byte);
        let want = if self.stated.is_none() { 8 } else { POOL_ENTRY_BYTES };
        if self.pending.len() < want {
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        let mut cursor = Cursor::new(&pending, 0);
        if self.stated.is_none() {
            self.stated = cursor.u64("count").ok();
            return;
        }
        let entry = cursor.u64("address").and_then(|address| {
            let bytes = cursor.u64("size")?;
            Ok((address, bytes, cursor.u32("tag")?))
        });
        self.pending = pending;
        self.pending.clear();
        let Ok((address, bytes, tag)) = entry else { return };
        self.read += 1;
        let pool = if address & 1 == 1 { Pool::Nonpaged } else { Pool::Paged };
        let key = (Tag(tag.to_le_bytes()).without_protected_bit(), pool);
        if self.sums.len() >= MAX_LISTING_ROWS && !self.sums.contains_key(&key) {
            self.dropped += 1;
            return;
        }
        let sum = self.sums.entry(key).or_default();
        *sum = (sum.0.saturating_add(1), sum.1.saturating_add(bytes));
    }
}

struct Reader {
    parsed: Parsed<RamMapSnapshot>,
    blob: Option<Blob>,
    known: bool,
}

impl Reader {
    fn piece(&mut self, line: u64, piece: Piece<'_>) {
        match piece {
            Piece::Start { name: "PageUseCounts", .. } => {
                self.known = true;
                self.blob = Some(Blob::PageUse { line, bytes: Vec::new(), hex: HexBytes::default() });
            }
            Piece::Start { name: "PoolInfo", .. } => {
                self.known = true;
                self.blob =
                    Some(Blob::Pool { line, hex: HexBytes::default(), entries: PoolEntries::default() });
            }
            Piece::Start { name: "Process", attributes } => self.process(line, attributes),
            Piece::Start { name: "FileList" | "ProcessList" | "ListCounts" | "PfnDatabase", .. } => {
                self.known = true
            }
            Piece::End("PageUseCounts" | "PoolInfo") => self.close(true),
            Piece::Text { text, .. } => match &mut self.blob {
                Some(Blob::PageUse { bytes, hex, .. }) => hex.feed(text, |byte| {
                    if bytes.len() < PAGE_USE_BYTES {
                        bytes.push(byte);
                    }
                }),
                Some(Blob::Pool { hex, entries, .. }) => hex.feed(text, |byte| entries.take(byte)),
                None => {}
            },
            _ => {}
        }
    }

    fn process(&mut self, line: u64, attributes: &str) {
        let place = Place::Line(line);
        let Some(name) = attribute(attributes, "Name") else {
            self.parsed.bad(place, "a process without a name");
            return;
        };
        if self.parsed.value.processes.len() >= MAX_LISTING_ROWS {
            self.parsed.bad(place, format!("more than {MAX_LISTING_ROWS} processes, this one is left out"));
            return;
        }
        let number = |key| attribute(attributes, key).and_then(|text| text.trim().parse().ok());
        let fact = ProcessFact {
            pid: number("ProcessId"),
            session: number("SessionId"),
            ..ProcessFact::named(place, name)
        };
        self.parsed.coverage.records += 1;
        self.parsed.value.processes.push(fact);
    }

    fn close(&mut self, ended: bool) {
        match self.blob.take() {
            Some(Blob::PageUse { line, bytes, hex }) => {
                self.strange(line, &hex);
                self.page_uses(line, &bytes);
            }
            Some(Blob::Pool { line, hex, entries }) => {
                self.strange(line, &hex);
                self.pool(line, entries, ended);
            }
            None => {}
        }
    }

    fn strange(&mut self, line: u64, hex: &HexBytes) {
        if hex.strange > 0 {
            self.parsed.note(
                Place::Line(line),
                format!("{} characters are no hexadecimal digits and are passed over", hex.strange),
            );
        }
    }

    fn page_uses(&mut self, line: u64, bytes: &[u8]) {
        let place = Place::Line(line);
        if bytes.len() < PAGE_USE_BYTES {
            self.parsed.bad(
                place,
                format!("PageUseCounts has {} bytes where {PAGE_USE_BYTES} were expected", bytes.len()),
            );
        }
        for (name, row) in PAGE_USES.iter().zip(bytes.chunks_exact(8 * 8)) {
            let mut pages = [0; 8];
            let mut cursor = Cursor::new(row, 0);
            for slot in &mut pages {
                *slot = cursor.u64("pages").unwrap_or(0);
            }
            self.parsed.coverage.records += 1;
            self.parsed.value.page_uses.push(PageUse { place, name, pages });
        }
    }

    fn pool(&mut self, line: u64, entries: PoolEntries, ended: bool) {
        let place = Place::Line(line);
        if entries.stated != Some(entries.read) || !ended {
            let stated = entries.stated.map_or("no count".to_owned(), |count| format!("{count} entries"));
            self.parsed.bad(place, format!("PoolInfo states {stated} and holds {}", entries.read));
        }
        if entries.dropped > 0 {
            self.parsed.bad(place, format!("{} entries of further tags are left out", entries.dropped));
        }
        self.parsed.coverage.records += entries.read;
        let rows = entries.sums.into_iter().map(|((tag, pool), (outstanding, bytes))| StandingPool {
            place,
            tag,
            pool,
            outstanding,
            bytes,
            allocs: None,
            frees: None,
            owner: None,
        });
        self.parsed.value.big_pool.extend(rows);
    }
}

/// Reads a snapshot in one pass over a file of any size.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without one of RAMMap's elements; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<RamMapSnapshot>, FormatError> {
    let mut reader = Reader { parsed: Parsed::new(RamMapSnapshot::default()), blob: None, known: false };
    reader.parsed.note(
        Place::Whole,
        "layout not verified on a real file: it is known from a published description only, and that bit 0 of an address marks nonpaged pool is an inference",
    );
    let long_tags = for_each_piece(input, |line, piece| {
        reader.piece(line, piece);
        Ok(())
    })?;
    reader.close(false);
    if long_tags > 0 {
        reader.parsed.note(Place::Whole, format!("{long_tags} XML tags are too long and passed over"));
    }
    if !reader.known {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a RAMMap snapshot",
            Place::Whole,
            "PageUseCounts, PoolInfo or its lists",
            &head,
        ));
    }
    Ok(reader.parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::RamMap))
}

/// The row's test in [`crate::detect::FORMATS`]: XML with RAMMap's own elements; the long lists may come first.
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let text = head.text.trim_start_matches(['\u{feff}', ' ', '\r', '\n']);
    if !text.starts_with('<') {
        return None;
    }
    if ["PageUseCounts", "PfnDatabase", "PoolInfo"].iter().any(|name| text.contains(name)) {
        return Some(Likelihood::Certain);
    }
    let lists = text.contains("FileList>") || text.contains("ProcessList>") || text.contains("PFNs>");
    lists.then_some(Likelihood::Likely)
}
