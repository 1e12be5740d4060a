//! What the trace says of its own session and of the system: which kernel groups were on, the build, the memory.

use crate::etl::event::{Event, EventId};
use crate::etl::guid;
use crate::etl::le::u32_at;
use crate::etl::logfile::utf16z;

/// The kernel groups a session recorded (PERFINFO_GROUPMASK).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct GroupMasks(pub [u32; 8]);

impl GroupMasks {
    /// True if pool events were recorded (PERF_POOL).
    pub fn pool(self) -> bool {
        self.0[1] & 0x40 != 0
    }

    /// True if context switches were recorded.
    pub fn context_switches(self) -> bool {
        self.0[1] & 0x4 != 0
    }

    /// True if any group is on; records of none stand at the start and the end of sessions.
    pub fn any(self) -> bool {
        self.0.iter().any(|mask| *mask != 0)
    }

    /// Both masks' groups together.
    pub fn or(self, other: Self) -> Self {
        let mut masks = self.0;
        for (mask, more) in masks.iter_mut().zip(other.0) {
            *mask |= more;
        }
        Self(masks)
    }
}

/// Decodes the group masks of the header extension (hook 0x0005) or of the session's end (0x0020).
pub fn decode_masks(hook: u16, payload: &[u8]) -> Option<GroupMasks> {
    if !matches!(hook, 0x0005 | 0x0020) {
        return None;
    }
    let mut masks = [0; 8];
    for (at, mask) in masks.iter_mut().enumerate() {
        *mask = u32_at(payload, at * 4)?;
    }
    Some(GroupMasks(masks))
}

/// What the trace says of its system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SystemFact {
    /// The build lab's name and the product's, added when the trace was merged.
    Build {
        /// Such as `19041.1.amd64fre.vb_release.191206-1406`.
        lab: String,
        /// Such as `Windows Server 2019 Standard`.
        product: String,
    },
    /// A device path and the drive letter it has.
    Volume {
        /// `\Device\HarddiskVolume3\`.
        device: String,
        /// `C:\`.
        drive: String,
    },
    /// Hardware of the machine.
    Machine {
        /// Physical memory, MiB.
        memory_mib: u32,
        /// Name of the computer.
        computer: String,
    },
}

/// Decodes a fact about the system; `None` for other events.
pub fn decode_fact(event: &Event<'_>) -> Option<SystemFact> {
    let payload = event.payload();
    match event.id() {
        EventId::Classic { provider: guid::SYSTEM_CONFIG_EX, opcode: 32 } => {
            let (lab, used) = utf16z(payload.get(8..)?);
            let (product, _) = utf16z(payload.get(8 + used..).unwrap_or(&[]));
            Some(SystemFact::Build { lab, product })
        }
        EventId::Classic { provider: guid::SYSTEM_CONFIG_EX, opcode: 35 } => {
            let (device, used) = utf16z(payload);
            let (drive, _) = utf16z(payload.get(used..).unwrap_or(&[]));
            Some(SystemFact::Volume { device, drive })
        }
        EventId::Hook(0x0b0a) => Some(SystemFact::Machine {
            memory_mib: u32_at(payload, 8)?,
            computer: utf16z(payload.get(20..)?).0,
        }),
        _ => None,
    }
}
