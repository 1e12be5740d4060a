//! PS013: a process's handles soar, and the objects they point at do not.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::census::{handle_growth, object_type, stretch};
use crate::units::count;

/// Handles an hour from which on growth is worth a line: PAL warns at 100 an hour.
const MIN_PER_HOUR: f64 = 100.0;

/// And this many over the whole stretch: a start-up burst is less.
const MIN_GROWTH: f64 = 1_000.0;

/// Objects that grow by less than this share of the handles' growth are not what the handles point at.
const UNEXPLAINED: f64 = 0.3;

pub(super) const RULE: Rule = Rule {
    code: "PS013",
    name: "handles-grow-while-objects-stay",
    doc: "# PS013 handles-grow-while-objects-stay

## What it does
Reports processes whose handles grow by at least 100 an hour and 1,000 in all while no tag of kernel objects grows by
30 % of that. The System process is told apart (PS014).

## Why it matters
Many handles to one object cost handle table entries (tag Obtb, paged pool), not objects: the tag of the object stays
flat and clears nobody. It is a leak of the process all the same, of another kind than one that fills the nonpaged
pool.

## Source
Reference field-lessons.md 2 (cases 48: 15 million event handles to one object); peers-and-domain.md 1.3 (PAL's
threshold of 100 an hour). The other margins are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let objects: Vec<_> =
        boot.judgement.tags.iter().filter(|tag| object_type(tag.key.tag).is_some()).collect();
    let Some(any) = objects.first() else { return Vec::new() };
    let (from, to) = (stretch(boot, any).0.min(any.first.unwrap_or(boot.from)), boot.to);
    let most_objects = objects.iter().map(|tag| tag.rate_count_per_hour.estimate).fold(0.0, f64::max);
    handle_growth(view.case, from, to)
        .into_iter()
        .filter(|growth| !growth.process.eq_ignore_ascii_case("system"))
        .filter(|growth| growth.per_hour >= MIN_PER_HOUR && growth.last - growth.first >= MIN_GROWTH)
        .filter(|growth| most_objects < growth.per_hour * UNEXPLAINED)
        .map(|growth| Finding {
            code: RULE.code,
            title: format!(
                "the handles of {} grow by {} an hour (to {}), and no kind of object grows with them: many \
                 handles to few objects, which the pool hardly shows",
                growth.process,
                count(growth.per_hour),
                count(growth.last)
            ),
            numbers: vec![
                number("handles_per_hour", growth.per_hour, "count_per_hour"),
                number("handles", growth.last, "count"),
                number("fastest_objects_per_hour", most_objects, "count_per_hour"),
            ],
            sources: vec![growth.source],
            subject: Subject::Process(growth.process),
            strength: Strength::Measured,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::model::CounterId;
    use crate::testcase::TestCase;

    #[test]
    fn handles_to_one_object() {
        let mut case = TestCase::new(48);
        case.flat(b"Even", 4_000, 48);
        case.counter(CounterId::ProcessHandleCount, "deskflow", |hour| 500.0 + 60_000.0 * hour);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn not_where_objects_grow_too() {
        let mut case = TestCase::new(48);
        case.leaking(b"Even", 60_000.0, 48);
        case.counter(CounterId::ProcessHandleCount, "deskflow", |hour| 500.0 + 60_000.0 * hour);
        assert!(case.check(&super::RULE).is_empty());
    }
}
