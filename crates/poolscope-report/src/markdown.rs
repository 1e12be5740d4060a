//! The report as Markdown, for a ticket.

use std::fmt::Write;

use poolscope_core::units::{bytes, bytes_per_hour, count};

use crate::escape::markdown as escaped;
use crate::{Report, Source};

/// Renders the report.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# poolscope: {}\n", report.verdict.state.replace('_', " "));
    if let Some(sure) = report.verdict.confidence {
        let _ = writeln!(out, "{:.0} % sure of this state\n", (sure * 100.0).floor());
    }
    for line in &report.verdict.summary {
        let _ = writeln!(out, "{}\n", escaped(line));
    }
    for line in &report.verdict.against {
        let _ = writeln!(out, "**But:** {}\n", escaped(line));
    }
    if !report.verdict.suspects.is_empty() {
        let _ = writeln!(out, "## {}\n", report.verdict.suspects_heading());
        let _ = writeln!(out, "| Tag | Pool | Class | Growth | Outstanding | Count | Since (UTC) | Owner |");
        let _ = writeln!(out, "|---|---|---|--:|--:|--:|---|---|");
        for s in &report.verdict.suspects {
            let rate = s.rate_bytes_per_hour.map_or("-".to_owned(), |rate| bytes_per_hour(rate.estimate));
            let owner = s.owners.first();
            let owner = owner.map_or("-".to_owned(), |o| format!("{} ({})", escaped(&o.name), o.grade_words));
            let _ = writeln!(
                out,
                "| {} | {} | {} | {rate} | {} | {} | {} | {owner} |",
                escaped(&s.tag),
                s.pool,
                s.class.replace('_', " "),
                bytes(s.outstanding_bytes as f64),
                count(s.outstanding_count as f64),
                s.onset.as_deref().unwrap_or("-"),
            );
        }
        out.push('\n');
    }
    section(&mut out, "Findings", &report.findings, |finding| {
        format!(
            "**{}** {} ({}){}",
            finding.code,
            escaped(&finding.title),
            finding.strength,
            places(&finding.sources)
        )
    });
    section(&mut out, "Time line (UTC)", &report.timeline, |entry| {
        format!("{} {}{}", entry.time, escaped(&entry.text), places(&entry.sources))
    });
    section(&mut out, "What could not be seen", &report.gaps, |gap| escaped(&gap.text));
    section(&mut out, "What to do next", &report.next_steps, |step| {
        let command = step.command.as_deref().map_or(String::new(), |command| {
            // A fence longer than any run of backticks inside cannot be closed from within.
            format!("\n  ````\n  {}\n  ````\n ", crate::escape::terminal(command))
        });
        format!(
            "{}.{command} Why: {}. Cost: {}. Risk: {}.{}",
            escaped(&step.title),
            escaped(&step.why),
            escaped(&step.cost),
            escaped(&step.risk),
            escaped(&step.undo_sentence())
        )
    });
    section(&mut out, "Evidence", &report.evidence, |input| {
        format!(
            "{}: {}, {} records, {} bad, SHA-256 {}",
            escaped(&input.path),
            input.kind_title,
            input.records,
            input.bad_records,
            if input.sha256.is_empty() { "not computed" } else { &input.sha256 }
        )
    });
    out
}

fn section<T>(out: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {title}\n");
    for item in items {
        let _ = writeln!(out, "- {}", line(item));
    }
    out.push('\n');
}

fn places(sources: &[Source]) -> String {
    let shown: Vec<String> = sources
        .iter()
        .take(4)
        .map(|source| match (source.line, source.offset) {
            (Some(line), _) => format!("{} line {line}", escaped(&source.path)),
            (_, Some(offset)) => format!("{} offset {offset:#x}", escaped(&source.path)),
            _ => escaped(&source.path),
        })
        .collect();
    if shown.is_empty() { String::new() } else { format!(": {}", shown.join("; ")) }
}
