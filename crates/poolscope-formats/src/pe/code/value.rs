//! What a register or a memory cell may hold: numbers, and names for what is only known by its origin.
//!
//! A value is a small set of atoms. Joining two paths unites their sets; a set that grows over its limit
//! becomes [`Value::Top`], "anything".

use std::rc::Rc;

use super::ir::{BinOp, Reg};
use crate::limits::MAX_PE_VALUES;

/// What an atom's number is relative to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Base {
    /// Nothing: the number itself, an address in the image among others.
    Const,
    /// The stack pointer at the function's entry.
    Stack,
    /// A register at the function's entry.
    InReg(Reg),
    /// What stood on the stack at the function's entry, this far above the stack pointer.
    InStack(i32),
    /// What stood in memory at the function's entry, at an address kept in the analysis' list.
    Load(u32),
    /// The result of the instruction at this RVA, not known further.
    Sym(u32),
    /// An imported function.
    Import(u32),
    /// An unknown multiple of this many bytes: an array index.
    Multiple(u32),
}

/// One possible value: `base + add`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Atom {
    /// What it is relative to.
    pub base: Base,
    /// The number, or the offset from the base.
    pub add: i64,
}

impl Atom {
    /// A number.
    pub fn number(number: u64) -> Self {
        Self { base: Base::Const, add: number.cast_signed() }
    }

    /// The base itself.
    pub fn of(base: Base) -> Self {
        Self { base, add: 0 }
    }

    /// The number, if it is one.
    pub fn as_number(self) -> Option<u64> {
        (self.base == Base::Const).then(|| self.add.cast_unsigned())
    }

    /// True for what a caller decides: a register, stack word or memory content at the entry.
    pub fn is_incoming(self) -> bool {
        matches!(self.base, Base::InReg(_) | Base::InStack(_) | Base::Load(_))
    }
}

/// A set of possible values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Anything.
    Top,
    /// Exactly this.
    One(Atom),
    /// One of these: sorted, at least two.
    Many(Rc<[Atom]>),
}

impl Value {
    /// A number.
    pub fn number(number: u64) -> Self {
        Self::One(Atom::number(number))
    }

    /// A named unknown.
    pub fn sym(rva: u32) -> Self {
        Self::One(Atom::of(Base::Sym(rva)))
    }

    /// From any atoms.
    pub fn from_atoms(mut atoms: Vec<Atom>) -> Self {
        atoms.sort_unstable();
        atoms.dedup();
        match atoms.as_slice() {
            [] => Self::Top,
            [one] => Self::One(*one),
            many if many.len() > MAX_PE_VALUES => Self::Top,
            _ => Self::Many(atoms.into()),
        }
    }

    /// The atoms; none for "anything".
    pub fn atoms(&self) -> &[Atom] {
        match self {
            Self::Top => &[],
            Self::One(atom) => std::slice::from_ref(atom),
            Self::Many(atoms) => atoms,
        }
    }

    /// The one atom, if there is only one.
    pub fn single(&self) -> Option<Atom> {
        match self {
            Self::One(atom) => Some(*atom),
            _ => None,
        }
    }

    /// The one number, if there is only one.
    pub fn as_number(&self) -> Option<u64> {
        self.single().and_then(Atom::as_number)
    }

    /// The numbers, if it is nothing but numbers.
    pub fn numbers(&self) -> Option<Vec<u64>> {
        match self {
            Self::Top => None,
            _ => self.atoms().iter().map(|atom| atom.as_number()).collect(),
        }
    }

    /// This or that.
    pub fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Top, _) | (_, Self::Top) => Self::Top,
            (a, b) if a == b => a.clone(),
            (a, Self::One(b)) if a.atoms().binary_search(b).is_ok() => a.clone(),
            (a, b) => Self::from_atoms([a.atoms(), b.atoms()].concat()),
        }
    }

    /// Each atom moved by an offset, cut to a width.
    pub fn offset(&self, by: i64, width: u8) -> Self {
        self.map(|atom| Atom { base: atom.base, add: cut(atom, atom.add.wrapping_add(by), width) })
    }

    /// Each number cut to a width; other atoms stay, as long as an address or a tag fits in.
    pub fn cut(&self, width: u8, site: u32) -> Self {
        if width >= 8 {
            return self.clone();
        }
        self.map(|atom| match atom.base {
            Base::Const => Atom { base: atom.base, add: cut(atom, atom.add, width) },
            _ if width >= 4 => atom,
            _ => Atom::of(Base::Sym(site)),
        })
    }

    /// Each atom changed.
    pub fn map(&self, change: impl Fn(Atom) -> Atom) -> Self {
        match self {
            Self::Top => Self::Top,
            Self::One(atom) => Self::One(change(*atom)),
            Self::Many(atoms) => Self::from_atoms(atoms.iter().map(|&atom| change(atom)).collect()),
        }
    }

    /// `self op other`, each with each; `site` names what cannot be known.
    pub fn combine(&self, op: BinOp, other: &Self, width: u8, site: u32) -> Self {
        if let (Self::One(a), Self::One(b)) = (self, other) {
            return combine_atoms(op, *a, *b, width, site);
        }
        if self.atoms().len().saturating_mul(other.atoms().len()) > 4 * MAX_PE_VALUES {
            return Self::Top;
        }
        if matches!(self, Self::Top) || matches!(other, Self::Top) {
            // A mask or a scale still says something about anything.
            let unknown = Self::sym(site);
            let (a, b) = match (self, other) {
                (Self::Top, Self::Top) => return unknown,
                (Self::Top, b) => (&unknown, b),
                (a, _) => (a, &unknown),
            };
            return a.combine(op, b, width, site);
        }
        let mut out = Vec::new();
        for &a in self.atoms() {
            for &b in other.atoms() {
                out.extend_from_slice(combine_atoms(op, a, b, width, site).atoms());
            }
        }
        Self::from_atoms(out)
    }
}

fn cut(atom: Atom, number: i64, width: u8) -> i64 {
    match (atom.base, width) {
        (Base::Const, 1) => number & 0xff,
        (Base::Const, 2) => number & 0xffff,
        (Base::Const, 4) => number & 0xffff_ffff,
        _ => number,
    }
}

/// Low `width` bytes of a number, sign-extended.
pub fn sign_extend(number: u64, width: u8) -> u64 {
    let bits = 64 - 8 * u32::from(width.clamp(1, 8));
    ((number << bits).cast_signed() >> bits).cast_unsigned()
}

/// Low `width` bytes of a number.
pub fn truncate(number: u64, width: u8) -> u64 {
    if width >= 8 { number } else { number & ((1_u64 << (8 * u32::from(width))) - 1) }
}

/// The biggest mask that turns an unknown into a short list of numbers: a table index.
const MAX_MASK: u64 = 15;

/// The bit that marks a tag as protected; it is no part of the tag's name.
const PROTECTED_POOL: u64 = 0x8000_0000;

fn combine_atoms(op: BinOp, a: Atom, b: Atom, width: u8, site: u32) -> Value {
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        return Value::number(truncate(arithmetic(op, x, y, width), width));
    }
    let moved = |atom: Atom, by: i64| Value::One(Atom { base: atom.base, add: atom.add.wrapping_add(by) });
    match op {
        BinOp::Add => match (a, b) {
            (Atom { base: Base::Const, add }, other) | (other, Atom { base: Base::Const, add }) => {
                moved(other, sign_extend(add.cast_unsigned(), width).cast_signed())
            }
            (Atom { base: Base::Multiple(n), add: x }, Atom { base: Base::Multiple(m), add: y }) => {
                Value::One(Atom { base: Base::Multiple(gcd(n, m)), add: x.wrapping_add(y) })
            }
            _ => Value::sym(site),
        },
        BinOp::Sub => match (a, b) {
            (_, Atom { base: Base::Const, add }) => {
                moved(a, sign_extend(add.cast_unsigned(), width).cast_signed().wrapping_neg())
            }
            (a, b) if a.base == b.base && !matches!(a.base, Base::Multiple(_)) => {
                Value::number(truncate(a.add.wrapping_sub(b.add).cast_unsigned(), width))
            }
            // A stack allocation of unknown size: everything below it is far away from what is above.
            (Atom { base: Base::Stack, add }, _) => {
                Value::One(Atom { base: Base::Stack, add: add.wrapping_sub(0x10_0000) & !0xf })
            }
            _ => Value::sym(site),
        },
        BinOp::And => match (a, b) {
            (Atom { base: Base::Stack, add }, Atom { base: Base::Const, add: mask })
            | (Atom { base: Base::Const, add: mask }, Atom { base: Base::Stack, add })
                if mask.cast_unsigned().trailing_zeros() >= 2 =>
            {
                Value::One(Atom { base: Base::Stack, add: add & (mask | !0xffff) })
            }
            (_, Atom { base: Base::Const, add: mask }) | (Atom { base: Base::Const, add: mask }, _) => {
                let mask = mask.cast_unsigned();
                if mask <= MAX_MASK {
                    Value::from_atoms((0..=mask).filter(|n| n & mask == *n).map(Atom::number).collect())
                } else if mask == 0xffff_ffff || mask == PROTECTED_POOL - 1 {
                    Value::One(if b.base == Base::Const { a } else { b })
                } else {
                    Value::sym(site)
                }
            }
            _ => Value::sym(site),
        },
        BinOp::Or | BinOp::Xor => match (a, b) {
            (other, Atom { base: Base::Const, add: 0 }) | (Atom { base: Base::Const, add: 0 }, other) => {
                Value::One(other)
            }
            // Marked as protected, a tag is the same tag.
            (other, Atom { base: Base::Const, add }) | (Atom { base: Base::Const, add }, other)
                if op == BinOp::Or && add.cast_unsigned() == PROTECTED_POOL =>
            {
                Value::One(other)
            }
            (a, b) if a == b => {
                if op == BinOp::Or {
                    Value::One(a)
                } else {
                    Value::number(0)
                }
            }
            _ => Value::sym(site),
        },
        BinOp::Shl => match (a, b.as_number()) {
            (_, Some(0)) => Value::One(a),
            (Atom { base: Base::Multiple(n), add }, Some(by @ 1..=12)) => Value::One(Atom {
                base: Base::Multiple(n.saturating_mul(1 << by)),
                add: add.wrapping_shl(by as u32),
            }),
            (_, Some(by @ 1..=12)) if !matches!(a.base, Base::Const | Base::Stack) => {
                Value::One(Atom { base: Base::Multiple(1 << by), add: a.add.wrapping_shl(by as u32) })
            }
            _ => Value::sym(site),
        },
        BinOp::Mul => {
            let (other, by) = match (a.as_number(), b.as_number()) {
                (Some(by), _) => (b, by),
                (_, Some(by)) => (a, by),
                _ => return Value::sym(site),
            };
            match (u32::try_from(by), other.base) {
                (Ok(1), _) => Value::One(other),
                (Ok(by @ 2..=4096), Base::Multiple(n)) => Value::One(Atom {
                    base: Base::Multiple(n.saturating_mul(by)),
                    add: other.add.wrapping_mul(i64::from(by)),
                }),
                (Ok(by @ 2..=4096), _) => {
                    Value::One(Atom { base: Base::Multiple(by), add: other.add.wrapping_mul(i64::from(by)) })
                }
                _ => Value::sym(site),
            }
        }
        BinOp::Shr | BinOp::Sar | BinOp::Rol => match b.as_number() {
            Some(0) => Value::One(a),
            _ => Value::sym(site),
        },
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

fn arithmetic(op: BinOp, x: u64, y: u64, width: u8) -> u64 {
    let bits = u64::from(width) * 8;
    let by = (y % bits.max(1)) as u32;
    match op {
        BinOp::Add => x.wrapping_add(y),
        BinOp::Sub => x.wrapping_sub(y),
        BinOp::And => x & y,
        BinOp::Or => x | y,
        BinOp::Xor => x ^ y,
        BinOp::Shl => x.wrapping_shl(by),
        BinOp::Shr => truncate(x, width).wrapping_shr(by),
        BinOp::Sar => (sign_extend(x, width).cast_signed() >> by).cast_unsigned(),
        BinOp::Mul => x.wrapping_mul(y),
        BinOp::Rol => {
            let x = truncate(x, width);
            if by == 0 { x } else { x.wrapping_shl(by) | x.wrapping_shr((bits as u32).saturating_sub(by)) }
        }
    }
}
