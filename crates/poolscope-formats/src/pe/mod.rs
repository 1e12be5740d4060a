//! Driver images (PE): whose they are, and which pool tags their code passes to an allocator.
//!
//! [`parse`] reads one image whole: headers, imports, version resource, debug id, embedded signature, and the
//! code of x64, x86 and ARM64 as far as tags can come from it. What it does not do: verify a signature, read
//! catalogues or PDBs, trust a link time, or believe a string. docs/drivers.md has the method and its limits.

pub mod allocators;
mod code;
mod debug;
mod functions_table;
mod image;
mod immediates;
pub mod index;
mod plausible;
pub mod record;
mod signer;
mod tags;
mod version;
mod wdf;

use memchr::memmem;

pub use image::Machine;
pub use index::{DriverIndex, IndexedDriver, IndexedTag};
pub use record::{DriverImage, Grade, LinkTime, PdbId, TagUse, VersionInfo};
pub use signer::{Signature, Signer};

use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::{MAX_PE_IMAGE_BYTES, MAX_PE_SITES};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::tag::Tag;

/// An MZ header that leads to `PE\0\0` is one; an MZ header alone may be one whose PE header lies further on.
pub fn looks_like(head: &Head) -> Option<Likelihood> {
    let bytes = &head.bytes;
    if bytes.get(..2) != Some(b"MZ") {
        return None;
    }
    let at = bytes.get(0x3c..0x40)?;
    let at = u32::from_le_bytes(at.try_into().ok()?) as usize;
    match bytes.get(at..at.saturating_add(4)) {
        Some(b"PE\0\0") => Some(Likelihood::Certain),
        Some(_) => None,
        None => ((at as u64) < head.total_bytes).then_some(Likelihood::Maybe),
    }
}

/// Reads one image.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without readable PE headers, [`FormatError::OverLimit`] for a file over
/// [`MAX_PE_IMAGE_BYTES`].
pub fn parse(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    if input.len() > MAX_PE_IMAGE_BYTES {
        return Err(FormatError::OverLimit {
            what: "size of the image",
            place: Place::Whole,
            found: input.len(),
            limit: MAX_PE_IMAGE_BYTES,
        });
    }
    let data = read_vec(input, 0, usize::try_from(input.len()).unwrap_or(usize::MAX))?;
    Ok(read_image(&data, &context.name)?.map(|image| Records::Driver(Box::new(image))))
}

/// Reads one image from its bytes; `name` is the file's name without its folder.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without readable PE headers.
pub fn read_image(data: &[u8], name: &str) -> Result<Parsed<DriverImage>, FormatError> {
    let image = image::Image::read(data)?;
    let (pdb, link_time) = debug::read(&image);
    let (version, version_damage) = version::read(&image);
    let signature = signer::read(&image);
    let tags = tags::find(&image, name);
    let mut libraries: Vec<String> = image.imports.iter().map(|import| import.library.clone()).collect();
    libraries.sort_unstable();
    libraries.dedup();
    let mut parsed = Parsed::new(DriverImage {
        name: name.to_owned(),
        machine: image.machine,
        file_bytes: data.len() as u64,
        stamp: image.stamp,
        link_time,
        pdb,
        version,
        signature,
        imports_allocator: tags.imports_allocator,
        libraries,
        tags: tags.allocated,
        freed_only: tags.freed_only,
        unresolved_sites: tags.unresolved,
    });
    parsed.coverage.records = 1;
    for (place, text) in image.damage {
        parsed.note(place, text);
    }
    for text in version_damage.into_iter().chain(tags.notes) {
        parsed.note(Place::Whole, text);
    }
    if let Signature::Unreadable(why) = &parsed.value.signature {
        let text = format!("the embedded signature could not be read: {why}");
        parsed.note(Place::Whole, text);
    }
    Ok(parsed)
}

/// Looks for one tag as a constant in the code of an image that imports an allocator.
pub fn immediate_of(data: &[u8], tag: Tag) -> Option<TagUse> {
    let image = image::Image::read(data).ok()?;
    if !tags::imports_allocator(&image) {
        return None;
    }
    let found = immediates::in_arguments(&image, &|known| known == tag);
    let sites: Vec<u32> = found.into_iter().map(|(_, rva)| rva).collect();
    (!sites.is_empty()).then(|| TagUse {
        tag,
        grade: Grade::Immediate,
        site_count: sites.len() as u64,
        sites: sites.into_iter().take(MAX_PE_SITES).collect(),
        interfaces: Vec::new(),
    })
}

/// Looks for one tag's four bytes anywhere in an image: file offsets, the weakest evidence there is.
///
/// English words that are tags (`Even`, `Time`, `List`) occur in nearly every driver.
pub fn bytes_of(data: &[u8], tag: Tag) -> Option<TagUse> {
    let sites: Vec<u32> = memmem::find_iter(data, &tag.0).map(|at| at as u32).collect();
    (!sites.is_empty()).then(|| TagUse {
        tag,
        grade: Grade::Bytes,
        site_count: sites.len() as u64,
        sites: sites.into_iter().take(MAX_PE_SITES).collect(),
        interfaces: Vec::new(),
    })
}
