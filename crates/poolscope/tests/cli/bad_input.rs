//! Bad input: each gets a clear line, costs nothing else, and never more memory than the limit.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::stage::{Run, evidence, example_file, folder, notes, poolscope_in};

const GOOD: &str = "2009-03-11_1330.log";

/// A folder that holds one good snapshot, to show that nothing else is lost.
fn beside_a_good_one(files: &[(&str, &[u8])]) -> TempDir {
    let good = example_file("poolmon/2009-03-11_1330.log");
    let mut all = vec![(GOOD, good.as_slice())];
    all.extend(files);
    folder(&all)
}

/// Runs `diagnose --json` over the folder; it must succeed, within memory, and have read the good snapshot.
fn diagnose(folder: &Path) -> (Run, Value) {
    let run = poolscope_in(folder, &["diagnose", "--json", "."]);
    assert_eq!(run.code, 0, "{}", run.err);
    run.assert_memory();
    let report = run.json();
    assert!(evidence(&report, GOOD)["records"].as_u64().unwrap() > 290, "the good snapshot is read");
    assert_eq!(evidence(&report, GOOD)["bad_records"], 0);
    (run, report)
}

#[test]
fn a_truncated_snapshot_keeps_its_rows() {
    let whole = example_file("poolmon/2009-03-11_1300.log");
    let cut = &whole[..whole.len() / 2 + 17];
    let (_, report) = diagnose(beside_a_good_one(&[("2009-03-11_1300.log", cut)]).path());
    let entry = evidence(&report, "1300.log");
    assert_eq!(entry["kind"], "poolmon", "{entry:#}");
    assert!(entry["records"].as_u64().unwrap() > 140, "{entry:#}");
    assert!(!entry["notes"].as_array().unwrap().is_empty(), "the cut is told: {entry:#}");
}

#[test]
fn a_wrong_extension_misleads_nobody() {
    let listing = example_file("poolmon/2009-03-11_1300.log");
    let httperr = example_file("httperr1.log");
    let (_, report) =
        diagnose(beside_a_good_one(&[("holiday.jpg", &listing), ("perfmon.csv", &httperr)]).path());
    assert_eq!(evidence(&report, "holiday.jpg")["kind"], "poolmon");
    assert_eq!(evidence(&report, "perfmon.csv")["kind"], "httperr");
}

#[test]
fn an_empty_folder_is_a_clear_line() {
    let empty = folder(&[]);
    let run = poolscope_in(empty.path(), &["diagnose", "."]);
    assert_eq!((run.code, run.err.as_str()), (2, "poolscope: no files in .\n"));
}

#[test]
fn a_wrong_path_among_good_ones_is_told_and_the_rest_is_read() {
    let folder = beside_a_good_one(&[]);
    let run = poolscope_in(folder.path(), &["diagnose", "--json", ".", "no-such-folder"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let report = run.json();
    assert!(evidence(&report, GOOD)["records"].as_u64().unwrap() > 290);
    assert!(notes(evidence(&report, "no-such-folder")).contains("cannot be opened"), "{report:#}");
    let gaps = report["gaps"].to_string();
    assert!(gaps.contains("no-such-folder could not be opened"), "{gaps}");
}

#[test]
fn snapshots_dated_by_a_copy_alone_clear_nobody() {
    // Thirteen snapshots of a leak, written in one go, and two days of a flat total beside them.
    let names: Vec<String> = (1..14).map(|hour| format!("snap{hour:02}.txt")).collect();
    let listings: Vec<Vec<u8>> =
        (1..14).map(|hour| example_file(&format!("poolmon/2009-03-11_{hour:02}00.log"))).collect();
    let mut total = String::from("\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\HOST1\\Memory\\Pool Nonpaged Bytes\"\r\n");
    for hour in 0..48 {
        let (day, hour) = (9 + hour / 24, hour % 24);
        total.push_str(&format!(
            "\"03/{day:02}/2009 {hour:02}:00:00.000\",\"{}\"\r\n",
            100_000_000 + hour % 3
        ));
    }
    let mut files: Vec<(&str, &[u8])> =
        names.iter().zip(&listings).map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    files.push(("total.csv", total.as_bytes()));
    let folder = folder(&files);
    let report = poolscope_in(folder.path(), &["diagnose", "--json", "."]).json();
    assert_eq!(report["verdict"]["state"], "not_enough_evidence", "{}", report["verdict"]);
    let gaps = report["gaps"].to_string();
    assert!(gaps.contains("they are no times of sampling"), "{gaps}");
}

#[test]
fn an_empty_file_is_named() {
    let (_, report) = diagnose(beside_a_good_one(&[("empty.log", b"")]).path());
    assert!(notes(evidence(&report, "empty.log")).contains("empty"), "{report:#}");
}

#[test]
fn ten_gigabytes_of_zeros_are_not_read_to_the_end() {
    let folder = beside_a_good_one(&[]);
    if File::create(folder.path().join("zeros.log")).and_then(|file| file.set_len(10 << 30)).is_err() {
        eprintln!("skipped: this file system cannot hold a sparse file of 10 GB");
        return;
    }
    let (_, report) = diagnose(folder.path());
    let entry = evidence(&report, "zeros.log");
    assert!(notes(entry).contains("zeros"), "{entry:#}");
    assert_eq!(entry["bytes"].as_u64(), Some(10 << 30));
}

#[test]
fn a_log_with_a_tail_of_zeros_keeps_its_rows() {
    // What a crash leaves of a file that was allocated ahead.
    let folder = beside_a_good_one(&[("httperr1.log", &example_file("httperr1.log"))]);
    let file = File::options().write(true).open(folder.path().join("httperr1.log")).unwrap();
    file.set_len(96 << 20).unwrap();
    drop(file);
    let (_, report) = diagnose(folder.path());
    let entry = evidence(&report, "httperr1.log");
    assert_eq!(entry["records"].as_u64(), Some(data_rows()), "{entry:#}");
    assert!(!entry["notes"].as_array().unwrap().is_empty(), "the tail is told: {entry:#}");
}

/// Rows of the example's HTTPERR log, counted by a second reader.
fn data_rows() -> u64 {
    let text = String::from_utf8(example_file("httperr1.log")).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).count() as u64
}

#[test]
fn binary_noise_is_called_that() {
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(1 << 20)
    .collect();
    let (_, report) = diagnose(beside_a_good_one(&[("noise.etl", &noise)]).path());
    assert!(notes(evidence(&report, "noise.etl")).contains("binary content"), "{report:#}");
}

#[test]
fn a_clock_that_jumps_back_is_told_with_its_line() {
    let mut log = String::from(
        "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-05-01 08:30:00\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n",
    );
    for time in ["08:30:00", "08:31:00", "07:31:30", "07:32:00"] {
        log.push_str(&format!("2026-05-01 {time} - - - - - - - - - 5_Connections_Refused -\r\n"));
    }
    let (_, report) = diagnose(beside_a_good_one(&[("httperr1.log", log.as_bytes())]).path());
    let entry = evidence(&report, "httperr1.log");
    assert_eq!(entry["records"], 4);
    assert!(notes(entry).contains("jumps back"), "{entry:#}");
    assert!(report["findings"].to_string().contains("20"), "all refusals count: {}", report["findings"]);
}

/// A zip with these members.
fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_zip_is_read_like_a_folder() {
    let zip = zip_of(&[
        ("case/poolmon/2009-03-11_1300.log", &example_file("poolmon/2009-03-11_1300.log")),
        ("case/httperr1.log", &example_file("httperr1.log")),
    ]);
    let (_, report) = diagnose(beside_a_good_one(&[("case.zip", &zip)]).path());
    assert_eq!(evidence(&report, "case.zip/case/poolmon/2009-03-11_1300.log")["kind"], "poolmon");
    assert_eq!(evidence(&report, "case.zip/case/httperr1.log")["records"].as_u64(), Some(data_rows()));
}

#[test]
fn a_zip_bomb_is_not_unpacked() {
    let bomb = zip_of(&[
        ("bomb.log", &vec![0; 300 << 20]),
        ("2009-03-11_1300.log", &example_file("poolmon/2009-03-11_1300.log")),
    ]);
    assert!(bomb.len() < 1 << 20, "{} bytes packed", bomb.len());
    let (_, report) = diagnose(beside_a_good_one(&[("case.zip", &bomb)]).path());
    assert!(notes(evidence(&report, "bomb.log")).contains("zip bomb"), "{report:#}");
    assert_eq!(
        evidence(&report, "case.zip/2009-03-11_1300.log")["kind"],
        "poolmon",
        "the other member is read"
    );
}

#[test]
fn a_zip_that_lies_about_a_size_is_stopped_there() {
    let mut zip = zip_of(&[("liar.log", &vec![b'x'; 8 << 20])]);
    // The central directory's uncompressed size, 24 bytes behind its signature.
    let at = zip.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap() + 24;
    zip[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    let (_, report) = diagnose(beside_a_good_one(&[("case.zip", &zip)]).path());
    let told = notes(evidence(&report, "liar.log"));
    assert!(told.contains("not read") || told.contains("cannot be unpacked"), "{told}");
}

#[test]
fn a_damaged_zip_is_named() {
    let zip = zip_of(&[("2009-03-11_1300.log", &example_file("poolmon/2009-03-11_1300.log"))]);
    let (_, report) = diagnose(beside_a_good_one(&[("cut.zip", &zip[..zip.len() / 2])]).path());
    assert!(notes(evidence(&report, "cut.zip")).contains("zip cannot be read"), "{report:#}");
}

#[test]
fn a_zip_writes_nothing_outside() {
    let listing = example_file("poolmon/2009-03-11_1300.log");
    let zip = zip_of(&[("../../escaped.log", &listing), ("/absolute.log", &listing)]);
    let stage = folder(&[]);
    let inside = stage.path().join("a/b");
    fs::create_dir_all(&inside).unwrap();
    fs::write(inside.join("case.zip"), zip).unwrap();
    fs::write(inside.join(GOOD), example_file("poolmon/2009-03-11_1330.log")).unwrap();
    let (_, report) = diagnose(&inside);
    assert!(notes(evidence(&report, "escaped.log")).contains("leads out"), "{report:#}");
    assert!(!stage.path().join("escaped.log").exists() && !Path::new("/absolute.log").exists());
    let left: Vec<_> = fs::read_dir(&inside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
