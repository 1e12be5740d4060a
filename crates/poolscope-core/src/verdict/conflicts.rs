//! Where the evidence on an owner disagrees with itself. Conflicts are shown, not settled in silence.

use super::{Owner, Suspect};
use crate::ingest::label;
use crate::model::{Grade, OwnerKind};
use crate::system_images::works_for_others;

/// Names told in one line.
const MOST_NAMES: usize = 5;

/// The conflicts about a suspect's owner, as whole sentences.
pub(super) fn conflicts(suspect: &Suspect) -> Vec<String> {
    let tag = label(suspect.key.tag, suspect.key.pool);
    let mut lines = Vec::new();
    let of = |from: Grade, to: Grade| -> Vec<&Owner> {
        suspect.owners.iter().filter(|o| o.grade >= from && o.grade <= to).collect()
    };
    let images = of(Grade::PassedToAllocator, Grade::ImmediateInCode);
    if images.len() > 1 {
        lines.push(format!(
            "{} driver files carry the tag {tag} in their code ({}): the tag alone does not tell them apart; \
             allocation stacks would.",
            images.len(),
            names(&images)
        ));
    }
    let proven = of(Grade::AllocationStack, Grade::CallerAddress);
    let strong: Vec<&Owner> = of(Grade::AllocationStack, Grade::ImmediateInCode);
    if let (Some(one), Some(other)) = (
        proven.first(),
        images.iter().find(|image| proven.first().is_some_and(|proven| proven.name != image.name)),
    ) {
        lines.push(format!(
            "{} is {}, yet {} holds the tag in its code too.",
            one.name,
            one.grade.words(),
            other.name
        ));
    }
    let listed: Vec<&Owner> =
        of(Grade::TextMap, Grade::TextMap).into_iter().filter(|owner| owner.name.ends_with(".sys")).collect();
    if let Some(strong) = strong.first()
        && let Some(list) = listed.iter().find(|list| !list.name.eq_ignore_ascii_case(&strong.name))
    {
        lines.push(format!(
            "A text list names {} for {tag}, while {} is {}: lists are hints, the code counts.",
            list.name,
            strong.name,
            strong.grade.words()
        ));
    } else if strong.is_empty() && listed.len() > 1 {
        lines.push(format!("Text lists disagree on {tag}: {}.", names(&listed)));
    }
    let processes: Vec<&Owner> = suspect
        .owners
        .iter()
        .filter(|owner| owner.kind == OwnerKind::Process && owner.grade == Grade::HandlesInStep)
        .collect();
    if processes.len() > 1 {
        lines.push(format!(
            "The handles of {} processes fit the objects of {tag} ({}): one of them fits by chance.",
            processes.len(),
            names(&processes)
        ));
    }
    let first = suspect.owners.first();
    if let Some(owner) = first.filter(|o| works_for_others(&o.name) && o.grade < Grade::TwinTag) {
        lines.push(format!(
            "{} makes these allocations for others, so proof that it allocates does not make it the culprit.",
            owner.name
        ));
    }
    lines
}

fn names(owners: &[&Owner]) -> String {
    let mut names: Vec<&str> = owners.iter().take(MOST_NAMES).map(|owner| owner.name.as_str()).collect();
    if owners.len() > MOST_NAMES {
        names.push("and more");
    }
    names.join(", ")
}
