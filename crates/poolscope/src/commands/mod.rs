//! One module a command. Commands open, call the library and print; they analyse nothing.

mod compare;
mod diagnose;
mod drivers;
mod explain;
mod inspect;
mod trace;

use std::path::{Path, PathBuf};

use anyhow::Result;
use poolscope::Options;

use crate::cli::exit::Exit;
use crate::cli::{Args, Command, ReadingArgs};

/// Runs the command that was typed.
pub(crate) fn run(args: Args) -> Result<Exit> {
    match args.command {
        Command::Diagnose(typed) => diagnose::run(&typed, args.color),
        Command::Inspect(typed) => inspect::run(&typed, args.color),
        Command::Trace(typed) => trace::run(&typed),
        Command::Compare(typed) => compare::run(&typed),
        Command::Explain(typed) => explain::run(&typed),
        Command::Drivers(typed) => drivers::run(&typed, args.color),
    }
}

/// What was typed as the library wants it.
fn options(typed: &ReadingArgs) -> Options {
    let pooltags = if typed.pooltag.is_empty() { usual_pooltags() } else { typed.pooltag.clone() };
    Options { stated_time: typed.time, pooltags, perflib: None, host: typed.host.clone() }
}

/// A pooltag.txt where people keep it: the current folder and, on Windows, the debugger of the kits.
fn usual_pooltags() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from("pooltag.txt")];
    for variable in ["ProgramFiles(x86)", "ProgramFiles"] {
        if let Some(folder) = std::env::var_os(variable).filter(|_| cfg!(windows)) {
            for kit in ["10", "8.1"] {
                let debuggers = Path::new(&folder).join("Windows Kits").join(kit).join("Debuggers");
                places.push(debuggers.join("x64").join("triage").join("pooltag.txt"));
            }
        }
    }
    places.into_iter().find(|place| place.is_file()).into_iter().collect()
}
