//! `cargo xtask bench [NAME]`: measures the release build on generated evidence, against a plain tool that does
//! the least one could do with the same bytes, in one run. Ratios are what counts; times depend on the machine.
//!
//! Each measurement is the best of three. The evidence is made below the system's folder for temporary files and
//! removed again.

mod drivers;
mod etl;
mod evidence;
mod judge;
mod measure;
mod reading;

use anyhow::{bail, ensure};

use crate::process::{cargo, run as run_command};

/// One measurement.
pub struct Bench {
    /// What is typed after `cargo xtask bench`.
    pub name: &'static str,
    /// What it measures, against what, in one line.
    pub what: &'static str,
    /// Runs it with what was typed after its name.
    pub run: fn(&[String]) -> anyhow::Result<()>,
}

/// Every measurement.
pub const BENCHES: &[Bench] = &[
    Bench {
        name: "etl",
        what: "analyse event traces of 2 and 4 GB, against cat | wc -c; packed and real ones",
        run: etl::etl,
    },
    Bench { name: "httperr", what: "diagnose 1 GB of HTTPERR log, against grep -c", run: reading::httperr },
    Bench {
        name: "pdh-csv",
        what: "diagnose a wide perfmon CSV, against a bare csv loop",
        run: reading::pdh_csv,
    },
    Bench {
        name: "poolmon",
        what: "diagnose 10,000 poolmon snapshots, against wc -l",
        run: reading::poolmon,
    },
    Bench {
        name: "drivers",
        what: "look through 400 driver images, against grep -rc and objdump -d",
        run: drivers::drivers,
    },
    Bench {
        name: "judge",
        what: "judge 2,000 tags by 2,880 samples, against the limit of a second on one core",
        run: judge::judge,
    },
];

/// Runs one measurement, or all; `list` names them.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        // Generating gigabytes and the bare loops need optimised code too.
        return run_command(
            cargo().args(["run", "--quiet", "--release", "-p", "xtask", "--", "bench"]).args(args),
        );
    }
    let Some((name, rest)) = args.split_first() else {
        let failed = BENCHES.iter().filter_map(|bench| (bench.run)(&[]).err());
        let failed: Vec<String> = failed.map(|error| format!("{error:#}")).collect();
        ensure!(failed.is_empty(), "{}", failed.join("; "));
        return Ok(());
    };
    match name.as_str() {
        "list" => {
            for bench in BENCHES {
                println!("{:<12} {}", bench.name, bench.what);
            }
            Ok(())
        }
        reading::CSV_LOOP => reading::csv_loop(rest),
        judge::JUDGE_ONCE => judge::judge_once(rest),
        _ => match BENCHES.iter().find(|bench| bench.name == name) {
            Some(bench) => (bench.run)(rest),
            None => bail!("no measurement `{name}`; see cargo xtask bench list"),
        },
    }
}
