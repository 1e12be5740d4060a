//! PS011: kernel objects grow together with the handles of one process.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::census::{Holder, holders};
use crate::ingest::label;

/// Processes told for one tag; more than these match by chance.
const MOST_PROCESSES: usize = 3;

pub(super) const RULE: Rule = Rule {
    code: "PS011",
    name: "objects-grow-with-the-handles-of-a-process",
    doc: "# PS011 objects-grow-with-the-handles-of-a-process

## What it does
For tags of kernel objects (Even, Thre, Proc, Toke, File, Key, Sema, Muta, Sect) it compares the outstanding objects
with handles: a process whose handle count grows by 70 to 130 % of the objects' growth over the same hours; or one
whose handles rise as much from listing to listing; or one that holds handles of that type (handle.exe -s -p, !handle) for at least half of the objects; or one whose handles of
all types are 70 to 150 % of the objects (event 2004, Get-Process).

## Why it matters
An object lives as long as a handle to it is open. A process that opens handles and never closes them owns the
objects, whatever driver or component made the allocation. Handle counters name it without a debugger. Matching rates
are strong evidence; a match at one moment only can be chance.

## Source
Reference field-lessons.md 3 (rule 3; cases 49, 73); peers-and-domain.md 2.5. The margins are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let mut findings = Vec::new();
    for tag in view.suspects() {
        let mut told: Vec<String> = Vec::new();
        for holder in holders(view.case, boot, tag) {
            // The most telling witness of a process is enough here; its owner entry lists all.
            if told.contains(&holder.process) || told.len() == MOST_PROCESSES {
                continue;
            }
            told.push(holder.process.clone());
            let strength = if holder.over_time { Strength::Measured } else { Strength::Suggests };
            findings.push(finding(&label(tag.key.tag, tag.key.pool), holder, strength));
        }
    }
    findings
}

fn finding(objects: &str, holder: Holder, strength: Strength) -> Finding {
    Finding {
        code: RULE.code,
        title: format!("process {} fits the objects of {objects}: {}", holder.process, holder.reason),
        numbers: vec![number("handles_per_object", holder.share, "share")],
        sources: vec![holder.source],
        subject: Subject::Process(holder.process),
        strength,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::CounterId;
    use crate::testcase::TestCase;

    #[test]
    fn the_process_whose_handles_grow_as_the_objects_do() {
        let mut case = TestCase::new(48);
        case.leaking(b"Even", 2_000.0, 48);
        case.counter(CounterId::ProcessHandleCount, "ordersync", |hour| 900.0 + 1_990.0 * hour);
        case.counter(CounterId::ProcessHandleCount, "lsass", |hour| 1_200.0 + hour);
        case.counter(CounterId::ProcessHandleCount, "_Total", |hour| 20_000.0 + 2_000.0 * hour);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.contains("ordersync"), "{}", found[0].title);
    }

    #[test]
    fn a_tag_that_is_no_object_needs_no_handles() {
        let mut case = TestCase::new(48);
        case.leaking(b"Abcd", 2_000.0, 48);
        case.counter(CounterId::ProcessHandleCount, "ordersync", |hour| 2_000.0 * hour);
        assert!(case.check(&super::RULE).is_empty());
    }
}
