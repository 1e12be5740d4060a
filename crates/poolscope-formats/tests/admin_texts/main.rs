//! The texts an administrator brings, against hand-made fixtures, damage and arbitrary bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy.toml lifts them in #[test] functions only, and these are their helpers"
)]

mod debugger;
mod inventory;
mod processes;
mod rammap;
mod registry;
mod strangers;
mod verifier;
mod xperf_text;

use poolscope_formats::ParseContext;
use poolscope_formats::detect::{FORMATS, Head, Kind};
use proptest::prelude::*;

/// The bytes of `tests/fixtures/<folder>/<name>`.
fn fixture(folder: &str, name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// UTF-16LE with its byte-order mark, as PowerShell's `>` and regedit write.
fn as_utf16(text: &str) -> Vec<u8> {
    let mut wide = vec![0xff, 0xfe];
    wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    wide
}

/// Every fixture of a folder is recognised as the kind its name calls for.
fn assert_kinds(folder: &str, kind: impl Fn(&str) -> Kind) {
    let path = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".md"))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{path} holds no fixtures");
    for name in names {
        let found = poolscope_formats::detect::detect(&Head::read(&fixture(folder, &name)).unwrap());
        assert_eq!(found.map(|format| format.kind), Some(kind(&name)), "{folder}/{name}");
    }
}

/// The bytes with one changed and a run behind it dropped.
fn damaged(mut bytes: Vec<u8>, at: usize, with: u8, drop: usize) -> Vec<u8> {
    let at = at % bytes.len();
    bytes[at] = with;
    let end = (at + drop).min(bytes.len());
    bytes.drain(at..end);
    bytes
}

/// Gives the bytes to every format's test and parser; none may panic, whatever they say.
fn read_as_anything(bytes: &[u8]) {
    let head = Head::read(&bytes).unwrap();
    for format in FORMATS {
        let _ = (format.test)(&head);
        let _ = (format.parse)(&bytes, &ParseContext::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1_000)) {
        read_as_anything(&bytes);
    }

    #[test]
    fn arbitrary_lines_never_panic(text in "([ -~\t\n]|\n[A-Z_]+ ?: ?|---- |==== |0x|: )*") {
        read_as_anything(text.as_bytes());
    }
}
