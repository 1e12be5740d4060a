//! Finds, without decoding everything, the code that refers to given addresses, and who calls whom.
//!
//! x64: every four bytes of code are tried as a pc-relative displacement. x86: as an absolute address. ARM64:
//! address pairs (`adrp` with `add` or a load) are followed register by register. A false hit costs a little
//! time and nothing else: what it leads to is decoded and judged by its values.

use crate::pe::image::{Image, Machine};

/// RVAs of code that refers to one of `wanted` (sorted RVAs): reads, writes, calls or jumps to it.
pub fn references(image: &Image<'_>, wanted: &[u32]) -> Vec<u32> {
    let mut out = Vec::new();
    let (Some(&low), Some(&high)) = (wanted.first(), wanted.last()) else { return out };
    let span = high - low;
    let is_wanted = |target: u32| wanted.binary_search(&target).is_ok();
    for section in image.sections.iter().filter(|section| section.executable) {
        let Some(code) = image.bytes_from(section.rva) else { continue };
        match image.machine {
            Machine::X64 | Machine::X86 => {
                // An immediate operand of up to four bytes may follow the displacement.
                let first = section.rva.wrapping_add(4).wrapping_sub(low);
                each_near(code, first, 1, span.saturating_add(4), |at, distance| {
                    for trailing in [0, 1, 2, 4] {
                        let target = distance.wrapping_add(trailing).wrapping_sub(4).wrapping_add(low);
                        if is_wanted(target) {
                            out.push(section.rva.wrapping_add(at as u32));
                        }
                    }
                });
                if image.machine == Machine::X86 {
                    let first = 0_u32.wrapping_sub((image.base as u32).wrapping_add(low));
                    each_near(code, first, 0, span.saturating_add(4), |at, distance| {
                        if is_wanted(distance.wrapping_sub(4).wrapping_add(low)) {
                            out.push(section.rva.wrapping_add(at as u32));
                        }
                    });
                }
                let size = section.virtual_bytes.max(section.file_bytes);
                for &target in wanted.iter().filter(|&target| target.wrapping_sub(section.rva) < size) {
                    short_jumps(code, section.rva, target, &mut out);
                }
            }
            Machine::Arm64 => arm64_references(code, section.rva, &is_wanted, &mut out),
            Machine::Other(_) => {}
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Bytes looked at together: enough for the compiler to compare many at once.
const BLOCK: usize = 64;

/// Calls `hit` for each position whose four bytes, added to `first` and to `step` for each byte passed, are at
/// most `span` after adding four.
fn each_near(code: &[u8], first: u32, step: u32, span: u32, mut hit: impl FnMut(usize, u32)) {
    let first = first.wrapping_add(4);
    let mut at = 0;
    while let Some(block) = code.get(at..at + BLOCK + 3) {
        let from = first.wrapping_add(step.wrapping_mul(at as u32));
        if block_has_hit(block, from, step, span) {
            for (offset, window) in block.windows(4).enumerate() {
                let distance = le32(window).wrapping_add(from).wrapping_add(step.wrapping_mul(offset as u32));
                if distance <= span {
                    hit(at + offset, distance);
                }
            }
        }
        at += BLOCK;
    }
    for (offset, window) in code.get(at..).unwrap_or(&[]).windows(4).enumerate() {
        let place = at + offset;
        let distance = le32(window).wrapping_add(first).wrapping_add(step.wrapping_mul(place as u32));
        if distance <= span {
            hit(place, distance);
        }
    }
}

/// Whether any of a block's positions is near: four interleaved streams of words, without a branch inside.
fn block_has_hit(block: &[u8], from: u32, step: u32, span: u32) -> bool {
    let mut any = false;
    for shift in 0..4 {
        let Some(stream) = block.get(shift..shift + BLOCK) else { continue };
        let mut offset = from.wrapping_add(step.wrapping_mul(shift as u32));
        let by = step.wrapping_mul(4);
        for word in stream.chunks_exact(4) {
            any |= le32(word).wrapping_add(offset) <= span;
            offset = offset.wrapping_add(by);
        }
    }
    any
}

/// Jumps of two bytes to a target from the code around it.
fn short_jumps(code: &[u8], rva: u32, target: u32, out: &mut Vec<u32>) {
    let middle = target.wrapping_sub(rva) as usize;
    let from = middle.saturating_sub(130);
    for (offset, pair) in code.get(from..).unwrap_or(&[]).windows(2).take(260).enumerate() {
        if let [0xeb | 0x70..=0x7f, by] = pair {
            let site = rva.wrapping_add((from + offset) as u32);
            let to = site.wrapping_add(2).wrapping_add_signed(i32::from(by.cast_signed()));
            if to == target {
                out.push(site);
            }
        }
    }
}

fn le32(window: &[u8]) -> u32 {
    match window {
        [a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

fn arm64_references(code: &[u8], rva: u32, is_wanted: &dyn Fn(u32) -> bool, out: &mut Vec<u32>) {
    let mut pages = [None::<u32>; 32];
    let mut pc = rva;
    let mut hit = |pc: u32, target: u32| {
        if is_wanted(target) {
            out.push(pc);
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
        } else if word & 0x7c00_0000 == 0x1400_0000 {
            // branch, with link or not
            let offset = (word << 6).cast_signed() >> 4;
            hit(pc, pc.wrapping_add(offset.cast_unsigned()));
        } else if word & 0x3b00_0000 == 0x1800_0000 {
            // load literal
            let offset = (((word >> 5) & 0x7_ffff) << 13).cast_signed() >> 11;
            hit(pc, pc.wrapping_add(offset.cast_unsigned()));
        }
        pc = pc.wrapping_add(4);
    }
}

/// Targets of direct calls, sorted.
pub fn call_targets(image: &Image<'_>) -> Vec<u32> {
    let mut out = Vec::new();
    for section in image.sections.iter().filter(|section| section.executable) {
        let Some(code) = image.bytes_from(section.rva) else { continue };
        match image.machine {
            Machine::X64 | Machine::X86 => {
                for at in memchr::memchr_iter(0xe8, code) {
                    if let Some(window) = code.get(at + 1..at + 5) {
                        let next = section.rva.wrapping_add((at + 5) as u32);
                        let target = next.wrapping_add(le32(window));
                        if other_code(image, target) {
                            out.push(target);
                        }
                    }
                }
            }
            Machine::Arm64 => {
                for (index, word) in code.chunks_exact(4).enumerate() {
                    let word = le32(word);
                    if word & 0xfc00_0000 == 0x9400_0000 {
                        let offset = (word << 6).cast_signed() >> 4;
                        let pc = section.rva.wrapping_add((index * 4) as u32);
                        out.push(pc.wrapping_add(offset.cast_unsigned()));
                    }
                }
            }
            Machine::Other(_) => {}
        }
    }
    out.sort_unstable();
    out.dedup();
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
/// tables (`tables`: their sorted RVAs), which are absolute addresses too.
pub fn code_pointers(image: &Image<'_>, tables: &[u32]) -> Vec<u32> {
    let mut out = Vec::new();
    let width = usize::from(image.machine.pointer());
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
pub fn jump_tables(image: &Image<'_>) -> Vec<u32> {
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
    out.dedup();
    out
}
