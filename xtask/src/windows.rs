//! `cargo xtask windows`: the Windows program, checked without a Windows machine: clippy and every test for the
//! Windows target, run under Wine, and the same verdict as here on the example, byte for byte.
//!
//! What Wine cannot prove (any real pool reading) is in docs/.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::process::{at_root, capture, cargo, root, run, target_dir};

const TARGET: &str = "x86_64-pc-windows-gnu";

/// Installs what is missing and runs every step.
pub fn run_all(_: &[String]) -> anyhow::Result<()> {
    run(at_root("scripts/windows-toolchain.sh").env("XBUILD_LTO", "1"))?;
    run(win_cargo()?.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    run(win_cargo()?.args(["test", "--workspace"]))?;
    run(win_cargo()?.args(["build", "--release", "--bin", "poolscope"]))?;
    compare_with_wine()
}

/// Runs `diagnose` on the example here and under Wine; the JSON must be the same bytes.
fn compare_with_wine() -> anyhow::Result<()> {
    run(cargo().args(["build", "--release", "--bin", "poolscope"]))?;
    let args = ["diagnose", "examples/even-503", "--json"];
    let here = json_of(at_root(target_dir().join("release/poolscope")).args(args))?;
    let exe = target_dir().join(TARGET).join("release/poolscope.exe");
    let there = json_of(at_root(tool("win-run")?).arg(&exe).args(args))?;
    let same = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    ensure!(here == there, "the JSON differs from byte {same} on ({} and {} bytes)", here.len(), there.len());
    println!("windows: poolscope.exe under Wine gives the same {} bytes of JSON as here", here.len());
    Ok(())
}

fn json_of(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = capture(command)?;
    ensure!(
        output.status.success() && output.stdout.starts_with(b"{"),
        "{} ended with {}: {}",
        crate::process::shown(command),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}

fn win_cargo() -> anyhow::Result<Command> {
    Ok(at_root(tool("win-cargo")?))
}

/// A program that scripts/windows-toolchain.sh left.
fn tool(name: &str) -> anyhow::Result<PathBuf> {
    let folder = match std::env::var_os("POOLSCOPE_WINDOWS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?)
            .join(".cache/poolscope/windows"),
    };
    Ok(root().join(folder).join("bin").join(name))
}
