//! `cargo xtask fuzz-build` and `cargo xtask fuzz NAME SECONDS [ARGS]`: the targets of fuzz/, with libFuzzer.
//!
//! Coverage feedback comes from LLVM's own pass, which the stable compiler can switch on; AddressSanitizer
//! needs a nightly one and is left out, since the fuzzed crates forbid unsafe code.

use anyhow::{Context, bail};

use crate::process::{capture, cargo, root, run, target_dir};

/// What a person would put in RUSTFLAGS: the `fuzzing` cfg and the coverage counters that libFuzzer reads.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// The largest input tried, in bytes: past this a find says nothing that a smaller one does not.
const MAX_INPUT_BYTES: u32 = 64 * 1024;

/// Builds every target.
pub fn build_all(_: &[String]) -> anyhow::Result<()> {
    build(&["--bins"])
}

/// Runs one target for some seconds over fuzz/corpus/NAME.
pub fn run_one(args: &[String]) -> anyhow::Result<()> {
    let [name, seconds, rest @ ..] = args else {
        bail!("usage: cargo xtask fuzz NAME SECONDS [libFuzzer ARGS]")
    };
    let seconds: u32 = seconds.parse().with_context(|| format!("`{seconds}` is no number of seconds"))?;
    build(&["--bin", name])?;
    let corpus = root().join("fuzz/corpus").join(name);
    let finds = root().join("fuzz/artifacts").join(name);
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&finds)?;
    let program = target_dir().join("fuzz").join(host()?).join("release").join(name);
    run(crate::process::at_root(program)
        .arg(&corpus)
        .arg(format!("-artifact_prefix={}/", finds.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_INPUT_BYTES}"))
        .args(["-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1"])
        .args(rest))
}

fn build(what: &[&str]) -> anyhow::Result<()> {
    // With --target the flags stay off build scripts, which run here and now.
    run(cargo()
        .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host()?])
        .args(what)
        .env("CARGO_TARGET_DIR", target_dir().join("fuzz"))
        .env("RUSTFLAGS", RUSTFLAGS))
}

/// The compiler's own target triple.
fn host() -> anyhow::Result<String> {
    let output = capture(crate::process::at_root("rustc").arg("-vV"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV named no host")?.to_owned())
}
