//! How fast an HTTPERR log is read, beside a bare search for `Connections_Refused` over the same bytes.
//!
//! `cargo bench -p poolscope-formats --bench httperr`

#![allow(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use poolscope_formats::{ParseContext, httperr};
use poolscope_testkit::httperr::bulk;

fn read(c: &mut Criterion) {
    let bytes = bulk(64 << 20);
    let mut group = c.benchmark_group("httperr");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(10);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    group.bench_function("parse, one core", |b| {
        b.iter(|| one.install(|| httperr::parse(&bytes, &ParseContext::default())))
    });
    group.bench_function("parse, all cores", |b| b.iter(|| httperr::parse(&bytes, &ParseContext::default())));
    group.bench_function("memmem", |b| {
        b.iter(|| memchr::memmem::find_iter(&bytes, "Connections_Refused").count())
    });
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
