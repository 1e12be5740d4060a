//! The three compressions a trace buffer can have, each bounded by the length the buffer's header states.
//!
//! Output never exceeds the stated length, whatever the input says. Sources: [MS-XCA] 2.2 and 2.4 for XPRESS,
//! [MS-XCA] 2.5 for LZNT1.

mod huffman;
mod lznt1;
mod xpress;

/// How the buffers of a trace are compressed: the codes of `RtlDecompressBuffer`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// Code 2.
    Lznt1,
    /// Code 3, plain LZ77: what Windows' own tools write.
    Xpress,
    /// Code 4.
    XpressHuffman,
}

impl Compression {
    /// From the code in the state of a trace's first buffer.
    pub fn from_code(code: u32) -> Option<Self> {
        match code & 0xffff {
            2 => Some(Self::Lznt1),
            3 => Some(Self::Xpress),
            4 => Some(Self::XpressHuffman),
            _ => None,
        }
    }

    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lznt1 => "LZNT1",
            Self::Xpress => "XPRESS",
            Self::XpressHuffman => "XPRESS Huffman",
        }
    }
}

/// Why a stream gave less than its stated length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecompressError {
    /// The stream ended first.
    #[error("the stream ends after {done} of {want} bytes")]
    Short {
        /// Bytes made.
        done: usize,
        /// Bytes stated.
        want: usize,
    },
    /// A match points before the start of the output, or a length or code table is impossible.
    #[error("the stream is damaged after {done} bytes")]
    Damaged {
        /// Bytes made before the damage.
        done: usize,
    },
}

impl DecompressError {
    /// Bytes at the start of the output that are good.
    pub fn done(self) -> usize {
        match self {
            Self::Short { done, .. } | Self::Damaged { done } => done,
        }
    }
}

/// Slack after the stated length that lets copies run in whole steps.
const SLACK: usize = 64;

/// Decompresses `input` into the first `want` bytes of `output` (which is resized; what follows `want` is
/// scrap). On error the first [`DecompressError::done`] bytes are still good.
///
/// # Errors
/// When the stream is short or damaged.
pub fn decompress(
    compression: Compression,
    input: &[u8],
    output: &mut Vec<u8>,
    want: usize,
) -> Result<(), DecompressError> {
    if output.len() < want + SLACK {
        output.resize(want + SLACK, 0);
    }
    match compression {
        Compression::Xpress => xpress::decompress(input, output, want),
        Compression::XpressHuffman => huffman::decompress(input, output, want),
        Compression::Lznt1 => lznt1::decompress(input, output, want),
    }
}

/// Repeats `length` bytes from `distance` back. `output` must reach [`SLACK`] bytes past `at + length`; the
/// caller has checked that `1 <= distance <= at`. `None` if that does not hold.
#[inline(always)]
fn copy_match(output: &mut [u8], at: usize, distance: usize, length: usize) -> Option<()> {
    let from = at.checked_sub(distance)?;
    if distance >= 16 {
        let mut done = 0;
        while done < length {
            let step: [u8; 16] = *output.get(from + done..)?.first_chunk()?;
            *output.get_mut(at + done..)?.first_chunk_mut()? = step;
            done += 16;
        }
    } else if distance >= 8 {
        let mut done = 0;
        while done < length {
            let step: [u8; 8] = *output.get(from + done..)?.first_chunk()?;
            *output.get_mut(at + done..)?.first_chunk_mut()? = step;
            done += 8;
        }
    } else if distance == 1 {
        let byte = *output.get(from)?;
        output.get_mut(at..at + length)?.fill(byte);
    } else {
        let window = output.get_mut(from..at + length)?;
        for place in distance..window.len() {
            window[place] = window[place - distance];
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(compression: Compression, input: &[u8], want: usize) -> Result<Vec<u8>, DecompressError> {
        let mut output = Vec::new();
        decompress(compression, input, &mut output, want)?;
        output.truncate(want);
        Ok(output)
    }

    /// The examples printed in [MS-XCA] 3.1 (plain) and the 300-byte "abc" run.
    #[test]
    fn published_xpress_examples() {
        let alphabet: Vec<u8> = [&[0x3f, 0, 0, 0][..], b"abcdefghijklmnopqrstuvwxyz"].concat();
        assert_eq!(unpack(Compression::Xpress, &alphabet, 26).unwrap(), b"abcdefghijklmnopqrstuvwxyz");
        let run = [0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01];
        assert_eq!(unpack(Compression::Xpress, &run, 300).unwrap(), b"abc".repeat(100));
    }

    /// The LZNT1 example printed in [MS-XCA] 3.3, whose text is given there.
    #[test]
    fn published_lznt1_example() {
        let packed = [
            0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2, 0x47, 0x01,
            0xa0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0, 0x45, 0x20, 0x05, 0x24,
            0x13, 0x88, 0x05, 0xb4, 0x02, 0x4a, 0x44, 0xef, 0x03, 0x58, 0x02, 0x8c, 0x09, 0x16, 0x01, 0x48,
            0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00,
        ];
        let text = b"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";
        assert_eq!(unpack(Compression::Lznt1, &packed, text.len()).unwrap(), text);
    }

    #[test]
    fn never_more_than_stated_and_never_before_the_start() {
        // A match that runs over the stated end is cut there.
        let run = [0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01];
        assert_eq!(unpack(Compression::Xpress, &run, 10).unwrap(), b"abcabcabca");
        // A match as the first symbol has nothing to repeat.
        let early = [0xff, 0xff, 0xff, 0xff, 0x10, 0x00, 0, 0];
        assert_eq!(unpack(Compression::Xpress, &early, 10), Err(DecompressError::Damaged { done: 0 }));
        for compression in [Compression::Xpress, Compression::XpressHuffman, Compression::Lznt1] {
            assert!(unpack(compression, &[], 4).is_err());
            assert!(unpack(compression, &[], 0).is_ok());
        }
    }
}
