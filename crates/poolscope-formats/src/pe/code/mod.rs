//! Follows pool tags through a driver's code to the allocators that receive them.
//!
//! Only what can matter is decoded: the functions that refer to an allocator, then, as far as a tag comes from
//! outside, their callers. Instructions of any machine become a few operations ([`ir`]), run over sets of
//! possible values ([`value`], [`state`]). Nothing here knows how a tag is graded or shown.

mod cfg;
mod flow;
mod functions;
mod ir;
mod lift_arm64;
mod lift_x86;
mod machine;
mod memory;
mod program;
mod state;
mod stdcall;
mod summary;
mod value;
mod xref;

pub(super) use program::follow;
pub(super) use summary::TagFlow;
