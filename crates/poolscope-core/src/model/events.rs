//! Things that happened at a moment: the raw material of the time line.

use poolscope_formats::{Pool, Time};

use super::evidence::Source;

/// What kind of thing happened. Rules match on this, never on the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EventKind {
    /// Windows started.
    Boot,
    /// A "boot" that resumed the kernel of before (Fast Startup, hibernation): the pool was not cleared.
    KernelResumed,
    /// Windows stopped, crashed or lost power, or somebody asked for a restart.
    Shutdown,
    /// Srv 2019 or 2020: the pool is empty.
    PoolEmpty(Pool),
    /// Resource-Exhaustion-Detector 2004.
    CommitLow,
    /// http.sys began to refuse connections.
    ConnectionsRefused,
    /// A driver or kernel service was installed, updated or loaded.
    DriverChange {
        /// The service's or the file's name.
        name: String,
    },
    /// A file system filter was loaded: happens at every start, so it is a change only the first time.
    FilterLoaded {
        /// The filter's name.
        name: String,
    },
    /// A program was installed or updated.
    ProductInstalled {
        /// Its name.
        name: String,
    },
    /// A user-mode service was installed.
    ServiceInstalled {
        /// The service's name.
        name: String,
    },
    /// A service changed its state.
    ServiceState,
    /// An update was installed.
    UpdateInstalled {
        /// The update's title or KB number.
        name: String,
    },
    /// Anything else worth a line.
    Other,
}

/// One line of the time line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimelineEvent {
    /// When, UTC.
    pub time: Time,
    /// What kind.
    pub kind: EventKind,
    /// In words, without a final dot.
    pub text: String,
    /// Where it stands.
    pub source: Source,
}
