//! A plain table of text cells: what `inspect` shows of an input's content. Rendering is elsewhere.

/// A table with a head.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Table {
    /// What the table shows, without a final dot.
    pub title: String,
    /// The columns: name, and whether cells are numbers (set to the right).
    pub columns: Vec<(&'static str, bool)>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<String>>,
    /// Rows beyond those given.
    pub rows_left_out: usize,
}

/// Rows of a table that `inspect` shows at most.
pub const MAX_TABLE_ROWS: usize = 40;

impl Table {
    /// A table from an iterator of rows, cut at [`MAX_TABLE_ROWS`].
    pub fn new(
        title: impl Into<String>,
        columns: &[(&'static str, bool)],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Self {
        let mut table =
            Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new(), rows_left_out: 0 };
        for row in rows {
            if table.rows.len() < MAX_TABLE_ROWS {
                table.rows.push(row);
            } else {
                table.rows_left_out += 1;
            }
        }
        table
    }
}
