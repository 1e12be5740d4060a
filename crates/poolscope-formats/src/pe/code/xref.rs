//! Finds, without decoding everything, the code that refers to given addresses, and who calls whom.
//!
//! x64: every four bytes of code are tried as a pc-relative displacement. x86: as an absolute address. ARM64:
//! address pairs (`adrp` with `add` or a load) are followed register by register. A false hit costs a little
//! time and nothing else: what it leads to is decoded and judged by its values.

use crate::pe::image::{Image, Machine};

/// RVAs of code that refers to one of `wanted` (sorted RVAs), with what it refers to.
pub fn references(image: &Image<'_>, wanted: &[u32]) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    let (Some(&low), Some(&high)) = (wanted.first(), wanted.last()) else { return out };
    let span = high - low;
    for section in image.sections.iter().filter(|section| section.executable) {
        let Some(code) = image.bytes_from(section.rva) else { continue };
        match image.machine {
            Machine::X64 => {
                let mut next = section.rva.wrapping_add(4).wrapping_sub(low);
                for window in code.windows(4) {
                    let displacement = le32(window);
                    let distance = next.wrapping_add(displacement);
                    // An immediate operand may follow the displacement: up to four bytes.
                    if distance.wrapping_add(4) <= span.wrapping_add(4) {
                        for trailing in [0, 1, 2, 4] {
                            let target = distance.wrapping_add(trailing).wrapping_add(low);
                            if wanted.binary_search(&target).is_ok() {
                                out.push((next.wrapping_add(low).wrapping_sub(4), target));
                            }
                        }
                    }
                    next = next.wrapping_add(1);
                }
            }
            Machine::X86 => {
                let base = (image.base as u32).wrapping_add(low);
                for (at, window) in code.windows(4).enumerate() {
                    let distance = le32(window).wrapping_sub(base);
                    if distance <= span {
                        let target = distance.wrapping_add(low);
                        if wanted.binary_search(&target).is_ok() {
                            out.push((section.rva.wrapping_add(at as u32), target));
                        }
                    }
                }
            }
            Machine::Arm64 => arm64_references(code, section.rva, wanted, &mut out),
            Machine::Other(_) => {}
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

fn le32(window: &[u8]) -> u32 {
    match window {
        [a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

fn arm64_references(code: &[u8], rva: u32, wanted: &[u32], out: &mut Vec<(u32, u32)>) {
    let mut pages = [None::<u32>; 32];
    let mut pc = rva;
    let mut hit = |pc: u32, target: u32| {
        if wanted.binary_search(&target).is_ok() {
            out.push((pc, target));
        }
    };
    for word in code.chunks_exact(4) {
        let word = le32(word);
        let rd = (word & 31) as usize;
        let rn = ((word >> 5) & 31) as usize;
        let imm12 = (word >> 10) & 0xfff;
        if word & 0x1f00_0000 == 0x1000_0000 {
            let offset = ((word >> 5) & 0x7_ffff) << 2 | ((word >> 29) & 3);
            let offset = ((offset << 11).cast_signed() >> 11).cast_unsigned();
            if word >> 31 == 1 {
                let page = (pc & !0xfff).wrapping_add(offset << 12);
                hit(pc, page);
                if let Some(slot) = pages.get_mut(rd) {
                    *slot = Some(page);
                }
            } else {
                hit(pc, pc.wrapping_add(offset));
            }
        } else if word & 0x7fc0_0000 == 0x1100_0000 {
            // add (immediate)
            if let Some(page) = pages.get(rn).copied().flatten() {
                let target = page.wrapping_add(imm12);
                hit(pc, target);
                if rd != rn
                    && let Some(slot) = pages.get_mut(rd)
                {
                    *slot = None;
                }
            }
        } else if word & 0x3b00_0000 == 0x3900_0000 {
            // load or store, unsigned offset
            if let Some(page) = pages.get(rn).copied().flatten() {
                let scale = if word & 0x0480_0000 == 0x0480_0000 { 4 } else { word >> 30 };
                hit(pc, page.wrapping_add(imm12 << scale));
            }
        } else if word & 0x3b00_0000 == 0x1800_0000 {
            // load literal
            let offset = (((word >> 5) & 0x7_ffff) << 13).cast_signed() >> 11;
            hit(pc, pc.wrapping_add(offset.cast_unsigned()));
        }
        pc = pc.wrapping_add(4);
    }
}

/// A direct call or jump.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Transfer {
    /// RVA it goes to.
    pub target: u32,
    /// RVA it stands at.
    pub site: u32,
    /// A call, not a jump.
    pub call: bool,
}

/// Direct calls and jumps, sorted by target.
pub fn transfers(image: &Image<'_>) -> Vec<Transfer> {
    let mut out = Vec::new();
    for section in image.sections.iter().filter(|section| section.executable) {
        let Some(code) = image.bytes_from(section.rva) else { continue };
        let size = section.virtual_bytes.max(section.file_bytes);
        let inside = |target: u32| target.wrapping_sub(section.rva) < size;
        match image.machine {
            Machine::X64 | Machine::X86 => {
                let far = |at: usize, skip: usize| {
                    let window = code.get(at + skip..at + skip + 4)?;
                    let next = section.rva.wrapping_add((at + skip + 4) as u32);
                    Some(next.wrapping_add(le32(window)))
                };
                let mut add = |at: usize, target: Option<u32>| {
                    if let Some(target) = target.filter(|&target| inside(target) || other_code(image, target))
                    {
                        let call = code.get(at) == Some(&0xe8);
                        out.push(Transfer { target, site: section.rva.wrapping_add(at as u32), call });
                    }
                };
                for at in memchr::memchr2_iter(0xe8, 0xe9, code) {
                    add(at, far(at, 1));
                }
                for at in memchr::memchr_iter(0x0f, code) {
                    if code.get(at + 1).is_some_and(|byte| byte & 0xf0 == 0x80) {
                        add(at, far(at, 2));
                    }
                }
            }
            Machine::Arm64 => {
                for (index, word) in code.chunks_exact(4).enumerate() {
                    let word = le32(word);
                    let pc = section.rva.wrapping_add((index * 4) as u32);
                    if word & 0x7c00_0000 == 0x1400_0000 {
                        let offset = (word << 6).cast_signed() >> 4;
                        let target = pc.wrapping_add(offset.cast_unsigned());
                        out.push(Transfer { target, site: pc, call: word >> 31 == 1 });
                    }
                }
            }
            Machine::Other(_) => {}
        }
    }
    out.sort_unstable();
    out
}

fn other_code(image: &Image<'_>, rva: u32) -> bool {
    rva != 0 && image.section_at(rva).is_some_and(|section| section.executable)
}

/// RVAs of pointer-sized words outside the code that hold one of `wanted` (sorted RVAs), with what they hold.
pub fn pointers_to(image: &Image<'_>, wanted: &[u32]) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    let (Some(&low), Some(&high)) = (wanted.first(), wanted.last()) else { return out };
    let width = usize::from(image.machine.pointer());
    let low_address = image.base.wrapping_add(u64::from(low));
    for section in image.sections.iter().filter(|section| !section.executable) {
        let Some(data) = image.bytes_from(section.rva) else { continue };
        for (index, word) in data.chunks_exact(width).enumerate() {
            let value = match word {
                [a, b, c, d] => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
                word => word.try_into().map_or(0, u64::from_le_bytes),
            };
            if value.wrapping_sub(low_address) <= u64::from(high - low) {
                let target = (value.wrapping_sub(image.base)) as u32;
                if wanted.binary_search(&target).is_ok() {
                    out.push((section.rva.wrapping_add((index * width) as u32), target));
                }
            }
        }
    }
    out
}

/// RVAs of code that words outside the code point to: callbacks, function tables, but not the cases of x86 jump
/// tables, which are absolute addresses too.
pub fn code_pointers(image: &Image<'_>) -> Vec<u32> {
    let mut out = Vec::new();
    let width = usize::from(image.machine.pointer());
    let tables = if image.machine == Machine::X86 { jump_tables(image) } else { Vec::new() };
    for section in image.sections.iter().filter(|section| !section.executable) {
        let Some(data) = image.bytes_from(section.rva) else { continue };
        let mut in_table = false;
        for (index, word) in data.chunks_exact(width).enumerate() {
            let value = match word {
                [a, b, c, d] => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
                word => word.try_into().map_or(0, u64::from_le_bytes),
            };
            let slot = section.rva.wrapping_add((index * width) as u32);
            let code = image.rva_of(value).filter(|&rva| other_code(image, rva));
            in_table = code.is_some() && (in_table || tables.binary_search(&slot).is_ok());
            if !in_table {
                out.extend(code);
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// RVAs of the tables of `jmp [table + register * 4]` and `mov register, [table + register * 4]`.
fn jump_tables(image: &Image<'_>) -> Vec<u32> {
    let mut out = Vec::new();
    for section in image.sections.iter().filter(|section| section.executable) {
        let Some(code) = image.bytes_from(section.rva) else { continue };
        for at in memchr::memchr2_iter(0xff, 0x8b, code) {
            if let Some([first, mode, sib, table @ ..]) = code.get(at..at + 7)
                && sib & 0xc7 == 0x85
                && (*mode == 0x24 || *first == 0x8b && mode & 0xc7 == 0x04)
            {
                out.extend(image.rva_of(u64::from(le32(table))));
            }
        }
    }
    out.sort_unstable();
    out
}
