//! Throughput of the poolmon reader on the layouts that come in bulk: `-n` snapshots, live screens, TSS CSV.

#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a bench may stop

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use poolscope_formats::{Head, ParseContext, detect::detect, poolmon};
use poolscope_testkit::poolmon::{self as write, Row};

const HEAD: write::Head = write::Head {
    total_kb: 16_468_560,
    avail_kb: 12_072_536,
    commit_kb: 4_100_436,
    limit_kb: 17_517_136,
    peak_kb: 11_685_564,
    nonpaged_kb: 710_920,
    paged_kb: 983_564,
};

fn benches(criterion: &mut Criterion) {
    let tags: Vec<String> =
        (0..1_500).map(|at| format!("T{at:03X}")).map(|tag| tag[..4].to_owned()).collect();
    let rows: Vec<Row<'_>> = tags
        .iter()
        .zip(1u64..)
        .map(|(tag, at)| {
            Row::new(
                tag,
                at % 3 != 0,
                at * 2_654_435 % 400_000_000,
                at * 1_000 % 2_000,
                at * 9_176 % 90_000_000,
            )
        })
        .collect();
    let mut group = criterion.benchmark_group("poolmon");
    for (name, text) in [
        ("snapshot_n_1500_rows", write::snapshot(&HEAD, &rows)),
        ("screen_1500_rows", write::screen(&HEAD, "", &rows)),
        ("csv_tss_1500_rows", write::csv_tss(&rows)),
    ] {
        let bytes = text.into_bytes();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| poolmon::parse(&bytes, &ParseContext::default()).unwrap());
        });
    }
    let bytes = write::snapshot(&HEAD, &rows).into_bytes();
    group.bench_function("detect_snapshot", |bencher| {
        bencher.iter(|| detect(&Head::read(&bytes).unwrap()).unwrap().kind);
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
