//! The loops of a function, and an order of its blocks that keeps each loop together.

use std::collections::BTreeSet;

use super::{Block, Cfg};
use crate::limits::MAX_PE_LOOPS;

impl Cfg {
    /// The same function with its loops found and its blocks in an order that ends a loop before what follows it.
    pub fn with_loops(mut self) -> Self {
        find_loops(&mut self);
        if !self.loops.is_empty() {
            put_exits_last(&mut self);
            find_loops(&mut self);
        }
        self.looped = true;
        self
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
