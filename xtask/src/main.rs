//! `cargo xtask NAME [ARGS]`: every developer chore, one file each.
//!
//! CI calls nothing but chores and plain cargo commands, so what passes here passes there. To add a chore,
//! write its file and add a row to [`CHORES`]; a measurement is a row of [`bench::BENCHES`].

use std::process::ExitCode;

mod bench;
mod ci;
mod example;
mod fuzz;
mod lab;
mod process;
mod readme_run;
mod real_drivers;
mod tidy;
mod windows;

/// One chore.
struct Chore {
    /// What is typed after `cargo xtask`.
    name: &'static str,
    /// Arguments as the help shows them.
    args: &'static str,
    /// What it does, in one line.
    what: &'static str,
    /// Runs it with what was typed after its name.
    run: fn(&[String]) -> anyhow::Result<()>,
}

/// Every chore, in the order the help lists them.
const CHORES: &[Chore] = &[
    Chore { name: "ci", args: "[LANE...]", what: "everything CI checks, lane by lane", run: ci::run_lanes },
    Chore {
        name: "tidy",
        args: "",
        what: "check the repository's own rules: head comments, file sizes, names, arrows",
        run: tidy::run,
    },
    Chore {
        name: "example",
        args: "[--check]",
        what: "write examples/even-503 from its generator, or check it",
        run: example::run,
    },
    Chore {
        name: "windows",
        args: "",
        what: "build, lint and test for Windows under Wine, and compare its verdict with this system's",
        run: windows::run_all,
    },
    Chore {
        name: "lab",
        args: "[--hosts N] [--tune] [--only VIEW] [--json FILE]",
        what: "score the judge on labelled hosts, beside what people and monitoring products do",
        run: lab::run,
    },
    Chore { name: "fuzz-build", args: "", what: "build every fuzz target", run: fuzz::build_all },
    Chore {
        name: "fuzz",
        args: "NAME SECONDS",
        what: "run one fuzz target, coverage-guided, on the stable compiler",
        run: fuzz::run_one,
    },
    Chore {
        name: "bench",
        args: "NAME",
        what: "measure the release build on generated evidence; without NAME, list what can be measured",
        run: bench::run,
    },
    Chore {
        name: "real-drivers",
        args: "",
        what: "fetch real drivers from package registries and check the tags found in them",
        run: real_drivers::check,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else {
        print_help();
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print_help();
        return ExitCode::SUCCESS;
    }
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        eprintln!("xtask: no chore `{name}`");
        print_help();
        return ExitCode::from(2);
    };
    match (chore.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print_help() {
    println!("cargo xtask NAME [ARGS]");
    for chore in CHORES {
        println!("  {:<24} {}", format!("{} {}", chore.name, chore.args), chore.what);
    }
}
