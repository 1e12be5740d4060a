//! The README's first command as a visitor runs it: the release build diagnoses the example, at once and rightly.

use std::time::Instant;

use anyhow::ensure;

use crate::process::{capture, cargo, run, shown, target_dir};

/// Longest a diagnosis of the example may take, in seconds. It takes a tenth of that on a quiet machine.
const MAX_SECONDS: f64 = 0.5;

/// Largest program that ships, in bytes.
const MAX_PROGRAM_BYTES: u64 = 15_000_000;

/// Builds, runs and checks exit codes, time and size.
pub fn run_example() -> anyhow::Result<()> {
    run(cargo().args(["run", "--release", "--", "diagnose", "examples/even-503"]))?;
    let program = target_dir().join("release").join(format!("poolscope{}", std::env::consts::EXE_SUFFIX));
    for (args, code) in
        [(&["diagnose"][..], 0), (&["diagnose", "--exit-code"], 1), (&["diagnose", "--json"], 0)]
    {
        let mut command = crate::process::at_root(&program);
        command.args(args).arg("examples/even-503");
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let begun = Instant::now();
            let output = capture(&mut command)?;
            best = best.min(begun.elapsed().as_secs_f64());
            ensure!(output.status.code() == Some(code), "{} ended with {}", shown(&command), output.status);
        }
        println!("{best:.3} s, exit code {code}: {}", shown(&command));
        ensure!(best <= MAX_SECONDS, "{best:.3} s, over {MAX_SECONDS} s");
    }
    let bytes = program.metadata()?.len();
    println!("{bytes} bytes: {}", program.display());
    ensure!(bytes <= MAX_PROGRAM_BYTES, "the program is over {MAX_PROGRAM_BYTES} bytes");
    Ok(())
}
