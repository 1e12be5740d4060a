//! pooltag.txt: what the user's copy says about tags. A hint about an owner, never a proof.
//!
//! The text is Microsoft's; poolscope reads the user's copy and ships none.

mod reader;

pub use reader::{parse, parse_records, test};

use crate::tag::Tag;

/// The entries of one file.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct PooltagFile {
    entries: Vec<PooltagEntry>,
    /// Indices of entries without wildcards, by tag, then in file order.
    exact: Vec<(Tag, u32)>,
    /// Indices of entries with wildcards, most literal characters first, then in file order.
    wild: Vec<u32>,
}

/// One entry: `tag - binary - description`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PooltagEntry {
    /// The tag as written: up to four characters, `?` = any byte, `*` = any rest.
    pub pattern: Box<str>,
    /// The binary as written (`nt!mm`, `afd.sys`, `nt!store or rdyboost.sys`); `None` for `<unknown>`, an
    /// empty field or a two-field line.
    pub binary: Option<Box<str>>,
    /// What the allocation is for.
    pub description: Box<str>,
    /// 1-based line.
    pub line: u64,
}

impl PooltagFile {
    /// Builds the index over entries in file order.
    pub fn new(entries: Vec<PooltagEntry>) -> Self {
        let mut exact = Vec::new();
        let mut wild = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let literal = !entry.pattern.contains(['?', '*']);
            match Tag::from_text(entry.pattern.as_bytes()).filter(|_| literal) {
                Some(tag) => exact.push((tag, at)),
                None => wild.push(at),
            }
        }
        exact.sort_unstable();
        let literals = |at: u32| {
            entries
                .get(at as usize)
                .map_or(0, |entry| entry.pattern.bytes().filter(|b| !b"?*".contains(b)).count())
        };
        wild.sort_by_key(|&at| std::cmp::Reverse(literals(at)));
        Self { entries, exact, wild }
    }

    /// All entries in file order.
    pub fn entries(&self) -> &[PooltagEntry] {
        &self.entries
    }

    /// Tags without wildcards that have more than one entry.
    pub fn repeated_tags(&self) -> usize {
        self.exact.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1).count()
    }

    /// The entries that cover a tag: exact ones, then wildcards with the most literal characters first;
    /// entries of the same rank in file order. Duplicates disagree on the owner, so all are given.
    pub fn lookup(&self, tag: Tag) -> impl Iterator<Item = &PooltagEntry> {
        let from = self.exact.partition_point(|&(known, _)| known < tag);
        let exact =
            self.exact.iter().skip(from).take_while(move |&&(known, _)| known == tag).map(|&(_, at)| at);
        let wild = self.wild.iter().copied();
        exact
            .map(|at| (at, true))
            .chain(wild.map(|at| (at, false)))
            .filter_map(|(at, exact)| self.entries.get(at as usize).map(|entry| (entry, exact)))
            .filter(move |(entry, exact)| *exact || covers(entry.pattern.as_bytes(), tag))
            .map(|(entry, _)| entry)
    }
}

/// Whether a pattern covers a tag. A pattern shorter than four characters stands for a tag padded with blanks.
fn covers(pattern: &[u8], tag: Tag) -> bool {
    for (at, &byte) in tag.0.iter().enumerate() {
        match pattern.get(at) {
            Some(b'*') => return true,
            Some(b'?') => {}
            Some(&wanted) if wanted == byte => {}
            None if byte == b' ' => {}
            _ => return false,
        }
    }
    pattern.get(4).is_none_or(|&b| b == b'*')
}
