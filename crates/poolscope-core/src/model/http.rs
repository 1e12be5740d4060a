//! HTTPERR reasons over all logs of a case: http.sys starts a new file every megabyte, so one outage is spread
//! over many, and how it is spread must not change what is said of it.

use std::collections::BTreeMap;

use poolscope_formats::httperr::{HttpErrLog, ReasonClass};
use poolscope_formats::{Place, Time};

use super::{EventKind, EvidenceId, Source, TimelineEvent};
use crate::units::count;

/// The rows of one reason in all logs.
#[derive(Clone, PartialEq, Debug)]
pub struct HttpReason {
    /// The reason as logged, without the count of `<n>_Connections_Refused`.
    pub name: String,
    /// What the reason speaks of.
    pub class: ReasonClass,
    /// Rows.
    pub rows: u64,
    /// Events: the summed `<n>` of `<n>_Connections_Refused`, else the rows.
    pub weight: u64,
    /// The earliest row.
    pub first: (Time, Source),
    /// The latest row.
    pub last: (Time, Source),
    /// Rows by request queue, of reasons that speak of one.
    pub queues: BTreeMap<String, u64>,
}

impl HttpReason {
    /// Where the earliest and the latest row stand; one place if they are the same.
    pub fn sources(&self) -> Vec<Source> {
        let mut sources = vec![self.first.1, self.last.1];
        sources.dedup();
        sources
    }

    /// The entry of the time line where refusals began; nothing for other reasons.
    pub(super) fn beginning(&self) -> Option<TimelineEvent> {
        (self.class == ReasonClass::MemoryRefusal).then(|| TimelineEvent {
            time: self.first.0,
            kind: EventKind::ConnectionsRefused,
            text: format!(
                "http.sys began to refuse connections ({} refused up to {} UTC)",
                count(self.weight as f64),
                self.last.0
            ),
            source: self.first.1,
        })
    }
}

/// Sums the reasons of all logs, by name and class.
pub(super) fn merge(logs: &[(EvidenceId, HttpErrLog)]) -> Vec<HttpReason> {
    let mut merged: BTreeMap<(&str, ReasonClass), HttpReason> = BTreeMap::new();
    for (evidence, log) in logs {
        for stat in &log.reasons {
            let at =
                |(time, line): (Time, u64)| (time, Source { evidence: *evidence, place: Place::Line(line) });
            let reason = merged.entry((&stat.name, stat.class)).or_insert_with(|| HttpReason {
                name: stat.name.clone(),
                class: stat.class,
                rows: 0,
                weight: 0,
                first: at(stat.first),
                last: at(stat.last),
                queues: BTreeMap::new(),
            });
            for (queue, rows) in &stat.queues {
                *reason.queues.entry(queue.clone()).or_default() += rows;
            }
            reason.rows += stat.rows;
            reason.weight += stat.weight;
            reason.first = reason.first.min(at(stat.first));
            reason.last = reason.last.max(at(stat.last));
        }
    }
    merged.into_values().collect()
}
