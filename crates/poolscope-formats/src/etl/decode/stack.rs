//! Stack walks (group 0x18): whole stacks, stacks by key, and the definitions of keys.
//!
//! A definition of a key comes after the records that refer to it: when the kernel evicts the key from its cache
//! (delete) or at the end of the session (rundown). A reference means the first definition whose own time is not
//! before the reference's own time; resolving that is the reader's job, not this module's.

use crate::etl::le::{pointer_at, u32_at, u64_at};

/// Hook of a whole stack.
pub const STACK: u16 = 0x1820;
/// Hook of a key's creation.
pub const KEY_CREATE: u16 = 0x1822;
/// Hook of a key's deletion, with its frames.
pub const KEY_DELETE: u16 = 0x1823;
/// Hook of a key's rundown at the end, with its frames.
pub const KEY_RUNDOWN: u16 = 0x1824;
/// Hook of a kernel stack by key.
pub const KEY_KERNEL: u16 = 0x1825;
/// Hook of a user stack by key.
pub const KEY_USER: u16 = 0x1826;

/// Return addresses, innermost first, as they stand in a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frames<'a> {
    /// The raw bytes, a whole number of addresses.
    pub bytes: &'a [u8],
    /// 8-byte addresses, else 4.
    pub wide: bool,
}

impl<'a> Frames<'a> {
    fn new(bytes: &'a [u8], wide: bool) -> Self {
        let width = if wide { 8 } else { 4 };
        let whole = bytes.len() - bytes.len() % width;
        Self { bytes: bytes.get(..whole).unwrap_or(&[]), wide }
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.bytes.len() / if self.wide { 8 } else { 4 }
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The addresses, innermost first. 32-bit kernel addresses are widened with zeros.
    pub fn iter(self) -> impl Iterator<Item = u64> + 'a {
        let width = if self.wide { 8 } else { 4 };
        self.bytes.chunks_exact(width).filter_map(move |chunk| pointer_at(chunk, 0, self.wide))
    }

    /// True if the innermost frame is in the kernel's half of the address space.
    pub fn in_kernel(&self) -> bool {
        pointer_at(self.bytes, 0, self.wide).is_some_and(|address| is_kernel(address, self.wide))
    }
}

/// True for addresses of the kernel's half: the upper one.
#[inline]
pub fn is_kernel(address: u64, wide: bool) -> bool {
    address >= if wide { 1 << 63 } else { 1 << 31 }
}

/// The event a stack belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Walked {
    /// Raw ticks of that event.
    pub event_ticks: i64,
    /// Its process.
    pub process: u32,
    /// Its thread.
    pub thread: u32,
}

/// A stack record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StackRecord<'a> {
    /// The frames themselves.
    Whole(Walked, Frames<'a>),
    /// A stack by key.
    ByKey {
        /// Whose it is.
        walked: Walked,
        /// The key.
        key: u64,
        /// The user half (else the kernel half).
        user: bool,
    },
    /// What a key stands for.
    Definition {
        /// The key.
        key: u64,
        /// Its frames.
        frames: Frames<'a>,
        /// True for a creation record: the key lives on after it.
        created: bool,
    },
}

/// Decodes a payload; `None` for other hooks and for payloads too short.
#[inline]
pub fn decode(hook: u16, payload: &[u8], wide: bool) -> Option<StackRecord<'_>> {
    match hook {
        STACK => Some(StackRecord::Whole(walked(payload)?, Frames::new(payload.get(16..)?, wide))),
        KEY_KERNEL | KEY_USER => Some(StackRecord::ByKey {
            walked: walked(payload)?,
            key: pointer_at(payload, 16, wide)?,
            user: hook == KEY_USER,
        }),
        KEY_CREATE | KEY_DELETE | KEY_RUNDOWN => Some(StackRecord::Definition {
            key: pointer_at(payload, 0, wide)?,
            frames: Frames::new(payload.get(if wide { 8 } else { 4 }..)?, wide),
            created: hook == KEY_CREATE,
        }),
        _ => None,
    }
}

#[inline]
fn walked(payload: &[u8]) -> Option<Walked> {
    Some(Walked {
        event_ticks: u64_at(payload, 0)? as i64,
        process: u32_at(payload, 8)?,
        thread: u32_at(payload, 12)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_shapes() {
        let mut payload = 99u64.to_le_bytes().to_vec();
        payload.extend(4u32.to_le_bytes());
        payload.extend(8u32.to_le_bytes());
        payload.extend(0xffff_f800_0000_1000u64.to_le_bytes());
        payload.extend([1, 2, 3]);
        let walked = Walked { event_ticks: 99, process: 4, thread: 8 };
        let Some(StackRecord::Whole(whose, frames)) = decode(STACK, &payload, true) else { panic!() };
        assert_eq!(whose, walked);
        assert_eq!(frames.iter().collect::<Vec<_>>(), [0xffff_f800_0000_1000]);
        assert!(frames.in_kernel());
        let by_key = StackRecord::ByKey { walked, key: 0xffff_f800_0000_1000, user: true };
        assert_eq!(decode(KEY_USER, &payload, true), Some(by_key));
        let Some(StackRecord::Definition { key, frames, created }) = decode(KEY_DELETE, &payload, false)
        else {
            panic!()
        };
        assert_eq!((key, frames.len(), created), (99, 5, false));
        assert_eq!(decode(KEY_KERNEL, &payload[..20], true), None);
    }
}
