//! How fast `trace` analyses event traces: a plain one of 2 GB and one of 4 GB against `cat | wc -c`, a compressed
//! one by its decompressed bytes a second, and a real one against dissect.etl.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use poolscope_testkit::etl::events::Header;
use poolscope_testkit::etl::{Layout, Packing, Pattern, Scenario, Stacks, Truth, simulate, standard_drivers};

use super::evidence::Scratch;
use super::measure::{best_of_three, report};
use super::reading::release_build;

/// Most memory that `trace` may take with half a million blocks alive.
const MEMORY_LIMIT_BYTES: u64 = 250_000_000;
/// Limit of the ratio to `cat FILE | wc -c`.
const RATIO_LIMIT: f64 = 2.0;

/// Pool events of the trace of about 2 GB.
const EVENTS: u64 = 20_000_000;

/// Everything about traces; `small` as an argument makes them a tenth as large.
pub fn etl(args: &[String]) -> anyhow::Result<()> {
    let scale = if args.iter().any(|arg| arg == "small") { 10 } else { 1 };
    let scratch = Scratch::new("etl")?;
    let poolscope = release_build()?;
    for (name, events) in [("etl-2GB", EVENTS / scale), ("etl-4GB", EVENTS * 2 / scale)] {
        let path = scratch.folder.join(format!("{name}.etl"));
        let truth = make(&path, &scenario(events, None))?;
        let bytes = path.metadata()?.len();
        let baseline = best_of_three(&|| {
            let mut command = Command::new("sh");
            command.arg("-c").arg("cat \"$0\" | wc -c").arg(&path);
            command
        })?;
        let ours = best_of_three(&|| trace(&poolscope, &path))?;
        report(name, bytes, ours, "cat | wc -c", baseline, RATIO_LIMIT)?;
        println!("{:<10} {events} pool events, at most {} blocks alive", "", truth.peak_alive);
        ensure!(
            ours.peak_bytes <= MEMORY_LIMIT_BYTES,
            "{} MB of memory is over the limit of {} MB",
            ours.peak_bytes / 1_000_000,
            MEMORY_LIMIT_BYTES / 1_000_000
        );
        std::fs::remove_file(&path)?;
    }
    packed(&scratch.folder, &poolscope, scale)?;
    against_second_reader(&poolscope)
}

/// A compressed trace, by decompressed bytes a second and core.
fn packed(folder: &Path, poolscope: &Path, scale: u64) -> anyhow::Result<()> {
    let path = folder.join("packed.etl");
    let plain = folder.join("plain.etl");
    let events = EVENTS / 10 / scale;
    make(&plain, &scenario(events, None))?;
    let bytes = plain.metadata()?.len();
    make(&path, &scenario(events, Some(Packing::Xpress)))?;
    let ours = best_of_three(&|| trace(poolscope, &path))?;
    println!(
        "etl-xpress {:>6.2} GB decompressed in {:.2} s: {:.0} MB/s (two threads, analysis included; at least 200 a core)",
        bytes as f64 / 1e9,
        ours.seconds,
        bytes as f64 / 1e6 / ours.seconds
    );
    Ok(())
}

/// The same real file through ours and dissect.etl, where both are there.
fn against_second_reader(poolscope: &Path) -> anyhow::Result<()> {
    let samples = std::env::var_os("POOLSCOPE_SAMPLES")
        .map_or_else(|| PathBuf::from("../shared/samples"), PathBuf::from);
    let file = samples.join("etl").join("net.4.5.2.x64.etl");
    let venv = std::env::var_os("POOLSCOPE_ETL_VENV")
        .map_or_else(|| PathBuf::from("/tmp/poolscope-etl-venv"), PathBuf::from);
    let python = venv.join("bin").join("python");
    let there = Command::new(&python).args(["-c", "import dissect.etl"]).stderr(Stdio::null()).status();
    if !file.is_file() || !there.is_ok_and(|status| status.success()) {
        println!("etl-second skipped: needs {} and dissect.etl in {}", file.display(), venv.display());
        return Ok(());
    }
    let theirs = best_of_three(&|| {
        let mut command = Command::new(&python);
        command.arg("scripts/etl_second_reader.py").arg(&file);
        command
    })?;
    let ours = best_of_three(&|| trace(poolscope, &file))?;
    let ratio = theirs.seconds / ours.seconds;
    println!(
        "etl-second net.4.5.2.x64.etl: poolscope {:.4} s, dissect.etl {:.2} s: {ratio:.0} times as fast (at least 50)",
        ours.seconds, theirs.seconds
    );
    Ok(())
}

fn trace(poolscope: &Path, path: &Path) -> Command {
    let mut command = Command::new(poolscope);
    command.arg("trace").arg("--json").arg(path);
    command
}

fn make(path: &Path, scenario: &Scenario) -> anyhow::Result<Truth> {
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    let (sink, truth) = simulate(scenario, BufWriter::with_capacity(1 << 20, file))?;
    sink.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    Ok(truth)
}

/// Eight processors, stacks half whole and half by key, churn, a large cache and a leak: half a million blocks
/// alive at the end of the trace of 2 GB.
fn scenario(events: u64, packing: Option<Packing>) -> Scenario {
    let mut drivers = standard_drivers();
    for driver in &mut drivers {
        driver.pattern = match driver.pattern {
            Pattern::Churn { .. } => Pattern::Churn { lifetime: 20_000 },
            Pattern::Cache { .. } => Pattern::Cache { blocks: 475_000 },
            Pattern::Leak { .. } => Pattern::Leak { keep_every: events / 1_000_000 * 2 + 2, lifetime: 2_000 },
        };
    }
    Scenario {
        layout: Layout { processors: 8, buffer_bytes: 1 << 20, packing, ..Layout::default() },
        header: Header::System,
        stacks: Stacks::Mixed,
        stacks_of_frees: false,
        user_halves: false,
        image_version: 3,
        images_at_end: true,
        merged: true,
        context_switches: false,
        events,
        depth: 8,
        cached_keys: 4_096,
        orphan_every: 1_000,
        drivers,
        seed: 20_261_123,
    }
}
