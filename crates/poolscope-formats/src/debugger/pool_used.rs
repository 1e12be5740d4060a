//! `!poolused` in its wide, old, verbose and one-tag layouts.

use super::PoolUsed;
use crate::facts::StandingPool;
use crate::limits::MAX_LISTING_ROWS;
use crate::parsed::{Parsed, Place};
use crate::tag::{Pool, Tag};

/// Reads the rows below one heading.
pub(super) struct Reader {
    layout: Layout,
    out: PoolUsed,
    ended: bool,
}

/// What the numbers of a row are, by the words of the heading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layout {
    /// Allocs Used, for both pools.
    Standing,
    /// Allocs Frees Diff Used, for both pools: here Allocs counts since boot.
    Verbose,
}

impl Layout {
    fn numbers(self) -> usize {
        match self {
            Self::Standing => 4,
            Self::Verbose => 8,
        }
    }
}

/// The reader of the rows below this line, if it is the heading of `!poolused`.
pub(super) fn heading(line: &str) -> Option<Reader> {
    let mut words = line.split_whitespace();
    if words.next() != Some("Tag") {
        return None;
    }
    let words: Vec<&str> = words.collect();
    let layout = match words.as_slice() {
        ["Allocs", "Used", "Allocs", "Used", ..] => Layout::Standing,
        ["Allocs", "Frees", "Diff", "Used", "Allocs", "Frees", "Diff", "Used", ..]
        | ["Allocs", "Frees", "Diff", "Allocs", "Frees", "Diff", ..] => Layout::Verbose,
        _ => return None,
    };
    Some(Reader { layout, out: PoolUsed { partial: true, ..PoolUsed::default() }, ended: false })
}

impl Reader {
    /// Takes one line; false if the output has ended.
    pub(super) fn take<T>(&mut self, number: u64, line: &str, notes: &mut Parsed<T>) -> bool {
        if self.ended {
            return false;
        }
        let place = Place::Line(number);
        if let Some(totals) = line.trim_start().strip_prefix("TOTAL") {
            self.total(totals);
            return true;
        }
        if line.trim().is_empty() {
            return true;
        }
        match row(line, self.layout.numbers()) {
            Some(_) if self.out.rows.len() >= MAX_LISTING_ROWS => {
                notes.bad(place, format!("more than {MAX_LISTING_ROWS} rows, this one is left out"));
            }
            Some(row) => {
                notes.coverage.records += 1;
                if row.tag.0.contains(&b'.') {
                    notes.note(place, format!(
                        "tag {} is shown with dots: the debugger writes unprintable bytes so, its real bytes are not known",
                        row.tag
                    ));
                }
                self.push(place, &row);
            }
            None if looks_like_row(line) => notes.bad(
                place,
                format!(
                    "expected a tag and {} numbers of !poolused, found `{}`",
                    self.layout.numbers(),
                    super::cut(line)
                ),
            ),
            None => {}
        }
        true
    }

    /// The output, told by its command whether it is whole.
    pub(super) fn finish(mut self, command: Option<&str>) -> PoolUsed {
        // `!poolused 2` shows all; a second word is a tag, and `/t20` a number of rows.
        let chosen = command.is_some_and(|command| {
            let mut words = command.split_whitespace().skip(1);
            words.next().is_some_and(|flags| crate::number::hex(flags).is_none()) || words.next().is_some()
        });
        self.out.partial = chosen || self.out.totals.is_none();
        self.out
    }

    fn total(&mut self, text: &str) {
        let numbers: Vec<u64> = text.split_whitespace().map_while(|word| word.parse().ok()).collect();
        self.ended = true;
        self.out.totals = match (self.layout, numbers.as_slice()) {
            (Layout::Standing, [count, bytes]) => Some([(*count, *bytes), (0, 0)]),
            (Layout::Standing, [count, bytes, paged_count, paged_bytes]) => {
                Some([(*count, *bytes), (*paged_count, *paged_bytes)])
            }
            (Layout::Verbose, [_, _, count, bytes, _, _, paged_count, paged_bytes]) => {
                Some([(*count, *bytes), (*paged_count, *paged_bytes)])
            }
            _ => None,
        };
    }

    fn push(&mut self, place: Place, row: &Row<'_>) {
        let per_pool = self.layout.numbers() / 2;
        for (pool, numbers) in
            [Pool::Nonpaged, Pool::Paged].into_iter().zip(row.numbers.chunks_exact(per_pool))
        {
            let (outstanding, bytes, allocs, frees) = match *numbers {
                [count, bytes] => (count, bytes, None, None),
                [allocs, frees, diff, bytes] => (diff, bytes, Some(allocs), Some(frees)),
                _ => continue,
            };
            let owner = (!row.text.is_empty()).then(|| row.text.to_owned());
            let tag = row.tag.without_protected_bit();
            self.out.rows.push(StandingPool { place, tag, pool, outstanding, bytes, allocs, frees, owner });
        }
    }
}

struct Row<'a> {
    tag: Tag,
    numbers: Vec<u64>,
    /// The description; empty where the debugger knew none.
    text: &'a str,
}

/// A row by its columns (a blank, four characters of tag), or by its words where blanks were folded or lost.
fn row(line: &str, count: usize) -> Option<Row<'_>> {
    let by_column = |skip: usize| {
        let body = line.get(skip..)?;
        let (tag, rest) = (body.get(..4)?, body.get(4..)?);
        if tag.starts_with(' ') || !rest.starts_with([' ', '\t']) {
            return None;
        }
        finish(tag, rest, count)
    };
    if line.starts_with(' ')
        && let Some(row) = by_column(1)
    {
        return Some(row);
    }
    let body = line.trim_start();
    by_column(line.len() - body.len()).or_else(|| {
        let split = body.find(char::is_whitespace)?;
        finish(body.get(..split)?, body.get(split..)?, count)
    })
}

fn finish<'a>(tag: &str, rest: &'a str, count: usize) -> Option<Row<'a>> {
    let tag = Tag::from_text(tag.as_bytes())?;
    let mut numbers = Vec::with_capacity(count);
    let mut rest = rest;
    for _ in 0..count {
        rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        numbers.push(rest.get(..end)?.parse().ok()?);
        rest = rest.get(end..)?;
    }
    let text = rest.trim();
    let text = if text.starts_with("UNKNOWN pooltag") { "" } else { text };
    Some(Row { tag, numbers, text })
}

fn looks_like_row(line: &str) -> bool {
    line.split_whitespace().filter(|word| word.bytes().all(|b| b.is_ascii_digit())).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_every_layout() {
        for (line, count, tag, numbers, text) in [
            (
                " abcd   1234567    407407110         32         9360\tUNKNOWN pooltag 'abcd', please update pooltag.txt",
                4,
                *b"abcd",
                vec![1_234_567, 407_407_110, 32, 9_360],
                "",
            ),
            (
                " EtwX      1428    254173440          6       196608\tEtw Buffer , Binary: nt!etw",
                4,
                *b"EtwX",
                vec![1_428, 254_173_440, 6, 196_608],
                "Etw Buffer , Binary: nt!etw",
            ),
            (
                " AcpX         3         1504          0            504ACPI Pooltags , Binary: acpi.sys",
                4,
                *b"AcpX",
                vec![3, 1_504, 0, 504],
                "ACPI Pooltags , Binary: acpi.sys",
            ),
            (
                " Io          12         3456          0            0\t",
                4,
                *b"Io  ",
                vec![12, 3_456, 0, 0],
                "",
            ),
            (" Dh 1        24         3456          1           16", 4, *b"Dh 1", vec![24, 3_456, 1, 16], ""),
            ("Dh 1        24         3456          1           16", 4, *b"Dh 1", vec![24, 3_456, 1, 16], ""),
            ("Io 12 3456 0 0", 4, *b"Io  ", vec![12, 3_456, 0, 0], ""),
            (" Even 100 40 60 5760 0 0 0 0", 8, *b"Even", vec![100, 40, 60, 5_760, 0, 0, 0, 0], ""),
        ] {
            let row = row(line, count).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((row.tag.0, row.numbers, row.text), (tag, numbers, text), "{line}");
        }
        assert!(row("TOTAL", 4).is_none() && row("", 4).is_none() && row(" Ab", 4).is_none());
        assert!(row(" Even 1 2 3", 4).is_none());
    }

    #[test]
    fn headings() {
        assert_eq!(
            heading(" Tag     Allocs         Used     Allocs         Used").map(|r| r.layout),
            Some(Layout::Standing)
        );
        assert!(
            heading(" Tag  Type     Allocs            Frees            Diff   Bytes    Per Alloc").is_none()
        );
    }
}
