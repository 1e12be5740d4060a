//! The answer of `poolscope inspect`: one input, what was read of it, and tables of its content.

use std::fmt::Write;

use poolscope_core::table::Table;

use crate::Evidence;
use crate::escape::terminal;
use crate::style::{Meaning, Style};
use crate::text::layout;

/// Renders one input with its tables.
pub fn render(evidence: &Evidence, tables: &[Table], style: Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", style.paint(Meaning::Head, &terminal(&evidence.path)));
    let _ = writeln!(out, "  what it is   {}", evidence.kind_title);
    let _ = writeln!(out, "  size         {} bytes", evidence.bytes);
    let _ = writeln!(out, "  records      {} good, {} bad", evidence.records, evidence.bad_records);
    if !evidence.sha256.is_empty() {
        let _ = writeln!(out, "  SHA-256      {}", evidence.sha256);
    }
    for note in &evidence.notes {
        let line = format!("  note         {}: {}", note.place, terminal(&note.text));
        let _ = writeln!(out, "{}", style.paint(Meaning::Unsure, &line));
    }
    if evidence.notes_dropped > 0 {
        let _ = writeln!(out, "  note         {} more notes are not kept", evidence.notes_dropped);
    }
    for table in tables.iter().filter(|table| !table.rows.is_empty()) {
        let _ = writeln!(out);
        let _ = writeln!(out, "  {}", style.paint(Meaning::Head, &terminal(&table.title)));
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(|cell| terminal(cell)).collect()).collect();
        out.push_str(&layout(&table.columns, &rows, "  "));
        if table.rows_left_out > 0 {
            let _ = writeln!(out, "  ... and {} more rows", table.rows_left_out);
        }
    }
    out
}
