//! What a call does to the caller's registers, stack and memory.

use std::rc::Rc;

use super::Run;
use crate::limits::{MAX_PE_LOAD_DEPTH, MAX_PE_STRING_COPY};
use crate::pe::code::ir::{BinOp, Op, Reg, Src};
use crate::pe::code::program::Program;
use crate::pe::code::state::{Flags, State};
use crate::pe::code::summary::Summary;
use crate::pe::code::value::{Atom, Base, Value};

impl Run<'_> {
    /// A called function's value in the caller's terms.
    pub(super) fn passed(
        &self,
        program: &mut Program<'_, '_>,
        state: &State,
        atom: Atom,
        site: u32,
        tail: bool,
        depth: u8,
    ) -> (Value, bool) {
        let shape = self.convention.shape;
        let value = match atom.base {
            Base::Const | Base::Import(_) | Base::Multiple(_) => return (Value::One(atom), true),
            Base::InReg(reg) => state.reg(reg),
            Base::InStack(offset) => {
                let skip = if !tail && self.convention.pushes_return { i64::from(shape.pointer) } else { 0 };
                let at = state.reg(shape.sp).offset(i64::from(offset) - skip, shape.pointer);
                state.read(&mut program.world, &at, shape.pointer, site)
            }
            Base::Load(id) => {
                let Some((address, width)) = program.world.load(id) else { return (Value::sym(site), false) };
                if depth > MAX_PE_LOAD_DEPTH {
                    return (Value::sym(site), false);
                }
                let (at, _) = self.passed(program, state, address, site, tail, depth + 1);
                state.read(&mut program.world, &at, width, site)
            }
            Base::Stack | Base::Sym(_) => return (Value::sym(site), false),
        };
        (value.offset(atom.add, shape.pointer), true)
    }

    pub(super) fn passed_value(
        &self,
        program: &mut Program<'_, '_>,
        state: &State,
        value: &Value,
        site: u32,
        tail: bool,
    ) -> Value {
        let mut out = Vec::new();
        for &atom in value.atoms() {
            match self.passed(program, state, atom, site, tail, 0).0 {
                Value::Top => return Value::Top,
                value => out.extend_from_slice(value.atoms()),
            }
        }
        Value::from_atoms(out)
    }

    /// Applies a known function: its result, what it writes, what it pops.
    pub(super) fn apply(
        &self,
        program: &mut Program<'_, '_>,
        state: &mut State,
        summary: &Summary,
        site: u32,
        tail: bool,
        at: usize,
    ) {
        let stores: Vec<(Value, u8, Value)> = summary
            .stores
            .iter()
            .map(|(address, width, value)| {
                let at = self.passed(program, state, *address, site, tail, 0).0;
                (at, *width, self.passed_value(program, state, value, site, tail))
            })
            .collect();
        let regs: Vec<(Reg, Value)> = self
            .convention
            .volatile
            .iter()
            .map(|&reg| {
                let value = summary
                    .reg(reg)
                    .map_or(Value::Top, |value| self.passed_value(program, state, value, site, tail));
                let value = if matches!(value, Value::Top) && reg == self.convention.result {
                    Value::sym(site)
                } else {
                    value
                };
                (reg, value)
            })
            .collect();
        self.forget(state, site, summary.pops, at);
        for (reg, value) in regs {
            state.set(reg, value);
        }
        for (address, width, value) in stores {
            let stack_far = address.single().is_some_and(|at| at.base == Base::Stack);
            if stack_far || address.single().is_some() {
                state.write(&mut program.world, &address, width, &value);
            }
        }
    }

    /// Everything a call destroys becomes unknown.
    pub(super) fn forget(&self, state: &mut State, site: u32, pops: Option<u32>, at: usize) {
        for &reg in self.convention.volatile {
            state.set(reg, Value::Top);
        }
        state.set(self.convention.result, Value::sym(site));
        // The first six are volatile everywhere; the rest rarely holds what a tag is made of.
        if state.vectors.iter().take(6).any(Option::is_some) {
            Rc::make_mut(&mut state.vectors).iter_mut().take(6).for_each(|vector| *vector = None);
        }
        state.flags = Flags::Unknown;
        if self.convention.pushes_arguments() {
            let pops = match pops {
                Some(pops) => pops,
                None => self.guess_pops(state, site, at),
            };
            self.after_push(state, site, pops);
        }
    }

    pub(super) fn after_push(&self, state: &mut State, _site: u32, pops: u32) {
        let shape = self.convention.shape;
        if pops > 0 {
            let sp = state.reg(shape.sp).offset(i64::from(pops), shape.pointer);
            state.set(shape.sp, sp);
        }
        state.pushed = 0;
    }

    /// Bytes an unknown x86 function pops: none if the caller adds them itself, what the caller takes back at
    /// once (gcc), else what was pushed for it since the last call.
    pub(super) fn guess_pops(&self, state: &mut State, site: u32, at: usize) -> u32 {
        let sp = self.convention.shape.sp;
        let Some(block) = self.cfg.blocks.get(at) else { return 0 };
        let steps = self.cfg.steps.get(block.steps.clone()).unwrap_or(&[]);
        let after = steps.iter().skip_while(|step| step.rva != site).nth(1);
        let ops =
            after.and_then(|step| self.cfg.ops.get(step.from as usize..step.to as usize)).unwrap_or(&[]);
        match ops.first() {
            Some(Op::Bin { op: BinOp::Add, dst, b: Src::Imm(_), .. }) if *dst == sp => 0,
            Some(Op::Bin { op: BinOp::Sub, dst, b: Src::Imm(by), .. }) if *dst == sp => *by as u32,
            Some(Op::Pop { dst: 1, .. }) if state.pushed == 4 => 0,
            _ => {
                let pushed = state.pushed;
                if pushed > 0
                    && let Some(floor) = state.reg(sp).single()
                {
                    state.guessed_from = state.guessed_from.min(floor.add.wrapping_add(i64::from(pushed)));
                }
                pushed
            }
        }
    }

    /// What an imported function does to memory, for the few that copy, fill or name things.
    pub(super) fn import_effect(
        &self,
        program: &mut Program<'_, '_>,
        state: &mut State,
        import: u32,
        site: u32,
        tail: bool,
        at: usize,
    ) {
        let shape = self.convention.shape;
        let name = program.import_name(import);
        let mut result = None;
        match name.as_str() {
            "memcpy" | "memmove" | "RtlCopyMemory" | "RtlMoveMemory" => {
                let (to, _) = self.argument(program, state, 0, 0, site, tail);
                let (from, _) = self.argument(program, state, 1, 1, site, tail);
                let (bytes, _) = self.argument(program, state, 2, 2, site, tail);
                if let Some(bytes) = bytes.as_number() {
                    state.copy(&mut program.world, &to, &from, bytes, shape, site);
                }
                result = Some(to);
            }
            "memset" | "RtlZeroMemory" | "RtlFillMemory" => {
                let (to, _) = self.argument(program, state, 0, 0, site, tail);
                let (second, _) = self.argument(program, state, 1, 1, site, tail);
                let (third, _) = self.argument(program, state, 2, 2, site, tail);
                let (byte, bytes) = match name.as_str() {
                    "memset" => (second, third),
                    "RtlFillMemory" => (third, second),
                    _ => (Value::number(0), second),
                };
                if let (Some(byte), Some(bytes)) = (byte.as_number(), bytes.as_number()) {
                    let word = u64::from(byte as u8) * 0x0101_0101;
                    for unit in 0..bytes.min(MAX_PE_STRING_COPY) / 4 {
                        let at = to.offset((unit * 4).cast_signed(), shape.pointer);
                        if at.single().is_some() {
                            state.write(&mut program.world, &at, 4, &Value::number(word));
                        }
                    }
                }
                result = Some(to);
            }
            "RtlInitUnicodeString" => {
                let (to, _) = self.argument(program, state, 0, 0, site, tail);
                let (text, _) = self.argument(program, state, 1, 1, site, tail);
                let buffer = to.offset(i64::from(shape.pointer), shape.pointer);
                state.write(&mut program.world, &buffer, shape.pointer, &text);
            }
            "MmGetSystemRoutineAddress" => {
                let (name, _) = self.argument(program, state, 0, 0, site, tail);
                let buffer = name.offset(i64::from(shape.pointer), shape.pointer);
                let text = state.read(&mut program.world, &buffer, shape.pointer, site);
                result = program.routine_named(&text);
            }
            _ => {}
        }
        self.forget(state, site, program.import_pops(import), at);
        if let Some(result) = result {
            state.set(self.convention.result, result);
        }
    }
}
