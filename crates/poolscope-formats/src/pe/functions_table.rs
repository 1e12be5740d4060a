//! The exception directory (`.pdata`): where each function begins and ends.
//!
//! x64 entries are `{begin, end, unwind info}`; a chained entry is a part of the function named by its chain and
//! is folded into that function's list as an extent of its own. ARM64 entries are `{begin, packed or xdata}`.
//! Unwind codes are not read. Source: Microsoft's public "PE Format", "x64 exception handling" and "ARM64
//! exception handling" pages.

use object::pe;

use super::image::{Image, Machine};
use crate::limits::MAX_PE_FUNCTIONS;
use crate::parsed::Place;

/// Begin and end of a function, as RVAs.
type Extent = (u32, u32);

/// Function extents `[begin, end)` sorted by begin, and what was damaged.
pub(super) fn read(image: &Image<'_>) -> (Vec<Extent>, Vec<(Place, String)>) {
    let mut damage = Vec::new();
    let Some((rva, size)) = image.directory(pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION) else {
        return (Vec::new(), damage);
    };
    let entry_bytes = match image.machine {
        Machine::X64 => 12,
        Machine::Arm64 => 8,
        Machine::X86 | Machine::Other(_) => return (Vec::new(), damage),
    };
    let Some(bytes) = image.bytes_from(rva) else {
        damage.push((Place::Whole, format!("function table at RVA {rva:#x} is not in the file")));
        return (Vec::new(), damage);
    };
    let bytes = bytes.get(..size as usize).unwrap_or(bytes);
    let mut functions = Vec::new();
    let mut bad = 0_u64;
    for entry in bytes.chunks_exact(entry_bytes).take(MAX_PE_FUNCTIONS) {
        let word =
            |at: usize| entry.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
        let (begin, second) = (word(0), word(4));
        if begin == 0 {
            continue;
        }
        let end = if image.machine == Machine::X64 { Some(second) } else { arm64_end(image, begin, second) };
        match end {
            Some(end) if end > begin && image.section_at(begin).is_some_and(|s| s.executable) => {
                functions.push((begin, end));
            }
            _ => bad += 1,
        }
    }
    if bad > 0 {
        damage.push((Place::Whole, format!("{bad} entries of the function table name no code; left out")));
    }
    functions.sort_unstable();
    functions.dedup_by_key(|function| function.0);
    (functions, damage)
}

/// An ARM64 entry's end: the length is packed into the entry, or stands in the first word of its xdata; both
/// count instructions of four bytes.
fn arm64_end(image: &Image<'_>, begin: u32, second: u32) -> Option<u32> {
    let instructions = if second & 3 == 0 { image.u32_at(second)? & 0x3_ffff } else { (second >> 2) & 0x7ff };
    begin.checked_add(instructions.checked_mul(4)?)
}
