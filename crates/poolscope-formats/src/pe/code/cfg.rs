//! The blocks of one function, in reverse post-order.
//!
//! First only what ends a block is looked at; the operations of a block are made when it is to be run.
//! Direct branches are followed wherever they lead, so a cold part placed elsewhere belongs to its function. A
//! jump to another function's start leaves. The cases of a switch are found without reading its jump table:
//! what the function table gives to the function and nothing else reaches is a case.

mod link;
mod loops;
mod padding;
mod switch;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::ir::{Mem, Op, Target};
use super::lift_arm64;
use super::lift_x86;
use crate::limits::{MAX_PE_FUNCTION_INSTRUCTIONS, MAX_PE_NEAR_BYTES, MAX_PE_SWITCH_CASES};
use crate::pe::image::{Image, Machine};
use switch::{Covered, by_register};

pub use padding::padding_at;
pub use switch::jump_table;

/// One instruction: where it stands and its operations within [`Cfg::ops`].
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// RVA of the instruction.
    pub rva: u32,
    /// First operation.
    pub from: u32,
    /// Past the last operation.
    pub to: u32,
}

/// A run of instructions entered only at its head.
#[derive(Clone, Debug)]
pub struct Block {
    /// RVA of its first instruction.
    pub rva: u32,
    /// RVA past its last instruction.
    pub end: u32,
    /// Its instructions within [`Cfg::steps`]; none until it is lifted.
    pub steps: std::ops::Range<usize>,
    /// The block that follows when the last instruction does not jump.
    pub next: Option<usize>,
    /// The block a branch leads to.
    pub taken: Option<usize>,
    /// The cases of a switch.
    pub cases: Vec<usize>,
    /// It ends in a jump through a table that was not read: a case can be missing, or stand within a block.
    pub unread_switch: bool,
}

/// A function's blocks in reverse post-order; the first is the entry.
#[derive(Clone, Default, Debug)]
pub struct Cfg {
    /// Blocks.
    pub blocks: Vec<Block>,
    /// Instructions of the blocks that were lifted, block after block.
    pub steps: Vec<Step>,
    /// Operations.
    pub ops: Vec<Op>,
    /// For each block that a later one jumps back to: the blocks of that loop. Empty until
    /// [`Cfg::with_loops`].
    pub loops: BTreeMap<usize, BTreeSet<usize>>,
    /// [`Cfg::with_loops`] was done.
    pub looped: bool,
    /// Bytes that its returns pop (x86).
    pub pops: Option<u32>,
}

impl Cfg {
    /// Makes the operations of a block.
    pub fn lift(&mut self, image: &Image<'_>, at: usize) {
        self.lift_by(&mut None, image, at);
    }

    fn lift_by<'d>(&mut self, lifter: &mut Option<Lifter<'d>>, image: &Image<'d>, at: usize) {
        let Some(block) = self.blocks.get_mut(at).filter(|block| block.steps.is_empty()) else { return };
        let Some(lifter) = Lifter::moved(lifter, image, block.rva) else { return };
        let first = self.steps.len();
        let mut rva = block.rva;
        let bytes = block.end.saturating_sub(rva) as usize;
        self.steps.reserve(bytes / 4);
        self.ops.reserve(bytes / 3);
        while rva < block.end {
            let from = self.ops.len() as u32;
            let next = lifter.next(&mut self.ops).map(|address| address.wrapping_sub(image.base) as u32);
            by_register(image, self.ops.last_mut());
            self.steps.push(Step { rva, from, to: self.ops.len() as u32 });
            match next.filter(|&next| next > rva) {
                Some(next) => rva = next,
                None => break,
            }
        }
        block.steps = first..self.steps.len();
    }

    /// Makes the operations of every block.
    pub fn lift_all(&mut self, image: &Image<'_>) {
        let mut lifter = None;
        for at in 0..self.blocks.len() {
            self.lift_by(&mut lifter, image, at);
        }
    }
}

/// Reads code one instruction after another, for any machine.
pub enum Lifter<'d> {
    /// x86 or x64.
    X86(Box<lift_x86::Lifter<'d>>),
    /// ARM64.
    Arm64(lift_arm64::Lifter<'d>),
}

impl<'d> Lifter<'d> {
    /// Starts at an RVA; `None` when no executable bytes stand there.
    pub fn at(image: &Image<'d>, rva: u32) -> Option<Self> {
        let section = image.section_at(rva).filter(|section| section.executable)?;
        let bytes = image.bytes_from(section.rva)?;
        let address = image.base.wrapping_add(u64::from(section.rva));
        let mut lifter = match image.machine {
            Machine::X86 | Machine::X64 => {
                let wide = image.machine == Machine::X64;
                Self::X86(Box::new(lift_x86::Lifter::new(bytes, address, wide)))
            }
            Machine::Arm64 => Self::Arm64(lift_arm64::Lifter::new(bytes, address)),
            Machine::Other(_) => return None,
        };
        lifter.seek(image, rva).then_some(lifter)
    }

    /// Goes on at another RVA of the same section; false when it is elsewhere.
    fn seek(&mut self, image: &Image<'d>, rva: u32) -> bool {
        let address = image.base.wrapping_add(u64::from(rva));
        match self {
            Self::X86(lifter) => lifter.seek(address),
            Self::Arm64(lifter) => lifter.seek(address),
        }
    }

    /// Takes a lifter to an RVA, a new one where the old one cannot go.
    fn moved<'k>(kept: &'k mut Option<Self>, image: &Image<'d>, rva: u32) -> Option<&'k mut Self> {
        if !kept.as_mut().is_some_and(|lifter| lifter.seek(image, rva)) {
            *kept = Some(Self::at(image, rva)?);
        }
        kept.as_mut()
    }

    /// Lifts the next instruction; the address after it.
    pub fn next(&mut self, out: &mut Vec<Op>) -> Option<u64> {
        match self {
            Self::X86(lifter) => lifter.next(out),
            Self::Arm64(lifter) => lifter.next(out),
        }
    }

    /// Passes the next instruction, with the operations that change the flow of control or read a table of
    /// absolute addresses; the address after it.
    pub fn next_control(&mut self, out: &mut Vec<Op>) -> Option<u64> {
        match self {
            Self::X86(lifter) => lifter.next_control(out),
            Self::Arm64(lifter) => lifter.next(out),
        }
    }

    /// Passes the next instruction; the address after it, and the operation that ends a run if it is one.
    fn next_end(&mut self, scratch: &mut Vec<Op>) -> Option<(u64, Option<Op>)> {
        scratch.clear();
        let next = self.next_control(scratch)?;
        Some((next, scratch.iter().rev().find(|op| ends(op)).copied()))
    }
}

/// How an instruction ends a run.
fn ends(op: &Op) -> bool {
    matches!(op, Op::Jump { .. } | Op::Branch { .. } | Op::BranchZero { .. } | Op::Return { .. } | Op::Stop)
}

/// An instruction as it was decoded.
struct Decoded {
    rva: u32,
    /// Place among the ends of runs; past them for an instruction that ends none.
    end: u32,
    /// RVA after it; `None` when what follows is no instruction.
    next: Option<u32>,
    /// A block begins here.
    leads: bool,
}

/// The instructions of a function, in the order they were decoded. Kept from function to function for its memory.
#[derive(Default)]
pub struct Instructions {
    all: Vec<Decoded>,
    /// The operations that end runs.
    ends: Vec<Op>,
    /// First address of the function's main part.
    from: u32,
    /// One more than where in `all` the instruction at each address of the main part is.
    near: Vec<u32>,
    /// Where in `all` the instructions elsewhere are.
    far: FxHashMap<u32, u32>,
}

impl Instructions {
    /// Forgets all, for a function whose main part is `extent`.
    fn begin(&mut self, extent: Option<&(u32, u32)>) {
        let (from, to) = extent.copied().unwrap_or((0, 0));
        self.all.clear();
        self.ends.clear();
        self.far.clear();
        self.from = from;
        self.near.clear();
        self.near.resize((to.saturating_sub(from) as usize).min(MAX_PE_NEAR_BYTES), 0);
    }

    fn has(&self, rva: u32) -> bool {
        self.place(rva).is_some()
    }

    fn place(&self, rva: u32) -> Option<usize> {
        match self.near.get(rva.wrapping_sub(self.from) as usize) {
            Some(at) => at.checked_sub(1).map(|at| at as usize),
            None => self.far.get(&rva).map(|&at| at as usize),
        }
    }

    /// The operation that an instruction ends a run with.
    fn end(&self, decoded: &Decoded) -> Option<&Op> {
        self.ends.get(decoded.end as usize)
    }

    /// Where the instruction is that follows the one at a place. Most often it was decoded right after it.
    fn following(&self, place: usize) -> Option<usize> {
        let next = self.all.get(place)?.next?;
        match self.all.get(place + 1) {
            Some(after) if after.rva == next => Some(place + 1),
            _ => self.place(next),
        }
    }

    fn push(&mut self, rva: u32, next: Option<u32>, end: Option<Op>) {
        let at = self.all.len() as u32;
        match self.near.get_mut(rva.wrapping_sub(self.from) as usize) {
            Some(slot) => *slot = at + 1,
            None => {
                self.far.insert(rva, at);
            }
        }
        let place = if end.is_some() { self.ends.len() as u32 } else { u32::MAX };
        self.ends.extend(end);
        self.all.push(Decoded { rva, end: place, next, leads: false });
    }
}

/// Decodes the function at `entry`. `extents` are the code ranges that belong to it; `is_start` tells the starts
/// of other functions. `known_cases` are switch cases that an earlier run of the function came upon, `tables` the
/// sorted RVAs of all jump tables of absolute addresses (x86). `decoded` is scratch memory.
pub fn build(
    image: &Image<'_>,
    entry: u32,
    extents: &[(u32, u32)],
    known_cases: &[u32],
    tables: &[u32],
    is_start: &dyn Fn(u32) -> bool,
    decoded: &mut Instructions,
) -> Cfg {
    let mut cfg = Cfg::default();
    decoded.begin(extents.first());
    let mut scratch = Vec::new();
    let mut lifter = None;
    let mut leaders = vec![entry];
    let mut cases = known_cases.to_vec();
    leaders.extend(known_cases);
    let mut pending = vec![entry];
    pending.extend(known_cases);
    let mut covered: Option<Covered> = None;
    loop {
        while let Some(start) = pending.pop() {
            if decoded.has(start) {
                continue;
            }
            let Some(lifter) = Lifter::moved(&mut lifter, image, start) else { continue };
            let mut rva = start;
            while !decoded.has(rva) && decoded.all.len() < MAX_PE_FUNCTION_INSTRUCTIONS {
                let (next, mut end) = match lifter.next_end(&mut scratch) {
                    Some((address, end)) => (Some(address.wrapping_sub(image.base) as u32), end),
                    None => (None, None),
                };
                let next = next.filter(|&next| next > rva);
                by_register(image, end.as_mut());
                decoded.push(rva, next, end);
                let Some(next) = next else { break };
                let mut lead = |to: u64| {
                    if let Some(to) = image.rva_of(to) {
                        leaders.push(to);
                        pending.push(to);
                    }
                };
                match end {
                    None => {
                        rva = next;
                        continue;
                    }
                    Some(Op::Branch { to, .. } | Op::BranchZero { to, .. }) => {
                        lead(to);
                        leaders.push(next);
                        rva = next;
                        continue;
                    }
                    Some(Op::Jump { target: Target::To(to) }) => {
                        let leaves = image.rva_of(to).is_none_or(|to| to != entry && is_start(to));
                        if !leaves {
                            lead(to);
                        }
                    }
                    // A jump through one fixed slot is a tail call, not a switch.
                    Some(Op::Jump { target: Target::Mem(Mem { base: None, index: None, .. }) }) => {}
                    Some(Op::Jump { target }) => {
                        covered.get_or_insert_with(|| Covered::of(extents));
                        let table = match target {
                            Target::Mem(mem) if mem.index.is_some() && mem.base.is_none() => Some(mem.disp),
                            _ => None,
                        };
                        for case in table
                            .map(|table| jump_table(image, table.cast_unsigned(), tables))
                            .unwrap_or_default()
                        {
                            if !cases.contains(&case) {
                                cases.push(case);
                            }
                            leaders.push(case);
                            pending.push(case);
                        }
                    }
                    Some(Op::Return { pop }) => cfg.pops = Some(pop),
                    _ => {}
                }
                break;
            }
        }
        match covered.as_mut().and_then(|covered| covered.first_unreached(image, decoded)) {
            Some(case)
                if cases.len() < MAX_PE_SWITCH_CASES && decoded.all.len() < MAX_PE_FUNCTION_INSTRUCTIONS =>
            {
                cases.push(case);
                leaders.push(case);
                pending.push(case);
            }
            _ => break,
        }
    }
    link::blocks(&mut cfg, image, entry, decoded, leaders, &cases, is_start);
    cfg
}
