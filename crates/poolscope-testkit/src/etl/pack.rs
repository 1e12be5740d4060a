//! Compressors for trace buffers: simple, greedy, and valid. From [MS-XCA], apart from any decompressor.

/// How buffers are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packing {
    /// Plain LZ77, code 3.
    Xpress,
    /// LZ77 with Huffman codes, code 4.
    XpressHuffman,
    /// Code 2.
    Lznt1,
}

impl Packing {
    /// The code in the state of the trace's first buffer.
    pub fn code(self) -> u32 {
        match self {
            Self::Lznt1 => 2,
            Self::Xpress => 3,
            Self::XpressHuffman => 4,
        }
    }

    /// Packs a buffer's body.
    pub fn pack(self, body: &[u8]) -> Vec<u8> {
        match self {
            Self::Xpress => xpress(body),
            Self::XpressHuffman => huffman(body),
            Self::Lznt1 => lznt1(body),
        }
    }
}

/// A literal byte or a repetition.
#[derive(Clone, Copy, Debug)]
enum Token {
    Literal(u8),
    Match { distance: usize, length: usize },
}

/// Greedy matching by the last place each four bytes stood at.
fn tokens(body: &[u8], window: usize, longest: usize) -> Vec<Token> {
    let mut last = vec![usize::MAX; 1 << 14];
    let mut out = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let mut length = 0;
        let mut from = usize::MAX;
        if let Some(four) = body.get(at..at + 4) {
            let value = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
            let place = (value.wrapping_mul(0x9e37_79b1) >> 18) as usize;
            from = std::mem::replace(&mut last[place], at);
            if from != usize::MAX && at - from <= window {
                length =
                    body[at..].iter().zip(&body[from..]).take(longest).take_while(|(a, b)| a == b).count();
            }
        }
        if length >= 4 {
            out.push(Token::Match { distance: at - from, length });
            at += length;
        } else {
            out.push(Token::Literal(body[at]));
            at += 1;
        }
    }
    out
}

fn xpress(body: &[u8]) -> Vec<u8> {
    let mut out = vec![0u8; 4];
    let (mut flags, mut count, mut flags_at) = (0u32, 0, 0);
    let mut half: Option<usize> = None;
    for token in tokens(body, 1 << 13, 70_000) {
        flags <<= 1;
        match token {
            Token::Literal(byte) => out.push(byte),
            Token::Match { distance, length } => {
                flags |= 1;
                let length = length - 3;
                let short = length.min(7) as u16;
                out.extend((((distance - 1) as u16) << 3 | short).to_le_bytes());
                if length >= 7 {
                    let rest = length - 7;
                    let nibble = rest.min(15) as u8;
                    match half.take() {
                        Some(place) => out[place] |= nibble << 4,
                        None => {
                            half = Some(out.len());
                            out.push(nibble);
                        }
                    }
                    if rest >= 15 {
                        let rest = rest - 15;
                        if rest < 255 {
                            out.push(rest as u8);
                        } else {
                            out.push(255);
                            if length < 1 << 16 {
                                out.extend((length as u16).to_le_bytes());
                            } else {
                                out.extend([0, 0]);
                                out.extend((length as u32).to_le_bytes());
                            }
                        }
                    }
                }
            }
        }
        count += 1;
        if count == 32 {
            out[flags_at..flags_at + 4].copy_from_slice(&flags.to_le_bytes());
            flags_at = out.len();
            out.extend([0; 4]);
            (flags, count) = (0, 0);
        }
    }
    // The bits left over are ones: a match that does not come marks the end.
    let flags =
        if count == 0 { u32::MAX } else { flags << (32 - count) | ((1u64 << (32 - count)) - 1) as u32 };
    out[flags_at..flags_at + 4].copy_from_slice(&flags.to_le_bytes());
    out
}

/// Writes 16-bit words of bits, most significant first, with bytes in between where the format wants them: the
/// decoder reads two words ahead, so a word's place is kept when its first bit is written.
struct BitWriter {
    out: Vec<u8>,
    bits: u32,
    count: u32,
    /// Places of the words being filled and of the one after it.
    places: [usize; 2],
}

impl BitWriter {
    fn new(mut out: Vec<u8>) -> Self {
        let at = out.len();
        out.extend([0; 4]);
        Self { out, bits: 0, count: 0, places: [at, at + 2] }
    }

    fn put(&mut self, value: u32, width: u32) {
        for bit in (0..width).rev() {
            // A full word is closed only when a further bit comes: that is when the decoder fetches the next.
            if self.count == 16 {
                self.flush();
            }
            self.bits = self.bits << 1 | (value >> bit & 1);
            self.count += 1;
        }
    }

    fn flush(&mut self) {
        let word = (self.bits << (16 - self.count)) as u16;
        let place = self.places[0];
        self.out[place..place + 2].copy_from_slice(&word.to_le_bytes());
        self.places = [self.places[1], self.out.len()];
        self.out.extend([0; 2]);
        (self.bits, self.count) = (0, 0);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            let word = (self.bits << (16 - self.count)) as u16;
            let place = self.places[0];
            self.out[place..place + 2].copy_from_slice(&word.to_le_bytes());
        }
        self.out
    }
}

/// Every symbol has a code of 9 bits, which is its own number: a complete code that needs no statistics.
fn huffman(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in body.chunks(65_536) {
        out.extend([0x99; 256]);
        let mut bits = BitWriter::new(out);
        for token in tokens(block, (1 << 15) - 1, 60_000) {
            match token {
                Token::Literal(byte) => bits.put(u32::from(byte), 9),
                Token::Match { distance, length } => {
                    let high = distance.ilog2();
                    let length = length - 3;
                    bits.put(256 + (high << 4 | length.min(15) as u32), 9);
                    if length >= 15 {
                        if length - 15 < 255 {
                            bits.out.push((length - 15) as u8);
                        } else {
                            bits.out.push(255);
                            bits.out.extend((length as u16).to_le_bytes());
                        }
                    }
                    bits.put(distance as u32 & ((1 << high) - 1), high);
                }
            }
        }
        out = bits.finish();
    }
    out
}

fn lznt1(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(4096) {
        let mut packed = Vec::new();
        let mut group: Option<(usize, u32)> = None;
        let mut at = 0;
        // Matches may not be longer than the length bits left at their place allow: split them.
        for token in tokens(chunk, 4096, 4096) {
            let mut rest = match token {
                Token::Literal(_) => 1,
                Token::Match { length, .. } => length,
            };
            while rest > 0 {
                let (flag_at, bit) = match group {
                    Some((flag_at, bit)) if bit < 8 => (flag_at, bit),
                    _ => {
                        packed.push(0);
                        (packed.len() - 1, 0)
                    }
                };
                group = Some((flag_at, bit + 1));
                let mut distance_bits = 4;
                while at > 1 && (at - 1) >> distance_bits != 0 {
                    distance_bits += 1;
                }
                let most = (1usize << (16 - distance_bits)) - 1 + 3;
                match token {
                    Token::Match { distance, .. } if rest >= 3 => {
                        let length = rest.min(most);
                        let token = (distance - 1) << (16 - distance_bits) | (length - 3);
                        packed[flag_at] |= 1 << bit;
                        packed.extend((token as u16).to_le_bytes());
                        at += length;
                        rest -= length;
                    }
                    _ => {
                        packed.push(chunk[at]);
                        at += 1;
                        rest -= 1;
                    }
                }
            }
        }
        if packed.len() < chunk.len() {
            out.extend((0xb000 | (packed.len() - 1) as u16).to_le_bytes());
            out.extend(packed);
        } else {
            out.extend((0x3000 | (chunk.len() - 1) as u16).to_le_bytes());
            out.extend(chunk);
        }
    }
    out
}
