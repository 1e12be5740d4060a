//! Simulated drivers, written as traces of every shape and read back: what each did must come out exactly.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::io::Cursor;

use poolscope_formats::Tag;
use poolscope_formats::etl::pool_trace::{PoolTrace, PoolTraceOptions, read};
use poolscope_testkit::etl::events::Header;
use poolscope_testkit::etl::{Layout, Packing, Scenario, Stacks, Truth, simulate, standard_drivers};

fn scenario() -> Scenario {
    Scenario {
        layout: Layout { buffer_bytes: 8_192, ..Layout::default() },
        header: Header::System,
        stacks: Stacks::Whole,
        stacks_of_frees: false,
        user_halves: false,
        image_version: 3,
        images_at_end: false,
        merged: false,
        context_switches: false,
        events: 10_000,
        depth: 4,
        cached_keys: 24,
        orphan_every: 0,
        drivers: standard_drivers(),
        seed: 7,
    }
}

fn run(scenario: &Scenario, threads: usize) -> (PoolTrace, Truth) {
    let (file, truth) = simulate(scenario, Cursor::new(Vec::new())).unwrap();
    let bytes = file.into_inner();
    let options = PoolTraceOptions { threads, ..PoolTraceOptions::default() };
    let parsed = read(&bytes, &options).unwrap();
    assert_eq!(parsed.notes, [], "{scenario:?}");
    (parsed.value, truth)
}

/// Every driver's counts, with stacks by the call site that stands third in them.
fn assert_true(scenario: &Scenario, trace: &PoolTrace, truth: &Truth, what: &str) {
    for ((plan, outcome), call_site) in scenario.drivers.iter().zip(&truth.drivers).zip(&truth.call_sites) {
        let mut got = (0, 0, 0, 0);
        for site in trace.sites.iter().filter(|site| site.tag == Tag(plan.tag)) {
            got.0 += site.allocs.0;
            got.1 += site.frees.0;
            got.2 += site.outstanding.0;
            got.3 += site.outstanding.1;
            match (scenario.stacks, site.stack) {
                (Stacks::None, stack) => assert_eq!(stack, None),
                (_, None) => panic!("{what}: {} has allocations without a stack", plan.name),
                (_, Some(stack)) => {
                    assert_eq!(trace.stacks[stack as usize][2], *call_site, "{what}: {}", plan.name);
                }
            }
        }
        let want = (outcome.allocs, outcome.frees, outcome.outstanding, outcome.outstanding_bytes);
        assert_eq!(got, want, "{what}: {}", plan.name);
    }
    assert_eq!(trace.pairing.frees_without_alloc, truth.orphans, "{what}");
    assert_eq!(trace.pairing.allocs_over_live, 0, "{what}");
    assert!(trace.pairing.peak_alive <= truth.peak_alive as u64, "{what}");
    assert_eq!(trace.joining.records, truth.stack_records, "{what}");
    assert_eq!(trace.joining.unresolved, 0, "{what}");
    assert!(trace.masks.is_some_and(|masks| masks.pool()), "{what}");
    assert!(!trace.loss.any(), "{what}: {:?}", trace.loss);
}

#[test]
fn every_shape_of_stack() {
    for stacks in [Stacks::None, Stacks::Whole, Stacks::ByKey, Stacks::Mixed] {
        for (user_halves, stacks_of_frees) in [(false, false), (true, false), (false, true), (true, true)] {
            let scenario = Scenario { stacks, user_halves, stacks_of_frees, events: 5_000, ..scenario() };
            let (trace, truth) = run(&scenario, 2);
            assert_true(
                &scenario,
                &trace,
                &truth,
                &format!("{stacks:?} user {user_halves} frees {stacks_of_frees}"),
            );
        }
    }
}

#[test]
fn every_header_width_and_packing() {
    for header in [Header::System, Header::Compact, Header::PerfInfo, Header::PerfInfoWithCounters] {
        for wide in [true, false] {
            for packing in [None, Some(Packing::Xpress), Some(Packing::XpressHuffman), Some(Packing::Lznt1)] {
                let layout = Layout { wide, packing, buffer_bytes: 8_192, ..Layout::default() };
                let scenario =
                    Scenario { header, layout, stacks: Stacks::Mixed, events: 1_200, ..scenario() };
                let (trace, truth) = run(&scenario, 1);
                let what = format!("{header:?} wide {wide} {packing:?}");
                assert_true(&scenario, &trace, &truth, &what);
                assert_eq!(trace.wide, wide, "{what}");
                assert_eq!(trace.compression.is_some(), packing.is_some(), "{what}");
            }
        }
    }
}

#[test]
fn processes_are_known_from_headers_stacks_and_switches() {
    for (header, stacks, context_switches) in [
        (Header::System, Stacks::None, false),
        (Header::PerfInfo, Stacks::Whole, false),
        (Header::PerfInfo, Stacks::None, true),
        (Header::PerfInfo, Stacks::ByKey, true),
    ] {
        let scenario = Scenario { header, stacks, context_switches, ..scenario() };
        let (trace, truth) = run(&scenario, 2);
        let what = format!("{header:?} {stacks:?} {context_switches}");
        assert_true(&scenario, &trace, &truth, &what);
        for site in &trace.sites {
            let want = match &site.tag.0 {
                b"NDnd" | b"Gfx1" => "System",
                b"FlX " | b"Gpal" => "svchost.exe",
                _ => "w3wp.exe",
            };
            assert_eq!(trace.owners[site.owner as usize].name.as_deref(), Some(want), "{what} {}", site.tag);
        }
    }
}

#[test]
fn clocks_processors_and_image_versions() {
    for (clock, processors, image_version, images_at_end, merged) in
        [(1, 1, 0, false, false), (2, 64, 1, true, true), (3, 5, 2, true, false), (1, 8, 3, false, true)]
    {
        let layout = Layout { clock, processors, buffer_bytes: 4_096, ..Layout::default() };
        let scenario =
            Scenario { layout, image_version, images_at_end, merged, stacks: Stacks::ByKey, ..scenario() };
        let (trace, truth) = run(&scenario, 3);
        let what = format!("clock {clock} cpus {processors} image v{image_version} at end {images_at_end}");
        assert_true(&scenario, &trace, &truth, &what);
        let leaky = trace.images.iter().find(|image| image.name() == "leaky.sys").unwrap();
        assert_eq!((leaky.from, leaky.to, leaky.size), (None, None, 0x8_0000), "{what}");
        assert_eq!(
            leaky.company.as_deref(),
            (merged && image_version >= 2).then_some("Acme Storage"),
            "{what}"
        );
        assert_eq!(leaky.pdb.is_some(), merged, "{what}");
        assert_eq!(trace.images.len(), 7, "{what}");
        let seconds = trace.span_seconds.1 - trace.span_seconds.0;
        assert!((0.1..2.0).contains(&seconds), "{what}: {seconds}");
        assert_eq!(trace.start.unwrap().to_string(), "2026-01-01 00:00:00", "{what}");
    }
}

#[test]
fn threads_do_not_change_the_result() {
    let scenario = Scenario { stacks: Stacks::Mixed, user_halves: true, orphan_every: 50, ..scenario() };
    let (one, truth) = run(&scenario, 1);
    assert_true(&scenario, &one, &truth, "one thread");
    for threads in [2, 4, 16] {
        let (many, _) = run(&scenario, threads);
        let (many, one) = (format!("{many:#?}"), format!("{one:#?}"));
        let differs = many.lines().zip(one.lines()).position(|(many, one)| many != one);
        let around = differs.map(|at| many.lines().skip(at - 5).take(10).collect::<Vec<_>>());
        assert_eq!(around, None, "{threads} threads");
    }
}

#[test]
fn losses_are_found_told_or_not() {
    for tell_losses in [true, false] {
        let layout = Layout { lose_every: 20, tell_losses, buffer_bytes: 4_096, ..Layout::default() };
        let scenario = Scenario { layout, stacks: Stacks::Whole, ..scenario() };
        let (file, truth) = simulate(&scenario, Cursor::new(Vec::new())).unwrap();
        let trace = read(&file.into_inner(), &PoolTraceOptions::default()).unwrap().value;
        let lost = trace.loss.buffers_missing;
        assert!(lost > 5, "{lost}");
        assert_eq!(trace.loss.buffers(), lost);
        assert_eq!(u64::from(trace.loss.buffers_stated), if tell_losses { lost } else { 0 });
        assert!(trace.loss.gaps.len() as u64 <= lost && !trace.loss.gaps.is_empty());
        assert!(trace.pairing.frees_without_alloc > 0 && trace.pairing.paired_across_loss > 0);
        let frees: u64 = truth.drivers.iter().map(|driver| driver.frees).sum();
        assert!(trace.pairing.frees < frees);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Damage of a whole pool trace costs what it hits: no panic, no more events than were written, and what stands
    /// is never more than was allocated.
    #[test]
    fn damage_anywhere_is_bounded(
        hits in proptest::collection::vec((proptest::prelude::any::<u32>(), proptest::prelude::any::<u8>()), 1..40),
        keep in 0.2f64..1.0,
    ) {
        let small = Scenario { events: 1_500, stacks: Stacks::Mixed, ..scenario() };
        let (file, truth) = simulate(&small, Cursor::new(Vec::new())).unwrap();
        let mut bytes = file.into_inner();
        bytes.truncate((bytes.len() as f64 * keep) as usize);
        for (at, with) in hits {
            let at = at as usize % bytes.len();
            bytes[at] = with;
        }
        if let Ok(parsed) = read(&bytes, &PoolTraceOptions::default()) {
            let written: u64 = truth.drivers.iter().map(|driver| driver.allocs).sum();
            let allocs: u64 = parsed.value.sites.iter().map(|site| site.allocs.0).sum();
            proptest::prop_assert!(allocs <= written + 64, "{allocs} of {written}");
            for site in &parsed.value.sites {
                proptest::prop_assert!(site.outstanding.0 <= site.allocs.0);
            }
        }
    }
}
