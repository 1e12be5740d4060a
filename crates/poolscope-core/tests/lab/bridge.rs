//! Carries laboratory hosts to the judge and its judgement back to the score. Shared by the core's tests and
//! `cargo xtask lab`; the laboratory itself depends on none of our crates.

use std::collections::BTreeMap;

use poolscope_core::judge::{
    HostInput, HostJudgement, PoolBound, SeriesInput, SeriesKey, Standing, TotalInput, judge,
};
use poolscope_formats::{Pool, Tag, Time};
use poolscope_testkit::lab::score::{Answer, Said, Suspect};
use poolscope_testkit::lab::truth::{LabHost, LabPool};

fn pool(pool: LabPool) -> Pool {
    match pool {
        LabPool::Nonpaged => Pool::Nonpaged,
        LabPool::Paged => Pool::Paged,
    }
}

fn lab_pool(pool: Pool) -> LabPool {
    match pool {
        Pool::Nonpaged => LabPool::Nonpaged,
        Pool::Paged => LabPool::Paged,
    }
}

/// A laboratory host in the judge's types; its series borrow from the host.
pub struct Inputs<'a> {
    host: &'a LabHost,
    totals_only: bool,
    /// Almost all tags share one list of times; each list is converted once, under its address.
    times: BTreeMap<usize, Vec<Time>>,
    bounds: Vec<PoolBound>,
}

impl<'a> Inputs<'a> {
    /// The host's inputs; without its tags where `totals_only`.
    pub fn of(host: &'a LabHost, totals_only: bool) -> Self {
        let mut times: BTreeMap<usize, Vec<Time>> = BTreeMap::new();
        for list in host.tags.iter().map(|tag| &tag.times).chain(host.totals.iter().map(|total| &total.times))
        {
            times.entry(address(list)).or_insert_with(|| list.iter().map(|&t| Time(t)).collect());
        }
        let bounds = host.totals.iter().map(|t| PoolBound { pool: pool(t.pool), bytes: t.bound }).collect();
        Self { host, totals_only, times, bounds }
    }

    /// Judges the host.
    pub fn judge(&self) -> HostJudgement {
        let host = self.host;
        let series: Vec<SeriesInput<'_>> = host
            .tags
            .iter()
            .filter(|tag| !self.totals_only && !tag.times.is_empty())
            .map(|tag| SeriesInput {
                key: SeriesKey { pool: pool(tag.pool), tag: Tag(tag.tag) },
                times: &self.times[&address(&tag.times)],
                outstanding_bytes: &tag.bytes,
                outstanding_count: &tag.counts,
            })
            .collect();
        let totals: Vec<TotalInput<'_>> = host
            .totals
            .iter()
            .map(|t| TotalInput {
                pool: pool(t.pool),
                times: &self.times[&address(&t.times)],
                bytes: &t.bytes,
            })
            .collect();
        judge(&HostInput { series: &series, totals: &totals, bounds: &self.bounds, cut_listings: host.cut })
    }
}

fn address(list: &std::sync::Arc<Vec<i64>>) -> usize {
    std::sync::Arc::as_ptr(list) as usize
}

/// A judgement as the score reads it.
pub fn answer(host: &LabHost, judged: &HostJudgement) -> Answer {
    let index: BTreeMap<([u8; 4], LabPool), usize> =
        host.tags.iter().enumerate().map(|(at, tag)| ((tag.tag, tag.pool), at)).collect();
    let suspects = judged
        .tags
        .iter()
        .enumerate()
        .filter(|(place, tag)| tag.leaking || *place < 3)
        .filter_map(|(_, tag)| {
            let rate = tag.rate_bytes_per_hour;
            Some(Suspect {
                tag: *index.get(&(tag.key.tag.0, lab_pool(tag.key.pool)))?,
                leaking: tag.leaking,
                rate: [rate.low, rate.estimate, rate.high],
                onset: tag.onset.map(|onset| onset.at.0),
                class: "",
            })
        })
        .collect();
    Answer {
        said: match judged.standing {
            Standing::Leak => Said::Leak,
            Standing::NoLeakSeen => Said::NoLeak,
            Standing::NotEnoughEvidence => Said::Unsure,
        },
        confidence: judged.confidence,
        grounds: judged.grounds,
        totals_only: judged.tags.is_empty(),
        suspects,
        untagged: judged.growth.iter().filter(|g| g.untagged_leak).map(|g| lab_pool(g.pool)).collect(),
        ends: judged
            .growth
            .iter()
            .filter_map(|g| {
                let ends = g.exhaustion?;
                Some((lab_pool(g.pool), [ends.earliest.0, ends.estimate.0, ends.latest.0]))
            })
            .collect(),
    }
}
