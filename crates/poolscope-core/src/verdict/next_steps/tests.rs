//! Steps fit the host and the evidence.

use super::{NextStep, next_steps};
use crate::model::{CounterId, HostFacts, WindowsVersion};
use crate::testcase::TestCase;
use crate::verdict::{State, suspects::suspects};

fn steps(mut case: TestCase, version: (u32, u32, u32), state: State) -> Vec<NextStep> {
    let source = case.source(1);
    let version = WindowsVersion { major: version.0, minor: version.1, build: version.2 };
    HostFacts::state(&mut case.builder.host.version, version, source);
    case.with(|view| next_steps(view, state, &suspects(view, state)))
}

fn commands(steps: &[NextStep]) -> String {
    steps.iter().filter_map(|step| step.command.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_server_2003_gets_no_tool_it_does_not_have() {
    for state in [State::Leak, State::NotEnoughEvidence, State::OtherProblem] {
        let mut case = TestCase::new(24);
        case.leaking(b"Abcd", 500.0, 144);
        let commands = commands(&steps(case, (5, 2, 3790), state));
        for missing in ["xperf", "timeout", "wevtutil", "powershell", "-ml", "appcmd"] {
            assert!(!commands.contains(missing), "{missing} in {commands}");
        }
    }
}

#[test]
fn the_trace_is_limited_to_tags_that_move_together() {
    let mut case = TestCase::new(24);
    case.leaking(b"Abcd", 500.0, 144);
    case.leaking(b"Mdl ", 500.0, 128);
    case.leaking(b"Slow", 1.0, 144);
    case.group(&[(b"Abcd", 1.0), (b"Mdl ", 1.0)]);
    let commands = commands(&steps(case, (10, 0, 17763), State::Leak));
    assert!(commands.contains("-PoolTag Abcd+Mdl "), "{commands}");
    assert!(commands.contains("xperf -d"), "{commands}");
}

#[test]
fn verifier_speaks_the_syntax_of_the_build() {
    for (version, wanted) in [
        ((6, 1, 7601), "verifier /flags 0x8 /driver npcap.sys"),
        ((10, 0, 17763), "verifier /volatile /flags 0x8 & verifier /volatile /adddriver npcap.sys"),
        ((10, 0, 26100), "verifier /dif 4 /now /driver npcap.sys"),
    ] {
        let mut case = TestCase::new(24);
        case.leaking(b"Mdl ", 500.0, 144);
        case.flat(b"NPBL", 500, 144);
        case.group(&[(b"NPBL", 1.0), (b"Mdl ", 1.0)]);
        let steps = steps(case, version, State::Leak);
        let step = steps.iter().find(|step| step.command.as_deref() == Some(wanted));
        let step = step.unwrap_or_else(|| panic!("{wanted} not in {}", commands(&steps)));
        assert!(step.risk.contains("0xC4") && !step.undo.is_empty());
    }
}

#[test]
fn a_process_in_step_is_tested_by_its_restart_before_anything_else() {
    let mut case = TestCase::new(48);
    case.leaking(b"Even", 2_000.0, 96);
    case.counter(CounterId::ProcessHandleCount, "ordersync", |hour| 900.0 + 1_990.0 * hour);
    let steps = steps(case, (10, 0, 17763), State::Leak);
    assert!(steps[0].title.contains("Restart ordersync"), "{}", steps[0].title);
    assert!(steps[1].command.as_deref().is_some_and(|c| c.contains("-p ordersync")), "{:?}", steps[1]);
    assert!(steps.iter().all(|step| !step.cost.is_empty() && !step.risk.is_empty()));
}
