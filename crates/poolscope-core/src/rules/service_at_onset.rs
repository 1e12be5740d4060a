//! PS035: a service was started or stopped when the growth began.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::judge::Onset;
use crate::model::EventKind;
use crate::units::hours;

/// Hours around the onset within which a service's state counts.
const NEAR_HOURS: f64 = 0.25;

/// Services told: where more change at once, they say nothing.
const MOST_SERVICES: usize = 3;

pub(super) const RULE: Rule = Rule {
    code: "PS035",
    name: "service-at-the-onset",
    doc: "# PS035 service-at-the-onset

## What it does
Finds services whose state changed (event 7036) within a quarter of an hour of the onset of the first suspect, or of
the pool where only its total was seen often enough, and not after the latest moment at which it can have begun to grow; nearest to the onset first.

## Why it matters
A driver can stand idle for hours until the service that drives it starts. Stopping that service is a cheaper test than
removing the driver: if the growth stops with it, its work makes the driver leak. It is circumstance: services come and
go all day.

## Source
Reference field-lessons.md 3 (rules 8, 9). The quarter of an hour is ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some((name, subject, onset)) = onset(view) else { return Vec::new() };
    let mut near: Vec<_> = view
        .case
        .events
        .iter()
        .filter(|event| event.kind == EventKind::ServiceState)
        .filter(|event| onset.at.hours_since(event.time).abs() <= NEAR_HOURS && event.time <= onset.latest)
        .collect();
    near.sort_by(|a, b| {
        let away = |time| onset.at.hours_since(time).abs();
        away(a.time).total_cmp(&away(b.time))
    });
    near.into_iter()
        .take(MOST_SERVICES)
        .map(|event| {
            let before = onset.at.hours_since(event.time);
            let when = if before > 0.0 { format!("{} before", hours(before)) } else { "when".to_owned() };
            Finding {
                code: RULE.code,
                title: format!("{when} {name} began to grow: {} at {} UTC", event.text, event.time),
                subject: subject.clone(),
                numbers: vec![number("hours_before_the_onset", before, "hours")],
                sources: vec![event.source],
                strength: Strength::Suggests,
            }
        })
        .collect()
}

/// What began to grow, and when: the first leaking suspect, or a pool whose leak no listed tag shows.
fn onset(view: &View<'_>) -> Option<(String, Subject, Onset)> {
    if let Some(tag) = view.suspects().into_iter().find(|tag| tag.leaking) {
        return Some((label(tag.key.tag, tag.key.pool), Subject::Tag(tag.key), tag.onset?));
    }
    let mut growth = view.main_boot()?.judgement.growth.iter();
    let pool = growth.find(|growth| growth.untagged_leak)?;
    Some((format!("the {} pool", pool.pool), Subject::Pool(pool.pool), pool.onset?))
}

#[cfg(test)]
mod tests {
    use crate::model::EventKind;
    use crate::testcase::TestCase;

    #[test]
    fn only_services_near_the_onset_are_told() {
        let mut case = TestCase::new(48);
        case.leaking(b"Abcd", 500.0, 144);
        case.onset(20.0);
        case.event(19.9, EventKind::ServiceState, "service Abc Runner: running");
        case.event(12.0, EventKind::ServiceState, "service Spooler: running");
        case.event(30.0, EventKind::ServiceState, "service Late: running");
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.contains("Abc Runner"), "{found:?}");
    }
}
