//! The tables for a terminal: what grows first, then drivers, tags, processes and sites, then what is missing.

use std::fmt::Write;

use poolscope_core::trace::{RangeRow, TraceReport};
use poolscope_core::units::{bytes, count};
use poolscope_report::escape;

pub(super) fn render(report: &TraceReport, top: usize) -> String {
    let mut out = String::new();
    head(report, &mut out);
    suspects(report, &mut out);
    let size = |value: u64| bytes(value as f64);
    let number = |value: u64| count(value as f64);
    table(
        &mut out,
        "Drivers, by bytes not freed",
        &["Driver", "Maker", ">Allocs", ">Not freed", ">Bytes"],
        report.drivers.iter().map(|row| {
            let maker = row.company.clone().unwrap_or_else(|| "-".to_owned());
            [
                row.module.clone(),
                maker,
                number(row.allocs),
                number(row.outstanding_count),
                size(row.outstanding_bytes),
            ]
        }),
        top,
    );
    table(
        &mut out,
        "Tags, by bytes not freed",
        &["Tag", "Pool", ">Allocs", ">Frees", ">Old frees", ">Not freed", ">Bytes", ">Allocs/s", "Shape"],
        report.tags.iter().map(|row| {
            [
                row.tag.clone(),
                row.pool.to_owned(),
                number(row.allocs),
                number(row.frees),
                number(row.frees_without_alloc),
                number(row.outstanding_count),
                size(row.outstanding_bytes),
                format!("{:.0}", row.allocs_per_second),
                row.shape.replace('_', " "),
            ]
        }),
        top,
    );
    if let Some((from, to)) = report.trace.range {
        let title = format!("Tags from {from} to {to} s: inside (I) or outside (O) allocated and freed");
        let cell = |(number, size): (u64, u64)| format!("{} ({})", count(number as f64), bytes(size as f64));
        table(
            &mut out,
            &title,
            &["Tag", "Pool", ">AIFI", ">AIFO", ">AOFI", ">AOFO"],
            report.tags.iter().map(|row| {
                let RangeRow { aifi, aifo, aofi, aofo } = row.range;
                [row.tag.clone(), row.pool.to_owned(), cell(aifi), cell(aifo), cell(aofi), cell(aofo)]
            }),
            top,
        );
    }
    table(
        &mut out,
        "Processes, by bytes not freed",
        &["Process", ">Allocs", ">Not freed", ">Bytes"],
        report.processes.iter().map(|row| {
            let name = row.name.clone().unwrap_or_else(|| "unknown".to_owned());
            let name = row.pid.map_or(name.clone(), |pid| format!("{name} ({pid})"));
            [name, number(row.allocs), number(row.outstanding_count), size(row.outstanding_bytes)]
        }),
        top,
    );
    sites(report, top, &mut out);
    foot(report, &mut out);
    out
}

fn head(report: &TraceReport, out: &mut String) {
    let trace = &report.trace;
    let started = trace.started.as_ref().map_or(String::new(), |time| format!(", from {time} UTC"));
    let build = trace.build.map_or(String::new(), |build| format!(", Windows build {build}"));
    let computer = trace
        .computer
        .as_ref()
        .map_or(String::new(), |name| format!(", computer {}", escape::terminal(name)));
    let _ = writeln!(
        out,
        "{:.3} s{started}{build}{computer}: {} events, {} of them pool allocations and frees",
        trace.seconds,
        count(trace.events as f64),
        count(trace.pool_events as f64)
    );
}

fn suspects(report: &TraceReport, out: &mut String) {
    if report.suspects.is_empty() {
        let _ = writeln!(
            out,
            "\nNothing grows and goes on growing within this trace. A slow leak needs a longer one: at least 1 MiB of it."
        );
    }
    for (at, suspect) in report.suspects.iter().enumerate().take(8) {
        let title = if at == 0 { "\nGrows most" } else { "Grows too" };
        let maker = suspect.company.as_ref().map_or(String::new(), |company| format!(" ({company})"));
        let place = match (&suspect.frame, &suspect.function) {
            (Some(frame), _) => format!(", from {frame}"),
            _ => String::new(),
        };
        let text = format!(
            "{title}: tag {} in {} pool, allocated by {}{maker}{place}: {} blocks, {} not freed, {} an hour",
            suspect.tag,
            suspect.pool,
            suspect.module,
            count(suspect.outstanding_count as f64),
            bytes(suspect.outstanding_bytes as f64),
            bytes(suspect.growth_bytes_per_hour),
        );
        let _ = writeln!(out, "{}", escape::lines(&text));
        if let Some(above) = &suspect.above {
            let _ = writeln!(
                out,
                "    {} works for other drivers; above it stands {}",
                escape::terminal(&suspect.module),
                escape::terminal(above)
            );
        }
    }
}

fn sites(report: &TraceReport, top: usize, out: &mut String) {
    let standing = report.sites.iter().filter(|site| site.outstanding_count > 0);
    for (shown, site) in standing.take(top).enumerate() {
        if shown == 0 {
            out.push_str("\nStacks, by bytes not freed\n");
        }
        let _ = writeln!(
            out,
            "  {} in {} blocks, tag {} ({}), {}",
            bytes(site.outstanding_bytes as f64),
            count(site.outstanding_count as f64),
            escape::terminal(&site.tag),
            site.pool,
            escape::terminal(&site.process)
        );
        for frame in &site.frames {
            let _ = writeln!(out, "      {}", escape::terminal(frame));
        }
    }
}

fn foot(report: &TraceReport, out: &mut String) {
    let (pairing, stacks) = (&report.pairing, &report.stacks);
    let _ = writeln!(
        out,
        "\nPaired {} of {} frees ({} free blocks from before the trace), {} allocations at an address still alive.",
        count(pairing.paired as f64),
        count(pairing.frees as f64),
        count(pairing.frees_without_alloc as f64),
        count(pairing.allocs_over_live as f64)
    );
    let _ = writeln!(
        out,
        "Stacks: {} of {} allocations have one; {} of {} stack records resolved, {} by undefined keys, {} of frees.",
        count(stacks.allocs_with_stack as f64),
        count(pairing.allocs as f64),
        count(stacks.resolved as f64),
        count(stacks.records as f64),
        count(stacks.unresolved as f64),
        count(stacks.of_frees as f64)
    );
    let _ = writeln!(
        out,
        "Lost: {} events, {} buffers{}.",
        count(report.lost.events as f64),
        count(report.lost.buffers as f64),
        if report.lost.buffers > 0 {
            format!(" ({:.1} % of all)", report.lost.share * 100.0)
        } else {
            String::new()
        }
    );
    for gap in report.lost.gaps.iter().take(10) {
        let _ = writeln!(
            out,
            "    processor {}: {:.6} to {:.6} s ({})",
            gap.processor,
            gap.from,
            gap.to,
            gap.sign.replace('_', " ")
        );
    }
    for remark in &report.remarks {
        let _ = writeln!(out, "Note: {}", escape::terminal(remark));
    }
}

/// Writes a table with aligned columns; a head that begins with `>` sets its column to the right.
fn table<const N: usize>(
    out: &mut String,
    title: &str,
    heads: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
    top: usize,
) {
    let rows: Vec<[String; N]> = rows.map(|row| row.map(|cell| escape::terminal(&cell))).collect();
    if rows.is_empty() {
        return;
    }
    let left_out = rows.len().saturating_sub(top);
    let names = heads.map(|head| head.trim_start_matches('>').to_owned());
    let shown = || std::iter::once(&names).chain(rows.iter().take(top));
    let mut widths = [0; N];
    for row in shown() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let _ = writeln!(out, "\n{title}");
    for row in shown() {
        let mut line = String::from(" ");
        for ((cell, width), head) in row.iter().zip(widths).zip(heads) {
            let pad = " ".repeat(width - cell.chars().count());
            let cell = if head.starts_with('>') { format!(" {pad}{cell}") } else { format!(" {cell}{pad}") };
            line.push_str(&cell);
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if left_out > 0 {
        let _ = writeln!(out, "  and {left_out} more");
    }
}
