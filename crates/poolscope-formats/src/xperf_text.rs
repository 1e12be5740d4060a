//! `xperf -i x.etl -a pool`: outstanding allocations of a trace by image and tag, as text.
//!
//! Medium trust: no real output is public; the layout is taken from descriptions, and every parse says so.
//! Columns are therefore found by their heads and not by position.

use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::StandingPool;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_LISTING_ROWS;
use crate::number;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::tag::{Pool, Tag};
use crate::text::for_each_line;

/// The report. Counts begin at the start of the trace: what stood before is not in them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct XperfPoolReport {
    /// Its rows in the order of the text.
    pub rows: Vec<XperfPoolRow>,
}

/// One image and tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XperfPoolRow {
    /// What stands; `allocs` is the count over the trace, `owner` the image, bytes are whole KiB.
    pub standing: StandingPool,
    /// The section's title as spelled (`NX Non-Paged`).
    pub section: String,
    /// Bytes allocated over the trace, whole KiB.
    pub allocated_bytes: u64,
}

/// Where the columns are.
#[derive(Clone, Copy, Debug)]
struct Columns {
    image: usize,
    tag: usize,
    allocs: usize,
    alloc_kib: usize,
    outstanding: usize,
    outstanding_kib: usize,
}

impl Columns {
    /// The columns of a head line: `Image, Tag, Alloc #, Alloc KB, Out Alloc#, Out Alloc KB`.
    fn of(line: &str) -> Option<Self> {
        let plain =
            |cell: &str| cell.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        let cells: Vec<String> = line.split(',').map(plain).collect();
        let find = |names: &[&str]| cells.iter().position(|cell| names.contains(&cell.as_str()));
        Some(Self {
            image: find(&["image", "imagename"])?,
            tag: find(&["tag", "pooltag"])?,
            allocs: find(&["alloc#", "allocs#", "allocs"])?,
            alloc_kib: find(&["allockb", "allocskb"])?,
            outstanding: find(&["outalloc#", "outallocs#", "outallocs"])?,
            outstanding_kib: find(&["outallockb", "outallocskb"])?,
        })
    }
}

/// The pool of a section's title. Every kind of nonpaged pool counts as one.
fn section_pool(line: &str) -> Option<Pool> {
    let plain: String = line.chars().filter(|c| c.is_alphabetic()).collect::<String>().to_ascii_lowercase();
    if line.contains(',') || line.len() > 80 {
        None
    } else if plain.contains("nonpaged") {
        Some(Pool::Nonpaged)
    } else if plain.contains("pagedpool") || plain == "paged" || plain.contains("sessionpaged") {
        Some(Pool::Paged)
    } else {
        None
    }
}

/// A row under its columns. A tag keeps its inner and trailing blanks: only the one behind the comma and the
/// padding beyond four characters go.
fn row(place: Place, line: &str, columns: &Columns, pool: Pool, section: &str) -> Option<XperfPoolRow> {
    let cells: Vec<&str> = line.split(',').collect();
    let cell = |at: usize| cells.get(at).map(|text| text.trim());
    let raw = cells.get(columns.tag)?;
    let raw = raw.strip_prefix(' ').unwrap_or(raw);
    let tag = match raw.get(..4) {
        Some(first) if raw.get(4..).is_some_and(|rest| rest.trim().is_empty()) && !first.starts_with(' ') => {
            first
        }
        _ => raw.trim(),
    };
    let count = |at: usize| cell(at).and_then(number::grouped);
    let image = cell(columns.image)?;
    Some(XperfPoolRow {
        standing: StandingPool {
            place,
            tag: Tag::from_text(tag.as_bytes())?.without_protected_bit(),
            pool,
            outstanding: count(columns.outstanding)?,
            bytes: count(columns.outstanding_kib)?.checked_mul(1_024)?,
            allocs: Some(count(columns.allocs)?),
            frees: None,
            owner: (!image.is_empty()).then(|| image.to_owned()),
        },
        section: section.to_owned(),
        allocated_bytes: count(columns.alloc_kib)?.checked_mul(1_024)?,
    })
}

/// Reads the report.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without its column heads; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<XperfPoolReport>, FormatError> {
    let mut parsed = Parsed::new(XperfPoolReport::default());
    parsed.note(Place::Whole, "layout not verified on real output: it is known from descriptions only");
    let mut columns = None;
    let mut section: Option<(Pool, String)> = None;
    for_each_line(input, |number, line| {
        let place = Place::Line(number);
        if let Some(found) = Columns::of(line) {
            columns = Some(found);
        } else if let Some(pool) = section_pool(line) {
            section = Some((pool, line.trim().trim_matches([':', '-', '=', ' ']).to_owned()));
        } else if let Some(columns) = &columns
            && line.matches(',').count() >= 2
        {
            let (pool, title) = section.clone().unwrap_or((Pool::Nonpaged, String::new()));
            match row(place, line, columns, pool, &title) {
                Some(_) if section.is_none() => {
                    parsed.bad(place, "a row before the title that says which pool it is of")
                }
                Some(row) if parsed.value.rows.len() < MAX_LISTING_ROWS => {
                    parsed.coverage.records += 1;
                    parsed.value.rows.push(row);
                }
                Some(_) => {
                    parsed.bad(place, format!("more than {MAX_LISTING_ROWS} rows, this one is left out"))
                }
                None if line.to_ascii_lowercase().contains("total") => {}
                None => parsed.bad(
                    place,
                    format!(
                        "expected an image, a tag and four numbers, found `{}`",
                        line.trim().chars().take(60).collect::<String>()
                    ),
                ),
            }
        }
        Ok(())
    })?;
    if columns.is_none() {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "xperf's pool report",
            Place::Whole,
            "the columns Image, Tag, Alloc #, Out Alloc#",
            &head,
        ));
    }
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::XperfPool))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    head.lines().find_map(Columns::of).map(|_| Likelihood::Certain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_rows() {
        for (title, pool) in [
            ("Paged Pool", Some(Pool::Paged)),
            ("Non-Paged Pool", Some(Pool::Nonpaged)),
            ("NX Non-Paged", Some(Pool::Nonpaged)),
            ("EX Non-Paged:", Some(Pool::Nonpaged)),
            ("abc.sys, Paged Pool, 1", None),
            ("Trace from 1 to 2", None),
        ] {
            assert_eq!(section_pool(title), pool, "{title}");
        }
        let columns = Columns::of("Image, Tag, Alloc #, Alloc KB, Out Alloc#, Out Alloc KB").unwrap();
        let read = |line| row(Place::Line(1), line, &columns, Pool::Paged, "x");
        let found = read("dh.sys, Dh 1, 12345, 678, 100, 50").unwrap();
        assert_eq!(
            (found.standing.tag, found.standing.outstanding, found.standing.bytes, found.allocated_bytes),
            (Tag(*b"Dh 1"), 100, 51_200, 678 * 1_024)
        );
        assert_eq!(read("x, Io  , 1, 2, 3, 4").unwrap().standing.tag, Tag(*b"Io  "));
        assert!(read("x, toolong, 1, 2, 3, 4").is_none());
        assert!(read("x, Abcd, 1, 2, 3, x").is_none());
    }
}
