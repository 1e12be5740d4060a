//! Filler between functions and in front of loops.

use crate::pe::image::{Image, Machine};

/// Bytes of filler (int3, nop, zero words) at an address.
pub fn padding_at(image: &Image<'_>, rva: u32) -> Option<u32> {
    let bytes = image.bytes_from(rva)?;
    if image.machine == Machine::Arm64 {
        let word = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
        return matches!(word, 0 | 0xd503_201f | 0xd43e_0000).then_some(4);
    }
    match bytes {
        [0xcc | 0x90, ..] => Some(1),
        [0x66, 0x90, ..] => Some(2),
        [0x0f, 0x1f, 0x00, ..] => Some(3),
        [0x0f, 0x1f, 0x40, 0x00, ..] => Some(4),
        [0x0f, 0x1f, 0x44, 0x00, 0x00, ..] => Some(5),
        [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, ..] => Some(6),
        [0x0f, 0x1f, 0x80, 0, 0, 0, 0, ..] => Some(7),
        [0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, ..] => Some(8),
        [0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, ..] => Some(9),
        [0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, ..] => Some(10),
        // lea esi, [esi + 0] and the like: gcc's filler on x86.
        [0x8d, 0xb4, 0x26, 0, 0, 0, 0, ..] | [0x8d, 0xbc, 0x27, 0, 0, 0, 0, ..] => Some(7),
        [0x8d, 0xb6, 0, 0, 0, 0, ..] | [0x8d, 0xbf, 0, 0, 0, 0, ..] => Some(6),
        [0x8d, 0x74, 0x26, 0, ..] | [0x8d, 0x7c, 0x27, 0, ..] => Some(4),
        [0x8d, 0x76, 0, ..] => Some(3),
        [0x89, 0xf6, ..] | [0x8b, 0xff, 0xcc, ..] => Some(2),
        [0x2e, 0x8d, 0xb4, 0x26, 0, 0, 0, 0, ..] => Some(8),
        [0x66, 0x66, ..] => Some(1),
        [0x66, 0x2e, ..] => Some(2),
        _ => None,
    }
}
