//! Four-character constants in code, without following them: the weaker evidence.
//!
//! Used only where a call of an allocator has a tag that could not be followed. Looks for the forms by which
//! compilers put a constant into an argument; compares, stores into objects and strings are not among them.

use std::collections::BTreeMap;

use super::image::{Image, Machine};
use super::plausible::is_plausible;
use crate::limits::MAX_PE_IMMEDIATES;
use crate::tag::Tag;

/// Wanted constants that are moved into an argument, with the RVA where each is first (the first
/// [`MAX_PE_IMMEDIATES`] of them).
pub(super) fn in_arguments(image: &Image<'_>, wanted: &dyn Fn(Tag) -> bool) -> Vec<(Tag, u32)> {
    let mut out = Vec::new();
    for section in image.sections.iter().filter(|section| section.executable) {
        let Some(code) = image.bytes_from(section.rva) else { continue };
        match image.machine {
            Machine::X64 => {
                // mov r8d / r9d / edx / ecx, imm32; mov dword [rsp + n], imm32
                each(
                    code,
                    6,
                    |window| match window {
                        [0x41, 0xb8 | 0xb9, a, b, c, d] => Some([*a, *b, *c, *d]),
                        [0xba | 0xb9, a, b, c, d, _] => Some([*a, *b, *c, *d]),
                        _ => None,
                    },
                    section.rva,
                    &mut out,
                );
                each(code, 8, stack_store, section.rva, &mut out);
            }
            Machine::X86 => {
                // push imm32; mov dword [esp + n], imm32
                each(
                    code,
                    6,
                    |window| match window {
                        [0x68, a, b, c, d, _] => Some([*a, *b, *c, *d]),
                        _ => None,
                    },
                    section.rva,
                    &mut out,
                );
                each(code, 8, stack_store, section.rva, &mut out);
            }
            Machine::Arm64 => arm64(image, code, section.rva, &mut out),
            Machine::Other(_) => {}
        }
    }
    // An address in a 32-bit image can happen to spell a tag.
    let is_address = |tag: Tag| {
        image.machine == Machine::X86 && image.rva_of(u64::from(u32::from_le_bytes(tag.0))).is_some()
    };
    let mut once: BTreeMap<Tag, u32> = BTreeMap::new();
    for (tag, rva) in out.into_iter().filter(|&(tag, _)| wanted(tag) && !is_address(tag)) {
        once.entry(tag).or_insert(rva);
    }
    once.into_iter().take(MAX_PE_IMMEDIATES).collect()
}

fn stack_store(window: &[u8]) -> Option<[u8; 4]> {
    match window {
        [0xc7, 0x44, 0x24, _, a, b, c, d] => Some([*a, *b, *c, *d]),
        _ => None,
    }
}

fn each(
    code: &[u8],
    width: usize,
    take: impl Fn(&[u8]) -> Option<[u8; 4]>,
    rva: u32,
    out: &mut Vec<(Tag, u32)>,
) {
    for (at, window) in code.windows(width).enumerate() {
        if let Some(bytes) = take(window)
            && is_tag_like(bytes)
        {
            out.push((Tag(bytes).without_protected_bit(), rva.wrapping_add(at as u32)));
        }
    }
}

/// Four printable characters, three of them letters or digits.
fn is_tag_like([a, b, c, d]: [u8; 4]) -> bool {
    let bytes = [a, b, c, d & 0x7f];
    is_plausible(u32::from_le_bytes(bytes))
        && bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() >= 3
}

/// `ldr wN, literal` and `movz` + `movk` pairs into argument registers.
fn arm64(image: &Image<'_>, code: &[u8], rva: u32, out: &mut Vec<(Tag, u32)>) {
    let mut low = [None::<u32>; 8];
    for (index, word) in code.chunks_exact(4).enumerate() {
        let word = word.try_into().map_or(0, u32::from_le_bytes);
        let pc = rva.wrapping_add((index * 4) as u32);
        let rd = (word & 31) as usize;
        let half = (word >> 5) & 0xffff;
        let found = if word & 0xff00_0000 == 0x1800_0000 && rd < 8 {
            let offset = (((word >> 5) & 0x7_ffff) << 13).cast_signed() >> 11;
            image.u32_at(pc.wrapping_add(offset.cast_unsigned()))
        } else if word & 0xffe0_0000 == 0x5280_0000 {
            if let Some(slot) = low.get_mut(rd) {
                *slot = Some(half);
            }
            None
        } else if word & 0xffe0_0000 == 0x72a0_0000 {
            low.get_mut(rd).and_then(Option::take).map(|low| low | (half << 16))
        } else {
            None
        };
        if let Some(bytes) = found.map(u32::to_le_bytes)
            && is_tag_like(bytes)
        {
            out.push((Tag(bytes).without_protected_bit(), pc));
        }
    }
}
