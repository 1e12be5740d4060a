//! Runs single blocks of a function, with nothing known before them.
//!
//! Most tags are constants loaded right before the call that takes them. Where every reference of a function to an
//! allocator is such a call, the function as a whole says nothing more: it need not be run, however many loops it
//! has. A number found so is the number any run would find, since it comes from the block's own instructions.

use std::collections::BTreeSet;

use super::Run;
use crate::pe::code::cfg::{Block, Cfg, Step};
use crate::pe::code::ir::{Op, Target};
use crate::pe::code::program::Program;
use crate::pe::code::state::State;
use crate::pe::code::summary::TagFlow;

/// The tags that a function passes at `sites` (RVAs within its instructions, sorted), if the block around each
/// site tells them; `None` when one does not, and the function has to be run as a whole.
pub fn blocks_alone(
    program: &mut Program<'_, '_>,
    cfg: &Cfg,
    sites: &BTreeSet<u32>,
) -> Option<Vec<TagFlow>> {
    let mut run = Run::of(program, cfg, 0);
    let mut left = sites.clone();
    for (at, block) in cfg.blocks.iter().enumerate() {
        let steps = cfg.steps.get(block.steps.clone())?;
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { continue };
        // No instruction is longer than 15 bytes; the last one's end is not kept.
        if left.range(first.rva..last.rva.saturating_add(15)).next().is_some() {
            run.alone(program, at, block, steps, &mut left)?;
        }
    }
    let known = |flow: &TagFlow| flow.value.numbers().is_some();
    (left.is_empty() && run.flows.values().all(known)).then(|| run.flows.into_values().collect())
}

impl Run<'_> {
    /// Runs a block and strikes off the sites whose reference ends in a call that hands a tag over.
    fn alone(
        &mut self,
        program: &mut Program<'_, '_>,
        at: usize,
        block: &Block,
        steps: &[Step],
        left: &mut BTreeSet<u32>,
    ) -> Option<()> {
        let mut state = State::entry(self.convention.shape);
        // References seen that no call has used up yet.
        let mut waiting: Vec<u32> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let end = steps.get(index + 1).map_or(step.rva.saturating_add(15), |next| next.rva);
            waiting.extend(left.range(step.rva..end).copied());
            let ops = self.cfg.ops.get(step.from as usize..step.to as usize)?;
            program.spend(ops.len() as u64).then_some(())?;
            for op in ops {
                let (target, tail) = match *op {
                    Op::Call { target, .. } => (target, false),
                    Op::Jump { target: Target::To(_) } if block.taken.is_some() => continue,
                    Op::Jump { target } => (target, true),
                    Op::Branch { .. } | Op::BranchZero { .. } | Op::Return { .. } | Op::Stop => continue,
                    _ => {
                        self.straight(program, &mut state, op, step.rva);
                        continue;
                    }
                };
                let value = self.target(program, &state, target, step.rva);
                let (before, harmless) = (self.flows.len(), program.takes_no_tag(&state, &value));
                self.transfer(program, &mut state, &value, step.rva, tail, at);
                if self.flows.len() > before || harmless {
                    for site in waiting.drain(..) {
                        left.remove(&site);
                    }
                }
                // An address that went into a call may be called there.
                waiting.is_empty().then_some(())?;
            }
        }
        // What still holds an allocator's address may call it elsewhere.
        let cells = state.memory.cells().iter().map(|cell| &cell.value);
        let kept = state.regs.iter().chain(cells).flat_map(|value| value.atoms());
        (!kept.into_iter().any(|&atom| program.leads_to_allocator(atom))).then_some(())
    }
}
