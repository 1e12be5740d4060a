//! Runs one function over states: what reaches each call, and what the function leaves to its caller.
//!
//! Paths join where they meet, so that an if/else keeps both values. A loop whose exit can be decided from the
//! values (a counted loop over a table) is run turn by turn; any other loop is joined until nothing changes.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::cfg::{Block, Cfg};
use super::ir::{Cond, Op, Reg, Src, Target};
use super::machine::{ArgumentAt, Convention};
use super::program::{Callee, Program};
use super::state::{Flags, State};
use super::summary::{Summary, TagFlow};
use super::value::{Atom, Base, Value};
use crate::limits::{MAX_PE_EXACT_TURNS, MAX_PE_JOINED_TURNS};
use crate::pe::allocators::{Allocator, TagAt, WDF_CONFIG_TAG};

/// What running a function found.
#[derive(Debug)]
pub struct Outcome {
    /// For its callers.
    pub summary: Summary,
    /// Every tag on its way to an allocator from here, known or not.
    pub flows: Vec<TagFlow>,
    /// Switch cases that its jump tables name and that were not decoded yet.
    pub new_cases: Vec<u32>,
}

/// Pending states, by turn and block.
type Pending = BTreeMap<(u32, usize), State>;

/// One function being run.
struct Run<'r> {
    cfg: &'r Cfg,
    convention: &'static Convention,
    pending: Pending,
    /// First state seen at each loop head, joined with later ones once the loop is no longer exact.
    heads: BTreeMap<usize, (State, u32)>,
    turns: BTreeMap<usize, u32>,
    returned: Option<State>,
    pops: Option<u32>,
    flows: BTreeMap<(u32, usize, u8, usize), TagFlow>,
    depth: u8,
    new_cases: BTreeSet<u32>,
}

/// Runs the function of `cfg`.
pub fn run(program: &mut Program<'_, '_>, cfg: &Rc<Cfg>, depth: u8) -> Outcome {
    let convention = program.convention;
    let mut run = Run {
        cfg,
        convention,
        pending: BTreeMap::from([((0, 0), State::entry(convention.shape))]),
        heads: BTreeMap::new(),
        turns: BTreeMap::new(),
        returned: None,
        pops: None,
        flows: BTreeMap::new(),
        depth,
        new_cases: BTreeSet::new(),
    };
    while let Some(((turn, block), state)) = run.pending.pop_first() {
        if !program.spend(1) {
            break;
        }
        run.block(program, turn, block, state);
    }
    run.finish(program)
}

impl Run<'_> {
    fn finish(self, program: &mut Program<'_, '_>) -> Outcome {
        let mut summary = Summary { regs: Vec::new(), pops: self.pops, stores: Vec::new(), open: Vec::new() };
        if let Some(state) = &self.returned {
            summary.regs = state.regs.to_vec();
            for cell in state.memory.cells() {
                if matches!(cell.at.base, Base::InReg(_) | Base::InStack(_) | Base::Load(_))
                    && summary.stores.len() < crate::limits::MAX_PE_SUMMARY_STORES
                {
                    summary.stores.push((cell.at, cell.width, cell.value.clone()));
                }
            }
        }
        let flows: Vec<TagFlow> = self.flows.into_values().collect();
        summary.open = flows
            .iter()
            .filter(|flow| flow.value.atoms().iter().any(|atom| program.is_callers(*atom)))
            .cloned()
            .collect();
        Outcome { summary, flows, new_cases: self.new_cases.into_iter().collect() }
    }

    fn block(&mut self, program: &mut Program<'_, '_>, turn: u32, at: usize, mut state: State) {
        let cfg = self.cfg;
        let Some(block) = cfg.blocks.get(at) else { return };
        if let Some(bit) = self.loop_of(at) {
            state.decided &= !bit;
            self.heads.entry(at).or_insert_with(|| (state.clone(), 0));
        }
        let steps = cfg.steps.get(block.steps.clone()).unwrap_or(&[]);
        for step in steps {
            let ops = cfg.ops.get(step.from as usize..step.to as usize).unwrap_or(&[]);
            if !program.spend(ops.len() as u64) {
                return;
            }
            for op in ops {
                match op {
                    Op::Call { target, .. } => {
                        self.call(program, &mut state, *target, step.rva, at);
                        if state.regs.is_empty() {
                            return;
                        }
                    }
                    Op::Jump { target: Target::To(_) } if block.taken.is_some() => {
                        return self.go(program, turn, at, block.taken, state);
                    }
                    Op::Jump { target } => {
                        return self.leave_or_switch(program, turn, at, state, *target, step.rva);
                    }
                    Op::Branch { cond, .. } => return self.branch(program, turn, at, block, state, *cond),
                    Op::BranchZero { reg, width, zero, .. } => {
                        let value = state.src(Src::Reg(*reg), *width, step.rva);
                        state.flags = Flags::Result { value, width: *width, from: Some(*reg) };
                        let cond = if *zero { Cond::Eq } else { Cond::Ne };
                        return self.branch(program, turn, at, block, state, cond);
                    }
                    Op::Return { pop } => {
                        self.pops = Some(*pop);
                        return self.returns(program, state);
                    }
                    Op::Stop => return,
                    Op::Store { mem, width, src } => {
                        let address = state.address(*mem, self.convention.shape, step.rva);
                        let value = state.src(*src, *width, step.rva);
                        program.note_store(&address, *width, &value);
                        state.write(&mut program.world, &address, *width, &value);
                    }
                    op => state.apply(op, &mut program.world, self.convention.shape, step.rva),
                }
            }
        }
        self.go(program, turn, at, block.next, state);
    }

    fn returns(&mut self, program: &mut Program<'_, '_>, state: State) {
        match &mut self.returned {
            None => self.returned = Some(state),
            Some(known) => known.join(&state, &mut program.world),
        }
    }

    /// The bit of the loop headed by a block.
    fn loop_of(&self, head: usize) -> Option<u64> {
        self.cfg.loops.get(&head)?;
        let order = self.cfg.loops.range(..head).count();
        1_u64.checked_shl(order as u32)
    }

    fn branch(
        &mut self,
        program: &mut Program<'_, '_>,
        turn: u32,
        at: usize,
        block: &Block,
        state: State,
        cond: Cond,
    ) {
        let decision = state.decide(cond);
        if let Some(taken) = decision {
            let mut state = state;
            let (to, other) = if taken { (block.taken, block.next) } else { (block.next, block.taken) };
            self.mark_decided(&mut state, at, to, other);
            return self.go(program, turn, at, to, state);
        }
        let mut taken = state.clone();
        taken.refine(cond);
        self.go(program, turn, at, block.taken, taken);
        let mut next = state;
        next.refine(cond.not());
        self.go(program, turn, at, block.next, next);
    }

    /// A decided branch that could have left a loop and did not makes that loop's next turn exact.
    fn mark_decided(&self, state: &mut State, at: usize, to: Option<usize>, other: Option<usize>) {
        let Some(to) = to else { return };
        for (bit_at, members) in self.cfg.loops.values().enumerate() {
            let inside = |block: usize| members.contains(&block);
            if inside(at) && inside(to) && other.is_none_or(|other| !inside(other)) {
                state.decided |= 1_u64.checked_shl(bit_at as u32).unwrap_or(0);
            }
        }
    }

    /// Queues a state at the block that follows.
    fn go(&mut self, program: &mut Program<'_, '_>, turn: u32, from: usize, to: Option<usize>, state: State) {
        let Some(to) = to else { return };
        if to > from {
            return self.queue(program, turn, to, state);
        }
        let bit = self.loop_of(to).unwrap_or(0);
        let turns = self.turns.entry(to).or_insert(0);
        *turns += 1;
        if state.decided & bit != 0 && bit != 0 && *turns <= MAX_PE_EXACT_TURNS {
            return self.queue(program, turn.saturating_add(1), to, state);
        }
        let Some((head, rounds)) = self.heads.get(&to) else {
            return self.queue(program, turn, to, state);
        };
        let mut joined = head.clone();
        joined.decided = 0;
        joined.join(&state, &mut program.world);
        if *rounds >= 2 {
            joined.widen(head);
        }
        let rounds = *rounds + 1;
        if (joined.regs == head.regs && joined.memory == head.memory) || rounds > MAX_PE_JOINED_TURNS {
            return;
        }
        self.heads.insert(to, (joined.clone(), rounds));
        self.queue(program, turn.saturating_add(1), to, joined);
    }

    fn queue(&mut self, program: &mut Program<'_, '_>, turn: u32, to: usize, state: State) {
        match self.pending.get_mut(&(turn, to)) {
            Some(known) => known.join(&state, &mut program.world),
            None => {
                self.pending.insert((turn, to), state);
            }
        }
    }

    fn leave_or_switch(
        &mut self,
        program: &mut Program<'_, '_>,
        turn: u32,
        at: usize,
        mut state: State,
        target: Target,
        site: u32,
    ) {
        let cases = self.cfg.blocks.get(at).map(|block| block.cases.clone()).unwrap_or_default();
        let value = self.target(program, &state, target, site);
        // A bounded index through a jump table names its cases exactly.
        if let Some(numbers) = value.numbers()
            && numbers.iter().all(|&number| self.is_case(program, number, &cases))
        {
            for &number in &numbers {
                let rva = program.world.image.rva_of(number).unwrap_or(0);
                match self.cfg.blocks.iter().position(|block| block.rva == rva) {
                    Some(case) => self.go(program, turn, at, Some(case), state.clone()),
                    None => {
                        self.new_cases.insert(rva);
                    }
                }
            }
            return;
        }
        let callable = value.atoms().iter().any(|atom| program.is_callable(*atom));
        if callable || cases.is_empty() {
            self.transfer(program, &mut state, &value, site, true, at);
            return self.returns(program, state);
        }
        for case in cases {
            self.go(program, turn, at, Some(case), state.clone());
        }
    }

    /// True for an address a switch of this function can lead to: one of its blocks, or code that belongs to no
    /// other function.
    fn is_case(&self, program: &Program<'_, '_>, address: u64, cases: &[usize]) -> bool {
        let Some(rva) = program.world.image.rva_of(address) else { return false };
        cases.iter().any(|&case| self.cfg.blocks.get(case).is_some_and(|block| block.rva == rva))
            || self.cfg.blocks.iter().any(|block| block.rva == rva)
            || program.is_loose_code(rva)
    }

    fn target(&self, program: &mut Program<'_, '_>, state: &State, target: Target, site: u32) -> Value {
        match target {
            Target::To(address) => Value::number(address),
            Target::Reg(reg) => state.reg(reg),
            Target::Mem(mem) => {
                let address = state.address(mem, self.convention.shape, site);
                state.read(&mut program.world, &address, self.convention.shape.pointer, site)
            }
        }
    }

    fn call(
        &mut self,
        program: &mut Program<'_, '_>,
        state: &mut State,
        target: Target,
        site: u32,
        at: usize,
    ) {
        let value = self.target(program, state, target, site);
        self.transfer(program, state, &value, site, false, at);
    }

    /// A call (or a tail jump) to any of some targets: notes the tags it passes and applies its effect.
    fn transfer(
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

    fn argument(
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

    fn note_allocator(
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
    fn filter_contexts(
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
        for entry in 0..crate::limits::MAX_PE_FILTER_CONTEXTS {
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

    fn add(&mut self, flow: TagFlow) {
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
    fn note_open(
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

    /// A called function's value in the caller's terms.
    fn passed(
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
                if depth > crate::limits::MAX_PE_LOAD_DEPTH {
                    return (Value::sym(site), false);
                }
                let (at, _) = self.passed(program, state, address, site, tail, depth + 1);
                state.read(&mut program.world, &at, width, site)
            }
            Base::Stack | Base::Sym(_) => return (Value::sym(site), false),
        };
        (value.offset(atom.add, shape.pointer), true)
    }

    fn passed_value(
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
    fn apply(
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
    fn forget(&self, state: &mut State, site: u32, pops: Option<u32>, at: usize) {
        for &reg in self.convention.volatile {
            state.set(reg, Value::Top);
        }
        state.set(self.convention.result, Value::sym(site));
        for vector in &mut state.vectors[..6] {
            *vector = None;
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

    fn after_push(&self, state: &mut State, _site: u32, pops: u32) {
        let shape = self.convention.shape;
        if pops > 0 {
            let sp = state.reg(shape.sp).offset(i64::from(pops), shape.pointer);
            state.set(shape.sp, sp);
        }
        state.pushed = 0;
    }

    /// Bytes an unknown x86 function pops: none if the caller adds them itself, what the caller takes back at
    /// once (gcc), else what was pushed for it since the last call.
    fn guess_pops(&self, state: &mut State, site: u32, at: usize) -> u32 {
        let sp = self.convention.shape.sp;
        let Some(block) = self.cfg.blocks.get(at) else { return 0 };
        let steps = self.cfg.steps.get(block.steps.clone()).unwrap_or(&[]);
        let after = steps.iter().skip_while(|step| step.rva != site).nth(1);
        let ops =
            after.and_then(|step| self.cfg.ops.get(step.from as usize..step.to as usize)).unwrap_or(&[]);
        match ops.first() {
            Some(Op::Bin { op: super::ir::BinOp::Add, dst, b: Src::Imm(_), .. }) if *dst == sp => 0,
            Some(Op::Bin { op: super::ir::BinOp::Sub, dst, b: Src::Imm(by), .. }) if *dst == sp => *by as u32,
            Some(Op::Pop { dst: 1, .. }) if state.pushed == 4 => 0,
            _ => {
                let pushed = state.pushed;
                if pushed > 0
                    && let Some(floor) = state.reg(sp).single()
                {
                    state.guessed_from = state.guessed_from.min(floor.add + i64::from(pushed));
                }
                pushed
            }
        }
    }

    /// What an imported function does to memory, for the few that copy, fill or name things.
    fn import_effect(
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
                    for unit in 0..bytes.min(crate::limits::MAX_PE_STRING_COPY) / 4 {
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
