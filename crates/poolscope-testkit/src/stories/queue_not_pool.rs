//! `examples/queue-not-pool`: sites answer 503 because an application pool hangs and its request queue is full. The
//! pools are healthy: an http problem that is not memory.

use std::fmt::Write as _;

use super::server::{Row, Server};
use crate::incident::chance::{between, office_hours};
use crate::incident::clock::{HOUR, Seconds, at, iso};

const BOOT: Seconds = at(2024, 2, 5, 1, 3);
const START: Seconds = at(2024, 2, 6, 6, 0);
const HANG: Seconds = at(2024, 2, 7, 14, 20);
const OFFLINE: Seconds = at(2024, 2, 7, 15, 5);
const END: Seconds = at(2024, 2, 7, 18, 0);

const SERVER: Server = Server { host: "WEB21", boot: BOOT, memory_kib: 33_553_920, own };

fn own(_: Seconds) -> Vec<Row> {
    Vec::new()
}

const README: &str = "# queue-not-pool: a synthetic incident

Nobody's server: every file here is made by `cargo xtask example` (crate poolscope-testkit, module `stories`).

A 64-bit Windows Server 2019 web server (WEB21, 32 GB, clock on UTC) answered 503 on a Wednesday afternoon, and somebody
remembered that 503 means a pool leak. `poolmon -n` had been running every hour, performance counters every ten minutes.

    poolscope diagnose examples/queue-not-pool
";

const FIELDS: &str = "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename";

fn httperr() -> String {
    let mut out = format!(
        "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: {}\r\n{FIELDS}\r\n",
        iso(START)
    );
    for moment in (START..=END).step_by(60) {
        let client = between(2, 250, "client", moment);
        let port = between(49_152, 65_000, "port", moment);
        let mut row = |second: Seconds,
                       request: &str,
                       status: &str,
                       site: &str,
                       reason: &str,
                       queue: &str| {
            let _ = write!(
                out,
                "{} 203.0.113.{client} {port} 198.51.100.7 443 {request} - {status} {site} {reason} {queue}\r\n",
                iso(moment + second)
            );
        };
        if between(0, 9, "idle", moment) == 0 {
            row(2, "- - -", "-", "-", "Timer_ConnectionIdle", "-");
        }
        let busy = 1 + (3.0 * office_hours(moment)) as Seconds;
        if (HANG..OFFLINE).contains(&moment) {
            for second in 0..busy {
                row(5 + second, "HTTP/1.1 GET /cart/checkout", "503", "2", "QueueFull", "CartPool");
            }
        } else if moment >= OFFLINE {
            for second in 0..busy {
                row(7 + second, "HTTP/1.1 GET /cart/checkout", "503", "2", "AppOffline", "CartPool");
            }
        }
    }
    out
}

/// The queue of the hanging pool: the default limit is 1000 requests.
fn queue(moment: Seconds) -> u64 {
    match moment {
        m if m < HANG - 600 => (12.0 * office_hours(m)) as u64,
        m if m < OFFLINE => 1_000,
        _ => 0,
    }
}

/// Every file.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    let counters = SERVER.counters(
        START,
        END,
        &[("HTTP Service Request Queues(CartPool)\\CurrentQueueSize", queue as fn(Seconds) -> u64)],
    );
    let mut files = vec![
        ("README.md".to_owned(), README.as_bytes().to_vec()),
        ("events.xml".to_owned(), SERVER.boot_event().into_bytes()),
        ("httperr3.log".to_owned(), httperr().into_bytes()),
        ("perfmon.csv".to_owned(), counters.into_bytes()),
    ];
    files.extend(SERVER.snapshots(START, END, HOUR));
    files.sort();
    files
}
