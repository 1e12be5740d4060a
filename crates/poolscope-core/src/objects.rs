//! Sizes of event objects in the pool, which tell 32-bit from 64-bit Windows and plain from quota and named.
//!
//! chunk = pool header (8 or 16) + optional quota info (16 or 32) + optional name info (16 or 32) + object
//! header up to its body (0x18 or 0x30) + KEVENT (0x10 or 0x18), rounded to 8 or 16: 48/64/80 bytes on 32-bit
//! and 96/128/160 on 64-bit Windows (reference peers-and-domain.md 2.5, computed from public structure tables).

use crate::model::Bits;

/// What a chunk size says about an event object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventObject {
    /// Kernel width.
    pub bits: Bits,
    /// `plain`, `with a quota charge or a name`, ...
    pub form: &'static str,
}

/// Decodes the bytes per allocation of tag `Even`; `None` for a size that no event object has.
pub fn event_object(bytes_each: u64) -> Option<EventObject> {
    let (bits, form) = match bytes_each {
        48 => (Bits::X86, "plain: no name, no quota charge"),
        64 => (Bits::X86, "with a quota charge or a name"),
        80 => (Bits::X86, "with a quota charge and a name"),
        96 => (Bits::X64, "plain: no name, no quota charge"),
        128 => (Bits::X64, "with a quota charge or a name"),
        160 => (Bits::X64, "with a quota charge and a name"),
        _ => return None,
    };
    Some(EventObject { bits, form })
}

/// The nearest whole-object size of a mean over mixed objects, and the width it implies: a mean between two
/// forms of one width still tells the width.
pub fn event_bits(mean_bytes_each: f64) -> Option<Bits> {
    match mean_bytes_each {
        m if (47.0..=80.5).contains(&m) => Some(Bits::X86),
        m if (95.0..=160.5).contains(&m) => Some(Bits::X64),
        _ => None,
    }
}
