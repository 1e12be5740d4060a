//! Reads `.reg` files: version 5 (UTF-16), version 4 (`REGEDIT4`, code page), and text copied of either.

use std::sync::Arc;

use super::{RegistryData, RegistryExport, RegistryValue};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::{MAX_REGISTRY_DATA_BYTES, MAX_REGISTRY_VALUES};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;

/// Registry type numbers.
mod kind {
    pub(super) const SZ: u32 = 1;
    pub(super) const EXPAND_SZ: u32 = 2;
    pub(super) const BINARY: u32 = 3;
    pub(super) const DWORD: u32 = 4;
    pub(super) const MULTI_SZ: u32 = 7;
    pub(super) const QWORD: u32 = 11;
}

struct Reader {
    parsed: Parsed<RegistryExport>,
    /// The key of the last `[...]` line; `None` above the first, and below a key that is to be deleted.
    key: Option<Arc<str>>,
    /// Version 4 writes the strings inside hexadecimal data in the code page, version 5 in UTF-16.
    version: u32,
    /// A value that goes on with the next line.
    open: Option<(u64, String)>,
    known: bool,
}

/// The version of a head line.
fn version(line: &str) -> Option<u32> {
    match line.trim() {
        "Windows Registry Editor Version 5.00" => Some(5),
        "REGEDIT4" => Some(4),
        _ => None,
    }
}

impl Reader {
    fn line(&mut self, number: u64, line: &str) {
        if let Some((first, mut text)) = self.open.take() {
            text.push_str(line.trim());
            self.value(first, text);
            return;
        }
        let trimmed = line.trim();
        if let Some(version) = version(trimmed) {
            (self.version, self.known) = (version, true);
        } else if let Some(key) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            // `[-key]` deletes: it says nothing about the host.
            self.key = (!key.starts_with('-') && key.contains('\\') | key.starts_with("HKEY_"))
                .then(|| Arc::from(key));
        } else if trimmed.starts_with(['"', '@']) {
            self.value(number, trimmed.to_owned());
        } else if !trimmed.is_empty() && !trimmed.starts_with(';') {
            self.parsed
                .bad(Place::Line(number), format!("expected a key or a value, found `{}`", cut(trimmed)));
        }
    }

    /// Takes a value once its last line is there.
    fn value(&mut self, number: u64, mut text: String) {
        // Hexadecimal data goes on behind a backslash; strings cannot.
        if text.ends_with('\\') && text.contains("=hex") {
            text.pop();
            if text.len() <= 4 * MAX_REGISTRY_DATA_BYTES {
                self.open = Some((number, text));
                return;
            }
        }
        let place = Place::Line(number);
        let Some(key) = self.key.clone() else { return };
        match parse_value(&text, self.version) {
            Some((name, data)) if self.parsed.value.values.len() < MAX_REGISTRY_VALUES => {
                self.parsed.coverage.records += 1;
                self.parsed.value.values.push(RegistryValue { place, key, name, data });
            }
            Some(_) => self
                .parsed
                .bad(place, format!("more than {MAX_REGISTRY_VALUES} values, this one is left out")),
            None => self.parsed.bad(place, format!("expected a value with its data, found `{}`", cut(&text))),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The name and data of `"name"=data` or `@=data`.
fn parse_value(text: &str, version: u32) -> Option<(String, RegistryData)> {
    let (name, rest) = match text.strip_prefix('@') {
        Some(rest) => (String::new(), rest),
        None => quoted(text)?,
    };
    let data = rest.trim_start().strip_prefix('=')?.trim();
    let data = if data == "-" {
        RegistryData::Delete
    } else if data.starts_with('"') {
        let (text, rest) = quoted(data)?;
        if !rest.trim().is_empty() {
            return None;
        }
        RegistryData::Text(text)
    } else if let Some(digits) = data.strip_prefix("dword:") {
        RegistryData::Dword(u32::from_str_radix(digits.trim(), 16).ok()?)
    } else {
        let rest = data.strip_prefix("hex")?;
        let (kind, bytes) = match rest.strip_prefix('(') {
            Some(rest) => {
                let (kind, bytes) = rest.split_once("):")?;
                (u32::from_str_radix(kind, 16).ok()?, bytes)
            }
            None => (kind::BINARY, rest.strip_prefix(':')?),
        };
        typed(kind, hex_bytes(bytes)?, version)
    };
    Some((name, data))
}

/// A string in quotes with its escapes, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let rest = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, rest.get(at + 1..)?)),
            '\\' => out.push(chars.next()?.1),
            c => out.push(c),
        }
    }
    None
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    let bytes = text.trim_end_matches(',').split(',').map(|pair| u8::from_str_radix(pair.trim(), 16).ok());
    bytes.take(MAX_REGISTRY_DATA_BYTES).collect()
}

fn typed(kind: u32, bytes: Vec<u8>, version: u32) -> RegistryData {
    match (kind, bytes.as_slice()) {
        (kind::DWORD, &[a, b, c, d]) => RegistryData::Dword(u32::from_le_bytes([a, b, c, d])),
        (kind::QWORD, &[a, b, c, d, e, f, g, h]) => {
            RegistryData::Qword(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
        }
        (kind::SZ | kind::EXPAND_SZ, _) => {
            RegistryData::Text(strings(&bytes, version).into_iter().next().unwrap_or_default())
        }
        (kind::MULTI_SZ, _) => RegistryData::Texts(strings(&bytes, version)),
        _ => RegistryData::Bytes { kind, bytes },
    }
}

/// Strings that each end with a zero; the empty one that ends a list is dropped.
fn strings(bytes: &[u8], version: u32) -> Vec<String> {
    let text = if version == 4 {
        encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
    } else {
        let units: Vec<u16> =
            bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    text.split('\0').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Reads a registry export.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without the head line of version 4 or 5; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<RegistryExport>, FormatError> {
    let mut reader = Reader {
        parsed: Parsed::new(RegistryExport::default()),
        key: None,
        version: 5,
        open: None,
        known: false,
    };
    let head = Head::read(input)?;
    if test(&head).is_none() {
        let bytes = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a registry export",
            Place::Whole,
            "`Windows Registry Editor Version 5.00` or `REGEDIT4`",
            &bytes,
        ));
    }
    drop(head);
    for_each_line(input, |number, line| {
        // Lines above the head are a paste's own.
        if reader.known || version(line).is_some() {
            reader.line(number, line);
        }
        Ok(())
    })?;
    if let Some((first, _)) = reader.open.take() {
        reader.parsed.bad(Place::Line(first), "the file ends inside this value");
    }
    Ok(reader.parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Registry))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    head.lines().take(20).find_map(version).map(|_| Likelihood::Certain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_type() {
        for (text, name, data) in [
            (r#""NonPagedPoolSize"=dword:ffffffff"#, "NonPagedPoolSize", RegistryData::Dword(0xffff_ffff)),
            (r#"@="a \"b\" c:\\d""#, "", RegistryData::Text("a \"b\" c:\\d".to_owned())),
            (r#""a=b"=-"#, "a=b", RegistryData::Delete),
            (r#""q"=hex(b):01,00,00,00,02,00,00,00"#, "q", RegistryData::Qword(0x2_0000_0001)),
            (
                r#""m"=hex(7):61,00,00,00,62,00,63,00,00,00,00,00"#,
                "m",
                RegistryData::Texts(vec!["a".to_owned(), "bc".to_owned()]),
            ),
            (r#""e"=hex(2):25,00,41,00,25,00,00,00"#, "e", RegistryData::Text("%A%".to_owned())),
            (r#""b"=hex:01,ff"#, "b", RegistryData::Bytes { kind: 3, bytes: vec![1, 0xff] }),
            (r#""n"=hex(0):"#, "n", RegistryData::Bytes { kind: 0, bytes: Vec::new() }),
            (r#""d"=hex(4):01,02"#, "d", RegistryData::Bytes { kind: 4, bytes: vec![1, 2] }),
        ] {
            assert_eq!(parse_value(text, 5), Some((name.to_owned(), data)), "{text}");
        }
        for bad in [
            r#""x"#,
            r#""x"="#,
            r#""x"=dword:"#,
            r#""x"=dword:123456789"#,
            r#""x"=hex:1g"#,
            r#""x"=hexa"#,
            r#""x"="y" z"#,
        ] {
            assert_eq!(parse_value(bad, 5), None, "{bad}");
        }
    }
}
