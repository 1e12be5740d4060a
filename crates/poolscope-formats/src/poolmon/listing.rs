//! One row of poolmon's own listing: tag, type, then five numbers with or without deltas.
//!
//! Tags hold blanks, so the tag is found from the place of the type word, not by splitting at blanks. Two
//! readers give the same row: [`fast`] for the exact layout of `-n`, [`row`] for everything people and screens
//! make of it.

use super::labels;
use super::rows::{Figure, PoolRow};
use super::unglue::{MOST_GLUED_DIGITS, unglue};
use crate::limits::MAX_MAPPED_DRIVER_BYTES;
use crate::numbers;
use crate::tag::{Pool, Tag};

/// The five figures in the order of the listing.
pub(super) const ORDER: [Figure; 5] =
    [Figure::Allocs, Figure::Frees, Figure::Diff, Figure::Bytes, Figure::PerAlloc];

/// What a line turned out to be.
pub(super) enum RowRead {
    /// A row, and what had to be assumed to read it.
    Row(PoolRow, RowOddity),
    /// It begins like a row but cannot be one; why.
    Bad(&'static str),
    /// Something else.
    NotARow,
}

/// What was odd about a row that was read.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct RowOddity {
    /// It has deltas in parentheses: a live screen.
    pub live: bool,
    /// Two numbers were glued together; the only split that agrees with the other figures was taken.
    pub unglued: bool,
    /// A 32-bit figure was printed as a negative number; 2^32 was added.
    pub sign_lost: bool,
}

/// Reads ` Abcd Nonp  6394  4056  2338 163418368  69896`: the tag at column 0 or 1, five unsigned numbers,
/// nothing else. `None` for anything that is not exactly that.
pub(super) fn fast(line: &[u8], number: u32) -> Option<PoolRow> {
    let (tag, rest) = match line {
        [b' ', a, b, c, d, b' ', rest @ ..] if *a != b' ' => ([*a, *b, *c, *d], rest),
        [a, b, c, d, b' ', rest @ ..] if *a != b' ' => ([*a, *b, *c, *d], rest),
        _ => return None,
    };
    let (pool, mut rest) = match rest {
        [b'N', b'o', b'n', b'p', b' ', rest @ ..] => (Pool::Nonpaged, rest),
        [b'P', b'a', b'g', b'e', b'd', b' ', rest @ ..] => (Pool::Paged, rest),
        _ => return None,
    };
    let mut figures = [0u64; 5];
    for figure in &mut figures {
        while let [b' ', tail @ ..] = rest {
            rest = tail;
        }
        let mut value = 0u64;
        let mut digits = 0;
        while let [digit @ b'0'..=b'9', tail @ ..] = rest {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            digits += 1;
            rest = tail;
        }
        if digits == 0 || digits > 18 || rest.first().is_some_and(|&b| b != b' ') {
            return None;
        }
        *figure = value;
    }
    rest.iter().all(|&b| b == b' ').then(|| PoolRow::listed(Tag(tag), pool, number, figures))
}

/// Reads a row in any shape the listing gets: deltas, Mapped_Driver, tabs, collapsed blanks, grouped digits,
/// labels between the numbers. `tag_column` is where the head line has the word Tag.
///
/// `tries` is how many splits of glued numbers may still be tried; hostile input could ask for thousands on
/// every line.
pub(super) fn row(line: &[u8], number: u32, tag_column: Option<usize>, tries: &mut u32) -> RowRead {
    let Some((at, width, pool)) = type_word(line) else {
        return labels::without_type(line, number);
    };
    let (before, after) = (line.get(..at).unwrap_or(&[]), line.get(at + width..).unwrap_or(&[]));
    let bytes = console_bytes(before);
    let Some(tag) = tag_before(bytes.as_deref().unwrap_or(before), tag_column) else {
        return RowRead::NotARow;
    };
    if !after.trim_ascii_start().first().is_some_and(|b| b.is_ascii_digit() || b"-(".contains(b)) {
        return RowRead::NotARow;
    }
    let mut row = PoolRow::new(tag, pool, number);
    if let Some(read) = labels::with_labels(&mut row, after) {
        return match read {
            Ok(()) => RowRead::Row(row, RowOddity::default()),
            Err(why) => RowRead::Bad(why),
        };
    }
    match figures(&mut row, after, tries) {
        Ok(oddity) => RowRead::Row(row, oddity),
        Err(why) => RowRead::Bad(why),
    }
}

/// Finds the type word that stands apart with text before it: its place, its length and the pool.
fn type_word(line: &[u8]) -> Option<(usize, usize, Pool)> {
    const WORDS: [(&[u8], Pool); 5] = [
        (b"Nonpaged", Pool::Nonpaged),
        (b"NonPaged", Pool::Nonpaged),
        (b"Nonp", Pool::Nonpaged),
        (b"Paged", Pool::Paged),
        (b"NPaged", Pool::Nonpaged),
    ];
    let mut at = line.iter().position(|b| !b.is_ascii_whitespace())? + 1;
    // Tag and margin take a dozen bytes; a type word further right belongs to a sentence.
    let last = line.len().min(24);
    while at < last {
        let rest = line.get(at..)?;
        let apart = line.get(at - 1).is_some_and(|b| b.is_ascii_whitespace());
        if apart {
            for (word, pool) in WORDS {
                let ends =
                    |next: Option<&u8>| next.is_none_or(|b| b" \t(:".contains(b) || b.is_ascii_digit());
                if rest.starts_with(word) && ends(rest.get(word.len())) {
                    return Some((at, word.len(), pool));
                }
            }
        }
        at += 1;
    }
    None
}

/// The tag in the text before the type word. Exact columns keep blanks inside and before a tag; a collapsed
/// paste has lost them, and the tag is padded on the right as the kernel does.
fn tag_before(before: &[u8], tag_column: Option<usize>) -> Option<Tag> {
    let exact = |from: usize| -> Option<Tag> {
        let bytes: [u8; 4] = before.get(from..from + 4)?.try_into().ok()?;
        let alone = before.len() == from + 5 && before.get(..from)?.iter().all(|&b| b == b' ');
        (alone && before.last() == Some(&b' ')).then_some(Tag(bytes))
    };
    let margin_lost = tag_column == Some(0) || before.first() != Some(&b' ');
    let found = tag_column
        .and_then(exact)
        .or_else(|| exact(1))
        .or_else(|| exact(0).filter(|_| margin_lost))
        .or_else(|| Tag::from_text(trim_quote_marks(before)));
    found.filter(|tag| tag.0 != *b"    " && !tag.0.contains(&b'\t'))
}

/// The bytes of text that was decoded on the way here, for tags outside ASCII: such a listing is read as
/// Windows-1252, which maps every byte both ways. `None` for ASCII, and for text no Windows-1252 bytes make.
pub(super) fn console_bytes(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return None;
    }
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(std::str::from_utf8(text).ok()?);
    (!unmappable).then(|| bytes.into_owned())
}

/// Blanks, a mail's `>` and a code fence's backticks around a tag.
fn trim_quote_marks(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"> ").unwrap_or(text).trim_ascii();
    text.strip_prefix(b"`").and_then(|inner| inner.strip_suffix(b"`")).unwrap_or(text)
}

/// Reads the numbers after the type word into the row.
fn figures(row: &mut PoolRow, after: &[u8], tries: &mut u32) -> Result<RowOddity, &'static str> {
    let mut oddity = RowOddity::default();
    let mut tokens: [&[u8]; 5] = [&[]; 5];
    let mut count = 0;
    let mut rest = after.trim_ascii();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix(b"(") {
            let close = memchr::memchr(b')', inner).ok_or("a delta without its closing parenthesis")?;
            let (delta, tail) = inner.split_at(close);
            if numbers::signed_count(delta).is_none() {
                return Err("a delta that is not a number");
            }
            oddity.live = true;
            rest = tail.get(1..).unwrap_or(&[]).trim_ascii_start();
            continue;
        }
        if count == tokens.len() {
            row.mapped_driver = mapped_driver(rest);
            break;
        }
        let end = rest.iter().position(|b| b" \t([".contains(b)).unwrap_or(rest.len());
        let (token, tail) = rest.split_at(end);
        let glued = token.len() <= MOST_GLUED_DIGITS && token.iter().all(u8::is_ascii_digit);
        if !glued && numbers::signed_count(token).is_none() && numbers::count(token).is_none() {
            return Err("text where a number was expected");
        }
        if let Some(slot) = tokens.get_mut(count) {
            *slot = token;
        }
        count += 1;
        rest = tail.trim_ascii_start();
    }
    match count {
        5 => {
            for (figure, token) in ORDER.into_iter().zip(tokens) {
                set(row, figure, token, &mut oddity)?;
            }
            Ok(oddity)
        }
        3 | 4 if *tries > 0 => {
            let mut found = None;
            if !unglue(tokens.get(..count).unwrap_or(&[]), 0, tries, &mut found) {
                return Err("numbers glued together that can be split in several ways");
            }
            let values = found.ok_or("fewer than five numbers")?;
            for (figure, value) in ORDER.into_iter().zip(values) {
                row.set(figure, value);
            }
            oddity.unglued = true;
            Ok(oddity)
        }
        _ => Err("fewer than five numbers"),
    }
}

/// Sets one figure from its text. Old builds print 32-bit figures as signed numbers.
pub(super) fn set(
    row: &mut PoolRow,
    figure: Figure,
    token: &[u8],
    oddity: &mut RowOddity,
) -> Result<(), &'static str> {
    if figure == Figure::Diff {
        row.set_outstanding(numbers::signed_count(token).ok_or("a Diff that is not a number")?);
        return Ok(());
    }
    if let Some(value) = numbers::count(token) {
        row.set(figure, value);
        return Ok(());
    }
    let negative = numbers::signed_count(token).ok_or("text where a number was expected")?;
    let value = i32::try_from(negative).map_err(|_| "a negative number below -2^31")?;
    row.set(figure, u64::from(value.cast_unsigned()));
    oddity.sign_lost = true;
    Ok(())
}

/// The Mapped_Driver text, cut to [`MAX_MAPPED_DRIVER_BYTES`]; `None` for poolmon's `Unknown Driver`.
fn mapped_driver(text: &[u8]) -> Option<Box<str>> {
    let text = text.trim_ascii();
    if text.is_empty() || text.eq_ignore_ascii_case(b"Unknown Driver") {
        return None;
    }
    let kept = text.get(..MAX_MAPPED_DRIVER_BYTES).unwrap_or(text);
    Some(String::from_utf8_lossy(kept).into())
}

/// Where a head line of the listing has the word Tag; `None` if the line is no such head.
pub(super) fn head_line(line: &[u8]) -> Option<usize> {
    const WORDS: [&[u8]; 6] = [b"tag", b"type", b"allocs", b"frees", b"diff", b"bytes"];
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let first = words.next()?;
    let rest_match =
        WORDS.iter().skip(1).all(|want| words.next().is_some_and(|w| w.eq_ignore_ascii_case(want)));
    (rest_match && first.eq_ignore_ascii_case(WORDS[0]) && !line.contains(&b'\t'))
        .then(|| line.iter().position(|b| !b.is_ascii_whitespace()))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(PoolRow, RowOddity)> {
        match row(line.as_bytes(), 1, None, &mut 10_000) {
            RowRead::Row(row, oddity) => Some((row, oddity)),
            _ => None,
        }
    }

    fn shown(row: &PoolRow) -> String {
        let number = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
        format!(
            "{} {} {} {} {} {} {} {}",
            row.tag,
            row.pool.map_or("-", Pool::name),
            number(row.allocs()),
            number(row.frees()),
            row.outstanding().map_or("-".to_owned(), |value| value.to_string()),
            number(row.bytes()),
            number(row.per_alloc()),
            row.mapped_driver.as_deref().unwrap_or("-"),
        )
    }

    #[test]
    fn shapes_of_a_row() {
        for (line, want) in [
            (
                " Abcd Nonp       9112 (   3)      9102 (  -1)    10    6400 (   640)    640 [abc.sys  -  what it is for]",
                "Abcd nonpaged 9112 9102 10 6400 640 [abc.sys  -  what it is for]",
            ),
            (
                " Dh 1 Paged        24 (   0)        24 (   0)     0       0 (     0)      0 Unknown Driver",
                "Dh 1 paged 24 24 0 0 0 -",
            ),
            (
                " 1MEM Nonp          1 (   0)         0 (   0)     1    3344 (     0)   3344   Unknown Driver",
                "1MEM nonpaged 1 0 1 3344 3344 -",
            ),
            (
                " Even Nonp   51231806 (   0)  50633533 (   0) 684922 32878688 (   0)     48 [< unknown >Event objects]",
                "Even nonpaged 51231806 50633533 684922 32878688 48 [< unknown >Event objects]",
            ),
            (
                " ConT Nonp                3097               2409               688       42770432            62166        Unknown Driver",
                "ConT nonpaged 3097 2409 688 42770432 62166 -",
            ),
            (
                " Thre Nonp              180351             176602              3749       13179648              3515        [nt!ps - Thread objects]",
                "Thre nonpaged 180351 176602 3749 13179648 3515 [nt!ps - Thread objects]",
            ),
            (
                "Io   Nonp     402723    235302    167421  61610928        368",
                "Io·· nonpaged 402723 235302 167421 61610928 368 -",
            ),
            (
                "Io Nonp 402723 235302 167421 61610928 368",
                "Io·· nonpaged 402723 235302 167421 61610928 368 -",
            ),
            ("   rx Nonp 3 0 3 1248 416", "  rx nonpaged 3 0 3 1248 416 -"),
            (" Gh ? Paged 3 0 3 1248 416", "Gh ? paged 3 0 3 1248 416 -"),
            (
                "Abcd\tNonp\t6394\t4056\t2338\t163418368\t69896",
                "Abcd nonpaged 6394 4056 2338 163418368 69896 -",
            ),
            (" Abcd Nonp 9112(3) 9102(-1) 10 6400(640) 640", "Abcd nonpaged 9112 9102 10 6400 640 -"),
            (
                " Abcd Nonp4294967295 4294967290 5 8589934592 1717986918",
                "Abcd nonpaged 4294967295 4294967290 5 8589934592 1717986918 -",
            ),
            (" Abcd Paged 10 13 -3 0 0", "Abcd paged 10 13 -3 0 0 -"),
            (
                "Even Nonp 51,231,806 allocs 50,633,533 frees 684,922 diff 32,878,688 bytes 48 per alloc",
                "Even nonpaged 51231806 50633533 684922 32878688 48 -",
            ),
            (
                "Even Nonp 51,231,806 50,633,533 684,922 32,878,688 48",
                "Even nonpaged 51231806 50633533 684922 32878688 48 -",
            ),
            ("> Abcd Nonp 6394 4056 2338 163418368 69896", "Abcd nonpaged 6394 4056 2338 163418368 69896 -"),
            ("Abcd  874 alloc /  0 free /  874", "Abcd - 874 0 874 - - -"),
            ("Dh 1  1,874 alloc / 1,000 free / 874", "Dh 1 - 1874 1000 874 - - -"),
        ] {
            let (row, _) = read(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(shown(&row), want, "{line}");
        }
    }

    #[test]
    fn not_rows_and_bad_rows() {
        for line in [
            "",
            "The Nonp rows grew by 3 today",
            "Nonp 3 4 5 6 7",
            "GET /Abcd Paged 1 2 3 4 5 of the whole set of pages",
            "  abcd   1234567    407407110         32         9360\tUNKNOWN pooltag 'abcd', please update pooltag.txt",
            "Tag Paged",
            "826fa130 size:   c0 previous size:   40  (Allocated) Abcd",
        ] {
            assert!(matches!(row(line.as_bytes(), 1, None, &mut 10_000), RowRead::NotARow), "{line}");
        }
        for line in [
            " Abcd Nonp       6394      40",
            " Abcd Nonp 9112 (   3 9102",
            " Abcd Nonp 9112 (  x) 9102 (0) 10 6400 (0) 640",
            " Abcd Nonp 1 2 x 4 5",
            " Abcd Nonp 99999999999999999999999 2 3 4 5",
        ] {
            assert!(matches!(row(line.as_bytes(), 1, None, &mut 10_000), RowRead::Bad(_)), "{line}");
        }
    }

    #[test]
    fn glued_numbers_are_split_only_where_one_split_adds_up() {
        for (line, want) in [
            (
                " Abcd Nonp 5123180650633533 598273 28717104 48",
                "Abcd nonpaged 51231806 50633533 598273 28717104 48 -",
            ),
            (
                " Abcd Nonp 51231806 50633533 59827328717104 48",
                "Abcd nonpaged 51231806 50633533 598273 28717104 48 -",
            ),
            (
                " Abcd Nonp 51231806 5063353359827328717104 48",
                "Abcd nonpaged 51231806 50633533 598273 28717104 48 -",
            ),
            (
                " Even Nonp 42949672954294000000    967295  92860320         96",
                "Even nonpaged 4294967295 4294000000 967295 92860320 96 -",
            ),
        ] {
            let (row, oddity) = read(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(shown(&row), want, "{line}");
            assert!(oddity.unglued);
        }
        assert!(read(" Abcd Nonp 51231806 50633533 59827428717104 48").is_none());
        let glued = b" Abcd Nonp 51231806 50633533 59827328717104 48";
        assert!(matches!(row(glued, 1, None, &mut 0), RowRead::Bad(_)));
    }

    #[test]
    fn signed_32_bit_figures_get_their_sign_back() {
        let (row, oddity) = read(" Abcd Nonp -2 -12 10 -1073741824 322122547").unwrap();
        assert_eq!(shown(&row), "Abcd nonpaged 4294967294 4294967284 10 3221225472 322122547 -");
        assert!(oddity.sign_lost);
    }

    #[test]
    fn the_fast_reader_agrees_with_the_slow_one() {
        for line in [
            " Abcd Nonp       6394      4056      2338 163418368      69896",
            "Abcd Paged       6394      4056      2338 163418368      69896  ",
            " Io   Nonp     402723    235302    167421  61610928        368",
        ] {
            let (slow, _) = read(line).unwrap();
            assert_eq!(fast(line.as_bytes(), 1), Some(slow), "{line}");
        }
        for line in
            [" Abcd Nonp 1 2 3 4", " Abcd Nonp 1 2 3 4 5 6", " Abcd Nonp 1 2 3 4 5x", " Abcd Nonp 1 2 -3 4 5"]
        {
            assert_eq!(fast(line.as_bytes(), 1), None, "{line}");
        }
    }
}
