//! The report for a terminal or a plain text file: the answer first, then what it rests on.

use std::fmt::Write;

use poolscope_core::units::{bytes, bytes_per_hour, count};

use crate::escape::terminal;
use crate::style::{Meaning, Style};
use crate::{Report, Source, Suspect};

/// Width that running text is wrapped to.
const WRAP: usize = 100;

/// Different notes told of one kind of evidence.
const MOST_NOTES: usize = 8;

/// Renders the report.
pub fn render(report: &Report, style: Style) -> String {
    let mut out = String::new();
    head(&mut out, report, style);
    suspects(&mut out, report, style);
    findings(&mut out, report, style);
    timeline(&mut out, report, style);
    gaps(&mut out, report, style);
    next_steps(&mut out, report, style);
    evidence(&mut out, report, style);
    out
}

/// The word for a state, and what it means for colour.
fn verdict_word(state: &str) -> (&'static str, Meaning) {
    match state {
        "leak" => ("LEAK", Meaning::Bad),
        "no_leak_seen" => ("NO LEAK SEEN", Meaning::Good),
        "other_problem" => ("ANOTHER PROBLEM, NOT THE POOL", Meaning::Unsure),
        _ => ("NOT ENOUGH EVIDENCE", Meaning::Unsure),
    }
}

fn head(out: &mut String, report: &Report, style: Style) {
    let (word, meaning) = verdict_word(report.verdict.state);
    let sure = report
        .verdict
        .confidence
        .map_or(String::new(), |c| format!("  ({:.0} % sure of this state)", (c * 100.0).floor()));
    let _ = writeln!(out, "{}{}", style.paint(meaning, word), style.paint(Meaning::Faint, &sure));
    for line in &report.verdict.summary {
        wrap(out, "  ", "  ", &terminal(line));
    }
    for line in &report.verdict.against {
        wrap(out, "  But: ", "       ", &terminal(line));
    }
    let host = &report.host;
    let mut facts: Vec<String> = Vec::new();
    facts.extend(host.names.iter().map(|name| terminal(name)));
    facts.extend(host.windows.clone());
    facts.extend(host.bits.map(|bits| format!("{bits}-bit")));
    facts.extend(host.ram_bytes.map(|ram| format!("{} RAM", bytes(ram as f64))));
    if !facts.is_empty() {
        let _ = writeln!(out, "  {}", style.paint(Meaning::Faint, &format!("Host: {}", facts.join(", "))));
    }
}

fn heading(out: &mut String, style: Style, text: &str) {
    let _ = writeln!(out, "\n{}", style.paint(Meaning::Head, text));
}

fn suspects(out: &mut String, report: &Report, style: Style) {
    if report.verdict.suspects.is_empty() {
        return;
    }
    heading(out, style, report.verdict.suspects_heading());
    let columns = [
        ("Tag", false),
        ("Pool", false),
        ("Class", false),
        ("Growth", true),
        ("Outstanding", true),
        ("Count", true),
        ("Share", true),
        ("Since (UTC)", false),
        ("Owner, by evidence", false),
    ];
    let rows: Vec<Vec<String>> = report.verdict.suspects.iter().map(suspect_row).collect();
    out.push_str(&layout(&columns, &rows, "  "));
    for suspect in report.verdict.suspects.iter().take(3) {
        if suspect.owners.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n  Who owns {} ({}):", suspect.tag, suspect.pool);
        for owner in &suspect.owners {
            let lead = format!("    {} ({}), {}: ", terminal(&owner.name), owner.kind, owner.grade_words);
            wrap(out, &lead, "        ", &terminal(&owner.reasons.join("; ")));
            if !owner.sources.is_empty() {
                let _ = writeln!(out, "        {}", style.paint(Meaning::Faint, &places(&owner.sources)));
            }
        }
    }
}

fn suspect_row(suspect: &Suspect) -> Vec<String> {
    let dash = || "-".to_owned();
    vec![
        suspect.tag.clone(),
        suspect.pool.to_owned(),
        suspect.class.replace('_', " "),
        suspect.rate_bytes_per_hour.map_or_else(dash, |rate| bytes_per_hour(rate.estimate)),
        bytes(suspect.outstanding_bytes as f64),
        count(suspect.outstanding_count as f64),
        suspect.share_of_growth.map_or_else(dash, |share| format!("{:.0} %", share * 100.0)),
        suspect.onset.as_deref().map_or_else(dash, clock),
        suspect.owners.first().map_or_else(dash, |o| format!("{} ({})", terminal(&o.name), o.grade_words)),
    ]
}

/// `2026-05-01T08:30:00Z` as `2026-05-01 08:30`.
fn clock(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}

fn findings(out: &mut String, report: &Report, style: Style) {
    if report.findings.is_empty() {
        return;
    }
    heading(out, style, "Findings");
    for finding in &report.findings {
        let lead = format!("  {}  ", finding.code);
        wrap(out, &lead, "         ", &format!("{} [{}]", terminal(&finding.title), finding.strength));
        if !finding.sources.is_empty() {
            let _ = writeln!(out, "         {}", style.paint(Meaning::Faint, &places(&finding.sources)));
        }
    }
}

/// `from pool/0830.log line 12; httperr1.log line 900`.
fn places(sources: &[Source]) -> String {
    let shown: Vec<String> = sources
        .iter()
        .take(4)
        .map(|source| match (source.line, source.offset) {
            (Some(line), _) => format!("{} line {line}", terminal(&source.path)),
            (_, Some(offset)) => format!("{} offset {offset:#x}", terminal(&source.path)),
            _ => terminal(&source.path),
        })
        .collect();
    let more = sources.len().saturating_sub(4);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("from {}{more}", shown.join("; "))
}

fn timeline(out: &mut String, report: &Report, style: Style) {
    if report.timeline.is_empty() {
        return;
    }
    heading(out, style, "Time line (UTC)");
    for entry in &report.timeline {
        let lead = format!("  {}  ", clock(&entry.time));
        wrap(out, &lead, "                    ", &terminal(&entry.text));
    }
}

fn gaps(out: &mut String, report: &Report, style: Style) {
    if report.gaps.is_empty() {
        return;
    }
    heading(out, style, "What could not be seen");
    for gap in &report.gaps {
        wrap(out, "  - ", "    ", &terminal(&gap.text));
    }
}

fn next_steps(out: &mut String, report: &Report, style: Style) {
    if report.next_steps.is_empty() {
        return;
    }
    heading(out, style, "What to do next");
    for (at, step) in report.next_steps.iter().enumerate() {
        wrap(out, &format!("  {}. ", at + 1), "     ", &format!("{}.", terminal(&step.title)));
        if let Some(command) = &step.command {
            let _ = writeln!(out, "       {}", terminal(command));
        }
        wrap(out, "     Why: ", "          ", &format!("{}.", terminal(&step.why)));
        wrap(
            out,
            "     Cost: ",
            "           ",
            &format!(
                "{}. Risk: {}.{}",
                terminal(&step.cost),
                terminal(&step.risk),
                terminal(&step.undo_sentence())
            ),
        );
    }
}

/// Inputs of one kind and without notes are told in one line: ten thousand snapshots need no ten thousand lines.
fn evidence(out: &mut String, report: &Report, style: Style) {
    heading(out, style, "Evidence read");
    let mut kinds: Vec<&str> = report.evidence.iter().map(|e| e.kind_title).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of_kind: Vec<_> = report.evidence.iter().filter(|e| e.kind_title == kind).collect();
        let records: u64 = of_kind.iter().map(|e| e.records).sum();
        let bad: u64 = of_kind.iter().map(|e| e.bad_records).sum();
        let what = match of_kind.as_slice() {
            [one] => terminal(&one.path),
            many => format!("{} files", many.len()),
        };
        let bad = if bad > 0 { format!(", {bad} bad") } else { String::new() };
        let _ = writeln!(out, "  {kind}: {what}, {} records{bad}", count(records as f64));
        notes(out, &of_kind);
    }
}

/// Notes of the inputs of one kind. The same note on many inputs is told once, with their number.
fn notes(out: &mut String, inputs: &[&crate::Evidence]) {
    let mut by_text: Vec<(&str, Vec<String>)> = Vec::new();
    for input in inputs {
        for note in &input.notes {
            let place = match note.place.as_str() {
                "whole file" => terminal(&input.path),
                place => format!("{}, {place}", terminal(&input.path)),
            };
            let known = by_text.iter().position(|(text, _)| *text == note.text);
            match known {
                Some(at) => by_text[at].1.push(place),
                None if by_text.len() < MOST_NOTES => by_text.push((&note.text, vec![place])),
                None => {}
            }
        }
    }
    for (text, places) in &by_text {
        let where_ = match places.as_slice() {
            [one] => one.clone(),
            [first, ..] => format!("{first} and {} more", places.len() - 1),
            [] => continue,
        };
        wrap(out, "    note: ", "          ", &format!("{where_}: {}", terminal(text)));
    }
    let kept: u64 = inputs.iter().map(|input| input.notes.len() as u64 + input.notes_dropped).sum();
    let told: u64 = by_text.iter().map(|(_, places)| places.len() as u64).sum();
    if kept > told {
        let _ = writeln!(out, "    note: {} more notes; poolscope inspect shows them", kept - told);
    }
}

/// Wraps `text` at blanks; `first` leads the first line and `rest` the others.
fn wrap(out: &mut String, first: &str, rest: &str, text: &str) {
    let mut line = first.to_owned();
    let mut width = first.chars().count();
    let mut empty = true;
    for word in text.split(' ') {
        let length = word.chars().count();
        if !empty && width + 1 + length > WRAP {
            let _ = writeln!(out, "{}", line.trim_end());
            line = rest.to_owned();
            width = rest.chars().count();
            empty = true;
        }
        if !empty {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += length;
        empty = false;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Aligned columns: numbers to the right, the rest to the left, two blanks between.
pub(crate) fn layout(columns: &[(&'static str, bool)], rows: &[Vec<String>], indent: &str) -> String {
    let mut widths: Vec<usize> = columns.iter().map(|(name, _)| name.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    for row in std::iter::once(&names).chain(rows) {
        let mut line = indent.to_owned();
        for ((cell, (_, right)), width) in row.iter().zip(columns).zip(&widths) {
            let pad = " ".repeat(width - cell.chars().count().min(*width));
            if *right {
                line.push_str(&pad);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&pad);
            }
            line.push_str("  ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
