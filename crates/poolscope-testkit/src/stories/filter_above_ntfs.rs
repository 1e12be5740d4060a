//! `examples/filter-above-ntfs`: NTFS' tag NtFC grows, and so do File and IoNm, one to one with the private tag of
//! a third-party minifilter that keeps files open.

use super::server::{Row, Server, leaked};
use crate::incident::clock::{HOUR, Seconds, at};

const BOOT: Seconds = at(2024, 5, 13, 3, 12);
const START: Seconds = at(2024, 5, 13, 8, 0);
const INSTALL: Seconds = at(2024, 5, 13, 13, 41);
const ONSET: Seconds = at(2024, 5, 13, 15, 0);
const END: Seconds = at(2024, 5, 15, 8, 0);

const SERVER: Server = Server { host: "FS11", boot: BOOT, memory_kib: 16_776_640, own };

/// Files that the filter keeps referenced.
fn kept(moment: Seconds) -> u64 {
    leaked(b"kept", ONSET, 6_200.0, moment)
}

fn own(moment: Seconds) -> Vec<Row> {
    let files = kept(moment);
    let row = |tag: &[u8; 4], nonpaged, size, per_file: u64| Row {
        tag: *tag,
        nonpaged,
        count: files * per_file,
        size,
        frees: 0,
    };
    let mut rows = vec![
        row(b"NtFC", true, 144, 1),
        row(b"File", true, 400, 1),
        row(b"IoNm", false, 208, 1),
        row(b"FMsl", true, 192, 1),
        row(b"Ntff", false, 1_344, 1),
    ];
    if moment >= INSTALL {
        rows.push(Row { tag: *b"VxFc", nonpaged: true, count: files + 12, size: 512, frees: files / 50 });
        rows.push(Row { tag: *b"VxCf", nonpaged: false, count: 3, size: 65_536, frees: 0 });
    }
    rows
}

const README: &str = "# filter-above-ntfs: a synthetic incident

Nobody's server: every file here is made by `cargo xtask example` (crate poolscope-testkit, module `stories`).

A 64-bit Windows Server 2019 file server (FS11, 16 GB, clock on UTC). Its nonpaged pool grows since Monday afternoon;
poolmon shows NtFC, File and others growing, and everybody suspects NTFS. `poolmon -n` ran every hour, performance
counters every ten minutes; the filters were listed with `fltmc`, the drivers with `driverquery`.

    poolscope diagnose examples/filter-above-ntfs
";

const FLTMC: &str = "\r
Filter Name                     Num Instances    Altitude    Frame\r
------------------------------  -------------  ------------  -----\r
bindflt                                 1       409800         0\r
VxGuard                                 4       328740         0\r
storqosflt                              0       244000         0\r
wcifs                                   0       189900         0\r
FileCrypt                               0       141100         0\r
luafv                                   1       135000         0\r
npsvctrig                               1        46000         0\r
Wof                                     2        40700         0\r
";

const DRIVERQUERY: &str = "\
\"Module Name\",\"Display Name\",\"Description\",\"Driver Type\",\"Start Mode\",\"State\",\"Status\",\"Accept Stop\",\"Accept Pause\",\"Paged Pool(bytes)\",\"Code(bytes)\",\"BSS(bytes)\",\"Link Date\",\"Path\",\"Init(bytes)\"\r
\"Ntfs\",\"Ntfs\",\"Ntfs\",\"File System \",\"Manual\",\"Running\",\"OK\",\"TRUE\",\"FALSE\",\"1,138,688\",\"290,816\",\"0\",\"\",\"C:\\Windows\\system32\\drivers\\Ntfs.sys\",\"24,576\"\r
\"FltMgr\",\"FltMgr\",\"FltMgr\",\"File System \",\"Boot\",\"Running\",\"OK\",\"TRUE\",\"FALSE\",\"172,032\",\"81,920\",\"0\",\"\",\"C:\\Windows\\system32\\drivers\\fltmgr.sys\",\"8,192\"\r
\"VxGuard\",\"VxGuard file guard\",\"VxGuard file guard\",\"File System \",\"Boot\",\"Running\",\"OK\",\"TRUE\",\"FALSE\",\"40,960\",\"61,440\",\"0\",\"3/4/2021 9:15:02 AM\",\"C:\\Windows\\system32\\drivers\\vxguard.sys\",\"4,096\"\r
\"srv2\",\"Server SMB 2.xxx Driver\",\"Server SMB 2.xxx Driver\",\"File System \",\"Manual\",\"Running\",\"OK\",\"TRUE\",\"FALSE\",\"491,520\",\"102,400\",\"0\",\"\",\"C:\\Windows\\system32\\DRIVERS\\srv2.sys\",\"12,288\"\r
";

const POOLTAG: &str = "rem Tags of this server, by hand. Layout: tag - binary - what it is for\r
File - nt!io - file objects\r
FMsl - fltmgr.sys - lists of streams\r
IoNm - nt!io - names of opened files\r
NtFC - ntfs.sys - made when a file is opened\r
VxFc - vxguard.sys - VxGuard, context of a file\r
VxCf - vxguard.sys - VxGuard, configuration\r
";

/// Every file.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    let install = [
        ("ServiceName", "VxGuard file guard"),
        ("ImagePath", "system32\\drivers\\vxguard.sys"),
        ("ServiceType", "file system driver"),
        ("StartType", "boot start"),
        ("AccountName", ""),
    ];
    let events = [
        SERVER.boot_event(),
        SERVER.event(INSTALL, "Service Control Manager", 7_045, &install),
        SERVER.event(
            INSTALL + 7 * HOUR,
            "Service Control Manager",
            7_036,
            &[("param1", "Windows Update"), ("param2", "running")],
        ),
    ];
    let mut files = vec![
        ("README.md".to_owned(), README.as_bytes().to_vec()),
        ("driverquery.csv".to_owned(), DRIVERQUERY.as_bytes().to_vec()),
        ("events.xml".to_owned(), events.concat().into_bytes()),
        ("fltmc.txt".to_owned(), FLTMC.as_bytes().to_vec()),
        ("perfmon.csv".to_owned(), SERVER.counters(START, END, &[]).into_bytes()),
        ("pooltag.txt".to_owned(), POOLTAG.as_bytes().to_vec()),
    ];
    files.extend(SERVER.snapshots(START, END, HOUR));
    files.sort();
    files
}
