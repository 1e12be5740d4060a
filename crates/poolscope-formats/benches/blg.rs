//! How fast a performance binary log is read on one core, beside copying the same bytes once.
//!
//! `cargo bench -p poolscope-formats --bench blg`

#![allow(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use poolscope_formats::{ParseContext, ReadAt, blg};
use poolscope_testkit::blg::bulk;

fn read(c: &mut Criterion) {
    let bytes = bulk(200 << 20);
    let mut group = c.benchmark_group("blg");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(10);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    group.bench_function("parse, one core", |b| {
        b.iter(|| one.install(|| blg::parse(&bytes, &ParseContext::default())))
    });
    let mut block = vec![0; 1 << 20];
    group.bench_function("copy", |b| {
        b.iter(|| {
            (0..bytes.len() as u64)
                .step_by(1 << 20)
                .map(|at| bytes.read_at(at, &mut block).unwrap_or(0))
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
