//! What an IIS log holds, summed.

use std::collections::BTreeMap;

use crate::time::Time;

/// One IIS W3C log. Its times are UTC (the `use local time` setting only names the files).
#[derive(Clone, PartialEq, Default, Debug)]
pub struct IisLog {
    /// Earliest time of a row.
    pub first: Option<Time>,
    /// Latest time of a row.
    pub last: Option<Time>,
    /// Data rows read well.
    pub rows: u64,
    /// `s-sitename` of the first row that has one, such as `W3SVC1`.
    pub site: Option<String>,
    /// `s-computername` of the first row that has one.
    pub computer: Option<String>,
    /// Requests by minute (the time is the minute's start): silence shows as missing minutes.
    pub by_minute: BTreeMap<Time, u64>,
    /// Rows by status and substatus, sorted. Successes (below 400) are counted without minutes.
    pub statuses: Vec<StatusStat>,
    /// Rows by `sc-win32-status` other than 0, sorted by code.
    pub win32: Vec<Win32Stat>,
    /// `#Date` of each directive block with its line: a (re)start of the site's logging.
    pub log_starts: Vec<(Time, u64)>,
}

/// Rows of one status.
#[derive(Clone, PartialEq, Debug)]
pub struct StatusStat {
    /// `sc-status`.
    pub status: u16,
    /// `sc-substatus`, if the log has that field.
    pub substatus: Option<u16>,
    /// Rows.
    pub rows: u64,
    /// Time and line of the row that stands first in the file.
    pub first: (Time, u64),
    /// Time and line of the row that stands last in the file.
    pub last: (Time, u64),
    /// Rows by minute; empty for statuses below 400.
    pub by_minute: BTreeMap<Time, u64>,
}

/// Rows of one Win32 error.
#[derive(Clone, PartialEq, Debug)]
pub struct Win32Stat {
    /// `sc-win32-status`: 8, 14, 1450 and 1455 speak of missing memory or pool; 64 and 121 of the network.
    pub code: u32,
    /// Rows.
    pub rows: u64,
    /// Time and line of the row that stands first in the file.
    pub first: (Time, u64),
    /// Time and line of the row that stands last in the file.
    pub last: (Time, u64),
    /// Rows by minute.
    pub by_minute: BTreeMap<Time, u64>,
}
