//! The example that ships: the answer against the generator's truth by number, and the JSON against its schema.

use std::fs;

use poolscope_testkit::incident;
use serde_json::Value;

use crate::stage::{evidence, poolscope, root};

fn report() -> Value {
    poolscope(&["diagnose", "--json", "examples/even-503"]).json()
}

#[test]
fn the_leak_is_found_with_its_rate_its_size_and_its_end() {
    let report = report();
    let truth = incident::truth();
    assert_eq!(report["verdict"]["state"], "leak");
    let suspect = &report["verdict"]["suspects"][0];
    assert_eq!((suspect["tag"].as_str(), suspect["pool"].as_str()), (Some(truth.tag), Some("nonpaged")));
    let rate = suspect["rate_bytes_per_hour"]["estimate"].as_f64().unwrap();
    assert!((rate / truth.bytes_per_hour - 1.0).abs() < 0.05, "{rate} against {}", truth.bytes_per_hour);
    assert_eq!(suspect["outstanding_bytes"].as_u64(), Some(truth.outstanding_bytes));
    assert_eq!(suspect["exhaustion"]["bound"]["bytes"].as_u64(), Some(truth.limit_bytes));
    let onset = seconds(&suspect["onset"]);
    assert!((onset - truth.onset).abs() <= 1_800, "onset {onset} against {}", truth.onset);
    let owner = &suspect["owners"][0];
    assert_eq!((&owner["name"], &owner["kind"]), (&truth.process.into(), &"process".into()), "{owner:#}");
    let said = seconds(&suspect["exhaustion"]["estimate"]);
    assert!((said - truth.full_at).abs() < 1_800, "full at {said} against {}", truth.full_at);
}

#[test]
fn no_decoy_is_accused() {
    let report = report();
    let suspects = report["verdict"]["suspects"].as_array().unwrap();
    let accused: Vec<&str> =
        suspects.iter().filter(|s| s["leaking"] == true).map(|s| s["tag"].as_str().unwrap()).collect();
    // The handle tables do grow: they hold the handles of the leaked objects.
    assert_eq!(accused, ["Even", "Obtb"], "{suspects:#?}");
}

#[test]
fn refusals_are_summed_over_the_whole_log() {
    let truth = incident::truth();
    let text = report()["findings"].to_string();
    assert!(text.contains(&truth.refused_connections.to_string()), "{} in {text}", truth.refused_connections);
}

#[test]
fn every_listing_is_read_whole() {
    let report = report();
    for entry in report["evidence"].as_array().unwrap() {
        assert_eq!(entry["bad_records"], 0, "{entry:#}");
        let read = entry["kind"] != "unknown";
        assert_eq!(read, !entry["path"].as_str().unwrap().ends_with("README.md"), "{entry:#}");
    }
    let rows = evidence(&report, "poolmon/2009-03-11_1330.log")["records"].as_u64().unwrap();
    let lines = String::from_utf8(crate::stage::example_file("poolmon/2009-03-11_1330.log")).unwrap();
    assert_eq!(rows as usize, lines.lines().count() - 5, "all but the head's five lines");
}

#[test]
fn the_json_is_valid_against_its_schema() {
    let schema = fs::read_to_string(root().join("schemas/report-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for paths in
        [&["examples/even-503"][..], &["examples/even-503/httperr1.log"], &["Cargo.toml"], &["crates"]]
    {
        let mut args = vec!["diagnose", "--json"];
        args.extend(paths);
        let report = poolscope(&args).json();
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{paths:?}: {errors:#?}");
    }
    let mut broken = report();
    broken["verdict"]["state"] = "certainly".into();
    assert!(!validator.is_valid(&broken), "a schema that lets anything pass proves nothing");
}

/// `2026-05-01T08:30:00Z` as seconds since 1970.
fn seconds(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("no time: {time}"));
    let at = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    incident::clock::at(at(0, 4), at(5, 7), at(8, 10), at(11, 13), at(14, 16)) + at(17, 19)
}
