//! Vector registers and string instructions, as far as compilers copy and build structures with them.

use std::rc::Rc;

use super::{Shape, State};
use crate::limits::MAX_PE_STRING_COPY;
use crate::pe::code::ir::{Op, Src, VECTORS};
use crate::pe::code::memory::World;
use crate::pe::code::value::{Atom, Base, Value, truncate};

impl State {
    pub(super) fn vector(&self, reg: u8, site: u32) -> [Value; 2] {
        let unknown = || [Value::sym(site), Value::sym(site)];
        self.vectors.get(usize::from(reg)).cloned().flatten().unwrap_or_else(unknown)
    }

    pub(super) fn set_vector(&mut self, reg: u8, halves: Option<[Value; 2]>) {
        let vectors = Rc::make_mut(&mut self.vectors);
        if vectors.len() < VECTORS {
            vectors.resize(VECTORS, None);
        }
        if let Some(slot) = vectors.get_mut(usize::from(reg)) {
            *slot = halves;
        }
    }

    pub(super) fn apply_vector(&mut self, op: &Op, world: &mut World<'_, '_>, shape: Shape, site: u32) {
        let zero = || Value::number(0);
        match *op {
            Op::VectorLoad { dst, width, mem } => {
                let address = self.address(mem, shape, site);
                let low = self.read_half(world, &address, width.min(8), site);
                let high = if width > 8 {
                    self.read_half(world, &address.offset(8, shape.pointer), 8, site)
                } else {
                    zero()
                };
                self.set_vector(dst, Some([low, high]));
            }
            Op::VectorStore { mem, width, src } => {
                let address = self.address(mem, shape, site);
                let [low, high] = self.vector(src, site);
                self.write(world, &address, width.min(8), &low.cut(width.min(8), site));
                if width > 8 {
                    self.write(world, &address.offset(8, shape.pointer), 8, &high);
                }
            }
            Op::VectorMove { dst, src } => {
                let halves = self.vectors.get(usize::from(src)).cloned().flatten();
                self.set_vector(dst, halves);
            }
            Op::VectorFrom { dst, src, width } => {
                let low = self.src(Src::Reg(src), width, site);
                self.set_vector(dst, Some([low, zero()]));
            }
            Op::VectorTo { dst, src, width } => {
                let [low, _] = self.vector(src, site);
                self.set(dst, low.cut(width, site));
            }
            Op::VectorPair { dst, src, width } => {
                let ([a, ah], [b, bh]) = (self.vector(dst, site), self.vector(src, site));
                let halves =
                    if width == 8 { [a, b] } else { [pair(&a, &b, 0, site), pair(&a, &b, 32, site)] };
                let _ = (ah, bh);
                self.set_vector(dst, Some(halves));
            }
            Op::VectorZero { dst } => self.set_vector(dst, Some([zero(), zero()])),
            Op::VectorClobber { dst } => self.set_vector(dst, None),
            Op::CopyString { width, repeat } => {
                let count = if repeat { self.reg(1).as_number() } else { Some(1) };
                let (from, to) = (self.reg(6), self.reg(7));
                if let Some(count) = count {
                    let bytes = count.saturating_mul(u64::from(width)).min(MAX_PE_STRING_COPY);
                    self.copy(world, &to, &from, bytes, shape, site);
                    let by = i64::try_from(count.saturating_mul(u64::from(width))).unwrap_or(0);
                    self.set(6, from.offset(by, shape.pointer));
                    self.set(7, to.offset(by, shape.pointer));
                } else {
                    self.set(6, Value::sym(site));
                    self.set(7, Value::sym(site));
                }
                if repeat {
                    self.set(1, zero());
                }
            }
            Op::FillString { width, repeat } => {
                let count = if repeat { self.reg(1).as_number() } else { Some(1) };
                let to = self.reg(7);
                if let Some(count) = count {
                    let value = self.src(Src::Reg(0), width, site);
                    let units = count.min(MAX_PE_STRING_COPY / u64::from(width.max(1)));
                    for unit in 0..units {
                        let at = to.offset((unit * u64::from(width)).cast_signed(), shape.pointer);
                        self.write(world, &at, width, &value);
                    }
                    let by = i64::try_from(count.saturating_mul(u64::from(width))).unwrap_or(0);
                    self.set(7, to.offset(by, shape.pointer));
                } else {
                    self.set(7, Value::sym(site));
                }
                if repeat {
                    self.set(1, zero());
                }
            }
            _ => {}
        }
    }

    /// Eight bytes as one value, or two numbers side by side.
    pub(super) fn read_half(
        &self,
        world: &mut World<'_, '_>,
        address: &Value,
        width: u8,
        site: u32,
    ) -> Value {
        let whole = self.read(world, address, width, site);
        if width < 8 || whole.numbers().is_some() {
            return whole;
        }
        let low = self.read(world, address, 4, site);
        let high = self.read(world, &address.offset(4, 8), 4, site);
        match (low.as_number(), high.as_number()) {
            (Some(low), Some(high)) => Value::number(low | (high << 32)),
            _ => whole,
        }
    }

    /// Copies memory of known size, word by word.
    pub fn copy(
        &mut self,
        world: &mut World<'_, '_>,
        to: &Value,
        from: &Value,
        bytes: u64,
        shape: Shape,
        site: u32,
    ) {
        let (Some(_), Some(_)) = (to.single(), from.single()) else { return };
        let bytes = bytes.min(MAX_PE_STRING_COPY);
        let mut at = 0_u64;
        while at < bytes {
            let width = if bytes - at >= 4 { 4 } else { 1 };
            let step = at.cast_signed();
            // Whole pointers move as pointers: an address cut in two words would be lost.
            let pointer = u64::from(shape.pointer);
            let wide = at.is_multiple_of(pointer) && bytes - at >= pointer && pointer == 8;
            if wide {
                let value = self.read(world, &from.offset(step, shape.pointer), 8, site);
                let unknown = value.single() == Some(Atom::of(Base::Sym(site)));
                if !unknown {
                    self.write(world, &to.offset(step, shape.pointer), 8, &value);
                    at += 8;
                    continue;
                }
            }
            let value = self.read(world, &from.offset(step, shape.pointer), width, site);
            self.write(world, &to.offset(step, shape.pointer), width, &value);
            at += u64::from(width);
        }
    }
}

/// Two 32-bit lanes side by side.
fn pair(a: &Value, b: &Value, shift: u32, site: u32) -> Value {
    match (a.as_number(), b.as_number()) {
        (Some(a), Some(b)) => {
            Value::number(truncate(a.wrapping_shr(shift), 4) | (truncate(b.wrapping_shr(shift), 4) << 32))
        }
        _ => Value::sym(site),
    }
}
