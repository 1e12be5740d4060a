//! The texts an administrator brings, against hand-made fixtures, damage and arbitrary bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy.toml lifts them in #[test] functions only, and these are their helpers"
)]

mod debugger;

use poolscope_formats::detect::{self, Head, Kind};

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
        let found = detect::detect(&Head::read(&fixture(folder, &name)).unwrap());
        assert_eq!(found.map(|format| format.kind), Some(kind(&name)), "{folder}/{name}");
    }
}
