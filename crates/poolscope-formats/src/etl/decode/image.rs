//! Image events: what is loaded where (kernel and user), and the identities that trace merging adds.
//!
//! Layouts: Image_Load versions 0 to 3, and the image events of KernelTraceControl. It keeps no map of what is
//! loaded; see the trace analysis for that.

use crate::etl::event::{Event, EventId};
use crate::etl::guid::{self, Guid};
use crate::etl::le::{pointer_at, u32_at};
use crate::etl::logfile::utf16z;

/// What happened to an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImageOp {
    /// Loaded now.
    Load,
    /// Unloaded now.
    Unload,
    /// Was loaded when the session started.
    AtStart,
    /// Was loaded when the session ended.
    AtEnd,
}

/// An image load, unload or rundown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// What happened.
    pub op: ImageOp,
    /// Address of its first byte.
    pub base: u64,
    /// Bytes it takes.
    pub size: u64,
    /// Process, 0 for the kernel.
    pub process: u32,
    /// Checksum of its PE header, if the version records it.
    pub checksum: Option<u32>,
    /// Link time stamp of its PE header, if the version records it.
    pub time_date_stamp: Option<u32>,
    /// Path as Windows spells it.
    pub path: String,
}

/// The name, by which PDB and from which maker: what trace merging knows of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImageId {
    /// Its original name.
    Info {
        /// Where it is loaded.
        base: u64,
        /// Process, 0 for the kernel.
        process: u32,
        /// Link time stamp.
        time_date_stamp: u32,
        /// Name from its version resource or linker.
        original_name: String,
    },
    /// Its PDB.
    Pdb {
        /// Where it is loaded.
        base: u64,
        /// Process, 0 for the kernel.
        process: u32,
        /// Id of the PDB.
        guid: Guid,
        /// Age of the PDB.
        age: u32,
        /// Name of the PDB file, with the path it was built at.
        name: String,
    },
    /// Its version resource; stands for every image with the same stamp and size.
    Version {
        /// Bytes it takes.
        size: u32,
        /// Link time stamp.
        time_date_stamp: u32,
        /// What it says it is.
        description: String,
        /// Version as text.
        version: String,
        /// Who made it.
        company: String,
        /// The product it is part of.
        product: String,
    },
}

/// The image operation of an event, if it is one.
pub fn op(id: EventId) -> Option<ImageOp> {
    let opcode = match id {
        EventId::Hook(0x030a) => 10,
        EventId::Hook(hook) if hook >> 8 == 0x14 => hook as u8,
        EventId::Classic { provider, opcode } if provider == guid::IMAGE_LOAD => opcode,
        _ => return None,
    };
    match opcode {
        10 => Some(ImageOp::Load),
        2 => Some(ImageOp::Unload),
        3 => Some(ImageOp::AtStart),
        4 => Some(ImageOp::AtEnd),
        _ => None,
    }
}

/// Decodes an image event. Pointers are as wide as the header claims, unless only the other width gives a path.
pub fn decode(event: &Event<'_>) -> Option<Image> {
    let op = op(event.id())?;
    let version = event.version();
    let claimed = decode_as(op, version, event.payload(), event.wide);
    if claimed.as_ref().is_some_and(Image::is_plausible) {
        return claimed;
    }
    decode_as(op, version, event.payload(), !event.wide).filter(Image::is_plausible).or(claimed)
}

impl Image {
    /// True if base, size and path could be an image's.
    fn is_plausible(&self) -> bool {
        self.size > 0
            && self.size < 1 << 32
            && self.base.is_multiple_of(0x1000)
            && !self.path.is_empty()
            && !self.path.chars().any(|c| c.is_control() || c == '\u{fffd}')
    }
}

fn decode_as(op: ImageOp, version: u8, payload: &[u8], wide: bool) -> Option<Image> {
    let pointer = if wide { 8 } else { 4 };
    let base = pointer_at(payload, 0, wide)?;
    if version == 0 {
        // The size has 4 bytes on both widths; on 64 bits the path follows without padding.
        let path = utf16z(payload.get(pointer + 4..)?).0;
        let size = u64::from(u32_at(payload, pointer)?);
        return Some(Image { op, base, size, process: 0, checksum: None, time_date_stamp: None, path });
    }
    let size = pointer_at(payload, pointer, wide)?;
    let process = u32_at(payload, 2 * pointer)?;
    if version == 1 {
        let path = utf16z(payload.get(2 * pointer + 4..)?).0;
        return Some(Image { op, base, size, process, checksum: None, time_date_stamp: None, path });
    }
    // Process, checksum, stamp, signature dword, default base, four reserved dwords.
    let path = utf16z(payload.get(3 * pointer + 32..)?).0;
    Some(Image {
        op,
        base,
        size,
        process,
        checksum: u32_at(payload, 2 * pointer + 4),
        time_date_stamp: u32_at(payload, 2 * pointer + 8),
        path,
    })
}

/// Decodes an image identity; `None` for other events.
pub fn decode_id(event: &Event<'_>) -> Option<ImageId> {
    let EventId::Classic { provider: guid::IMAGE_ID, opcode } = event.id() else { return None };
    let (payload, wide) = (event.payload(), event.wide);
    let pointer = if wide { 8 } else { 4 };
    match opcode {
        0 => Some(ImageId::Info {
            base: pointer_at(payload, 0, wide)?,
            process: u32_at(payload, 2 * pointer)?,
            time_date_stamp: u32_at(payload, 2 * pointer + 4)?,
            original_name: utf16z(payload.get(2 * pointer + 8..)?).0,
        }),
        0x24 | 0x25 => {
            let name = payload.get(pointer + 24..)?;
            let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
            Some(ImageId::Pdb {
                base: pointer_at(payload, 0, wide)?,
                process: u32_at(payload, pointer)?,
                guid: Guid::at(payload, pointer + 4)?,
                age: u32_at(payload, pointer + 20)?,
                name: String::from_utf8_lossy(name.get(..end)?).into_owned(),
            })
        }
        0x40 => {
            let mut rest = payload.get(8..)?;
            let mut texts: [String; 8] = Default::default();
            // Original name, description, version, binary version, language, product, company, product version.
            for text in &mut texts {
                let (value, used) = utf16z(rest);
                *text = value;
                rest = rest.get(used..).unwrap_or(&[]);
            }
            let [_, description, version, _, _, product, company, _] = texts;
            let size = u32_at(payload, 0)?;
            let time_date_stamp = u32_at(payload, 4)?;
            Some(ImageId::Version { size, time_date_stamp, description, version, company, product })
        }
        _ => None,
    }
}
