//! What registers are known to hold at the head of each block, without running any path to it.
//!
//! Only what is the same on every way to a block is kept, or one of a few numbers: a constant, the state of a
//! state machine, or the address of an allocator, which compilers load once and keep in a register across a loop.
//! Memory is not followed.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::pe::code::cfg::Cfg;
use crate::pe::code::ir::{Op, REGS, Reg, TEMP, Target};
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
                        cases = targets(program, &state.reg(*reg));
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
        let mut known: [Value; REGS] = std::array::from_fn(|_| Value::Top);
        for ((reg, slot), value) in (0_u8..).zip(&mut known).zip(state.regs.iter()) {
            *slot = kept(program, convention.shape.sp, reg, value, most);
        }
        let known = Rc::new(known);
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
            let joined = match head {
                None => Some(Rc::clone(&known)),
                Some(head) => met(program, head, &known, most),
            };
            if joined.is_some() {
                *head = joined;
                pending.insert(to);
            }
        }
    }
    found
}

/// The code a jump goes to, if all its targets are known.
fn targets(program: &Program<'_, '_>, value: &Value) -> Option<Vec<u32>> {
    let numbers = value.numbers()?;
    let code = |&number: &u64| program.world.image.rva_of(number).filter(|_| program.is_code(number));
    numbers.iter().map(code).collect()
}

/// What of a register's value is handed on to the next block.
fn kept(program: &Program<'_, '_>, sp: Reg, reg: Reg, value: &Value, most: usize) -> Value {
    if reg == sp {
        return Value::One(Atom::of(Base::Stack));
    }
    let lasting = |atom: &Atom| atom.base == Base::Const || program.leads_to_allocator(*atom);
    match value {
        _ if reg >= TEMP => Value::Top,
        Value::One(atom) if lasting(atom) => value.clone(),
        Value::One(_) | Value::Top => Value::Top,
        Value::Many(_) if are_few_numbers(value, most) => value.clone(),
        Value::Many(_) => allocators_of(program, value, &Value::Top),
    }
}

/// The registers of two ways into a block; `None` when the second adds nothing.
fn met(program: &Program<'_, '_>, head: &Registers, other: &Registers, most: usize) -> Option<Registers> {
    let mut out: Option<[Value; REGS]> = None;
    for (at, (mine, theirs)) in head.iter().zip(other.iter()).enumerate() {
        if mine == theirs || matches!(mine, Value::Top) && allocators_of(program, theirs, mine) == *mine {
            continue;
        }
        if theirs.atoms().iter().all(|atom| mine.atoms().contains(atom)) && !matches!(theirs, Value::Top) {
            continue;
        }
        let both = mine.join(theirs);
        let both = if are_few_numbers(&both, most) { both } else { allocators_of(program, mine, theirs) };
        if both != *mine
            && let Some(slot) = out.get_or_insert_with(|| head.as_ref().clone()).get_mut(at)
        {
            *slot = both;
        }
    }
    out.map(Rc::new)
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
