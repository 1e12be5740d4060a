//! PS024: a growth that can be a queue behind something slow.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::changes::began;
use crate::ingest::label;
use crate::judge::TagJudgement;
use crate::model::{CounterId, Source};
use crate::units::count;

/// A tag whose growth is often a queue.
struct Queue {
    tag: &'static [u8; 4],
    /// What waits.
    what: &'static str,
    /// What to look at.
    look: &'static str,
    /// Disks are what it waits for, or may be.
    on_disks: bool,
}

const QUEUES: [Queue; 5] = [
    Queue {
        tag: b"IoWI",
        what: "work items that no worker thread has taken yet",
        look: "the worker threads of System and the disks",
        on_disks: true,
    },
    Queue {
        tag: b"LSwn",
        what: "requests of the file server (SMB1) that wait",
        look: "the disk queue: \\PhysicalDisk(*)\\Avg. Disk sec/Transfer",
        on_disks: true,
    },
    POSTED,
    Queue { tag: b"FSrt", ..POSTED },
    Queue {
        tag: b"TCPu",
        what: "packets to be forwarded",
        look: "the forward queue and the link it waits for",
        on_disks: false,
    },
];

const POSTED: Queue = Queue {
    tag: b"FsRt",
    what: "work that the file systems posted",
    look: "hard error pop-ups and mailslots that nobody reads",
    on_disks: false,
};

pub(super) const RULE: Rule = Rule {
    code: "PS024",
    name: "backlog-may-look-like-a-leak",
    doc: "# PS024 backlog-may-look-like-a-leak

## What it does
Says of suspect tags that stand for queued work (work items, requests of the file server, posted file system work,
packets to forward) that they may be a backlog behind a slow disk or a stuck worker, and what would tell. Of those that
may wait for disks, where the disks' times were logged, it says how long a transfer took while the tag grew: over 25 ms
on average is slow.

## Why it matters
A queue grows as a leak does while what it waits for is slow, and drains when that recovers. Blaming the allocating
driver leads nowhere: the disk or the worker is the problem. It is a leak only if the count stays after the load ends.

## Source
Reference field-lessons.md 3 and 4 (cases 55, 59, 66). The 25 ms are the usual rule of thumb for a busy disk.",
    check,
};

/// A transfer that takes longer on average is slow.
const SLOW_SECONDS: f64 = 0.025;

/// The slowest disk while a tag grew: its instance, seconds a transfer on average, where that stands.
fn slowest_disk(view: &View<'_>, tag: &TagJudgement) -> Option<(String, f64, Source)> {
    let boot = view.main_boot()?;
    let from = began(view, boot, tag)?.at.max(boot.from);
    let disks = view
        .case
        .counters
        .iter()
        .filter(|(key, _)| key.counter == CounterId::DiskSecondsPerTransfer && !key.is_sum());
    let mean = |(key, series): (&crate::model::CounterKey, &crate::model::CounterSeries)| {
        let values = series.values.get(series.range(from, boot.to))?;
        (!values.is_empty()).then(|| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (key.instance.clone(), mean, series.source_at(from))
        })
    };
    disks.filter_map(mean).max_by(|a, b| a.1.total_cmp(&b.1))
}

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let mut findings = Vec::new();
    for tag in view.suspects() {
        let Some(queue) = QUEUES.iter().find(|queue| *queue.tag == tag.key.tag.0) else { continue };
        let Queue { what, look, .. } = queue;
        let mut numbers = vec![number("outstanding_count", tag.outstanding_count as f64, "count")];
        let mut sources = view.end_sources(tag.key, boot);
        let disk = queue.on_disks.then(|| slowest_disk(view, tag)).flatten();
        let disk = disk.map_or(String::new(), |(disk, seconds, source)| {
            numbers.push(number("disk_seconds_per_transfer", seconds, "seconds"));
            sources.push(source);
            // Quick disks clear the disks, not the workers.
            let verdict =
                if seconds > SLOW_SECONDS { "slow, which fits" } else { "quick, so the disks are not it" };
            format!("; meanwhile disk {disk} took {:.0} ms a transfer: {verdict}", seconds * 1e3)
        });
        findings.push(Finding {
            code: RULE.code,
            title: format!(
                "{} counts {what} ({} now): it can be a backlog, not a leak; look at {look}, and whether it \
                 drains when the load ends{disk}",
                label(tag.key.tag, tag.key.pool),
                count(tag.outstanding_count as f64)
            ),
            subject: Subject::Tag(tag.key),
            numbers,
            sources,
            strength: Strength::Suggests,
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::model::CounterId;
    use crate::testcase::TestCase;

    #[test]
    fn a_slow_disk_fits_and_quick_disks_speak_against_it() {
        for (seconds, words) in [(0.180, "took 180 ms a transfer: slow"), (0.004, "4 ms a transfer: quick")] {
            let mut case = TestCase::new(24);
            case.leaking(b"IoWI", 5_000.0, 96);
            case.counter(CounterId::DiskSecondsPerTransfer, "0 C:", |_| seconds);
            case.counter(CounterId::DiskSecondsPerTransfer, "1 D:", |_| 0.001);
            let found = case.check(&super::RULE);
            assert!(found[0].title.contains(words), "{found:?}");
        }
    }

    #[test]
    fn disks_say_nothing_of_packets_to_be_forwarded() {
        let mut case = TestCase::new(24);
        case.leaking(b"TCPu", 5_000.0, 96);
        case.counter(CounterId::DiskSecondsPerTransfer, "0 C:", |_| 0.004);
        assert!(!case.check(&super::RULE)[0].title.contains("disk"));
    }

    #[test]
    fn work_items_may_wait() {
        let mut case = TestCase::new(24);
        case.leaking(b"IoWI", 5_000.0, 96);
        case.leaking(b"Abcd", 5_000.0, 96);
        assert_eq!(case.check(&super::RULE).len(), 1);
    }
}
