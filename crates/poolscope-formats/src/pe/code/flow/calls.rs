//! Which tags a call hands over: to an allocator, or to an own function that hands them on.

use super::Run;
use crate::limits::{MAX_PE_FILTER_CONTEXTS, MAX_PE_SEEDED_ARGUMENTS};
use crate::pe::allocators::{Allocator, TagAt, WDF_CONFIG_TAG};
use crate::pe::code::ir::Reg;
use crate::pe::code::machine::ArgumentAt;
use crate::pe::code::memory::Cell;
use crate::pe::code::program::{Callee, Program};
use crate::pe::code::state::State;
use crate::pe::code::summary::{Summary, TagFlow};
use crate::pe::code::value::{Atom, Base, Value};

impl Run<'_> {
    /// A call (or a tail jump) to any of some targets: notes the tags it passes and applies its effect.
    pub(super) fn transfer(
        &mut self,
        program: &mut Program<'_, '_>,
        state: &mut State,
        value: &Value,
        site: u32,
        tail: bool,
        at: usize,
    ) {
        let mut targets: Vec<Callee> = value.atoms().iter().flat_map(|&atom| program.callees(atom)).collect();
        // The guard dispatcher calls what is in a register.
        for target in &mut targets {
            if let Callee::ByRegister(reg) = *target {
                let real = state.reg(reg);
                let first = real.atoms().iter().flat_map(|&atom| program.callees(atom)).next();
                *target = first.unwrap_or(Callee::Unknown);
            }
        }
        targets.dedup();
        let exact = targets.len() == 1;
        for target in &targets {
            match *target {
                Callee::Nothing if exact => return self.after_push(state, site, 0),
                Callee::Import(import) => {
                    if let Some(allocator) = program.allocator(import) {
                        self.note_allocator(program, state, allocator, site, tail);
                    }
                    if exact {
                        return self.import_effect(program, state, import, site, tail, at);
                    }
                }
                Callee::Wdf(allocator) => {
                    self.note_allocator(program, state, allocator, site, tail);
                    if exact {
                        let pops = u32::from(allocator.x86_pops);
                        return self.forget(state, site, Some(pops), at);
                    }
                }
                Callee::Function(entry) => {
                    self.note_passed_functions(program, state, entry, site, tail);
                    if let Some(summary) = program.summary(entry, self.depth) {
                        self.note_open(program, state, &summary, site, tail);
                        if exact {
                            return self.apply(program, state, &summary, site, tail, at);
                        }
                    }
                }
                _ => {}
            }
        }
        self.forget(state, site, None, at);
    }

    pub(super) fn argument(
        &self,
        program: &mut Program<'_, '_>,
        state: &State,
        position: u8,
        word: u8,
        site: u32,
        tail: bool,
    ) -> (Value, bool) {
        match self.convention.argument(position, word) {
            ArgumentAt::Reg(reg) => (state.reg(reg), true),
            ArgumentAt::Stack(offset) => {
                let skip = if tail && self.convention.pushes_return {
                    i64::from(self.convention.shape.pointer)
                } else {
                    0
                };
                let pointer = self.convention.shape.pointer;
                let at = state.reg(self.convention.shape.sp).offset(offset + skip, pointer);
                let proven =
                    at.single().is_some_and(|at| at.base == Base::Stack && at.add < state.guessed_from);
                let value = state.read(&mut program.world, &at, 4_u8.max(pointer), site);
                (value, proven)
            }
        }
    }

    pub(super) fn note_allocator(
        &mut self,
        program: &mut Program<'_, '_>,
        state: &State,
        allocator: &'static Allocator,
        site: u32,
        tail: bool,
    ) {
        if let Some((position, number)) = allocator.only_if {
            let (value, _) = self.argument(program, state, position, position, site, tail);
            if value.as_number() != Some(number) {
                return;
            }
        }
        let pointer = self.convention.shape.pointer;
        let (value, proven) = match allocator.tag {
            TagAt::Argument { position, word } => {
                let (value, proven) = self.argument(program, state, position, word, site, tail);
                (value.cut(4, site), proven)
            }
            TagAt::Field { position, wide, narrow } => {
                let offset = if pointer == 8 { wide } else { narrow };
                let (at, proven) = self.argument(program, state, position, position, site, tail);
                (state.read(&mut program.world, &at.offset(i64::from(offset), pointer), 4, site), proven)
            }
            TagAt::WdfConfig => {
                let offset = if pointer == 8 { WDF_CONFIG_TAG.0 } else { WDF_CONFIG_TAG.1 };
                let (at, proven) = self.argument(program, state, 4, 4, site, tail);
                (state.read(&mut program.world, &at.offset(i64::from(offset), pointer), 4, site), proven)
            }
            TagAt::FilterContexts => {
                let (at, proven) = self.argument(program, state, 1, 1, site, tail);
                (self.filter_contexts(program, state, &at, site), proven)
            }
        };
        self.add(TagFlow {
            allocator,
            site,
            value,
            levels: 0,
            proven: proven || !self.convention.pushes_arguments(),
        });
    }

    /// The tags of the context registrations of a file system filter: an array that ends with type 0xffff.
    pub(super) fn filter_contexts(
        &self,
        program: &mut Program<'_, '_>,
        state: &State,
        registration: &Value,
        site: u32,
    ) -> Value {
        let pointer = self.convention.shape.pointer;
        let (stride, tag_at) = if pointer == 8 { (0x38, 0x18) } else { (0x1c, 0x0c) };
        let contexts = state.read(&mut program.world, &registration.offset(8, pointer), pointer, site);
        let contexts = program.settled(&contexts);
        let mut tags = Vec::new();
        for entry in 0..MAX_PE_FILTER_CONTEXTS {
            let at = contexts.offset(entry * stride, pointer);
            if state.read(&mut program.world, &at, 2, site).as_number().is_none_or(|kind| kind == 0xffff)
                && entry > 0
            {
                break;
            }
            let tag = state.read(&mut program.world, &at.offset(tag_at, pointer), 4, site);
            tags.extend_from_slice(program.settled(&tag).atoms());
        }
        Value::from_atoms(tags)
    }

    pub(super) fn add(&mut self, flow: TagFlow) {
        let key = (flow.site, std::ptr::from_ref(flow.allocator) as usize, flow.levels, 0);
        match self.flows.get_mut(&key) {
            Some(known) => {
                known.value = known.value.join(&flow.value);
                known.proven &= flow.proven;
            }
            None => {
                self.flows.insert(key, flow);
            }
        }
    }

    /// The tags a called function leaves open, filled in with what is passed here.
    pub(super) fn note_open(
        &mut self,
        program: &mut Program<'_, '_>,
        state: &State,
        summary: &Summary,
        site: u32,
        tail: bool,
    ) {
        for flow in &summary.open {
            let open: Vec<Atom> =
                flow.value.atoms().iter().filter(|a| program.is_callers(**a)).copied().collect();
            let mut value: Option<Value> = None;
            for atom in open {
                let (passed, _) = self.passed(program, state, atom, site, tail, 0);
                value = Some(value.map_or(passed.clone(), |known| known.join(&passed)));
            }
            let Some(value) = value else { continue };
            let levels = flow.levels.saturating_add(1);
            self.add(TagFlow { allocator: flow.allocator, site, value, levels, proven: flow.proven });
        }
    }

    /// An own function that is handed an allocator, or a wrapper of one, to call: it is run with these
    /// arguments.
    fn note_passed_functions(
        &mut self,
        program: &mut Program<'_, '_>,
        state: &State,
        entry: u32,
        site: u32,
        tail: bool,
    ) {
        let shape = self.convention.shape;
        let fixed = |value: &Value| {
            let fixed = |atom: &Atom| matches!(atom.base, Base::Const | Base::Import(_));
            !matches!(value, Value::Top) && value.atoms().iter().all(fixed)
        };
        // All registers: compilers give functions of their own any convention they like.
        let registers: Vec<(Reg, Value)> =
            (0_u8..).zip(state.regs.iter().cloned()).filter(|(_, v)| fixed(v)).collect();
        let words: Vec<(i64, Value)> = match state.reg(shape.sp).single() {
            Some(sp) if sp.base == Base::Stack => {
                let highest = i64::from(MAX_PE_SEEDED_ARGUMENTS) * i64::from(shape.pointer);
                let offset = |cell: &Cell| cell.at.add.wrapping_sub(sp.add);
                let arguments = state.memory.cells().iter().filter(|cell| {
                    cell.at.base == Base::Stack && (0..highest).contains(&offset(cell)) && fixed(&cell.value)
                });
                arguments.map(|cell| (offset(cell), cell.value.clone())).collect()
            }
            _ => Vec::new(),
        };
        let values = registers.iter().map(|(_, value)| value).chain(words.iter().map(|(_, value)| value));
        let atoms: Vec<Atom> = values.flat_map(|value| value.atoms()).copied().collect();
        if !atoms.into_iter().any(|atom| program.is_interesting_callee(atom)) {
            return;
        }
        let mut seed = State::entry(shape);
        for (reg, value) in registers {
            seed.set(reg, value);
        }
        let skip = if tail || !self.convention.pushes_return { 0 } else { i64::from(shape.pointer) };
        for (offset, value) in words {
            seed.memory.write(Atom { base: Base::Stack, add: offset + skip }, shape.pointer, value);
        }
        for flow in program.seeded(entry, seed, site, self.depth) {
            if flow.value.numbers().is_some() {
                let levels = flow.levels.saturating_add(1);
                self.add(TagFlow { site, levels, ..flow });
            }
        }
    }
}
