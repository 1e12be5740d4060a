//! PS032: restarts were taken for a cure, and the growth came back.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::model::EventKind;

/// Restarts of the evidence that make a habit.
const HABIT: usize = 3;

pub(super) const RULE: Rule = Rule {
    code: "PS032",
    name: "restarts-do-not-cure",
    doc: "# PS032 restarts-do-not-cure

## What it does
Reports tags that leak in two or more runs of Windows, and a habit of restarts (three or more starts) while a tag
leaks.

## Why it matters
A restart clears the pool and destroys the evidence; the leak goes on. The same tag growing after each start proves
that no restart, and nothing that was changed between, cured it. It also rules out every cause that is gone since.

## Source
Reference field-lessons.md 4 (a restart destroys the evidence).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for tag in view.suspects().into_iter().filter(|tag| tag.leaking) {
        let runs: Vec<_> = view
            .boots
            .iter()
            .filter(|boot| boot.judgement.tags.iter().any(|other| other.key == tag.key && other.leaking))
            .collect();
        if runs.len() > 1 {
            findings.push(Finding {
                code: RULE.code,
                title: format!(
                    "{} grows in {} runs of Windows: the restarts between them cured nothing",
                    label(tag.key.tag, tag.key.pool),
                    runs.len()
                ),
                subject: Subject::Tag(tag.key),
                numbers: vec![number("runs_with_the_leak", runs.len() as f64, "count")],
                sources: runs.iter().filter_map(|boot| view.last_source(tag.key, boot)).collect(),
                strength: Strength::Measured,
            });
        }
    }
    let starts: Vec<_> = view.case.boots.iter().filter_map(|boot| boot.marks.first()).collect();
    let asked = view.case.events.iter().filter(|event| event.kind == EventKind::Shutdown).count();
    let leaking = view.suspects().iter().any(|tag| tag.leaking);
    if let (Some(first), Some(last), true) = (starts.first(), starts.last(), leaking)
        && starts.len() >= HABIT
    {
        findings.push(Finding {
            code: RULE.code,
            title: format!(
                "Windows was started {} times between {} and {} UTC, and the leak is still there",
                starts.len(),
                first.time,
                last.time
            ),
            subject: Subject::Host,
            numbers: vec![
                number("starts", starts.len() as f64, "count"),
                number("shutdown_events", asked as f64, "count"),
            ],
            sources: vec![first.source, last.source],
            strength: Strength::Measured,
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::testcase::TestCase;

    #[test]
    fn a_leak_seen_in_one_run_says_nothing_about_restarts() {
        let mut case = TestCase::new(24);
        case.leaking(b"Abcd", 500.0, 144);
        case.with(|view| {
            assert!((super::RULE.check)(view).is_empty());
            let twice = [view.boots[0].clone(), view.boots[0].clone()];
            let view = crate::rules::View { case: view.case, boots: &twice, bounds: &[] };
            assert_eq!((super::RULE.check)(&view).len(), 1);
        });
    }
}
