//! The order of the paths and the way logs were split into files never change the verdict.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use poolscope::{Options, Quiet, diagnose};
use poolscope_testkit::incident;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

/// What the verdict says, without where its sources stand.
fn verdict(paths: &[PathBuf]) -> Value {
    let outcome = diagnose(paths, &Options::default(), &Quiet).unwrap();
    let mut verdict = serde_json::to_value(&poolscope_report::build(&outcome).verdict).unwrap();
    remove_sources(&mut verdict);
    verdict
}

fn remove_sources(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("sources");
            map.values_mut().for_each(remove_sources);
        }
        Value::Array(list) => list.iter_mut().for_each(remove_sources),
        _ => {}
    }
}

/// Twenty-four snapshots of the incident while it leaks, each with the time line that a collecting script writes,
/// and the refusals of its last hours.
static EVIDENCE: LazyLock<(Vec<String>, Vec<String>)> = LazyLock::new(|| {
    let files = incident::files();
    let listings =
        files.iter().filter(|(path, _)| path.starts_with("poolmon/2009-03-11_")).map(|(path, bytes)| {
            let stamp = path.trim_start_matches("poolmon/").trim_end_matches(".log");
            let (date, time) = stamp.split_once('_').unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            // A few tags are enough, and quick.
            let rows = text.lines().filter(|line| {
                line.contains(':')
                    || line.starts_with(" Tag")
                    || line.is_empty()
                    || line.contains("Even")
                    || line.contains("Mm")
            });
            format!(
                "{date} {}:{}:00\r\n{}\r\n",
                &time[..2],
                &time[2..],
                rows.collect::<Vec<_>>().join("\r\n")
            )
        });
    let listings: Vec<String> = listings.skip(4).collect();
    let (_, httperr) = files.iter().find(|(path, _)| path == "httperr1.log").unwrap();
    let rows = String::from_utf8(httperr.clone()).unwrap();
    (
        listings,
        rows.lines()
            .filter(|line| line.contains("Connections_Refused"))
            .map(|l| format!("{l}\r\n"))
            .collect(),
    )
});

/// Writes the parts, cut where `cuts` says, one file a piece.
fn write_split(folder: &TempDir, name: &str, parts: &[String], cuts: &[usize]) -> Vec<PathBuf> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (parts.len() + 1)).collect();
    cuts.extend([0, parts.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let pieces = cuts.windows(2).enumerate().map(|(at, cut)| {
        let path = folder.path().join(format!("{name}{at}.log"));
        fs::write(&path, parts[cut[0]..cut[1]].concat()).unwrap();
        path
    });
    pieces.collect()
}

#[test]
fn the_same_evidence_in_one_piece_is_a_leak() {
    let (listings, refusals) = &*EVIDENCE;
    let folder = TempDir::new().unwrap();
    let mut paths = write_split(&folder, "pool", listings, &[]);
    paths.extend(write_split(&folder, "http", refusals, &[]));
    let verdict = verdict(&paths);
    assert_eq!(
        (paths.len(), &verdict["state"], &verdict["suspects"][0]["tag"]),
        (2, &"leak".into(), &"Even".into())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_splitting_do_not_change_the_verdict(
        pool_cuts in prop::collection::vec(0_usize..100, 0..6),
        http_cuts in prop::collection::vec(0_usize..1_000, 0..4),
        order in any::<prop::sample::Index>(),
        reverse in any::<bool>(),
    ) {
        let (listings, refusals) = &*EVIDENCE;
        let whole = TempDir::new().unwrap();
        let mut paths = write_split(&whole, "pool", listings, &[]);
        paths.extend(write_split(&whole, "http", refusals, &[]));
        let expected = verdict(&paths);

        let split = TempDir::new().unwrap();
        let mut paths = write_split(&split, "pool", listings, &pool_cuts);
        paths.extend(write_split(&split, "http", refusals, &http_cuts));
        let turn = order.index(paths.len());
        paths.rotate_left(turn);
        if reverse {
            paths.reverse();
        }
        prop_assert_eq!(verdict(&paths), expected);
    }
}
