//! What a function does, as its callers need it: values and tags in terms of what they pass in.

use super::ir::Reg;
use super::value::{Atom, Value};
use crate::pe::allocators::Allocator;

/// A tag on its way to an allocator.
#[derive(Clone, PartialEq, Debug)]
pub struct TagFlow {
    /// The interface it reaches.
    pub allocator: &'static Allocator,
    /// RVA of the call that hands it over: the allocator's, or the wrapper's where the tag became known.
    pub site: u32,
    /// The tag.
    pub value: Value,
    /// Own functions between this call and the allocator's.
    pub levels: u8,
    /// False when the order of pushed arguments was guessed (x86).
    pub proven: bool,
}

/// A function's effect.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Registers at the return, joined over all returns; empty when it never returns.
    pub regs: Vec<Value>,
    /// Bytes it pops besides the return address.
    pub pops: Option<u32>,
    /// What it writes to memory that the caller can see.
    pub stores: Vec<(Atom, u8, Value)>,
    /// Tags that still depend on the caller.
    pub open: Vec<TagFlow>,
}

impl Summary {
    /// A register at the return.
    pub fn reg(&self, reg: Reg) -> Option<&Value> {
        self.regs.get(usize::from(reg))
    }
}
