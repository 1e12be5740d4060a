//! x86 and x64 instructions to [`Op`]s, decoded by iced-x86.
//!
//! Memory operands become loads into temporaries, so that the other operations see registers and numbers only.

mod arithmetic;
mod operands;

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind,
    Register,
};

use super::ir::{BinOp, Mem, Op, Reg, Src, TEMP, Target};
use operands::{condition, general, is_high_byte, is_immediate, vector};

/// Register number of the stack pointer.
pub const SP: Reg = 4;
/// Register number of the frame pointer.
pub const FP: Reg = 5;

/// Decodes and lifts one instruction after another.
pub struct Lifter<'d> {
    decoder: Decoder<'d>,
    /// Made when an instruction that is not modelled comes up.
    info: Option<InstructionInfoFactory>,
    instruction: Instruction,
    bits: u32,
    /// Where the first byte of the code stands.
    start: u64,
}

impl<'d> Lifter<'d> {
    /// Decodes `code`, whose first byte stands at `address`.
    pub fn new(code: &'d [u8], address: u64, wide: bool) -> Self {
        let bits = if wide { 64 } else { 32 };
        Self {
            decoder: Decoder::with_ip(bits, code, address, DecoderOptions::NONE),
            info: None,
            instruction: Instruction::default(),
            bits,
            start: address,
        }
    }

    /// Goes on at another address of the code; false when it is outside.
    pub fn seek(&mut self, address: u64) -> bool {
        let Ok(at) = usize::try_from(address.wrapping_sub(self.start)) else { return false };
        if at >= self.decoder.max_position() || self.decoder.set_position(at).is_err() {
            return false;
        }
        self.decoder.set_ip(address);
        true
    }

    /// Lifts the next instruction into `out` and gives the address after it; `None` at the end or at bytes that
    /// are no instruction.
    pub fn next(&mut self, out: &mut Vec<Op>) -> Option<u64> {
        self.decode()?;
        self.lift(out);
        Some(self.instruction.next_ip())
    }

    /// As [`Lifter::next`], but passes over what neither changes the flow of control nor reads a table of
    /// absolute addresses.
    pub fn next_control(&mut self, out: &mut Vec<Op>) -> Option<u64> {
        self.decode()?;
        let i = &self.instruction;
        let table = i.memory_index() != Register::None && i.memory_base() == Register::None;
        if i.flow_control() != FlowControl::Next || table {
            self.lift(out);
        }
        Some(self.instruction.next_ip())
    }

    fn decode(&mut self) -> Option<()> {
        if !self.decoder.can_decode() {
            return None;
        }
        self.decoder.decode_out(&mut self.instruction);
        (!self.instruction.is_invalid()).then_some(())
    }

    fn lift(&mut self, out: &mut Vec<Op>) {
        let lift = Lift { i: &self.instruction, out, word: (self.bits / 8) as u8 };
        if !lift.known() {
            self.clobber_writes(out);
        }
    }

    /// An instruction that is not modelled: everything it writes becomes unknown.
    fn clobber_writes(&mut self, out: &mut Vec<Op>) {
        let info = self.info.get_or_insert_with(InstructionInfoFactory::new).info(&self.instruction);
        for used in info.used_registers() {
            let writes = matches!(
                used.access(),
                OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
            );
            let register = used.register();
            if writes && let Some(dst) = general(register) {
                if dst != SP {
                    out.push(Op::Clobber { dst });
                }
            } else if writes && let Some(dst) = vector(register) {
                out.push(Op::VectorClobber { dst });
            }
        }
        if self.instruction.rflags_modified() != 0 {
            out.push(Op::FlagsLost);
        }
        if self.instruction.flow_control() == FlowControl::Exception {
            out.push(Op::Stop);
        }
    }
}

/// A place an instruction writes.
#[derive(Clone, Copy)]
enum Place {
    Reg(Reg),
    Mem(Mem),
}

/// One instruction being lifted.
struct Lift<'a> {
    i: &'a Instruction,
    out: &'a mut Vec<Op>,
    word: u8,
}

impl Lift<'_> {
    fn width(&self, operand: u32) -> u8 {
        match self.i.op_kind(operand) {
            OpKind::Register => self.i.op_register(operand).size() as u8,
            OpKind::Memory => self.i.memory_size().size().min(255) as u8,
            _ => self.word,
        }
    }

    fn mem(&self) -> Option<Mem> {
        if matches!(self.i.segment_prefix(), Register::FS | Register::GS) {
            return None;
        }
        let base = self.i.memory_base();
        let index = self.i.memory_index();
        if index.is_vector_register() {
            return None;
        }
        let mut disp = self.i.memory_displacement64().cast_signed();
        if self.word == 4 {
            disp = i64::from(disp as i32);
            if base == Register::None && index == Register::None {
                disp &= 0xffff_ffff;
            }
        }
        Some(Mem {
            base: if base == Register::RIP { None } else { general(base) },
            index: general(index).map(|reg| (reg, self.i.memory_index_scale() as u8)),
            disp,
        })
    }

    /// The value of an operand; a memory operand is loaded into a temporary first.
    fn source(&mut self, operand: u32, temp: Reg) -> Option<Src> {
        match self.i.op_kind(operand) {
            OpKind::Register => {
                let register = self.i.op_register(operand);
                if is_high_byte(register) { None } else { general(register).map(Src::Reg) }
            }
            OpKind::Memory => {
                let width = self.width(operand);
                let dst = TEMP + temp;
                match self.mem() {
                    Some(mem) if width <= 8 => self.out.push(Op::Load { dst, width, signed: false, mem }),
                    _ => self.out.push(Op::Clobber { dst }),
                }
                Some(Src::Reg(dst))
            }
            kind if is_immediate(kind) => Some(Src::Imm(self.i.immediate(operand))),
            _ => None,
        }
    }

    fn place(&self, operand: u32) -> Option<Place> {
        match self.i.op_kind(operand) {
            OpKind::Register => {
                let register = self.i.op_register(operand);
                if is_high_byte(register) { None } else { general(register).map(Place::Reg) }
            }
            OpKind::Memory => self.mem().map(Place::Mem),
            _ => None,
        }
    }

    fn write(&mut self, place: Place, width: u8, src: Src) {
        self.out.push(match place {
            Place::Reg(dst) => Op::Move { dst, width, src },
            Place::Mem(mem) => Op::Store { mem, width, src },
        });
    }

    /// Lifts the instruction; false when it is not modelled.
    fn known(mut self) -> bool {
        match self.i.flow_control() {
            FlowControl::Next => self.ordinary().is_some(),
            _ => self.control(),
        }
    }

    fn target(&self) -> Option<Target> {
        match self.i.op_kind(0) {
            OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
                Some(Target::To(self.i.near_branch_target()))
            }
            OpKind::Register => general(self.i.op_register(0)).map(Target::Reg),
            OpKind::Memory => self.mem().map(Target::Mem),
            _ => None,
        }
    }

    fn control(&mut self) -> bool {
        let op = match self.i.flow_control() {
            FlowControl::UnconditionalBranch | FlowControl::IndirectBranch => match self.target() {
                Some(target) => Op::Jump { target },
                None => Op::Stop,
            },
            FlowControl::ConditionalBranch => {
                let cond = condition(self.i.condition_code());
                Op::Branch { cond, to: self.i.near_branch_target() }
            }
            FlowControl::Return => {
                Op::Return { pop: if self.i.op_count() == 1 { u32::from(self.i.immediate16()) } else { 0 } }
            }
            FlowControl::Call | FlowControl::IndirectCall => match self.target() {
                Some(target) => Op::Call { target, then: self.i.next_ip() },
                None => return false,
            },
            FlowControl::Interrupt if self.i.mnemonic() == Mnemonic::Int => {
                // int 29h is the fast fail of the kernel and never comes back.
                if self.i.immediate8() == 0x29 { Op::Stop } else { Op::Clobber { dst: 0 } }
            }
            FlowControl::Interrupt | FlowControl::Exception => Op::Stop,
            _ => return false,
        };
        self.out.push(op);
        true
    }

    fn ordinary(&mut self) -> Option<()> {
        use Mnemonic as M;
        match self.i.mnemonic() {
            M::Nop
            | M::Endbr64
            | M::Endbr32
            | M::Pause
            | M::Prefetchw
            | M::Mfence
            | M::Lfence
            | M::Sfence => {}
            M::Mov => {
                if self.i.op_kind(0) == OpKind::Register && self.i.op_kind(1) == OpKind::Memory {
                    let Place::Reg(dst) = self.place(0)? else { return None };
                    let op = Op::Load { dst, width: self.width(0), signed: false, mem: self.mem()? };
                    self.out.push(op);
                } else {
                    let place = self.place(0)?;
                    let src = self.source(1, 0)?;
                    self.write(place, self.width(0), src);
                }
            }
            M::Movzx | M::Movsx | M::Movsxd => {
                let signed = self.i.mnemonic() != M::Movzx;
                let Place::Reg(dst) = self.place(0)? else { return None };
                let (from, width) = (self.width(1), self.width(0));
                if self.i.op_kind(1) == OpKind::Memory {
                    let mem = self.mem()?;
                    self.out.push(Op::Load { dst: TEMP, width: from, signed, mem });
                    self.out.push(Op::Move { dst, width, src: Src::Reg(TEMP) });
                } else {
                    let Src::Reg(src) = self.source(1, 0)? else { return None };
                    self.out.push(Op::Extend { dst, from, signed, width, src });
                }
            }
            M::Lea => {
                let Place::Reg(dst) = self.place(0)? else { return None };
                let (mem, width) = (self.mem()?, self.width(0));
                self.out.push(Op::Lea { dst, width, mem });
            }
            M::Add
            | M::Sub
            | M::And
            | M::Or
            | M::Xor
            | M::Shl
            | M::Sal
            | M::Shr
            | M::Sar
            | M::Rol
            | M::Ror => {
                self.binary()?;
            }
            M::Bts | M::Btr => self.set_bit()?,
            M::Inc | M::Dec => {
                let op = if self.i.mnemonic() == M::Inc { BinOp::Add } else { BinOp::Sub };
                let place = self.place(0)?;
                let a = self.source(0, 0)?;
                self.arithmetic(op, place, self.width(0), a, Src::Imm(1));
            }
            M::Imul if self.i.op_count() >= 2 => {
                let place = self.place(0)?;
                let (a, b) = if self.i.op_count() == 3 {
                    (self.source(1, 0)?, self.source(2, 1)?)
                } else {
                    (self.source(0, 0)?, self.source(1, 1)?)
                };
                self.arithmetic(BinOp::Mul, place, self.width(0), a, b);
                self.out.push(Op::FlagsLost);
            }
            M::Neg | M::Not => {
                let place = self.place(0)?;
                let width = self.width(0);
                let only_invert = self.i.mnemonic() == M::Not;
                let src = match self.source(0, 0)? {
                    Src::Reg(src) => src,
                    Src::Imm(_) => return None,
                };
                self.out.push(Op::Negate { dst: TEMP + 1, width, src, only_invert });
                self.write(place, width, Src::Reg(TEMP + 1));
                if !only_invert {
                    self.out.push(Op::FlagsLost);
                }
            }
            M::Cmp | M::Test => {
                let width = self.width(0);
                let (a, b) = (self.source(0, 0)?, self.source(1, 1)?);
                let compare = self.i.mnemonic() == M::Cmp;
                self.out.push(if compare { Op::Compare { a, b, width } } else { Op::Test { a, b, width } });
            }
            M::Sbb
                if self.i.op_kind(1) == OpKind::Register
                    && self.i.op0_register() == self.i.op1_register() =>
            {
                let Place::Reg(dst) = self.place(0)? else { return None };
                self.out.push(Op::Mask { dst, width: self.width(0) });
            }
            M::Bswap => {
                let Place::Reg(dst) = self.place(0)? else { return None };
                self.out.push(Op::ByteSwap { dst, width: self.width(0), src: dst });
            }
            M::Xchg => {
                let (a, b) = (self.place(0)?, self.place(1)?);
                let (x, y) = (self.source(0, 0)?, self.source(1, 1)?);
                let width = self.width(0);
                self.out.push(Op::Move { dst: TEMP + 2, width: 8, src: x });
                self.write(a, width, y);
                self.write(b, width, Src::Reg(TEMP + 2));
            }
            M::Push => {
                let src = self.source(0, 0)?;
                self.out.push(Op::Push { src, width: self.word });
            }
            M::Pop => {
                match self.place(0)? {
                    Place::Reg(dst) => self.out.push(Op::Pop { dst, width: self.word }),
                    Place::Mem(mem) => {
                        self.out.push(Op::Pop { dst: TEMP, width: self.word });
                        self.out.push(Op::Store { mem, width: self.word, src: Src::Reg(TEMP) });
                    }
                };
            }
            M::Leave => self.out.push(Op::Leave),
            M::Cdqe | M::Cwde => {
                let (from, width) = if self.i.mnemonic() == M::Cdqe { (4, 8) } else { (2, 4) };
                self.out.push(Op::Extend { dst: 0, from, signed: true, width, src: 0 });
            }
            M::Movsb | M::Movsd | M::Movsw | M::Movsq if self.is_string() => {
                self.out.push(Op::CopyString { width: self.string_width(), repeat: self.repeats() });
            }
            M::Stosb | M::Stosd | M::Stosw | M::Stosq => {
                self.out.push(Op::FillString { width: self.string_width(), repeat: self.repeats() });
            }
            M::Cmova
            | M::Cmovae
            | M::Cmovb
            | M::Cmovbe
            | M::Cmove
            | M::Cmovne
            | M::Cmovg
            | M::Cmovge
            | M::Cmovl
            | M::Cmovle
            | M::Cmovs
            | M::Cmovns
            | M::Cmovo
            | M::Cmovno
            | M::Cmovp
            | M::Cmovnp => {
                let Place::Reg(dst) = self.place(0)? else { return None };
                let a = self.source(1, 0)?;
                let cond = condition(self.i.condition_code());
                self.out.push(Op::Select { dst, width: self.width(0), cond, a, b: Src::Reg(dst) });
            }
            M::Seta
            | M::Setae
            | M::Setb
            | M::Setbe
            | M::Sete
            | M::Setne
            | M::Setg
            | M::Setge
            | M::Setl
            | M::Setle
            | M::Sets
            | M::Setns
            | M::Seto
            | M::Setno
            | M::Setp
            | M::Setnp => {
                let place = self.place(0)?;
                let cond = condition(self.i.condition_code());
                self.out.push(Op::Select { dst: TEMP, width: 4, cond, a: Src::Imm(1), b: Src::Imm(0) });
                self.write(place, 1, Src::Reg(TEMP));
            }
            _ => return self.vector(),
        }
        Some(())
    }
}
