//! The judge's hot path: 2,000 tags by 2,880 samples (a minute each, two days) on one core.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use poolscope_testkit::lab::host::{Scenario, make};
use poolscope_testkit::lab::plan::Plan;

#[allow(dead_code, reason = "the score's half of the bridge is not measured here")]
#[path = "../tests/lab/bridge.rs"]
#[expect(dead_code, reason = "the bench judges; it does not score")]
mod bridge;

fn judge_a_host(criterion: &mut Criterion) {
    let plan = Plan::even("48 h, 1 min", 2_879.0 / 60.0, 1.0 / 60.0);
    let host = make(1, plan, Scenario::OneLeak);
    let inputs = bridge::Inputs::of(&host, false);
    let mut group = criterion.benchmark_group("judge");
    group.sample_size(10);
    group.bench_function("2000 tags x 2880 samples", |bencher| {
        bencher.iter(|| black_box(inputs.judge()));
    });
    group.finish();
}

criterion_group!(benches, judge_a_host);
criterion_main!(benches);
