//! PS034: a person's notes speak of advice that does not cure.

use std::collections::BTreeMap;

use super::{Finding, Rule, Strength, Subject, View};
use crate::advice;
use crate::judge::Standing;
use crate::model::NotedAdvice;

pub(super) const RULE: Rule = Rule {
    code: "PS034",
    name: "noted-advice-that-does-not-cure",
    doc: "# PS034 noted-advice-that-does-not-cure

## What it does
Looks through texts of the case folder that are no tool's output (mails, tickets, notes) for advice that is often given
for a pool leak: registry values, special pool, Verifier on all drivers, pool tagging by gflags, restarts. It says what
each really does on this Windows. Whether the advice was followed is not known from notes.

## Why it matters
Such advice costs the evidence (a restart clears the pool) or the host (special pool on a production server), and what
seemed to help is often the restart that came with it. `poolscope explain NAME` says more.

## Source
Reference peers-and-domain.md 0, 2.2, 2.3; field-lessons.md 3.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let version = view.case.host.version.as_ref().map(|stated| stated.value);
    let mut by_advice: BTreeMap<&str, Vec<&NotedAdvice>> = BTreeMap::new();
    for noted in &view.case.state.noted {
        by_advice.entry(noted.advice).or_default().push(noted);
    }
    // Where no pool leaks, restarting IIS is no wrong answer to it.
    let leaks = view.boots.iter().any(|boot| boot.judgement.standing != Standing::NoLeakSeen);
    let told = by_advice.into_iter().filter(|(name, _)| leaks || *name != "iisreset");
    let told = told.filter_map(|(name, lines)| Some((advice::topic(name)?, lines)));
    told.map(|(topic, lines)| {
        let here = match topic.name {
            "reboot" if !leaks => "no leak is seen here, and a restart only empties what fills again",
            _ => topic.on(version),
        };
        let line = lines.first().map_or("", |noted| noted.line.as_str());
        Finding {
            code: RULE.code,
            title: format!("the notes speak of {} (\u{201c}{line}\u{201d}): {here}", topic.name),
            subject: Subject::Host,
            numbers: Vec::new(),
            sources: lines.iter().map(|noted| noted.source).collect(),
            strength: Strength::Proven,
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use poolscope_formats::notes::ADVISED;

    use crate::advice;
    use crate::model::NotedAdvice;
    use crate::testcase::TestCase;

    #[test]
    fn each_piece_of_advice_is_told_once_with_every_line() {
        let mut case = TestCase::new(0);
        for (place, advice) in [(1, "reboot"), (2, "NonPagedPoolSize"), (3, "reboot")] {
            let source = case.source(place);
            let line = format!("line {place}");
            case.builder.state.noted.push(NotedAdvice { advice, line, source });
        }
        let findings = case.check(&super::RULE);
        assert_eq!(findings.len(), 2);
        assert!(findings.iter().any(|finding| finding.sources.len() == 2));
    }

    #[test]
    fn all_noted_advice_has_a_topic() {
        assert!(ADVISED.iter().all(|(name, _)| advice::topic(name).is_some()));
    }
}
