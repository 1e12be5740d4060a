//! Claims about who owns a tag, each with the strength of its evidence.

use poolscope_formats::{Pool, Tag};

use super::evidence::Source;

/// What kind of thing an owner is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OwnerKind {
    /// A driver image.
    Driver,
    /// A user process.
    Process,
    /// A part of Windows, or a library of it.
    Component,
}

impl OwnerKind {
    /// The name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Process => "process",
            Self::Component => "component",
        }
    }
}

/// How strong the evidence for an owner is, strongest first (design.md, "How a suspect is named").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// Allocation stacks of a trace.
    AllocationStack,
    /// The debugger's or Verifier's own caller address.
    CallerAddress,
    /// The image passes the tag to an allocator.
    PassedToAllocator,
    /// The image passes it through a wrapper, or stores it in an allocator's parameter structure.
    PassedIndirectly,
    /// The tag is an immediate in the image's code.
    ImmediateInCode,
    /// A private tag with the same outstanding count names the owner.
    TwinTag,
    /// A process holds as many handles as there are objects, or grows in step with them.
    HandlesInStep,
    /// A text map: pooltag.txt, the notes of poolscope, the default tag of a framework.
    TextMap,
    /// Only bytes in a file, or workload or a change in step: supports, never convicts.
    Circumstance,
}

impl Grade {
    /// The name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllocationStack => "allocation_stack",
            Self::CallerAddress => "caller_address",
            Self::PassedToAllocator => "passed_to_allocator",
            Self::PassedIndirectly => "passed_indirectly",
            Self::ImmediateInCode => "immediate_in_code",
            Self::TwinTag => "twin_tag",
            Self::HandlesInStep => "handles_in_step",
            Self::TextMap => "text_map",
            Self::Circumstance => "circumstance",
        }
    }

    /// How a person would say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::AllocationStack => "proven by allocation stacks",
            Self::CallerAddress => "named by the caller address",
            Self::PassedToAllocator => "its code passes the tag to an allocator",
            Self::PassedIndirectly => "its code passes the tag indirectly",
            Self::ImmediateInCode => "the tag stands in its code",
            Self::TwinTag => "named by a twin tag",
            Self::HandlesInStep => "its handles match the objects",
            Self::TextMap => "named by a text list only",
            Self::Circumstance => "circumstance only",
        }
    }
}

/// One claim: this owner, by this evidence.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnerClaim {
    /// The tag.
    pub tag: Tag,
    /// The pool, if the claim is for one only.
    pub pool: Option<Pool>,
    /// File name of a driver (lower case), `name (pid)` of a process, or a component's name.
    pub name: String,
    /// What it is.
    pub kind: OwnerKind,
    /// How strong the claim is.
    pub grade: Grade,
    /// Why, as a clause a reader can check.
    pub reason: String,
    /// Where it stands; `None` for poolscope's own notes.
    pub source: Option<Source>,
}
