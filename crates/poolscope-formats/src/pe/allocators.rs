//! The kernel interfaces that take a pool tag: which argument, or which field of which structure.
//!
//! One row an interface. Argument positions and structure layouts are those of the public WDK documentation and
//! headers. Interfaces that allocate without a tag (`ExAllocatePool`, `MmAllocateContiguousMemory`, ...) own no
//! tag and are left out, and so are those whose "tag" is none of the pool (`ObReferenceObjectWithTag`,
//! `IoInitializeRemoveLockEx` on a free build, `RtlAllocateHeap`).

/// What an interface does with the tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Allocates pool with it, now or (a lookaside list) later.
    Allocates,
    /// Frees with it: says nothing about who allocated.
    Frees,
}

/// Where the tag stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TagAt {
    /// In an argument: its position, and its stack word on x86, where 64-bit arguments take two.
    Argument {
        /// Position, from 0.
        position: u8,
        /// Stack word on x86, from 0.
        word: u8,
    },
    /// In a structure an argument points to.
    Field {
        /// Position of the pointer (and its stack word on x86).
        position: u8,
        /// Offset of the tag with 8-byte pointers.
        wide: u8,
        /// Offset of the tag with 4-byte pointers.
        narrow: u8,
    },
    /// In the array of context registrations that `FLT_REGISTRATION` points to.
    FilterContexts,
    /// In `WDF_DRIVER_CONFIG.DriverPoolTag`, the fifth argument of `WdfDriverCreate`.
    WdfConfig,
}

/// One interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allocator {
    /// Its exported name.
    pub name: &'static str,
    /// What it does.
    pub effect: Effect,
    /// Where the tag stands.
    pub tag: TagAt,
    /// Bytes of stack it pops on x86; 0 where the caller pops.
    pub x86_pops: u8,
    /// The call counts only when this argument holds this number.
    pub only_if: Option<(u8, u64)>,
}

const fn row(name: &'static str, effect: Effect, position: u8, words: u8) -> Allocator {
    let tag = TagAt::Argument { position, word: position };
    Allocator { name, effect, tag, x86_pops: words * 4, only_if: None }
}

const fn alloc(name: &'static str, position: u8, words: u8) -> Allocator {
    row(name, Effect::Allocates, position, words)
}

const fn free(name: &'static str, position: u8, words: u8) -> Allocator {
    row(name, Effect::Frees, position, words)
}

const fn field(name: &'static str, position: u8, wide: u8, narrow: u8, words: u8) -> Allocator {
    let tag = TagAt::Field { position, wide, narrow };
    Allocator { name, effect: Effect::Allocates, tag, x86_pops: words * 4, only_if: None }
}

/// An allocator whose first argument is 64 bits wide: on x86 everything after it stands a word later.
const fn wide_flags(name: &'static str, position: u8, words: u8) -> Allocator {
    let tag = TagAt::Argument { position, word: position + 1 };
    Allocator { name, effect: Effect::Allocates, tag, x86_pops: words * 4, only_if: None }
}

/// Every interface, imported by name.
pub static ALLOCATORS: &[Allocator] = &[
    alloc("ExAllocatePoolWithTag", 2, 3),
    wide_flags("ExAllocatePool2", 2, 4),
    wide_flags("ExAllocatePool3", 2, 6),
    alloc("ExAllocatePoolWithQuotaTag", 2, 3),
    alloc("ExAllocatePoolWithTagPriority", 2, 4),
    free("ExFreePoolWithTag", 1, 2),
    free("ExFreePool2", 1, 4),
    alloc("ExInitializeNPagedLookasideList", 5, 7),
    alloc("ExInitializePagedLookasideList", 5, 7),
    alloc("ExInitializeLookasideListEx", 6, 8),
    alloc("ExAllocateCacheAwareRundownProtection", 1, 2),
    alloc("MmAllocateMappingAddress", 1, 2),
    alloc("MmAllocateMappingAddressEx", 1, 3),
    free("MmFreeMappingAddress", 1, 2),
    alloc("FsRtlAllocatePoolWithTag", 2, 3),
    alloc("FsRtlAllocatePoolWithQuotaTag", 2, 3),
    alloc("FsRtlAllocateExtraCreateParameter", 4, 6),
    alloc("FsRtlInitExtraCreateParameterLookasideList", 3, 4),
    alloc("FsRtlAllocateAePushLock", 1, 2),
    alloc("FltAllocatePoolAlignedWithTag", 3, 4),
    free("FltFreePoolAlignedWithTag", 2, 3),
    alloc("FltAllocateExtraCreateParameter", 5, 7),
    alloc("FltInitExtraCreateParameterLookasideList", 4, 5),
    Allocator {
        name: "FltRegisterFilter",
        effect: Effect::Allocates,
        tag: TagAt::FilterContexts,
        x86_pops: 12,
        only_if: None,
    },
    alloc("NdisAllocateMemoryWithTag", 2, 3),
    alloc("NdisAllocateMemoryWithTagPriority", 2, 4),
    free("NdisFreeMemoryWithTag", 1, 2),
    free("NdisFreeMemoryWithTagPriority", 2, 3),
    alloc("NdisInitializeNPagedLookasideList", 5, 7),
    alloc("NdisAllocateGenericObject", 1, 3),
    alloc("NdisAllocateCloneOidRequest", 2, 4),
    alloc("NdisAllocateNetBufferListContext", 3, 4),
    // NET_BUFFER_LIST_POOL_PARAMETERS: NDIS_OBJECT_HEADER, ProtocolId, fAllocateNetBuffer, ContextSize, PoolTag.
    field("NdisAllocateNetBufferListPool", 1, 8, 8, 2),
    // NET_BUFFER_POOL_PARAMETERS: NDIS_OBJECT_HEADER, PoolTag.
    field("NdisAllocateNetBufferPool", 1, 4, 4, 2),
    // NDIS_TIMER_CHARACTERISTICS: NDIS_OBJECT_HEADER, AllocationTag.
    field("NdisAllocateTimerObject", 1, 4, 4, 3),
    alloc("VideoPortAllocatePool", 3, 4),
    alloc("EngAllocMem", 2, 3),
    alloc("EngAllocUserMem", 1, 2),
    // StorPortAllocatePool is function 0 of the port driver's one variadic export.
    Allocator { only_if: Some((0, 0)), x86_pops: 0, ..alloc("StorPortExtendedFunction", 3, 0) },
];

/// The framework functions that take a tag, by their index in the KMDF function table (`WDFFUNCENUM`, the same
/// since 1.0 because the table only grows). The first argument is the driver globals.
pub static WDF_FUNCTIONS: &[(u32, Allocator)] = &[
    (
        116,
        Allocator {
            name: "WdfDriverCreate",
            effect: Effect::Allocates,
            tag: TagAt::WdfConfig,
            x86_pops: 24,
            only_if: None,
        },
    ),
    (192, alloc("WdfMemoryCreate", 3, 7)),
    (198, alloc("WdfLookasideListCreate", 5, 7)),
];

/// Offset of `DriverPoolTag` in `WDF_DRIVER_CONFIG`: with 8-byte pointers, with 4-byte ones.
pub const WDF_CONFIG_TAG: (u8, u8) = (0x1c, 0x10);

/// The row of an imported function.
pub fn find(name: &str) -> Option<&'static Allocator> {
    // A 32-bit import may carry its decoration: `_ExAllocatePoolWithTag@12`.
    let plain = name.strip_prefix('_').unwrap_or(name);
    let plain = plain.split('@').next().unwrap_or(plain);
    ALLOCATORS.iter().find(|row| row.name == name || row.name == plain)
}
