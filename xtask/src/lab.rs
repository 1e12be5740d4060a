//! `cargo xtask lab [--hosts N] [--first HOST] [--tune] [--only VIEW] [--json FILE]`: the judge scored on the
//! laboratory's labelled hosts, beside what people and monitoring products do, on the same hosts. `--tune` takes
//! other seeds, and what was fitted may be fitted on them alone; `--only` scores the views whose names hold VIEW
//! (`watch`: the time to detection only).

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use poolscope_testkit::lab::baseline::BASELINES;
use poolscope_testkit::lab::host::{Scenario, make};
use poolscope_testkit::lab::plan::Plan;
use poolscope_testkit::lab::rng::Rng;
use poolscope_testkit::lab::score::{Answer, Score};
use poolscope_testkit::lab::truth::LabHost;
use rayon::prelude::*;

use detection::{Summary, Watched};

use crate::process::{cargo, run as run_command};

mod detection;
mod owners;
mod table;

#[path = "../../crates/poolscope-core/tests/lab/bridge.rs"]
pub mod bridge;

/// Seeds of the hosts that are scored, and of those used for tuning: never the same.
const SCORED_SEEDS: u64 = 0x5c02_ed01_0000_0000;
const TUNING_SEEDS: u64 = 0x7u64 << 40;

/// Hosts between two that are watched for the time to detection: it costs many judgements, of healthy hosts most.
/// Odd, so that every plan has its turn.
const WATCH_HEALTHY_EVERY: usize = 5;
const WATCH_LEAKS_EVERY: usize = 3;

/// The name under which `--only` watches hosts for the time to detection.
const WATCH: &str = "watch";

/// Snapshots of the views that have few.
const FEW: [usize; 4] = [2, 3, 5, 10];

/// Scores by the name of plan, view and judge, and the watched hosts.
type Scores = (BTreeMap<String, Score>, Vec<Watched>);

/// Runs the laboratory.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        let again = ["run", "--quiet", "--profile", "lab", "-p", "xtask", "--", "lab"];
        return run_command(cargo().args(again).args(args));
    }
    let mut hosts = 2_000usize;
    let mut seeds = SCORED_SEEDS;
    let mut wrong = false;
    let mut json = None;
    let mut first = 0usize;
    let mut only = None;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--hosts" => hosts = rest.next().context("--hosts needs a number")?.parse()?,
            "--first" => first = rest.next().context("--first needs a host number")?.parse()?,
            "--tune" => seeds = TUNING_SEEDS,
            "--wrong" => wrong = true,
            "--only" => only = Some(rest.next().context("--only needs a part of a view's name")?.as_str()),
            "--owners" => {
                let cases = rest.next().context("--owners needs a number of cases")?.parse::<usize>()?;
                owners::print(&owners::score(seeds, cases)?, seeds, wrong);
                return Ok(());
            }
            "--show-owner" => {
                let index = rest.next().context("--show-owner needs a case number")?.parse::<usize>()?;
                return owners::show(seeds, index);
            }
            "--json" => json = Some(rest.next().context("--json needs a file")?),
            "--show" => {
                let index = rest.next().context("--show needs a host number")?.parse::<usize>()?;
                let view = rest.next().and_then(|count| count.parse().ok());
                return show(seeds, index, view);
            }
            other => bail!("unknown argument {other}"),
        }
    }
    let began = std::time::Instant::now();
    let (scores, watched) = (first..first + hosts)
        .into_par_iter()
        .map(|host| one_host(seeds + host as u64, host, only))
        .reduce(Default::default, |mut a: Scores, b| {
            for (name, score) in b.0 {
                a.0.entry(name).or_default().join(score);
            }
            a.1.extend(b.1);
            a
        });
    for (name, score) in &scores {
        table::print(name, score);
        for (seed, what) in score.wrong.iter().filter(|_| wrong && !table::is_baseline(name)) {
            println!("    host {} {what}", seed - seeds);
        }
    }
    table::print_grounds(&scores);
    let detection = Summary::of(&watched);
    let owned = owners::score(seeds, if only.is_none() { hosts / 5 } else { 0 })?;
    if !watched.is_empty() {
        detection.print();
    }
    if only.is_none() {
        owners::print(&owned, seeds, wrong);
    }
    if let Some(file) = json {
        std::fs::write(file, table::json(hosts, seeds == TUNING_SEEDS, &scores, &detection, &owned))?;
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
    let judged = bridge::Inputs::of(&host, false).judge();
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

fn one_host(seed: u64, index: usize, only: Option<&str>) -> Scores {
    let (host, plan, _) = host(seed, index);
    let mut out: Scores = Default::default();
    let count = |out: &mut Scores, name: String, host: &LabHost, answer: &Answer| {
        out.0.entry(name).or_default().count(host, answer);
    };
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    let ours = |out: &mut Scores, name: &str, host: &LabHost, totals_only| {
        let judged = bridge::Inputs::of(host, totals_only).judge();
        count(out, name.to_owned(), host, &bridge::answer(host, &judged));
    };
    let theirs = |out: &mut Scores, name: &str, host: &LabHost| {
        for (baseline, judge) in BASELINES {
            count(out, format!("{name} by {baseline}"), host, &judge(host));
        }
    };
    if wanted(plan.name) {
        ours(&mut out, plan.name, &host, false);
        theirs(&mut out, plan.name, &host);
    }
    if plan.top.is_some() {
        return out;
    }
    for samples in FEW {
        let name = format!("{samples} snapshots");
        if wanted(&name) {
            let view = host.view(&host.spread(samples));
            ours(&mut out, &name, &view, false);
            theirs(&mut out, &name, &view);
        }
    }
    if wanted("totals only") {
        ours(&mut out, "totals only", &host, true);
    }
    if plan.hours == 48.0 && wanted("the last day") {
        let samples = host.totals[0].times.len();
        ours(&mut out, "the last day", &host.view(&(samples - 49..samples).collect::<Vec<_>>()), false);
    }
    let every = if host.leaks.is_empty() { WATCH_HEALTHY_EVERY } else { WATCH_LEAKS_EVERY };
    if index.is_multiple_of(every) && wanted(WATCH) {
        out.1.extend(detection::watch(&host));
    }
    out
}
