//! ARM64 instructions to [`Op`]s: an own matcher of the forms that carry constants, addresses and structures.
//!
//! Moves of immediates (`movz`/`movn`/`movk`, `orr` with a bitmask), `adr`/`adrp`, loads and stores of every
//! addressing mode, additions, logic, bit fields, compares, selects and branches. Everything else makes its
//! destination unknown. Source: the public Arm Architecture Reference Manual, A64 encodings.

mod encodings;
mod memory;

use super::ir::{BinOp, Op, Reg, Src, TEMP, Target};
use encodings::{bitmask, condition};

/// Register number of the stack pointer.
pub const SP: Reg = 31;

/// Where a result goes that nobody wants (`xzr`).
const NOWHERE: Reg = TEMP + 3;

/// Lifts one instruction after another.
pub struct Lifter<'d> {
    code: &'d [u8],
    at: usize,
    address: u64,
}

impl<'d> Lifter<'d> {
    /// Reads `code`, whose first byte stands at `address`.
    pub fn new(code: &'d [u8], address: u64) -> Self {
        Self { code, at: 0, address }
    }

    /// Goes on at another address of the code; false when it is outside.
    pub fn seek(&mut self, address: u64) -> bool {
        match usize::try_from(address.wrapping_sub(self.address)) {
            Ok(at) if at < self.code.len() => {
                self.at = at;
                true
            }
            _ => false,
        }
    }

    /// Lifts the next instruction into `out` and gives the address after it; `None` at the end or at zeros.
    pub fn next(&mut self, out: &mut Vec<Op>) -> Option<u64> {
        let bytes = self.code.get(self.at..self.at + 4)?;
        let word = u32::from_le_bytes(bytes.try_into().ok()?);
        if word >> 16 == 0 {
            return None;
        }
        let pc = self.address.wrapping_add(self.at as u64);
        self.at += 4;
        Word { w: word, pc, out }.lift();
        Some(pc.wrapping_add(4))
    }
}

/// One instruction word.
struct Word<'a> {
    w: u32,
    pc: u64,
    out: &'a mut Vec<Op>,
}

/// `word` bits `[low, low + count)`.
const fn field(word: u32, low: u32, count: u32) -> u32 {
    (word >> low) & ((1 << count) - 1)
}

fn signed(value: u32, bits: u32) -> i64 {
    let shift = 64 - bits;
    (i64::from(value) << shift) >> shift
}

fn zero_or(reg: u32) -> Src {
    if reg == 31 { Src::Imm(0) } else { Src::Reg(reg as Reg) }
}

fn into(reg: u32) -> Reg {
    if reg == 31 { NOWHERE } else { reg as Reg }
}

impl Word<'_> {
    fn bits(&self, low: u32, count: u32) -> u32 {
        field(self.w, low, count)
    }

    fn rd(&self) -> u32 {
        self.bits(0, 5)
    }

    fn rn(&self) -> u32 {
        self.bits(5, 5)
    }

    fn rm(&self) -> u32 {
        self.bits(16, 5)
    }

    fn width(&self) -> u8 {
        if self.bits(31, 1) == 1 { 8 } else { 4 }
    }

    fn push(&mut self, op: Op) {
        self.out.push(op);
    }

    fn clobber(&mut self) {
        let dst = into(self.rd());
        self.push(Op::Clobber { dst });
    }

    fn lift(mut self) {
        match self.bits(25, 4) {
            0b1000 | 0b1001 => self.immediate(),
            0b1010 | 0b1011 => self.branch(),
            0b0100 | 0b0110 | 0b1100 | 0b1110 => self.memory(),
            0b0101 | 0b1101 => self.register(),
            0b0111 | 0b1111 => self.vector(),
            _ => self.clobber(),
        }
    }

    fn immediate(&mut self) {
        let width = self.width();
        let (rd, rn) = (self.rd(), self.rn());
        match self.bits(23, 3) {
            0 | 1 => {
                let offset = signed((self.bits(5, 19) << 2) | self.bits(29, 2), 21);
                let address = if self.bits(31, 1) == 1 {
                    (self.pc & !0xfff).wrapping_add((offset << 12).cast_unsigned())
                } else {
                    self.pc.wrapping_add(offset.cast_unsigned())
                };
                self.push(Op::Move { dst: into(rd), width: 8, src: Src::Imm(address) });
            }
            2 => {
                let number = u64::from(self.bits(10, 12)) << (12 * self.bits(22, 1));
                let sets = self.bits(29, 1) == 1;
                let op = if self.bits(30, 1) == 1 { BinOp::Sub } else { BinOp::Add };
                self.add_or_compare(op, sets, rd, Src::Reg(rn as Reg), Src::Imm(number), width);
            }
            4 => {
                let Some(number) = bitmask(self.bits(22, 1), self.bits(16, 6), self.bits(10, 6)) else {
                    return self.clobber();
                };
                self.logic(self.bits(29, 2), false, Src::Imm(number), width, true);
            }
            5 => {
                let shift = (self.bits(21, 2) * 16) as u8;
                let half = self.bits(5, 16);
                let dst = into(rd);
                match self.bits(29, 2) {
                    0 => {
                        let src = Src::Imm(!(u64::from(half) << shift));
                        self.push(Op::Move { dst, width, src });
                    }
                    2 => self.push(Op::Move { dst, width, src: Src::Imm(u64::from(half) << shift) }),
                    3 => self.push(Op::Insert { dst, value: half as u16, shift }),
                    _ => self.clobber(),
                }
            }
            6 => self.bit_field(width),
            _ => self.clobber(),
        }
    }

    fn bit_field(&mut self, width: u8) {
        let (dst, rn) = (into(self.rd()), self.rn());
        let (immr, imms) = (self.bits(16, 6), self.bits(10, 6));
        let size = u32::from(width) * 8;
        let a = zero_or(rn);
        let Src::Reg(src) = a else { return self.clobber() };
        if immr >= size || imms >= size {
            return self.clobber();
        }
        match self.bits(29, 2) {
            // lsl, lsr and asr are bit field moves; so are the extensions of 8, 16 and 32 bits.
            2 if imms + 1 == immr => {
                let b = Src::Imm(u64::from(size - immr));
                self.push(Op::Bin { op: BinOp::Shl, dst, width, a, b, flags: false });
            }
            opc @ (0 | 2) if imms == size - 1 => {
                let op = if opc == 2 { BinOp::Shr } else { BinOp::Sar };
                self.push(Op::Bin { op, dst, width, a, b: Src::Imm(u64::from(immr)), flags: false });
            }
            opc @ (0 | 2) if immr == 0 && matches!(imms, 7 | 15 | 31) => {
                let from = ((imms + 1) / 8) as u8;
                self.push(Op::Extend { dst, from, signed: opc == 0, width, src });
            }
            2 if immr == 0 => {
                let mask = Src::Imm((1_u64 << (imms + 1).min(63)) - 1);
                self.push(Op::Bin { op: BinOp::And, dst, width, a, b: mask, flags: false });
            }
            1 => {
                let (low, bits) = if imms < immr { (size - immr, imms + 1) } else { (0, imms - immr + 1) };
                if imms >= immr && immr > 0 {
                    self.push(Op::Bin {
                        op: BinOp::Shr,
                        dst: TEMP,
                        width,
                        a,
                        b: Src::Imm(u64::from(immr)),
                        flags: false,
                    });
                }
                let src = if imms >= immr && immr > 0 { TEMP } else { src };
                self.push(Op::InsertBits { dst, src, low: low as u8, bits: bits as u8, width });
            }
            // An index scaled while it is extended: `ubfiz` and `sbfiz`.
            0 | 2 if imms < immr && imms >= 7 => {
                let by = Src::Imm(u64::from(size - immr));
                self.push(Op::Bin { op: BinOp::Shl, dst, width, a, b: by, flags: false });
            }
            _ => self.clobber(),
        }
    }

    fn add_or_compare(&mut self, op: BinOp, sets: bool, rd: u32, a: Src, b: Src, width: u8) {
        if sets && rd == 31 {
            let compare = if op == BinOp::Sub { Op::Compare { a, b, width } } else { Op::FlagsLost };
            self.push(compare);
        } else {
            let dst = if sets { into(rd) } else { rd as Reg };
            self.push(Op::Bin { op, dst, width, a, b, flags: sets });
        }
    }

    fn logic(&mut self, opc: u32, invert: bool, b: Src, width: u8, immediate: bool) {
        let (rd, a) = (self.rd(), zero_or(self.rn()));
        let b = if invert {
            match b {
                Src::Imm(number) => Src::Imm(!number),
                Src::Reg(src) => {
                    self.push(Op::Negate { dst: TEMP, width, src, only_invert: true });
                    Src::Reg(TEMP)
                }
            }
        } else {
            b
        };
        let op = match opc {
            0 | 3 => BinOp::And,
            1 => BinOp::Or,
            _ => BinOp::Xor,
        };
        if opc == 3 && rd == 31 {
            self.push(Op::Test { a, b, width });
        } else if op == BinOp::Or && a == Src::Imm(0) {
            let dst = if immediate { rd as Reg } else { into(rd) };
            self.push(Op::Move { dst, width, src: b });
        } else {
            let dst = if immediate && opc != 3 { rd as Reg } else { into(rd) };
            self.push(Op::Bin { op, dst, width, a, b, flags: opc == 3 });
        }
    }

    fn branch(&mut self) {
        let to = |pc: u64, offset: i64| pc.wrapping_add((offset * 4).cast_unsigned());
        let (w, pc) = (self.w, self.pc);
        if self.bits(26, 5) == 0b00101 {
            let target = Target::To(to(pc, signed(self.bits(0, 26), 26)));
            let call = self.bits(31, 1) == 1;
            self.push(if call { Op::Call { target, then: pc.wrapping_add(4) } } else { Op::Jump { target } });
        } else if self.bits(24, 8) == 0b0101_0100 {
            self.push(Op::Branch {
                cond: condition(self.bits(0, 4)),
                to: to(pc, signed(self.bits(5, 19), 19)),
            });
        } else if self.bits(25, 6) == 0b01_1010 {
            let to = to(pc, signed(self.bits(5, 19), 19));
            let (reg, width, zero) = (into(self.rd()), self.width(), self.bits(24, 1) == 0);
            self.push(Op::BranchZero { reg, width, zero, to });
        } else if self.bits(25, 6) == 0b01_1011 {
            let bit = (self.bits(31, 1) << 5) | self.bits(19, 5);
            let (a, b) = (zero_or(self.rd()), Src::Imm(1_u64 << bit));
            self.push(Op::Bin { op: BinOp::And, dst: TEMP, width: 8, a, b, flags: false });
            let (zero, to) = (self.bits(24, 1) == 0, to(pc, signed(self.bits(5, 14), 14)));
            self.push(Op::BranchZero { reg: TEMP, width: 8, zero, to });
        } else if self.bits(25, 7) == 0b110_1011 {
            let target = Target::Reg(self.rn() as Reg);
            match self.bits(21, 4) & 7 {
                0 => self.push(Op::Jump { target }),
                1 => self.push(Op::Call { target, then: pc.wrapping_add(4) }),
                _ => self.push(Op::Return { pop: 0 }),
            }
        } else if w & 0xffe0_001f == 0xd420_0000 {
            self.push(Op::Stop);
        } else if w >> 20 == 0xd53 {
            self.clobber();
        } else if w & 0xff00_0000 == 0xd400_0000 {
            self.push(Op::Clobber { dst: 0 });
        }
    }

    /// A shifted or extended second operand, through a temporary when it is shifted.
    fn shifted(&mut self, rm: u32, kind: u32, by: u32, width: u8) -> Src {
        let a = zero_or(rm);
        if by == 0 {
            return a;
        }
        let op = match kind {
            0 => BinOp::Shl,
            1 => BinOp::Shr,
            2 => BinOp::Sar,
            _ => {
                self.push(Op::Clobber { dst: TEMP + 1 });
                return Src::Reg(TEMP + 1);
            }
        };
        self.push(Op::Bin { op, dst: TEMP + 1, width, a, b: Src::Imm(u64::from(by)), flags: false });
        Src::Reg(TEMP + 1)
    }

    fn register(&mut self) {
        let width = self.width();
        let (rd, rn, rm) = (self.rd(), self.rn(), self.rm());
        match self.bits(24, 5) {
            0b0_1010 => {
                let b = self.shifted(rm, self.bits(22, 2), self.bits(10, 6), width);
                let invert = self.bits(21, 1) == 1;
                self.logic(self.bits(29, 2), invert, b, width, false);
            }
            0b0_1011 => {
                let sets = self.bits(29, 1) == 1;
                let op = if self.bits(30, 1) == 1 { BinOp::Sub } else { BinOp::Add };
                if self.bits(21, 1) == 1 {
                    let b = self.shifted(rm, 0, self.bits(10, 3), width);
                    self.add_or_compare(op, sets, rd, Src::Reg(rn as Reg), b, width);
                } else {
                    let b = self.shifted(rm, self.bits(22, 2), self.bits(10, 6), width);
                    if sets && rd == 31 {
                        self.add_or_compare(op, sets, rd, zero_or(rn), b, width);
                    } else {
                        let (a, dst) = (zero_or(rn), into(rd));
                        self.push(Op::Bin { op, dst, width, a, b, flags: sets });
                    }
                }
            }
            0b1_1010 => self.select_or_two(width),
            0b1_1011 if self.bits(21, 3) == 0 || matches!(self.bits(21, 3), 1 | 5) => {
                let (ra, subtract) = (self.bits(10, 5), self.bits(15, 1) == 1);
                let (a, b) = (zero_or(rn), zero_or(rm));
                self.push(Op::Bin { op: BinOp::Mul, dst: TEMP, width, a, b, flags: false });
                let op = if subtract { BinOp::Sub } else { BinOp::Add };
                let (a, b) = (zero_or(ra), Src::Reg(TEMP));
                self.push(Op::Bin { op, dst: into(rd), width, a, b, flags: false });
            }
            _ => self.clobber(),
        }
    }

    fn select_or_two(&mut self, width: u8) {
        let (dst, rn, rm) = (into(self.rd()), self.rn(), self.rm());
        let (a, b) = (zero_or(rn), zero_or(rm));
        match (self.bits(21, 3), self.bits(30, 1)) {
            (0b100, invert) => {
                let second = self.bits(10, 2) & 1 == 1;
                let b = match (invert == 1, second) {
                    (false, false) => b,
                    (false, true) => {
                        let one = Src::Imm(1);
                        self.push(Op::Bin { op: BinOp::Add, dst: TEMP, width, a: b, b: one, flags: false });
                        Src::Reg(TEMP)
                    }
                    (true, negate) => {
                        self.push(Op::Move { dst: TEMP, width, src: b });
                        self.push(Op::Negate { dst: TEMP, width, src: TEMP, only_invert: !negate });
                        Src::Reg(TEMP)
                    }
                };
                let cond = condition(self.bits(12, 4));
                self.push(Op::Select { dst, width, cond, a, b });
            }
            (0b010, _) => self.push(Op::FlagsLost),
            (0b110, 0) => {
                let op = match self.bits(10, 6) {
                    8 => BinOp::Shl,
                    9 => BinOp::Shr,
                    10 => BinOp::Sar,
                    _ => return self.clobber(),
                };
                self.push(Op::Bin { op, dst, width, a, b, flags: false });
            }
            (0b110, _) => match (self.bits(10, 6), a) {
                (2 | 3, Src::Reg(src)) if self.bits(10, 6) == 3 || width == 4 => {
                    self.push(Op::ByteSwap { dst, width, src });
                }
                _ => self.clobber(),
            },
            _ => self.clobber(),
        }
    }

    fn vector(&mut self) {
        let (w, rd, rn) = (self.w, self.rd() as u8, self.rn() as u8);
        let op = match w & 0xffff_fc00 {
            0x1e27_0000 => Op::VectorFrom { dst: rd, src: rn, width: 4 },
            0x9e67_0000 => Op::VectorFrom { dst: rd, src: rn, width: 8 },
            0x1e26_0000 => Op::VectorTo { dst: rd, src: rn, width: 4 },
            0x9e66_0000 => Op::VectorTo { dst: rd, src: rn, width: 8 },
            _ if w & 0xffe0_fc00 == 0x4ea0_1c00 && self.rm() == self.rn() => {
                Op::VectorMove { dst: rd, src: rn }
            }
            // movi with all bits zero.
            _ if w & 0x9ff8_0c00 == 0x0f00_0400 && self.bits(16, 3) == 0 && self.bits(5, 5) == 0 => {
                Op::VectorZero { dst: rd }
            }
            _ => {
                // Moves and conversions into a general register.
                if matches!(w & 0xbfe0_fc00, 0x0e00_3c00 | 0x0e00_2c00) || w & 0x5f20_fc00 == 0x1e20_0000 {
                    self.clobber();
                }
                Op::VectorClobber { dst: rd }
            }
        };
        self.push(op);
    }
}
