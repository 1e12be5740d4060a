//! Reads the jump tables of a function by running the few blocks around each switch.
//!
//! The compare before a switch bounds its index; with that the jump's targets are numbers. A case that other code
//! runs into is no block of its own until its table is read.

use std::collections::BTreeSet;

use super::Run;
use super::known::{Heads, Registers, registers_at_heads};
use crate::limits::MAX_PE_STATES;
use crate::pe::code::cfg::Cfg;
use crate::pe::code::program::Program;
use crate::pe::code::state::State;

/// What the jump tables of a function say.
pub struct Switches {
    /// Cases that are no blocks yet.
    pub new_cases: Vec<u32>,
    /// What is known at the heads of blocks, where that was needed.
    pub heads: Option<Heads>,
}

/// Reads the jump tables; `None` when one cannot be read.
pub fn read_switches(program: &mut Program<'_, '_>, cfg: &mut Cfg) -> Option<Switches> {
    let switches: Vec<usize> =
        (0..).zip(&cfg.blocks).filter(|(_, block)| block.unread_switch).map(|(at, _)| at).collect();
    let mut heads: Option<Heads> = None;
    let mut out = BTreeSet::new();
    for switch in switches {
        let leads_here = |(at, block): (usize, &super::Block)| {
            (block.next == Some(switch) || block.taken == Some(switch)).then_some(at)
        };
        let mut before: Vec<usize> = (0..).zip(&cfg.blocks).filter_map(leads_here).collect();
        if before.is_empty() {
            before.push(switch);
        }
        for from in before {
            for at in [from, switch] {
                cfg.lift(program.world.image, at);
            }
            let found = cases(program, cfg, from, switch, None).or_else(|| {
                // The table's address may have been loaded far away, out of a loop.
                if heads.is_none() {
                    cfg.lift_all(program.world.image);
                    heads = Some(registers_at_heads(program, cfg, MAX_PE_STATES));
                }
                let heads = heads.as_ref()?;
                out.extend(&heads.new_cases);
                cases(program, cfg, from, switch, Some(heads.registers.get(from)?.as_ref()?))
            })?;
            out.extend(found);
        }
    }
    Some(Switches { new_cases: out.into_iter().collect(), heads })
}

/// What one way into a switch says of its cases that are no blocks yet; `None` when the targets stay unknown.
fn cases(
    program: &mut Program<'_, '_>,
    cfg: &Cfg,
    from: usize,
    switch: usize,
    head: Option<&Registers>,
) -> Option<BTreeSet<u32>> {
    let mut run = Run::of(program, cfg, 0);
    let mut state = State::entry(run.convention.shape);
    if let Some(head) = head {
        state.regs = head.clone();
    }
    if from != switch {
        run.block(program, from, state);
        // A way that is never taken says nothing.
        let Some(reached) = run.pending.remove(&switch) else { return Some(BTreeSet::new()) };
        state = reached;
    }
    run.block(program, switch, state);
    (!run.open_switch).then_some(run.new_cases)
}
