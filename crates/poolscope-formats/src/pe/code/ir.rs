//! The few operations that tag following needs, the same for x86, x64 and ARM64.
//!
//! A lifter turns each instruction into some of these; whatever an instruction does beyond them becomes
//! [`Op::Clobber`]. Floating point and most vector work is not modelled: a tag does not go through it.

/// A general register: the machine's own number, then [`TEMP`] and up for values within one instruction.
pub type Reg = u8;

/// First of the temporary registers.
pub const TEMP: Reg = 32;

/// Registers a state holds.
pub const REGS: usize = 36;

/// Vector registers a state holds.
pub const VECTORS: usize = 32;

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Src {
    /// A register.
    Reg(Reg),
    /// A number.
    Imm(u64),
}

/// An address computed from registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mem {
    /// Base register.
    pub base: Option<Reg>,
    /// Index register and its scale.
    pub index: Option<(Reg, u8)>,
    /// Displacement, or the whole address of a pc-relative operand.
    pub disp: i64,
}

/// Two-operand arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinOp {
    Add,
    Sub,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Sar,
    Mul,
    Rol,
}

/// A condition over the last compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cond {
    Eq,
    Ne,
    /// Unsigned below.
    Below,
    /// Unsigned below or equal.
    BelowEq,
    /// Unsigned above.
    Above,
    /// Unsigned above or equal.
    AboveEq,
    /// Signed less.
    Less,
    /// Signed less or equal.
    LessEq,
    /// Signed greater.
    Greater,
    /// Signed greater or equal.
    GreaterEq,
    /// Sign set.
    Neg,
    /// Sign clear.
    Pos,
    /// Not modelled: both ways are possible.
    Any,
}

impl Cond {
    /// The opposite condition.
    pub fn not(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Below => Self::AboveEq,
            Self::BelowEq => Self::Above,
            Self::Above => Self::BelowEq,
            Self::AboveEq => Self::Below,
            Self::Less => Self::GreaterEq,
            Self::LessEq => Self::Greater,
            Self::Greater => Self::LessEq,
            Self::GreaterEq => Self::Less,
            Self::Neg => Self::Pos,
            Self::Pos => Self::Neg,
            Self::Any => Self::Any,
        }
    }
}

/// One operation. Widths are in bytes; a write of 4 bytes or more replaces the whole register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// `dst = src`, cut to `width`.
    Move { dst: Reg, width: u8, src: Src },
    /// `dst = (sign-extended?) src` of `from` bytes.
    Extend { dst: Reg, from: u8, signed: bool, width: u8, src: Reg },
    /// `dst = memory`.
    Load { dst: Reg, width: u8, signed: bool, mem: Mem },
    /// `memory = src`.
    Store { mem: Mem, width: u8, src: Src },
    /// `dst = address`.
    Lea { dst: Reg, width: u8, mem: Mem },
    /// `dst = a op b`; `flags` when the result sets them.
    Bin { op: BinOp, dst: Reg, width: u8, a: Src, b: Src, flags: bool },
    /// `dst` with its bytes reversed.
    ByteSwap { dst: Reg, width: u8, src: Reg },
    /// `dst = -src` or `!src`.
    Negate { dst: Reg, width: u8, src: Reg, only_invert: bool },
    /// `dst` keeps its bits except `width` bits at `shift`, which become `value` (ARM64 movk).
    Insert { dst: Reg, value: u16, shift: u8 },
    /// `bits` bits of `src` put into `dst` at bit `low` (ARM64 bfi).
    InsertBits { dst: Reg, src: Reg, low: u8, bits: u8, width: u8 },
    /// Sets the flags by `a - b`.
    Compare { a: Src, b: Src, width: u8 },
    /// Sets the flags by `a & b`.
    Test { a: Src, b: Src, width: u8 },
    /// The flags become unknown.
    FlagsLost,
    /// `dst` is 0 or all ones (x86 `sbb r, r`).
    Mask { dst: Reg, width: u8 },
    /// `dst = if cond {a} else {b}`.
    Select { dst: Reg, width: u8, cond: Cond, a: Src, b: Src },
    /// Puts a value on the stack.
    Push { src: Src, width: u8 },
    /// Takes a value from the stack.
    Pop { dst: Reg, width: u8 },
    /// `dst` becomes unknown.
    Clobber { dst: Reg },
    /// Vector register = `width` bytes of memory (16, 8 or 4), rest zero.
    VectorLoad { dst: u8, width: u8, mem: Mem },
    /// Memory = the low `width` bytes of a vector register.
    VectorStore { mem: Mem, width: u8, src: u8 },
    /// Vector register = vector register.
    VectorMove { dst: u8, src: u8 },
    /// Vector register = general register, rest zero.
    VectorFrom { dst: u8, src: Reg, width: u8 },
    /// General register = low part of a vector register.
    VectorTo { dst: Reg, src: u8, width: u8 },
    /// Low halves of `dst` and `src` side by side: `width` 8 or 4.
    VectorPair { dst: u8, src: u8, width: u8 },
    /// Vector register = 0.
    VectorZero { dst: u8 },
    /// Vector register becomes unknown.
    VectorClobber { dst: u8 },
    /// `count` units of `width` bytes from the string source to the string destination (x86 `rep movs`).
    CopyString { width: u8, repeat: bool },
    /// The string destination filled from the accumulator (x86 `rep stos`).
    FillString { width: u8, repeat: bool },
    /// A call; `then` is the address after it.
    Call { target: Target, then: u64 },
    /// An unconditional jump.
    Jump { target: Target },
    /// A conditional jump; falls through otherwise.
    Branch { cond: Cond, to: u64 },
    /// A jump when a register is zero (or not zero).
    BranchZero { reg: Reg, width: u8, zero: bool, to: u64 },
    /// Returns; x86 pops `pop` more bytes.
    Return { pop: u32 },
    /// Control does not go on (int3, ud2, brk).
    Stop,
    /// The frame is torn down: stack pointer = frame pointer, then pop it (x86 `leave`).
    Leave,
}

/// Where a call or a jump goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// An address.
    To(u64),
    /// The address in a register.
    Reg(Reg),
    /// The address in memory.
    Mem(Mem),
}
