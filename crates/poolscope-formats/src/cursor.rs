//! A forward reader over little-endian binary data whose every read names the field it wants.
//!
//! It never panics and never allocates; a read past the end is a [`Short`].

/// A read that wanted more bytes than there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field} at offset {offset:#x} needs {need} bytes, {have} are left")]
pub struct Short {
    /// The field that was read.
    pub field: &'static str,
    /// Offset in the whole input, if the cursor was given its base.
    pub offset: u64,
    /// Bytes the field needs.
    pub need: usize,
    /// Bytes that are left.
    pub have: usize,
}

/// The reader. `base` is the offset of `data` in its input, so that errors name real places.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
    base: u64,
}

impl<'a> Cursor<'a> {
    /// Reads `data`, which stands at `base` in the input.
    pub fn new(data: &'a [u8], base: u64) -> Self {
        Self { data, at: 0, base }
    }

    /// Offset of the next read in the whole input.
    pub fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Position within the data.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        &self.data[self.at.min(self.data.len())..]
    }

    /// Moves to a position within the data; past the end is caught by the next read.
    pub fn seek(&mut self, position: usize) {
        self.at = position.min(self.data.len());
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], Short> {
        match self.rest().get(..count) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => Err(Short { field, offset: self.offset(), need: count, have: self.rest().len() }),
        }
    }

    /// Passes over `count` bytes.
    pub fn skip(&mut self, count: usize, field: &'static str) -> Result<(), Short> {
        self.bytes(count, field).map(|_| ())
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Short> {
        let bytes = self.bytes(N, field)?;
        let mut out = [0; N];
        out.copy_from_slice(bytes);
        Ok(out)
    }

    /// One byte.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, Short> {
        self.array::<1>(field).map(|[b]| b)
    }

    /// A little-endian u16.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, Short> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// A little-endian u32.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, Short> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// A little-endian i32.
    pub fn i32(&mut self, field: &'static str) -> Result<i32, Short> {
        self.array(field).map(i32::from_le_bytes)
    }

    /// A little-endian u64.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, Short> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// A little-endian i64.
    pub fn i64(&mut self, field: &'static str) -> Result<i64, Short> {
        self.array(field).map(i64::from_le_bytes)
    }
}
