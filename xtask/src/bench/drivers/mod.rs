//! How fast `drivers` looks through a folder of images for all tags at once, against `grep -rc` for one tag and
//! against `objdump -d`, and that it finds the tags of every single one of them.
//!
//! The folder holds 400 images of 150 MB, a third of it code, and no two alike: the outputs of four
//! compilers for three machines from bulk sources of several shapes, each copy with tags of its own in its
//! code, the compiled test drivers, and some that allocate nothing.

mod folder;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use self::folder::{Folder, IMAGES};
use super::evidence::Scratch;
use super::measure::{Taken, best_of_three, once};
use crate::process::{capture, cargo, run, target_dir};

/// `drivers` may take this many times the time of `grep -rc`.
const GREP_LIMIT: f64 = 15.0;
/// `objdump -d` must take at least this many times the time of `drivers`.
const OBJDUMP_LIMIT: f64 = 50.0;
/// Most memory it may take, in bytes.
const MEMORY_LIMIT_BYTES: u64 = 200_000_000;

/// Measures, prints the ratios, and fails over a limit. With the path of a folder the images are made there and
/// left for a profiler.
pub fn drivers(args: &[String]) -> anyhow::Result<()> {
    let (scratch, kept);
    let place: &Path = match args.first() {
        Some(folder) => {
            kept = PathBuf::from(folder);
            &kept
        }
        None => {
            scratch = Scratch::new("drivers")?;
            &scratch.folder
        }
    };
    let folder = Folder::make(place)?;
    run(cargo().args(["build", "--quiet", "--release", "--bin", "poolscope"]))?;
    let poolscope = target_dir().join("release/poolscope");
    let tags = all_tags_are_found(&poolscope, &folder)?;
    let grep = best_of_three(&|| with(Path::new("grep"), &["-rc", &folder.a_tag], &folder.path))?;
    let ours = best_of_three(&|| with(&poolscope, &["drivers", "--json"], &folder.path))?;
    // Once is enough for what takes a minute.
    let objdump = disassemble(&folder.path)?;
    let (slower, faster) = (ours.seconds / grep.seconds, objdump.seconds / ours.seconds);
    let machines: Vec<String> =
        folder.machines.iter().map(|(machine, count)| format!("{count} {machine}")).collect();
    println!(
        "drivers    {IMAGES} different images ({}), {:.0} MB of which {:.0} MB are compiled, {tags} tags all found and no other: poolscope {:.2} s (peak {:.0} MB), grep -rc {:.3} s, objdump -d {:.1} s",
        machines.join(", "),
        folder.bytes as f64 / 1e6,
        folder.compiled_bytes as f64 / 1e6,
        ours.seconds,
        ours.peak_bytes as f64 / 1e6,
        grep.seconds,
        objdump.seconds,
    );
    println!(
        "           {slower:.1} times grep (limit {GREP_LIMIT:.0}), {faster:.0} times faster than objdump (limit {OBJDUMP_LIMIT:.0})"
    );
    ensure!(slower <= GREP_LIMIT, "{slower:.1} times the time of grep -rc, over {GREP_LIMIT}");
    ensure!(faster >= OBJDUMP_LIMIT, "only {faster:.1} times faster than objdump -d");
    ensure!(ours.peak_bytes <= MEMORY_LIMIT_BYTES, "peak memory {} bytes", ours.peak_bytes);
    Ok(())
}

/// Compares what is found in every image with its truth; the tags there are in all.
fn all_tags_are_found(poolscope: &Path, folder: &Folder) -> anyhow::Result<usize> {
    let output = capture(&mut with(poolscope, &["drivers", "--json"], &folder.path))?;
    let document: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("drivers printed no JSON")?;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for driver in document["drivers"].as_array().context("no drivers")? {
        let path = driver["path"].as_str().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let tags = driver["tags"].as_array().into_iter().flatten();
        found.insert(name, tags.filter_map(|tag| tag["tag"].as_str().map(str::to_owned)).collect());
    }
    let mut wrong = Vec::new();
    for (name, truth) in &folder.truth {
        let found = found.get(name).cloned().unwrap_or_default();
        if found != *truth {
            let missed: Vec<&String> = truth.difference(&found).collect();
            let false_ones: Vec<&String> = found.difference(truth).collect();
            wrong.push(format!("{name}: missed {missed:?}, false {false_ones:?}"));
        }
    }
    ensure!(wrong.is_empty(), "{} images with wrong tags:\n{}", wrong.len(), wrong.join("\n"));
    Ok(folder.truth.values().map(BTreeSet::len).sum())
}

fn with(program: &Path, args: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args).arg(folder);
    command
}

/// One run of `objdump -d` over all images.
fn disassemble(folder: &Path) -> anyhow::Result<Taken> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    // binutils reads no ARM64 images here; LLVM's objdump does.
    let arm64 = |path: &PathBuf| path.to_string_lossy().contains("arm64");
    let (arm64, intel): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(arm64);
    let mut total = Taken { seconds: 0.0, peak_bytes: 0 };
    for (tool, paths) in [("objdump", intel), ("llvm-objdump", arm64)] {
        let mut command = Command::new(tool);
        command.arg("-d").args(&paths);
        let taken = once(&mut command).with_context(|| format!("{tool} is needed"))?;
        total.seconds += taken.seconds;
    }
    Ok(total)
}
