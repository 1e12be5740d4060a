//! HTTPERR logs to the symptom side of the case.

use poolscope_formats::httperr::HttpErrLog;

use crate::model::{CaseBuilder, EvidenceId};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, log: HttpErrLog) {
    case.http.push((evidence, log));
}

pub(super) fn tables(log: &HttpErrLog) -> Vec<Table> {
    let rows = log.reasons.iter().map(|reason| {
        vec![
            reason.name.clone(),
            reason.class.name().to_owned(),
            reason.rows.to_string(),
            reason.weight.to_string(),
            format!("{} (line {})", reason.first.0, reason.first.1),
            format!("{} (line {})", reason.last.0, reason.last.1),
        ]
    });
    let columns = [
        ("Reason", false),
        ("Class", false),
        ("Rows", true),
        ("Events", true),
        ("First (UTC)", false),
        ("Last (UTC)", false),
    ];
    let statuses = log.statuses.iter().map(|(status, rows)| vec![status.to_string(), rows.to_string()]);
    vec![
        Table::new("reasons", &columns, rows),
        Table::new("statuses", &[("Status", false), ("Rows", true)], statuses),
    ]
}
