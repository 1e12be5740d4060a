//! What a framework (KMDF) driver shows without any import of an allocator.
//!
//! Such a driver imports only the framework loader. Its stub keeps the framework's function table in a variable
//! that the bind information names; `WdfDriverCreate` is called through it. Layouts are those of the public
//! framework headers.

use memchr::memmem;

use super::image::Image;
use crate::tag::Tag;

/// Address of the variable that holds (or is) the framework's function table.
///
/// `WDF_BIND_INFO`: size, component name (`L"KmdfLibrary"`), version of three u32, function count, table.
pub(super) fn function_table(image: &Image<'_>) -> Option<u64> {
    if !image.imports.iter().any(|import| import.library.starts_with("wdfldr")) {
        return None;
    }
    let name: Vec<u8> = "KmdfLibrary\0".bytes().flat_map(|byte| [byte, 0]).collect();
    let pointer = image.machine.pointer();
    for section in &image.sections {
        let Some(bytes) = image.bytes_from(section.rva) else { continue };
        for at in memmem::find_iter(bytes, &name) {
            let address = image.base.wrapping_add(u64::from(section.rva)).wrapping_add(at as u64);
            let needle = address.to_le_bytes();
            let needle = needle.get(..usize::from(pointer))?;
            for holder in &image.sections {
                let Some(data) = image.bytes_from(holder.rva) else { continue };
                for found in memmem::find_iter(data, needle) {
                    let component = holder.rva.saturating_add(found as u32);
                    // Size stands one pointer before the name; the table after version and count.
                    let table = component.saturating_add(u32::from(pointer) + 16);
                    let size = component.checked_sub(u32::from(pointer)).and_then(|rva| image.u32_at(rva));
                    let table = image.pointer_at(table).filter(|&table| image.rva_of(table).is_some());
                    if size.is_some_and(|size| (0x18..=0x100).contains(&size)) && table.is_some() {
                        return table;
                    }
                }
            }
        }
    }
    None
}

/// The tag the framework uses when the driver names none: the first four letters of the service name, or the
/// next four when that begins with "WDF" in any case; `FxDr` when fewer are left than one.
///
/// The service name is not in the image; the file's name stands for it, which is right for nearly every driver.
pub(super) fn default_tag(file_name: &str) -> Tag {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem = match stem.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("wdf") => stem.get(3..).unwrap_or(""),
        _ => stem,
    };
    let bytes: Vec<u8> = stem.bytes().take(4).collect();
    if bytes.len() < 4 { Tag(*b"FxDr") } else { Tag::from_text(&bytes).unwrap_or(Tag(*b"FxDr")) }
}
