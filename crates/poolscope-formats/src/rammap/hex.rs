//! Hexadecimal text that arrives in pieces, as the bytes it spells.

/// Collects bytes; a pair of digits may be cut by the end of a piece.
#[derive(Default)]
pub(super) struct HexBytes {
    half: Option<u8>,
    /// Characters that are neither hexadecimal digits nor blanks.
    pub(super) strange: u64,
}

impl HexBytes {
    /// Calls `take` with every byte of a piece.
    pub(super) fn feed(&mut self, text: &[u8], mut take: impl FnMut(u8)) {
        for &c in text {
            let digit = match c {
                b'0'..=b'9' => c - b'0',
                b'a'..=b'f' => c - b'a' + 10,
                b'A'..=b'F' => c - b'A' + 10,
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                _ => {
                    self.strange += 1;
                    continue;
                }
            };
            match self.half.take() {
                Some(high) => take(high << 4 | digit),
                None => self.half = Some(digit),
            }
        }
    }
}
