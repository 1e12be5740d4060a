//! Small hand-made cases for the tests of rules and verdicts: series and their judgement side by side, so that a
//! rule is tested apart from the statistics.

use poolscope_formats::counters::{CounterId, Identity};
use poolscope_formats::{Coverage, Place, Pool, Tag, Time};

use crate::judge::{
    Class, HostJudgement, Interval, LockstepGroup, LockstepMember, Onset, SeriesKey, Standing, TagJudgement,
};
use crate::model::{
    Case, CaseBuilder, CounterKey, CounterSeries, EventKind, Evidence, EvidenceId, SnapshotFacts, Source,
    TagPoint, TimelineEvent,
};
use crate::rules::{BootJudgement, Finding, Rule, View};

/// The first sample: 2026-05-01 08:00 UTC.
const START: Time = Time(1_777_622_400_000_000);

pub(crate) struct TestCase {
    pub(crate) builder: CaseBuilder,
    tags: Vec<TagJudgement>,
    groups: Vec<LockstepGroup>,
    samples: usize,
    evidence: EvidenceId,
}

/// A tag of the nonpaged pool.
pub(crate) fn key(tag: &[u8; 4]) -> SeriesKey {
    SeriesKey { pool: Pool::Nonpaged, tag: Tag(*tag) }
}

/// So many hours after the first sample.
pub(crate) fn at(hours: f64) -> Time {
    START.plus_hours(hours)
}

impl TestCase {
    /// A case with snapshots every half hour.
    pub(crate) fn new(samples: usize) -> Self {
        let mut builder = CaseBuilder::default();
        let evidence = builder.add_evidence(Evidence {
            path: "made-by-hand".to_owned(),
            kind: None,
            host: None,
            bytes: 0,
            sha256: String::new(),
            coverage: Coverage::default(),
            notes: Vec::new(),
            notes_dropped: 0,
        });
        for sample in 0..samples {
            builder.add_snapshot(SnapshotFacts {
                time: at(sample as f64 / 2.0),
                timed: true,
                evidence,
                line: sample as u64 * 100 + 1,
                rows: 1,
                cut: false,
                pool_nonpaged_bytes: None,
                pool_paged_bytes: None,
                commit_bytes: None,
            });
        }
        Self { builder, tags: Vec::new(), groups: Vec::new(), samples, evidence }
    }

    pub(crate) fn source(&self, line: u64) -> Source {
        Source { evidence: self.evidence, place: Place::Line(line) }
    }

    /// A leak from the first sample on; the first one added is the first suspect.
    pub(crate) fn leaking(&mut self, tag: &[u8; 4], per_hour: f64, bytes_each: u64) -> &mut TagJudgement {
        let counts =
            (0..self.samples).map(|sample| 1_000 + (per_hour * sample as f64 / 2.0) as i64).collect();
        self.series(tag, counts, bytes_each, Class::SteadyLeak)
    }

    /// A tag that does not change.
    pub(crate) fn flat(&mut self, tag: &[u8; 4], count: i64, bytes_each: u64) -> &mut TagJudgement {
        self.series(tag, vec![count; self.samples], bytes_each, Class::StaticBlock)
    }

    /// A tag with these counts, judged so.
    pub(crate) fn series(
        &mut self,
        tag: &[u8; 4],
        counts: Vec<i64>,
        bytes_each: u64,
        class: Class,
    ) -> &mut TagJudgement {
        let key = key(tag);
        for (sample, &count) in counts.iter().enumerate() {
            let bytes = count as u64 * bytes_each;
            let point = TagPoint { snapshot: sample as u32, line: 10, allocs: 0, count, bytes };
            self.builder.add_point(key, point);
        }
        let last = counts.last().copied().unwrap_or(0);
        let hours = (self.samples.max(2) - 1) as f64 / 2.0;
        let grown = (last - counts.first().copied().unwrap_or(0)) as f64;
        let rate = |per_hour: f64| Interval { low: per_hour, estimate: per_hour, high: per_hour };
        self.tags.push(TagJudgement {
            key,
            class,
            leaking: matches!(class, Class::SteadyLeak | Class::AcceleratingLeak | Class::Sawtooth),
            rate_bytes_per_hour: rate(grown / hours * bytes_each as f64),
            rate_count_per_hour: rate(grown / hours),
            recent_bytes_per_hour: None,
            onset: None,
            outstanding_bytes: last as u64 * bytes_each,
            outstanding_count: last,
            exhaustion: None,
            confidence: 0.9,
            share_of_growth: Some(0.9),
            growth_bytes: grown * bytes_each as f64,
            noise_bytes: 0.0,
            samples: counts.len(),
            first: Some(START),
            last: Some(at(hours)),
        });
        let last = self.tags.len() - 1;
        &mut self.tags[last]
    }

    /// The latest tag's growth began then.
    pub(crate) fn onset(&mut self, hours: f64) {
        if let Some(tag) = self.tags.last_mut() {
            let (earliest, latest) = (at(hours - 0.5), at(hours + 0.5));
            tag.onset = Some(Onset { at: at(hours), earliest, latest });
        }
    }

    /// Tags in lock-step with their ratios.
    pub(crate) fn group(&mut self, members: &[(&[u8; 4], f64)]) {
        let members = members.iter().map(|&(tag, ratio)| LockstepMember { key: key(tag), ratio }).collect();
        self.groups.push(LockstepGroup { members, agreement: 0.99 });
    }

    /// A counter at every snapshot, from the hours since the first.
    pub(crate) fn counter(&mut self, counter: CounterId, instance: &str, value: impl Fn(f64) -> f64) {
        let hours = || (0..self.samples).map(|sample| sample as f64 / 2.0);
        let series = CounterSeries {
            times: hours().map(at).collect(),
            values: hours().map(value).collect(),
            source: Source { evidence: self.evidence, place: Place::Whole },
            logs: Vec::new(),
            identity: Identity::Stable,
        };
        self.builder.counters.push((CounterKey { counter, instance: instance.to_owned() }, series));
    }

    /// Something on the time line.
    pub(crate) fn event(&mut self, hours: f64, kind: EventKind, text: &str) {
        let line = self.builder.events.len() as u64 + 1;
        let source = self.source(line);
        self.builder.events.push(TimelineEvent { time: at(hours), kind, text: text.to_owned(), source });
    }

    /// Shows the view to `show`.
    pub(crate) fn with<T>(self, show: impl FnOnce(&View<'_>) -> T) -> T {
        let Self { builder, tags, groups, samples, .. } = self;
        let case: Case = builder.finish();
        let standing = if tags.iter().any(|tag| tag.leaking) {
            Standing::Leak
        } else if samples < 8 {
            Standing::NotEnoughEvidence
        } else {
            Standing::NoLeakSeen
        };
        let at = case.boots.iter().rposition(|boot| boot.from <= START).unwrap_or(0);
        let judgement = HostJudgement {
            standing,
            confidence: 0.9,
            grounds: "",
            tags,
            groups,
            growth: Vec::new(),
            snapshots: samples,
            hours: samples as f64 / 2.0,
        };
        let boots = [BootJudgement { boot: at, from: case.boots[at].from, to: case.boots[at].to, judgement }];
        show(&View { case: &case, boots: &boots, bounds: &[] })
    }

    /// What a rule finds.
    pub(crate) fn check(self, rule: &Rule) -> Vec<Finding> {
        self.with(|view| (rule.check)(view))
    }
}
