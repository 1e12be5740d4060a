//! `cargo xtask lab [--hosts N] [--tune] [--json FILE]`: the judge scored on the laboratory's labelled hosts,
//! beside what people and monitoring products do, on the same hosts.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use poolscope_testkit::lab::host::{Scenario, make};
use poolscope_testkit::lab::plan::Plan;
use poolscope_testkit::lab::rng::Rng;
use poolscope_testkit::lab::score::{Score, quantile};
use poolscope_testkit::lab::truth::LabHost;
use rayon::prelude::*;

#[path = "../../crates/poolscope-core/tests/lab/bridge.rs"]
mod bridge;

/// Seeds of the hosts that are scored, and of those used for tuning: never the same.
const SCORED_SEEDS: u64 = 0x5c02_ed00_0000_0000;
const TUNING_SEEDS: u64 = 0x7u64 << 40;

/// Runs the laboratory.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let mut hosts = 2_000usize;
    let mut seeds = SCORED_SEEDS;
    let mut wrong = false;
    let mut only = None;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--hosts" => hosts = rest.next().context("--hosts needs a number")?.parse()?,
            "--tune" => seeds = TUNING_SEEDS,
            "--wrong" => wrong = true,
            "--plan" => only = Some(rest.next().context("--plan needs a number")?.parse::<usize>()?),
            "--show" => {
                let index = rest.next().context("--show needs a host number")?.parse::<usize>()?;
                let view = rest.next().and_then(|count| count.parse().ok());
                return show(seeds, index, view);
            }
            other => bail!("unknown argument {other}"),
        }
    }
    let began = std::time::Instant::now();
    let scores = (0..hosts)
        .into_par_iter()
        .filter(|host| only.is_none_or(|plan| host % 4 == plan))
        .map(|host| one_host(seeds + host as u64, host))
        .reduce(BTreeMap::new, |mut a: BTreeMap<&'static str, Score>, b| {
            for (name, score) in b {
                a.entry(name).or_default().join(score);
            }
            a
        });
    for (name, score) in &scores {
        print_score(name, score);
        if wrong {
            for (seed, what) in &score.wrong {
                println!("    wrong: host {} {what}", seed - seeds);
            }
        }
    }
    println!("{hosts} hosts in {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// The host of this number.
fn host(seed: u64, index: usize) -> (LabHost, Plan, Scenario) {
    let rng = &mut Rng::new(seed, 77);
    let plan = match index % 4 {
        0 => Plan::MINUTES_24H,
        1 | 2 => Plan::HALF_HOURS_48H,
        _ => Plan::mixed(rng),
    };
    let scenario = match rng.unit() {
        u if u < 0.4 => Scenario::Healthy,
        u if u < 0.46 => Scenario::LookAlike,
        u if u < 0.7 => Scenario::OneLeak,
        u if u < 0.77 => Scenario::SeveralLeaks,
        u if u < 0.86 => Scenario::Lockstep,
        u if u < 0.92 => Scenario::Masked,
        _ => Scenario::Untagged,
    };
    (make(seed, plan, scenario), plan, scenario)
}

/// Prints one host's truth and judgement.
fn show(seeds: u64, index: usize, view: Option<usize>) -> anyhow::Result<()> {
    let (mut host, plan, scenario) = host(seeds + index as u64, index);
    if let Some(count) = view {
        host = host.view(&host.spread(count));
    }
    println!("{plan:?} {scenario:?} start {}", host.totals[0].times[0]);
    for leak in &host.leaks {
        let times = leak.tag.map_or(&host.totals[0].times, |tag| &host.tags[tag].times);
        let name = leak.tag.map(|tag| String::from_utf8_lossy(&host.tags[tag].tag).into_owned());
        let onset = leak.onset.map(|onset| (onset - times[0]) as f64 / 3.6e9);
        println!(
            "truth {name:?} {:?} {:?} rate {:.4e} onset {onset:?} enough {} {:?}",
            leak.pool,
            leak.shape,
            leak.rate,
            leak.evidence.suffices(times),
            leak.evidence
        );
    }
    let judged = bridge::judged(&host, false);
    println!("{:?} confidence {:.3} groups {:?}", judged.standing, judged.confidence, judged.groups.len());
    for tag in judged.tags.iter().filter(|tag| {
        let leaks =
            host.leaks.iter().any(|leak| leak.tag.is_some_and(|at| host.tags[at].tag == tag.key.tag.0));
        tag.leaking || leaks || tag.class == poolscope_core::judge::Class::StillRising
    }) {
        let at = host.tags.iter().position(|t| t.tag == tag.key.tag.0);
        let onset = tag.onset.and_then(|o| Some(o.at.hours_since(tag.first?)));
        println!(
            "{} {:?} is {:?}: {:?} leaking {} rate {:.4e} [{:.4e} {:.4e}] onset {onset:?} growth {:.3e} noise {:.3e} now {}",
            tag.key.tag,
            tag.key.pool,
            at.map(|at| host.tags[at].shape),
            tag.class,
            tag.leaking,
            tag.rate_bytes_per_hour.estimate,
            tag.rate_bytes_per_hour.low,
            tag.rate_bytes_per_hour.high,
            tag.growth_bytes,
            tag.noise_bytes,
            tag.outstanding_bytes
        );
        if let Some(at) = at {
            let tag = &host.tags[at];
            let step = (tag.bytes.len() / 32).max(1);
            let shown: Vec<String> =
                tag.bytes.iter().step_by(step).map(|b| format!("{:.0}", *b as f64 / 1e3)).collect();
            println!("    KB {}", shown.join(" "));
        }
    }
    for growth in &judged.growth {
        println!("{growth:?}");
    }
    Ok(())
}

fn one_host(seed: u64, index: usize) -> BTreeMap<&'static str, Score> {
    let (host, plan, _) = host(seed, index);
    let mut out = BTreeMap::new();
    let mut score = |name: &'static str, host: &_, totals_only| {
        let judged = bridge::judged(host, totals_only);
        out.entry(name).or_insert_with(Score::default).count(host, &bridge::answer(host, &judged));
    };
    score(plan.name, &host, false);
    if plan.top.is_none() {
        score("3 snapshots", &host.view(&host.spread(3)), false);
        score("10 snapshots", &host.view(&host.spread(10)), false);
        score("totals only", &host, true);
    }
    out
}

fn print_score(name: &str, s: &Score) {
    let share = |share: poolscope_testkit::lab::score::Share| {
        if share.of == 0 { "-".to_owned() } else { format!("{:.1} % of {}", share.percent(), share.of) }
    };
    println!("{name}");
    println!(
        "  found {} | detected {} | top1 {} top3 {} | accused {} cleared {} | look-alikes {} | claimed {}",
        share(s.found),
        share(s.detected),
        share(s.top1),
        share(s.top3),
        share(s.accused),
        share(s.cleared),
        share(s.look_alikes),
        share(s.claimed)
    );
    println!(
        "  rate error median {:.2} % p90 {:.2} % width {:.2} % covered {} | onset close {} not invented {} | end covered {}",
        100.0 * quantile(&s.rate_errors, 0.5),
        100.0 * quantile(&s.rate_errors, 0.9),
        100.0 * quantile(&s.rate_widths, 0.5),
        share(s.rate_covered),
        share(s.onset_close),
        share(s.onset_not_invented),
        share(s.ends_covered)
    );
    println!(
        "  precision {} | private first {} | untagged said {} blamed {}",
        share(s.precision),
        share(s.private_first),
        share(s.untagged_said),
        share(s.untagged_blamed)
    );
    let shapes: Vec<String> = s
        .shapes
        .iter()
        .filter(|(_, share)| share.yes > 0 || share.of > 0 && share.of < 200)
        .map(|(shape, n)| format!("{} {}/{}", shape.name(), n.yes, n.of))
        .collect();
    println!("  called: {}", shapes.join(", "));
}
