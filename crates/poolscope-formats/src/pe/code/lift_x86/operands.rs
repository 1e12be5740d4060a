//! Names of iced-x86 in the terms of the operations: registers, conditions, kinds of operands.

use iced_x86::{ConditionCode, OpKind, Register};

use crate::pe::code::ir::{Cond, Reg};

pub(super) fn general(register: Register) -> Option<Reg> {
    register.is_gpr().then(|| register.full_register().number() as Reg)
}

pub(super) fn vector(register: Register) -> Option<u8> {
    register.is_vector_register().then(|| register.number() as u8)
}

pub(super) fn is_high_byte(register: Register) -> bool {
    matches!(register, Register::AH | Register::BH | Register::CH | Register::DH)
}

pub(super) fn condition(code: ConditionCode) -> Cond {
    match code {
        ConditionCode::e => Cond::Eq,
        ConditionCode::ne => Cond::Ne,
        ConditionCode::b => Cond::Below,
        ConditionCode::be => Cond::BelowEq,
        ConditionCode::a => Cond::Above,
        ConditionCode::ae => Cond::AboveEq,
        ConditionCode::l => Cond::Less,
        ConditionCode::le => Cond::LessEq,
        ConditionCode::g => Cond::Greater,
        ConditionCode::ge => Cond::GreaterEq,
        ConditionCode::s => Cond::Neg,
        ConditionCode::ns => Cond::Pos,
        _ => Cond::Any,
    }
}

pub(super) fn is_immediate(kind: OpKind) -> bool {
    matches!(
        kind,
        OpKind::Immediate8
            | OpKind::Immediate16
            | OpKind::Immediate32
            | OpKind::Immediate64
            | OpKind::Immediate8to16
            | OpKind::Immediate8to32
            | OpKind::Immediate8to64
            | OpKind::Immediate32to64
    )
}
