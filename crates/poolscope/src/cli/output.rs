//! Standard output and report files.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use poolscope_report::style::Style;
use poolscope_report::{Report, html, json, markdown, text};

use super::When;

/// Plain or coloured, by the option, NO_COLOR and whether standard output is a terminal.
pub(crate) fn style(when: When) -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => !no_color && std::io::stdout().is_terminal(),
    };
    if colour { Style::Colour } else { Style::Plain }
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// The renderer for a file name's ending.
pub(crate) fn render_for(path: &Path, report: &Report) -> Result<String> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    Ok(match ending.as_deref() {
        Some("html" | "htm") => html::render(report),
        Some("json") => json::render(report)?,
        Some("md") => markdown::render(report),
        Some("txt") => text::render(report, Style::Plain),
        _ => {
            bail!("cannot tell the format of {} by its ending: use .html, .json, .md or .txt", path.display())
        }
    })
}

/// Writes a report file.
pub(crate) fn write_report(path: &Path, report: &Report) -> Result<()> {
    let rendered = render_for(path, report)?;
    std::fs::write(path, rendered).with_context(|| format!("cannot write {}", path.display()))
}
