//! The ETL reader against real traces, and against a second reader's counts for them.
//!
//! The pinned counts are the output of
//! `python scripts/etl_second_reader.py ../shared/samples/etl/*.etl` (dissect.etl 3.14);
//! `scripts/etl-compare.sh` does the comparison anew.

use std::collections::BTreeMap;

use poolscope_formats::etl::{Container, Met, for_each_event};
use poolscope_testkit::samples;

#[test]
fn counts_by_provider_and_opcode_equal_the_second_reader_s() {
    let mut want: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in include_str!("data/etl-second-reader.tsv").lines() {
        let (file, row) = line.split_once('\t').unwrap();
        want.entry(file).or_default().push(row);
    }
    assert_eq!(want.len(), 7);
    for (file, mut rows) in want {
        let Some(bytes) = samples::read(&format!("etl/{file}")) else { continue };
        let trace = Container::open(&bytes).unwrap();
        let mut counts: BTreeMap<(String, u8), u64> = BTreeMap::new();
        for_each_event(&trace.value, &bytes, |met| match met {
            Met::Event { event, .. } => {
                let id = event.id();
                *counts.entry((id.provider().to_string(), id.opcode())).or_default() += 1;
            }
            Met::Bad { bad, .. } => panic!("{file}: {bad:?}"),
            Met::Damaged { damage, .. } => panic!("{file}: {damage}"),
        })
        .unwrap();
        let mut got: Vec<String> =
            counts.iter().map(|((provider, opcode), n)| format!("{provider}\t{opcode}\t{n}")).collect();
        got.sort();
        rows.sort_unstable();
        assert_eq!(got, rows, "{file}");
    }
}

#[test]
fn headers_say_what_the_files_are() {
    // File, buffers, build, pointer bytes, processors, logger, stated losses of events.
    for (file, buffers, build, pointer, processors, logger, lost) in [
        ("net.4.5.2.x64.etl", 360, 9200, 8, 8, "Relogger", 0),
        ("ShutdownPerfDiagLogger.etl", 49, 18362, 8, 2, "PerfDiag Logger", 0),
        ("AMSITrace.etl", 6, 18362, 8, 8, "AMSITraceSession", 3),
        ("SelfDescribingSingleEvent.etl", 3, 22000, 8, 12, "Relogger", 0),
        ("image_data_32_v0.etl", 3, 7600, 4, 16, "Make Test Data Session", 0),
    ] {
        let Some(bytes) = samples::read(&format!("etl/{file}")) else { continue };
        let trace = Container::open(&bytes).unwrap();
        assert_eq!(trace.notes, [], "{file}");
        assert!(trace.value.missing_sequences().is_empty(), "{file}");
        assert_eq!(trace.value.buffers.len(), buffers, "{file}");
        let header = trace.value.logfile.unwrap();
        assert_eq!(
            (
                header.build,
                header.pointer_bytes,
                header.processors,
                header.logger_name.as_str(),
                header.events_lost
            ),
            (build, pointer, processors, logger, lost),
            "{file}"
        );
    }
}
