//! Pool tags and pool kinds as Windows keeps them.

use std::fmt;

/// A pool tag: four bytes in memory order (the order `poolmon` shows), case-sensitive, blanks included.
///
/// A tag becomes text only when it is rendered: [`Tag`]'s `Display` writes printable ASCII as it is, a
/// trailing blank as `·` (so that `Icp ` and `Icp` can be told apart), and any other byte as `\xNN`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub [u8; 4]);

impl Tag {
    /// Pads a shorter text with blanks on the right, as the kernel does; `None` over four bytes or if empty.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > 4 {
            return None;
        }
        let mut bytes = [b' '; 4];
        bytes[..text.len()].copy_from_slice(text);
        Some(Self(bytes))
    }

    /// Clears the PROTECTED_POOL bit (bit 31 of the tag's value), which old kernels set on object tags.
    pub fn without_protected_bit(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([a, b, c, d & 0x7f])
    }

    /// Reads what a person typed or what [`fmt::Display`] wrote: `·` is a blank and `\xNN` a byte.
    pub fn parse_typed(typed: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(4);
        let mut rest = typed;
        while let Some(next) = rest.chars().next() {
            let hex = rest.strip_prefix("\\x").and_then(|tail| tail.get(..2));
            if let Some(value) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                bytes.push(value);
                rest = rest.get(4..).unwrap_or("");
                continue;
            }
            match next {
                '·' => bytes.push(b' '),
                c if c.is_ascii() => bytes.push(c as u8),
                _ => return None,
            }
            rest = &rest[next.len_utf8()..];
        }
        Self::from_text(&bytes)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.0.iter().rposition(|&b| b != b' ').map_or(0, |last| last + 1);
        for (at, &byte) in self.0.iter().enumerate() {
            match byte {
                b' ' if at >= kept => f.write_str("·")?,
                b'\\' => f.write_str("\\x5c")?,
                0x20..=0x7e => write!(f, "{}", char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// Which pool an allocation lives in. Session pool counts as paged, as `poolmon` shows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pool {
    /// Memory that is never paged out.
    Nonpaged,
    /// Memory that may be paged out.
    Paged,
}

impl Pool {
    /// The name used in reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nonpaged => "nonpaged",
            Self::Paged => "paged",
        }
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_keeps_blanks_apart_and_escapes_bytes() {
        for (bytes, shown) in [
            (*b"Even", "Even"),
            (*b"Icp ", "Icp·"),
            (*b"Dh 1", "Dh 1"),
            ([1, b'a', b'b', b'c'], "\\x01abc"),
            (*b"Io  ", "Io··"),
            (*b"a\\b ", "a\\x5cb·"),
        ] {
            assert_eq!(Tag(bytes).to_string(), shown);
            assert_eq!(Tag::parse_typed(shown), Some(Tag(bytes)), "{shown}");
        }
        assert_eq!(Tag::parse_typed("toolong"), None);
        assert_eq!(Tag::parse_typed(""), None);
    }

    #[test]
    fn protected_bit_is_masked() {
        assert_eq!(Tag([b'E', b'v', b'e', 0xee]).without_protected_bit(), Tag(*b"Even"));
    }
}
