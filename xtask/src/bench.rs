//! `cargo xtask bench NAME`: measures the release build on generated evidence, against a plain tool that does
//! the least one could do with the same bytes, in one run. Ratios are what counts; times depend on the machine.

use anyhow::bail;

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
pub const BENCHES: &[Bench] = &[];

/// Runs one measurement, or lists them.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let Some((name, rest)) = args.split_first() else {
        for bench in BENCHES {
            println!("{:<16} {}", bench.name, bench.what);
        }
        return Ok(());
    };
    match BENCHES.iter().find(|bench| bench.name == name) {
        Some(bench) => (bench.run)(rest),
        None => bail!("no measurement `{name}`"),
    }
}
