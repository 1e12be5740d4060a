//! The debug directory: which PDB belongs to the image, and whether its link time is a time.

use object::pe;

use super::image::Image;
use super::record::{LinkTime, PdbId};
use crate::cursor::Cursor;
use crate::limits::{MAX_PE_DEBUG_ENTRIES, MAX_PE_VERSION_TEXT};
use crate::time::Time;

/// `IMAGE_DEBUG_TYPE_REPRO`: the stamp is a hash of the content.
const REPRODUCIBLE: u32 = 16;
/// `IMAGE_DEBUG_TYPE_CODEVIEW`.
const CODEVIEW: u32 = 2;
/// 1993-07-27, the first release of Windows NT: no driver is older.
const FIRST_STAMP: u32 = 743_731_200;
/// 2100-01-01.
const LAST_STAMP: u32 = 4_102_444_800;

/// The PDB's id and what the stamp says.
pub(super) fn read(image: &Image<'_>) -> (Option<PdbId>, LinkTime) {
    let mut pdb = None;
    let mut reproducible = false;
    if let Some((rva, size)) = image.directory(pe::IMAGE_DIRECTORY_ENTRY_DEBUG)
        && let Some(bytes) = image.bytes_from(rva)
    {
        let bytes = bytes.get(..size as usize).unwrap_or(bytes);
        for entry in bytes.chunks_exact(28).take(MAX_PE_DEBUG_ENTRIES) {
            let mut cursor = Cursor::new(entry, u64::from(rva));
            let fields = cursor.skip(12, "characteristics").and_then(|()| {
                Ok([cursor.u32("type")?, cursor.u32("size")?, cursor.u32("address")?, cursor.u32("offset")?])
            });
            match fields {
                Ok([REPRODUCIBLE, ..]) => reproducible = true,
                Ok([CODEVIEW, size, _, offset]) => pdb = pdb.or_else(|| code_view(image.data, offset, size)),
                _ => {}
            }
        }
    }
    let link_time = match image.stamp {
        _ if reproducible => LinkTime::Reproducible,
        stamp @ FIRST_STAMP..=LAST_STAMP => LinkTime::Stated(Time(i64::from(stamp) * 1_000_000)),
        _ => LinkTime::NotATime,
    };
    (pdb, link_time)
}

/// An `RSDS` record: GUID, age, path.
fn code_view(data: &[u8], offset: u32, size: u32) -> Option<PdbId> {
    let bytes = data.get(offset as usize..)?;
    let bytes = bytes.get(..size as usize).unwrap_or(bytes);
    let mut cursor = Cursor::new(bytes, u64::from(offset));
    if cursor.bytes(4, "signature").ok()? != b"RSDS" {
        return None;
    }
    let (a, b, c) = (cursor.u32("guid").ok()?, cursor.u16("guid").ok()?, cursor.u16("guid").ok()?);
    let rest = cursor.bytes(8, "guid").ok()?;
    let age = cursor.u32("age").ok()?;
    let rest: String = rest.iter().map(|byte| format!("{byte:02X}")).collect();
    let path = cursor.rest().split(|&byte| byte == 0).next().unwrap_or(b"");
    let path = String::from_utf8_lossy(path.get(..MAX_PE_VERSION_TEXT).unwrap_or(path)).into_owned();
    Some(PdbId { path, signature: format!("{a:08X}{b:04X}{c:04X}{rest}{age:X}") })
}
