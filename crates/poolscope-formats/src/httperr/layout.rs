//! Where status and reason stand in a row.

use super::reasons;
use crate::w3c::{Columns, position};

/// The columns that are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fields {
    pub status: usize,
    pub reason: usize,
    /// The name of the request queue stands right behind the reason.
    pub queue_behind: bool,
}

/// By a `#Fields` list.
pub(super) fn stated(names: &[&[u8]]) -> Result<(Fields, usize, usize), String> {
    let reason = position(names, "s-reason").ok_or("the field `s-reason` is missing")?;
    let status = position(names, "sc-status").ok_or("the field `sc-status` is missing")?;
    let queue_behind = position(names, "s-queuename") == Some(reason + 1);
    Ok((Fields { status, reason, queue_behind }, status.min(reason), status.max(reason)))
}

/// The known layouts by their number of columns: Windows Server 2003 to 2012, 2016, 2022, and 2026.
const KNOWN: [(usize, Fields); 4] = [
    (13, Fields { status: 9, reason: 11, queue_behind: true }),
    (14, Fields { status: 10, reason: 12, queue_behind: true }),
    (16, Fields { status: 11, reason: 13, queue_behind: true }),
    (18, Fields { status: 11, reason: 13, queue_behind: true }),
];

/// By a row alone: its number of columns, with or without a blank at its end, and columns that fit: a date,
/// a status of three digits or `-`, a site id of digits or `-`, a reason that is no number.
pub(super) fn guess(row: &[u8]) -> Option<Columns<Fields>> {
    if !row.first_chunk::<11>().is_some_and(|date| date[4] == b'-' && date[7] == b'-' && date[10] == b' ') {
        return None;
    }
    let fields: Vec<&[u8]> = row.split(|byte| *byte == b' ').take(20).collect();
    let shorter = usize::from(fields.last().is_some_and(|last| last.is_empty()));
    [fields.len(), fields.len() - shorter].into_iter().find_map(|count| {
        let (_, known) = KNOWN.iter().find(|(columns, _)| *columns == count)?;
        let status = *fields.get(known.status)?;
        let site = *fields.get(known.status + 1)?;
        let reason = *fields.get(known.reason)?;
        let fits = (status == b"-" || (status.len() == 3 && status.iter().all(u8::is_ascii_digit)))
            && (site == b"-" || site.iter().all(u8::is_ascii_digit))
            && (reason == b"-" || reason.iter().any(u8::is_ascii_alphabetic));
        fits.then(|| Columns::new(Some(0), 1, known.status, known.reason, *known))
    })
}

/// True if the row's reason is one of the documentation.
pub(super) fn has_known_reason(row: &[u8], columns: &Columns<Fields>) -> bool {
    let reason = row.split(|byte| *byte == b' ').nth(columns.fields.reason);
    reason.is_some_and(reasons::is_documented)
}
