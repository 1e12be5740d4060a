//! `poolscope compare`: whether a fix worked, rate against rate.

use std::fmt::Write;

use anyhow::{Result, bail};
use poolscope_core::judge::{Change, Comparison, Interval, Outcome, side_by_side};
use poolscope_core::units::{bytes, hours};

use crate::cli::exit::Exit;
use crate::cli::{CompareArgs, output, progress::Bar};

pub(super) fn run(typed: &CompareArgs) -> Result<Exit> {
    let options = super::options(&typed.reading);
    let judged = |path: &std::path::PathBuf| -> Result<_> {
        let outcome = poolscope::diagnose(std::slice::from_ref(path), &options, &Bar::new())?;
        let hosts: Vec<String> = outcome.case.hosts().into_iter().map(str::to_owned).collect();
        match outcome.main_judgement() {
            Some(judgement) => Ok((judgement.clone(), hosts)),
            None => bail!("{} holds no measurements of the pool over time", path.display()),
        }
    };
    let (before, before_hosts) = judged(&typed.before)?;
    let (after, after_hosts) = judged(&typed.after)?;
    if !before_hosts.is_empty() && !after_hosts.is_empty() && before_hosts != after_hosts {
        bail!("before is of {}, after is of {}", before_hosts.join(", "), after_hosts.join(", "));
    }
    let comparison = side_by_side(before, after);
    let text = if typed.json { json(&comparison)? } else { text(&comparison) };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fixed => "fixed",
        Outcome::Better => "better",
        Outcome::Unchanged => "unchanged",
        Outcome::Worse => "worse",
        Outcome::NothingToFix => "nothing_to_fix",
        Outcome::CannotTell => "cannot_tell",
    }
}

fn change_name(change: Change) -> &'static str {
    match change {
        Change::Stopped => "stopped",
        Change::Slower => "slower",
        Change::Same => "same",
        Change::Faster => "faster",
        Change::New => "new",
        Change::CannotTell => "cannot_tell",
    }
}

fn text(comparison: &Comparison) -> String {
    let mut out = String::new();
    let answer = match comparison.outcome {
        Outcome::Fixed => "FIXED: every leak of before has stopped, and none is new.",
        Outcome::Better => "BETTER, NOT FIXED: some leaks stopped or slowed, others did not.",
        Outcome::Unchanged => "UNCHANGED: the leaks go on as they did.",
        Outcome::Worse => "WORSE: a leak is faster, or new.",
        Outcome::NothingToFix => "NOTHING TO FIX: no leak is seen before, and none after.",
        Outcome::CannotTell => "CANNOT TELL: one side is too thin to say.",
    };
    let _ = writeln!(out, "{answer}");
    for (name, side) in [("before", &comparison.before), ("after", &comparison.after)] {
        let _ = writeln!(out, "  {name:<6}  {} samples over {}", side.snapshots, hours(side.hours));
    }
    let mut row = |what: String, change: Change, before, after| {
        let change = change_name(change).replace('_', " ");
        let (before, after) = (shown(before), shown(after));
        let _ = writeln!(out, "  {what}: {change}; {before} an hour before, {after} after (90 % intervals)");
    };
    for tag in &comparison.tags {
        row(format!("{} ({})", tag.key.tag, tag.key.pool), tag.change, tag.before, tag.after);
    }
    for pool in &comparison.pools {
        row(format!("{} pool as a whole", pool.pool), pool.change, pool.before, pool.after);
    }
    let _ = writeln!(out, "It is not asked whether the workload was the same on both sides.");
    out
}

fn shown(rate: Option<Interval>) -> String {
    rate.map_or("not seen".to_owned(), |r| {
        format!("{} ({} to {})", bytes(r.estimate), bytes(r.low), bytes(r.high))
    })
}

fn json(comparison: &Comparison) -> Result<String> {
    let rate = |rate: Option<Interval>| {
        rate.map(|r| serde_json::json!({"low": r.low, "estimate": r.estimate, "high": r.high}))
    };
    let row = |mut of: serde_json::Value, change: Change, before, after| {
        of["change"] = change_name(change).into();
        of["before_bytes_per_hour"] = rate(before).into();
        of["after_bytes_per_hour"] = rate(after).into();
        of
    };
    let tags = comparison.tags.iter().map(|tag| {
        let of = serde_json::json!({"tag": tag.key.tag.to_string(), "pool": tag.key.pool.name()});
        row(of, tag.change, tag.before, tag.after)
    });
    let pools = comparison.pools.iter().map(|pool| {
        let of = serde_json::json!({"pool": pool.pool.name()});
        row(of, pool.change, pool.before, pool.after)
    });
    let report = serde_json::json!({
        "schema": "poolscope/compare/1",
        "outcome": outcome_name(comparison.outcome),
        "tags": tags.collect::<Vec<_>>(),
        "pools": pools.collect::<Vec<_>>(),
    });
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
