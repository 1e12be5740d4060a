//! PS024: a growth that can be a queue behind something slow.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::units::count;

/// Tags whose growth is often a queue, what waits, and what to look at.
const QUEUES: [(&[u8; 4], &str, &str); 5] = [
    (b"IoWI", "work items that no worker thread has taken yet", "the worker threads of System and the disks"),
    (
        b"LSwn",
        "requests of the file server (SMB1) that wait",
        "the disk queue: \\PhysicalDisk(*)\\Avg. Disk sec/Transfer",
    ),
    (b"FsRt", "work that the file systems posted", "hard error pop-ups and mailslots that nobody reads"),
    (b"FSrt", "work that the file systems posted", "hard error pop-ups and mailslots that nobody reads"),
    (b"TCPu", "packets to be forwarded", "the forward queue and the link it waits for"),
];

pub(super) const RULE: Rule = Rule {
    code: "PS024",
    name: "backlog-may-look-like-a-leak",
    doc: "# PS024 backlog-may-look-like-a-leak

## What it does
Says of suspect tags that stand for queued work (work items, requests of the file server, posted file system work,
packets to forward) that they may be a backlog behind a slow disk or a stuck worker, and what would tell.

## Why it matters
A queue grows as a leak does while what it waits for is slow, and drains when that recovers. Blaming the allocating
driver leads nowhere: the disk or the worker is the problem. It is a leak only if the count stays after the load ends.

## Source
Reference field-lessons.md 3 and 4 (cases 55, 59, 66).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let mut findings = Vec::new();
    for tag in view.suspects() {
        let Some((_, what, look)) = QUEUES.iter().find(|(tag_bytes, ..)| **tag_bytes == tag.key.tag.0) else {
            continue;
        };
        findings.push(Finding {
            code: RULE.code,
            title: format!(
                "{} counts {what} ({} now): it can be a backlog, not a leak; look at {look}, and whether it \
                 drains when the load ends",
                label(tag.key.tag, tag.key.pool),
                count(tag.outstanding_count as f64)
            ),
            subject: Subject::Tag(tag.key),
            numbers: vec![number("outstanding_count", tag.outstanding_count as f64, "count")],
            sources: view.end_sources(tag.key, boot),
            strength: Strength::Suggests,
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::testcase::TestCase;

    #[test]
    fn work_items_may_wait() {
        let mut case = TestCase::new(24);
        case.leaking(b"IoWI", 5_000.0, 96);
        case.leaking(b"Abcd", 5_000.0, 96);
        assert_eq!(case.check(&super::RULE).len(), 1);
    }
}
