//! Evidence of several hosts is never mixed: nothing is judged until `--host` picks one, and what names no host goes
//! with its folder.

use tempfile::TempDir;

use crate::stage::{evidence, example_file, folder, notes, poolscope_in};

/// A typeperf log that names its host.
fn counters(host: &str) -> Vec<u8> {
    let mut text = format!("\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\{host}\\Memory\\Pool Nonpaged Bytes\"\r\n");
    for minute in 0..10 {
        text.push_str(&format!("\"03/11/2009 08:{minute:02}:00.000\",\"{}\"\r\n", 100_000_000 + minute));
    }
    text.into_bytes()
}

/// Two hosts: `a` with a counter log alone, `b` with the snapshots of the example's leak.
fn two_hosts() -> TempDir {
    let mut files = vec![
        ("a/perf.csv".to_owned(), counters("ALPHA")),
        ("b/perf.csv".to_owned(), counters("BETA")),
        ("loose_2009-03-11_1000.log".to_owned(), example_file("poolmon/2009-03-11_1000.log")),
    ];
    for hour in 1..14 {
        let name = format!("2009-03-11_{hour:02}00.log");
        files.push((format!("b/pool/{name}"), example_file(&format!("poolmon/{name}"))));
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, c)| (n.as_str(), c.as_slice())).collect();
    folder(&files)
}

#[test]
fn without_a_host_nothing_is_judged() {
    let case = two_hosts();
    let run = poolscope_in(case.path(), &["diagnose", "--exit-code", "--json", "."]);
    let report = run.json();
    assert_eq!((run.code, &report["verdict"]["state"]), (3, &"not_enough_evidence".into()));
    assert_eq!(report["verdict"]["suspects"].as_array().unwrap().len(), 0, "{}", report["verdict"]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{}", report["findings"]);
    let said = report["verdict"].to_string();
    assert!(said.contains("ALPHA, BETA") && said.contains("--host"), "{said}");
}

#[test]
fn a_snapshot_is_of_the_host_of_its_folder() {
    let case = two_hosts();
    let run = poolscope_in(case.path(), &["diagnose", "--json", "--host", "alpha", "."]);
    let report = run.json();
    assert!(!report["verdict"].to_string().contains("Even"), "{}", report["verdict"]);
    assert!(notes(evidence(&report, "b/pool/2009-03-11_0100.log")).contains("BETA, not ALPHA: left out"));
    assert!(notes(evidence(&report, "loose_2009-03-11_1000.log")).contains("nothing says of which it is"));

    let run =
        poolscope_in(case.path(), &["diagnose", "--exit-code", "--json", "--host", "BETA.example.com", "."]);
    let report = run.json();
    assert_eq!(
        (run.code, &report["verdict"]["suspects"][0]["tag"]),
        (1, &"Even".into()),
        "{}",
        report["verdict"]
    );
    assert!(notes(evidence(&report, "a/perf.csv")).contains("is of host ALPHA, not BETA: left out"));
}

#[test]
fn a_host_that_no_input_names_is_an_error() {
    let case = two_hosts();
    let run = poolscope_in(case.path(), &["diagnose", "--host", "gamma", "."]);
    assert_eq!(
        (run.code, run.err.as_str()),
        (2, "poolscope: no evidence of host GAMMA: it is of ALPHA, BETA\n")
    );
}
