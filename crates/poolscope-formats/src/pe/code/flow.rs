//! Runs one function over states: what reaches each call, and what the function leaves to its caller.
//!
//! Paths join where they meet, so that an if/else keeps both values. A loop whose exit can be decided from the
//! values (a counted loop over a table) is run turn by turn; any other loop is joined until nothing changes. The
//! first pending block in order is always next, so that a loop is done before what follows it is run once.

mod alone;
mod calls;
mod effects;
mod known;
mod switches;

pub use alone::blocks_alone;
pub use known::Heads;
pub use switches::read_switches;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::cfg::{Block, Cfg};
use super::ir::{Cond, Op, Src, Target};
use super::machine::Convention;
use super::program::Program;
use super::state::{Flags, State};
use super::summary::{Summary, TagFlow};
use super::value::{Base, Value};
use crate::limits::{MAX_PE_EXACT_RUNS, MAX_PE_EXACT_TURNS, MAX_PE_JOINED_TURNS};

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

/// Pending states, by block.
type Pending = BTreeMap<usize, State>;

/// One function being run.
struct Run<'r> {
    cfg: &'r Cfg,
    convention: &'static Convention,
    pending: Pending,
    /// First state seen at each loop head, joined with later ones once the loop is no longer exact.
    heads: BTreeMap<usize, (State, u32)>,
    turns: BTreeMap<usize, u32>,
    /// Blocks run so far.
    runs: u32,
    returned: Option<State>,
    pops: Option<u32>,
    flows: BTreeMap<(u32, usize, u8, usize), TagFlow>,
    depth: u8,
    new_cases: BTreeSet<u32>,
    /// A switch was met whose targets are not known.
    open_switch: bool,
}

/// Runs the function of `cfg` from a state at its entry.
pub fn run(program: &mut Program<'_, '_>, cfg: &Rc<Cfg>, entry: State, depth: u8) -> Outcome {
    let mut run = Run::of(program, cfg, depth);
    run.pending.insert(0, entry);
    while let Some((block, state)) = run.pending.pop_first() {
        if !program.spend(1) {
            break;
        }
        run.runs += 1;
        run.block(program, block, state);
    }
    run.finish(program)
}

impl<'r> Run<'r> {
    /// Nothing run yet.
    fn of(program: &Program<'_, '_>, cfg: &'r Cfg, depth: u8) -> Self {
        Self {
            cfg,
            convention: program.convention,
            pending: BTreeMap::new(),
            heads: BTreeMap::new(),
            turns: BTreeMap::new(),
            runs: 0,
            returned: None,
            pops: None,
            flows: BTreeMap::new(),
            depth,
            new_cases: BTreeSet::new(),
            open_switch: false,
        }
    }

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

    fn block(&mut self, program: &mut Program<'_, '_>, at: usize, mut state: State) {
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
                        return self.go(program, at, block.taken, state);
                    }
                    Op::Jump { target } => {
                        return self.leave_or_switch(program, at, state, *target, step.rva);
                    }
                    Op::Branch { cond, .. } => return self.branch(program, at, block, state, *cond),
                    Op::BranchZero { reg, width, zero, .. } => {
                        let value = state.src(Src::Reg(*reg), *width, step.rva);
                        state.flags = Flags::Result { value, width: *width, from: Some(*reg) };
                        let cond = if *zero { Cond::Eq } else { Cond::Ne };
                        return self.branch(program, at, block, state, cond);
                    }
                    Op::Return { pop } => {
                        self.pops = Some(*pop);
                        return self.returns(program, state);
                    }
                    Op::Stop => return,
                    op => self.straight(program, &mut state, op, step.rva),
                }
            }
        }
        self.go(program, at, block.next, state);
    }

    /// An operation that does not change the flow of control.
    fn straight(&self, program: &mut Program<'_, '_>, state: &mut State, op: &Op, site: u32) {
        let shape = self.convention.shape;
        if let Op::Store { mem, width, src } = *op {
            let (address, value) = (state.address(mem, shape, site), state.src(src, width, site));
            program.note_store(&address, width, &value);
            return state.write(&mut program.world, &address, width, &value);
        }
        state.apply(op, &mut program.world, shape, site);
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

    fn branch(&mut self, program: &mut Program<'_, '_>, at: usize, block: &Block, state: State, cond: Cond) {
        let decision = state.decide(cond);
        if let Some(taken) = decision {
            let mut state = state;
            let (to, other) = if taken { (block.taken, block.next) } else { (block.next, block.taken) };
            self.mark_decided(&mut state, at, to, other);
            return self.go(program, at, to, state);
        }
        let mut taken = state.clone();
        taken.refine(cond);
        self.go(program, at, block.taken, taken);
        let mut next = state;
        next.refine(cond.not());
        self.go(program, at, block.next, next);
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
    fn go(&mut self, program: &mut Program<'_, '_>, from: usize, to: Option<usize>, state: State) {
        let Some(to) = to else { return };
        if to > from {
            return self.queue(program, to, state);
        }
        let bit = self.loop_of(to).unwrap_or(0);
        let turns = self.turns.entry(to).or_insert(0);
        *turns += 1;
        if state.decided & bit != 0
            && bit != 0
            && *turns <= MAX_PE_EXACT_TURNS
            && self.runs <= MAX_PE_EXACT_RUNS
        {
            return self.queue(program, to, state);
        }
        let Some((head, rounds)) = self.heads.get(&to) else {
            return self.queue(program, to, state);
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
        self.queue(program, to, joined);
    }

    fn queue(&mut self, program: &mut Program<'_, '_>, to: usize, state: State) {
        match self.pending.get_mut(&to) {
            Some(known) => known.join(&state, &mut program.world),
            None => {
                self.pending.insert(to, state);
            }
        }
    }

    fn leave_or_switch(
        &mut self,
        program: &mut Program<'_, '_>,

        at: usize,
        mut state: State,
        target: Target,
        site: u32,
    ) {
        let cases = self.cfg.blocks.get(at).map(|block| block.cases.clone()).unwrap_or_default();
        let value = self.target(program, &state, target, site);
        // A bounded index through a jump table names its cases exactly.
        if let Some(targets) = self.cases_among(program, &value, &cases) {
            for rva in targets {
                match self.cfg.blocks.iter().position(|block| block.rva == rva) {
                    Some(case) => self.go(program, at, Some(case), state.clone()),
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
        self.open_switch = true;
        for case in cases {
            self.go(program, at, Some(case), state.clone());
        }
    }

    /// The targets of a switch: all of them code, and most of them of this function beyond doubt. (Where the image
    /// lists no functions, a case after a jump can look like the start of one.)
    fn cases_among(
        &self,
        program: &Program<'_, '_>,
        value: &Value,
        cases: &[usize],
    ) -> Option<BTreeSet<u32>> {
        let targets = program.code_targets(value)?;
        let sure = targets.iter().filter(|&&target| self.is_case(program, target, cases)).count();
        (2 * sure > targets.len()).then_some(targets)
    }

    /// True for an address a switch of this function can lead to: one of its blocks, or code that belongs to no
    /// other function.
    fn is_case(&self, program: &Program<'_, '_>, rva: u32, cases: &[usize]) -> bool {
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
}
