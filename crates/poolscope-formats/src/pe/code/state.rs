//! What is known at one point of a function: registers, vector registers, memory, flags.

mod conditions;
mod vectors;

use std::rc::Rc;

use super::ir::{BinOp, Cond, Mem, Op, REGS, Reg, Src};
use super::memory::{Memory, World, extend};
use super::value::{Atom, Base, Value, sign_extend, truncate};

/// What the flags were set by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flags {
    /// Not known.
    Unknown,
    /// By `a - b`, and the register `a` came from.
    Compare { a: Value, b: Value, width: u8, from: Option<Reg> },
    /// By a result, against zero.
    Result { value: Value, width: u8, from: Option<Reg> },
}

/// The state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// General registers and temporaries.
    pub regs: Rc<[Value; REGS]>,
    /// Low and high half of vector registers.
    pub vectors: Rc<Vec<Option<[Value; 2]>>>,
    /// Written memory.
    pub memory: Memory,
    /// Flags.
    pub flags: Flags,
    /// Loops whose exit was decided to stay since their head was passed, one bit each.
    pub decided: u64,
    /// Bytes of arguments pushed since the last call (x86).
    pub pushed: u32,
    /// Stack words from this offset up were pushed before a call whose popped bytes were guessed (x86).
    pub guessed_from: i64,
}

/// The machine's fixed facts that a state needs.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Stack pointer.
    pub sp: Reg,
    /// Frame pointer (x86 `leave`).
    pub fp: Reg,
    /// Bytes of a pointer.
    pub pointer: u8,
}

impl State {
    /// The state at a function's entry: every register is what the caller left in it.
    pub fn entry(shape: Shape) -> Self {
        let mut regs: [Value; REGS] =
            std::array::from_fn(|reg| Value::One(Atom::of(Base::InReg(reg as Reg))));
        if let Some(sp) = regs.get_mut(usize::from(shape.sp)) {
            *sp = Value::One(Atom::of(Base::Stack));
        }
        Self {
            regs: Rc::new(regs),
            vectors: Rc::new(Vec::new()),
            memory: Memory::default(),
            flags: Flags::Unknown,
            decided: 0,
            pushed: 0,
            guessed_from: i64::MAX,
        }
    }

    /// A register's value.
    pub fn reg(&self, reg: Reg) -> Value {
        self.regs.get(usize::from(reg)).cloned().unwrap_or(Value::Top)
    }

    /// Sets a register.
    pub fn set(&mut self, reg: Reg, value: Value) {
        if let Some(slot) = Rc::make_mut(&mut self.regs).get_mut(usize::from(reg)) {
            *slot = value;
        }
    }

    /// A source operand's value.
    pub fn src(&self, src: Src, width: u8, site: u32) -> Value {
        match src {
            Src::Reg(reg) => self.reg(reg).cut(width, site),
            Src::Imm(number) => Value::number(truncate(number, width)),
        }
    }

    /// The address a memory operand names.
    pub fn address(&self, mem: Mem, shape: Shape, site: u32) -> Value {
        let mut address = match mem.base {
            Some(base) => self.reg(base).offset(mem.disp, shape.pointer),
            None => Value::number(truncate(mem.disp.cast_unsigned(), shape.pointer)),
        };
        if let Some((index, scale)) = mem.index {
            let index = self.reg(index);
            let scaled = if scale > 1 {
                let by = Value::number(u64::from(scale));
                index.combine(BinOp::Mul, &by, shape.pointer, site)
            } else {
                index
            };
            address = address.combine(BinOp::Add, &scaled, shape.pointer, site);
            // base + unknown index: a table whose stride is the scale.
            if address.single() == Some(Atom::of(Base::Sym(site))) {
                address = self.unknown_index(mem, shape, scale).unwrap_or(address);
            }
        }
        address
    }

    fn unknown_index(&self, mem: Mem, shape: Shape, scale: u8) -> Option<Value> {
        let base = match mem.base {
            Some(base) => self.reg(base).offset(mem.disp, shape.pointer).as_number()?,
            None => truncate(mem.disp.cast_unsigned(), shape.pointer),
        };
        (scale >= 4)
            .then(|| Value::One(Atom { base: Base::Multiple(u32::from(scale)), add: base.cast_signed() }))
    }

    /// Reads memory at any of some addresses.
    pub fn read(&self, world: &mut World<'_, '_>, address: &Value, width: u8, site: u32) -> Value {
        match address {
            Value::Top => Value::sym(site),
            Value::One(at) => self.memory.read(world, *at, width, site),
            Value::Many(atoms) => {
                let mut out = Vec::new();
                for &at in atoms.iter() {
                    let value = self.memory.read(world, at, width, site);
                    if matches!(value, Value::Top) {
                        return Value::Top;
                    }
                    out.extend_from_slice(value.atoms());
                }
                Value::from_atoms(out)
            }
        }
    }

    /// Writes memory; where the address is not one, the old content stays possible.
    pub fn write(&mut self, world: &mut World<'_, '_>, address: &Value, width: u8, value: &Value) {
        match address {
            Value::Top => {}
            Value::One(at) if matches!(at.base, Base::Multiple(_) | Base::Import(_)) => {}
            Value::One(at) => self.memory.write(*at, width, value.clone()),
            Value::Many(atoms) => {
                for &at in atoms.iter().take(16) {
                    let old = self.memory.read(world, at, width, 0);
                    self.memory.write(at, width, old.join(value));
                }
            }
        }
    }

    /// Writes a register of any width; a narrow write keeps the upper bits where both are numbers.
    fn write_reg(&mut self, dst: Reg, width: u8, value: Value) {
        let value = if width >= 4 {
            value
        } else {
            match (self.reg(dst).numbers(), value.numbers()) {
                (Some(old), Some(new)) if old.len() * new.len() <= 64 => {
                    let mask = truncate(u64::MAX, width);
                    let atoms = old.iter().flat_map(|o| new.iter().map(move |n| (o & !mask) | (n & mask)));
                    Value::from_atoms(atoms.map(Atom::number).collect())
                }
                _ => value,
            }
        };
        self.set(dst, value);
    }

    /// Applies an operation that does not change the flow of control.
    pub fn apply(&mut self, op: &Op, world: &mut World<'_, '_>, shape: Shape, site: u32) {
        match *op {
            Op::Move { dst, width, src } => {
                let value = self.src(src, width, site);
                self.write_reg(dst, width, value);
            }
            Op::Extend { dst, from, signed, width, src } => {
                let value = self.reg(src);
                let value = match value.numbers() {
                    Some(numbers) => Value::from_atoms(
                        numbers
                            .iter()
                            .map(|&n| if signed { sign_extend(n, from) } else { truncate(n, from) })
                            .map(|n| Atom::number(truncate(n, width)))
                            .collect(),
                    ),
                    None if from >= 4 => value,
                    None => Value::sym(site),
                };
                self.write_reg(dst, width, value);
            }
            Op::Load { dst, width, signed, mem } => {
                let address = self.address(mem, shape, site);
                let value = self.read(world, &address, width, site);
                let value = extend(&value, width, signed);
                self.write_reg(dst, width.max(if dst >= super::ir::TEMP { 8 } else { width }), value);
            }
            Op::Store { mem, width, src } => {
                let address = self.address(mem, shape, site);
                let value = self.src(src, width, site);
                self.write(world, &address, width, &value);
            }
            Op::Lea { dst, width, mem } => {
                let value = self.address(mem, shape, site).cut(width, site);
                self.write_reg(dst, width, value);
            }
            Op::Bin { op, dst, width, a, b, flags } => {
                let (x, y) = (self.src(a, width, site), self.src(b, width, site));
                let value = x.combine(op, &y, width, site);
                if flags {
                    self.flags = if op == BinOp::Sub {
                        Flags::Compare { a: x, b: y, width, from: None }
                    } else {
                        Flags::Result { value: value.clone(), width, from: Some(dst) }
                    };
                }
                self.write_reg(dst, width, value);
            }
            Op::ByteSwap { dst, width, src } => {
                let value = self.numbers_only(src, width, site, |n| {
                    n.swap_bytes() >> (64 - 8 * u32::from(width.clamp(2, 8)))
                });
                self.write_reg(dst, width, value);
            }
            Op::Negate { dst, width, src, only_invert } => {
                let value =
                    self.numbers_only(src, width, site, |n| if only_invert { !n } else { n.wrapping_neg() });
                self.write_reg(dst, width, value);
            }
            Op::Insert { dst, value, shift } => {
                let mask = !(0xffff_u64 << shift);
                let value = self.numbers_only(dst, 8, site, |n| (n & mask) | (u64::from(value) << shift));
                self.set(dst, value);
            }
            Op::InsertBits { dst, src, low, bits, width } => {
                let value = self.insert_bits(dst, src, low, bits, width, site);
                self.set(dst, value);
            }
            Op::Compare { a, b, width } => {
                let from = match a {
                    Src::Reg(reg) => Some(reg),
                    Src::Imm(_) => None,
                };
                let (a, b) = (self.src(a, width, site), self.src(b, width, site));
                self.flags = Flags::Compare { a, b, width, from };
            }
            Op::Test { a, b, width } => {
                let from = match a {
                    Src::Reg(reg) if a == b => Some(reg),
                    _ => None,
                };
                let (x, y) = (self.src(a, width, site), self.src(b, width, site));
                let value = if a == b { x } else { x.combine(BinOp::And, &y, width, site) };
                self.flags = Flags::Result { value, width, from };
            }
            Op::FlagsLost => self.flags = Flags::Unknown,
            Op::Mask { dst, width } => {
                let value = match self.decide(Cond::Below) {
                    Some(below) => Value::number(if below { truncate(u64::MAX, width) } else { 0 }),
                    None => Value::number(0).join(&Value::number(truncate(u64::MAX, width))),
                };
                self.write_reg(dst, width, value);
            }
            Op::Select { dst, width, cond, a, b } => {
                let (x, y) = (self.src(a, width, site), self.src(b, width, site));
                let value = match self.decide(cond) {
                    Some(true) => x,
                    Some(false) => y,
                    None => x.join(&y),
                };
                self.write_reg(dst, width, value);
            }
            Op::Push { src, width } => {
                let value = self.src(src, width, site);
                let saved = matches!(src, Src::Reg(reg) if value == Value::One(Atom::of(Base::InReg(reg))));
                if !saved {
                    self.pushed = self.pushed.saturating_add(u32::from(width));
                }
                let sp = self.reg(shape.sp).offset(-i64::from(width), shape.pointer);
                self.write(world, &sp, width, &value);
                self.set(shape.sp, sp);
            }
            Op::Pop { dst, width } => {
                let sp = self.reg(shape.sp);
                let value = self.read(world, &sp, width, site);
                self.set(shape.sp, sp.offset(i64::from(width), shape.pointer));
                self.set(dst, value);
            }
            Op::Leave => {
                let fp = self.reg(shape.fp);
                let value = self.read(world, &fp, shape.pointer, site);
                self.set(shape.sp, fp.offset(i64::from(shape.pointer), shape.pointer));
                self.set(shape.fp, value);
            }
            Op::Clobber { dst } => self.set(dst, Value::sym(site)),
            _ => self.apply_vector(op, world, shape, site),
        }
    }

    /// Bits put into numbers, or into the low bits of a stack address, which are zero by its alignment.
    fn insert_bits(&self, dst: Reg, src: Reg, low: u8, bits: u8, width: u8, site: u32) -> Value {
        let mask = ((1_u64 << bits.min(63)) - 1) << low.min(63);
        let old = self.reg(dst);
        let Some(new) = self.reg(src).numbers().filter(|new| new.len() * old.atoms().len() <= 64) else {
            return Value::sym(site);
        };
        let mut out = Vec::new();
        for &atom in old.atoms() {
            let aligned = atom.base == Base::Stack && low + bits <= 4;
            if atom.base != Base::Const && !aligned {
                return Value::sym(site);
            }
            out.extend(new.iter().map(|&n| {
                let number = (atom.add.cast_unsigned() & !mask) | ((n << low.min(63)) & mask);
                let number = if atom.base == Base::Const { truncate(number, width) } else { number };
                Atom { base: atom.base, add: number.cast_signed() }
            }));
        }
        Value::from_atoms(out)
    }

    fn numbers_only(&self, src: Reg, width: u8, site: u32, change: impl Fn(u64) -> u64) -> Value {
        match self.reg(src).cut(width, site).numbers() {
            Some(numbers) => {
                Value::from_atoms(numbers.iter().map(|&n| Atom::number(truncate(change(n), width))).collect())
            }
            None => Value::sym(site),
        }
    }

    /// What is known on either of two paths.
    pub fn join(&mut self, other: &Self, world: &mut World<'_, '_>) {
        if !Rc::ptr_eq(&self.regs, &other.regs) {
            for (mine, theirs) in Rc::make_mut(&mut self.regs).iter_mut().zip(other.regs.iter()) {
                if mine != theirs {
                    *mine = mine.join(theirs);
                }
            }
        }
        if !Rc::ptr_eq(&self.vectors, &other.vectors) {
            let mine = Rc::make_mut(&mut self.vectors);
            for (at, mine) in mine.iter_mut().enumerate() {
                *mine = match (&mine, other.vectors.get(at)) {
                    (Some([a, b]), Some(Some([c, d]))) => Some([a.join(c), b.join(d)]),
                    _ => None,
                };
            }
        }
        self.memory = self.memory.join(&other.memory, world);
        if self.flags != other.flags {
            self.flags = Flags::Unknown;
        }
        self.decided &= other.decided;
        self.pushed = self.pushed.min(other.pushed);
        self.guessed_from = self.guessed_from.min(other.guessed_from);
    }

    /// Gives up on values that still change in a loop: a growing address becomes "a multiple of the step".
    pub fn widen(&mut self, before: &Self) {
        for (mine, old) in Rc::make_mut(&mut self.regs).iter_mut().zip(before.regs.iter()) {
            if mine != old {
                *mine = widened(mine);
            }
        }
        let old = before.memory.clone();
        self.memory.map(|value| {
            let stable = old.cells().iter().any(|cell| &cell.value == value);
            (!stable && value.atoms().len() > 1).then(|| widened(value))
        });
    }
}

fn widened(value: &Value) -> Value {
    let Some(mut numbers) = value.numbers() else {
        let bases: Vec<Atom> =
            value.atoms().iter().filter(|atom| matches!(atom.base, Base::Multiple(_))).copied().collect();
        return if bases.len() == value.atoms().len() && !bases.is_empty() {
            Value::from_atoms(bases.into_iter().take(1).collect())
        } else {
            Value::Top
        };
    };
    numbers.sort_unstable();
    match numbers.as_slice() {
        [first, second, ..] => match u32::try_from(second - first) {
            Ok(step @ 1..=4096) => Value::One(Atom { base: Base::Multiple(step), add: first.cast_signed() }),
            _ => Value::Top,
        },
        _ => value.clone(),
    }
}
