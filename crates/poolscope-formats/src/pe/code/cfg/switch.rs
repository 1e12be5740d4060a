//! The jumps that end a switch: through a stub, and through an x86 table of absolute addresses.

use crate::limits::MAX_PE_SWITCH_CASES;
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
pub(super) fn jump_table(image: &Image<'_>, table: u64, tables: &[u32]) -> Vec<u32> {
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
