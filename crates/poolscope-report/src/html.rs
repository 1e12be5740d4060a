//! The report as one self-contained HTML file: no script, no network, charts as inline SVG.

use std::fmt::Write;

use poolscope_core::units::{bytes, bytes_per_hour, count};

use crate::escape::html as escaped;
use crate::{Chart, Report, Source};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1100px;padding:0 1rem;\
color:#1c2733;background:#fff}h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;\
border-bottom:1px solid #d5dce3}.state{padding:1rem 1.25rem;border-left:6px solid #8a94a0;background:#f4f6f8}\
.leak{border-color:#c0262d;background:#fdf1f1}.no_leak_seen{border-color:#1d7a3d;background:#eff8f2}\
.not_enough_evidence,.other_problem{border-color:#b26a00;background:#fdf6ea}.state p{margin:.4rem 0}\
table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;padding:.3rem .6rem;\
border-bottom:1px solid #e4e9ee;vertical-align:top}th{color:#5b6875;font-weight:600}.n{text-align:right;\
font-variant-numeric:tabular-nums;white-space:nowrap}.src{color:#5b6875;font-size:.82rem;overflow-wrap:anywhere}\
code,pre{font-family:ui-monospace,Consolas,monospace;font-size:.86rem}pre{background:#f4f6f8;padding:.6rem;\
overflow-x:auto;white-space:pre-wrap}svg{width:100%;height:auto;background:#fbfcfd;border:1px solid #e4e9ee}\
.axis{fill:#5b6875;font-size:11px}li{margin:.25rem 0}@media print{body{margin:0}}";

/// Renders the report.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let title = report.verdict.state.replace('_', " ");
    let _ = writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src \
         'none'; style-src 'unsafe-inline'\"><title>poolscope: {title}</title><style>{STYLE}</style></head><body>"
    );
    let _ = writeln!(out, "<div class=\"state {}\"><h1>{}</h1>", report.verdict.state, capital(&title));
    if let Some(sure) = report.verdict.confidence {
        let _ = writeln!(out, "<p>{:.0} % sure of this state</p>", (sure * 100.0).floor());
    }
    for line in &report.verdict.summary {
        let _ = writeln!(out, "<p>{}</p>", escaped(line));
    }
    for line in &report.verdict.against {
        let _ = writeln!(out, "<p><b>But:</b> {}</p>", escaped(line));
    }
    let _ = writeln!(out, "</div>");
    suspects(&mut out, report);
    if !report.charts.is_empty() {
        let _ = writeln!(out, "<h2>Over time (UTC)</h2>");
        for chart in &report.charts {
            draw(&mut out, chart);
        }
    }
    list(&mut out, "Findings", &report.findings, |finding| {
        format!(
            "<b>{}</b> {} <span class=\"src\">({}){}</span>",
            finding.code,
            escaped(&finding.title),
            finding.strength,
            places(&finding.sources)
        )
    });
    list(&mut out, "Time line (UTC)", &report.timeline, |entry| {
        format!(
            "<code>{}</code> {} <span class=\"src\">{}</span>",
            escaped(&entry.time),
            escaped(&entry.text),
            places(&entry.sources)
        )
    });
    list(&mut out, "What could not be seen", &report.gaps, |gap| escaped(&gap.text));
    list(&mut out, "What to do next", &report.next_steps, |step| {
        let command = step
            .command
            .as_deref()
            .map_or(String::new(), |command| format!("<pre>{}</pre>", escaped(command)));
        format!(
            "<b>{}.</b>{command} Why: {}. Cost: {}. Risk: {}.{}",
            escaped(&step.title),
            escaped(&step.why),
            escaped(&step.cost),
            escaped(&step.risk),
            escaped(&step.undo_sentence())
        )
    });
    evidence(&mut out, report);
    let _ = writeln!(
        out,
        "<p class=\"src\">{} by poolscope {}</p></body></html>",
        report.schema, report.poolscope_version
    );
    out
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn suspects(out: &mut String, report: &Report) {
    if report.verdict.suspects.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<h2>{}</h2><table><tr><th>Tag</th><th>Pool</th><th>Class</th><th class=\"n\">Growth</th>\
         <th class=\"n\">Outstanding</th><th class=\"n\">Count</th><th>Since (UTC)</th><th>Pool runs out</th>\
         <th>Owners, by strength of evidence</th></tr>",
        report.verdict.suspects_heading()
    );
    for s in &report.verdict.suspects {
        let rate = s.rate_bytes_per_hour.map_or("-".to_owned(), |r| bytes_per_hour(r.estimate));
        let end = s.exhaustion.as_ref().map_or("-".to_owned(), |end| {
            format!("{}<br><span class=\"src\">{}</span>", escaped(&end.estimate), escaped(&end.bound.what))
        });
        let owners: String = s
            .owners
            .iter()
            .map(|owner| {
                format!(
                    "<div><b>{}</b>, {}<br><span class=\"src\">{} {}</span></div>",
                    escaped(&owner.name),
                    owner.grade_words,
                    escaped(&owner.reasons.join("; ")),
                    places(&owner.sources)
                )
            })
            .collect();
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td class=\"n\">{rate}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td>{}</td><td>{end}</td><td>{owners}</td></tr>",
            escaped(&s.tag),
            s.pool,
            s.class.replace('_', " "),
            bytes(s.outstanding_bytes as f64),
            count(s.outstanding_count as f64),
            escaped(s.onset.as_deref().unwrap_or("-")),
        );
    }
    let _ = writeln!(out, "</table>");
}

fn list<T>(out: &mut String, title: &str, items: &[T], item_html: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "<h2>{title}</h2><ul>");
    for item in items {
        let _ = writeln!(out, "<li>{}</li>", item_html(item));
    }
    let _ = writeln!(out, "</ul>");
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
    shown.join("; ")
}

fn evidence(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "<h2>Evidence</h2><table><tr><th>Input</th><th>What it is</th><th class=\"n\">Records</th>\
         <th class=\"n\">Bad</th><th>SHA-256 and notes</th></tr>"
    );
    for input in &report.evidence {
        let notes: String = input
            .notes
            .iter()
            .take(5)
            .map(|note| format!("<br>{}: {}", escaped(&note.place), escaped(&note.text)))
            .collect();
        let more = input.notes.len().saturating_sub(5) as u64 + input.notes_dropped;
        let more = if more > 0 { format!("<br>and {more} more notes") } else { String::new() };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"src\">{}{notes}{more}</td></tr>",
            escaped(&input.path),
            input.kind_title,
            count(input.records as f64),
            count(input.bad_records as f64),
            input.sha256
        );
    }
    let _ = writeln!(out, "</table>");
}

/// Size of a chart in SVG units.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 80.0;
const BOTTOM: f64 = 24.0;

/// One line chart. Points are spaced by time; the value axis begins at 0, so that a slope is not exaggerated.
fn draw(out: &mut String, chart: &Chart) {
    let seconds = |time: &str| poolscope_core::model::parse_iso(time).map(|(t, _)| t.0 as f64 / 1e6);
    let points: Vec<(f64, f64)> =
        chart.points.iter().filter_map(|(time, value)| Some((seconds(time)?, *value))).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let top = points.iter().map(|p| p.1).fold(0.0, f64::max);
    let span = (last.0 - first.0).max(1.0);
    let x = |t: f64| LEFT + (t - first.0) / span * (WIDTH - LEFT - 10.0);
    let y = |v: f64| HEIGHT - BOTTOM - v / top.max(1.0) * (HEIGHT - BOTTOM - 16.0);
    let _ = writeln!(
        out,
        "<p><b>{}</b></p><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escaped(&chart.title),
        escaped(&chart.title)
    );
    for share in [0.0, 0.5, 1.0] {
        let at = y(top * share);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#e4e9ee\"/>\
             <text class=\"axis\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            bytes(top * share)
        );
    }
    for (time, what) in &chart.marks {
        let Some(at) = seconds(time).filter(|t| (first.0..=last.0).contains(t)) else { continue };
        let colour = if what == "onset" { "#c0262d" } else { "#5b6875" };
        let _ = writeln!(
            out,
            "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"8\" y2=\"{1}\" stroke=\"{colour}\" stroke-dasharray=\"4 3\"/>\
             <text class=\"axis\" x=\"{2:.1}\" y=\"16\">{3}</text>",
            x(at),
            HEIGHT - BOTTOM,
            x(at) + 4.0,
            escaped(what)
        );
    }
    // A boot cuts the line: what stands before and after it is not one series.
    let boots: Vec<f64> =
        chart.marks.iter().filter(|(_, what)| what == "boot").filter_map(|(t, _)| seconds(t)).collect();
    for run in points.chunk_by(|a, b| !boots.iter().any(|boot| a.0 < *boot && *boot <= b.0)) {
        let path: Vec<String> = run.iter().map(|(t, v)| format!("{:.1},{:.1}", x(*t), y(*v))).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"1.6\"/>",
            path.join(" ")
        );
    }
    let label = |at: Option<&(String, f64)>| {
        at.map_or(String::new(), |(t, _)| t.get(..16).unwrap_or(t).replace('T', " "))
    };
    let _ = writeln!(
        out,
        "<text class=\"axis\" x=\"{LEFT}\" y=\"{0}\">{1}</text><text class=\"axis\" x=\"{2}\" y=\"{0}\" \
         text-anchor=\"end\">{3}</text></svg>",
        HEIGHT - 6.0,
        escaped(&label(chart.points.first())),
        WIDTH - 4.0,
        escaped(&label(chart.points.last()))
    );
}
