//! PS012: kernel objects grow, and handles do not.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::census::{all_handles, handles_of_type, object_type, stretch, total_handle_growth};
use crate::ingest::label;
use crate::units::count;

/// Handles that grow by less than this share of the objects' growth do not explain it.
const UNEXPLAINED_GROWTH: f64 = 0.3;

/// Objects that outnumber their handles this many times at one moment are held by references.
const OUTNUMBERED: f64 = 2.0;

/// Fewer objects than this are nothing to explain.
const MIN_OBJECTS: f64 = 1_000.0;

pub(super) const RULE: Rule = Rule {
    code: "PS012",
    name: "objects-grow-without-handles",
    doc: "# PS012 objects-grow-without-handles

## What it does
Reports tags of kernel objects that grow while the handles of all processes together grow by less than 30 % of it, or
whose objects outnumber the handles to them (else all handles of the host) at least twice at one moment.

## Why it matters
Objects without handles are held by references taken in the kernel: a driver or filter that does not give them back.
Handle tools are blind to it, and no process is to blame. Stacks of the allocations, object reference tracing or a
dump name the driver.

## Source
Reference field-lessons.md 3 (rule 3; case 68 had 3.27 million tokens against 311,000 handles); peers-and-domain.md
2.5. The margins are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let mut findings = Vec::new();
    for tag in view.suspects() {
        let Some(wanted) = object_type(tag.key.tag) else { continue };
        let name = label(tag.key.tag, tag.key.pool);
        let per_hour = tag.rate_count_per_hour.estimate;
        let (from, to) = stretch(boot, tag);
        let growth = total_handle_growth(view.case, from, to).filter(|_| tag.leaking && per_hour > 0.0);
        if let Some(growth) = growth {
            if growth.per_hour < per_hour * UNEXPLAINED_GROWTH {
                let mut sources = view.end_sources(tag.key, boot);
                sources.push(growth.source);
                findings.push(Finding {
                    code: RULE.code,
                    title: format!(
                        "{name} gains {} objects an hour while the handles of all processes change by {}: \
                         references in the kernel hold them, no process does",
                        count(per_hour),
                        count(growth.per_hour)
                    ),
                    subject: Subject::Tag(tag.key),
                    numbers: vec![
                        number("objects_per_hour", per_hour, "count_per_hour"),
                        number("handles_per_hour", growth.per_hour, "count_per_hour"),
                    ],
                    sources,
                    strength: Strength::Measured,
                });
            }
            continue;
        }
        let objects = tag.outstanding_count as f64;
        let of_type =
            handles_of_type(view.case, wanted).map(|found| (found, format!("handles of type {wanted}")));
        let known =
            of_type.or_else(|| all_handles(view.case).map(|found| (found, "handles of any type".to_owned())));
        let Some(((handles, source), what)) = known else { continue };
        if objects >= MIN_OBJECTS && objects > handles as f64 * OUTNUMBERED {
            let mut sources = vec![source];
            sources.extend(view.last_source(tag.key, boot));
            findings.push(Finding {
                code: RULE.code,
                title: format!(
                    "{} objects of {name} stand against {} {what} on the whole host: references in the kernel \
                     hold them",
                    count(objects),
                    count(handles as f64)
                ),
                subject: Subject::Tag(tag.key),
                numbers: vec![
                    number("objects", objects, "count"),
                    number("handles", handles as f64, "count"),
                ],
                sources,
                strength: Strength::Suggests,
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::model::CounterId;
    use crate::testcase::TestCase;

    #[test]
    fn tokens_without_handles() {
        let mut case = TestCase::new(48);
        case.leaking(b"Toke", 5_000.0, 1_200);
        case.counter(CounterId::ProcessHandleCount, "_Total", |hour| 20_000.0 + 3.0 * hour);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.contains("no process does"));
    }

    #[test]
    fn handles_that_grow_alike_explain_the_objects() {
        let mut case = TestCase::new(48);
        case.leaking(b"Toke", 5_000.0, 1_200);
        case.counter(CounterId::ProcessHandleCount, "_Total", |hour| 20_000.0 + 4_900.0 * hour);
        assert!(case.check(&super::RULE).is_empty());
    }
}
