//! PS031: Driver Verifier or WDF shows what a driver left standing.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::model::VerifiedState;
use crate::units::{bytes, count};

/// Allocations of one driver that are worth a line.
const MANY_ALLOCATIONS: u64 = 1_000;

/// Drivers told.
const MOST_DRIVERS: usize = 5;

pub(super) const RULE: Rule = Rule {
    code: "PS031",
    name: "verifier-shows-standing-allocations",
    doc: "# PS031 verifier-shows-standing-allocations

## What it does
Reports drivers under Driver Verifier's Pool Tracking with 1,000 or more standing allocations (their growth, if there
are several listings), and WDF logs that tell of pool left behind at an unload (FxPoolDump).

## Why it matters
Verifier counts by driver, not by tag: it separates drivers that share a tag. A count that only grows is a leak of that
driver. Allocations of a page or more are not in these counters. A WDF line \"leaked\" is a leak proven by the
framework itself.

## Source
Reference peers-and-domain.md 1.6; field-lessons.md 3 (rule 10; cases 46, 47). The threshold is ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let state = &view.case.state;
    let mut drivers: Vec<&str> = state.verified.iter().map(|driver| driver.driver.as_str()).collect();
    drivers.sort_unstable();
    drivers.dedup();
    for name in drivers {
        let listings: Vec<&VerifiedState> = state
            .verified
            .iter()
            .filter(|driver| driver.driver == name && driver.current.is_some())
            .collect();
        findings.extend(driver(name, &listings));
    }
    findings.sort_by(|a, b| {
        let held = |finding: &Finding| finding.numbers.first().map_or(0.0, |number| number.value);
        held(b).total_cmp(&held(a)).then_with(|| a.title.cmp(&b.title))
    });
    findings.truncate(MOST_DRIVERS);
    if let Some(first) = state.wdf_leaks.first() {
        findings.push(Finding {
            code: RULE.code,
            title: format!(
                "the WDF log tells of pool that a driver left behind when it was unloaded ({} lines): a leak proven \
                 by the framework",
                state.wdf_leaks.len()
            ),
            subject: Subject::Host,
            numbers: vec![number("lines", state.wdf_leaks.len() as f64, "count")],
            sources: vec![*first],
            strength: Strength::Proven,
        });
    }
    findings
}

fn driver(name: &str, listings: &[&VerifiedState]) -> Option<Finding> {
    let (first, last) = (listings.first()?, listings.last()?);
    let now = last.current?;
    let standing = now.nonpaged_count.saturating_add(now.paged_count);
    let held = now.nonpaged_bytes.saturating_add(now.paged_bytes);
    if standing < MANY_ALLOCATIONS {
        return None;
    }
    let before = first.current.filter(|_| listings.len() > 1);
    let grown = before.map(|before| standing as f64 - (before.nonpaged_count + before.paged_count) as f64);
    let change = grown.map_or(String::new(), |grown| {
        let way = if grown >= 0.0 { "more" } else { "fewer" };
        format!(", {} {way} than in the first listing", count(grown.abs()))
    });
    let name = if name.is_empty() { "the verified driver" } else { name };
    let mut numbers = vec![
        number("outstanding_bytes", held as f64, "bytes"),
        number("outstanding_count", standing as f64, "count"),
    ];
    numbers.extend(grown.map(|grown| number("change", grown, "count")));
    Some(Finding {
        code: RULE.code,
        title: format!(
            "Verifier counts {} standing allocations of {name} ({}){change}",
            count(standing as f64),
            bytes(held as f64)
        ),
        subject: Subject::Driver(name.to_owned()),
        numbers,
        sources: vec![last.source],
        strength: if grown.is_some_and(|grown| grown > 0.0) {
            Strength::Measured
        } else {
            Strength::Suggests
        },
    })
}

#[cfg(test)]
mod tests {
    use poolscope_formats::verifier::PoolUse;

    use crate::model::VerifiedState;
    use crate::testcase::TestCase;

    #[test]
    fn a_driver_whose_count_grows() {
        let mut case = TestCase::new(0);
        for (line, standing) in [(1, 2_000), (90, 9_000)] {
            let source = case.source(line);
            let current =
                PoolUse { nonpaged_count: standing, nonpaged_bytes: standing * 64, ..PoolUse::default() };
            case.builder.state.verified.push(VerifiedState {
                driver: "abc.sys".to_owned(),
                current: Some(current),
                loads: None,
                source,
            });
        }
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].title.contains("9,000 standing") && found[0].title.contains("7,000 more"),
            "{}",
            found[0].title
        );
    }
}
