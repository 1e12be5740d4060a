//! Bytes that kernel functions pop on 32-bit x86, for the calls that stand between pushed arguments most often.
//!
//! The figures are four bytes an argument of the public prototypes. A function not listed is guessed by its
//! caller's code.

static POPS: &[(&str, u32)] = &[
    ("ExAllocatePool", 8),
    ("ExFreePool", 4),
    ("ExDeleteNPagedLookasideList", 4),
    ("ExDeletePagedLookasideList", 4),
    ("ExDeleteLookasideListEx", 4),
    ("ExInitializeResourceLite", 4),
    ("ExDeleteResourceLite", 4),
    ("IoCreateDevice", 28),
    ("IoCreateSymbolicLink", 8),
    ("IoDeleteDevice", 4),
    ("IoDeleteSymbolicLink", 4),
    ("IoAttachDeviceToDeviceStack", 8),
    ("IoDetachDevice", 4),
    ("IoAllocateIrp", 8),
    ("IoFreeIrp", 4),
    ("IoAllocateMdl", 20),
    ("IoFreeMdl", 4),
    ("KeBugCheckEx", 20),
    ("KeBugCheck", 4),
    ("KeDelayExecutionThread", 12),
    ("KeInitializeEvent", 12),
    ("KeInitializeSpinLock", 4),
    ("KeInitializeTimer", 4),
    ("KeSetEvent", 12),
    ("KeWaitForSingleObject", 20),
    ("MmGetSystemRoutineAddress", 4),
    ("MmProbeAndLockPages", 12),
    ("ObReferenceObjectByHandle", 24),
    ("PsCreateSystemThread", 28),
    ("PsTerminateSystemThread", 4),
    ("RtlCompareMemory", 12),
    ("RtlCopyUnicodeString", 8),
    ("RtlFillMemory", 12),
    ("RtlInitAnsiString", 8),
    ("RtlInitUnicodeString", 8),
    ("RtlMoveMemory", 12),
    ("RtlZeroMemory", 8),
    ("ZwClose", 4),
];

/// Bytes a function pops.
pub fn pops(name: &str) -> Option<u32> {
    let at = POPS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    POPS.get(at).map(|&(_, bytes)| bytes)
}
