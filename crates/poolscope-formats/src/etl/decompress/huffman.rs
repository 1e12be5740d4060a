//! XPRESS with Huffman codes ([MS-XCA] 2.2). No trace in the wild is known to use it; the session API allows it.

use crate::etl::decompress::{DecompressError, copy_match};
use crate::etl::le::{u16_at, u32_at};

const SYMBOLS: usize = 512;
const TABLE_BYTES: usize = SYMBOLS / 2;
const MAX_CODE_BITS: u32 = 15;
/// Output bytes after which a new code table stands in the stream.
const BLOCK_BYTES: usize = 65_536;

/// `output` has slack after `want`; see [`crate::etl::decompress::decompress`].
pub(super) fn decompress(input: &[u8], output: &mut [u8], want: usize) -> Result<(), DecompressError> {
    let mut at = 0;
    let mut from = 0;
    let mut codes = vec![0u16; 1 << MAX_CODE_BITS];
    while at < want {
        let lengths = input
            .get(from..)
            .and_then(|rest| rest.first_chunk::<TABLE_BYTES>())
            .ok_or(DecompressError::Short { done: at, want })?;
        fill_codes(lengths, &mut codes).ok_or(DecompressError::Damaged { done: at })?;
        let mut bits =
            Bits::new(input, from + TABLE_BYTES).ok_or(DecompressError::Short { done: at, want })?;
        let end = want.min(at.saturating_add(BLOCK_BYTES));
        while at < end {
            let code = codes.get(bits.peek(MAX_CODE_BITS) as usize).copied().unwrap_or(0);
            let (symbol, length) = ((code & 0x1ff) as usize, u32::from(code >> 9));
            if bits.overrun() {
                return Err(DecompressError::Short { done: at, want });
            }
            bits.drop(length);
            if symbol < 256 {
                if let Some(place) = output.get_mut(at) {
                    *place = symbol as u8;
                }
                at += 1;
                continue;
            }
            let (length, distance) =
                bits.match_of(symbol - 256).ok_or(DecompressError::Short { done: at, want })?;
            let length = length.min(want - at);
            copy_match(output, at, distance, length).ok_or(DecompressError::Damaged { done: at })?;
            at += length;
        }
        from = bits.from;
    }
    Ok(())
}

/// Fills the table of 15-bit prefixes: symbol in the low 9 bits, code length above. `None` if the lengths make
/// no prefix code.
fn fill_codes(lengths: &[u8; TABLE_BYTES], codes: &mut [u16]) -> Option<()> {
    let length_of = |symbol: usize| {
        let both = lengths.get(symbol / 2).copied().unwrap_or(0);
        u32::from(if symbol.is_multiple_of(2) { both & 15 } else { both >> 4 })
    };
    let mut next = 0usize;
    for length in 1..=MAX_CODE_BITS {
        for symbol in (0..SYMBOLS).filter(|symbol| length_of(*symbol) == length) {
            let span = 1usize << (MAX_CODE_BITS - length);
            codes.get_mut(next..next + span)?.fill(symbol as u16 | (length as u16) << 9);
            next += span;
        }
    }
    (next == 1 << MAX_CODE_BITS).then_some(())
}

/// The bit stream: 16-bit words, most significant bit first, with the bytes of long lengths in between.
struct Bits<'a> {
    input: &'a [u8],
    from: usize,
    held: u32,
    /// Bits held beyond 16; negative means a word is due.
    extra: i32,
    /// Words taken past the end of the input.
    missing: u32,
}

impl<'a> Bits<'a> {
    fn new(input: &'a [u8], from: usize) -> Option<Self> {
        let held = u32::from(u16_at(input, from)?) << 16 | u32::from(u16_at(input, from + 2)?);
        Some(Self { input, from: from + 4, held, extra: 16, missing: 0 })
    }

    fn peek(&self, count: u32) -> u32 {
        self.held.checked_shr(32 - count).unwrap_or(0)
    }

    fn drop(&mut self, count: u32) {
        self.held = self.held.checked_shl(count).unwrap_or(0);
        self.extra -= count as i32;
        if self.extra < 0 {
            match u16_at(self.input, self.from) {
                Some(word) => self.held |= u32::from(word) << -self.extra,
                None => self.missing += 1,
            }
            self.from += 2;
            self.extra += 16;
        }
    }

    /// True once more was read than the stream can owe: two words of look-ahead are normal at its end.
    fn overrun(&self) -> bool {
        self.missing > 2
    }

    /// Length and distance of a match symbol.
    fn match_of(&mut self, symbol: usize) -> Option<(usize, usize)> {
        let mut length = symbol & 15;
        let distance_bits = (symbol >> 4) as u32;
        if length == 15 {
            let byte = *self.input.get(self.from)?;
            self.from += 1;
            if byte < 255 {
                length = byte as usize + 15;
            } else {
                length = u16_at(self.input, self.from)? as usize;
                self.from += 2;
                if length == 0 {
                    length = u32_at(self.input, self.from)? as usize;
                    self.from += 4;
                }
                if length < 15 {
                    return None;
                }
            }
        }
        let distance = (1usize << distance_bits) + self.peek(distance_bits) as usize;
        self.drop(distance_bits);
        Some((length + 3, distance))
    }
}
