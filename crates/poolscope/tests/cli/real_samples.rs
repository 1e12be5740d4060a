//! Real files that nobody in this project made, where they stand beside the checkout: every one is named, the
//! counts are those of a second reader, and no leak is claimed.

use std::path::PathBuf;

use crate::stage::{evidence, poolscope, root};

/// The folder of real samples; `None`, said in one line, where it is not there.
fn samples() -> Option<PathBuf> {
    let folder =
        std::env::var_os("POOLSCOPE_SAMPLES").map_or_else(|| root().join("../shared/samples"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no real samples at {}", folder.display());
    None
}

#[test]
fn real_files_are_named_and_no_leak_is_claimed() {
    let Some(folder) = samples() else { return };
    let run = poolscope(&["diagnose", "--json", &folder.to_string_lossy()]);
    assert_eq!(run.code, 0, "{}", run.err);
    run.assert_memory();
    let report = run.json();
    assert_ne!(report["verdict"]["state"], "leak");

    let text = std::fs::read_to_string(folder.join("httperr/plaso-httperr.log")).unwrap();
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count() as u64;
    let httperr = evidence(&report, "plaso-httperr.log");
    assert_eq!((httperr["records"].as_u64(), httperr["bad_records"].as_u64()), (Some(rows), Some(0)));

    for entry in report["evidence"].as_array().unwrap() {
        let told = entry["kind"] != "unknown" || !entry["notes"].as_array().unwrap().is_empty();
        assert!(told, "nothing is said of {entry:#}");
    }
}
