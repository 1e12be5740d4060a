//! The perflib `Counter` text of a machine: index, name, index, name. It maps the counter names of any language.
//!
//! Read are the registry value as text (one string a line), perfc*.dat (strings parted by NUL), and
//! `index=name` or `index<TAB>name` lines.

use std::collections::BTreeMap;

use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_PERFLIB_NAMES;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text;

/// Takes strings in order and gives index and name.
#[derive(Default)]
struct Pairs {
    index: Option<u32>,
    bad: u64,
}

impl Pairs {
    fn take(&mut self, string: &str) -> Option<(u32, String)> {
        let string = string.trim_matches(['\u{feff}', ' ', '\r', '"']);
        if string.is_empty() {
            return None;
        }
        if let Some(index) = self.index.take() {
            return Some((index, string.to_owned()));
        }
        if let Ok(index) = string.parse() {
            self.index = Some(index);
            return None;
        }
        let (index, name) = string.split_once(['=', '\t'])?;
        match index.trim().parse() {
            Ok(index) if !name.trim().is_empty() => Some((index, name.trim().to_owned())),
            _ => {
                self.bad += 1;
                None
            }
        }
    }
}

/// The row of [`crate::detect::FORMATS`]: at least twenty pairs, most with the even indices of counters, and
/// hardly anything else.
pub fn test(head: &Head) -> Option<Likelihood> {
    let mut pairs = Pairs::default();
    let (mut even, mut odd, mut strings) = (0u32, 0u32, 0u32);
    for string in head.text.split(['\n', '\0']) {
        strings += u32::from(!string.trim().is_empty());
        if let Some((index, name)) = pairs.take(string) {
            let is_name = name.chars().any(char::is_alphabetic) && index < 1_000_000;
            even += u32::from(is_name && index % 2 == 0);
            odd += u32::from(!is_name || index % 2 == 1);
        }
    }
    (even >= 20 && odd * 20 <= even && strings <= even * 2 + even / 4 + 8).then_some(Likelihood::Likely)
}

/// Reads a whole dump into [`Records::PerflibNames`].
///
/// # Errors
/// [`FormatError::Read`]; [`FormatError::NotThisFormat`] where it holds no index with a name.
pub fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    let mut pairs = Pairs::default();
    let mut dropped = 0u64;
    text::for_each_block(input, |block| {
        for string in String::from_utf8_lossy(block.bytes).split(['\n', '\0']) {
            match pairs.take(string) {
                Some((index, name)) if names.len() < MAX_PERFLIB_NAMES => {
                    names.entry(index).or_insert(name);
                }
                Some(_) => dropped += 1,
                None => {}
            }
        }
        Ok(())
    })?;
    if names.is_empty() {
        let start = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this("a perflib dump", Place::Whole, "an index and a name", &start));
    }
    let mut parsed = Parsed::new(());
    parsed.coverage.records = names.len() as u64;
    parsed.coverage.bad_records = pairs.bad;
    if dropped > 0 {
        parsed.note(Place::Whole, format!("{dropped} names over the limit were left out"));
    }
    Ok(parsed.map(|()| Records::PerflibNames(names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &[u8]) -> BTreeMap<u32, String> {
        match parse_records(&text, &ParseContext::default()).unwrap().value {
            Records::PerflibNames(names) => names,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn three_spellings_of_a_dump() {
        let lines = "1\r\n1847\r\n2\r\nSystem\r\n4\r\nArbeitsspeicher\r\n";
        let equals = "[PERF_007]\n1=1847\n2=System\n4=Arbeitsspeicher\n";
        let nul: Vec<u8> = "1\x001847\x002\0System\x004\0Arbeitsspeicher\0\0"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for text in [lines.as_bytes(), equals.as_bytes(), &nul] {
            let names = names(text);
            assert_eq!(names.get(&4).map(String::as_str), Some("Arbeitsspeicher"));
            assert_eq!(names.len(), 3);
        }
        assert!(parse_records(&&b"no numbers\nhere\n"[..], &ParseContext::default()).is_err());
    }

    #[test]
    fn a_dump_is_told_from_other_numbers() {
        let dump: String = (1..60).map(|n| format!("{}\r\nName {n}\r\n", n * 2)).collect();
        let numbers: String = (1..60).map(|n| format!("{}\r\n{}\r\n", n * 2, n)).collect();
        let head = |text: &str| Head::read(&text.as_bytes()).unwrap();
        assert_eq!(test(&head(&dump)), Some(Likelihood::Likely));
        assert_eq!(test(&head(&numbers)), None);
        assert_eq!(test(&head("2\nSystem\n")), None);
    }
}
