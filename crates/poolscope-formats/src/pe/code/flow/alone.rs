//! Runs single blocks of a function, apart from the paths that lead to them.
//!
//! Most tags are constants loaded right before the call that takes them. Where that is so for every reference of a
//! function to an allocator, the function as a whole says nothing more: it need not be run, however many loops it
//! has. A number found so is the number any run would find, since it comes from the block's own instructions or
//! is the same on every way to the block.

use std::collections::BTreeSet;

use super::Run;
use super::known::{Heads, registers_at_heads};
use crate::pe::code::cfg::{Block, Cfg, Step};
use crate::pe::code::ir::{Op, Target};
use crate::pe::code::program::Program;
use crate::pe::code::state::State;
use crate::pe::code::summary::TagFlow;
use crate::pe::code::value::Value;

/// The tags that a function passes at `sites` (RVAs within its instructions, sorted), if the block around each
/// site tells them; `None` when one does not, and the function has to be run as a whole. `heads` is what reading its
/// switches found out.
pub fn blocks_alone(
    program: &mut Program<'_, '_>,
    cfg: &mut Cfg,
    sites: &BTreeSet<u32>,
    heads: Option<Heads>,
) -> Option<Vec<TagFlow>> {
    let near = by_their_sites(program, cfg, sites);
    near.or_else(|| by_known_registers(program, cfg, sites, heads))
}

/// Runs the blocks of the sites with nothing known before them.
fn by_their_sites(
    program: &mut Program<'_, '_>,
    cfg: &mut Cfg,
    sites: &BTreeSet<u32>,
) -> Option<Vec<TagFlow>> {
    let holds_site = |block: &Block| sites.range(block.rva..block.end).next().is_some();
    let chosen: Vec<usize> =
        (0..).zip(&cfg.blocks).filter(|(_, b)| holds_site(b)).map(|(at, _)| at).collect();
    for &at in &chosen {
        cfg.lift(program.world.image, at);
    }
    let mut run = Run::of(program, cfg, 0);
    let mut left = sites.clone();
    for (at, block) in chosen.into_iter().filter_map(|at| Some((at, cfg.blocks.get(at)?))) {
        let mut state = State::entry(run.convention.shape);
        run.alone(program, at, block, &mut state, &mut left)?;
        if state.regs.iter().any(|value| program.may_be_allocator(value)) {
            return None;
        }
    }
    run.all_known(&left)
}

/// Runs every block that calls through a register or holds a site, with what is the same on all ways to it.
fn by_known_registers(
    program: &mut Program<'_, '_>,
    cfg: &mut Cfg,
    sites: &BTreeSet<u32>,
    heads: Option<Heads>,
) -> Option<Vec<TagFlow>> {
    cfg.lift_all(program.world.image);
    let heads = heads.unwrap_or_else(|| registers_at_heads(program, cfg, 1));
    let mut run = Run::of(program, cfg, 0);
    let mut left = sites.clone();
    for (at, (block, head)) in cfg.blocks.iter().zip(heads.registers).enumerate() {
        let Some(head) = head else { continue };
        let mut state = State::entry(run.convention.shape);
        state.regs = head;
        let held = state.regs.iter().any(|value| program.may_be_allocator(value));
        if held || left.range(block.rva..block.end).next().is_some() {
            run.alone(program, at, block, &mut state, &mut left)?;
        }
    }
    // Which of several numbers comes with which way here is not known.
    let told = run.all_known(&left)?;
    told.iter().all(|flow| flow.value.as_number().is_some()).then_some(told)
}

impl Run<'_> {
    /// The flows, if all of them are numbers and no site is left.
    fn all_known(self, left: &BTreeSet<u32>) -> Option<Vec<TagFlow>> {
        let known = |flow: &TagFlow| flow.value.numbers().is_some();
        (left.is_empty() && self.flows.values().all(known)).then(|| self.flows.into_values().collect())
    }

    /// Runs a block and strikes off the sites whose reference ends in a call that hands a tag over, or that load
    /// an allocator's address into a register. `None` where such an address gets out of sight.
    fn alone(
        &mut self,
        program: &mut Program<'_, '_>,
        at: usize,
        block: &Block,
        state: &mut State,
        left: &mut BTreeSet<u32>,
    ) -> Option<()> {
        let steps: &[Step] = self.cfg.steps.get(block.steps.clone())?;
        for (index, step) in steps.iter().enumerate() {
            let end = steps.get(index + 1).map_or(block.end, |next| next.rva);
            let mut done = false;
            let ops = self.cfg.ops.get(step.from as usize..step.to as usize)?;
            program.spend(ops.len() as u64).then_some(())?;
            for op in ops {
                let (target, tail) = match *op {
                    Op::Call { target, .. } => (target, false),
                    Op::Jump { target: Target::To(_) } if block.taken.is_some() => continue,
                    Op::Jump { target } => (target, true),
                    Op::Branch { .. } | Op::BranchZero { .. } | Op::Return { .. } | Op::Stop => continue,
                    Op::Load { dst, .. } => {
                        self.straight(program, state, op, step.rva);
                        done |= program.may_be_allocator(&state.reg(dst));
                        continue;
                    }
                    _ => {
                        self.straight(program, state, op, step.rva);
                        continue;
                    }
                };
                let value = self.target(program, state, target, step.rva);
                if tail && self.is_switch(program, block, &value) {
                    continue;
                }
                let before = self.flows.len();
                let harmless = program.takes_no_tag(state, &value);
                let through =
                    program.may_be_allocator(&value) || self.arguments_hold_allocator(program, state, target);
                self.transfer(program, state, &value, step.rva, tail, at);
                let told = self.flows.len() > before;
                // An allocator whose tag is not told, or whose address goes into the call.
                (told || harmless || !through).then_some(())?;
                done |= told || harmless;
            }
            if done {
                let covered: Vec<u32> = left.range(step.rva..end).copied().collect();
                for site in covered {
                    left.remove(&site);
                }
                // What follows the last call can only matter while an address is about.
                if left.range(end..block.end).next().is_none()
                    && !state.regs.iter().any(|value| program.may_be_allocator(value))
                {
                    break;
                }
            }
        }
        let stored = state.memory.cells().iter().any(|cell| program.may_be_allocator(&cell.value));
        (!stored).then_some(())
    }

    /// True for a jump to cases of this function, and not out of it.
    fn is_switch(&self, program: &Program<'_, '_>, block: &Block, target: &Value) -> bool {
        let own = |number: u64| {
            let rva = program.world.image.rva_of(number);
            block.cases.iter().any(|&case| self.cfg.blocks.get(case).map(|block| block.rva) == rva)
        };
        target.numbers().is_some_and(|numbers| numbers.into_iter().any(own))
    }

    /// True when a call is handed an allocator's address beside the one it goes to.
    fn arguments_hold_allocator(&self, program: &Program<'_, '_>, state: &State, target: Target) -> bool {
        let through = |reg: u8| target == Target::Reg(reg);
        let mut volatile = self.convention.volatile.iter().filter(|&&reg| !through(reg));
        volatile.any(|&reg| program.may_be_allocator(&state.reg(reg)))
    }
}
