//! Sixty labelled hosts of the laboratory, with the assertions of `cargo xtask lab` loosened only as far as
//! sampling error on so few hosts demands. Seeds apart from those used for tuning.

use poolscope_testkit::lab::host::{Scenario, make};
use poolscope_testkit::lab::plan::Plan;
use poolscope_testkit::lab::score::{Score, quantile};
use rayon::prelude::*;

#[path = "lab/bridge.rs"]
mod bridge;

const SEEDS: u64 = 0x7e57_0000_0000;

fn score(hosts: &[(u64, Plan, Scenario)], snapshots: Option<usize>) -> Score {
    hosts
        .par_iter()
        .map(|&(seed, plan, scenario)| {
            let mut host = make(SEEDS + seed, plan, scenario);
            if let Some(count) = snapshots {
                host = host.view(&host.spread(count));
            }
            let judged = bridge::Inputs::of(&host, false).judge();
            let mut score = Score::default();
            score.count(&host, &bridge::answer(&host, &judged));
            score
        })
        .reduce(Score::default, |mut a, b| {
            a.join(b);
            a
        })
}

fn hosts(plan: Plan, from: u64, healthy: u64, leaking: u64) -> Vec<(u64, Plan, Scenario)> {
    let leaks = [Scenario::OneLeak, Scenario::SeveralLeaks, Scenario::Lockstep, Scenario::Masked];
    let clean = (0..healthy).map(|i| (from + i, plan, Scenario::Healthy));
    clean.chain((0..leaking).map(|i| (from + healthy + i, plan, leaks[i as usize % 4]))).collect()
}

#[test]
fn two_days_at_half_hours() {
    let score = score(&hosts(Plan::HALF_HOURS_48H, 0, 14, 16), None);
    assert!(score.accused.yes <= 1, "{:?}", score.wrong);
    assert!(score.cleared.yes + 1 >= score.cleared.of, "{:?}", score.wrong);
    assert!(score.found.of >= 6 && score.found.yes + 1 >= score.found.of, "{:?}", score.wrong);
    assert!(quantile(&score.rate_errors, 0.5) <= 0.01, "{:?}", score.rate_errors);
    assert!(score.onset_not_invented.yes + 1 >= score.onset_not_invented.of);
}

#[test]
fn a_day_of_minutes() {
    let score = score(&hosts(Plan::MINUTES_24H, 100, 4, 6), None);
    assert_eq!(score.accused.yes, 0, "{:?}", score.wrong);
    assert!(score.found.of >= 2 && score.found.yes == score.found.of, "{:?}", score.wrong);
}

#[test]
fn three_snapshots_never_make_a_leak() {
    let score = score(&hosts(Plan::HALF_HOURS_48H, 200, 4, 16), Some(3));
    assert_eq!(score.claimed.yes, 0);
    assert!(score.top3.yes * 10 >= score.top3.of * 8, "{:?}", score.wrong);
}
