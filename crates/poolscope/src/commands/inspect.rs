//! `poolscope inspect`: what a file is, what was read of it, and its content.

use anyhow::Result;
use poolscope::{Quiet, find_inputs, read_input};
use poolscope_core::ingest::tables;
use poolscope_report::build::build_evidence;
use poolscope_report::inspect::render;

use crate::cli::exit::Exit;
use crate::cli::{InspectArgs, When, output};

pub(super) fn run(typed: &InspectArgs, color: When) -> Result<Exit> {
    let options = super::options(&typed.reading);
    let inputs = find_inputs(&typed.paths)?;
    for (at, input) in inputs.iter().enumerate() {
        let (evidence, records) = read_input(input, &options, &Quiet);
        let tables = records.as_ref().map(tables).unwrap_or_default();
        let blank = if at > 0 { "\n" } else { "" };
        let shown = render(&build_evidence(&evidence), &tables, output::style(color));
        output::print(&format!("{blank}{shown}"))?;
    }
    if inputs.is_empty() {
        anyhow::bail!("there is no file to inspect");
    }
    Ok(Exit::Done)
}
