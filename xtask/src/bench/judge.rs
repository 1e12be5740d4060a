//! What judging 2,000 tags by 2,880 samples costs: instructions, processor time on one core against the limit of a
//! second, and memory on top of the evidence's own.

use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use poolscope_testkit::lab::host::{Scenario, make};
use poolscope_testkit::lab::plan::Plan;

use crate::lab::bridge::Inputs;
use crate::process::capture;

/// The name under which this program makes the host and judges it so many times, in a process of its own.
pub const JUDGE_ONCE: &str = "judge-once";

/// A judgement must take less, in seconds.
const LIMIT_SECONDS: f64 = 1.0;

/// Two days of minutes.
const PLAN: Plan = Plan::even("48 h, 1 min", 2_879.0 / 60.0, 1.0 / 60.0);

/// The judge on one core.
pub fn judge(_: &[String]) -> anyhow::Result<()> {
    let this = std::env::current_exe()?;
    let once = |times: &str| {
        let mut command = Command::new(&this);
        command.args(["bench", JUDGE_ONCE, times]);
        command
    };
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..3 {
        let output = capture(&mut once("1"))?;
        let text = String::from_utf8(output.stdout)?;
        let mut numbers = text.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
        let (seconds, bytes) = numbers.next().zip(numbers.next()).context("no figures from the judge")?;
        best = Some(best.map_or((seconds, bytes), |b| (b.0.min(seconds), b.1.max(bytes))));
    }
    let (seconds, bytes) = best.context("not run")?;
    println!(
        "judge       2,000 tags x 2,880 samples  {seconds:.2} s on one core (limit {LIMIT_SECONDS:.0} s)  peak {:.1} MB on top of \
         the evidence's own",
        bytes / 1e6
    );
    match instructions(&once("1"), &once("0")) {
        Some((tool, count)) => println!("            {:.2} billion instructions ({tool})", count / 1e9),
        None => println!(
            "            no instruction count: neither perf with hardware counters nor valgrind is here"
        ),
    }
    ensure!(seconds <= LIMIT_SECONDS, "judge: {seconds:.2} s, over {LIMIT_SECONDS}");
    Ok(())
}

/// Instructions of one command over those of the other, and what counted them.
fn instructions(with: &Command, without: &Command) -> Option<(&'static str, f64)> {
    let over = |count: fn(&Command) -> Option<f64>| Some(count(with)? - count(without)?);
    let by = |tool, count| over(count).map(|count| (tool, count));
    by("perf stat", by_perf).or_else(|| by("valgrind", by_valgrind))
}

fn under(tool: &str, args: &[&str], command: &Command) -> Option<String> {
    let mut whole = Command::new(tool);
    whole.args(args).arg(command.get_program()).args(command.get_args());
    let output = whole.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

fn by_perf(command: &Command) -> Option<f64> {
    let text = under("perf", &["stat", "-x", ",", "-e", "instructions:u"], command)?;
    text.lines().find(|line| line.contains("instructions"))?.split(',').next()?.parse().ok()
}

fn by_valgrind(command: &Command) -> Option<f64> {
    let args = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];
    let text = under("valgrind", &args, command)?;
    // `==1== I   refs:      2,125,312,636`
    let line = text.lines().find(|line| line.contains(" refs:"))?;
    line.rsplit(' ').next()?.replace(',', "").parse().ok()
}

/// Makes the host, judges it so many times and prints the processor seconds of the fastest judgement and the bytes
/// of memory that judging took on top.
pub fn judge_once(args: &[String]) -> anyhow::Result<()> {
    let times: usize = args.first().context("how many times?")?.parse()?;
    let host = make(1, PLAN, Scenario::OneLeak);
    let inputs = Inputs::of(&host, false);
    // Where the kernel lets us, the high-water mark starts again here.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = status("VmRSS:");
    let mut fastest = f64::INFINITY;
    for _ in 0..times {
        let (begun, used) = (Instant::now(), processor_seconds());
        black_box(inputs.judge());
        let wall = begun.elapsed().as_secs_f64();
        fastest = fastest.min(used.zip(processor_seconds()).map_or(wall, |(before, after)| after - before));
    }
    println!("{fastest} {}", status("VmHWM:").saturating_sub(before));
    Ok(())
}

/// Processor time of this thread so far, where the kernel tells; on a busy machine the clock on the wall says less.
fn processor_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

/// A number of /proc/self/status in bytes; 0 where there is none.
fn status(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().strip_suffix("kB").and_then(|kib| kib.trim().parse::<u64>().ok()).unwrap_or(0) * 1_024
}
