//! Collects facts from any number of inputs and sorts them into a [`Case`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use poolscope_formats::httperr::HttpErrLog;
use poolscope_formats::poolmon::SnapshotTime;
use poolscope_formats::pooltag::PooltagFile;
use poolscope_formats::processes::Taken;
use poolscope_formats::{Time, Zone};
use rustc_hash::FxHashMap;

use super::boots::{Boot, BootMark, cut, fallen_counters, same_boot};
use super::clock::{self, HostClock};
use super::events::{EventKind, TimelineEvent};
use super::evidence::{Evidence, EvidenceId, Source};
use super::host::HostFacts;
use super::http::{self, HttpReason};
use super::owners::OwnerClaim;
use super::sampling::{self, Sampling};
use super::series::{CounterKey, CounterSeries, SnapshotFacts, TagPoint, TagSeries, TagTable};
use super::state::HostState;
use crate::judge::SeriesKey;

/// Everything the evidence says about one host.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// The inputs, sorted by path.
    pub evidence: Vec<Evidence>,
    /// The machine.
    pub host: HostFacts,
    /// Runs of Windows, in order; at least one.
    pub boots: Vec<Boot>,
    /// Snapshots of the tag table, sorted by time.
    pub snapshots: Vec<SnapshotFacts>,
    /// Tags over the snapshots.
    pub tags: TagTable,
    /// Counters over time.
    pub counters: BTreeMap<CounterKey, CounterSeries>,
    /// The time line, sorted by time.
    pub events: Vec<TimelineEvent>,
    /// HTTPERR logs, each with its input.
    pub http: Vec<(EvidenceId, HttpErrLog)>,
    /// What those logs say together, by reason.
    pub http_reasons: Vec<HttpReason>,
    /// Event 2004 and the like: top tags at a moment, with bytes.
    pub exhaustion_reports: Vec<ExhaustionReport>,
    /// pooltag.txt files, each with its input.
    pub pooltags: Vec<(EvidenceId, PooltagFile)>,
    /// Claims about owners from drivers, traces and debuggers.
    pub owner_claims: Vec<OwnerClaim>,
    /// Rows that contradict themselves.
    pub contradictions: Vec<Contradiction>,
    /// Statements about the evidence as a whole that belong among the gaps.
    pub caveats: Vec<Caveat>,
    /// Drivers, changes, processes and settings.
    pub state: HostState,
}

impl Case {
    /// The hosts that the evidence is of, sorted.
    pub fn hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<&str> = self.evidence.iter().filter_map(|e| e.host.as_deref()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }
}

/// What event 2004 recorded at a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct ExhaustionReport {
    /// When.
    pub time: Time,
    /// Nonpaged pool in use, bytes.
    pub nonpaged_bytes: Option<u64>,
    /// Paged pool in use, bytes.
    pub paged_bytes: Option<u64>,
    /// Commit charge and limit in bytes.
    pub commit: Option<(u64, u64)>,
    /// Top tags with bytes.
    pub tags: Vec<(SeriesKey, u64)>,
    /// Processes with their handle counts.
    pub processes: Vec<(String, u64)>,
    /// Processes with their commit charge in bytes.
    pub committed: Vec<(String, u64)>,
    /// Where.
    pub source: Source,
}

/// A row whose printed outstanding count is not its allocations minus its frees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contradiction {
    /// The tag and pool.
    pub key: SeriesKey,
    /// Allocations as printed.
    pub allocs: u64,
    /// Frees as printed.
    pub frees: u64,
    /// The outstanding count as printed.
    pub printed: i64,
    /// Allocations minus frees, modulo 2^32.
    pub recomputed: i64,
    /// Where.
    pub source: Source,
}

/// Something the reader must know about what the evidence cannot show.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Caveat {
    /// In words, a whole sentence.
    pub text: String,
    /// Where it shows.
    pub source: Source,
}

/// Collects facts. Add inputs in any order, then [`CaseBuilder::finish`].
#[derive(Default, Debug)]
pub struct CaseBuilder {
    evidence: Vec<Evidence>,
    /// The machine, as far as any input names it.
    pub host: HostFacts,
    /// Stated boots.
    pub boot_marks: Vec<BootMark>,
    pub(super) snapshots: Vec<SnapshotFacts>,
    columns: FxHashMap<SeriesKey, Vec<TagPoint>>,
    pub(super) clock: HostClock,
    pub(super) sampling: Sampling,
    /// Snapshots whose time is a wall time without a zone.
    pub(super) wall_snapshots: Vec<u32>,
    /// Counter series; several for one key are merged at the end.
    pub counters: Vec<(CounterKey, CounterSeries)>,
    /// Events of the time line.
    pub events: Vec<TimelineEvent>,
    /// HTTPERR logs.
    pub http: Vec<(EvidenceId, HttpErrLog)>,
    /// Event 2004 and the like.
    pub exhaustion_reports: Vec<ExhaustionReport>,
    /// pooltag.txt files.
    pub pooltags: Vec<(EvidenceId, PooltagFile)>,
    /// Claims about owners.
    pub owner_claims: Vec<OwnerClaim>,
    /// Rows that contradict themselves.
    pub contradictions: Vec<Contradiction>,
    /// Caveats.
    pub caveats: Vec<Caveat>,
    /// Drivers, changes, processes and settings.
    pub state: HostState,
}

impl CaseBuilder {
    /// Adds an input. Inputs must be added in the order of their paths, so that ids are the same whatever
    /// order the user named them in.
    pub fn add_evidence(&mut self, evidence: Evidence) -> EvidenceId {
        let id = EvidenceId(u32::try_from(self.evidence.len()).unwrap_or(u32::MAX));
        self.evidence.push(evidence);
        id
    }

    /// Adds a snapshot; its rows follow by [`CaseBuilder::add_point`] with the index this gives.
    pub fn add_snapshot(&mut self, snapshot: SnapshotFacts) -> u32 {
        let index = u32::try_from(self.snapshots.len()).unwrap_or(u32::MAX);
        self.snapshots.push(snapshot);
        index
    }

    /// Says that the time of this snapshot is a wall time without a zone.
    pub fn wall_snapshot(&mut self, index: u32, source: Source) {
        self.wall_snapshots.push(index);
        self.clock.local_snapshot(source);
    }

    /// Says how the time of this snapshot was found: other inputs may show that it means another one, or none.
    pub fn snapshot_time(&mut self, index: u32, stamp: SnapshotTime, source: Source) {
        self.sampling.add(index, stamp, source);
    }

    /// Says how the time of the listing of processes was found that is added next.
    pub fn listing_time(&mut self, taken: Taken, source: Source) {
        self.sampling.add_listing(self.state.processes.len(), taken, source);
    }

    /// Says that all times of this input are wall times without a zone.
    pub fn wall_times(&mut self, source: Source) {
        self.clock.local(source);
    }

    /// The offset that an input states for its own times, and so for its host.
    pub fn states_zone(&mut self, zone: Zone, source: Source) {
        self.clock.state(zone, source);
    }

    /// When Windows was started, as a wall time: of use only if another input states the exact offset.
    pub fn started_at_wall_time(&mut self, wall: Time, source: Source) {
        self.clock.started(wall, source);
    }

    /// The time zone of the host as Windows names it, daylight saving not included.
    pub fn states_time_zone(&mut self, text: &str, source: Source) {
        self.clock.standard(text, source);
    }

    /// The times of those snapshots.
    pub(super) fn wall_snapshot_times(&mut self) -> impl Iterator<Item = &mut Time> {
        let wall: BTreeSet<u32> = self.wall_snapshots.drain(..).collect();
        let all = self.snapshots.iter_mut().enumerate();
        all.filter(move |(at, _)| wall.contains(&(*at as u32))).map(|(_, snapshot)| &mut snapshot.time)
    }

    /// The path of an input that was added.
    pub(super) fn evidence_path(&self, id: EvidenceId) -> &str {
        self.evidence.get(id.0 as usize).map_or("another input", |evidence| evidence.path.as_str())
    }

    /// Adds a row of a snapshot.
    pub fn add_point(&mut self, key: SeriesKey, point: TagPoint) {
        self.columns.entry(key).or_default().push(point);
    }

    /// Adds a caveat.
    pub fn caveat(&mut self, text: &str, source: Source) {
        // Ten thousand snapshots share one caveat: keep the first by source only.
        match self.caveats.iter_mut().find(|known| known.text == text) {
            Some(known) => known.source = known.source.min(source),
            None => self.caveats.push(Caveat { text: text.to_owned(), source }),
        }
    }

    /// Keeps the list of inputs only where they are of several hosts: nothing of the mixture may reach a rule.
    pub fn of_one_host(self) -> Self {
        let mut named = self.evidence.iter().filter_map(|evidence| evidence.host.as_deref());
        let first = named.next();
        if named.all(|host| Some(host) == first) {
            return self;
        }
        Self { evidence: self.evidence, ..Self::default() }
    }

    /// Sorts everything and cuts it at boots.
    pub fn finish(mut self) -> Case {
        sampling::settle(&mut self);
        clock::settle(&mut self);
        self.order_untimed();
        let http_reasons = http::merge(&self.http);
        self.events.extend(http_reasons.iter().filter_map(HttpReason::beginning));
        let order = self.sorted_snapshots();
        let tags = self.sorted_tags(&order);
        // The kernel session of before went on: neither its pool nor its counters began anew.
        let resumed: Vec<Time> =
            self.events.iter().filter(|e| e.kind == EventKind::KernelResumed).map(|e| e.time).collect();
        self.boot_marks.retain(|mark| !resumed.iter().any(|&at| same_boot(mark.time, at)));
        let fallen = fallen_counters(&tags, &self.snapshots, &self.boot_marks);
        self.boot_marks.extend(fallen);
        self.events
            .sort_by(|a, b| (a.time, &a.kind, &a.text, a.source).cmp(&(b.time, &b.kind, &b.text, b.source)));
        self.events.dedup_by(|a, b| a.time == b.time && a.kind == b.kind && a.text == b.text);
        self.owner_claims.sort_by(|a, b| {
            (a.tag, a.pool, a.grade, &a.name, a.source).cmp(&(b.tag, b.pool, b.grade, &b.name, b.source))
        });
        self.exhaustion_reports.sort_by_key(|report| (report.time, report.source));
        self.contradictions.sort_by_key(|row| row.source);
        self.caveats.sort();
        let state = self.state.sorted(&self.events);
        Case {
            evidence: self.evidence,
            host: self.host,
            boots: cut(self.boot_marks),
            snapshots: self.snapshots,
            tags,
            counters: merge_counters(self.counters),
            events: self.events,
            http: self.http,
            http_reasons,
            exhaustion_reports: self.exhaustion_reports,
            pooltags: self.pooltags,
            owner_claims: self.owner_claims,
            contradictions: self.contradictions,
            caveats: self.caveats,
            state,
        }
    }

    /// Snapshots without any time stand at the beginning of all time, in the order of their inputs and lines, each
    /// at a moment of its own.
    fn order_untimed(&mut self) {
        for (at, snapshot) in self.snapshots.iter_mut().filter(|snapshot| !snapshot.timed).enumerate() {
            snapshot.time = Time(at as i64);
        }
    }

    /// Sorts the snapshots by time; gives old index to new index.
    fn sorted_snapshots(&mut self) -> Vec<u32> {
        let mut by_time: Vec<u32> = (0..self.snapshots.len() as u32).collect();
        by_time.sort_by_key(|&at| {
            let snapshot = &self.snapshots[at as usize];
            (snapshot.time, snapshot.evidence, snapshot.line)
        });
        let mut new_index = vec![0; by_time.len()];
        for (new, &old) in by_time.iter().enumerate() {
            new_index[old as usize] = new as u32;
        }
        self.snapshots = by_time.iter().map(|&old| self.snapshots[old as usize].clone()).collect();
        new_index
    }

    fn sorted_tags(&mut self, new_index: &[u32]) -> TagTable {
        let mut table = TagTable::new();
        let columns = std::mem::take(&mut self.columns);
        let mut columns: Vec<_> = columns.into_iter().collect();
        columns.sort_unstable_by_key(|(key, _)| *key);
        for (key, mut points) in columns {
            for point in &mut points {
                point.snapshot = new_index[point.snapshot as usize];
            }
            if !points.is_sorted_by_key(|point| (point.snapshot, point.line)) {
                points.sort_unstable_by_key(|point| (point.snapshot, point.line));
            }
            // The same listing given twice, or a tag twice in one listing: the first row counts.
            points.dedup_by_key(|point| self.snapshots[point.snapshot as usize].time);
            let series = TagSeries {
                times: points.iter().map(|p| self.snapshots[p.snapshot as usize].time).collect(),
                bytes: points.iter().map(|p| p.bytes).collect(),
                counts: points.iter().map(|p| p.count).collect(),
                points,
            };
            table.insert(key, series);
        }
        table
    }
}

/// Joins series of one key from several logs; where two logs have the same moment the first log counts.
fn merge_counters(mut all: Vec<(CounterKey, CounterSeries)>) -> BTreeMap<CounterKey, CounterSeries> {
    all.sort_by(|a, b| (&a.0, a.1.source).cmp(&(&b.0, b.1.source)));
    let mut merged: BTreeMap<CounterKey, CounterSeries> = BTreeMap::new();
    for (key, series) in all {
        match merged.get_mut(&key) {
            None => {
                merged.insert(key, sorted(series));
            }
            Some(known) => {
                known.times = known.times.iter().chain(series.times.iter()).copied().collect();
                known.values.extend(series.values);
                known.logs.extend(series.logs);
                known.logs.sort_unstable();
                if known.identity != series.identity {
                    known.identity = poolscope_formats::counters::Identity::Unknown;
                }
                let joined = std::mem::replace(known, empty_like(known));
                *known = sorted(joined);
            }
        }
    }
    merged
}

fn empty_like(series: &CounterSeries) -> CounterSeries {
    CounterSeries {
        times: Arc::default(),
        values: Vec::new(),
        source: series.source,
        logs: series.logs.clone(),
        identity: series.identity.clone(),
    }
}

fn sorted(mut series: CounterSeries) -> CounterSeries {
    if series.times.windows(2).all(|pair| pair[0] < pair[1]) {
        return series;
    }
    let mut pairs: Vec<_> = series.times.iter().copied().zip(series.values).collect();
    pairs.sort_by_key(|(time, _)| *time);
    pairs.dedup_by_key(|(time, _)| *time);
    let (times, values): (Vec<Time>, Vec<f64>) = pairs.into_iter().unzip();
    (series.times, series.values) = (times.into(), values);
    series
}
