//! GUIDs of trace providers, and which GUID stands for which group of kernel hooks.
//!
//! It does not know the names of events; those belong to the decoders.

use std::fmt;

/// A GUID as it stands on disk: the first three fields little-endian, the rest in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// All zeros: no provider is known.
    pub const ZERO: Self = Self([0; 16]);

    /// From the usual five-part spelling's numbers: `{a-b-c-d..-d..}`.
    pub const fn new(a: u32, b: u16, c: u16, d: [u8; 8]) -> Self {
        let [a0, a1, a2, a3] = a.to_le_bytes();
        let [b0, b1] = b.to_le_bytes();
        let [c0, c1] = c.to_le_bytes();
        let [d0, d1, d2, d3, d4, d5, d6, d7] = d;
        Self([a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, d2, d3, d4, d5, d6, d7])
    }

    /// The 16 bytes at the start of `bytes`.
    pub fn at(bytes: &[u8], at: usize) -> Option<Self> {
        bytes.get(at..)?.first_chunk().map(|chunk| Self(*chunk))
    }

    /// The 32 upper-case digits a symbol store uses in its folder names, without braces or hyphens.
    pub fn symbol_store_digits(self) -> String {
        self.to_string().replace('-', "").to_ascii_uppercase()
    }
}

/// `0268a8b6-74fd-4302-9dd0-6e8f1795c0cf`: lower case, no braces.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, rest @ ..] = self.0;
        write!(f, "{:08x}-", u32::from_le_bytes([a0, a1, a2, a3]))?;
        write!(f, "{:04x}-{:04x}-", u16::from_le_bytes([b0, b1]), u16::from_le_bytes([c0, c1]))?;
        write!(f, "{d0:02x}{d1:02x}-")?;
        rest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

/// Provider of the image events that trace merging adds (names, PDB ids, file versions).
pub const IMAGE_ID: Guid =
    Guid::new(0xb3e6_75d7, 0x2554, 0x4f18, [0x83, 0x0b, 0x27, 0x62, 0x73, 0x25, 0x60, 0xde]);
/// Provider of the system description that trace merging adds (build, paths, volumes).
pub const SYSTEM_CONFIG_EX: Guid =
    Guid::new(0x9b79_ee91, 0xb5fd, 0x41c0, [0xa2, 0x43, 0x42, 0x48, 0xe2, 0x66, 0xe9, 0xd0]);
/// Classic provider of image load events.
pub const IMAGE_LOAD: Guid =
    kernel(0x2cb1_5d1d, 0x5fc1, 0x11d2, [0xab, 0xe1, 0x00, 0xa0, 0xc9, 0x11, 0xf5, 0x18]);
/// Classic provider of process events.
pub const PROCESS: Guid =
    kernel(0x3d6f_a8d0, 0xfe05, 0x11d0, [0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c]);
/// Classic provider of thread events.
pub const THREAD: Guid =
    kernel(0x3d6f_a8d1, 0xfe05, 0x11d0, [0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c]);
/// Classic provider of pool events.
pub const POOL: Guid = kernel(0x0268_a8b6, 0x74fd, 0x4302, [0x9d, 0xd0, 0x6e, 0x8f, 0x17, 0x95, 0xc0, 0xcf]);
/// Classic provider of stack walks.
pub const STACK_WALK: Guid =
    kernel(0xdef2_fe46, 0x7bd6, 0x4b80, [0xbd, 0x94, 0xf5, 0x7f, 0xe2, 0x0d, 0x0c, 0xe3]);

const fn kernel(a: u32, b: u16, c: u16, d: [u8; 8]) -> Guid {
    Guid::new(a, b, c, d)
}

/// Providers of kernel hooks by group (the hook's high byte), with the name `inspect` shows.
const GROUPS: &[(u8, Guid, &str)] = &[
    (
        0x00,
        kernel(0x68fd_d900, 0x4a3e, 0x11d1, [0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3]),
        "EventTrace",
    ),
    (0x01, kernel(0x3d6f_a8d4, 0xfe05, 0x11d0, [0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c]), "DiskIo"),
    (
        0x02,
        kernel(0x3d6f_a8d3, 0xfe05, 0x11d0, [0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c]),
        "PageFault",
    ),
    (0x03, PROCESS, "Process"),
    (0x04, kernel(0x90cb_dc39, 0x4a3e, 0x11d1, [0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3]), "FileIo"),
    (0x05, THREAD, "Thread"),
    (0x06, kernel(0x9a28_0ac0, 0xc8e0, 0x11d1, [0x84, 0xe2, 0x00, 0xc0, 0x4f, 0xb9, 0x98, 0xa2]), "TcpIp"),
    (0x07, kernel(0x3282_fc76, 0xfeed, 0x498e, [0x8a, 0xa7, 0xe7, 0x0f, 0x45, 0x9d, 0x43, 0x0e]), "Job"),
    (0x08, kernel(0xbf3a_50c5, 0xa9c9, 0x4988, [0xa0, 0x05, 0x2d, 0xf0, 0xb7, 0xc8, 0x0f, 0x80]), "UdpIp"),
    (0x09, kernel(0xae53_722e, 0xc863, 0x11d2, [0x86, 0x59, 0x00, 0xc0, 0x4f, 0xa3, 0x21, 0xa1]), "Registry"),
    (0x0a, kernel(0x1397_6d09, 0xa327, 0x438c, [0x95, 0x0b, 0x7f, 0x03, 0x19, 0x28, 0x15, 0xc7]), "DbgPrint"),
    (
        0x0b,
        kernel(0x0185_3a65, 0x418f, 0x4f36, [0xae, 0xfc, 0xdc, 0x0f, 0x1d, 0x2f, 0xd2, 0x35]),
        "SystemConfig",
    ),
    (0x0c, kernel(0x9913_4383, 0x5248, 0x43fc, [0x83, 0x4b, 0x52, 0x94, 0x54, 0xe7, 0x5d, 0xf3]), "Spare1"),
    (0x0d, kernel(0x4269_5762, 0xea50, 0x497a, [0x90, 0x68, 0x5c, 0xbb, 0xb3, 0x5e, 0x0b, 0x95]), "Wnf"),
    (0x0e, POOL, "Pool"),
    (0x0f, kernel(0xce1d_bfb4, 0x137e, 0x4da6, [0x87, 0xb0, 0x3f, 0x59, 0xaa, 0x10, 0x2c, 0xbc]), "PerfInfo"),
    (0x10, kernel(0x2229_62ab, 0x6180, 0x4b88, [0xa8, 0x25, 0x34, 0x6b, 0x75, 0xf2, 0xa2, 0x4a]), "Heap"),
    (0x11, kernel(0x8949_7f50, 0xeffe, 0x4440, [0x8c, 0xf2, 0xce, 0x6b, 0x1c, 0xdc, 0xac, 0xa7]), "Object"),
    (0x12, kernel(0xe434_45e0, 0x0903, 0x48c3, [0xb8, 0x78, 0xff, 0x0f, 0xcc, 0xeb, 0xdd, 0x04]), "Power"),
    (0x13, kernel(0xa915_2f00, 0x3f58, 0x4bee, [0x92, 0xa1, 0x70, 0xc7, 0xd0, 0x79, 0xd5, 0xdd]), "ModBound"),
    (0x14, IMAGE_LOAD, "Image"),
    (0x15, kernel(0xb2d1_4872, 0x7c5b, 0x463d, [0x84, 0x19, 0xee, 0x9b, 0xf7, 0xd2, 0x3e, 0x04]), "Dpc"),
    (
        0x16,
        kernel(0x7687_a439, 0xf752, 0x45b8, [0xb7, 0x41, 0x32, 0x1a, 0xec, 0x0f, 0x8d, 0xf9]),
        "CacheManager",
    ),
    (0x17, kernel(0x3ac6_6736, 0xcc59, 0x4cff, [0x81, 0x15, 0x8d, 0xf5, 0x0e, 0x39, 0x81, 0x6b]), "CritSec"),
    (0x18, STACK_WALK, "StackWalk"),
    (0x19, kernel(0x9aec_974b, 0x5b8e, 0x4118, [0x9b, 0x92, 0x31, 0x86, 0xd8, 0x00, 0x2c, 0xe5]), "Ums"),
    (0x1a, kernel(0x45d8_cccd, 0x539f, 0x4b72, [0xa8, 0xb7, 0x5c, 0x68, 0x31, 0x42, 0x60, 0x9a]), "Alpc"),
    (0x1b, kernel(0xd837_ca92, 0x12b9, 0x44a5, [0xad, 0x6a, 0x3a, 0x65, 0xb3, 0x57, 0x8a, 0xa8]), "SplitIo"),
    (
        0x1c,
        kernel(0xc861_d0e2, 0xa2c1, 0x4d36, [0x9f, 0x9c, 0x97, 0x0b, 0xab, 0x94, 0x3a, 0x12]),
        "ThreadPool",
    ),
    (
        0x1d,
        kernel(0x7f2a_405c, 0x69b5, 0x4bf9, [0xa1, 0xf5, 0x30, 0xe8, 0xf1, 0xaf, 0xab, 0x5e]),
        "Hypervisor",
    ),
    (
        0x1e,
        kernel(0x2ce9_a149, 0xeffe, 0x42f0, [0xa6, 0x35, 0xa1, 0xd3, 0x9e, 0x26, 0xc8, 0xf2]),
        "HypervisorX",
    ),
];

/// The provider and its name for a kernel hook. Hook 0x030A (image load) belongs to the image provider,
/// although its group says process. [`Guid::ZERO`] for groups without a known GUID.
pub fn of_hook(hook: u16) -> (Guid, &'static str) {
    let group = if hook == 0x030a { 0x14 } else { (hook >> 8) as u8 };
    match GROUPS.binary_search_by_key(&group, |row| row.0) {
        Ok(at) => GROUPS.get(at).map_or((Guid::ZERO, "unknown"), |row| (row.1, row.2)),
        Err(_) => (Guid::ZERO, "unknown"),
    }
}

/// The name of a provider, if it is one of those this reader knows.
pub fn name(guid: Guid) -> Option<&'static str> {
    if guid == IMAGE_ID {
        return Some("ImageId");
    }
    if guid == SYSTEM_CONFIG_EX {
        return Some("SystemConfigEx");
    }
    GROUPS.iter().find(|row| row.1 == guid).map(|row| row.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelled_as_everybody_spells_it() {
        assert_eq!(POOL.to_string(), "0268a8b6-74fd-4302-9dd0-6e8f1795c0cf");
        assert_eq!(POOL.symbol_store_digits(), "0268A8B674FD43029DD06E8F1795C0CF");
    }

    #[test]
    fn hooks_have_their_group_s_provider() {
        assert_eq!(of_hook(0x0e20), (POOL, "Pool"));
        assert_eq!(of_hook(0x030a), (IMAGE_LOAD, "Image"));
        assert_eq!(of_hook(0x0301), (PROCESS, "Process"));
        assert_eq!(of_hook(0x2001), (Guid::ZERO, "unknown"));
        assert_eq!(name(IMAGE_ID), Some("ImageId"));
    }
}
