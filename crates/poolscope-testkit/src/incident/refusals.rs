//! Writes the HTTPERR log of the incident, as http.sys of Windows Server 2003 does: UTC, directives again at
//! every start, and connections refused in rows of their own with their count in front.

use std::fmt::Write as _;

use super::chance::{between, noise, office_hours};
use super::clock::{Seconds, iso};
use super::story::{END, SECOND_BOOT, START, is_up, refuses};

const FIELDS: &str = "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename";

/// What stands in the log besides refusals: reason, request part, status, site, queue, relative frequency.
const NOISE: &[(&str, &str, &str, &str, &str, i64)] = &[
    ("Timer_ConnectionIdle", "- - -", "-", "-", "-", 60),
    ("Connection_Abandoned_By_AppPool", "HTTP/1.1 GET /orders/list.aspx", "-", "1", "ShopPool", 8),
    ("Client_Reset", "HTTP/1.1 GET /orders/report.aspx?year=2009", "-", "1", "ShopPool", 6),
    ("Timer_EntityBody", "HTTP/1.1 POST /orders/upload.aspx", "-", "1", "ShopPool", 3),
    ("URL", "HTTP/1.0 GET /..%c0%af../winnt/system32/cmd.exe", "400", "-", "-", 3),
    ("Hostname", "HTTP/1.1 GET /", "400", "-", "-", 2),
    ("Verb", "- - -", "400", "-", "-", 2),
];

/// The log, and how many connections it says were refused.
pub fn httperr() -> (String, u64) {
    let mut out = String::new();
    let mut refused = 0;
    directives(&mut out, START - 57);
    let mut moment = START;
    while moment <= END {
        if moment == SECOND_BOOT + 60 {
            directives(&mut out, moment);
            // The sites are not up yet in the first minute.
            for second in [12, 19, 31] {
                row(&mut out, moment + second, "HTTP/1.1 GET /orders/default.aspx", "503", "1", "N/A", "-");
            }
        }
        if is_up(moment) {
            minute(&mut out, moment, &mut refused);
        }
        moment += 60;
    }
    (out, refused)
}

fn directives(out: &mut String, moment: Seconds) {
    let _ = write!(
        out,
        "#Software: Microsoft HTTP API 1.0\r\n#Version: 1.0\r\n#Date: {}\r\n{FIELDS}\r\n",
        iso(moment)
    );
}

/// One minute of the log.
fn minute(out: &mut String, moment: Seconds, refused: &mut u64) {
    let chance = (1.0 + 4.0 * office_hours(moment)) / 16.0;
    if (noise(b"row", moment) + 1.0) / 2.0 < chance {
        let mut at = between(0, NOISE.iter().map(|kind| kind.5).sum::<i64>() - 1, "kind", moment);
        for (reason, request, status, site, queue, weight) in NOISE {
            if at < *weight {
                row(out, moment + between(0, 28, "second", moment), request, status, site, reason, queue);
                break;
            }
            at -= weight;
        }
    }
    if refuses(moment) {
        let count = between(3, 11, "refused", moment) + (40.0 * office_hours(moment)) as i64;
        *refused += count.unsigned_abs();
        let second = moment + 30 + between(0, 9, "refused at", moment);
        let _ = write!(out, "{} - - - - - - - - - {count}_Connections_Refused -\r\n", iso(second));
        if noise(b"503", moment) > 0.3 {
            // A connection that was taken before, whose request found no memory.
            let second = second + between(1, 19, "503 at", moment);
            row(out, second, "HTTP/1.1 GET /orders/status.aspx", "503", "1", "N/A", "ShopPool");
        }
    }
}

fn row(
    out: &mut String,
    moment: Seconds,
    request: &str,
    status: &str,
    site: &str,
    reason: &str,
    queue: &str,
) {
    let client = between(11, 240, "client", moment);
    let port = between(1_025, 4_999, "port", moment);
    let _ = write!(
        out,
        "{} 192.0.2.{client} {port} 198.51.100.20 80 {request} {status} {site} {reason} {queue}\r\n",
        iso(moment)
    );
}
