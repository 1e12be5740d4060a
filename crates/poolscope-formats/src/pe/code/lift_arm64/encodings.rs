//! Encoded fields of ARM64 instructions: conditions and bit masks.

use crate::pe::code::ir::Cond;

pub(super) fn condition(code: u32) -> Cond {
    match code {
        0 => Cond::Eq,
        1 => Cond::Ne,
        2 => Cond::AboveEq,
        3 => Cond::Below,
        4 => Cond::Neg,
        5 => Cond::Pos,
        8 => Cond::Above,
        9 => Cond::BelowEq,
        10 => Cond::GreaterEq,
        11 => Cond::Less,
        12 => Cond::Greater,
        13 => Cond::LessEq,
        _ => Cond::Any,
    }
}

/// The number a logical immediate encodes (ARM ARM `DecodeBitMasks`).
pub(super) fn bitmask(n: u32, immr: u32, imms: u32) -> Option<u64> {
    let combined = (n << 6) | (!imms & 0x3f);
    let length = 31_u32.checked_sub(combined.leading_zeros())?;
    if length == 0 {
        return None;
    }
    let size = 1_u32 << length;
    let ones = imms & (size - 1);
    let turn = immr & (size - 1);
    if ones == size - 1 {
        return None;
    }
    let run = (1_u64 << (ones + 1)) - 1;
    let mask = if size == 64 { u64::MAX } else { (1_u64 << size) - 1 };
    let element = if turn == 0 { run } else { ((run >> turn) | (run << (size - turn))) & mask };
    let mut out = 0;
    let mut at = 0;
    while at < 64 {
        out |= element << at;
        at += size;
    }
    Some(out)
}
