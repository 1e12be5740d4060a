//! The exception directory (`.pdata`): where each function begins and ends.
//!
//! x64 entries are `{begin, end, unwind info}`; a chained entry is a part of the function named by its chain, with
//! an extent of its own. ARM64 entries are `{begin, packed or xdata}`.
//! Unwind codes are not read. Source: Microsoft's public "PE Format", "x64 exception handling" and "ARM64
//! exception handling" pages.

use object::pe;

use super::image::{Image, Machine};
use crate::limits::MAX_PE_FUNCTIONS;
use crate::parsed::Place;

/// Begin and end of a function, as RVAs.
type Extent = (u32, u32);

/// `UNW_FLAG_CHAININFO`: the entry is a part of another one.
const CHAINED: u8 = 4;
/// Longest chain followed.
const MAX_CHAIN: usize = 16;

/// What the table says.
#[derive(Debug, Default)]
pub(super) struct FunctionTable {
    /// Extents `[begin, end)` sorted by begin.
    pub extents: Vec<Extent>,
    /// Begin of each chained part and of the function it belongs to, sorted.
    pub parts: Vec<(u32, u32)>,
    /// What was damaged.
    pub damage: Vec<(Place, String)>,
}

/// Reads the table.
pub(super) fn read(image: &Image<'_>) -> FunctionTable {
    let mut table = FunctionTable::default();
    let Some((rva, size)) = image.directory(pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION) else {
        return table;
    };
    let entry_bytes = match image.machine {
        Machine::X64 => 12,
        Machine::Arm64 => 8,
        Machine::X86 | Machine::Other(_) => return table,
    };
    let Some(bytes) = image.bytes_from(rva) else {
        table.damage.push((Place::Whole, format!("function table at RVA {rva:#x} is not in the file")));
        return table;
    };
    let bytes = bytes.get(..size as usize).unwrap_or(bytes);
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
                table.extents.push((begin, end));
                let owner = if image.machine == Machine::X64 { chained_to(image, word(8)) } else { None };
                table.parts.extend(owner.filter(|&owner| owner != begin).map(|owner| (begin, owner)));
            }
            _ => bad += 1,
        }
    }
    if bad > 0 {
        let text = format!("{bad} entries of the function table name no code; left out");
        table.damage.push((Place::Whole, text));
    }
    table.extents.sort_unstable();
    table.extents.dedup_by_key(|function| function.0);
    table.parts.sort_unstable();
    table.parts.dedup_by_key(|part| part.0);
    // A part names a function that is there.
    let extents = &table.extents;
    table.parts.retain(|part| extents.binary_search_by_key(&part.1, |extent| extent.0).is_ok());
    table
}

/// The begin of the function that an entry with this unwind information is a part of; `None` for a function.
fn chained_to(image: &Image<'_>, unwind: u32) -> Option<u32> {
    let (mut unwind, mut owner) = (unwind, None);
    for _ in 0..MAX_CHAIN {
        let parent = if unwind & 1 == 1 {
            unwind & !1
        } else {
            let [version_and_flags, _, codes, ..] = image.bytes_at(unwind, 4)?;
            if (version_and_flags >> 3) & CHAINED == 0 {
                return owner;
            }
            // The codes are padded to an even count; the parent's entry follows them.
            unwind.checked_add(4 + 2 * u32::from(codes).next_multiple_of(2))?
        };
        owner = Some(image.u32_at(parent)?);
        unwind = image.u32_at(parent.checked_add(8)?)?;
    }
    None
}

/// An ARM64 entry's end: the length is packed into the entry, or stands in the first word of its xdata; both
/// count instructions of four bytes.
fn arm64_end(image: &Image<'_>, begin: u32, second: u32) -> Option<u32> {
    let instructions = if second & 3 == 0 { image.u32_at(second)? & 0x3_ffff } else { (second >> 2) & 0x7ff };
    begin.checked_add(instructions.checked_mul(4)?)
}
