//! PS021: a workload moves in step with the growth of a tag.

use poolscope_formats::Time;
use poolscope_formats::counters::CounterId;

use super::{BootJudgement, Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::judge::TagJudgement;
use crate::model::CounterSeries;

/// Counters that measure work, each with how a person calls it.
const WORK: [(CounterId, &str); 4] = [
    (CounterId::ProcessIoOtherOperations, "other I/O operations a second"),
    (CounterId::TcpConnectionsEstablished, "established TCP connections"),
    (CounterId::WebCurrentConnections, "connections to the web site"),
    (CounterId::HttpQueueCurrentSize, "requests waiting in the queue"),
];

/// Rank correlation from which on two series are said to move together.
const IN_STEP: f64 = 0.7;

/// Intervals needed: with twelve, a rank correlation of 0.7 has a chance of about one in a hundred.
const MIN_INTERVALS: usize = 12;

/// Workloads told for one tag.
const MOST_WORKLOADS: usize = 3;

/// Suspects looked at.
const MOST_TAGS: usize = 3;

pub(super) const RULE: Rule = Rule {
    code: "PS021",
    name: "workload-in-step",
    doc: "# PS021 workload-in-step

## What it does
Ranks, for the first suspects, how much each interval between snapshots added to the tag against how much work was
done in it: other I/O operations of each process, TCP connections, connections and queues of web sites. It reports
rank correlations (Spearman) of 0.7 or more over at least twelve intervals.

## Why it matters
The workload in step names the trigger. The trigger is not always the culprit: a backup program can drive a leak of a
filter driver. Stopping the trigger still stops the growth, which proves the link and buys time.

## Source
Reference field-lessons.md 3 (rule 7) and 4 (case 29: a file system was blamed for a capture driver). The thresholds
are ours.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let tags = view.suspects().into_iter().filter(|tag| tag.leaking).take(MOST_TAGS);
    tags.flat_map(|tag| of_tag(view, boot, tag)).collect()
}

fn of_tag(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Vec<Finding> {
    let Some(series) = view.case.tags.get(&tag.key) else { return Vec::new() };
    let range = series.range(boot.from, boot.to);
    let (Some(times), Some(counts)) = (series.times.get(range.clone()), series.counts.get(range)) else {
        return Vec::new();
    };
    let mut found: Vec<(f64, usize, String, Finding)> = Vec::new();
    for (key, work) in &view.case.counters {
        let Some((_, what)) = WORK.iter().find(|(counter, _)| *counter == key.counter) else { continue };
        if matches!(key.instance.to_lowercase().as_str(), "_total" | "idle") {
            continue;
        }
        let pairs = intervals(times, counts, work);
        if pairs.len() < MIN_INTERVALS {
            continue;
        }
        let Some(correlation) = rank_correlation(&pairs).filter(|&r| r >= IN_STEP) else { continue };
        let of = if key.instance.is_empty() { String::new() } else { format!(" of {}", key.instance) };
        let subject = match key.counter {
            CounterId::ProcessIoOtherOperations => Subject::Process(key.instance.clone()),
            _ => Subject::Host,
        };
        let mut sources = view.end_sources(tag.key, boot);
        sources.push(work.source);
        let finding = Finding {
            code: RULE.code,
            title: format!(
                "{} grows fastest when {what}{of} are highest (rank correlation {correlation:.2} over {} \
                 intervals): a trigger, not necessarily the culprit",
                label(tag.key.tag, tag.key.pool),
                pairs.len()
            ),
            subject,
            numbers: vec![
                number("rank_correlation", correlation, "correlation"),
                number("intervals", pairs.len() as f64, "count"),
            ],
            sources,
            strength: Strength::Suggests,
        };
        found.push((correlation, pairs.len(), key.instance.clone(), finding));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    found.into_iter().take(MOST_WORKLOADS).map(|(.., finding)| finding).collect()
}

/// For each interval between snapshots: what it added an hour, and the mean of the work in it.
fn intervals(times: &[Time], counts: &[i64], work: &CounterSeries) -> Vec<(f64, f64)> {
    times
        .windows(2)
        .zip(counts.windows(2))
        .filter_map(|(time, count)| {
            let ([from, to], [before, after]) = (time, count) else { return None };
            let span = to.hours_since(*from);
            let range = work.range(*from, *to);
            let values = work.values.get(range)?;
            (span > 0.0 && !values.is_empty()).then(|| {
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                ((after - before) as f64 / span, mean)
            })
        })
        .collect()
}

/// Spearman's rank correlation; `None` where one side does not vary.
fn rank_correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let first = ranks(pairs.iter().map(|pair| pair.0).collect());
    let second = ranks(pairs.iter().map(|pair| pair.1).collect());
    let mean = (pairs.len() as f64 + 1.0) / 2.0;
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for (a, b) in first.iter().zip(&second) {
        both += (a - mean) * (b - mean);
        one += (a - mean).powi(2);
        other += (b - mean).powi(2);
    }
    (one > 0.0 && other > 0.0).then(|| both / (one * other).sqrt())
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: Vec<f64>) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = values.into_iter().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ranks = vec![0.0; order.len()];
    let mut before = 0;
    for run in order.chunk_by(|a, b| a.1 == b.1) {
        let rank = before as f64 + (run.len() as f64 + 1.0) / 2.0;
        for &(at, _) in run {
            if let Some(slot) = ranks.get_mut(at) {
                *slot = rank;
            }
        }
        before += run.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::rank_correlation;
    use crate::judge::Class;
    use crate::model::CounterId;
    use crate::testcase::TestCase;

    #[test]
    fn the_process_that_works_when_the_tag_grows() {
        let mut case = TestCase::new(48);
        let mut total = 0;
        let counts = (0..48i64)
            .map(|sample| {
                total += (sample * 37) % 11 * 100;
                total
            })
            .collect();
        case.series(b"NtFC", counts, 144, Class::SteadyLeak);
        // The counter of an interval stands at its begin; the growth shows at the next snapshot.
        case.counter(CounterId::ProcessIoOtherOperations, "backup", |hour| {
            let next = (hour * 2.0) as i64 + 1;
            ((next * 37) % 11) as f64 * 5.0 + 1.0
        });
        case.counter(CounterId::ProcessIoOtherOperations, "explorer", |hour| (hour * 7.0) % 5.0);
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.contains("of backup"), "{}", found[0].title);
    }

    #[test]
    fn ranks_with_ties() {
        let r = rank_correlation(&[(1.0, 10.0), (2.0, 20.0), (2.0, 20.0), (3.0, 30.0)]).unwrap();
        assert!((r - 1.0).abs() < 1e-12);
        assert_eq!(rank_correlation(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }
}
