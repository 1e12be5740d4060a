//! Calling conventions: where arguments stand, what a call destroys.

use super::ir::Reg;
use super::state::Shape;
use super::{lift_arm64, lift_x86};
use crate::pe::image::Machine;

/// One machine's convention for kernel code.
#[derive(Clone, Copy, Debug)]
pub struct Convention {
    /// Registers of special use.
    pub shape: Shape,
    /// Registers of the first arguments.
    arguments: &'static [Reg],
    /// Offset of the stack word of argument `arguments.len()` at the call, before a return address is pushed.
    stack_arguments: i64,
    /// Registers a call destroys.
    pub volatile: &'static [Reg],
    /// The register of the result.
    pub result: Reg,
    /// A call pushes a return address.
    pub pushes_return: bool,
}

/// Where an argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgumentAt {
    /// In a register.
    Reg(Reg),
    /// On the stack, this far above the stack pointer at the call.
    Stack(i64),
}

static X64: Convention = Convention {
    shape: Shape { sp: lift_x86::SP, fp: lift_x86::FP, pointer: 8 },
    arguments: &[1, 2, 8, 9],
    stack_arguments: 0x20,
    volatile: &[0, 1, 2, 8, 9, 10, 11],
    result: 0,
    pushes_return: true,
};

static X86: Convention = Convention {
    shape: Shape { sp: lift_x86::SP, fp: lift_x86::FP, pointer: 4 },
    arguments: &[],
    stack_arguments: 0,
    volatile: &[0, 1, 2],
    result: 0,
    pushes_return: true,
};

static ARM64: Convention = Convention {
    shape: Shape { sp: lift_arm64::SP, fp: 29, pointer: 8 },
    arguments: &[0, 1, 2, 3, 4, 5, 6, 7],
    stack_arguments: 0,
    volatile: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 30],
    result: 0,
    pushes_return: false,
};

impl Convention {
    /// The convention of a machine whose code is read.
    pub fn of(machine: Machine) -> Option<&'static Self> {
        match machine {
            Machine::X64 => Some(&X64),
            Machine::X86 => Some(&X86),
            Machine::Arm64 => Some(&ARM64),
            Machine::Other(_) => None,
        }
    }

    /// Where an argument stands at a call. `word` is its stack word on x86.
    pub fn argument(&self, position: u8, word: u8) -> ArgumentAt {
        if self.shape.pointer == 4 {
            return ArgumentAt::Stack(i64::from(word) * 4);
        }
        match self.arguments.get(usize::from(position)) {
            Some(&reg) => ArgumentAt::Reg(reg),
            None => {
                let beyond = i64::from(position) - self.arguments.len() as i64;
                ArgumentAt::Stack(self.stack_arguments + beyond * 8)
            }
        }
    }

    /// True where arguments come by pushing, whose order must be proven.
    pub fn pushes_arguments(&self) -> bool {
        self.shape.pointer == 4
    }
}
