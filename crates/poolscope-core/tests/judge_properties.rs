//! What must hold of the judge on any input.

use poolscope_core::judge::{HostInput, PoolBound, SeriesInput, SeriesKey, Standing, TotalInput, judge};
use poolscope_formats::{Pool, Tag, Time};
use proptest::prelude::*;

type Series = (Vec<Time>, Vec<u64>, Vec<i64>);

fn judged(series: &[Series], order: &[usize]) -> poolscope_core::judge::HostJudgement {
    let inputs: Vec<SeriesInput<'_>> = order
        .iter()
        .map(|&at| SeriesInput {
            key: SeriesKey { pool: Pool::Nonpaged, tag: Tag([b'T', b'a', b'g', at as u8]) },
            times: &series[at].0,
            outstanding_bytes: &series[at].1,
            outstanding_count: &series[at].2,
        })
        .collect();
    let totals: Vec<TotalInput<'_>> = series
        .iter()
        .take(1)
        .map(|first| TotalInput { pool: Pool::Nonpaged, times: &first.0, bytes: &first.1 })
        .collect();
    let bounds = [PoolBound { pool: Pool::Nonpaged, bytes: 1e9 }];
    judge(&HostInput { series: &inputs, totals: &totals, bounds: &bounds, cut_listings: false })
}

fn any_series(samples: usize) -> impl Strategy<Value = Series> {
    (0..samples).prop_flat_map(|n| {
        (
            prop::collection::vec(prop_oneof![any::<i64>(), 0..20_000_000_000i64], n)
                .prop_map(|times| times.into_iter().map(Time).collect()),
            prop::collection::vec(prop_oneof![any::<u64>(), 0..100_000u64], n),
            prop::collection::vec(prop_oneof![any::<i64>(), 0..1_000i64], n),
        )
    })
}

/// A clean or leaking series on half-hour samples.
fn grown(seed: u64, per_hour: u64, samples: usize) -> Series {
    let noise = |i: u64| (i + seed).wrapping_mul(6_364_136_223_846_793_005) >> 51;
    let counts: Vec<u64> = (0..samples as u64).map(|i| 20_000 + noise(i) + i * per_hour / 2).collect();
    (
        (0..samples).map(|i| Time(i as i64 * 1_800_000_000)).collect(),
        counts.iter().map(|count| count * 96).collect(),
        counts.iter().map(|count| *count as i64).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn arbitrary_input_never_panics(series in prop::collection::vec(any_series(40), 0..5)) {
        let order: Vec<usize> = (0..series.len()).collect();
        let judged = judged(&series, &order);
        prop_assert_eq!(judged.tags.len(), series.len());
        for tag in &judged.tags {
            prop_assert!(tag.confidence >= 0.0 && tag.confidence <= 1.0);
            prop_assert!(!tag.rate_bytes_per_hour.estimate.is_nan());
            prop_assert!(!tag.leaking || tag.samples >= 8);
        }
    }

    #[test]
    fn fewer_than_eight_snapshots_never_leak(series in prop::collection::vec(any_series(8), 1..6)) {
        let order: Vec<usize> = (0..series.len()).collect();
        prop_assert_ne!(judged(&series, &order).standing, Standing::Leak);
    }

    #[test]
    fn order_does_not_matter(seeds in prop::collection::vec(any::<u32>(), 6), leak in 0usize..6, samples in 2usize..60) {
        let series: Vec<Series> = seeds
            .iter()
            .enumerate()
            .map(|(at, &seed)| grown(u64::from(seed), if at == leak { 2_000 } else { 0 }, samples))
            .collect();
        let forth = judged(&series, &[0, 1, 2, 3, 4, 5]);
        let back = judged(&series, &[5, 3, 4, 0, 2, 1]);
        prop_assert_eq!(&forth, &back);
        let shuffled: Vec<Series> = series
            .iter()
            .map(|(times, bytes, counts)| {
                let flip = |at: usize| (at * 7 + 3) % samples;
                let order: Vec<usize> = if samples.is_multiple_of(7) { (0..samples).rev().collect() } else { (0..samples).map(flip).collect() };
                (
                    order.iter().map(|&at| times[at]).collect(),
                    order.iter().map(|&at| bytes[at]).collect(),
                    order.iter().map(|&at| counts[at]).collect(),
                )
            })
            .collect();
        prop_assert_eq!(&forth, &judged(&shuffled, &[0, 1, 2, 3, 4, 5]));
        if samples >= 20 {
            // How often it is also called a leak is the laboratory's question (tests/lab.rs).
            prop_assert_eq!(forth.tags[0].key.tag, Tag([b'T', b'a', b'g', leak as u8]));
        }
    }

    #[test]
    fn a_constant_on_top_never_makes_a_leak(seed in any::<u32>(), stock in 0u64..1_000_000, samples in 2usize..100) {
        let clean = grown(u64::from(seed), 0, samples);
        let more = (
            clean.0.clone(),
            clean.1.iter().map(|bytes| bytes + stock * 96).collect(),
            clean.2.iter().map(|count| count + stock as i64).collect(),
        );
        prop_assert_ne!(judged(&[clean], &[0]).standing, Standing::Leak);
        prop_assert_ne!(judged(&[more], &[0]).standing, Standing::Leak);
    }

    #[test]
    fn wrapped_counts_and_missing_samples_change_nothing_much(seed in any::<u32>(), gap in 5usize..30) {
        let whole = grown(u64::from(seed), 3_000, 60);
        let keep: Vec<usize> = (0..60).filter(|at| *at < gap || *at > gap + 6).collect();
        let wrapped = (
            keep.iter().map(|&at| whole.0[at]).collect(),
            keep.iter().map(|&at| whole.1[at]).collect(),
            keep.iter().map(|&at| whole.2[at] - (1 << 32)).collect(),
        );
        let (a, b) = (judged(&[whole], &[0]), judged(&[wrapped], &[0]));
        prop_assert_eq!(a.standing, Standing::Leak);
        prop_assert_eq!(b.standing, Standing::Leak);
        let (a, b) = (&a.tags[0], &b.tags[0]);
        prop_assert_eq!(a.outstanding_count, b.outstanding_count);
        prop_assert!((a.rate_bytes_per_hour.estimate / b.rate_bytes_per_hour.estimate - 1.0).abs() < 0.03);
    }
}
