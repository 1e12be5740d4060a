//! Folded stacks: one line a stack, frames from the outermost, `;` between them, then the weight. What every flame
//! graph tool reads.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use poolscope_core::trace::TraceReport;

use crate::cli::Weight;

pub(super) fn render(report: &TraceReport, by: Weight) -> Result<String> {
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for site in &report.sites {
        let weight = super::weight(site, by);
        if weight > 0 {
            // The separators of the format may not stand in a name.
            let names: Vec<String> = super::path(site).iter().map(|name| name.replace(';', ":")).collect();
            *lines.entry(names.join(";")).or_default() += weight;
        }
    }
    let mut out = String::new();
    for (stack, weight) in lines {
        writeln!(out, "{stack} {weight}")?;
    }
    Ok(out)
}
