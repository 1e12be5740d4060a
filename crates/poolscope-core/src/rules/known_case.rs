//! PS033: what is seen fits a public case.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::cases::fits;
use crate::ingest::label;

/// Cases told.
const MOST_CASES: usize = 2;

pub(super) const RULE: Rule = Rule {
    code: "PS033",
    name: "fits-a-public-case",
    doc: "# PS033 fits-a-public-case

## What it does
Compares the leaking tags, the drivers and the processes with patterns of public cases. A case fits when enough of its
tags grow and a driver or process of it is there, or when two of its tags grow together. A tag alone never fits.

## Why it matters
Most leaks have been seen before. A case that fits says what to check first. It is a hint: the same tags can grow for
another reason, and the report says what else speaks for or against it.

## Source
Reference field-lessons.md (77 public reports), told in our own words in crates/poolscope-core/src/cases/cases.tsv.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let fits = fits(view).into_iter().take(MOST_CASES);
    fits.filter_map(|fit| {
        let tags: Vec<String> = fit.tags.iter().map(|key| label(key.tag, key.pool)).collect();
        let present = fit.present.as_ref().map_or(String::new(), |present| format!(", and {present}"));
        let mut sources: Vec<_> = fit.tags.iter().filter_map(|&key| view.last_source(key, boot)).collect();
        sources.extend(fit.source);
        Some(Finding {
            code: RULE.code,
            title: format!(
                "{} grow{}{present}, as in a public case ({}): {} [{}]",
                tags.join(" and "),
                if tags.len() > 1 { "" } else { "s" },
                fit.case.name,
                fit.case.text,
                fit.case.source_words()
            ),
            subject: Subject::Tag(*fit.tags.first()?),
            numbers: vec![number("matching_tags", fit.tags.len() as f64, "count")],
            sources,
            strength: Strength::Suggests,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::model::CounterId;
    use crate::testcase::TestCase;

    #[test]
    fn threads_and_the_spooler() {
        let mut case = TestCase::new(24);
        case.leaking(b"Thre", 100.0, 1_400);
        case.counter(CounterId::ProcessHandleCount, "spoolsv", |hour| 500.0 + hour * 100.0);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1);
        assert!(found[0].title.contains("process spoolsv is there"), "{}", found[0].title);
    }
}
