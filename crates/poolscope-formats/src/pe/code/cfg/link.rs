//! Cuts the decoded instructions of a function into blocks and orders them.

use super::{Block, Cfg, Instructions};
use crate::pe::code::ir::{Mem, Op, Target};
use crate::pe::image::Image;

/// A block before the order is known; successors by place among the leaders.
struct Raw {
    /// RVA past its last instruction.
    end: u32,
    next: Option<usize>,
    taken: Option<usize>,
    switch: bool,
    /// Through a table that was not read.
    unread: bool,
}

/// Fills `cfg` with the blocks that begin at the leaders, in reverse post-order from the entry.
pub fn blocks(
    cfg: &mut Cfg,
    image: &Image<'_>,
    entry: u32,
    decoded: &mut Instructions,
    mut leaders: Vec<u32>,
    cases: &[u32],
    is_start: &dyn Fn(u32) -> bool,
) {
    leaders.sort_unstable();
    leaders.dedup();
    for &leader in &leaders {
        let place = decoded.place(leader);
        if let Some(step) = place.and_then(|place| decoded.all.get_mut(place)) {
            step.leads = true;
        }
    }
    let block_at = |rva: u32| leaders.binary_search(&rva).ok();
    let mut raw: Vec<Raw> = Vec::with_capacity(leaders.len());
    for &leader in &leaders {
        let mut block = Raw { end: leader, next: None, taken: None, switch: false, unread: false };
        let mut place = decoded.place(leader);
        while let Some((at, step)) = place.and_then(|at| Some((at, decoded.all.get(at)?))) {
            block.end = step.next.unwrap_or(block.end);
            match decoded.end(step) {
                None => {
                    place = decoded.following(at);
                    if let Some(next) = place.and_then(|next| decoded.all.get(next))
                        && next.leads
                    {
                        block.next = block_at(next.rva);
                        break;
                    }
                    continue;
                }
                Some(Op::Branch { to, .. } | Op::BranchZero { to, .. }) => {
                    block.taken = image.rva_of(*to).and_then(block_at);
                    block.next = step.next.and_then(block_at);
                }
                Some(Op::Jump { target: Target::To(to) }) => {
                    let own = image.rva_of(*to).filter(|&to| to == entry || !is_start(to));
                    block.taken = own.and_then(block_at);
                }
                Some(Op::Jump { target }) => {
                    block.switch = !matches!(target, Target::Mem(Mem { base: None, index: None, .. }));
                    block.unread = block.switch && !matches!(target, Target::Mem(Mem { base: None, .. }));
                }
                _ => {}
            }
            break;
        }
        raw.push(block);
    }
    let cases: Vec<usize> = cases.iter().filter_map(|&case| block_at(case)).collect();
    let order = post_order(&raw, block_at(entry).unwrap_or(0), &cases);
    let mut position: Vec<Option<usize>> = vec![None; raw.len()];
    for (at, &block) in order.iter().rev().enumerate() {
        if let Some(slot) = position.get_mut(block) {
            *slot = Some(at);
        }
    }
    let placed = |block: usize| position.get(block).copied().flatten();
    for &at in order.iter().rev() {
        let (Some(block), Some(&rva)) = (raw.get(at), leaders.get(at)) else { continue };
        let cases =
            if block.switch { cases.iter().filter_map(|&case| placed(case)).collect() } else { Vec::new() };
        let (next, taken) = (block.next.and_then(placed), block.taken.and_then(placed));
        cfg.blocks.push(Block {
            rva,
            end: block.end,
            steps: 0..0,
            next,
            taken,
            cases,
            unread_switch: block.unread,
        });
    }
}

/// The blocks that the entry leads to, each after what it leads to. By an explicit stack: code can be deep.
fn post_order(raw: &[Raw], entry: usize, cases: &[usize]) -> Vec<usize> {
    // What is taken from the end first ends up last.
    let successor = |block: usize, nth: usize| -> Option<usize> {
        let block = raw.get(block)?;
        let cases = if block.switch { cases } else { &[] };
        let from_end = cases.len().checked_sub(nth + 1).and_then(|at| cases.get(at)).copied();
        from_end.or_else(|| block.next.into_iter().chain(block.taken).nth(nth.checked_sub(cases.len())?))
    };
    let mut order = Vec::with_capacity(raw.len());
    let mut seen = vec![false; raw.len()];
    let mut visit = |block: usize| seen.get_mut(block).is_some_and(|seen| !std::mem::replace(seen, true));
    let mut stack: Vec<(usize, usize)> = Vec::new();
    if visit(entry) {
        stack.push((entry, 0));
    }
    while let Some((block, nth)) = stack.last_mut() {
        match successor(*block, *nth) {
            Some(next) => {
                *nth += 1;
                if visit(next) {
                    stack.push((next, 0));
                }
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order
}
