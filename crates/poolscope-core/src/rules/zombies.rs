//! PS015: processes that ended and still stand.

use std::collections::BTreeMap;

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::census::live_processes;
use crate::units::count;

/// So many dead processes are no accident of timing.
const MIN_ZOMBIES: u64 = 100;

/// And at least this share of the living.
const SHARE_OF_LIVE: f64 = 0.5;

/// Names told.
const MOST_NAMES: usize = 3;

pub(super) const RULE: Rule = Rule {
    code: "PS015",
    name: "zombie-processes",
    doc: "# PS015 zombie-processes

## What it does
Compares the outstanding process objects (tag Proc) with the processes that run, and counts the processes that a
kernel listing (!process 0 0) shows without a handle table. It reports at least 100 dead ones, and half as many as
there are living.

## Why it matters
A process object stays while something holds a handle or a reference to it. Thousands of dead processes keep their
tokens (Toke) and more alive. Who holds them: a parent or agent that never closes process handles (count its
handles), or a driver that keeps references.

## Source
Reference field-lessons.md 3 (rules 3, 10; case 57). The margins are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for listing in &view.case.state.processes {
        let mut names = BTreeMap::<&str, u64>::new();
        for process in listing.processes.iter().filter(|process| process.ended) {
            *names.entry(process.name.as_str()).or_default() += 1;
        }
        let ended: u64 = names.values().sum();
        if ended < MIN_ZOMBIES {
            continue;
        }
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_by_key(|&(name, number)| (std::cmp::Reverse(number), name));
        let most: Vec<String> = names
            .iter()
            .take(MOST_NAMES)
            .map(|(name, number)| format!("{name} ({})", count(*number as f64)))
            .collect();
        findings.push(Finding {
            code: RULE.code,
            title: format!(
                "{} processes have ended and still stand, most of them {}: something holds handles or \
                 references to them",
                count(ended as f64),
                most.join(", ")
            ),
            subject: Subject::Host,
            numbers: vec![number("ended_processes", ended as f64, "count")],
            sources: vec![listing.source],
            strength: Strength::Proven,
        });
    }
    findings.extend(against_live(view));
    findings
}

fn against_live(view: &View<'_>) -> Option<Finding> {
    let boot = view.main_boot()?;
    let tag = boot.judgement.tags.iter().find(|tag| &tag.key.tag.without_protected_bit().0 == b"Proc")?;
    let objects = u64::try_from(tag.outstanding_count).ok()?;
    let (live, source) = live_processes(view.case, boot.to)?;
    let dead = objects.checked_sub(live)?;
    if dead < MIN_ZOMBIES || (dead as f64) < live as f64 * SHARE_OF_LIVE {
        return None;
    }
    let mut sources: Vec<_> = view.last_source(tag.key, boot).into_iter().collect();
    sources.push(source);
    Some(Finding {
        code: RULE.code,
        title: format!(
            "{} process objects stand, and {} processes run: {} dead ones are still referenced",
            count(objects as f64),
            count(live as f64),
            count(dead as f64)
        ),
        subject: Subject::Tag(tag.key),
        numbers: vec![
            number("process_objects", objects as f64, "count"),
            number("live_processes", live as f64, "count"),
        ],
        sources,
        strength: Strength::Measured,
    })
}

#[cfg(test)]
mod tests {
    use crate::model::CounterId;
    use crate::testcase::TestCase;

    #[test]
    fn more_process_objects_than_processes() {
        let mut case = TestCase::new(12);
        case.flat(b"Proc", 9_000, 2_048);
        case.counter(CounterId::SystemProcesses, "", |_| 140.0);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.contains("8,860 dead"), "{}", found[0].title);
    }

    #[test]
    fn a_few_more_are_normal() {
        let mut case = TestCase::new(12);
        case.flat(b"Proc", 150, 2_048);
        case.counter(CounterId::SystemProcesses, "", |_| 140.0);
        assert!(case.check(&super::RULE).is_empty());
    }
}
