//! `cargo xtask tidy`: the rules of this repository that neither rustc nor clippy can check. Also a test, so
//! `cargo test` fails where this fails.
//!
//! It reads text and manifests only; it does not judge whether a comment is true.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::process::root;

/// Lines a source file may have. A file over it does more than one job; split it by job.
const MAX_LINES: usize = 450;

/// Files that are one table of definitions and may be longer.
const DEFINITION_TABLES: &[&str] = &[];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "shared"];

/// Hosts of package registries, in two halves so that this file does not name them either.
const REGISTRY_HOSTS: &[(&str, &str)] = &[
    ("crates", ".io"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("npmjs", ".org"),
    ("npmjs", ".com"),
    ("deb.debian", ".org"),
    ("static.rust-lang", ".org"),
    ("proxy.golang", ".org"),
];

/// Which of our crates each crate may depend on, outside of its tests.
const ARROWS: &[(&str, &[&str])] = &[
    ("poolscope-formats", &[]),
    ("poolscope-core", &["poolscope-formats"]),
    ("poolscope-report", &["poolscope-core"]),
    ("poolscope-store", &["poolscope-core", "poolscope-formats"]),
    ("poolscope-live", &["poolscope-formats"]),
    (
        "poolscope",
        &["poolscope-core", "poolscope-formats", "poolscope-live", "poolscope-report", "poolscope-store"],
    ),
    ("poolscope-testkit", &[]),
];

/// Crates that touch nothing outside their arguments, and what that forbids in their sources.
const PURE_CRATES: &[&str] = &["poolscope-formats", "poolscope-core", "poolscope-report"];
const IMPURE_WORDS: &[&str] = &[
    "std::fs",
    "fs::read",
    "File::open",
    "std::env",
    "std::net",
    "std::process",
    "SystemTime::now",
    "Instant::now",
];

/// Checks the whole repository.
pub fn run(_: &[String]) -> anyhow::Result<()> {
    let problems = check_repository(&root())?;
    if problems.is_empty() {
        println!("tidy: nothing to say");
        return Ok(());
    }
    for problem in &problems {
        println!("{problem}");
    }
    bail!("{} problem(s)", problems.len());
}

/// Every problem in the repository, in path order.
fn check_repository(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    list_files(root, root, &mut files)?;
    files.sort();
    let mut problems = Vec::new();
    for file in files {
        let path = file.to_string_lossy().replace('\\', "/");
        let bytes = fs::read(root.join(&file)).with_context(|| path.clone())?;
        check_file(&path, &String::from_utf8_lossy(&bytes), &mut problems);
    }
    Ok(problems)
}

/// Lists the files that belong to the repository, relative to its root.
fn list_files(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let hidden = name.starts_with('.') && !matches!(name.as_str(), ".ci" | ".cargo");
            if !hidden && !matches!(name.as_str(), "target" | "corpus" | "artifacts") {
                list_files(root, &entry.path(), files)?;
            }
        } else if entry.file_type()?.is_file() {
            files.push(entry.path().strip_prefix(root)?.to_path_buf());
        }
    }
    Ok(())
}

/// The rules over one file.
fn check_file(path: &str, text: &str, problems: &mut Vec<String>) {
    let mut say = |line: usize, what: String| problems.push(format!("{path}:{line}: {what}"));
    if let Some(part) =
        path.split('/').find(|part| EMPTY_NAMES.contains(&part.split('.').next().unwrap_or(part)))
    {
        say(1, format!("`{part}` does not name a job"));
    }
    if !path.ends_with("Cargo.lock") {
        for (line, content) in numbered(text) {
            for (left, right) in REGISTRY_HOSTS {
                if content.contains(&format!("{left}{right}")) {
                    say(line, "names a package registry's host".to_owned());
                }
            }
        }
    }
    if path.ends_with(".rs") {
        check_source(path, text, &mut say);
    }
    if let Some(name) = path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml")) {
        check_manifest(name, text, &mut say);
    }
}

/// The rules over one Rust source.
fn check_source(path: &str, text: &str, say: &mut dyn FnMut(usize, String)) {
    if !text.starts_with("//! ") {
        say(1, "no `//!` head comment saying what the file does and does not do".to_owned());
    }
    let lines = text.lines().count();
    if lines > MAX_LINES && !DEFINITION_TABLES.contains(&path) {
        say(lines, format!("{lines} lines, over {MAX_LINES}: split it by job"));
    }
    let name = path.split('/').nth(1).unwrap_or("");
    let pure = PURE_CRATES.contains(&name) && path.contains("/src/");
    let mut before = "";
    for (line, content) in numbered(text) {
        let code = content.split("//").next().unwrap_or("");
        let reasoned =
            content.contains("reason =") || content.contains("// ") || before.trim_start().starts_with("// ");
        if code.trim_start().starts_with("#[allow(") && !reasoned {
            say(line, "an allow without its reason beside it".to_owned());
        }
        if ["unsafe {", "unsafe fn", "unsafe impl"].iter().any(|word| code.contains(word))
            && name != "poolscope-live"
            && !path.starts_with("xtask/src/tidy")
        {
            say(line, "unsafe outside of poolscope-live".to_owned());
        }
        if pure && let Some(word) = IMPURE_WORDS.iter().find(|word| code.contains(**word)) {
            say(line, format!("`{word}` in a crate that touches nothing outside its arguments"));
        }
        before = content;
    }
}

/// The rules over the manifest of one of our crates.
fn check_manifest(name: &str, text: &str, say: &mut dyn FnMut(usize, String)) {
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
        say(1, format!("crate {name} has no row in tidy's arrows"));
        return;
    };
    let mut section = "";
    let mut lints = false;
    for (line, content) in numbered(text) {
        if content.starts_with('[') {
            section = content.trim();
        }
        lints |= section == "[lints]" && content.trim() == "workspace = true";
        let key = content.split(['.', '=', ' ']).next().unwrap_or("");
        let ships = section.ends_with("dependencies]") && !section.contains("dev-dependencies");
        if ships && key.starts_with("poolscope") && !allowed.contains(&key) {
            say(line, format!("{name} must not depend on {key}"));
        }
    }
    if !lints && name != "poolscope-live" {
        say(1, "does not take the workspace's lints".to_owned());
    }
}

/// Lines with their 1-based numbers.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let problems = check_repository(&root()).unwrap();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    fn problems(path: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        check_file(path, text, &mut found);
        found
    }

    #[test]
    fn each_rule_bites() {
        let long = format!("//! Long.\n{}", "\n".repeat(MAX_LINES));
        let host = format!("# see https://{}{}/x", "crates", ".io");
        for (path, text, expected) in [
            ("crates/poolscope/src/utils.rs", "//! x", "does not name a job"),
            ("crates/poolscope/src/misc/a.rs", "//! x", "does not name a job"),
            ("README.md", host.as_str(), "registry"),
            ("crates/poolscope/src/a.rs", "use x;", "head comment"),
            ("crates/poolscope/src/a.rs", long.as_str(), "split it by job"),
            ("crates/poolscope-core/src/a.rs", "//! x\nlet a = std::fs::read(b);", "touches nothing"),
            ("crates/poolscope/src/a.rs", "//! x\n#[allow(dead_code)]\nfn a() {}", "without its reason"),
            ("crates/poolscope/src/a.rs", "//! x\nunsafe { a() }", "unsafe"),
            (
                "crates/poolscope-formats/Cargo.toml",
                "[dependencies]\npoolscope-core.workspace = true\n[lints]\nworkspace = true",
                "must not depend",
            ),
            ("crates/poolscope-report/Cargo.toml", "[dependencies]\n", "lints"),
            ("crates/poolscope-new/Cargo.toml", "", "no row"),
        ] {
            let found = problems(path, text);
            assert_eq!(found.len(), 1, "{path}: {found:?}");
            assert!(found[0].contains(expected), "{path}: {found:?}");
        }
    }

    #[test]
    fn clean_files_pass() {
        assert!(
            problems("crates/poolscope/src/a.rs", "//! Reads.\n// because\n#[allow(x)]\nfn a() {}")
                .is_empty()
        );
        let manifest = "[dependencies]\npoolscope-formats.workspace = true\n[lints]\nworkspace = true\n[dev-dependencies]\npoolscope-testkit.workspace = true";
        assert!(problems("crates/poolscope-core/Cargo.toml", manifest).is_empty());
    }
}
