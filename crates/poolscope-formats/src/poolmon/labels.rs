//! Rows whose numbers carry their names: `874 alloc / 0 free / 874`, `51,231,806 allocs ... 48 per alloc`,
//! and one `Allocs: 19,190,861` a line.

use super::listing::{RowOddity, RowRead, set};
use super::rows::{Figure, PoolRow};
use crate::numbers;
use crate::tag::{Pool, Tag};

/// The figure a name stands for. Letters only are compared, in any case.
pub(super) fn figure(name: &[u8]) -> Option<Figure> {
    let letters: Vec<u8> =
        name.iter().filter(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).take(24).collect();
    Some(match letters.as_slice() {
        b"allocs" | b"alloc" | b"allocations" | b"allocated" => Figure::Allocs,
        b"frees" | b"free" | b"freed" => Figure::Frees,
        b"diff" | b"outstanding" | b"current" | b"outstandingcount" | b"difference" => Figure::Diff,
        b"bytes" | b"used" | b"usage" | b"usedbytes" | b"bytesused" | b"outstandingbytes" => Figure::Bytes,
        b"peralloc" | b"per" | b"bytesperalloc" | b"bytesalloc" => Figure::PerAlloc,
        _ => return None,
    })
}

/// Fills a row from text of numbers each followed by its name; a last number without a name is Diff.
/// `None` if the text is not of that kind.
pub(super) fn with_labels(row: &mut PoolRow, text: &[u8]) -> Option<Result<(), &'static str>> {
    let first_letter = text.iter().position(u8::is_ascii_alphabetic)?;
    let first_digit = text.iter().position(u8::is_ascii_digit)?;
    let first_name = text.get(first_letter..)?;
    let name_end = first_name.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(first_name.len());
    if first_digit > first_letter || figure(first_name.get(..name_end)?).is_none() {
        return None;
    }
    let mut rest = text;
    while let Some(begin) = rest.iter().position(u8::is_ascii_digit) {
        let minus = begin > 0 && rest.get(begin - 1) == Some(&b'-');
        rest = rest.get(begin - usize::from(minus)..)?;
        let name_at = rest.iter().position(u8::is_ascii_alphabetic).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(name_at);
        let number = number.trim_ascii_end();
        let name_end = tail.iter().position(u8::is_ascii_digit).unwrap_or(tail.len());
        let (name, after) = tail.split_at(name_end);
        let figure = if name.is_empty() { Some(Figure::Diff) } else { figure(name) };
        let Some(figure) = figure else { return Some(Err("a number with a name that is not a figure's")) };
        if let Err(why) = set(row, figure, number, &mut RowOddity::default()) {
            return Some(Err(why));
        }
        rest = after;
    }
    Some(Ok(()))
}

/// Reads `Abcd  874 alloc /  0 free /  874`: no type, so the pool is not known.
pub(super) fn without_type(line: &[u8], number: u32) -> RowRead {
    let Some(name_at) = memchr::memmem::find(line, b" alloc") else { return RowRead::NotARow };
    if memchr::memmem::find(line, b" free").is_none_or(|free_at| free_at < name_at) {
        return RowRead::NotARow;
    }
    let before = line.get(..name_at).unwrap_or(&[]);
    let digits = before.iter().rev().take_while(|b| b.is_ascii_digit() || **b == b',').count();
    let (tag_text, _) = before.split_at(before.len() - digits);
    let Some(tag) = Tag::from_text(tag_text.trim_ascii()).filter(|_| digits > 0) else {
        return RowRead::NotARow;
    };
    let mut row = PoolRow::new(tag, None, number);
    match with_labels(&mut row, line.get(tag_text.len()..).unwrap_or(&[])) {
        Some(Ok(())) => RowRead::Row(row, RowOddity::default()),
        Some(Err(why)) => RowRead::Bad(why),
        None => RowRead::NotARow,
    }
}

/// One `Name: value` line of a block that describes one tag.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Field {
    /// `Tag: NtFC`: a new block.
    Tag(Tag),
    /// `Type: Nonp`.
    Pool(Pool),
    /// `Allocs: 19,190,861`, `Nonpaged bytes: 1,234 (2.1 GiB)`.
    Figure(Figure, u64, Option<Pool>),
    /// `Diff: -3`.
    Outstanding(i64),
}

/// Reads one `Name: value` line (a list mark before it is passed over).
pub(super) fn field(line: &[u8]) -> Option<Field> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"- ").or_else(|| line.strip_prefix(b"* ")).unwrap_or(line);
    let (name, value) = line.split_at(memchr::memchr2(b':', b'=', line).filter(|at| *at <= 24)?);
    let raw_value = value.get(1..)?;
    let value = raw_value.trim_ascii();
    let name = name.trim_ascii().to_ascii_lowercase();
    match name.as_slice() {
        b"tag" | b"pool tag" | b"pooltag" => {
            let bare = value.strip_prefix(b"`").and_then(|v| v.strip_suffix(b"`"));
            let quoted = value.strip_prefix(b"'").and_then(|v| v.strip_suffix(b"'"));
            return Tag::from_text(bare.or(quoted).unwrap_or(value)).map(Field::Tag);
        }
        b"type" | b"pool" | b"pool type" => return pool_word(value).map(Field::Pool),
        _ => {}
    }
    let (pool, rest) = match () {
        () if name.starts_with(b"nonpaged ") => (Some(Pool::Nonpaged), name.get(9..)?),
        () if name.starts_with(b"paged ") => (Some(Pool::Paged), name.get(6..)?),
        () => (None, name.as_slice()),
    };
    let figure = figure(rest)?;
    let number = value.split(|b| *b == b'(').next()?.trim_ascii();
    if figure == Figure::Diff {
        return numbers::signed_count(number).map(Field::Outstanding);
    }
    let value = if figure == Figure::Bytes { numbers::size_in_bytes(number) } else { numbers::count(number) };
    Some(Field::Figure(figure, value?, pool))
}

/// The pool a word names.
pub(super) fn pool_word(word: &[u8]) -> Option<Pool> {
    Some(match word.trim_ascii().to_ascii_lowercase().as_slice() {
        b"nonp" | b"nonpaged" | b"non-paged" | b"npaged" | b"np" => Pool::Nonpaged,
        b"paged" | b"page" => Pool::Paged,
        _ => return None,
    })
}
