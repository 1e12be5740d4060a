//! `cargo xtask example [--check]`: writes the folders of examples/ from the generators in poolscope-testkit, or
//! checks that the files committed there are what they write.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use poolscope_testkit::incident;
use poolscope_testkit::stories::STORIES;

use crate::process::root;

/// What writes an example: its files by path.
type Files = fn() -> Vec<(String, Vec<u8>)>;

/// Every example: folder name and generator.
fn examples() -> impl Iterator<Item = (&'static str, Files)> {
    let stories = STORIES.iter().map(|story| (story.name, story.files));
    std::iter::once(("even-503", incident::files as Files)).chain(stories)
}

/// Writes or checks the examples.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let act = match args {
        [] => write,
        [flag] if flag == "--check" => check,
        _ => bail!("usage: cargo xtask example [--check]"),
    };
    examples().try_for_each(|(name, files)| act(&root().join("examples").join(name), files()))
}

/// Writes every file and removes those that no longer belong.
fn write(folder: &Path, files: Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
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
fn check(folder: &Path, files: Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
    let mut found = on_disk(folder)?;
    for (path, content) in files {
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
    fn the_committed_examples_are_what_the_generators_write() {
        run(&["--check".to_owned()]).unwrap();
    }
}
