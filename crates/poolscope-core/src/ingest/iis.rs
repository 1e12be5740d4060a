//! IIS access logs: failures that reached the worker.

use poolscope_formats::Place;
use poolscope_formats::iis::IisLog;

use crate::model::{CaseBuilder, EventKind, EvidenceId, Source, TimelineEvent};
use crate::table::Table;

/// Win32 errors that speak of missing memory or pool: ERROR_NOT_ENOUGH_MEMORY, ERROR_OUTOFMEMORY,
/// ERROR_NO_SYSTEM_RESOURCES, ERROR_COMMITMENT_LIMIT.
const MEMORY_ERRORS: [u32; 4] = [8, 14, 1450, 1455];

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, log: &IisLog) {
    for error in log.win32.iter().filter(|error| MEMORY_ERRORS.contains(&error.code)) {
        let (time, line) = error.first;
        case.events.push(TimelineEvent {
            time,
            kind: EventKind::Other,
            text: format!(
                "IIS requests began to fail with Win32 error {} (missing memory or pool), {} rows",
                error.code, error.rows
            ),
            source: Source { evidence, place: Place::Line(line) },
        });
    }
}

pub(super) fn tables(log: &IisLog) -> Vec<Table> {
    let statuses = log.statuses.iter().map(|status| {
        let substatus = status.substatus.map_or(String::new(), |sub| format!(".{sub}"));
        vec![
            format!("{}{substatus}", status.status),
            status.rows.to_string(),
            status.first.0.to_string(),
            status.last.0.to_string(),
        ]
    });
    let errors = log
        .win32
        .iter()
        .map(|error| vec![error.code.to_string(), error.rows.to_string(), error.first.0.to_string()]);
    vec![
        Table::new(
            "statuses",
            &[("Status", false), ("Rows", true), ("First (UTC)", false), ("Last (UTC)", false)],
            statuses,
        ),
        Table::new("Win32 errors", &[("Code", false), ("Rows", true), ("First (UTC)", false)], errors),
    ]
}
