//! What happened, and when: the one place that holds the incident's facts. Everything written follows from here,
//! and [`Truth`] is what a diagnosis is measured against.

use super::chance::{hours_since, noise};
use super::clock::{HOUR, Seconds};
use super::machine;

/// 2009-03-06 02:03 UTC: the boot before the evidence begins.
pub const FIRST_BOOT: Seconds = 1_236_304_980;
/// 2009-03-09 06:00 UTC: the administrator starts to collect.
pub const START: Seconds = 1_236_578_400;
/// 2009-03-09 11:20 UTC: `iisreset`, which does not help.
pub const IISRESET: Seconds = 1_236_597_600;
/// 2009-03-09 11:38 UTC: shut down to get the server back.
pub const SHUTDOWN: Seconds = 1_236_598_680;
/// 2009-03-09 11:41 UTC: up again.
pub const SECOND_BOOT: Seconds = 1_236_598_860;
/// 2009-03-09 13:22 UTC: a volume filter driver is installed. It has nothing to do with the leak.
pub const DRIVER_INSTALL: Seconds = 1_236_604_920;
/// 2009-03-09 14:10 UTC: the order feed connects, and the order service starts to leak.
pub const ONSET: Seconds = 1_236_607_800;
/// 2009-03-11 13:30 UTC: the last snapshot.
pub const END: Seconds = 1_236_778_200;

/// Seconds between `poolmon -n` snapshots.
pub const SNAPSHOT_EVERY: Seconds = 1_800;
/// Seconds between performance counter samples.
pub const COUNTERS_EVERY: Seconds = 600;

/// Nonpaged pool of 32-bit Windows Server 2003 without /3GB, in bytes.
pub const NONPAGED_LIMIT_BYTES: u64 = 256 << 20;
/// Free nonpaged pool below which http.sys takes no new connection, in bytes.
pub const HTTP_FREE_BYTES: u64 = 20 << 20;

/// A plain event object with its pool header on 32-bit Windows, in bytes.
pub const EVENT_BYTES: u64 = 48;
/// Event objects leaked in an hour, on average.
const LEAK_PER_HOUR: f64 = 80_000.0;
/// Event objects leaked since the first boot when the evidence begins.
const LEAKED_BEFORE_START: f64 = 3_452_000.0;

/// What a diagnosis has to find.
#[derive(Clone, Debug)]
pub struct Truth {
    /// The leaking tag, in the nonpaged pool.
    pub tag: &'static str,
    /// The process that holds a handle to every leaked object.
    pub process: &'static str,
    /// Bytes of one leaked object.
    pub object_bytes: u64,
    /// When the last boot began.
    pub boot: Seconds,
    /// When the leak of the last boot began.
    pub onset: Seconds,
    /// Bytes leaked in an hour, averaged from the onset to the last snapshot.
    pub bytes_per_hour: f64,
    /// What stands under the tag in the last snapshot.
    pub outstanding_bytes: u64,
    /// The pool's limit in bytes.
    pub limit_bytes: u64,
    /// When http.sys began to refuse, in the last boot.
    pub refusals_from: Seconds,
    /// Connections refused, over both boots.
    pub refused_connections: u64,
    /// When the pool would be full at the average rate.
    pub full_at: Seconds,
}

/// When the boot that a moment belongs to began.
pub fn boot_of(moment: Seconds) -> Seconds {
    if moment < SECOND_BOOT { FIRST_BOOT } else { SECOND_BOOT }
}

/// True while the server runs.
pub fn is_up(moment: Seconds) -> bool {
    !(SHUTDOWN..SECOND_BOOT + 60).contains(&moment)
}

/// Event objects leaked and still held at a moment.
pub fn leaked(moment: Seconds) -> u64 {
    let count = if moment < SECOND_BOOT {
        LEAKED_BEFORE_START + grown(START, moment)
    } else if moment <= ONSET {
        0.0
    } else {
        grown(ONSET, moment)
    };
    count as u64
}

/// Objects leaked between two moments; no two hours are equally busy.
fn grown(from: Seconds, to: Seconds) -> f64 {
    let mut sum = 0.0;
    let mut begin = from;
    while begin < to {
        let end = (begin + HOUR).min(to);
        let busy = 1.0 + 0.12 * noise(b"feed", begin);
        sum += LEAK_PER_HOUR * busy * hours_since(begin, end);
        begin = end;
    }
    sum
}

/// True while http.sys refuses connections: less than its floor of nonpaged pool is free.
pub fn refuses(moment: Seconds) -> bool {
    is_up(moment) && machine::nonpaged_bytes(moment) + HTTP_FREE_BYTES > NONPAGED_LIMIT_BYTES
}

/// The first minute of the last boot in which http.sys refuses.
pub fn refusals_from() -> Seconds {
    let mut moment = ONSET;
    while !refuses(moment) {
        moment += 60;
    }
    moment
}
