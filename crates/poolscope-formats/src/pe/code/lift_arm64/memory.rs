//! ARM64 loads and stores: literal, pair, single and exclusive, in every addressing mode.

use super::{Word, into, signed, zero_or};
use crate::pe::code::ir::{BinOp, Mem, Op, Reg, Src, TEMP};

impl Word<'_> {
    pub(super) fn memory(&mut self) {
        match self.bits(27, 3) {
            0b011 if self.bits(24, 2) == 0 => {
                let disp = self.pc.wrapping_add((signed(self.bits(5, 19), 19) * 4).cast_unsigned());
                let mem = Mem { base: None, index: None, disp: disp.cast_signed() };
                let opc = self.bits(30, 2);
                if self.bits(26, 1) == 1 {
                    self.push(Op::VectorLoad { dst: self.rd() as u8, width: 4 << opc.min(2), mem });
                } else if opc < 3 {
                    let width = if opc == 1 { 8 } else { 4 };
                    self.push(Op::Load { dst: into(self.rd()), width, signed: opc == 2, mem });
                }
            }
            0b101 => self.pair(),
            0b111 => self.single(),
            0b001 if self.bits(26, 1) == 0 && self.bits(24, 1) == 0 => self.exclusive(),
            0b001 => {
                // Vector structure loads.
                self.push(Op::VectorClobber { dst: self.rd() as u8 });
            }
            _ => self.clobber(),
        }
    }

    pub(super) fn exclusive(&mut self) {
        let width = 1 << self.bits(30, 2);
        let mem = Mem { base: Some(self.rn() as Reg), index: None, disp: 0 };
        let (load, ordered, third) = (self.bits(22, 1) == 1, self.bits(23, 1) == 1, self.bits(21, 1) == 1);
        if third {
            self.push(Op::Clobber { dst: into(self.rm()) });
            if load {
                self.clobber();
            }
        } else if load {
            self.push(Op::Load { dst: into(self.rd()), width, signed: false, mem });
        } else {
            self.push(Op::Store { mem, width, src: zero_or(self.rd()) });
            if !ordered {
                self.push(Op::Clobber { dst: into(self.rm()) });
            }
        }
    }

    pub(super) fn access(&mut self, load: bool, vector: bool, width: u8, signed: bool, reg: u32, mem: Mem) {
        // A narrow load fills the whole register here, unlike on x86.
        if load && !vector && width < 4 {
            self.push(Op::Load { dst: TEMP, width, signed, mem });
            self.push(Op::Move { dst: into(reg), width: 8, src: Src::Reg(TEMP) });
            return;
        }
        self.push(match (load, vector) {
            (true, true) => Op::VectorLoad { dst: reg as u8, width, mem },
            (false, true) => Op::VectorStore { mem, width, src: reg as u8 },
            (true, false) => Op::Load { dst: into(reg), width, signed, mem },
            (false, false) => Op::Store { mem, width, src: zero_or(reg) },
        });
    }

    pub(super) fn move_base(&mut self, base: Reg, by: i64) {
        let b = Src::Imm(by.cast_unsigned());
        self.push(Op::Bin { op: BinOp::Add, dst: base, width: 8, a: Src::Reg(base), b, flags: false });
    }

    pub(super) fn pair(&mut self) {
        let vector = self.bits(26, 1) == 1;
        let opc = self.bits(30, 2);
        let width: u8 = if vector {
            4 << opc.min(2)
        } else if opc == 2 {
            8
        } else {
            4
        };
        let (load, mode) = (self.bits(22, 1) == 1, self.bits(23, 2));
        let offset = signed(self.bits(15, 7), 7) * i64::from(width);
        let base = self.rn() as Reg;
        if mode == 3 {
            self.move_base(base, offset);
        }
        let disp = if matches!(mode, 1 | 3) { 0 } else { offset };
        let mem = Mem { base: Some(base), index: None, disp };
        let next = Mem { disp: disp + i64::from(width), ..mem };
        let (first, second) = (self.rd(), self.bits(10, 5));
        // A pair may load its own base: the base is kept aside then.
        if load && !vector && first == u32::from(base) {
            self.access(load, vector, width, opc == 1, second, next);
            self.access(load, vector, width, opc == 1, first, mem);
        } else {
            self.access(load, vector, width, opc == 1, first, mem);
            self.access(load, vector, width, opc == 1, second, next);
        }
        if mode == 1 {
            self.move_base(base, offset);
        }
    }

    pub(super) fn single(&mut self) {
        let vector = self.bits(26, 1) == 1;
        let (size, opc) = (self.bits(30, 2), self.bits(22, 2));
        let (width, load): (u8, bool) =
            if vector && opc >= 2 { (16, opc == 3) } else { (1 << size, opc != 0) };
        let signed_load = !vector && opc >= 2;
        if signed_load && size == 3 {
            return;
        }
        let (base, rt) = (self.rn() as Reg, self.rd());
        if self.bits(24, 1) == 1 {
            let disp = i64::from(self.bits(10, 12)) * i64::from(width);
            return self.access(
                load,
                vector,
                width,
                signed_load,
                rt,
                Mem { base: Some(base), index: None, disp },
            );
        }
        if self.bits(21, 1) == 1 {
            if self.bits(10, 2) != 2 {
                // Atomic read-modify-write.
                return self.clobber();
            }
            let scale = if self.bits(12, 1) == 1 { width } else { 1 };
            let index = match zero_or(self.rm()) {
                Src::Reg(reg) => Some((reg, scale)),
                Src::Imm(_) => None,
            };
            return self.access(
                load,
                vector,
                width,
                signed_load,
                rt,
                Mem { base: Some(base), index, disp: 0 },
            );
        }
        let offset = signed(self.bits(12, 9), 9);
        match self.bits(10, 2) {
            1 => {
                self.access(
                    load,
                    vector,
                    width,
                    signed_load,
                    rt,
                    Mem { base: Some(base), index: None, disp: 0 },
                );
                self.move_base(base, offset);
            }
            3 => {
                self.move_base(base, offset);
                self.access(
                    load,
                    vector,
                    width,
                    signed_load,
                    rt,
                    Mem { base: Some(base), index: None, disp: 0 },
                );
            }
            _ => {
                let mem = Mem { base: Some(base), index: None, disp: offset };
                self.access(load, vector, width, signed_load, rt, mem);
            }
        }
    }
}
