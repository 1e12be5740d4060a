//! Throughput of the PDH-CSV reader beside a bare loop of the csv crate over the same bytes.

#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a bench may stop

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use poolscope_formats::{ParseContext, counters};
use poolscope_testkit::counters::{self as write, Sample};

/// 1,100 columns as a server logs them: a few of memory, six of each of 90 processes, the rest not kept.
fn paths() -> Vec<String> {
    let memory = ["Pool Nonpaged Bytes", "Pool Paged Bytes", "Available MBytes", "Committed Bytes"];
    let process = [
        "Handle Count",
        "Pool Nonpaged Bytes",
        "ID Process",
        "Working Set",
        "% Processor Time",
        "Page Faults/sec",
    ];
    let mut paths: Vec<String> =
        memory.iter().map(|counter| format!("\\\\SRV01\\Memory\\{counter}")).collect();
    for at in 0..90 {
        paths.extend(process.iter().map(|counter| format!("\\\\SRV01\\Process(svchost#{at})\\{counter}")));
    }
    for at in paths.len()..1_100 {
        paths.push(format!("\\\\SRV01\\Network Interface(intel[r] {at})\\Bytes Total/sec"));
    }
    paths
}

fn benches(criterion: &mut Criterion) {
    let paths = paths();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let samples: Vec<Sample> = (0..1_000u32)
        .map(|at| Sample {
            time: (2026, 5, 1 + at / 1_440, at / 60 % 24, at % 60, 0),
            values: (0..1_100u32)
                .map(|v| (v % 9 > 0).then_some(f64::from(v * 7_919 + at) * 1.000_071))
                .collect(),
        })
        .collect();
    let bytes = write::pdh("(PDH-CSV 4.0) (UTC)(0)", ',', &paths, &samples).into_bytes();
    let mut group = criterion.benchmark_group("counters");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("pdh_csv_1100x1000", |bencher| {
        bencher.iter(|| counters::parse(&bytes, &ParseContext::default()).unwrap());
    });
    group.bench_function("bare_csv_loop", |bencher| {
        bencher.iter(|| {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&bytes[..]);
            let mut record = csv::ByteRecord::new();
            let mut cells = 0;
            while reader.read_byte_record(&mut record).unwrap() {
                cells += record.len();
            }
            cells
        });
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
