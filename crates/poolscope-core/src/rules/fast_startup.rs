//! PS023: a start of Windows that does not clear the pool.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::model::EventKind;

pub(super) const RULE: Rule = Rule {
    code: "PS023",
    name: "start-that-does-not-clear-the-pool",
    doc: "# PS023 start-that-does-not-clear-the-pool

## What it does
Reports starts that resumed the kernel of before (Kernel-Boot event 27, boot type 1 or 2) and the registry value that
turns Fast Startup on (HiberbootEnabled = 1). Such a start does not cut a series.

## Why it matters
With Fast Startup, \"shut down and start again\" saves the kernel session to disk and resumes it: drivers and the pool
go on where they were, and so does a leak. Only \"Restart\" (or shutdown /r /t 0, or shutdown /s /t 0 with Fast Startup
off) begins a new kernel session.

## Source
Reference peers-and-domain.md 2.6; field-lessons.md 4 (case 19).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let resumed: Vec<_> =
        view.case.events.iter().filter(|event| event.kind == EventKind::KernelResumed).collect();
    if let (Some(first), Some(last)) = (resumed.first(), resumed.last()) {
        let mut sources = vec![first.source, last.source];
        sources.dedup();
        return vec![Finding {
            code: RULE.code,
            title: format!(
                "{} starts up to {} UTC resumed the kernel of before (Fast Startup): they did not clear the \
                 pool, only a real restart does",
                resumed.len(),
                last.time
            ),
            subject: Subject::Host,
            numbers: vec![number("resumed_starts", resumed.len() as f64, "count")],
            sources,
            strength: Strength::Proven,
        }];
    }
    let on = view.case.state.registry.iter().find(|value| {
        value.name.eq_ignore_ascii_case("HiberbootEnabled")
            && value.number().is_some_and(|number| number != 0)
    });
    on.map(|value| Finding {
        code: RULE.code,
        title: "Fast Startup is on: a shutdown and start does not clear the pool, only a real restart does"
            .to_owned(),
        subject: Subject::Host,
        numbers: Vec::new(),
        sources: vec![value.source],
        strength: Strength::Proven,
    })
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::model::{BootMark, BootMarkKind, EventKind};
    use crate::testcase::{TestCase, at};

    #[test]
    fn a_resumed_start_is_told_and_cuts_nothing() {
        let mut case = TestCase::new(24);
        case.flat(b"Abcd", 10, 10);
        case.event(4.0, EventKind::Boot, "Windows started");
        case.event(4.01, EventKind::KernelResumed, "resumed");
        let source = case.source(1);
        case.builder.boot_marks.push(BootMark { time: at(4.0), kind: BootMarkKind::Stated, source });
        case.with(|view| {
            assert_eq!((super::RULE.check)(view).len(), 1);
            assert_eq!(view.case.boots.len(), 1, "the kernel session went on");
        });
    }
}
