//! What the evidence could not show. A verdict always lists it.

use poolscope_formats::Kind;

use super::Gap;
use crate::census::object_type;
use crate::model::CounterId;
use crate::rules::View;

pub(super) fn gaps(view: &View<'_>) -> Vec<Gap> {
    let case = view.case;
    let mut gaps = Vec::new();
    let mut say = |text: &str| gaps.push(Gap { text: text.to_owned(), sources: Vec::new() });
    if case.snapshots.is_empty() {
        say("No snapshot of the tag table (poolmon) is there: no tag can be named.");
    }
    if case.counters.is_empty() {
        let headed = case.snapshots.iter().any(|s| s.pool_nonpaged_bytes.or(s.pool_paged_bytes).is_some());
        say(match (headed, case.state.processes.is_empty()) {
            (true, true) => "No performance counters are there: handle counts of processes are unknown.",
            (true, false) => {
                "No performance counters are there: handle counts are known at the moments of the listings only."
            }
            (false, true) => {
                "No performance counters are there: the size of the whole pool and handle counts are unknown."
            }
            (false, false) => "No performance counters are there: the size of the whole pool is unknown.",
        });
    }
    if case.http.is_empty() {
        say("No HTTPERR log is there: whether http.sys refused connections is unknown.");
    }
    if !case
        .evidence
        .iter()
        .any(|e| matches!(e.kind, Some(Kind::EventLog | Kind::EventXml | Kind::EventText)))
    {
        say("No System event log is there: boots, driver installs and Srv 2019/2020 are unknown.");
    }
    let leaking = view.suspects().iter().any(|tag| tag.leaking);
    if leaking && case.state.drivers.is_empty() {
        say("No list of drivers is there (driverquery, fltmc): filters, versions and dates are unknown.");
    }
    let objects = view.suspects().iter().any(|tag| object_type(tag.key.tag).is_some());
    let handles = case.counters.keys().any(|key| key.counter == CounterId::ProcessHandleCount);
    if objects && !handles && case.state.processes.is_empty() {
        say("No handle counts are there: which process holds the objects is unknown.");
    }
    if view.bounds.is_empty() {
        say("The Windows version, width and memory are unknown: no time to exhaustion can be given.");
    }
    for (pool, bound) in view.bounds.iter().filter(|(_, bound)| bound.assumed) {
        gaps.push(Gap {
            text: format!("The bound of the {pool} pool rests on an assumed Windows version or width."),
            sources: bound.sources.clone(),
        });
    }
    for caveat in &case.caveats {
        gaps.push(Gap { text: caveat.text.clone(), sources: vec![caveat.source] });
    }
    let unread: Vec<&str> =
        case.evidence.iter().filter(|e| e.coverage.records == 0).map(|e| e.path.as_str()).collect();
    if !unread.is_empty() {
        let shown = unread.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let more = unread.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        gaps.push(Gap { text: format!("Nothing was read from: {shown}{more}."), sources: Vec::new() });
    }
    let damaged: u64 = case.evidence.iter().map(|e| e.coverage.bad_records).sum();
    if damaged > 0 {
        let text = format!("{damaged} damaged records were left out; the evidence list says where they are.");
        gaps.push(Gap { text, sources: Vec::new() });
    }
    gaps
}
