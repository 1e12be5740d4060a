//! Conditions over the last compare: whether they hold, and what a branch taken says about a value.

use std::rc::Rc;

use super::{Flags, State};
use crate::limits::MAX_PE_REFINED;
use crate::pe::code::ir::Cond;
use crate::pe::code::value::{Atom, Base, Value, sign_extend, truncate};

impl State {
    /// Whether a condition holds on every possible value, on none, or on some.
    pub fn decide(&self, cond: Cond) -> Option<bool> {
        let zero = Value::number(0);
        let (a, b, width) = match &self.flags {
            Flags::Unknown => return None,
            Flags::Compare { a, b, width, .. } => (a, b, *width),
            Flags::Result { value, width, .. } => {
                if !matches!(cond, Cond::Eq | Cond::Ne | Cond::Neg | Cond::Pos | Cond::Less | Cond::GreaterEq)
                {
                    return None;
                }
                (value, &zero, *width)
            }
        };
        decide_values(cond, a, b, width)
    }

    /// What a branch that went this way says about the compared value.
    pub fn refine(&mut self, cond: Cond) {
        let (a, b, width, from) = match &self.flags {
            Flags::Unknown => return,
            Flags::Compare { a, b, width, from } => (a.clone(), b.clone(), *width, *from),
            Flags::Result { value, width, from } => (value.clone(), Value::number(0), *width, *from),
        };
        let Some(bound) = b.as_number() else { return };
        if let Some(numbers) = a.numbers() {
            let left: Vec<Atom> =
                numbers.iter().filter(|&&n| holds(cond, n, bound, width)).map(|&n| Atom::number(n)).collect();
            if let Some(reg) = from
                && left.len() < numbers.len()
                && !left.is_empty()
                && self.reg(reg) == a
            {
                self.set(reg, Value::from_atoms(left));
            }
            return;
        }
        let Some(atom) = a.single() else { return };
        if !matches!(atom.base, Base::Sym(_) | Base::InReg(_) | Base::InStack(_) | Base::Load(_)) || width < 4
        {
            return;
        }
        let last = match cond {
            Cond::Eq if bound <= 0xffff => return self.substitute(atom, &[bound]),
            Cond::Below | Cond::Less if bound > 0 => bound - 1,
            Cond::BelowEq | Cond::LessEq => bound,
            _ => return,
        };
        if last <= MAX_PE_REFINED {
            let numbers: Vec<u64> = (0..=last).collect();
            self.substitute(atom, &numbers);
        }
    }

    /// `what` is known to be one of `numbers` now: wherever its base is kept, it becomes those numbers.
    pub(super) fn substitute(&mut self, what: Atom, numbers: &[u64]) {
        let change = |value: &Value| -> Option<Value> {
            if !value.atoms().iter().any(|atom| atom.base == what.base) {
                return None;
            }
            let mut out = Vec::new();
            for &atom in value.atoms() {
                if atom.base == what.base {
                    let by = atom.add.wrapping_sub(what.add);
                    out.extend(numbers.iter().map(|&n| {
                        let number = n.wrapping_add(by.cast_unsigned());
                        Atom::number(if number > u64::from(u32::MAX) && by < 0 {
                            truncate(number, 4)
                        } else {
                            number
                        })
                    }));
                } else {
                    out.push(atom);
                }
            }
            Some(Value::from_atoms(out))
        };
        for reg in Rc::make_mut(&mut self.regs).iter_mut() {
            if let Some(value) = change(reg) {
                *reg = value;
            }
        }
        self.memory.map(change);
    }
}

fn holds(cond: Cond, a: u64, b: u64, width: u8) -> bool {
    let (ua, ub) = (truncate(a, width), truncate(b, width));
    let (sa, sb) = (sign_extend(a, width).cast_signed(), sign_extend(b, width).cast_signed());
    match cond {
        Cond::Eq => ua == ub,
        Cond::Ne => ua != ub,
        Cond::Below => ua < ub,
        Cond::BelowEq => ua <= ub,
        Cond::Above => ua > ub,
        Cond::AboveEq => ua >= ub,
        Cond::Less => sa < sb,
        Cond::LessEq => sa <= sb,
        Cond::Greater => sa > sb,
        Cond::GreaterEq => sa >= sb,
        Cond::Neg => sign_extend(a.wrapping_sub(b), width).cast_signed() < 0,
        Cond::Pos => sign_extend(a.wrapping_sub(b), width).cast_signed() >= 0,
        Cond::Any => true,
    }
}

fn decide_values(cond: Cond, a: &Value, b: &Value, width: u8) -> Option<bool> {
    if cond == Cond::Any {
        return None;
    }
    if let (Some(x), Some(y)) = (a.single(), b.single())
        && x.base == y.base
        && x.base != Base::Const
        && !matches!(x.base, Base::Multiple(_))
        && matches!(cond, Cond::Eq | Cond::Ne)
    {
        return Some((x.add == y.add) == (cond == Cond::Eq));
    }
    // An address of a variable or of an imported function is never null.
    if b.as_number() == Some(0)
        && let Some(atom) = a.single()
        && matches!(atom.base, Base::Stack | Base::Import(_))
        && matches!(cond, Cond::Eq | Cond::Ne)
    {
        return Some(cond == Cond::Ne);
    }
    let (xs, ys) = (a.numbers()?, b.numbers()?);
    let mut seen = [false; 2];
    for &x in &xs {
        for &y in &ys {
            seen[usize::from(holds(cond, x, y, width))] = true;
        }
    }
    match seen {
        [false, true] => Some(true),
        [true, false] => Some(false),
        _ => None,
    }
}
