//! The version resource: `VS_VERSIONINFO` in the first `RT_VERSION` entry.
//!
//! A tree of blocks `{length, value length, type, key, value, children}`, each aligned to four bytes. Only the
//! first string table is read, whatever its language. Source: Microsoft's public `VS_VERSIONINFO` pages.

use object::LittleEndian as LE;
use object::pe;
use object::read::pe::{ResourceDirectory, ResourceDirectoryEntryData};

use super::image::Image;
use super::record::VersionInfo;
use crate::cursor::Cursor;
use crate::limits::{MAX_PE_VERSION_BLOCKS, MAX_PE_VERSION_BYTES, MAX_PE_VERSION_TEXT};

/// Reads the version resource; the text says what was damaged.
pub(super) fn read(image: &Image<'_>) -> (VersionInfo, Option<String>) {
    let mut info = VersionInfo::default();
    let Some((rva, _)) = image.directory(pe::IMAGE_DIRECTORY_ENTRY_RESOURCE) else { return (info, None) };
    let Some(bytes) = image.bytes_from(rva) else {
        return (info, Some(format!("resources at RVA {rva:#x} are not in the file")));
    };
    let Some((at, size)) = version_entry(bytes) else { return (info, None) };
    let size = (size as usize).min(MAX_PE_VERSION_BYTES);
    let Some(block) = image.bytes_from(at) else {
        return (info, Some(format!("version resource at RVA {at:#x} is not in the file")));
    };
    let block = block.get(..size).unwrap_or(block);
    let mut left = MAX_PE_VERSION_BLOCKS;
    read_block(block, 0, &mut info, &mut left);
    (info, None)
}

/// RVA and size of the version resource: type 16, first name, first language.
fn version_entry(bytes: &[u8]) -> Option<(u32, u32)> {
    let directory = ResourceDirectory::new(bytes);
    let root = directory.root().ok()?;
    let version = root.entries.iter().find(|entry| {
        !entry.name_or_id.get(LE).ge(&0x8000_0000) && entry.name_or_id.get(LE) == u32::from(pe::RT_VERSION)
    })?;
    let mut entry = version.data(directory).ok()?;
    // Type, name, language: three levels and no more, so that a loop in the tree cannot hold us.
    for _ in 0..2 {
        entry = match entry {
            ResourceDirectoryEntryData::Table(table) => table.entries.first()?.data(directory).ok()?,
            data => data,
        };
    }
    let data = entry.data()?;
    Some((data.offset_to_data.get(LE), data.size.get(LE)))
}

/// Reads one block and its children.
fn read_block(block: &[u8], depth: u8, info: &mut VersionInfo, left: &mut usize) {
    let mut cursor = Cursor::new(block, 0);
    let (Ok(_), Ok(value_units), Ok(kind)) =
        (cursor.u16("length"), cursor.u16("value length"), cursor.u16("type"))
    else {
        return;
    };
    let mut key = String::new();
    while let Ok(unit) = cursor.u16("key") {
        if unit == 0 || key.len() > 64 {
            break;
        }
        key.push(char::from_u32(u32::from(unit)).unwrap_or('?'));
    }
    align(&mut cursor);
    let value_bytes = usize::from(value_units) * if kind == 1 { 2 } else { 1 };
    let value = cursor.rest().get(..value_bytes).unwrap_or(cursor.rest());
    match depth {
        0 => fixed(value, info),
        3 => text(&key, value, info),
        _ => {}
    }
    cursor.seek(cursor.position() + value.len());
    align(&mut cursor);
    if depth < 3 {
        children(cursor.rest(), depth + 1, info, left);
    }
}

fn children(mut rest: &[u8], depth: u8, info: &mut VersionInfo, left: &mut usize) {
    while rest.len() >= 6 && *left > 0 {
        *left -= 1;
        let length = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
        if length < 6 {
            return;
        }
        let child = rest.get(..length).unwrap_or(rest);
        read_block(child, depth, info, left);
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or(&[]);
    }
}

fn align(cursor: &mut Cursor<'_>) {
    cursor.seek(cursor.position().next_multiple_of(4));
}

/// `VS_FIXEDFILEINFO`: signature, structure version, file version as two u32.
fn fixed(value: &[u8], info: &mut VersionInfo) {
    let mut cursor = Cursor::new(value, 0);
    if cursor.u32("signature").ok() != Some(0xfeef_04bd) || cursor.skip(4, "structure version").is_err() {
        return;
    }
    if let (Ok(high), Ok(low)) = (cursor.u32("file version"), cursor.u32("file version")) {
        info.file_version = Some([(high >> 16) as u16, high as u16, (low >> 16) as u16, low as u16]);
    }
}

fn text(key: &str, value: &[u8], info: &mut VersionInfo) {
    let units: Vec<u16> = value
        .chunks_exact(2)
        .map(|unit| unit.try_into().map_or(0, u16::from_le_bytes))
        .take_while(|&unit| unit != 0)
        .take(MAX_PE_VERSION_TEXT)
        .collect();
    let text = String::from_utf16_lossy(&units).trim().to_owned();
    if text.is_empty() {
        return;
    }
    let slot = match key {
        "CompanyName" => &mut info.company,
        "ProductName" => &mut info.product,
        "FileDescription" => &mut info.description,
        "OriginalFilename" => &mut info.original_name,
        "FileVersion" => &mut info.file_version_text,
        _ => return,
    };
    slot.get_or_insert(text);
}
