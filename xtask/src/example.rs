//! `cargo xtask example [--check]`: writes examples/even-503 from the generator in poolscope-testkit, or checks
//! that the files committed there are what it writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use poolscope_testkit::incident;

use crate::process::root;

/// Writes or checks the example.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let folder = root().join("examples/even-503");
    match args {
        [] => write(&folder),
        [flag] if flag == "--check" => check(&folder),
        _ => bail!("usage: cargo xtask example [--check]"),
    }
}

/// Writes every file and removes those that no longer belong.
fn write(folder: &Path) -> anyhow::Result<()> {
    let files = incident::files();
    for stale in on_disk(folder)?.keys() {
        if !files.iter().any(|(path, _)| path == stale) {
            fs::remove_file(folder.join(stale)).with_context(|| stale.clone())?;
        }
    }
    let mut bytes = 0;
    for (path, content) in &files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(&file, content).with_context(|| path.clone())?;
        bytes += content.len();
    }
    println!("{}: {} files, {bytes} bytes", folder.display(), files.len());
    Ok(())
}

/// Fails on the first file that differs, is missing or is too many.
fn check(folder: &Path) -> anyhow::Result<()> {
    let mut found = on_disk(folder)?;
    for (path, content) in incident::files() {
        let file =
            found.remove(&path).with_context(|| format!("{path} is missing: run cargo xtask example"))?;
        if fs::read(&file)? != content {
            bail!("{path} is not what the generator writes: run cargo xtask example");
        }
    }
    match found.keys().next() {
        Some(path) => bail!("{path} is not written by the generator: remove it"),
        None => Ok(()),
    }
}

/// The files below a folder, by path with `/`.
fn on_disk(folder: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        if !next.exists() {
            continue;
        }
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
                found.insert(below, path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_example_is_what_the_generator_writes() {
        check(&root().join("examples/even-503")).unwrap();
    }
}
