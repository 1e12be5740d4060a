//! Two-operand arithmetic, string instructions, and the vector moves that copy structures.

use iced_x86::{Mnemonic, OpKind};

use super::operands::{general, vector};
use super::{Lift, Place};
use crate::pe::code::ir::{BinOp, Op, Src, TEMP};

impl Lift<'_> {
    pub(super) fn vector_operand(&self, operand: u32) -> Option<u8> {
        (self.i.op_kind(operand) == OpKind::Register).then(|| vector(self.i.op_register(operand))).flatten()
    }

    pub(super) fn is_string(&self) -> bool {
        self.i.is_string_instruction()
    }

    pub(super) fn repeats(&self) -> bool {
        self.i.has_rep_prefix() || self.i.has_repe_prefix()
    }

    pub(super) fn string_width(&self) -> u8 {
        match self.i.mnemonic() {
            Mnemonic::Movsb | Mnemonic::Stosb => 1,
            Mnemonic::Movsw | Mnemonic::Stosw => 2,
            Mnemonic::Movsq | Mnemonic::Stosq => 8,
            _ => 4,
        }
    }

    pub(super) fn binary(&mut self) -> Option<()> {
        use Mnemonic as M;
        let width = self.width(0);
        let op = match self.i.mnemonic() {
            M::Add => BinOp::Add,
            M::Sub => BinOp::Sub,
            M::And => BinOp::And,
            M::Or => BinOp::Or,
            M::Xor => BinOp::Xor,
            M::Shl | M::Sal => BinOp::Shl,
            M::Shr => BinOp::Shr,
            M::Sar => BinOp::Sar,
            _ => BinOp::Rol,
        };
        let place = self.place(0)?;
        let a = self.source(0, 0)?;
        let mut b = self.source(1, 1)?;
        if op == BinOp::Xor
            && a == b
            && let Place::Reg(dst) = place
        {
            self.out.push(Op::Bin { op, dst, width, a: Src::Imm(0), b: Src::Imm(0), flags: true });
            return Some(());
        }
        if matches!(self.i.mnemonic(), M::Ror) {
            b = match b {
                Src::Imm(by) => Src::Imm((u64::from(width) * 8).wrapping_sub(by & 0x3f)),
                Src::Reg(_) => return None,
            };
        }
        self.arithmetic(op, place, width, a, b);
        Some(())
    }

    /// `bts` and `btr` of a fixed bit: how compilers set PROTECTED_POOL in a tag.
    pub(super) fn set_bit(&mut self) -> Option<()> {
        let Src::Imm(bit) = self.source(1, 1)? else { return None };
        let width = self.width(0);
        let bit = 1_u64 << (bit & (u64::from(width) * 8).saturating_sub(1) & 63);
        let place = self.place(0)?;
        let a = self.source(0, 0)?;
        let (op, b) = if self.i.mnemonic() == Mnemonic::Bts { (BinOp::Or, bit) } else { (BinOp::And, !bit) };
        self.arithmetic(op, place, width, a, Src::Imm(b));
        self.out.push(Op::FlagsLost);
        Some(())
    }

    pub(super) fn arithmetic(&mut self, op: BinOp, place: Place, width: u8, a: Src, b: Src) {
        match place {
            Place::Reg(dst) => self.out.push(Op::Bin { op, dst, width, a, b, flags: true }),
            Place::Mem(mem) => {
                self.out.push(Op::Bin { op, dst: TEMP + 2, width, a, b, flags: true });
                self.out.push(Op::Store { mem, width, src: Src::Reg(TEMP + 2) });
            }
        }
    }

    /// The moves between memory, general and vector registers by which compilers copy and build structures.
    pub(super) fn vector(&mut self) -> Option<()> {
        use Mnemonic as M;
        let memory = (0..self.i.op_count()).find(|&operand| self.i.op_kind(operand) == OpKind::Memory);
        let op = match self.i.mnemonic() {
            M::Movaps
            | M::Movups
            | M::Movapd
            | M::Movupd
            | M::Movdqa
            | M::Movdqu
            | M::Movq
            | M::Movd
            | M::Movss
            | M::Movsd
            | M::Movlps
            | M::Movlpd => {
                let single = matches!(self.i.mnemonic(), M::Movd | M::Movss);
                let whole = !matches!(
                    self.i.mnemonic(),
                    M::Movq | M::Movd | M::Movss | M::Movsd | M::Movlps | M::Movlpd
                );
                let width = if whole {
                    16
                } else if single {
                    4
                } else {
                    8
                };
                // movd with a 64-bit register is movq under another name.
                match (self.vector_operand(0), self.vector_operand(1), memory) {
                    (Some(dst), Some(src), _) if whole || self.i.mnemonic() == M::Movq => {
                        Op::VectorMove { dst, src }
                    }
                    (Some(dst), None, Some(_)) => Op::VectorLoad { dst, width, mem: self.mem()? },
                    (None, Some(src), Some(_)) => Op::VectorStore { mem: self.mem()?, width, src },
                    (Some(dst), None, None) => {
                        Op::VectorFrom { dst, src: general(self.i.op1_register())?, width: self.width(1) }
                    }
                    (None, Some(src), None) => {
                        Op::VectorTo { dst: general(self.i.op0_register())?, src, width: self.width(0) }
                    }
                    _ => return None,
                }
            }
            M::Punpckldq | M::Punpcklqdq | M::Movlhps | M::Unpcklps | M::Unpcklpd if memory.is_none() => {
                let width = if matches!(self.i.mnemonic(), M::Punpckldq | M::Unpcklps) { 4 } else { 8 };
                Op::VectorPair { dst: self.vector_operand(0)?, src: self.vector_operand(1)?, width }
            }
            M::Pxor | M::Xorps | M::Xorpd
                if self.i.op_kind(1) == OpKind::Register
                    && self.i.op0_register() == self.i.op1_register() =>
            {
                Op::VectorZero { dst: self.vector_operand(0)? }
            }
            _ => return None,
        };
        self.out.push(op);
        Some(())
    }
}
