//! Little-endian numbers at a position of a slice, for the paths where a [`crate::cursor::Cursor`] per record
//! would cost more than the record. Every read is checked; there is no default value.

/// The u16 at `at`.
#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The u32 at `at`.
#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The i64 at `at`.
#[inline]
pub(crate) fn i64_at(bytes: &[u8], at: usize) -> Option<i64> {
    Some(i64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The u64 at `at`.
#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The pointer-sized number at `at`: 8 bytes if `wide`, else 4, widened.
#[inline]
pub(crate) fn pointer_at(bytes: &[u8], at: usize, wide: bool) -> Option<u64> {
    if wide { u64_at(bytes, at) } else { u32_at(bytes, at).map(u64::from) }
}
