//! What an HTTPERR log holds, summed.

use std::collections::BTreeMap;

use crate::time::Time;

/// One HTTPERR log. Its times are UTC: http.sys writes no other.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct HttpErrLog {
    /// Earliest time of a row.
    pub first: Option<Time>,
    /// Latest time of a row.
    pub last: Option<Time>,
    /// Data rows read well.
    pub rows: u64,
    /// Rows by reason, sorted by name and class. At most [`crate::limits::MAX_HTTPERR_REASONS`] of them.
    pub reasons: Vec<ReasonStat>,
    /// Rows whose reason came after that limit was met.
    pub rows_of_dropped_reasons: u64,
    /// Rows by HTTP status; rows without one (`-`) are left out.
    pub statuses: BTreeMap<u16, u64>,
    /// `#Date` of each directive block with its line: http.sys wrote it when the service (re)started, so at
    /// a boot or at `net stop http`; also at the head of every new file.
    pub service_starts: Vec<(Time, u64)>,
}

/// The rows of one reason.
#[derive(Clone, PartialEq, Debug)]
pub struct ReasonStat {
    /// The reason as logged, without the count of `<n>_Connections_Refused`.
    pub name: String,
    /// What the reason speaks of. `N/A` appears twice when it stands with 503 and with other statuses.
    pub class: ReasonClass,
    /// Rows.
    pub rows: u64,
    /// Events: the summed `<n>` of `<n>_Connections_Refused`, else the rows.
    pub weight: u64,
    /// Time and line of the row that stands first in the file.
    pub first: (Time, u64),
    /// Time and line of the row that stands last in the file.
    pub last: (Time, u64),
    /// Weight by minute (the time is the minute's start).
    pub by_minute: BTreeMap<Time, u64>,
    /// Rows by request queue (s-queuename), of reasons that speak of a queue or an application pool.
    pub queues: BTreeMap<String, u64>,
}

/// What a reason speaks of (KB820729, KB933844 and the HTTP Server API's list of logged errors).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReasonClass {
    /// `<n>_Connections_Refused`: free nonpaged pool fell below http.sys' floor and it stopped accepting.
    MemoryRefusal,
    /// `N/A` with 503: an internal failure such as an allocation, or a clash of URL reservations.
    MemoryPossible,
    /// The request queue or application pool was full, stopped or disabled; or a connection limit was met.
    QueueOrAppPool,
    /// The client left or a timer ran out: seen on every healthy server.
    ClientOrTimer,
    /// The request itself was malformed or too large.
    BadRequest,
    /// Not in the documentation: kept as it stands.
    Unknown,
}

impl ReasonClass {
    /// The name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::MemoryRefusal => "memory_refusal",
            Self::MemoryPossible => "memory_possible",
            Self::QueueOrAppPool => "queue_or_app_pool",
            Self::ClientOrTimer => "client_or_timer",
            Self::BadRequest => "bad_request",
            Self::Unknown => "unknown",
        }
    }
}
