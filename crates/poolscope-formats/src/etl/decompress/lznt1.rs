//! LZNT1 ([MS-XCA] 2.5): chunks of up to 4,096 bytes, each packed or stored.

use crate::etl::decompress::{DecompressError, copy_match};
use crate::etl::le::u16_at;

const CHUNK_BYTES: usize = 4096;

/// `output` has slack after `want`; see [`crate::etl::decompress::decompress`].
pub(super) fn decompress(input: &[u8], output: &mut [u8], want: usize) -> Result<(), DecompressError> {
    let mut at = 0;
    let mut from = 0;
    while at < want {
        let short = DecompressError::Short { done: at, want };
        let head = u16_at(input, from).filter(|head| *head != 0).ok_or(short)?;
        let size = (head & 0xfff) as usize + 1;
        let chunk = input.get(from + 2..).map(|rest| &rest[..size.min(rest.len())]).ok_or(short)?;
        if head & 0x8000 == 0 {
            let count = chunk.len().min(want - at);
            match (output.get_mut(at..at + count), chunk.get(..count)) {
                (Some(target), Some(source)) => target.copy_from_slice(source),
                _ => return Err(short),
            }
            at += count;
        } else {
            at = unpack_chunk(chunk, output, at, want)?;
        }
        from += 2 + size;
    }
    Ok(())
}

/// Unpacks one chunk; gives the new end of the output.
fn unpack_chunk(
    chunk: &[u8],
    output: &mut [u8],
    start: usize,
    want: usize,
) -> Result<usize, DecompressError> {
    let end = want.min(start + CHUNK_BYTES);
    let mut at = start;
    let mut from = 0;
    while at < end {
        let Some(&flags) = chunk.get(from) else { return Ok(at) };
        from += 1;
        for bit in 0..8 {
            if at >= end {
                break;
            }
            if flags >> bit & 1 == 0 {
                let Some(&byte) = chunk.get(from) else { return Ok(at) };
                if let Some(place) = output.get_mut(at) {
                    *place = byte;
                }
                from += 1;
                at += 1;
                continue;
            }
            let Some(token) = u16_at(chunk, from) else { return Ok(at) };
            from += 2;
            // The further into the chunk, the more of the 16 bits tell the distance.
            let done = at - start;
            let distance_bits = (usize::BITS - done.saturating_sub(1).leading_zeros()).clamp(4, 12);
            let length_bits = 16 - distance_bits;
            let distance = (token >> length_bits) as usize + 1;
            let length = (token as usize & ((1 << length_bits) - 1)) + 3;
            if distance > done {
                return Err(DecompressError::Damaged { done: at });
            }
            let length = length.min(end - at);
            copy_match(output, at, distance, length).ok_or(DecompressError::Damaged { done: at })?;
            at += length;
        }
    }
    Ok(at)
}
