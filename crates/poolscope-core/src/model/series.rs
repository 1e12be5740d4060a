//! Measurements over time: tags from snapshots, counters from logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use poolscope_formats::counters::{CounterId, Identity};
use poolscope_formats::{Place, Pool, Time};

use super::evidence::{EvidenceId, Source};
use crate::judge::SeriesKey;

/// One snapshot of the tag table.
#[derive(Clone, PartialEq, Debug)]
pub struct SnapshotFacts {
    /// When it was taken; if not `timed`, only its order in its file.
    pub time: Time,
    /// False if nothing says when it was taken: no rate can be computed from it.
    pub timed: bool,
    /// The input.
    pub evidence: EvidenceId,
    /// Its first line there.
    pub line: u64,
    /// Rows in it.
    pub rows: u32,
    /// True if the listing was cut short, so that a missing tag proves nothing.
    pub cut: bool,
    /// Nonpaged pool of the whole system in bytes, from the listing's head.
    pub pool_nonpaged_bytes: Option<u64>,
    /// Paged pool of the whole system in bytes.
    pub pool_paged_bytes: Option<u64>,
    /// Commit charge of the whole system in bytes.
    pub commit_bytes: Option<u64>,
}

/// One tag in one snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TagPoint {
    /// Index into [`super::Case::snapshots`].
    pub snapshot: u32,
    /// Line in the snapshot's input.
    pub line: u32,
    /// Allocations since boot, modulo 2^32; 0 where the listing has none.
    pub allocs: u32,
    /// Outstanding allocations.
    pub count: i64,
    /// Outstanding bytes.
    pub bytes: u64,
}

/// One tag of one pool over all snapshots, in columns of equal length, sorted by time.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct TagSeries {
    /// Snapshot, line and call count of each point.
    pub points: Vec<TagPoint>,
    /// Time of each point.
    pub times: Vec<Time>,
    /// Outstanding bytes of each point.
    pub bytes: Vec<u64>,
    /// Outstanding allocations of each point.
    pub counts: Vec<i64>,
}

impl TagSeries {
    /// The range of points with `from <= time < to`.
    pub fn range(&self, from: Time, to: Time) -> std::ops::Range<usize> {
        self.times.partition_point(|&t| t < from)..self.times.partition_point(|&t| t < to)
    }

    /// Where the point stands.
    pub fn source(&self, at: usize, snapshots: &[SnapshotFacts]) -> Option<Source> {
        let point = self.points.get(at)?;
        let snapshot = snapshots.get(point.snapshot as usize)?;
        Some(Source { evidence: snapshot.evidence, place: Place::Line(u64::from(point.line)) })
    }
}

/// All tag series by pool and tag.
pub type TagTable = BTreeMap<SeriesKey, TagSeries>;

/// A counter of the machine or of one instance.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CounterKey {
    /// Which counter.
    pub counter: CounterId,
    /// The instance as the log names it (`w3wp#2`, `_Total`), empty for a counter without instances.
    pub instance: String,
}

impl CounterKey {
    /// The counter that measures the whole of a pool.
    pub fn total_of(pool: Pool) -> Self {
        let counter = match pool {
            Pool::Nonpaged => CounterId::MemoryPoolNonpagedBytes,
            Pool::Paged => CounterId::MemoryPoolPagedBytes,
        };
        Self { counter, instance: String::new() }
    }

    /// True for the sum over all instances, `_Total`.
    pub fn is_sum(&self) -> bool {
        self.instance.eq_ignore_ascii_case("_total")
    }
}

/// One counter over time, from one or more logs.
#[derive(Clone, PartialEq, Debug)]
pub struct CounterSeries {
    /// Times of the values, sorted, without duplicates. Shared: a log of a thousand columns has one list of times.
    pub times: Arc<[Time]>,
    /// The values; missing ones are absent.
    pub values: Vec<f64>,
    /// Where the first value stands.
    pub source: Source,
    /// The logs it comes from with the time of each one's first value, by time.
    pub logs: Vec<(Time, Source)>,
    /// Whether the instance is the same process throughout.
    pub identity: Identity,
}

impl CounterSeries {
    /// The log that holds the value of this moment.
    pub fn source_at(&self, time: Time) -> Source {
        let at = self.logs.partition_point(|&(from, _)| from <= time).saturating_sub(1);
        self.logs.get(at).map_or(self.source, |&(_, source)| source)
    }

    /// The range of values with `from <= time < to`.
    pub fn range(&self, from: Time, to: Time) -> std::ops::Range<usize> {
        self.times.partition_point(|&t| t < from)..self.times.partition_point(|&t| t < to)
    }
}
