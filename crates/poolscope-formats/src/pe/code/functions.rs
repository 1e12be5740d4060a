//! Which function an address belongs to.
//!
//! The function table of the image says it for most x64 and ARM64 code. Functions that it leaves out (leaf
//! functions, tail-calling wrappers) and all of x86 are found by decoding forward: a function ends at a return
//! or jump beyond which none of its own branches leads.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::cfg::{Lifter, jump_table, padding_at};
use super::ir::{Op, Target};
use crate::pe::image::Image;

/// Begin and end of a function, as RVAs.
type Extent = (u32, u32);

/// Function extents of an image.
pub struct Functions {
    /// `[begin, end)`, sorted by begin.
    extents: Vec<Extent>,
    /// Begin of each part of a function that stands apart, and of that function; sorted.
    parts: Vec<(u32, u32)>,
    /// The same, function first; sorted.
    parts_by_owner: Vec<(u32, u32)>,
    /// Other known starts, sorted.
    starts: Vec<u32>,
    /// Jump tables of absolute addresses (x86), sorted.
    pub tables: Vec<u32>,
    /// The targets of calls are among the starts.
    knows_calls: bool,
    /// What was found by decoding, by where it began.
    swept: RefCell<FxHashMap<u32, Rc<[Extent]>>>,
}

impl Functions {
    /// From the image's function table. `tables` are the sorted RVAs of its jump tables of absolute addresses;
    /// `call_targets`, handed those tables, gives the targets of calls, which is asked for only where
    /// there is no such table.
    pub fn of(image: &Image<'_>, tables: Vec<u32>, call_targets: impl FnOnce(&[u32]) -> Vec<u32>) -> Self {
        let mut starts = image.exports.clone();
        starts.push(image.entry);
        starts.sort_unstable();
        let mut parts_by_owner: Vec<(u32, u32)> =
            image.parts.iter().map(|&(begin, owner)| (owner, begin)).collect();
        parts_by_owner.sort_unstable();
        let mut functions = Self {
            parts_by_owner,
            extents: image.functions.clone(),
            parts: image.parts.clone(),
            starts,
            tables,
            knows_calls: false,
            swept: RefCell::default(),
        };
        if functions.extents.is_empty() {
            let found = call_targets(&functions.tables);
            functions.learn_starts(found);
        }
        functions
    }

    /// True when an address lies between listed functions and the targets of calls would help to place it.
    pub fn wants_starts(&self, rva: u32) -> bool {
        let after = self.extents.partition_point(|extent| extent.0 <= rva);
        let listed =
            after.checked_sub(1).and_then(|at| self.extents.get(at)).is_some_and(|extent| rva < extent.1);
        !self.knows_calls && !listed
    }

    /// Takes the targets of calls as starts of functions.
    pub fn learn_starts(&mut self, targets: Vec<u32>) {
        self.starts.extend(targets);
        self.starts.sort_unstable();
        self.starts.dedup();
        self.knows_calls = true;
        self.swept.borrow_mut().clear();
    }

    /// The start of the function that the extent beginning at an address is a part of, or that address.
    fn owner(&self, begin: u32) -> u32 {
        let part = self.parts.binary_search_by_key(&begin, |part| part.0).ok();
        part.and_then(|at| self.parts.get(at)).map_or(begin, |part| part.1)
    }

    /// The extents of the parts that belong to the function at `entry` and stand apart from it.
    pub fn parts_of(&self, entry: u32) -> impl Iterator<Item = Extent> {
        let from = self.parts_by_owner.partition_point(|part| part.0 < entry);
        let own =
            self.parts_by_owner.get(from..).unwrap_or(&[]).iter().take_while(move |part| part.0 == entry);
        own.filter_map(|&(_, begin)| {
            let at = self.extents.binary_search_by_key(&begin, |extent| extent.0).ok()?;
            self.extents.get(at).copied()
        })
    }

    /// True for the start of a function.
    pub fn is_start(&self, rva: u32) -> bool {
        if self.owner(rva) != rva {
            return false;
        }
        self.extents.binary_search_by_key(&rva, |extent| extent.0).is_ok()
            || self.starts.binary_search(&rva).is_ok()
    }

    /// What the jump table at an address names; nothing when no code uses it as one.
    fn cases(&self, image: &Image<'_>, table: u64) -> Vec<u32> {
        let known = image.rva_of(table).is_some_and(|rva| self.tables.binary_search(&rva).is_ok());
        if known { jump_table(image, table, &self.tables) } else { Vec::new() }
    }

    /// The extent that begins at an address.
    pub fn extent_from(&self, image: &Image<'_>, rva: u32) -> Option<Extent> {
        if let Ok(at) = self.extents.binary_search_by_key(&rva, |extent| extent.0) {
            return self.extents.get(at).copied();
        }
        self.swept_around(image, rva, rva).first().copied().filter(|extent| extent.0 == rva)
    }

    /// The start of the function that an address belongs to.
    pub fn containing(&self, image: &Image<'_>, rva: u32) -> Option<u32> {
        let after = self.extents.partition_point(|extent| extent.0 <= rva);
        if let Some(&(begin, end)) = after.checked_sub(1).and_then(|at| self.extents.get(at))
            && rva < end
        {
            return Some(self.owner(begin));
        }
        let known = self.starts.partition_point(|&start| start <= rva);
        let start = known.checked_sub(1).and_then(|at| self.starts.get(at)).copied().unwrap_or(0);
        let found = self.swept_around(image, rva, start);
        found.iter().rev().find(|extent| extent.0 <= rva).map(|extent| extent.0)
    }

    /// Functions found by decoding from the nearest border before an address (a known start, the end of a listed
    /// function, the section) to the nearest one after it.
    fn swept_around(&self, image: &Image<'_>, rva: u32, start: u32) -> Rc<[Extent]> {
        let Some(section) = image.section_at(rva) else { return Rc::new([]) };
        let after = self.extents.partition_point(|extent| extent.0 <= rva);
        let before = after.checked_sub(1).and_then(|at| self.extents.get(at));
        let from = before.map_or(section.rva, |extent| extent.1).max(section.rva).max(start);
        if let Some(known) = self.swept.borrow().get(&from) {
            return Rc::clone(known);
        }
        let end = section.rva.saturating_add(section.file_bytes);
        let known = self.starts.partition_point(|&start| start <= rva);
        let to = self.extents.get(after).map_or(end, |extent| extent.0).min(end);
        let to = self.starts.get(known).map_or(to, |&start| start.min(to));
        let mut found = Vec::new();
        sweep(image, from, to, self, &mut found);
        let found: Rc<[Extent]> = found.into();
        self.swept.borrow_mut().insert(from, Rc::clone(&found));
        found
    }
}

/// Cuts `[from, to)` into functions by decoding forward.
fn sweep(image: &Image<'_>, from: u32, to: u32, known: &Functions, out: &mut Vec<Extent>) {
    let starts = known.starts.as_slice();
    // The first known start after `at`.
    let mut ahead = starts.partition_point(|&start| start <= from);
    let mut ops = Vec::new();
    let mut at = from;
    while at < to {
        if let Some(filler) = padding_at(image, at) {
            at = at.saturating_add(filler);
            continue;
        }
        let begin = at;
        let mut reach = at;
        let Some(mut lifter) = Lifter::at(image, at) else { return };
        loop {
            ops.clear();
            let next = lifter.next_control(&mut ops).map(|address| address.wrapping_sub(image.base) as u32);
            let Some(next) = next.filter(|&next| next > at && next <= to) else {
                at = at.saturating_add(1);
                break;
            };
            while starts.get(ahead).is_some_and(|&start| start <= at) {
                ahead += 1;
            }
            // A known start inside this instruction: the sweep had lost its step.
            if let Some(&start) = starts.get(ahead).filter(|&&start| start < next) {
                at = start;
                break;
            }
            at = next;
            let at_start = starts.get(ahead) == Some(&at);
            let mut ended = false;
            for op in &ops {
                match *op {
                    // A switch: what its table names belongs to the function.
                    Op::Jump { target: Target::Mem(mem) } | Op::Load { mem, .. }
                        if mem.base.is_none() && mem.index.is_some() =>
                    {
                        let cases = known.cases(image, mem.disp.cast_unsigned());
                        reach = cases.into_iter().filter(|&case| case < to).fold(reach, u32::max);
                        ended = matches!(op, Op::Jump { .. });
                    }
                    Op::Branch { to, .. } | Op::BranchZero { to, .. } => {
                        reach = reach.max(image.rva_of(to).unwrap_or(0));
                    }
                    Op::Jump { target: Target::To(target) } => {
                        let target = image.rva_of(target).unwrap_or(0);
                        if target >= at && target - at < 0x80 {
                            reach = reach.max(target);
                        }
                        ended = true;
                    }
                    Op::Jump { .. } | Op::Return { .. } | Op::Stop => ended = true,
                    _ => {}
                }
            }
            if (ended && reach < at) || at_start || at >= to {
                break;
            }
        }
        out.push((begin, at));
    }
}
