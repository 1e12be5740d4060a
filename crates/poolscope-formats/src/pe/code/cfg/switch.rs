//! The jumps that end a switch: through a stub, and through an x86 table of absolute addresses.

use super::{Instructions, padding_at};
use crate::limits::{MAX_PE_CASE_BYTES, MAX_PE_SWITCH_CASES};
use crate::pe::code::ir::{Op, Target};
use crate::pe::image::{Image, Machine};

/// A jump to a stub that only jumps to a register is that jump: images prepared for retpolines end a switch so.
pub(super) fn by_register(image: &Image<'_>, last: Option<&mut Op>) {
    let Some(Op::Jump { target }) = last else { return };
    let Target::To(to) = *target else { return };
    if image.machine == Machine::X64
        && let Some(bytes) = image.rva_of(to).and_then(|rva| image.bytes_from(rva))
        && let [0xff, mode @ 0xe0..=0xe7, ..] | [0x41, 0xff, mode @ 0xe0..=0xe7, ..] = bytes
    {
        let high = if bytes.first() == Some(&0x41) { 8 } else { 0 };
        *target = Target::Reg((mode & 7) + high);
    }
}

/// The targets of an x86 jump table of absolute addresses. Compilers put one table right behind the other: it ends
/// at the latest where the next of all `tables` begins.
pub fn jump_table(image: &Image<'_>, table: u64, tables: &[u32]) -> Vec<u32> {
    let Some(mut at) = image.rva_of(table) else { return Vec::new() };
    let end = tables.get(tables.partition_point(|&start| start <= at)).copied().unwrap_or(u32::MAX);
    let mut out = Vec::new();
    while out.len() < MAX_PE_SWITCH_CASES && at < end {
        let target = image.pointer_at(at).and_then(|address| image.rva_of(address));
        match target {
            Some(target) if image.section_at(target).is_some_and(|s| s.executable) => out.push(target),
            _ => break,
        }
        at = at.saturating_add(u32::from(image.machine.pointer()));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Which bytes of a function's extents its decoded instructions take up: what is left can be cases of a switch.
pub(super) struct Covered {
    /// Begin of each extent, and whether each of its bytes is taken up.
    extents: Vec<(u32, Vec<bool>)>,
    /// Instructions entered so far.
    entered: usize,
    /// Nothing below this address is looked at again.
    seen_to: u32,
}

impl Covered {
    /// Nothing covered yet. Extents beyond any real function are not looked at.
    pub(super) fn of(extents: &[(u32, u32)]) -> Self {
        let mut left = MAX_PE_CASE_BYTES;
        let mut placed = Vec::new();
        for &(begin, end) in extents {
            let bytes = end.saturating_sub(begin) as usize;
            if let Some(rest) = left.checked_sub(bytes) {
                left = rest;
                placed.push((begin, vec![false; bytes]));
            }
        }
        Self { extents: placed, entered: 0, seen_to: 0 }
    }

    fn enter(&mut self, from: u32, to: u32) {
        for (begin, taken) in &mut self.extents {
            let at = |rva: u32| rva.saturating_sub(*begin) as usize;
            let end = at(to).min(taken.len());
            if let Some(bytes) = taken.get_mut(at(from)..end) {
                bytes.fill(true);
            }
        }
    }

    /// The first address of the extents that holds code nothing leads to.
    pub(super) fn first_unreached(&mut self, image: &Image<'_>, decoded: &Instructions) -> Option<u32> {
        for step in decoded.all.get(self.entered..).unwrap_or(&[]) {
            self.enter(step.rva, step.next.unwrap_or(step.rva));
        }
        self.entered = decoded.all.len();
        for (begin, taken) in &self.extents {
            let mut at = self.seen_to.saturating_sub(*begin) as usize;
            while let Some(&covered) = taken.get(at) {
                let rva = begin.saturating_add(at as u32);
                if covered {
                    at += 1;
                } else if let Some(padding) = padding_at(image, rva) {
                    at += padding as usize;
                } else if decoded.has(rva) {
                    // Bytes that are no instruction.
                    break;
                } else {
                    self.seen_to = rva;
                    return Some(rva);
                }
            }
        }
        None
    }
}
