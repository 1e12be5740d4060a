//! The table of `xperf -a pool`: a section for each kind of pool, a row for each image and tag. Sizes in KiB, as
//! xperf has them.

use std::collections::BTreeMap;
use std::fmt::Write;

use poolscope_core::trace::TraceReport;
use poolscope_formats::etl::decode::pool::PoolType;
use poolscope_report::escape;

#[derive(Default)]
struct Row {
    allocs: u64,
    alloc_bytes: u64,
    outstanding: u64,
    outstanding_bytes: u64,
}

pub(super) fn render(report: &TraceReport) -> String {
    let mut sections: BTreeMap<&str, BTreeMap<(String, String), Row>> = BTreeMap::new();
    for site in &report.sites {
        let section = sections.entry(PoolType(site.pool_type).section()).or_default();
        let row = section.entry((site.module.clone(), site.tag.clone())).or_default();
        row.allocs += site.allocs;
        row.alloc_bytes = row.alloc_bytes.saturating_add(site.alloc_bytes);
        row.outstanding += site.outstanding_count;
        row.outstanding_bytes = row.outstanding_bytes.saturating_add(site.outstanding_bytes);
    }
    let mut out = String::new();
    for (title, rows) in sections {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.outstanding_bytes));
        let _ = writeln!(out, "{title}\nImage, Tag, Alloc #, Alloc KB, Out Alloc#, Out Alloc KB");
        for ((image, tag), row) in rows {
            let _ = writeln!(
                out,
                "{}, {}, {}, {}, {}, {}",
                cell(&image),
                cell(&tag),
                row.allocs,
                row.alloc_bytes.div_ceil(1024),
                row.outstanding,
                row.outstanding_bytes.div_ceil(1024)
            );
        }
        out.push('\n');
    }
    out
}

/// A cell that cannot end early, nor be taken for a formula by a spreadsheet.
fn cell(text: &str) -> String {
    let text = escape::terminal(text).replace([',', '"'], "_");
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}
