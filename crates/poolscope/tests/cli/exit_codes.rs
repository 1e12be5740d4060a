//! Exit codes are an interface: 0 and 2 always, and the verdict with `--exit-code`.

use crate::stage::{example_file, folder, poolscope, poolscope_in};

#[test]
fn zero_whatever_the_verdict() {
    assert_eq!(poolscope(&["diagnose", "examples/even-503"]).code, 0);
    let one = folder(&[("2009-03-11_1330.log", &example_file("poolmon/2009-03-11_1330.log"))]);
    assert_eq!(poolscope_in(one.path(), &["diagnose", "."]).code, 0);
}

#[test]
fn one_is_a_leak_when_asked() {
    assert_eq!(poolscope(&["diagnose", "--exit-code", "examples/even-503"]).code, 1);
}

#[test]
fn three_is_not_enough_evidence_when_asked() {
    let one = folder(&[("2009-03-11_1330.log", &example_file("poolmon/2009-03-11_1330.log"))]);
    let run = poolscope_in(one.path(), &["diagnose", "--exit-code", "--json", "."]);
    assert_eq!(run.json()["verdict"]["state"], "not_enough_evidence");
    assert_eq!(run.code, 3);
}

#[test]
fn four_is_another_problem_when_asked() {
    let rows: String = (0..60)
        .map(|second| {
            format!(
                "2026-05-01 08:30:{second:02} 10.0.0.7 51234 192.168.1.10 80 HTTP/1.1 GET /a 503 1 AppOffline ShopPool\r\n"
            )
        })
        .collect();
    let log = format!(
        "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-05-01 08:30:00\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n{rows}"
    );
    let one = folder(&[("httperr1.log", log.as_bytes())]);
    let run = poolscope_in(one.path(), &["diagnose", "--exit-code", "--json", "."]);
    assert_eq!(run.json()["verdict"]["state"], "other_problem");
    assert_eq!(run.code, 4);
}

#[test]
fn zero_is_no_leak_seen_when_asked() {
    // Twelve snapshots in which nothing stays: the same listing every half hour.
    let listing = example_file("poolmon/2009-03-09_1230.log");
    let names: Vec<String> =
        (0..12).map(|at| format!("2009-03-09_{:02}{:02}.log", at / 2, at % 2 * 30)).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), listing.as_slice())).collect();
    let quiet = folder(&files);
    let run = poolscope_in(quiet.path(), &["diagnose", "--exit-code", "--json", "."]);
    assert_eq!(run.json()["verdict"]["state"], "no_leak_seen");
    assert_eq!(run.code, 0);
}

#[test]
fn two_is_a_job_that_could_not_be_done() {
    let empty = folder(&[]);
    for args in [
        &["diagnose", "no-such-folder"][..],
        &["diagnose", "."],
        &["diagnose", "--exit-code", "."],
        &["diagnose"],
        &["diagnose", "--no-such-option", "."],
        &["inspect", "no-such-file"],
        &["explain", "PS999"],
    ] {
        let run = poolscope_in(empty.path(), args);
        assert_eq!(run.code, 2, "{args:?}: {run:?}");
        assert!(!run.err.trim().is_empty(), "{args:?} says why on standard error");
        assert!(run.out.is_empty(), "{args:?}: {run:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_a_failure() {
    let run = poolscope(&["diagnose", "examples/even-503", "--output", "no-such-folder/report.html"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("no-such-folder/report.html"), "{}", run.err);
}
