//! How sure an owner is: the share in which an owner named so was the culprit on the laboratory's tuning cases, by
//! the grade of its evidence and by whether another name stands on the same grade. `cargo xtask lab --tune` prints
//! what the laboratory makes of it now.

use super::Owner;
use crate::model::Grade;

/// Grade, its share alone, and shared with others on the same grade.
const SHARES: [(Grade, f64, f64); 9] = [
    (Grade::AllocationStack, 0.97, 0.6),
    (Grade::CallerAddress, 0.97, 0.6),
    (Grade::PassedToAllocator, 0.95, 0.5),
    (Grade::PassedIndirectly, 0.95, 0.5),
    (Grade::ImmediateInCode, 0.8, 0.4),
    (Grade::TwinTag, 0.9, 0.5),
    (Grade::HandlesInStep, 0.9, 0.5),
    (Grade::TextMap, 0.7, 0.4),
    (Grade::Circumstance, 0.5, 0.3),
];

/// States it for every owner of one tag.
pub(super) fn state(owners: &mut [Owner]) {
    let grades: Vec<Grade> = owners.iter().map(|owner| owner.grade).collect();
    for owner in owners {
        let alike = grades.iter().filter(|grade| **grade == owner.grade).count();
        if let Some((_, alone, shared)) = SHARES.iter().find(|row| row.0 == owner.grade) {
            owner.confidence = if alike > 1 { *shared } else { *alone };
        }
    }
}
