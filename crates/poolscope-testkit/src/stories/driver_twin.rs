//! `examples/driver-twin`: a network driver leaks one private block and one Mdl for every packet it drops. Mdl is a
//! shared tag; the private twin and the Verifier's caller addresses name the driver.

use std::fmt::Write as _;

use super::server::{Row, Server, leaked};
use crate::incident::clock::{HOUR, Seconds, at};

const BOOT: Seconds = at(2024, 9, 1, 22, 40);
const START: Seconds = at(2024, 9, 2, 0, 0);
const END: Seconds = at(2024, 9, 3, 18, 0);

const SERVER: Server = Server { host: "APP07", boot: BOOT, memory_kib: 8_388_608, own };

/// Packets whose buffers were never given back. It leaks since the driver was started with the system.
fn lost(moment: Seconds) -> u64 {
    leaked(b"lost", BOOT, 9_400.0, moment)
}

fn own(moment: Seconds) -> Vec<Row> {
    let packets = lost(moment);
    vec![
        Row { tag: *b"NcLb", nonpaged: true, count: packets + 40, size: 1_664, frees: packets * 3 },
        Row { tag: *b"Mdl ", nonpaged: true, count: packets, size: 208, frees: packets * 3 },
        Row { tag: *b"NcCf", nonpaged: true, count: 5, size: 4_096, frees: 0 },
    ]
}

const README: &str = "# driver-twin: a synthetic incident

Nobody's server: every file here is made by `cargo xtask example` (crate poolscope-testkit, module `stories`).

A 64-bit Windows Server 2019 application server (APP07, 8 GB, clock on UTC). Its nonpaged pool grows by about 17 MiB an
hour. `poolmon -n` ran every hour. Driver Verifier's pool tracking (0x8) was on for one suspected driver, and a
debugger listed what it holds with `!verifier 3`; `sc query type= driver` lists the drivers.

    poolscope diagnose examples/driver-twin
";

const SC: &str = "\r
SERVICE_NAME: NcLoop\r
DISPLAY_NAME: NetCourier Loopback Filter\r
        TYPE               : 1  KERNEL_DRIVER  \r
        STATE              : 4  RUNNING \r
                                (STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)\r
        WIN32_EXIT_CODE    : 0  (0x0)\r
        SERVICE_EXIT_CODE  : 0  (0x0)\r
        CHECKPOINT         : 0x0\r
        WAIT_HINT          : 0x0\r
\r
SERVICE_NAME: Tcpip\r
DISPLAY_NAME: TCP/IP Protocol Driver\r
        TYPE               : 1  KERNEL_DRIVER  \r
        STATE              : 4  RUNNING \r
                                (STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)\r
        WIN32_EXIT_CODE    : 0  (0x0)\r
        SERVICE_EXIT_CODE  : 0  (0x0)\r
        CHECKPOINT         : 0x0\r
        WAIT_HINT          : 0x0\r
";

/// What `!verifier 3 ncloop.sys` prints: all numbers in hex.
fn verifier() -> String {
    let mut out = String::from(
        "0: kd> !verifier 3 ncloop.sys\r\n\r\nVerify Flags Level 0x00000008\r\n\r\n  STANDARD FLAGS:\r\n    [X] \
         (0x00000008) Pool Tracking\r\n\r\n  Driver Verification List\r\n\r\n  MODULE: 0xffffda0fe6a01010 \
         ncloop.sys (Loaded)\r\n\r\n    Pool Allocation Statistics: ( NonPagedPool / PagedPool )\r\n\r\n",
    );
    let blocks = lost(END) + 40;
    let _ = write!(
        out,
        "      Current Pool Allocations: ( 0x{blocks:08x} / 0x00000000 )\r\n      Current Pool Bytes:       ( \
         0x{:08x} / 0x00000000 )\r\n      Peak Pool Allocations:    ( 0x{:08x} / 0x00000001 )\r\n      Peak Pool \
         Bytes:          ( 0x{:08x} / 0x0000003e )\r\n      Contiguous Memory Bytes:       0x00000000\r\n\r\n    \
         Pool Allocations:\r\n\r\n      Address             Length      Tag   Caller Address    \r\n      \
         ------------------  ----------  ----  ------------------\r\n",
        blocks * 1_648,
        blocks + 61,
        (blocks + 61) * 1_648
    );
    for block in 0..200_u64 {
        let address = 0xffff_da0f_e710_0000_u64 + block * 0x690;
        let (tag, caller) = if block % 50 == 49 {
            ("NcCf", "0xfffff8062b4a1c10  ncloop!NcLoadSettings+0x5c")
        } else {
            ("NcLb", "0xfffff8062b4a33e1  ncloop!NcCloneForLoopback+0x121")
        };
        let _ = write!(out, "      0x{address:016x}  0x00000670  {tag}  {caller}\r\n");
    }
    out
}

/// Every file.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("README.md".to_owned(), README.as_bytes().to_vec()),
        ("events.xml".to_owned(), SERVER.boot_event().into_bytes()),
        ("kd.txt".to_owned(), verifier().into_bytes()),
        ("perfmon.csv".to_owned(), SERVER.counters(START, END, &[]).into_bytes()),
        ("sc-query.txt".to_owned(), SC.as_bytes().to_vec()),
    ];
    files.extend(SERVER.snapshots(START, END, HOUR));
    files.sort();
    files
}
