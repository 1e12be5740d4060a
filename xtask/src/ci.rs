//! `cargo xtask ci [LANE...]`: everything CI checks, lane by lane, with the time each took.
//!
//! A failing lane does not stop the others; the run fails if any did.

use std::time::Instant;

use anyhow::{bail, ensure};

use crate::process::{at_root, capture, cargo, run, target_dir};
use crate::{fuzz, readme_run, tidy, windows};

/// One lane.
struct Lane {
    name: &'static str,
    run: fn() -> anyhow::Result<()>,
}

/// Every lane; the README's own command comes first.
const LANES: &[Lane] = &[
    Lane { name: "test", run: || run(cargo().arg("test")) },
    Lane { name: "example", run: readme_run::run_example },
    Lane { name: "fmt", run: || run(cargo().args(["fmt", "--all", "--check"])) },
    Lane {
        name: "clippy",
        run: || run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    },
    Lane { name: "tidy", run: || tidy::run(&[]) },
    Lane {
        name: "docs",
        run: || run(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings")),
    },
    Lane { name: "deny", run: deny },
    Lane { name: "fuzz", run: || fuzz::build_all(&[]) },
    Lane { name: "windows", run: || windows::run_all(&[]) },
];

/// Runs the lanes named, or all.
pub fn run_lanes(args: &[String]) -> anyhow::Result<()> {
    for name in args {
        ensure!(LANES.iter().any(|lane| lane.name == name), "no lane `{name}`");
    }
    let mut summary = Vec::new();
    let begun = Instant::now();
    for lane in LANES.iter().filter(|lane| args.is_empty() || args.iter().any(|name| name == lane.name)) {
        println!("\n===== lane {}", lane.name);
        let lane_begun = Instant::now();
        let result = (lane.run)();
        let seconds = lane_begun.elapsed().as_secs();
        if let Err(error) = &result {
            println!("lane {} failed: {error:#}", lane.name);
        }
        summary.push((lane.name, result.is_ok(), seconds));
    }
    println!("\n===== summary ({} s, built into {})", begun.elapsed().as_secs(), target_dir().display());
    for (name, ok, seconds) in &summary {
        println!("  {name:<10} {:<6} {seconds:>5} s", if *ok { "ok" } else { "FAILED" });
    }
    let failed: Vec<_> = summary.iter().filter(|(_, ok, _)| !ok).map(|(name, _, _)| *name).collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Licences, sources and bans; advisories need a database that CI cannot fetch.
fn deny() -> anyhow::Result<()> {
    if !capture(at_root("cargo-deny").arg("--version")).is_ok_and(|output| output.status.success()) {
        println!("skipped: cargo-deny is not installed here (cargo install cargo-deny)");
        return Ok(());
    }
    run(cargo().args(["deny", "--offline", "check", "licenses", "bans", "sources"]))
}
