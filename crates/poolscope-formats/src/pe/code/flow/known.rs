//! What registers are known to hold at the head of each block, without running any path to it.
//!
//! Only what is the same on every way to a block is kept, or one of a few numbers: a constant, the state of a
//! state machine, or the address of an allocator, which compilers load once and keep in a register across a loop.
//! Memory is not followed.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::pe::code::cfg::Cfg;
use crate::pe::code::ir::{Op, REGS, TEMP, Target};
use crate::pe::code::program::Program;
use crate::pe::code::state::{Flags, State};
use crate::pe::code::value::{Atom, Base, Value};

/// Values of all registers.
pub type Registers = Rc<[Value; REGS]>;

/// What is known at the heads of blocks.
pub struct Heads {
    /// The registers at the head of each block; `None` for blocks that nothing leads to.
    pub registers: Vec<Option<Registers>>,
    /// Targets of switches that are no blocks yet.
    pub new_cases: BTreeSet<u32>,
}

/// The registers at the head of each block, none with more than `most` numbers.
pub fn registers_at_heads(program: &mut Program<'_, '_>, cfg: &Cfg, most: usize) -> Heads {
    let convention = program.convention;
    let mut found = Heads { registers: vec![None; cfg.blocks.len()], new_cases: BTreeSet::new() };
    let Some(first) = found.registers.first_mut() else { return found };
    *first = Some(State::entry(convention.shape).regs);
    let mut pending = BTreeSet::from([0]);
    let mut state = State::entry(convention.shape);
    while let Some(at) = pending.pop_first() {
        let (Some(block), Some(Some(head))) = (cfg.blocks.get(at), found.registers.get(at)) else { continue };
        state.regs = Rc::clone(head);
        state.flags = Flags::Unknown;
        // String instructions and vector registers leave something behind.
        if !state.memory.cells().is_empty() || !state.vectors.is_empty() {
            state = State { regs: state.regs, ..State::entry(convention.shape) };
        }
        let mut cases = None;
        for step in cfg.steps.get(block.steps.clone()).unwrap_or(&[]) {
            let ops = cfg.ops.get(step.from as usize..step.to as usize).unwrap_or(&[]);
            if !program.spend(ops.len() as u64) {
                return found;
            }
            for op in ops {
                match op {
                    Op::Call { .. } => {
                        for &reg in convention.volatile {
                            state.set(reg, Value::Top);
                        }
                    }
                    Op::Jump { target: Target::Reg(reg) } => {
                        cases = program.code_targets(&state.reg(*reg));
                    }
                    Op::Jump { .. }
                    | Op::Branch { .. }
                    | Op::BranchZero { .. }
                    | Op::Return { .. }
                    | Op::Stop
                    | Op::Store { .. }
                    | Op::Push { .. }
                    | Op::VectorStore { .. } => {}
                    // Their result would only decide between two values.
                    Op::Compare { .. } | Op::Test { .. } => state.flags = Flags::Unknown,
                    Op::Pop { dst, .. } => state.set(*dst, Value::Top),
                    _ => state.apply(op, &mut program.world, convention.shape, step.rva),
                }
            }
        }
        // Where the targets of a switch are known, the guessed cases are not: they may be no cases at all.
        let cases: Vec<usize> = match cases {
            Some(known) => {
                let place = |rva: u32| cfg.blocks.iter().position(|block| block.rva == rva);
                let (blocks, new): (Vec<u32>, Vec<u32>) =
                    known.into_iter().partition(|&rva| place(rva).is_some());
                found.new_cases.extend(new);
                blocks.into_iter().filter_map(place).collect()
            }
            None => block.cases.clone(),
        };
        for to in block.next.iter().chain(&block.taken).chain(&cases).copied() {
            let Some(head) = found.registers.get_mut(to) else { continue };
            let changed = match head {
                None => {
                    let value = |reg: usize| kept(program, reg, state.regs.get(reg), most);
                    *head = Some(Rc::new(std::array::from_fn(value)));
                    true
                }
                Some(head) => meet(program, head, &state.regs, most),
            };
            if changed {
                pending.insert(to);
            }
        }
    }
    found
}

/// What of a register's value is handed on to the next block.
fn kept(program: &Program<'_, '_>, reg: usize, value: Option<&Value>, most: usize) -> Value {
    if reg == usize::from(program.convention.shape.sp) {
        return Value::One(Atom::of(Base::Stack));
    }
    let lasting = |atom: &Atom| atom.base == Base::Const || program.leads_to_allocator(*atom);
    match value {
        Some(Value::One(atom)) if reg < usize::from(TEMP) && lasting(atom) => Value::One(*atom),
        Some(value @ Value::Many(_)) if reg < usize::from(TEMP) => {
            if are_few_numbers(value, most) {
                value.clone()
            } else {
                allocators_of(program, value, &Value::Top)
            }
        }
        _ => Value::Top,
    }
}

/// Joins another way into a block to what is known at its head; false when that changes nothing.
fn meet(program: &Program<'_, '_>, head: &mut Registers, other: &Registers, most: usize) -> bool {
    let mut changed = false;
    for (reg, theirs) in other.iter().enumerate() {
        let Some(mine) = head.get(reg) else { continue };
        if mine == theirs || matches!(mine, Value::Top) && !program.may_be_allocator(theirs) {
            continue;
        }
        let theirs = kept(program, reg, Some(theirs), most);
        let both = mine.join(&theirs);
        let both = if are_few_numbers(&both, most) { both } else { allocators_of(program, mine, &theirs) };
        // The stack pointer is the same everywhere.
        if *mine == theirs || both == *mine {
            continue;
        }
        if let Some(slot) = Rc::make_mut(head).get_mut(reg) {
            *slot = both;
            changed = true;
        }
    }
    changed
}

fn are_few_numbers(value: &Value, most: usize) -> bool {
    let atoms = value.atoms();
    !atoms.is_empty() && atoms.len() <= most && atoms.iter().all(|atom| atom.base == Base::Const)
}

/// The allocators' addresses among two values, beside the unknown; the unknown alone where there are none.
fn allocators_of(program: &Program<'_, '_>, a: &Value, b: &Value) -> Value {
    let atoms = a.atoms().iter().chain(b.atoms()).copied();
    let mut found: Vec<Atom> = atoms.filter(|&atom| program.leads_to_allocator(atom)).collect();
    if found.is_empty() {
        return Value::Top;
    }
    found.push(Atom::of(Base::Sym(0)));
    Value::from_atoms(found)
}
