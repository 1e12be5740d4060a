//! What an event log holds.

use std::collections::BTreeMap;

use crate::parsed::Place;
use crate::tag::{Pool, Tag};
use crate::time::{Time, Zone};

/// One event log.
#[derive(Clone, PartialEq, Debug)]
pub struct EventLog {
    /// The computer that most events name.
    pub computer: Option<String>,
    /// Events read well, kept or not.
    pub records: u64,
    /// Earliest time of an event.
    pub first: Option<Time>,
    /// Latest time of an event.
    pub last: Option<Time>,
    /// Whether the times are UTC. Event XML and `.evtx` state UTC; `ConvertTo-Xml` prints local time and no
    /// zone.
    pub zone: Zone,
    /// The events that bear on the question, by time and then record number. At most
    /// [`crate::limits::MAX_KEPT_EVENTS`].
    pub events: Vec<Event>,
    /// Wanted events beyond that limit.
    pub events_dropped: u64,
    /// All events by provider and id. At most [`crate::limits::MAX_EVENT_PROVIDERS`] rows.
    pub by_provider: BTreeMap<(String, u32), u64>,
}

/// One event that bears on the question.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// When it was written.
    pub time: Time,
    /// Provider as the log spells it.
    pub provider: String,
    /// Event id without qualifiers.
    pub id: u32,
    /// Record number in the log; 0 if an export left it out.
    pub record: u64,
    /// Computer it names.
    pub computer: String,
    /// Where it stands in the input.
    pub place: Place,
    /// What it says.
    pub detail: EventDetail,
}

/// What an event says. Texts are as logged, in the language of the host.
#[derive(Clone, PartialEq, Debug)]
pub enum EventDetail {
    /// Srv 2019 (nonpaged) or 2020 (paged): the server service could not allocate from the pool. Srv is the
    /// messenger, not the cause.
    PoolEmpty {
        /// The pool that was empty.
        pool: Pool,
        /// The NTSTATUS in the event's binary data, normally 0xC000009A.
        status: Option<u32>,
    },
    /// Resource-Exhaustion-Detector 2004.
    ResourceExhaustion(Box<ResourceExhaustion>),
    /// Kernel-General 12: the operating system started.
    OsStart {
        /// Start time as stated in the event.
        started: Option<Time>,
        /// Major, minor and build, as far as stated.
        version: Option<[u32; 3]>,
    },
    /// Kernel-General 13: the operating system is shutting down.
    OsStop,
    /// EventLog 6005: the event log service started, so a boot.
    LogStarted,
    /// EventLog 6006: the event log service stopped cleanly.
    LogStopped,
    /// EventLog 6008: the previous shutdown was unexpected.
    DirtyShutdown {
        /// When the host was last alive. Local wall time with an unknown zone.
        stopped_wall: Option<Time>,
    },
    /// EventLog 6009: the version of Windows, written at boot.
    OsVersion {
        /// Version, build and kernel kind as logged, such as `6.01. 7601 Service Pack 1 Multiprocessor Free`.
        text: String,
    },
    /// Kernel-Power 41: the host came back without a clean shutdown.
    PowerLoss {
        /// The bug check of the lost session; 0 means none was recorded.
        bugcheck: u32,
    },
    /// WER-SystemErrorReporting 1001: the host restarted from a bug check.
    Bugcheck {
        /// Code and parameters as logged, such as `0x000000c1 (0x..., ...)`.
        text: String,
        /// Path of the dump, if one was saved.
        dump: Option<String>,
    },
    /// User32 1074: someone or something asked for a restart or shutdown.
    Restart {
        /// Program that asked.
        by: String,
        /// Account it ran as.
        user: String,
        /// Reason, its code, the kind of shutdown and the comment, joined by `; `.
        why: String,
    },
    /// Service Control Manager 7045: a service or driver was installed.
    ServiceInstalled {
        /// Service name.
        name: String,
        /// Image path as logged.
        image_path: String,
        /// A kernel or file system driver rather than a user-mode service: by the path's `.sys`, because the
        /// type's text is localised; by the text where the path says nothing.
        kernel_driver: bool,
        /// Service type as logged (localised).
        service_type: String,
        /// Start type as logged (localised).
        start_type: String,
        /// Account; empty for drivers.
        account: String,
    },
    /// Service Control Manager 7036: a service entered a state.
    ServiceState {
        /// Display name as logged.
        name: String,
        /// State as logged (localised).
        state: String,
    },
    /// Service Control Manager 7040: a service's start type was changed.
    ServiceStartChanged {
        /// Display name as logged.
        name: String,
        /// Start type before (localised).
        from: String,
        /// Start type after (localised).
        to: String,
    },
    /// Service Control Manager 7000, 7026, 7031, 7034: a service or boot driver failed to start or died.
    ServiceFailed {
        /// Service, or the drivers of 7026 joined by blanks.
        name: String,
        /// Error or repair text as logged; may be empty.
        error: String,
    },
    /// UserPnp 20001 or 20003: a driver package or its service was installed for a device.
    DriverInstalled {
        /// Driver package or file (`20001` DriverName, `20003` DriverFileName).
        driver: String,
        /// Package version; 20003 has none.
        version: Option<String>,
        /// Vendor of the package; 20003 has none.
        vendor: Option<String>,
        /// Service the device uses (20003).
        service: Option<String>,
        /// Device instance.
        device: String,
        /// Result code, 0 for success.
        status: Option<u32>,
    },
    /// WindowsUpdateClient 19: an update was installed.
    UpdateInstalled {
        /// Title, which holds the KB number.
        title: String,
    },
    /// Kernel-PnP 219: a driver failed to load for a device.
    DriverLoadFailed {
        /// Driver or service.
        driver: String,
        /// Device instance.
        device: String,
        /// NTSTATUS, if stated.
        status: Option<u32>,
    },
    /// FilterManager 6: a file system filter was loaded and registered.
    FilterRegistered {
        /// Filter.
        name: String,
        /// Altitude as logged, if this event states it.
        altitude: Option<String>,
    },
    /// FilterManager 1: a file system filter was unloaded while Windows ran.
    FilterUnloaded {
        /// Filter.
        name: String,
    },
    /// Kernel-Boot 27: the kind of boot.
    BootType {
        /// The logged value: 0 full boot, 1 Fast Startup, 2 resumed from hibernation.
        kind: u32,
        /// The kernel session of before was resumed (kind 1 or 2): pool leaks survived this "boot".
        kernel_resumed: bool,
    },
    /// MsiInstaller 1033: a program was installed or updated.
    ProductInstalled {
        /// Its name.
        name: String,
        /// Its version, empty if not stated.
        version: String,
    },
    /// EventLog 6013: system uptime.
    UpTime {
        /// Seconds since boot.
        seconds: u64,
    },
    /// Wanted for its provider and id alone: Srv 2000, 2017, 2021 and 2022, or a wanted event whose fields
    /// are missing (an export of message text only).
    Other,
}

/// Resource-Exhaustion-Detector 2004: low commit, with what used memory then. A missing value was not stated.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct ResourceExhaustion {
    /// `SystemCommitLimit`, bytes.
    pub commit_limit_bytes: Option<u64>,
    /// `SystemCommitCharge`, bytes.
    pub commit_charge_bytes: Option<u64>,
    /// `ProcessCommitCharge`, bytes.
    pub process_commit_bytes: Option<u64>,
    /// `NonPagedPoolUsage`, bytes.
    pub nonpaged_pool_bytes: Option<u64>,
    /// `PagedPoolUsage`, bytes.
    pub paged_pool_bytes: Option<u64>,
    /// `PhysicalMemorySize`, bytes.
    pub physical_bytes: Option<u64>,
    /// `PhysicalMemoryUsage`, bytes.
    pub physical_used_bytes: Option<u64>,
    /// Number of processes.
    pub processes_running: Option<u64>,
    /// The nonpaged tags with the most bytes, as logged: at most three, with bytes used.
    pub nonpaged_tags: Vec<(Tag, u64)>,
    /// The paged tags with the most bytes.
    pub paged_tags: Vec<(Tag, u64)>,
    /// The processes with the most commit: at most six; empty slots are left out.
    pub processes: Vec<ProcessUse>,
}

/// One process of event 2004.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct ProcessUse {
    /// Image name.
    pub name: String,
    /// Process id.
    pub pid: u64,
    /// Creation time.
    pub created: Option<Time>,
    /// Commit charge in bytes.
    pub commit_bytes: Option<u64>,
    /// Open handles.
    pub handles: Option<u64>,
    /// File version of the image.
    pub version: String,
}
