//! `poolscope diagnose`: evidence in, verdict out.

use anyhow::Result;
use poolscope_report::{build, json, text};

use crate::cli::exit::Exit;
use crate::cli::{DiagnoseArgs, When, output, progress::Bar};

pub(super) fn run(typed: &DiagnoseArgs, color: When) -> Result<Exit> {
    let outcome = poolscope::diagnose(&typed.paths, &super::options(&typed.reading), &Bar::new())?;
    let report = build(&outcome);
    for path in &typed.output {
        output::write_report(path, &report)?;
    }
    let printed =
        if typed.json { json::render(&report)? } else { text::render(&report, output::style(color)) };
    output::print(&printed)?;
    Ok(if typed.exit_code { Exit::Verdict(outcome.verdict.state) } else { Exit::Done })
}
