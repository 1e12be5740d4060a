//! PS026: a tag that is the first four letters of a driver's service name.

use super::{Finding, Rule, Strength, Subject, View};
use crate::ingest::label;
use crate::verdict::owners::default_tag_drivers;

/// Drivers told for one tag.
const MOST_DRIVERS: usize = 3;

pub(super) const RULE: Rule = Rule {
    code: "PS026",
    name: "default-tag-of-a-framework",
    doc: "# PS026 default-tag-of-a-framework

## What it does
Compares suspect tags that no note knows with the first four letters of the service names of the host's drivers (after
a leading \"Wdf\", if there is one), without regard to case.

## Why it matters
A WDF driver that names no tag of its own allocates under the first four letters of its service name. Its image does
not hold the tag, so searching files for the four bytes finds nothing. Two names can begin alike: it is a hint.

## Source
Reference field-lessons.md 4 (findstr misses default tags); Windows driver documentation, WDF_DRIVER_CONFIG
(DriverPoolTag).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for tag in view.suspects() {
        for driver in default_tag_drivers(view, tag.key).into_iter().take(MOST_DRIVERS) {
            let service = driver.service.as_deref().unwrap_or(&driver.name);
            findings.push(Finding {
                code: RULE.code,
                title: format!(
                    "{} may be the default tag of service {service} ({}): its first four letters",
                    label(tag.key.tag, tag.key.pool),
                    driver.described()
                ),
                subject: Subject::Driver(driver.file.clone().unwrap_or_else(|| driver.name.clone())),
                numbers: Vec::new(),
                sources: driver.sources.clone(),
                strength: Strength::Suggests,
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::model::Driver;
    use crate::testcase::TestCase;

    #[test]
    fn first_four_letters_of_the_service() {
        for (service, found) in [("Abcdriver", 1), ("WdfAbcdriver", 1), ("xAbcd", 0), ("Äbcd", 0)] {
            let mut case = TestCase::new(24);
            case.leaking(b"AbcD", 500.0, 144);
            let mut driver = Driver::named(service, case.source(1));
            driver.service = Some(service.to_owned());
            case.builder.state.drivers.push(driver);
            assert_eq!(case.check(&super::RULE).len(), found, "{service}");
        }
    }
}
