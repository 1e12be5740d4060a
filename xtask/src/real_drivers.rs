//! `cargo xtask real-drivers`: reads real driver images from package registries and checks what is known of them.
//!
//! WinDivert comes out of the PyPI package pydivert: it allocates with `WDiv` and nothing else (the framework's
//! default tag apart). The built-in drivers of Debian's libwine own no tag. What cannot be fetched is told in a
//! line and skipped; this chore is not part of `cargo test`, which needs no network.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::process::{capture, cargo, run, target_dir};

/// Fetches, reads, checks.
pub fn check(_: &[String]) -> anyhow::Result<()> {
    run(cargo().args(["build", "--quiet", "--release", "--bin", "poolscope"]))?;
    let folder = std::env::temp_dir().join(format!("poolscope-real-drivers-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = check_in(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn check_in(folder: &Path) -> anyhow::Result<()> {
    let divert = folder.join("pydivert");
    std::fs::create_dir_all(&divert)?;
    let pip = [
        "-m",
        "pip",
        "download",
        "pydivert",
        "--no-deps",
        "--platform",
        "win_amd64",
        "--only-binary=:all:",
        "-q",
        "-d",
    ];
    if works(Command::new("python3").args(pip).arg(&divert)) {
        let wheel = first(&divert, "whl").context("pip left no wheel")?;
        run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&divert))?;
        std::fs::remove_file(&wheel)?;
        let found = owned(&divert)?;
        ensure!(
            found.iter().map(String::as_str).eq(["WDiv"]),
            "WinDivert: expected WDiv only, found {found:?}"
        );
        println!("WinDivert (pydivert): WDiv only, as it should be");
    } else {
        println!("skipped: pydivert could not be fetched");
    }
    let wine = folder.join("wine");
    std::fs::create_dir_all(&wine)?;
    if works(Command::new("apt-get").args(["-qq", "download", "libwine"]).current_dir(&wine)) {
        let package = first(&wine, "deb").context("apt left no package")?;
        run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&wine))?;
        std::fs::remove_file(&package)?;
        let found = owned(&wine.join("usr/lib"))?;
        ensure!(found.is_empty(), "libwine: expected no tag, found {found:?}");
        println!("built-in drivers of libwine: no tag, as it should be");
    } else {
        println!("skipped: libwine could not be fetched");
    }
    Ok(())
}

/// Runs silently; false when it cannot be started or fails.
fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn first(folder: &Path, extension: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|path| path.extension().is_some_and(|known| known == extension))
}

/// The tags that drivers below a folder own, by the three grades that name an owner.
fn owned(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let poolscope = target_dir().join("release/poolscope");
    let output = capture(Command::new(poolscope).args(["drivers", "--json"]).arg(folder))?;
    let text = String::from_utf8(output.stdout)?;
    let document: serde_json::Value = serde_json::from_str(&text).context("drivers printed no JSON")?;
    let drivers = document["drivers"].as_array().context("no drivers")?;
    let rows = drivers.iter().flat_map(|driver| driver["tags"].as_array().into_iter().flatten());
    let owning = |grade: &str| matches!(grade, "passed" | "wrapper" | "parameter");
    Ok(rows
        .filter(|row| row["grade"].as_str().is_some_and(owning))
        .filter_map(|row| row["tag"].as_str().map(str::to_owned))
        .collect())
}
