//! Which numbers can be pool tags.

use crate::tag::Tag;

/// The tag of a number passed to an allocator, without the PROTECTED_POOL bit; `None` when it is no text that a
/// programmer would choose: at least two printable characters, then perhaps zeros (`'abc'` is three).
pub(crate) fn passed_tag(value: u32) -> Option<Tag> {
    let tag = Tag(value.to_le_bytes()).without_protected_bit();
    let text = tag.0.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let printable = tag.0.iter().take(text).all(|byte| (0x20..=0x7e).contains(byte));
    (text >= 2 && printable && tag.0.iter().any(u8::is_ascii_alphanumeric)).then_some(tag)
}

/// True for four printable characters with a letter among them: what stands in a table of tags.
pub(crate) fn is_plausible(value: u32) -> bool {
    let bytes = value.to_le_bytes();
    bytes.iter().all(|byte| (0x20..=0x7e).contains(byte)) && bytes.iter().any(u8::is_ascii_alphabetic)
}
