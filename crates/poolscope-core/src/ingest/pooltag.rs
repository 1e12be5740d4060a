//! The table of a pooltag.txt. Its entries enter the case as they are.

use poolscope_formats::pooltag::PooltagFile;

use crate::table::Table;

pub(super) fn tables(file: &PooltagFile) -> Vec<Table> {
    let rows = file.entries().iter().map(|entry| {
        vec![
            entry.pattern.to_string(),
            entry.binary.as_deref().unwrap_or("-").to_owned(),
            entry.description.to_string(),
            entry.line.to_string(),
        ]
    });
    let columns = [("Tag", false), ("Binary", false), ("Description", false), ("Line", true)];
    vec![Table::new("entries", &columns, rows)]
}
