//! `!poolfind` in its old and new layouts.

use super::{FoundBlock, PoolFind};
use crate::limits::MAX_FOUND_BLOCKS;
use crate::number;
use crate::parsed::{Parsed, Place};
use crate::tag::{Pool, Tag};

/// Reads one search.
pub(super) struct Reader {
    out: PoolFind,
    /// The pool that is being searched, by the last `Searching` line.
    searching: Option<Pool>,
}

const SCANNING: &str = "scanning large pool allocation table for tag";

/// The reader, if this line begins a search.
pub(super) fn heading(line: &str) -> Option<Reader> {
    let lower = line.trim_start().to_ascii_lowercase();
    let searching =
        lower.starts_with("searching ") && lower.contains(" pool (") && lower.contains(" for tag");
    if !searching && !lower.starts_with(SCANNING) {
        return None;
    }
    let mut reader = Reader {
        out: PoolFind { tag: None, blocks: Vec::new(), blocks_dropped: 0, finished: false },
        searching: None,
    };
    reader.banner(line);
    Some(reader)
}

impl Reader {
    /// Takes one line; false if the output has ended.
    pub(super) fn take<T>(&mut self, number: u64, line: &str, notes: &mut Parsed<T>) -> bool {
        let trimmed = line.trim();
        if self.out.finished {
            // The next pool's search may follow the end of this one.
            return trimmed.is_empty() || self.banner(line);
        }
        if self.banner(line) {
            return true;
        }
        if trimmed.starts_with("...terminating") || trimmed.starts_with("terminating - searched") {
            self.out.finished = true;
            return true;
        }
        let place = Place::Line(number);
        match old_block(trimmed, self.searching, place).or_else(|| new_block(trimmed, self.searching, place))
        {
            Some(block) if self.out.blocks.len() < MAX_FOUND_BLOCKS => {
                notes.coverage.records += 1;
                self.out.blocks.push(block);
            }
            Some(_) => {
                notes.coverage.records += 1;
                self.out.blocks_dropped += 1;
            }
            None if trimmed.contains("size") => notes.bad(
                place,
                format!(
                    "expected an address, a size and a tag of !poolfind, found `{}`",
                    super::cut(trimmed)
                ),
            ),
            None => {}
        }
        true
    }

    /// The output.
    pub(super) fn finish(self) -> PoolFind {
        self.out
    }

    /// Takes the two lines that say what is searched and where.
    fn banner(&mut self, line: &str) -> bool {
        let trimmed = line.trim_start();
        let lower = trimmed.to_ascii_lowercase();
        if lower.starts_with("searching ") && lower.contains(" pool (") {
            self.searching = if lower.starts_with("searching nonpaged") {
                Some(Pool::Nonpaged)
            } else {
                Some(Pool::Paged)
            };
            self.out.finished = false;
        } else if !lower.starts_with(SCANNING) {
            return false;
        }
        if self.out.tag.is_none() {
            self.out.tag = stated_tag(trimmed);
        }
        true
    }
}

/// The tag of `for Tag: Abcd (827d1000 : 827e9000)` or `for tag 0x61646d61 (abcd) (...)`.
fn stated_tag(line: &str) -> Option<Tag> {
    let at = line.to_ascii_lowercase().find("for tag")?;
    let rest = line.get(at + "for tag".len()..)?;
    if let Some(old) = rest.strip_prefix(": ") {
        let end = old.find(" (").unwrap_or(old.len());
        return Tag::from_text(old.get(..end)?.trim_end().as_bytes());
    }
    let value = rest.split_whitespace().next().and_then(number::hex)?;
    Some(Tag(u32::try_from(value).ok()?.to_le_bytes()))
}

/// `826fa130 size:   c0 previous size:   40  (Allocated) Abcd`
fn old_block(line: &str, searching: Option<Pool>, place: Place) -> Option<FoundBlock> {
    let (address, rest) = line.trim_start_matches('*').split_once(" size:")?;
    let (size, rest) = rest.trim_start().split_once(' ')?;
    let (_, state_and_tag) = rest.split_once('(')?;
    let (state, tag) = state_and_tag.split_once(')')?;
    let tag = tag.trim_start().split(" Process:").next()?.split(" (Protected)").next()?;
    Some(FoundBlock {
        place,
        address: number::hex(address)?,
        bytes: number::hex(size)?,
        tag: Tag::from_text(tag.trim_end().as_bytes())?.without_protected_bit(),
        pool: searching,
        allocated: state.eq_ignore_ascii_case("allocated") || state.starts_with("Alloc"),
    })
}

/// `ffffda0ff9791000 : tag abcd, size    0x18f0, Nonpaged pool`
fn new_block(line: &str, searching: Option<Pool>, place: Place) -> Option<FoundBlock> {
    let (address, rest) = line.split_once(" : tag ")?;
    let (tag, rest) = rest.split_once(", size")?;
    let mut parts = rest.split(',');
    let bytes = number::hex(parts.next()?)?;
    let pool = match parts.next().map(|pool| pool.trim().to_ascii_lowercase()) {
        Some(pool) if pool.starts_with("nonpaged") => Some(Pool::Nonpaged),
        Some(pool) if pool.starts_with("paged") => Some(Pool::Paged),
        _ => searching,
    };
    Some(FoundBlock {
        place,
        address: number::hex(address)?,
        bytes,
        tag: Tag::from_text(tag.as_bytes())?.without_protected_bit(),
        pool,
        allocated: !rest.to_ascii_lowercase().contains("free"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_both_layouts() {
        let place = Place::Line(1);
        let block =
            old_block("826fa130 size:   c0 previous size:   40  (Allocated) Abcd", None, place).unwrap();
        assert_eq!(
            (block.address, block.bytes, block.tag, block.allocated),
            (0x826f_a130, 0xc0, Tag(*b"Abcd"), true)
        );
        let block = old_block(
            "82721c00 size:   10 previous size:   30  (Free)      Abc",
            Some(Pool::Nonpaged),
            place,
        )
        .unwrap();
        assert_eq!(
            (block.bytes, block.tag, block.allocated, block.pool),
            (0x10, Tag(*b"Abc "), false, Some(Pool::Nonpaged))
        );
        let block =
            new_block("ffffda0ff9791000 : tag abcd, size    0x18f0, Nonpaged pool", None, place).unwrap();
        assert_eq!(
            (block.address, block.bytes, block.pool),
            (0xffff_da0f_f979_1000, 0x18f0, Some(Pool::Nonpaged))
        );
    }

    #[test]
    fn the_tag_that_is_searched() {
        assert_eq!(
            stated_tag("Scanning large pool allocation table for Tag: Io   (827d1000 : 827e9000)"),
            Some(Tag(*b"Io  "))
        );
        assert_eq!(
            stated_tag("Scanning large pool allocation table for tag 0x64636261 (abcd) (ff : ff)"),
            Some(Tag(*b"abcd"))
        );
    }
}
