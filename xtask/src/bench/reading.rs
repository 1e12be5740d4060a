//! How fast `diagnose` reads big evidence, each against a plain tool over the same files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::evidence::{self, Scratch};
use super::measure::{best_of_three, report};
use crate::process::{cargo, run, target_dir};

/// The name under which this program runs the bare csv loop in a process of its own.
pub const CSV_LOOP: &str = "csv-loop";

/// Most memory that `diagnose` may take over a log it only sums up, in bytes.
const HTTPERR_MEMORY_LIMIT_BYTES: u64 = 200_000_000;

/// 1 GB of HTTPERR log, against `grep -c Connections_Refused`.
pub fn httperr(_: &[String]) -> anyhow::Result<()> {
    let scratch = Scratch::new("httperr")?;
    let path = scratch.folder.join("httperr1.log");
    evidence::httperr(&path, 1 << 30)?;
    let poolscope = release_build()?;
    let baseline =
        best_of_three(&|| with_paths("grep", &["-c", "Connections_Refused"], std::slice::from_ref(&path)))?;
    let ours = best_of_three(&|| diagnose(&poolscope, &path))?;
    let peak = ours.peak_bytes;
    ensure!(
        peak <= HTTPERR_MEMORY_LIMIT_BYTES,
        "httperr: peak memory {peak} bytes, over {HTTPERR_MEMORY_LIMIT_BYTES}"
    );
    report("httperr", path.metadata()?.len(), ours, "grep -c", baseline, 3.0)
}

/// A perfmon CSV of 1,100 columns and 20,000 rows, against a bare loop of the csv crate.
pub fn pdh_csv(_: &[String]) -> anyhow::Result<()> {
    let scratch = Scratch::new("pdh-csv")?;
    let path = scratch.folder.join("perfmon.csv");
    evidence::pdh_csv(&path, 1_100, 20_000)?;
    let poolscope = release_build()?;
    let this = std::env::current_exe()?;
    let baseline = best_of_three(&|| with_paths(&this, &["bench", CSV_LOOP], std::slice::from_ref(&path)))?;
    let ours = best_of_three(&|| diagnose(&poolscope, &path))?;
    report("pdh-csv", path.metadata()?.len(), ours, "csv loop", baseline, 2.0)
}

/// 10,000 poolmon snapshots of 1,500 tags, one file each, against `wc -l`.
pub fn poolmon(_: &[String]) -> anyhow::Result<()> {
    let scratch = Scratch::new("poolmon")?;
    let (paths, bytes) = evidence::poolmon(&scratch.folder, 10_000, 1_500)?;
    let poolscope = release_build()?;
    let baseline = best_of_three(&|| with_paths("wc", &["-l"], &paths))?;
    let ours = best_of_three(&|| diagnose(&poolscope, &scratch.folder))?;
    report("poolmon", bytes, ours, "wc -l", baseline, 15.0)
}

/// The bare loop: every record of a CSV file, nothing done with it.
pub fn csv_loop(args: &[String]) -> anyhow::Result<()> {
    let path = args.first().context("which file?")?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record)? {
        cells += record.len();
    }
    println!("{cells}");
    Ok(())
}

pub fn release_build() -> anyhow::Result<PathBuf> {
    run(cargo().args(["build", "--quiet", "--release", "--bin", "poolscope"]))?;
    Ok(target_dir().join("release/poolscope"))
}

fn diagnose(poolscope: &Path, path: &Path) -> Command {
    with_paths(poolscope, &["diagnose", "--json"], &[path.to_path_buf()])
}

fn with_paths(program: impl AsRef<std::ffi::OsStr>, args: &[&str], paths: &[PathBuf]) -> Command {
    let mut command = Command::new(program);
    command.args(args).args(paths);
    command
}
