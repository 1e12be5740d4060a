//! How sure an owner is: the share in which an owner named so was the culprit on the laboratory's tuning cases, by
//! the grade of its evidence and by what else stands there. `cargo xtask lab --tune` prints what the laboratory
//! makes of it now.
//!
//! Stacks and caller addresses are not in the laboratory's cases: their numbers are set, not measured.

use std::collections::BTreeMap;

use super::Owner;
use crate::model::Grade;

/// Grade; its share where nobody else stands on it, where others do but this one is named by a second kind of
/// evidence, and where others do.
const SHARES: [(Grade, f64, f64, f64); 9] = [
    (Grade::AllocationStack, 0.97, 0.9, 0.6),
    (Grade::CallerAddress, 0.97, 0.9, 0.6),
    (Grade::PassedToAllocator, 0.97, 0.9, 0.55),
    (Grade::PassedIndirectly, 0.97, 0.9, 0.5),
    (Grade::ImmediateInCode, 0.9, 0.7, 0.4),
    (Grade::TwinTag, 0.93, 0.8, 0.5),
    (Grade::HandlesInStep, 0.95, 0.8, 0.7),
    (Grade::TextMap, 0.78, 0.7, 0.5),
    (Grade::Circumstance, 0.75, 0.6, 0.4),
];

/// States it for every owner of one tag; `kinds` counts the kinds of evidence that name each.
pub(super) fn state(owners: &mut [Owner], kinds: &BTreeMap<String, usize>) {
    let grades: Vec<Grade> = owners.iter().map(|owner| owner.grade).collect();
    for owner in owners {
        let alike = grades.iter().filter(|grade| **grade == owner.grade).count();
        let several = kinds.get(&owner.name).is_some_and(|kinds| *kinds > 1);
        if let Some((_, alone, backed, contested)) = SHARES.iter().find(|row| row.0 == owner.grade) {
            owner.confidence = match (alike > 1, several) {
                (false, _) => *alone,
                (true, true) => *backed,
                (true, false) => *contested,
            };
        }
    }
}
