//! pooltag.txt with every oddity of real files, precedence of wildcards, detection.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests stand outside #[test] functions

use poolscope_formats::pooltag::{PooltagFile, parse};
use poolscope_formats::{Head, Kind, ParseContext, Parsed, Tag, detect::detect};
use poolscope_testkit::pooltag::{Entry, file};
use proptest::prelude::*;

fn read(text: &str) -> Parsed<PooltagFile> {
    parse(&text.as_bytes(), &ParseContext::default()).unwrap()
}

fn kind_of(text: &str) -> Option<Kind> {
    detect(&Head::read(&text.as_bytes()).unwrap()).map(|format| format.kind)
}

fn found(file: &PooltagFile, tag: &[u8; 4]) -> Vec<(String, Option<String>)> {
    file.lookup(Tag(*tag)).map(|e| (e.pattern.to_string(), e.binary.as_deref().map(str::to_owned))).collect()
}

fn entry<'a>(tag: &'a str, binary: &'a str, text: &'a str) -> Entry<'a> {
    Entry { tag, binary, text }
}

#[test]
fn fields_padding_and_unknown_binaries() {
    let text = file(&[
        entry("Even", "<unknown>", "Event objects"),
        entry("@MP", "ntfs.sys", "short tag - padded in memory"),
        entry("8042", "i8042prt.sys", "starts with a digit"),
        entry("smNp", "nt!store or rdyboost.sys", "two owners"),
        entry("_abc", "ms-net.sys", "a binary with a dash"),
    ]);
    assert_eq!(kind_of(&text), Some(Kind::Pooltag));
    let parsed = read(&text);
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records, parsed.notes.len()), (5, 0, 0));
    let file = parsed.value;
    assert_eq!(found(&file, b"Even"), [("Even".to_owned(), None)]);
    assert_eq!(file.lookup(Tag(*b"Even")).next().unwrap().description.as_ref(), "Event objects");
    assert_eq!(found(&file, b"@MP "), [("@MP".to_owned(), Some("ntfs.sys".to_owned()))]);
    assert_eq!(file.entries()[1].description.as_ref(), "short tag - padded in memory");
    assert_eq!(found(&file, b"smNp")[0].1.as_deref(), Some("nt!store or rdyboost.sys"));
    assert_eq!(found(&file, b"_abc")[0].1.as_deref(), Some("ms-net.sys"));
    assert_eq!(file.entries()[0].line, 5);
    assert!(found(&file, b"even").is_empty(), "tags are case-sensitive");
}

#[test]
fn exact_before_wildcards_and_the_most_literal_wildcard_first() {
    let text = file(&[
        entry("*", "any.sys", "everything"),
        entry("A*", "a.sys", "one letter"),
        entry("Af*", "af.sys", "two letters"),
        entry("A???", "aq.sys", "one letter, four long"),
        entry("Gh ?", "gh.sys", "a blank inside"),
        entry("Afd?", "afd.sys", "three letters"),
        entry("AfdX", "afd.sys", "context"),
        entry("AfdX", "other.sys", "a second opinion"),
    ]);
    let parsed = read(&text);
    let names = |tag| found(&parsed.value, tag).into_iter().map(|(pattern, _)| pattern).collect::<Vec<_>>();
    assert_eq!(names(b"AfdX"), ["AfdX", "AfdX", "Afd?", "Af*", "A*", "A???", "*"]);
    assert_eq!(names(b"Gh 7"), ["Gh ?", "*"]);
    assert_eq!(names(b"Zzzz"), ["*"]);
    assert_eq!(found(&parsed.value, b"AfdX")[1].1.as_deref(), Some("other.sys"));
    assert!(parsed.notes.iter().any(|note| note.text.starts_with("1 tags stand more than once")));
}

#[test]
fn odd_lines_are_counted_and_the_rest_is_read() {
    let text = "rem\nREM upper\n//x\n\nAbcd - abc.sys - first\n\
                ATmp - AppTag mount point\n\
                EtwO - nt!etw         Etw memory partition MDL\n\
                \x20      <unknown>\n\
                QUIC Allocation tags are Qc00 through QcFF\n\
                Toolong - x.sys - five letters or more\n\
                Efgh - efg.sys - last\n\x1a";
    let parsed = read(text);
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (4, 3));
    let file = &parsed.value;
    assert_eq!(found(file, b"ATmp"), [("ATmp".to_owned(), None)]);
    assert_eq!(found(file, b"EtwO")[0].1.as_deref(), Some("nt!etw"));
    assert_eq!(file.entries()[2].description.as_ref(), "Etw memory partition MDL");
    assert_eq!(found(file, b"Efgh").len(), 1);
    assert_eq!(parsed.notes.len(), 5);
}

#[test]
fn other_texts_are_not_pooltag() {
    for text in [
        "",
        "hello\n",
        "a list:\n- one - two - three\n",
        "The fix - a restart - did not help\nThe other - a patch - did\n",
        " Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc\n Abcd Nonp 1 0 1 16 16\n",
        "C:\\Windows\\System32\\drivers\\abc.sys\n",
    ] {
        assert_ne!(kind_of(text), Some(Kind::Pooltag), "{text}");
    }
    assert!(parse(&&b"no entry here\n"[..], &ParseContext::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1_000), text in "[ -~\n\u{1a}é]{0,300}") {
        if let Ok(parsed) = parse(&bytes, &ParseContext::default()) {
            let _ = parsed.value.lookup(Tag(*b"Even")).count();
        }
        if let Ok(parsed) = parse(&text.as_bytes(), &ParseContext::default()) {
            let _ = parsed.value.lookup(Tag(*b"Even")).count();
        }
    }

    #[test]
    fn written_entries_are_found(tags in proptest::collection::vec("[A-Za-z0-9@_]{1,4}", 1..40)) {
        let entries: Vec<Entry<'_>> = tags.iter().map(|tag| entry(tag, "nt!mm", "what it is for")).collect();
        let entries: Vec<Entry<'_>> = entries.into_iter().filter(|e| !e.tag.eq_ignore_ascii_case("rem")).collect();
        prop_assume!(!entries.is_empty());
        let parsed = read(&file(&entries));
        prop_assert_eq!(parsed.coverage.records as usize, entries.len());
        for entry in &entries {
            let tag = Tag::from_text(entry.tag.as_bytes()).unwrap();
            prop_assert!(parsed.value.lookup(tag).all(|e| e.pattern.as_ref() == entry.tag));
            prop_assert!(parsed.value.lookup(tag).count() >= 1);
        }
    }
}
