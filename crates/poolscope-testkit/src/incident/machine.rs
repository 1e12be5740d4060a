//! The server as a whole: pool totals that agree with the tags, memory, processes. Truth for every writer.

use super::chance::{between, noise, office_hours};
use super::clock::Seconds;
use super::story::{self, boot_of};
use super::tags::{Kind, tagged_bytes};

/// Host name.
pub const HOST: &str = "WEB04";
/// Physical memory in KiB, as the head of a poolmon listing shows it.
pub const MEMORY_KIB: u64 = 3_930_612;
/// Commit limit in KiB.
pub const COMMIT_LIMIT_KIB: u64 = 6_094_316;

/// Nonpaged pool in use, in bytes: what the tags show, untagged pages, and pages that are only partly used.
pub fn nonpaged_bytes(moment: Seconds) -> u64 {
    whole_pages((tagged_bytes(Kind::Nonp, moment) + 4_600_000) * 100 / 96)
}

/// Paged pool in use, in bytes.
pub fn paged_bytes(moment: Seconds) -> u64 {
    whole_pages((tagged_bytes(Kind::Paged, moment) + 4_200_000) * 100 / 95)
}

fn whole_pages(bytes: u64) -> u64 {
    bytes / 4_096 * 4_096
}

/// Memory available, in KiB.
pub fn available_kib(moment: Seconds) -> u64 {
    let used = 900_000.0 + 310_000.0 * office_hours(moment) + 9_000.0 * noise(b"available", moment);
    MEMORY_KIB - used as u64 - (nonpaged_bytes(moment) + paged_bytes(moment)) / 1_024
}

/// Memory committed, in KiB.
pub fn committed_kib(moment: Seconds) -> u64 {
    let used = 1_150_000.0 + 260_000.0 * office_hours(moment) + 5_000.0 * noise(b"commit", moment);
    used as u64 + (nonpaged_bytes(moment) + paged_bytes(moment)) / 1_024
}

/// Free system page table entries.
pub fn free_system_ptes(moment: Seconds) -> u64 {
    14_180 + between(0, 90, "ptes", moment).unsigned_abs()
}

/// Seconds since boot.
pub fn uptime(moment: Seconds) -> Seconds {
    moment - boot_of(moment)
}

/// One process at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Instance name, as the counters spell it.
    pub name: &'static str,
    /// Process id.
    pub pid: u64,
    /// Handles it holds.
    pub handles: u64,
    /// Nonpaged pool charged to its quota, in bytes.
    pub nonpaged_quota: u64,
    /// Paged pool charged to its quota, in bytes.
    pub paged_quota: u64,
}

/// Name, process id in the first and in the second boot, handles at rest, more handles when the office is busy.
const PROCESSES: &[(&str, u64, u64, u64, u64)] = &[
    ("Idle", 0, 0, 0, 0),
    ("System", 4, 4, 1_412, 40),
    ("smss", 292, 288, 19, 0),
    ("csrss", 340, 336, 512, 30),
    ("winlogon", 364, 360, 471, 12),
    ("services", 412, 408, 388, 9),
    ("lsass", 424, 420, 702, 160),
    ("svchost", 604, 600, 96, 4),
    ("svchost#1", 668, 664, 311, 20),
    ("svchost#2", 732, 728, 142, 6),
    ("svchost#3", 760, 756, 1_190, 110),
    ("spoolsv", 960, 952, 148, 22),
    ("msdtc", 988, 980, 171, 3),
    ("cissesrv", 1_064, 1_056, 74, 0),
    ("inetinfo", 1_140, 1_128, 612, 88),
    ("ordersync", 1_188, 1_176, 412, 24),
    ("sqlwriter", 1_264, 1_252, 92, 0),
    ("snmp", 1_300, 1_288, 305, 18),
    ("w3wp", 2_216, 2_104, 641, 420),
    ("w3wp#1", 2_388, 2_260, 388, 210),
    ("wmiprvse", 2_940, 2_812, 196, 25),
    ("cmd", 3_312, 3_180, 31, 0),
];

/// Every process at a moment, without `_Total`.
pub fn processes(moment: Seconds) -> Vec<Process> {
    let first = boot_of(moment) == story::FIRST_BOOT;
    let list = PROCESSES.iter().map(|&(name, pid_first, pid_second, rest, busy)| {
        let wobble = 1.0 + 0.2 * noise(name.as_bytes(), moment);
        let mut handles = rest + (busy as f64 * office_hours(moment) * wobble) as u64;
        let mut pid = if first { pid_first } else { pid_second };
        // What a process holds besides its handles differs from one to the next; the idle process holds nothing.
        let own = between(140, 900, name, 0).unsigned_abs() * u64::from(pid != 0);
        let (mut nonpaged_quota, paged_quota) = (handles * 8 + own * 8, handles * 72 + own * 88);
        if name == "w3wp" && moment >= RECYCLE {
            pid = 3_644;
        }
        if name == story_process() {
            handles += story::leaked(moment);
            // The quota is charged for the object, not for the pool header before it.
            nonpaged_quota += story::leaked(moment) * (story::EVENT_BYTES - 8);
        }
        Process { name, pid, handles, nonpaged_quota, paged_quota }
    });
    list.collect()
}

/// 2009-03-10 17:00 UTC: IIS recycles the first worker process, as it does every 29 hours.
const RECYCLE: Seconds = 1_236_704_400;

/// The process that leaks.
pub fn story_process() -> &'static str {
    "ordersync"
}

/// Handles of all processes.
pub fn total_handles(moment: Seconds) -> u64 {
    processes(moment).iter().map(|process| process.handles).sum()
}
