//! Facts that several formats state alike: a driver, a change, a host, a process, what stands in the pool.
//!
//! Each fact keeps its [`Place`], and texts as the evidence spells them. A value the evidence does not give is
//! `None`, never 0. This module holds no reading and no judging.

use crate::parsed::Place;
use crate::tag::{Pool, Tag};
use crate::time::{Time, Zone};

/// What one pool tag holds in one pool at the moment of a listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandingPool {
    /// Where it is stated.
    pub place: Place,
    /// The tag, without the old kernels' protected bit.
    pub tag: Tag,
    /// Which pool.
    pub pool: Pool,
    /// Allocations that were not freed yet.
    pub outstanding: u64,
    /// Bytes they hold; rounded to whole KiB where the layout counts in KB.
    pub bytes: u64,
    /// Allocations since boot (or since the trace began), where the layout counts them apart.
    pub allocs: Option<u64>,
    /// Frees since the same moment.
    pub frees: Option<u64>,
    /// The image or component the listing names as the tag's owner.
    pub owner: Option<String>,
}

/// An allocation that stands, with the code that made it: the strongest owner evidence a text can carry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallerAllocation {
    /// Where it is stated.
    pub place: Place,
    /// Its tag.
    pub tag: Tag,
    /// Kernel address of the allocation.
    pub address: u64,
    /// Bytes asked for.
    pub bytes: u64,
    /// Return address of the allocating call.
    pub caller: u64,
    /// The caller as the debugger resolved it (`abc!abc_allocate+0x21`).
    pub symbol: Option<String>,
}

impl CallerAllocation {
    /// The module of the caller's symbol (`abc` of `abc!abc_allocate+0x21`, or of a bare `abc+0x21`).
    pub fn module(&self) -> Option<&str> {
        let symbol = self.symbol.as_deref()?;
        let module = symbol.split(['!', '+']).next()?.trim();
        (!module.is_empty()).then_some(module)
    }
}

/// One process as a listing shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProcessFact {
    /// Where it is stated.
    pub place: Place,
    /// Image name as spelled; some listings cut it short.
    pub name: String,
    /// Process id.
    pub pid: Option<u64>,
    /// Handles it holds.
    pub handles: Option<u64>,
    /// Threads it has.
    pub threads: Option<u64>,
    /// Nonpaged pool charged to its quota, in bytes; driver allocations without quota are not in it.
    pub nonpaged_quota_bytes: Option<u64>,
    /// Paged pool charged to its quota, in bytes.
    pub paged_quota_bytes: Option<u64>,
    /// Session it runs in.
    pub session: Option<u64>,
    /// Services it hosts.
    pub services: Vec<String>,
    /// True where a kernel listing shows no handle table: the process ended, its object stands.
    pub ended: bool,
}

impl ProcessFact {
    /// A process of which only the name is known yet.
    pub fn named(place: Place, name: impl Into<String>) -> Self {
        Self {
            place,
            name: name.into(),
            pid: None,
            handles: None,
            threads: None,
            nonpaged_quota_bytes: None,
            paged_quota_bytes: None,
            session: None,
            services: Vec::new(),
            ended: false,
        }
    }
}

/// How many handles to one type of object are open, by one process or over the whole host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandleCount {
    /// Where it is stated.
    pub place: Place,
    /// The process that holds them; `None` for the sum over the host.
    pub process: Option<ProcessKey>,
    /// Object type as spelled (`Event`, `File`, `<Unknown type>`).
    pub object_type: String,
    /// Handles to it.
    pub handles: u64,
}

/// Names a process within one listing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ProcessKey {
    /// Image name as spelled, empty where the listing gives none.
    pub name: String,
    /// Process id.
    pub pid: Option<u64>,
}

/// What kind of code a driver is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DriverType {
    /// A kernel driver.
    Kernel,
    /// A file system or a file system filter.
    FileSystem,
}

/// One driver as an inventory shows it. Which fields are filled depends on the listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DriverFact {
    /// Where it is stated.
    pub place: Place,
    /// Which listing says so.
    pub listing: DriverListing,
    /// Service or module name (`abcflt`); driver package name (`oem12.inf`) where the listing has no other.
    pub name: String,
    /// Name shown to people.
    pub display_name: Option<String>,
    /// Path of the image or file name, as spelled (`\??\C:\x\abc.sys`).
    pub path: Option<String>,
    /// Version as spelled.
    pub version: Option<String>,
    /// Date of the image or package; what it dates is [`DriverFact::date_of`].
    pub date: Option<WrittenDate>,
    /// What the date dates.
    pub date_of: DateOf,
    /// Maker or provider.
    pub company: Option<String>,
    /// Minifilter altitude as spelled (`385250.5`).
    pub altitude: Option<String>,
    /// The inf file it was installed from.
    pub inf: Option<String>,
    /// What kind of driver it is.
    pub driver_type: Option<DriverType>,
    /// True if it was running (or loaded) at the listing, false if it was stopped.
    pub running: Option<bool>,
    /// True if its signature was valid.
    pub signed: Option<bool>,
}

impl DriverFact {
    /// A driver of which only the name is known yet.
    pub fn named(place: Place, listing: DriverListing, name: impl Into<String>) -> Self {
        Self {
            place,
            listing,
            name: name.into(),
            display_name: None,
            path: None,
            version: None,
            date: None,
            date_of: DateOf::Unknown,
            company: None,
            altitude: None,
            inf: None,
            driver_type: None,
            running: None,
            signed: None,
        }
    }

    /// The file name of the image: the path's last part, whichever slash it uses.
    pub fn file_name(&self) -> Option<&str> {
        let path = self.path.as_deref()?;
        path.rsplit(['\\', '/']).next().filter(|name| !name.is_empty())
    }
}

/// The listing a [`DriverFact`] comes from; it says how much "not listed" means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DriverListing {
    /// `driverquery`: installed kernel and file system drivers.
    DriverQuery,
    /// `driverquery /si`: devices and their signed inf files, no images.
    DriverQuerySigned,
    /// `sc query type= driver`.
    ScQuery,
    /// `pnputil`: driver packages of the store, loaded or not.
    PnpUtil,
    /// `fltmc filters`: file system minifilters that are loaded now.
    FltmcFilters,
    /// `fltmc instances`: one row a volume.
    FltmcInstances,
    /// `Get-NetAdapterBinding`: components bound to network adapters, by component id, which is no service name.
    NetBinding,
    /// msinfo32, System Drivers.
    MsInfo,
    /// autoruns, category Drivers.
    Autoruns,
    /// `findstr /m`: a file that holds the bytes searched for, nothing more.
    FindStr,
    /// The debugger's or Verifier's list of verified drivers.
    Verifier,
}

/// What a driver's date is the date of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DateOf {
    /// The listing does not say.
    Unknown,
    /// The link time in the image: a hash, not a date, in reproducible builds.
    Link,
    /// `DriverVer` of the inf: chosen by the vendor.
    DriverVer,
    /// The file's time on disk.
    File,
}

/// A date as a listing writes it, read as far as its order of fields is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrittenDate {
    /// As spelled.
    pub text: String,
    /// The moment, as wall time of the host; `None` if day and month cannot be told apart.
    pub wall: Option<Time>,
}

/// What changed on a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeKind {
    /// A driver package was added or a device installed.
    DriverInstalled,
    /// A driver package or device was removed.
    DriverRemoved,
    /// A Windows update was installed.
    UpdateInstalled,
    /// Something else the log calls a change.
    Other,
}

impl ChangeKind {
    /// The name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::DriverInstalled => "driver_installed",
            Self::DriverRemoved => "driver_removed",
            Self::UpdateInstalled => "update_installed",
            Self::Other => "other",
        }
    }
}

/// One change with its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeFact {
    /// Where it is stated.
    pub place: Place,
    /// What kind of change.
    pub kind: ChangeKind,
    /// When, as wall time of the host where `zone` is unknown; `None` if the date cannot be read surely.
    pub time: Option<Time>,
    /// The zone of `time`.
    pub zone: Zone,
    /// True if only the day is known.
    pub day_only: bool,
    /// What changed: a KB number, an inf, a device (`KB5034127`, `oem12.inf`, `PCI\VEN_8086...`).
    pub subject: String,
    /// More of what the log says, empty if nothing.
    pub detail: String,
    /// Inf and driver files the log names with it, without folders, in the order they were met.
    pub files: Vec<String>,
    /// True if the log says it worked, false if it says it failed.
    pub succeeded: Option<bool>,
}

/// One thing said about the host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostFact {
    /// Where it is stated.
    pub place: Place,
    /// What is said.
    pub value: HostValue,
}

/// The things that can be said about a host.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HostValue {
    /// Computer name.
    Name(String),
    /// Product name (`Microsoft Windows Server 2019 Standard`).
    OsName(String),
    /// Version and build as numbers (`10.0.17763`).
    OsVersion {
        /// First number.
        major: u32,
        /// Second number.
        minor: u32,
        /// Build number.
        build: u32,
    },
    /// Service pack or other version text.
    OsVersionText(String),
    /// When it was started, wall time of the host.
    BootTime(WrittenDate),
    /// How long it has been up when the evidence was taken, in seconds.
    UptimeSeconds(u64),
    /// When Windows was installed, wall time of the host.
    InstallTime(WrittenDate),
    /// Physical memory in bytes.
    PhysicalBytes(u64),
    /// Physical memory that was free, in bytes.
    AvailableBytes(u64),
    /// Commit limit in bytes.
    CommitLimitBytes(u64),
    /// Committed bytes.
    CommittedBytes(u64),
    /// Width of its addresses: 32 or 64.
    Bits(u32),
    /// Logical processors.
    Processors(u32),
    /// Time zone as spelled.
    TimeZone(String),
    /// Hardware maker and model, or hypervisor.
    Model(String),
    /// Bytes of one pool in use.
    PoolBytes {
        /// Which pool.
        pool: Pool,
        /// In use.
        bytes: u64,
    },
    /// The most one pool can hold, in bytes, as this kernel computed it.
    PoolLimitBytes {
        /// Which pool.
        pool: Pool,
        /// Its bound.
        bytes: u64,
    },
    /// Running processes.
    ProcessCount(u64),
    /// When the evidence itself was taken.
    TakenAt {
        /// The moment.
        time: Time,
        /// Its zone.
        zone: Zone,
    },
}
