//! Pool events (group 0x0E): allocations and frees, global and session.
//!
//! Layout: ETW_POOL_EVENT of Windows 6.1 and later, payload version 2: pool type, tag, size, address, and for
//! the session hooks the session. The page and snapshot hooks (0x0E24 and up) have no published payload and are
//! only counted.

use crate::etl::le::{pointer_at, u32_at};
use crate::tag::{Pool, Tag};

/// Hook of an allocation.
pub const ALLOC: u16 = 0x0e20;
/// Hook of an allocation from session pool.
pub const ALLOC_SESSION: u16 = 0x0e21;
/// Hook of a free.
pub const FREE: u16 = 0x0e22;
/// Hook of a free to session pool.
pub const FREE_SESSION: u16 = 0x0e23;

/// A pool allocation or free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolEvent {
    /// POOL_TYPE with its flags as recorded.
    pub pool_type: PoolType,
    /// Tag as recorded, protected bit included.
    pub tag: Tag,
    /// Bytes asked for.
    pub bytes: u64,
    /// Address of the block.
    pub address: u64,
    /// Session, for the session hooks.
    pub session: Option<u32>,
}

/// A POOL_TYPE value with its flags.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PoolType(pub u32);

impl PoolType {
    /// Paged or not: bit 0.
    pub fn pool(self) -> Pool {
        if self.0 & 1 != 0 { Pool::Paged } else { Pool::Nonpaged }
    }

    /// The kind as xperf names its sections: paged, nonpaged, or nonpaged without execution.
    pub fn section(self) -> &'static str {
        match (self.0 & 1, self.0 & 0x200) {
            (1, _) => "Paged Pool",
            (_, 0) => "Non-Paged Pool",
            _ => "NX Non-Paged Pool",
        }
    }

    /// True for session pool.
    pub fn is_session(self) -> bool {
        self.0 & 0x20 != 0
    }
}

/// Decodes a payload. `wide` is the pointer width the event's header claims; a payload whose length fits only
/// the other width is read with that. `None` if it is too short for both.
#[inline]
pub fn decode(hook: u16, payload: &[u8], wide: bool) -> Option<PoolEvent> {
    let session_hook = hook & 1 != 0;
    let tail = if session_hook { 4 } else { 0 };
    let need = |wide: bool| if wide { 24 + tail } else { 16 + tail };
    let wide = match payload.len() {
        length if length == need(wide) => wide,
        length if length == need(!wide) => !wide,
        length if length >= need(wide) => wide,
        length if length >= need(!wide) => !wide,
        _ => return None,
    };
    let (size_at, pointer) = (8, if wide { 8 } else { 4 });
    Some(PoolEvent {
        pool_type: PoolType(u32_at(payload, 0)?),
        tag: Tag(u32_at(payload, 4)?.to_le_bytes()),
        bytes: pointer_at(payload, size_at, wide)?,
        address: pointer_at(payload, size_at + pointer, wide)?,
        session: if session_hook { u32_at(payload, size_at + 2 * pointer) } else { None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_widths_and_sessions() {
        let narrow = [1u32, u32::from_le_bytes(*b"Leak"), 48, 0x8123_4568];
        let narrow: Vec<u8> = narrow.iter().flat_map(|v| v.to_le_bytes()).collect();
        let event = decode(ALLOC, &narrow, false).unwrap();
        assert_eq!((event.tag, event.bytes, event.address), (Tag(*b"Leak"), 48, 0x8123_4568));
        assert_eq!((event.pool_type.pool(), event.session), (Pool::Paged, None));
        // A 64-bit header over a 32-bit payload: the length tells.
        assert_eq!(decode(ALLOC, &narrow, true), Some(event));
        let mut wide = vec![0, 2, 0, 0];
        wide.extend(b"NDnd");
        wide.extend(0x1_0000_0001u64.to_le_bytes());
        wide.extend(0xffff_8001_2345_6780u64.to_le_bytes());
        let event = decode(FREE, &wide, true).unwrap();
        assert_eq!((event.bytes, event.address), (0x1_0000_0001, 0xffff_8001_2345_6780));
        assert_eq!(event.pool_type.section(), "NX Non-Paged Pool");
        wide.extend(3u32.to_le_bytes());
        assert_eq!(decode(FREE_SESSION, &wide, true).unwrap().session, Some(3));
        assert_eq!(decode(ALLOC, &wide[..15], true), None);
    }
}
