//! PS009: the size of event objects decoded.

use poolscope_formats::Tag;

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::objects::{event_bits, event_object};
use crate::units::count;

pub(super) const RULE: Rule = Rule {
    code: "PS009",
    name: "event-object-size",
    doc: "# PS009 event-object-size

## What it does
Divides the outstanding bytes of tag Even by its outstanding count and tells what such a chunk holds: 48, 64 or 80
bytes on 32-bit Windows, 96, 128 or 160 on 64-bit; plain, with a quota charge or a name, with both. A mean between
two of them is a mixture.

## Why it matters
The tag names a kind of object, not a driver. Its size tells the width of the kernel, hence the size of the pool, and
whether the objects are nameless ones (a leak of handles or references is usual) or named. A size that no event
object has means that a driver borrows the tag.

## Source
Reference peers-and-domain.md 2.5: computed from public structure tables, checked against published pool listings.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, series) in
        view.case.tags.iter().filter(|(key, _)| key.tag.without_protected_bit() == Tag(*b"Even"))
    {
        let (Some(&held), Some(&objects)) = (series.bytes.last(), series.counts.last()) else { continue };
        if objects <= 0 {
            continue;
        }
        let mean = held as f64 / objects as f64;
        let name = label(key.tag, key.pool);
        // A single contradictory row still prints the size of one object.
        let title = match (event_object(mean.round() as u64), event_bits(mean)) {
            (Some(object), _) => format!(
                "{} objects of {name} take {mean:.1} bytes each: an event object of {} Windows, {}",
                count(objects as f64),
                object.bits.name(),
                object.form
            ),
            (None, Some(bits)) => format!(
                "{} objects of {name} take {mean:.1} bytes each: a mixture of event objects of {} Windows",
                count(objects as f64),
                bits.name()
            ),
            (None, None) => format!(
                "{name} takes {mean:.1} bytes an allocation, which no event object does: another driver may \
                 borrow the tag"
            ),
        };
        let last = series.points.len().saturating_sub(1);
        findings.push(Finding {
            code: RULE.code,
            title,
            subject: Subject::Tag(*key),
            numbers: vec![
                number("bytes_each", mean, "bytes"),
                number("outstanding_count", objects as f64, "count"),
            ],
            sources: series.source(last, &view.case.snapshots).into_iter().collect(),
            strength: Strength::Measured,
        });
    }
    findings
}
