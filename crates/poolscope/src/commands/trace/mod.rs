//! `poolscope trace`: the pool content of a trace as tables, JSON, stacks for flame graphs and profilers, or the
//! table of `xperf -a pool`.

mod csv;
mod firefox;
mod folded;
mod speedscope;
mod symbols;
mod text;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use poolscope::open_input;
use poolscope_core::trace::{SiteRow, TraceOptions, TraceReport, build};
use poolscope_formats::etl::pool_trace::{PoolTraceOptions, read};
use poolscope_report::escape;

use crate::cli::exit::Exit;
use crate::cli::{TraceArgs, Weight, output};

/// Renders a report, stacks weighed as asked.
type Render = fn(&TraceReport, Weight) -> Result<String>;

pub(super) fn run(typed: &TraceArgs) -> Result<Exit> {
    let input = open_input(&typed.file)?;
    let options = PoolTraceOptions { range: typed.range, ..PoolTraceOptions::default() };
    let parsed =
        read(input.as_ref(), &options).with_context(|| format!("cannot read {}", typed.file.display()))?;
    let symbols = symbols::Symbols::load(&parsed.value, &typed.symbols);
    let options = TraceOptions { skip: typed.skip_module.clone() };
    let mut report = build(&parsed.value, &options, &|image, offset| symbols.name(image, offset));
    report.remarks.extend(parsed.notes.iter().map(|note| format!("{}: {}", note.place, note.text)));
    if parsed.notes_dropped > 0 {
        report.remarks.push(format!("{} further notes are not shown", parsed.notes_dropped));
    }
    report.remarks.extend(symbols.remarks());
    let mut printed = false;
    let exports: [(&Option<PathBuf>, Render); 4] = [
        (&typed.folded, folded::render),
        (&typed.speedscope, speedscope::render),
        (&typed.firefox, firefox::render),
        (&typed.csv, |report, _| Ok(csv::render(report))),
    ];
    for (target, render) in exports {
        if let Some(target) = target {
            printed |= write(target, &render(&report, typed.weigh)?)?;
        }
    }
    if typed.json {
        let mut json = serde_json::to_string_pretty(&report)?;
        json.push('\n');
        output::print(&json)?;
    } else if !printed {
        output::print(&text::render(&report, typed.top))?;
    }
    Ok(Exit::Done)
}

/// Writes to a file, or to standard output for `-`; true in that case.
fn write(target: &Path, content: &str) -> Result<bool> {
    if target == Path::new("-") {
        output::print(content)?;
        return Ok(true);
    }
    std::fs::write(target, content).with_context(|| format!("cannot write {}", target.display()))?;
    Ok(false)
}

/// What a site weighs in an export.
fn weight(site: &SiteRow, by: Weight) -> u64 {
    match by {
        Weight::OutstandingBytes => site.outstanding_bytes,
        Weight::OutstandingCount => site.outstanding_count,
        Weight::AllocBytes => site.alloc_bytes,
        Weight::Allocs => site.allocs,
    }
}

/// The unit of a weight, as profilers name it.
fn unit(by: Weight) -> &'static str {
    match by {
        Weight::OutstandingBytes | Weight::AllocBytes => "bytes",
        Weight::OutstandingCount | Weight::Allocs => "none",
    }
}

/// A site's stack for exports: process, frames from the outermost, then tag and pool. No control characters.
fn path(site: &SiteRow) -> Vec<String> {
    let mut path = vec![site.process.clone()];
    path.extend(site.frames.iter().rev().cloned());
    path.push(format!("[{} {}]", site.tag, site.pool));
    path.iter().map(|part| escape::terminal(part)).collect()
}
