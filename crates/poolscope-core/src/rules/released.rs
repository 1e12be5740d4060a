//! PS020: a tag fell back when a service or process ended.

use poolscope_formats::Time;
use poolscope_formats::counters::CounterId;

use super::{BootJudgement, Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::judge::{Class, TagJudgement};
use crate::model::{EventKind, Source};
use crate::units::{bytes, hours};

/// A fall to less than this share of what stood is a release.
const FALL_TO: f64 = 0.5;

/// And at least so many bytes: smaller tags fall all day.
const MIN_FALL_BYTES: u64 = 1 << 20;

/// A service event this long before the fall's interval still explains it.
const SLACK_MINUTES: f64 = 5.0;

/// A process whose handles fall below this share of what they were has ended or was restarted.
const HANDLES_FALL_TO: f64 = 0.5;

/// Fewer handles than this fall by chance.
const MIN_HANDLES: f64 = 200.0;

/// Names told for one fall.
const MOST_NAMES: usize = 3;

pub(super) const RULE: Rule = Rule {
    code: "PS020",
    name: "released-at-a-restart",
    doc: "# PS020 released-at-a-restart

## What it does
For suspect tags and sawtooths it looks for the greatest fall within a boot (to less than half, at least 1 MiB) and
names the services that changed their state and the processes whose handles fell at the same time.

## Why it matters
Memory that is freed when a process ends belongs to that process: its handles, its sockets, its requests. This is the
start/stop test done by life itself. Memory that stays after everything was stopped is held by the kernel.

## Source
Reference field-lessons.md 2, 3 (rule 5). The thresholds are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for boot in view.boots {
        let tags = boot.judgement.tags.iter();
        for tag in tags.filter(|tag| tag.leaking || tag.class == Class::Sawtooth) {
            findings.extend(released(view, boot, tag));
        }
    }
    findings
}

/// The greatest fall: the moments around it and the bytes before and after.
struct Fall {
    before: Time,
    after: Time,
    from: u64,
    to: u64,
    sources: Vec<Source>,
}

fn greatest_fall(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Option<Fall> {
    let series = view.case.tags.get(&tag.key)?;
    let range = series.range(boot.from, boot.to);
    let falls = range.clone().zip(range.skip(1)).filter_map(|(first, second)| {
        let (from, to) = (*series.bytes.get(first)?, *series.bytes.get(second)?);
        let fell = from.checked_sub(to)?;
        (fell >= MIN_FALL_BYTES && (to as f64) < from as f64 * FALL_TO).then_some((fell, first, second))
    });
    let (_, first, second) = falls.max_by_key(|&(fell, first, _)| (fell, std::cmp::Reverse(first)))?;
    Some(Fall {
        before: *series.times.get(first)?,
        after: *series.times.get(second)?,
        from: *series.bytes.get(first)?,
        to: *series.bytes.get(second)?,
        sources: [first, second]
            .into_iter()
            .filter_map(|at| series.source(at, &view.case.snapshots))
            .collect(),
    })
}

fn released(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Option<Finding> {
    let fall = greatest_fall(view, boot, tag)?;
    let from = fall.before.plus_hours(-SLACK_MINUTES / 60.0);
    let services = view.case.events.iter().filter(|event| {
        matches!(event.kind, EventKind::ServiceState) && event.time >= from && event.time <= fall.after
    });
    let mut who: Vec<(String, Source)> = services.map(|event| (event.text.clone(), event.source)).collect();
    who.extend(processes_that_fell(view, &fall));
    let mut sources = fall.sources.clone();
    sources.extend(who.iter().take(MOST_NAMES).map(|(_, source)| *source));
    let (clause, strength) = if who.is_empty() {
        ("; nothing in the evidence tells what ended then".to_owned(), Strength::Measured)
    } else {
        let names: Vec<&str> = who.iter().take(MOST_NAMES).map(|(text, _)| text.as_str()).collect();
        let more = who.len().saturating_sub(MOST_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (format!(", when {}{more}: whoever ended held it", names.join("; ")), Strength::Measured)
    };
    Some(Finding {
        code: RULE.code,
        title: format!(
            "{} fell from {} to {} between {} and {} UTC ({}){clause}",
            label(tag.key.tag, tag.key.pool),
            bytes(fall.from as f64),
            bytes(fall.to as f64),
            fall.before,
            fall.after,
            hours(fall.after.hours_since(fall.before))
        ),
        subject: Subject::Tag(tag.key),
        numbers: vec![
            number("bytes_before", fall.from as f64, "bytes"),
            number("bytes_after", fall.to as f64, "bytes"),
        ],
        sources,
        strength,
    })
}

/// Processes whose handle count fell in the same interval.
fn processes_that_fell(view: &View<'_>, fall: &Fall) -> Vec<(String, Source)> {
    let mut fell = Vec::new();
    for (key, series) in &view.case.counters {
        if key.counter != CounterId::ProcessHandleCount || key.is_sum() {
            continue;
        }
        let first = series.times.partition_point(|&time| time <= fall.before).checked_sub(1);
        let second = series.times.partition_point(|&time| time < fall.after);
        let value = |at: Option<usize>| series.values.get(at?).copied();
        if let (Some(before), Some(after)) = (value(first), value(Some(second)))
            && before >= MIN_HANDLES
            && after < before * HANDLES_FALL_TO
        {
            let text = format!("the handles of {} fell from {before:.0} to {after:.0}", key.instance);
            fell.push((text, series.source));
        }
    }
    fell
}

#[cfg(test)]
mod tests {
    use crate::judge::Class;
    use crate::model::{CounterId, EventKind};
    use crate::testcase::TestCase;

    #[test]
    fn a_service_restart_that_frees_the_tag() {
        let mut case = TestCase::new(24);
        let counts = (0..24).map(|sample| 20_000 + (sample % 12) * 20_000).collect();
        case.series(b"Even", counts, 96, Class::Sawtooth);
        case.event(5.8, EventKind::ServiceState, "service OrderSync: stopped");
        case.event(2.0, EventKind::ServiceState, "service Spooler: stopped");
        case.counter(CounterId::ProcessHandleCount, "ordersync", |hour| {
            if hour < 6.0 { 1_000.0 + hour * 40_000.0 } else { 900.0 }
        });
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        let title = &found[0].title;
        assert!(title.contains("OrderSync") && title.contains("handles of ordersync"), "{title}");
        assert!(!title.contains("Spooler"), "{title}");
    }

    #[test]
    fn a_leak_that_never_falls_says_nothing() {
        let mut case = TestCase::new(24);
        case.leaking(b"Even", 5_000.0, 96);
        assert!(case.check(&super::RULE).is_empty());
    }
}
