//! PS029: Driver Verifier is set in a way that does harm or cannot find a leak.

use super::{Finding, Rule, Strength, Subject, View, number};

/// Special Pool: each small allocation takes a page of its own.
const SPECIAL_POOL: u32 = 0x1;
/// Pool Tracking: what a leak needs.
const POOL_TRACKING: u32 = 0x8;

/// More verified drivers than this slow a server down and hide the one that matters.
const MANY_DRIVERS: usize = 8;

pub(super) const RULE: Rule = Rule {
    code: "PS029",
    name: "verifier-settings-that-harm",
    doc: "# PS029 verifier-settings-that-harm

## What it does
Reads Driver Verifier's flags and its list of drivers (verifier /query, /querysettings, !verifier): Special Pool (0x1)
on a host that is short of pool, no Pool Tracking (0x8), or more than eight drivers under verification.

## Why it matters
Special Pool gives every small allocation a page of its own, so it speeds up the exhaustion that is to be explained;
it finds corruption, not leaks. A leak needs Pool Tracking (0x8) on ONE named driver. Pool Tracking stops the host with
bug check 0xC4 (subcode 0x62) when a driver unloads with pool standing: on purpose, but not on a production host
without a plan. Undo: verifier /reset and a restart.

## Source
Reference peers-and-domain.md 0 (fact 8), 1.6. The number of drivers is ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let state = &view.case.state;
    let mut findings = Vec::new();
    let finding = |title: String, numbers, source| Finding {
        code: RULE.code,
        title,
        subject: Subject::Host,
        numbers,
        sources: vec![source],
        strength: Strength::Proven,
    };
    if let Some(flags) = state.verifier_flags.iter().find(|flags| flags.value & SPECIAL_POOL != 0) {
        findings.push(finding(
            format!(
                "Driver Verifier runs with Special Pool (flags {:#x}): every small allocation takes a page, which \
                 speeds the exhaustion up and finds no leak",
                flags.value
            ),
            vec![number("flags", f64::from(flags.value), "flags")],
            flags.source,
        ));
    }
    let none = |value: u32| value != 0 && value & POOL_TRACKING == 0;
    if let Some(flags) = state.verifier_flags.iter().find(|flags| none(flags.value)) {
        findings.push(finding(
            format!(
                "Driver Verifier runs without Pool Tracking (0x8, flags {:#x}): it counts no allocations by driver \
                 and cannot show a leak",
                flags.value
            ),
            vec![number("flags", f64::from(flags.value), "flags")],
            flags.source,
        ));
    }
    let mut names: Vec<&str> = state.verified.iter().map(|driver| driver.driver.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if let Some(first) = state.verified.first().filter(|_| names.len() > MANY_DRIVERS) {
        findings.push(finding(
            format!(
                "Driver Verifier watches {} drivers: for a leak it should watch one, named by other evidence; all of \
                 them cost memory and speed",
                names.len()
            ),
            vec![number("verified_drivers", names.len() as f64, "count")],
            first.source,
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::model::Stated;
    use crate::testcase::TestCase;

    #[test]
    fn special_pool_and_missing_tracking() {
        for (flags, found) in [(0x1, 2), (0x9, 1), (0x8, 0), (0x0, 0), (0x209bb, 1)] {
            let mut case = TestCase::new(0);
            let source = case.source(1);
            case.builder.state.verifier_flags.push(Stated { value: flags, source });
            assert_eq!(case.check(&super::RULE).len(), found, "{flags:#x}");
        }
    }
}
