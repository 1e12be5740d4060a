//! Steps that prove or clear a named owner.

use super::{NextStep, Tools};
use crate::changes::nearest;
use crate::rules::View;

/// The start/stop test of a process.
pub(super) fn restart_of(process: &str) -> NextStep {
    let name = process.split(['#', ' ', '(']).next().unwrap_or(process);
    NextStep::new(
        format!("Restart {name} between two snapshots"),
        "if the tag falls at once, the process held it: that is proof, and it buys time. If it stays, the kernel holds \
         it",
    )
    .command(format!(
        "poolmon -b -n before.txt & echo restart {name} now & pause & poolmon -b -n after.txt"
    ))
    .cost("a short outage of that program only")
    .risk("what the process serves is interrupted")
}

/// The nearest weighty change before an onset that was seen.
pub(super) fn take_back_the_change(view: &View<'_>) -> Option<NextStep> {
    nearest(view).map(|first| {
        NextStep::new(
            format!(
                "Take back the change nearest to the onset on one host, and watch the rate: {}",
                first.change.text
            ),
            "it is the last such change known before the growth began. If the rate falls to nothing without it, the \
             cause is found; if not, it is cleared",
        )
        .cost("a rollback and as many hours as the growth needs to show")
        .risk(
            "whatever the change was for is missing meanwhile; a driver's rollback needs a restart, which clears the \
             pool by itself: compare rates, not sizes",
        )
        .undo("install it again")
    })
}

/// Driver Verifier's Pool Tracking for one driver, in the syntax of the build.
pub(super) fn verifier(tools: &Tools, driver: &str) -> NextStep {
    let (command, undo) = if tools.has_dif() {
        (format!("verifier /dif 4 /now /driver {driver}"), "verifier /reset, and a restart")
    } else if tools.has_volatile_tracking() {
        (
            format!("verifier /volatile /flags 0x8 & verifier /volatile /adddriver {driver}"),
            "verifier /volatile /removedriver with the same name; at the latest a restart ends it",
        )
    } else {
        (format!("verifier /flags 0x8 /driver {driver}"), "verifier /reset, and a restart")
    };
    let restart =
        if tools.has_dif() || tools.has_volatile_tracking() { "" } else { "; it needs a restart to begin" };
    NextStep::new(
        format!("If the vendor doubts it: count the allocations of {driver} alone with Driver Verifier"),
        "verifier /query then shows how many allocations of this one driver stand: the number only grows if it leaks",
    )
    .command(command)
    .cost(format!("slows that driver{restart}; allocations of a page or more are not counted"))
    .risk(
        "it stops the host with bug check 0xC4 (0x62) when that driver is unloaded with memory standing: test it \
         elsewhere first, never with 0x1 (Special Pool) and never with *.sys",
    )
    .undo(undo)
}
