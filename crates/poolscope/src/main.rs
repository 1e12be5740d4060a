//! The command line of poolscope.

mod cli;
mod commands;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = cli::Args::parse();
    match commands::run(args) {
        Ok(code) => code.into(),
        Err(error) => cli::exit::tell(&error).into(),
    }
}
