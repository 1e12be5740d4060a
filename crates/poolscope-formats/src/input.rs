//! Positioned reads over an input, and what the intake knows about it besides its bytes.

use std::io;

use crate::error::FormatError;
use crate::time::Time;

/// Bytes that can be read at any offset, by several threads at once: a file, a zip member, a slice.
pub trait ReadAt: Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// True when there is nothing to read.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads into `buffer` from `offset`; short only at the end of the input.
    ///
    /// # Errors
    /// Whatever the system says; an offset past the end reads 0 bytes and is no error.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(<[u8]>::len(self));
        let tail = &self[start..];
        let count = tail.len().min(buffer.len());
        buffer[..count].copy_from_slice(&tail[..count]);
        Ok(count)
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }
}

/// Reads up to `count` bytes from `offset` into a new buffer; shorter only at the end of the input.
///
/// # Errors
/// [`FormatError::Read`] with the offset.
pub fn read_vec(input: &dyn ReadAt, offset: u64, count: usize) -> Result<Vec<u8>, FormatError> {
    let left = usize::try_from(input.len().saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut buffer = vec![0; count.min(left)];
    let got = input.read_at(offset, &mut buffer).map_err(|source| FormatError::Read { offset, source })?;
    buffer.truncate(got);
    Ok(buffer)
}

/// What is known about an input besides its bytes. All of it is passed in: a parser asks no file system.
#[derive(Clone, Default, Debug)]
pub struct ParseContext {
    /// The file's name without its folder, as the evidence spells it.
    pub name: String,
    /// When the file was last modified, UTC, where the source keeps that.
    pub modified: Option<Time>,
    /// A time the user stated for snapshots that carry none.
    pub stated_time: Option<Time>,
    /// A user-supplied perflib `Counter` dump: index to name, to read counters of any language.
    pub perflib: Option<std::sync::Arc<std::collections::BTreeMap<u32, String>>>,
}
