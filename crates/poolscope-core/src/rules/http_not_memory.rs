//! PS002: requests failed in front of the web server for reasons that have nothing to do with memory.

use poolscope_formats::httperr::ReasonClass;

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::commit::{near, spent};
use crate::model::{EventKind, HttpReason};
use crate::units::{count, span};

/// `Connection_Abandoned_By_AppPool` and `..._By_ReqQueue` are written whenever a worker process is recycled with
/// requests in hand: every busy server has them, and none of them answers 503.
const ABANDONED: &str = "Connection_Abandoned";

/// Failures that all lie this close to a start or a stop of Windows belong to it.
const RESTART_HOURS: f64 = 0.25;

/// Failures that begin and end this close to the refusals belong to them.
const MARGIN_HOURS: f64 = 0.1;

pub(super) const RULE: Rule = Rule {
    code: "PS002",
    name: "http-problem-that-is-not-memory",
    doc: "# PS002 http-problem-that-is-not-memory

## What it does
Reports HTTPERR reasons that speak of queues, application pools and connection limits (QueueFull, AppOffline,
AppShutdown, ConnLimit, Disabled and the like) with their counts. Timer, client and abandoned-connection reasons are
left out, and what all fell into a quarter of an hour around a start or stop of Windows: every healthy server has them. Where all fall into the time in which connections were refused for want of memory, they are
told as a probable consequence; where commit was spent at the time (PS025), as a possible one.

## Why it matters
These answer 503 too, and are often taken for a pool leak. A stopped application pool or a full request queue is
another disease with another cure. Only `Connections_Refused`, and with less certainty `N/A`, speak of memory.

## Source
KB820729 and the list of errors logged by the HTTP Server API; reference peers-and-domain.md 0 and 2.4.",
    check,
};

/// The request queues of a reason, most rows first: `, request queue OrdersApi`.
fn named_queues(reason: &HttpReason) -> String {
    /// More than these tell a reader nothing.
    const MOST: usize = 3;
    let mut queues: Vec<(&String, &u64)> = reason.queues.iter().collect();
    queues.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let names: Vec<&str> = queues.iter().take(MOST).map(|(name, _)| name.as_str()).collect();
    match (names.len(), queues.len()) {
        (0, _) => String::new(),
        (1, _) => format!(", request queue {}", names.join("")),
        (shown, all) if shown < all => {
            format!(", request queues {} and {} more", names.join(", "), all - shown)
        }
        _ => format!(", request queues {}", names.join(", ")),
    }
}

fn check(view: &View<'_>) -> Vec<Finding> {
    let counts = |reason: &&HttpReason| {
        reason.class == ReasonClass::QueueOrAppPool && !reason.name.starts_with(ABANDONED)
    };
    // A server that cannot accept connections fails queued requests too: no second illness.
    let refusals: Vec<&HttpReason> =
        view.case.http_reasons.iter().filter(|reason| reason.class == ReasonClass::MemoryRefusal).collect();
    let beside = |reason: &HttpReason| {
        refusals.iter().any(|refused| {
            reason.first.0.hours_since(refused.first.0) > -MARGIN_HOURS
                && refused.last.0.hours_since(reason.last.0) > -MARGIN_HOURS
        })
    };
    // Applications that are stopped with Windows fail what is under way.
    let restarts = || {
        let events = view.case.events.iter();
        events.filter(|event| matches!(event.kind, EventKind::Shutdown | EventKind::Boot))
    };
    let in_a_restart = |reason: &&HttpReason| {
        restarts().any(|restart| {
            reason.first.0.hours_since(restart.time).abs() < RESTART_HOURS
                && reason.last.0.hours_since(restart.time).abs() < RESTART_HOURS
        })
    };
    let told = view.case.http_reasons.iter().filter(counts).filter(|reason| !in_a_restart(reason));
    let moments = spent(view.case);
    let starved = |reason: &HttpReason| near(&moments, reason.first.0, reason.last.0);
    let found = told.map(|reason| Finding {
        code: RULE.code,
        title: format!(
            "{} requests failed with {} {}{}: {}",
            count(reason.weight as f64),
            reason.name,
            span(reason.first.0, reason.last.0),
            named_queues(reason),
            if beside(reason) {
                "all while connections were refused for want of memory, so probably its consequence"
            } else if starved(reason) {
                "a queue or application pool, at a time when commit was spent: perhaps its consequence"
            } else {
                "a queue or application pool, not memory"
            }
        ),
        subject: Subject::Host,
        numbers: vec![number("rows", reason.rows as f64, "count")],
        sources: reason.sources(),
        strength: if beside(reason) || starved(reason) { Strength::Suggests } else { Strength::Proven },
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use poolscope_formats::httperr::ReasonClass;

    use crate::model::{Case, EventKind, HttpReason};
    use crate::rules::View;
    use crate::testcase::{TestCase, at};

    #[test]
    fn a_full_queue_is_told_and_what_fell_into_a_restart_is_not() {
        let mut case = TestCase::new(48);
        case.event(10.0, EventKind::Shutdown, "clean shutdown");
        let source = case.source(7);
        let reason = |name: &str, from: f64, to: f64| HttpReason {
            name: name.to_owned(),
            class: ReasonClass::QueueOrAppPool,
            rows: 11,
            weight: 11,
            first: (at(from), source),
            last: (at(to), source),
            queues: BTreeMap::new(),
        };
        let reasons = vec![reason("AppShutdown", 9.99, 10.1), reason("QueueFull", 9.99, 14.0)];
        case.with(|view| {
            let case = Case { http_reasons: reasons, ..view.case.clone() };
            let found = super::check(&View { case: &case, ..*view });
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].title.contains("QueueFull"), "{found:?}");
        });
    }
}
