//! Times a program and watches its memory.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::process::shown;

/// What one program took.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Wall time of the best run.
    pub seconds: f64,
    /// The largest resident set of any run, in bytes; 0 where the system does not tell.
    pub peak_bytes: u64,
}

/// Runs a program three times, its output read and dropped; the best time and the worst memory count.
pub fn best_of_three(make: &dyn Fn() -> Command) -> anyhow::Result<Taken> {
    let mut best = Taken { seconds: f64::INFINITY, peak_bytes: 0 };
    for _ in 0..3 {
        let taken = once(&mut make())?;
        best.seconds = best.seconds.min(taken.seconds);
        best.peak_bytes = best.peak_bytes.max(taken.peak_bytes);
    }
    Ok(best)
}

/// Runs a program once, its output read and dropped.
pub fn once(command: &mut Command) -> anyhow::Result<Taken> {
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", shown(command)))?;
    // Not the null device: grep stops at the first match when it sees that nobody reads.
    let mut stdout = child.stdout.take().context("no pipe")?;
    let drain = std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    let mut peak_bytes = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // The high-water mark only rises, so that the last reading before the end is close to the truth.
        peak_bytes = peak_bytes.max(resident_peak(child.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    };
    let seconds = begun.elapsed().as_secs_f64();
    let _ = drain.join();
    ensure!(status.success(), "{} ended with {status}", shown(command));
    Ok(Taken { seconds, peak_bytes })
}

/// The largest resident set of a running process so far, in bytes, where /proc tells.
fn resident_peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

/// Prints one comparison: ours against the baseline, their ratio, the memory; fails if the ratio is over its limit.
pub fn report(
    name: &str,
    bytes: u64,
    ours: Taken,
    than: &str,
    baseline: Taken,
    limit: f64,
) -> anyhow::Result<()> {
    let ratio = ours.seconds / baseline.seconds;
    println!(
        "{name:<10} {:>5.2} GB  poolscope {:>6.2} s ({:>5.0} MB/s, peak {:>4.0} MB)  {than} {:>6.3} s  ratio {ratio:>5.2} (limit {limit:.0})",
        bytes as f64 / 1e9,
        ours.seconds,
        bytes as f64 / 1e6 / ours.seconds,
        ours.peak_bytes as f64 / 1e6,
        baseline.seconds,
    );
    ensure!(ratio <= limit, "{name}: {ratio:.2} times {than}, over {limit:.0}");
    Ok(())
}
