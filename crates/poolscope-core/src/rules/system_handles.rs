//! PS014: the handles of the System process grow.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::census::handle_growth;
use crate::model::Source;
use crate::units::count;

/// As in PS013.
const MIN_PER_HOUR: f64 = 100.0;
const MIN_GROWTH: f64 = 1_000.0;

/// Handles of System in one listing that no healthy host has.
const MANY_AT_ONCE: u64 = 50_000;

pub(super) const RULE: Rule = Rule {
    code: "PS014",
    name: "system-process-handles-grow",
    doc: "# PS014 system-process-handles-grow

## What it does
Reports that the handles of System (PID 4) grow by at least 100 an hour and 1,000 in all, or are 50,000 or more in
one listing.

## Why it matters
Handles of System are opened by kernel code. A healthy host has a few thousand. When they grow, a driver opens files,
keys, events or tokens and does not close them, and no user program is to blame. The NAMES inside the handles
(handle.exe -a -p 4) often tell which driver.

## Source
Reference peers-and-domain.md 2.5 (2); field-lessons.md 3 (rules 11, 12; cases 13, 21, 68). The 50,000 is ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let finding = |title: String, handles: f64, source: Source, strength| Finding {
        code: RULE.code,
        title,
        subject: Subject::Process("System (4)".to_owned()),
        numbers: vec![number("handles", handles, "count")],
        sources: vec![source],
        strength,
    };
    let stretches: Vec<_> = view.case.boots.iter().map(|boot| (boot.from, boot.to)).collect();
    for (from, to) in stretches.into_iter().rev() {
        let grown = handle_growth(view.case, from, to)
            .into_iter()
            .find(|growth| growth.process.eq_ignore_ascii_case("system"))
            .filter(|growth| growth.per_hour >= MIN_PER_HOUR && growth.last - growth.first >= MIN_GROWTH);
        if let Some(growth) = grown {
            let title = format!(
                "the handles of System (PID 4) grow by {} an hour, from {} to {}: kernel code opens them, so a \
                 driver does not close them",
                count(growth.per_hour),
                count(growth.first),
                count(growth.last)
            );
            return vec![finding(title, growth.last, growth.source, Strength::Measured)];
        }
    }
    let listed = view.case.state.processes.iter().flat_map(|listing| {
        let evidence = listing.source.evidence;
        listing.processes.iter().map(move |process| (process, Source { evidence, place: process.place }))
    });
    listed
        .filter(|(process, _)| process.pid == Some(4) || process.name.eq_ignore_ascii_case("system"))
        .filter_map(|(process, source)| Some((process.handles?, source)))
        .filter(|(handles, _)| *handles >= MANY_AT_ONCE)
        .max()
        .map(|(handles, source)| {
            let title = format!(
                "System (PID 4) holds {} handles, where a healthy host has a few thousand: kernel code opened \
                 them",
                count(handles as f64)
            );
            finding(title, handles as f64, source, Strength::Suggests)
        })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::model::CounterId;
    use crate::testcase::TestCase;

    #[test]
    fn growth_of_pid_4() {
        let mut case = TestCase::new(48);
        case.flat(b"Even", 4_000, 48);
        case.counter(CounterId::ProcessHandleCount, "System", |hour| 3_000.0 + 2_000.0 * hour);
        assert_eq!(case.check(&super::RULE).len(), 1);
        let mut healthy = TestCase::new(48);
        healthy.counter(CounterId::ProcessHandleCount, "System", |hour| 3_000.0 + 2.0 * hour);
        assert!(healthy.check(&super::RULE).is_empty());
    }
}
