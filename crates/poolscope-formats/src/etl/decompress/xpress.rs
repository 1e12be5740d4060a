//! XPRESS plain LZ77 ([MS-XCA] 2.4), the compression of every trace that Windows' own tools compressed.
//!
//! Written for speed: literals are copied by runs told from the flag word, matches in 16-byte steps.

use crate::etl::decompress::{DecompressError, copy_match};
use crate::etl::le::{u16_at, u32_at};

/// `output` has slack after `want`; see [`crate::etl::decompress::decompress`].
pub(super) fn decompress(input: &[u8], output: &mut [u8], want: usize) -> Result<(), DecompressError> {
    let mut at = 0;
    let mut from = 0;
    let mut half: Option<u8> = None;
    while at < want {
        let short = DecompressError::Short { done: at, want };
        let mut flags = u32_at(input, from).ok_or(short)?;
        from += 4;
        let mut left = 32;
        while left > 0 && at < want {
            let literals = flags.leading_zeros().min(left) as usize;
            if literals > 0 {
                (at, from) = copy_literals(input, from, output, at, literals.min(want - at))
                    .ok_or(DecompressError::Short { done: at, want })?;
                left -= literals as u32;
                flags = flags.checked_shl(literals as u32).unwrap_or(0);
                continue;
            }
            flags <<= 1;
            left -= 1;
            let token = u16_at(input, from).ok_or(DecompressError::Short { done: at, want })?;
            from += 2;
            let distance = (token >> 3) as usize + 1;
            let mut length = (token & 7) as usize;
            if length == 7 {
                (length, from) =
                    long_length(input, from, &mut half).ok_or(DecompressError::Damaged { done: at })?;
            }
            let length = (length + 3).min(want - at);
            copy_match(output, at, distance, length).ok_or(DecompressError::Damaged { done: at })?;
            at += length;
        }
    }
    Ok(())
}

/// Copies a run of literals; 32 bytes at once where both sides have room.
#[inline(always)]
fn copy_literals(
    input: &[u8],
    from: usize,
    output: &mut [u8],
    at: usize,
    count: usize,
) -> Option<(usize, usize)> {
    match (input.get(from..)?.first_chunk::<32>(), output.get_mut(at..)?.first_chunk_mut::<32>()) {
        (Some(source), Some(target)) => *target = *source,
        _ => output.get_mut(at..at + count)?.copy_from_slice(input.get(from..from + count)?),
    }
    Some((at + count, from + count))
}

/// The extension of a match length of 7: a half byte shared by two matches, then a byte, a u16, a u32.
#[inline]
fn long_length(input: &[u8], mut from: usize, half: &mut Option<u8>) -> Option<(usize, usize)> {
    let nibble = match half.take() {
        Some(high) => high,
        None => {
            let both = *input.get(from)?;
            from += 1;
            *half = Some(both >> 4);
            both & 15
        }
    };
    if nibble < 15 {
        return Some((nibble as usize + 7, from));
    }
    let byte = *input.get(from)?;
    from += 1;
    if byte < 255 {
        return Some((byte as usize + 15 + 7, from));
    }
    let mut length = u16_at(input, from)? as usize;
    from += 2;
    if length == 0 {
        length = u32_at(input, from)? as usize;
        from += 4;
    }
    // The stated value is the whole length less 3; below this the shorter form had been used.
    (length >= 15 + 7).then_some((length, from))
}
