//! `poolscope explain`: the documentation of a rule, or what is known about a tag.

use std::fmt::Write;

use anyhow::{Result, bail};
use poolscope::{Options, Quiet, find_inputs, read_input};
use poolscope_core::advice::{ADVICE, topic};
use poolscope_core::model::Tag;
use poolscope_core::rules::RULES;
use poolscope_core::tagnotes::note;
use poolscope_formats::Records;
use poolscope_report::escape::terminal;

use crate::cli::exit::Exit;
use crate::cli::{ExplainArgs, output};

pub(super) fn run(typed: &ExplainArgs) -> Result<Exit> {
    if let Some(rule) = RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(&typed.what)) {
        output::print(&format!("{}\n", rule.doc))?;
        return Ok(Exit::Done);
    }
    if let Some(advice) = topic(&typed.what) {
        output::print(&format!("{}\n", advice.doc))?;
        return Ok(Exit::Done);
    }
    let Some(tag) = Tag::parse_typed(&typed.what) else {
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
        let topics: Vec<&str> = ADVICE.iter().map(|advice| advice.name).collect();
        bail!(
            "{} is neither a pool tag (one to four characters) nor a rule ({}) nor advice poolscope knows ({})",
            typed.what,
            codes.join(", "),
            topics.join(", ")
        );
    };
    let mut out = String::new();
    match note(tag) {
        Some(note) => {
            let _ = writeln!(
                out,
                "{tag}: {}\n\nMade by: {}\nSource: {}",
                note.text,
                note.component,
                note.source_words()
            );
        }
        None => {
            let _ =
                writeln!(out, "{tag}: poolscope has no note on this tag. That says nothing about its owner.");
        }
    }
    let given = if typed.pooltag.is_empty() { super::usual_pooltags() } else { typed.pooltag.clone() };
    for input in find_inputs(&given)? {
        let (evidence, records) = read_input(&input, &Options::default(), &Quiet);
        if let Some(Records::Pooltag(file)) = records {
            for entry in file.lookup(tag) {
                let binary = entry.binary.as_deref().unwrap_or("<unknown>");
                let line = format!(
                    "{} line {}: {} - {binary} - {}",
                    evidence.path, entry.line, entry.pattern, entry.description
                );
                let _ = writeln!(out, "{}", terminal(&line));
            }
        }
    }
    let _ = writeln!(
        out,
        "\nA tag names a kind of allocation. A text list is a hint about its owner, never a proof."
    );
    output::print(&out)?;
    Ok(Exit::Done)
}
