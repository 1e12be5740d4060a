//! The arguments. Plain data as typed; nothing is opened here.

use std::path::PathBuf;

use clap::{ColorChoice, Parser, Subcommand, ValueEnum};

/// Finds who is leaking Windows kernel pool memory, from whatever evidence a server left behind.
#[derive(Debug, Parser)]
#[command(name = "poolscope", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 the job was done, whatever the verdict; 2 it could not be done.\n\
With diagnose --exit-code: 0 no leak seen, 1 leak, 3 not enough evidence, 4 another problem.")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    pub(crate) color: When,
}

/// When to do something that only suits a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<When> for ColorChoice {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::Never => Self::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read all evidence and answer: is the pool leaking, which tag, who owns it, when does it run out
    Diagnose(DiagnoseArgs),
    /// Tell what a file is, what was read of it, where it is damaged, and show its content
    Inspect(InspectArgs),
    /// Show the pool allocations of an ETW trace (.etl): drivers, tags, stacks, and what grows
    Trace(TraceArgs),
    /// Say whether a fix worked: the growth of each leak before and after, with intervals
    Compare(CompareArgs),
    /// Print the documentation of a rule, or what is known about a tag
    Explain(ExplainArgs),
    /// Tell which driver owns a tag, by following tags through the code of driver images
    Drivers(DriversArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiagnoseArgs {
    /// Files, folders (read recursively), zip archives, or - for standard input
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Print the whole report as JSON (schema poolscope/report/1)
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the report to FILE: .html, .json, .md or .txt (may be given several times)
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// Let the exit code show the verdict: 0 no leak seen, 1 leak, 3 not enough evidence, 4 another problem
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InspectArgs {
    /// Files, folders, zip archives, or -
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TraceArgs {
    /// The trace
    pub(crate) file: PathBuf,
    /// Print everything as JSON (schema poolscope/trace/1)
    #[arg(long)]
    pub(crate) json: bool,
    /// Folded stacks for flame graphs, to standard output or FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) folded: Option<PathBuf>,
    /// A profile for the Firefox Profiler
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) firefox: Option<PathBuf>,
    /// A profile for speedscope
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) speedscope: Option<PathBuf>,
    /// The table of `xperf -a pool`
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) csv: Option<PathBuf>,
    /// What a stack weighs in folded stacks and profiles
    #[arg(long, value_enum, default_value_t = Weight::OutstandingBytes)]
    pub(crate) weigh: Weight,
    /// A folder with PDB files, plain or as a symbol store (_NT_SYMBOL_PATH is read too; nothing is downloaded)
    #[arg(long, value_name = "DIR")]
    pub(crate) symbols: Vec<PathBuf>,
    /// A further module to pass over when looking for the driver, such as fltmgr.sys
    #[arg(long, value_name = "NAME")]
    pub(crate) skip_module: Vec<String>,
    /// Count AIFI, AIFO, AOFI and AOFO from A to B, in seconds from the start of the trace
    #[arg(long, value_name = "A..B", value_parser = range)]
    pub(crate) range: Option<(f64, f64)>,
    /// Rows of each table
    #[arg(long, default_value_t = 20)]
    pub(crate) top: usize,
}

/// What a stack weighs in an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Weight {
    /// Bytes not freed at the end
    OutstandingBytes,
    /// Blocks not freed at the end
    OutstandingCount,
    /// Bytes of all allocations
    AllocBytes,
    /// All allocations
    Allocs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// A rule's code (PS003) or a pool tag (Even; write a trailing blank as it is or as ·)
    pub(crate) what: String,
    /// Your pooltag.txt, to quote what it says of a tag
    #[arg(long, value_name = "FILE")]
    pub(crate) pooltag: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DriversArgs {
    /// Driver images, folders of them (read recursively) or zip archives
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Show only the drivers that have this tag, with the weaker traces of it too
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Write an index of all images read, which diagnose takes as evidence
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// Print JSON (schema poolscope/drivers/1)
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// Evidence from before the change: a file, a folder or a zip
    pub(crate) before: PathBuf,
    /// Evidence from after it, of the same host
    pub(crate) after: PathBuf,
    /// Print JSON (schema poolscope/compare/1)
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

/// How evidence is to be read.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadingArgs {
    /// Your pooltag.txt (also found in the evidence, in the current folder and, on Windows, in the kits)
    #[arg(long, value_name = "FILE")]
    pub(crate) pooltag: Vec<PathBuf>,
    /// When a snapshot without a time was taken: 2026-05-01T08:30:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) time: Option<poolscope_core::model::Time>,
    /// Read only the evidence of this host, where there is that of several
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
}

fn time(text: &str) -> Result<poolscope_core::model::Time, String> {
    let parsed = poolscope_core::model::parse_iso(text);
    parsed.map(|(time, _)| time).ok_or_else(|| "write it as 2026-05-01T08:30:00Z".to_owned())
}

fn range(text: &str) -> Result<(f64, f64), String> {
    let ends = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    ends.filter(|(from, to): &(f64, f64)| from <= to).ok_or_else(|| "write it as 10..25.5".to_owned())
}
