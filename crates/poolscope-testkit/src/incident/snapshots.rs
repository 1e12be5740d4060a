//! Writes the `poolmon -n` snapshots of the incident: 32-bit widths, CRLF, no time inside.

use std::fmt::Write as _;

use super::chance::{between, hours_since};
use super::clock::{Seconds, parts};
use super::machine;
use super::story::boot_of;
use super::tags::rows;

/// One snapshot file.
pub fn poolmon(moment: Seconds) -> String {
    let faults = 41_000.0 * 60.0 * hours_since(boot_of(moment), moment);
    let mut out = String::new();
    let _ = write!(
        out,
        " Memory:{:>8}K Avail:{:>8}K  PageFlts:{:>6}   InRam Krnl:{:>5}K P:{:>5}K\r\n",
        machine::MEMORY_KIB,
        machine::available_kib(moment),
        faults as u64 + between(0, 900, "faults", moment).unsigned_abs(),
        2_784,
        machine::paged_bytes(moment) / 1_024 * 7 / 10,
    );
    let _ = write!(
        out,
        " Commit:{:>7}K Limit:{:>7}K Peak:{:>7}K            Pool N:{:>5}K P:{:>5}K\r\n\r\n",
        machine::committed_kib(moment),
        machine::COMMIT_LIMIT_KIB,
        1_912_640,
        machine::nonpaged_bytes(moment) / 1_024,
        machine::paged_bytes(moment) / 1_024,
    );
    out.push_str(" Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc\r\n\r\n");
    for row in rows(moment) {
        let outstanding = row.allocs - row.frees;
        let _ = write!(
            out,
            " {} {:<5}{:>10}{:>10}{:>10}{:>10}{:>11}\r\n",
            String::from_utf8_lossy(&row.tag),
            format!("{:?}", row.kind),
            row.allocs,
            row.frees,
            outstanding,
            row.bytes,
            row.bytes.checked_div(outstanding).unwrap_or(0),
        );
    }
    out
}

/// The name a scheduled task gave the file: local time, which is UTC on this server.
pub fn file_name(moment: Seconds) -> String {
    let p = parts(moment);
    format!("{:04}-{:02}-{:02}_{:02}{:02}.log", p.year, p.month, p.day, p.hour, p.minute)
}
