//! PS030: registry values that are taken for a cure.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::advice;
use crate::model::{RegistrySetting, WindowsVersion};

/// `FLG_POOL_ENABLE_TAGGING` of GlobalFlag.
const POOL_TAGGING: u64 = 0x400;

pub(super) const RULE: Rule = Rule {
    code: "PS030",
    name: "registry-values-that-do-not-cure",
    doc: "# PS030 registry-values-that-do-not-cure

## What it does
Looks through registry exports for values that advice on the web calls a cure: NonPagedPoolSize, PagedPoolSize,
PoolUsageMaximum, the pool quotas and limits, EnableAggressiveMemoryUsage, and the pool tagging bit of GlobalFlag; it
says what each does on this Windows.

## Why it matters
None of them stops a leak. Most are ignored since Windows Vista, some starve other parts of a 32-bit kernel, and all
need a restart: the restart clears the pool, and the value gets the praise. `poolscope explain NonPagedPoolSize` (and
the like) says more.

## Source
Reference peers-and-domain.md 0 (fact 9), 1.6, 2.2, 2.3.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let version = view.case.host.version.as_ref().map(|stated| stated.value);
    let mut findings = Vec::new();
    for value in &view.case.state.registry {
        let Some(set) = value.number().filter(|&set| set != 0) else { continue };
        if let Some(meaning) = meaning(value, set, version) {
            findings.push(Finding {
                code: RULE.code,
                title: format!("{} is set to {set:#x}: {meaning}", value.name),
                subject: Subject::Host,
                numbers: vec![number("value", set as f64, "number")],
                sources: vec![value.source],
                strength: Strength::Proven,
            });
        }
    }
    findings
}

/// What a value does, if it is one of those.
fn meaning(value: &RegistrySetting, set: u64, version: Option<WindowsVersion>) -> Option<String> {
    if value.key.ends_with("session manager") {
        let tagging = value.name.eq_ignore_ascii_case("GlobalFlag") && set & POOL_TAGGING != 0;
        return tagging.then(|| {
            "its bit 0x400 (pool tagging) does nothing since Windows Server 2003, where tagging is always on"
                .to_owned()
        });
    }
    Some(advice::of_registry_value(&value.name)?.on(version).to_owned())
}

#[cfg(test)]
mod tests {
    use poolscope_formats::registry::RegistryData;

    use crate::model::RegistrySetting;
    use crate::testcase::TestCase;

    #[test]
    fn values_that_are_set_are_told_and_automatic_ones_are_not() {
        let memory = "control\\session manager\\memory management";
        for (key, name, set, found) in [
            (memory, "NonPagedPoolSize", 0xffff_ffff, 1),
            (memory, "nonpagedpoolsize", 0, 0),
            (memory, "SomethingElse", 1, 0),
            ("control\\session manager", "GlobalFlag", 0x400, 1),
            ("control\\session manager", "GlobalFlag", 0x100, 0),
            ("services\\http\\parameters", "EnableAggressiveMemoryUsage", 1, 1),
        ] {
            let mut case = TestCase::new(0);
            let source = case.source(1);
            let (key, name) = (key.to_owned(), name.to_owned());
            case.builder.state.registry.push(RegistrySetting {
                name,
                key,
                data: RegistryData::Dword(set),
                source,
            });
            assert_eq!(case.check(&super::RULE).len(), found);
        }
    }
}
