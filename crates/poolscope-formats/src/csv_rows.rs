//! Rows of CSV with their lines, in any encoding; a quoted cell may hold line ends.

use crate::error::FormatError;
use crate::input::ReadAt;
use crate::limits::MAX_ROW_BYTES;
use crate::text::for_each_line;

/// Lines one row may run over. A stray quote would swallow the rest of the file otherwise.
const MAX_ROW_LINES: u32 = 50;

/// Calls `take` with every row: the line it begins at and its cells. Blank lines are passed over.
///
/// # Errors
/// [`FormatError::Read`].
pub(crate) fn for_each_row(
    input: &dyn ReadAt,
    delimiter: u8,
    mut take: impl FnMut(u64, &[String]),
) -> Result<(), FormatError> {
    let mut pending = String::new();
    let mut first = 0;
    let mut lines = 0;
    for_each_line(input, |number, line| {
        if pending.is_empty() {
            if line.trim().is_empty() {
                return Ok(());
            }
            (first, lines) = (number, 0);
        } else {
            pending.push('\n');
        }
        pending.push_str(line.trim_end_matches('\r'));
        lines += 1;
        let open = pending.bytes().filter(|&b| b == b'"').count() % 2 == 1;
        if !open || lines >= MAX_ROW_LINES || pending.len() >= MAX_ROW_BYTES {
            take(first, &cells(&pending, delimiter));
            pending.clear();
        }
        Ok(())
    })?;
    if !pending.is_empty() {
        take(first, &cells(&pending, delimiter));
    }
    Ok(())
}

/// The cells of one row, trimmed.
pub(crate) fn cells(row: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(row.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(|cell| cell.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}
