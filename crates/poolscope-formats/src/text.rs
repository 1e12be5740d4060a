//! Text evidence in whatever encoding a Windows console, PowerShell or Excel left it, as UTF-8 lines.
//!
//! Gives whole lines in blocks with their line numbers, never the whole file at once. It does not know what
//! the lines mean.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::FormatError;
use crate::input::{ReadAt, read_vec};
use crate::limits::{MAX_LINE_BYTES, MAX_TEXT_ROW_BYTES, TEXT_BLOCK_BYTES};

/// How the bytes of a text are to be read.
#[derive(Clone, Copy, Debug)]
pub struct TextEncoding {
    /// The encoding.
    pub encoding: &'static Encoding,
    /// Bytes of byte-order mark to pass over.
    pub bom_bytes: usize,
}

/// Guesses the encoding from the first bytes: a byte-order mark; else UTF-16 by its zero bytes (PowerShell's
/// `>` without a mark after a cut; lists of strings parted by NUL, as perfc*.dat, have some zeros on the other
/// side too); else UTF-8 if it is valid; else Windows-1252, which maps every byte.
pub fn sniff(head: &[u8]) -> TextEncoding {
    if let Some((encoding, bom_bytes)) = Encoding::for_bom(head) {
        return TextEncoding { encoding, bom_bytes };
    }
    let pairs = head.len().min(4096) / 2;
    let zeros = |parity: usize| head.chunks_exact(2).take(pairs).filter(|pair| pair[parity] == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let encoding = if pairs >= 2 && odd * 10 >= pairs * 7 && even * 3 < pairs {
        UTF_16LE
    } else if pairs >= 2 && even * 10 >= pairs * 7 && odd * 3 < pairs {
        UTF_16BE
    } else if is_utf8_but_for_a_cut_end(head) {
        UTF_8
    } else {
        WINDOWS_1252
    };
    TextEncoding { encoding, bom_bytes: 0 }
}

fn is_utf8_but_for_a_cut_end(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

/// The first bytes of an input as text, for detection.
pub fn decode_head(head: &[u8]) -> String {
    let TextEncoding { encoding, bom_bytes } = sniff(head);
    encoding.decode_without_bom_handling(&head[bom_bytes.min(head.len())..]).0.into_owned()
}

/// A run of whole lines.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// UTF-8 (or ASCII-compatible bytes as they stood, for inputs that are neither valid UTF-8 nor UTF-16):
    /// ends with a line feed except at the end of the input.
    pub bytes: &'a [u8],
    /// 1-based number of the first line.
    pub first_line: u64,
}

impl<'a> Block<'a> {
    /// The lines with their numbers, without line ends.
    pub fn lines(self) -> impl Iterator<Item = (u64, &'a [u8])> {
        let body = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        let whole = if self.bytes.is_empty() { None } else { Some(body.split(|&b| b == b'\n')) };
        whole
            .into_iter()
            .flatten()
            .enumerate()
            .map(move |(at, line)| (self.first_line + at as u64, line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

/// Calls `take` with blocks of whole lines of about [`TEXT_BLOCK_BYTES`], in order. UTF-16 is converted to
/// UTF-8 and other encodings are decoded; ASCII and valid UTF-8 are passed on without a copy per line.
///
/// A line over [`MAX_LINE_BYTES`] is cut there; the pieces count as lines of their own, so memory is bounded.
///
/// # Errors
/// [`FormatError::Read`], or whatever `take` gives.
pub fn for_each_block(
    input: &dyn ReadAt,
    mut take: impl FnMut(Block<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let head = read_vec(input, 0, crate::limits::DETECT_HEAD_BYTES)?;
    let TextEncoding { encoding, bom_bytes } = sniff(&head);
    drop(head);
    let mut decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
    let mut offset = bom_bytes as u64;
    let mut first_line = 1;
    // One byte more than a small input: a case may be ten thousand small files, and clearing 4 MB for each
    // would cost more than reading it.
    let room = usize::try_from(input.len()).unwrap_or(usize::MAX).saturating_add(1);
    let mut raw = vec![0; room.min(TEXT_BLOCK_BYTES)];
    let mut pending: Vec<u8> = Vec::new();
    loop {
        let got = input.read_at(offset, &mut raw).map_err(|source| FormatError::Read { offset, source })?;
        offset += got as u64;
        let last = got == 0;
        match &mut decoder {
            None => pending.extend_from_slice(&raw[..got]),
            Some(decoder) => {
                let mut text = String::with_capacity(
                    decoder.max_utf8_buffer_length(got).unwrap_or(got.saturating_mul(3)),
                );
                let _ = decoder.decode_to_string(&raw[..got], &mut text, last);
                pending.extend_from_slice(text.as_bytes());
            }
        }
        let end = if last {
            pending.len()
        } else {
            match memchr::memrchr(b'\n', &pending) {
                Some(at) => at + 1,
                None if pending.len() < MAX_LINE_BYTES => continue,
                None => pending.len(),
            }
        };
        if end > 0 {
            let block = Block { bytes: &pending[..end], first_line };
            take(block)?;
            let ends = memchr::memchr_iter(b'\n', &pending[..end]).count() as u64;
            first_line += ends + u64::from(!pending[..end].ends_with(b"\n"));
            pending.drain(..end);
        }
        if last {
            return Ok(());
        }
    }
}

/// Calls `take` with every line, its 1-based number and its text, in order. Bytes that are no UTF-8 become
/// replacement marks, and a line is cut at [`MAX_TEXT_ROW_BYTES`]. For texts read line by line; bulk readers
/// take [`for_each_block`].
///
/// # Errors
/// [`FormatError::Read`], or whatever `take` gives.
pub fn for_each_line(
    input: &dyn ReadAt,
    mut take: impl FnMut(u64, &str) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    for_each_block(input, |block| {
        for (number, line) in block.lines() {
            take(number, &String::from_utf8_lossy(line.get(..MAX_TEXT_ROW_BYTES).unwrap_or(line)))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_lines(bytes: &[u8]) -> Vec<(u64, String)> {
        let mut lines = Vec::new();
        for_each_block(&bytes, |block| {
            lines.extend(block.lines().map(|(n, l)| (n, String::from_utf8_lossy(l).into_owned())));
            Ok(())
        })
        .unwrap();
        lines
    }

    #[test]
    fn line_ends_and_a_missing_last_one() {
        let want: Vec<(u64, String)> =
            ["a", "", "b"].iter().enumerate().map(|(n, l)| (n as u64 + 1, (*l).to_owned())).collect();
        assert_eq!(all_lines(b"a\r\n\r\nb"), want);
        assert_eq!(all_lines(b"a\n\nb\n"), want);
        assert_eq!(all_lines(b""), []);
    }

    #[test]
    fn utf16_with_and_without_a_mark() {
        let body: Vec<u8> =
            "Tag  Type\r\nEven Nonp é\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&[0xff, 0xfe], &body[..]].concat();
        for bytes in [&body, &marked] {
            assert_eq!(all_lines(bytes), [(1, "Tag  Type".to_owned()), (2, "Even Nonp é".to_owned())]);
        }
    }

    #[test]
    fn code_page_bytes_become_text() {
        assert_eq!(all_lines(b"Verf\xfcgbare Bytes")[0].1, "Verfügbare Bytes");
    }
}
