//! The blocks of one function: decoded once, in reverse post-order.
//!
//! Direct branches are followed wherever they lead, so a cold part placed elsewhere belongs to its function. A
//! jump to another function's start leaves. The cases of a switch are found without reading its jump table:
//! what the function table gives to the function and nothing else reaches is a case.

mod switch;

use std::collections::{BTreeMap, BTreeSet};

use super::ir::{Mem, Op, Target};
use super::lift_arm64;
use super::lift_x86;
use crate::limits::{MAX_PE_FUNCTION_OPS, MAX_PE_LOOPS, MAX_PE_SWITCH_CASES};
use crate::pe::image::{Image, Machine};
use switch::{by_register, jump_table};

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
    /// Its instructions within [`Cfg::steps`].
    pub steps: std::ops::Range<usize>,
    /// The block that follows when the last instruction does not jump.
    pub next: Option<usize>,
    /// The block a branch leads to.
    pub taken: Option<usize>,
    /// The cases of a switch.
    pub cases: Vec<usize>,
}

/// A function's blocks in reverse post-order; the first is the entry.
#[derive(Clone, Default, Debug)]
pub struct Cfg {
    /// Blocks.
    pub blocks: Vec<Block>,
    /// Instructions, block after block.
    pub steps: Vec<Step>,
    /// Operations.
    pub ops: Vec<Op>,
    /// For each block that a later one jumps back to: the blocks of that loop.
    pub loops: BTreeMap<usize, BTreeSet<usize>>,
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
        if !image.section_at(rva)?.executable {
            return None;
        }
        let bytes = image.bytes_from(rva)?;
        let address = image.base.wrapping_add(u64::from(rva));
        match image.machine {
            Machine::X86 | Machine::X64 => {
                let wide = image.machine == Machine::X64;
                Some(Self::X86(Box::new(lift_x86::Lifter::new(bytes, address, wide))))
            }
            Machine::Arm64 => Some(Self::Arm64(lift_arm64::Lifter::new(bytes, address))),
            Machine::Other(_) => None,
        }
    }

    /// Lifts the next instruction; the address after it.
    pub fn next(&mut self, out: &mut Vec<Op>) -> Option<u64> {
        match self {
            Self::X86(lifter) => lifter.next(out),
            Self::Arm64(lifter) => lifter.next(out),
        }
    }
}

/// How an instruction ends a run.
fn ends(op: &Op) -> bool {
    matches!(op, Op::Jump { .. } | Op::Branch { .. } | Op::BranchZero { .. } | Op::Return { .. } | Op::Stop)
}

struct Decoded {
    from: u32,
    to: u32,
    /// RVA after it; `None` when what follows is no instruction.
    next: Option<u32>,
}

/// Decodes the function at `entry`. `extents` are the code ranges that belong to it; `is_start` tells the starts
/// of other functions. `known_cases` are switch cases that an earlier run of the function came upon, `tables` the
/// sorted RVAs of all jump tables of absolute addresses (x86).
pub fn build(
    image: &Image<'_>,
    entry: u32,
    extents: &[(u32, u32)],
    known_cases: &[u32],
    tables: &[u32],
    is_start: &dyn Fn(u32) -> bool,
) -> Cfg {
    let mut cfg = Cfg::default();
    let mut decoded: BTreeMap<u32, Decoded> = BTreeMap::new();
    let mut leaders = BTreeSet::from([entry]);
    let mut cases = known_cases.to_vec();
    leaders.extend(known_cases);
    let mut pending = vec![entry];
    pending.extend(known_cases);
    let mut has_switch = false;
    let mut seen_to = 0;
    loop {
        while let Some(start) = pending.pop() {
            let Some(mut lifter) = Lifter::at(image, start) else { continue };
            let mut rva = start;
            while !decoded.contains_key(&rva) && cfg.ops.len() < MAX_PE_FUNCTION_OPS {
                let from = cfg.ops.len() as u32;
                let next =
                    lifter.next(&mut cfg.ops).and_then(|address| image.rva_of(address.wrapping_sub(1)));
                let next = next.and_then(|last| last.checked_add(1)).filter(|&next| next > rva);
                by_register(image, cfg.ops.last_mut());
                let to = cfg.ops.len() as u32;
                decoded.insert(rva, Decoded { from, to, next });
                let Some(next) = next else { break };
                let last = cfg
                    .ops
                    .get(from as usize..)
                    .and_then(|ops| ops.iter().rev().find(|op| ends(op)))
                    .copied();
                let mut lead = |to: u64| {
                    if let Some(to) = image.rva_of(to) {
                        leaders.insert(to);
                        pending.push(to);
                    }
                };
                match last {
                    None => {
                        rva = next;
                        continue;
                    }
                    Some(Op::Branch { to, .. } | Op::BranchZero { to, .. }) => {
                        lead(to);
                        lead(image.base.wrapping_add(u64::from(next)));
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
                        has_switch = true;
                        let table = match target {
                            Target::Mem(mem) if mem.index.is_some() && mem.base.is_none() => Some(mem.disp),
                            _ => None,
                        };
                        for case in table
                            .map(|table| jump_table(image, table.cast_unsigned(), tables))
                            .unwrap_or_default()
                        {
                            if leaders.insert(case) || !cases.contains(&case) {
                                cases.push(case);
                            }
                            pending.push(case);
                        }
                    }
                    _ => {}
                }
                break;
            }
        }
        match has_switch.then(|| unreached(image, &decoded, extents, seen_to)).flatten() {
            Some(case) if cases.len() < MAX_PE_SWITCH_CASES && cfg.ops.len() < MAX_PE_FUNCTION_OPS => {
                seen_to = case;
                cases.push(case);
                leaders.insert(case);
                pending.push(case);
            }
            _ => break,
        }
    }
    link(&mut cfg, image, entry, &decoded, &leaders, &cases, is_start);
    cfg
}

/// The first address of the function's extents, from `seen_to` on, that holds code nothing leads to.
fn unreached(
    image: &Image<'_>,
    decoded: &BTreeMap<u32, Decoded>,
    extents: &[(u32, u32)],
    seen_to: u32,
) -> Option<u32> {
    for &(begin, end) in extents {
        let mut at = begin.max(seen_to);
        while at < end {
            let covering =
                decoded.range(..=at).next_back().filter(|(_, d)| d.next.is_some_and(|next| next > at));
            if let Some((_, step)) = covering {
                at = step.next?;
            } else if let Some(padding) = padding_at(image, at) {
                at = at.checked_add(padding)?;
            } else if decoded.contains_key(&at) {
                // Bytes that are no instruction.
                break;
            } else {
                return Some(at);
            }
        }
    }
    None
}

/// Bytes of filler (int3, nop, zero words) at an address.
pub fn padding_at(image: &Image<'_>, rva: u32) -> Option<u32> {
    let bytes = image.bytes_from(rva)?;
    if image.machine == Machine::Arm64 {
        let word = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
        return matches!(word, 0 | 0xd503_201f | 0xd43e_0000).then_some(4);
    }
    match bytes {
        [0xcc | 0x90, ..] => Some(1),
        [0x66, 0x90, ..] => Some(2),
        [0x0f, 0x1f, 0x00, ..] => Some(3),
        [0x0f, 0x1f, 0x40, 0x00, ..] => Some(4),
        [0x0f, 0x1f, 0x44, 0x00, 0x00, ..] => Some(5),
        [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, ..] => Some(6),
        [0x0f, 0x1f, 0x80, 0, 0, 0, 0, ..] => Some(7),
        [0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, ..] => Some(8),
        [0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, ..] => Some(9),
        [0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, ..] => Some(10),
        // lea esi, [esi + 0] and the like: gcc's filler on x86.
        [0x8d, 0xb4, 0x26, 0, 0, 0, 0, ..] | [0x8d, 0xbc, 0x27, 0, 0, 0, 0, ..] => Some(7),
        [0x8d, 0xb6, 0, 0, 0, 0, ..] | [0x8d, 0xbf, 0, 0, 0, 0, ..] => Some(6),
        [0x8d, 0x74, 0x26, 0, ..] | [0x8d, 0x7c, 0x27, 0, ..] => Some(4),
        [0x8d, 0x76, 0, ..] => Some(3),
        [0x89, 0xf6, ..] | [0x8b, 0xff, 0xcc, ..] => Some(2),
        [0x2e, 0x8d, 0xb4, 0x26, 0, 0, 0, 0, ..] => Some(8),
        [0x66, 0x66, ..] => Some(1),
        [0x66, 0x2e, ..] => Some(2),
        _ => None,
    }
}

/// Cuts the decoded instructions into blocks at the leaders and orders them.
fn link(
    cfg: &mut Cfg,
    image: &Image<'_>,
    entry: u32,
    decoded: &BTreeMap<u32, Decoded>,
    leaders: &BTreeSet<u32>,
    cases: &[u32],
    is_start: &dyn Fn(u32) -> bool,
) {
    struct Raw {
        rva: u32,
        steps: Vec<Step>,
        next: Option<u32>,
        taken: Option<u32>,
        switch: bool,
    }
    let mut raw: BTreeMap<u32, Raw> = BTreeMap::new();
    for &leader in leaders {
        let mut block = Raw { rva: leader, steps: Vec::new(), next: None, taken: None, switch: false };
        let mut rva = leader;
        while let Some(step) = decoded.get(&rva) {
            block.steps.push(Step { rva, from: step.from, to: step.to });
            let ops = cfg.ops.get(step.from as usize..step.to as usize).unwrap_or(&[]);
            match ops.iter().rev().find(|op| ends(op)) {
                None => match step.next {
                    Some(next) if leaders.contains(&next) => {
                        block.next = Some(next);
                        break;
                    }
                    Some(next) => rva = next,
                    None => break,
                },
                Some(Op::Branch { to, .. } | Op::BranchZero { to, .. }) => {
                    block.taken = image.rva_of(*to);
                    block.next = step.next;
                    break;
                }
                Some(Op::Jump { target: Target::To(to) }) => {
                    block.taken = image.rva_of(*to).filter(|&to| to == entry || !is_start(to));
                    break;
                }
                Some(Op::Jump { target }) => {
                    block.switch = !matches!(target, Target::Mem(Mem { base: None, index: None, .. }));
                    break;
                }
                _ => break,
            }
        }
        raw.insert(leader, block);
    }
    // Reverse post-order by an explicit stack: code can be deep.
    let successors = |block: &Raw| -> Vec<u32> {
        let mut out: Vec<u32> = Vec::new();
        out.extend(block.taken);
        out.extend(block.next);
        if block.switch {
            out.extend(cases);
        }
        out
    };
    let mut order: Vec<u32> = Vec::new();
    let mut seen = BTreeSet::from([entry]);
    let mut stack: Vec<(u32, Vec<u32>)> =
        raw.get(&entry).map(|b| (entry, successors(b))).into_iter().collect();
    while let Some((rva, left)) = stack.last_mut() {
        match left.pop() {
            Some(next) => {
                if seen.insert(next)
                    && let Some(block) = raw.get(&next)
                {
                    stack.push((next, successors(block)));
                }
            }
            None => {
                order.push(*rva);
                stack.pop();
            }
        }
    }
    order.reverse();
    let position: BTreeMap<u32, usize> = order.iter().enumerate().map(|(at, &rva)| (rva, at)).collect();
    for rva in &order {
        let Some(block) = raw.get(rva) else { continue };
        let from = cfg.steps.len();
        cfg.steps.extend_from_slice(&block.steps);
        let find = |rva: Option<u32>| rva.and_then(|rva| position.get(&rva).copied());
        let cases: Vec<usize> = if block.switch {
            cases.iter().filter_map(|case| position.get(case).copied()).collect()
        } else {
            Vec::new()
        };
        let (next, taken) = (find(block.next), find(block.taken));
        cfg.blocks.push(Block { rva: block.rva, steps: from..cfg.steps.len(), next, taken, cases });
    }
    find_loops(cfg);
    if !cfg.loops.is_empty() {
        put_exits_last(cfg);
        find_loops(cfg);
    }
}

/// Orders the blocks anew, so that all of a loop stands before what follows it: a run that always takes the first
/// pending block then ends a loop before it leaves it.
fn put_exits_last(cfg: &mut Cfg) {
    let shared = |a: usize, b: usize| {
        cfg.loops.values().filter(|members| members.contains(&a) && members.contains(&b)).count()
    };
    // What is visited first ends up last: the successors that share the fewest loops are taken first.
    let successors = |at: usize| -> Vec<usize> {
        let Some(block) = cfg.blocks.get(at) else { return Vec::new() };
        let mut out: Vec<usize> =
            block.cases.iter().chain(&block.next).chain(&block.taken).copied().collect();
        out.sort_by_key(|&to| std::cmp::Reverse(shared(at, to)));
        out
    };
    let mut order = Vec::new();
    let mut seen = BTreeSet::from([0]);
    let mut stack = vec![(0, successors(0))];
    while let Some((at, left)) = stack.last_mut() {
        match left.pop() {
            Some(next) if seen.insert(next) => {
                let after = successors(next);
                stack.push((next, after));
            }
            Some(_) => {}
            None => {
                order.push(*at);
                stack.pop();
            }
        }
    }
    order.reverse();
    let mut position = vec![0; cfg.blocks.len()];
    for (new, &old) in order.iter().enumerate() {
        if let Some(slot) = position.get_mut(old) {
            *slot = new;
        }
    }
    let moved = |old: usize| position.get(old).copied();
    let mut blocks: Vec<Block> = order.iter().filter_map(|&old| cfg.blocks.get(old).cloned()).collect();
    for block in &mut blocks {
        block.next = block.next.and_then(moved);
        block.taken = block.taken.and_then(moved);
        block.cases = block.cases.iter().filter_map(|&case| moved(case)).collect();
    }
    cfg.blocks = blocks;
    cfg.loops.clear();
}

/// The blocks of each loop: those that lead to a jump back to its head without passing the head.
fn find_loops(cfg: &mut Cfg) {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); cfg.blocks.len()];
    for (at, block) in cfg.blocks.iter().enumerate() {
        for &to in block.cases.iter().chain(&block.next).chain(&block.taken) {
            if let Some(list) = before.get_mut(to) {
                list.push(at);
            }
        }
    }
    for (head, from) in before.iter().enumerate() {
        let mut pending: Vec<usize> = from.iter().copied().filter(|&at| at >= head).collect();
        if pending.is_empty() || cfg.loops.len() >= MAX_PE_LOOPS {
            continue;
        }
        let mut members = BTreeSet::from([head]);
        while let Some(at) = pending.pop() {
            if members.insert(at) {
                pending.extend(before.get(at).into_iter().flatten().filter(|&&at| at > head));
            }
        }
        cfg.loops.insert(head, members);
    }
}
