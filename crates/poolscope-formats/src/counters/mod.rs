//! Performance counters over time, whatever they were written in: PDH-CSV and TSV, `Get-Counter` text,
//! hand-made tables here, and the binary log of perfmon elsewhere. The records are the same [`CounterLog`].
//!
//! Values are kept as they were logged; nothing here judges them.

mod builder;
mod get_counter;
mod identity;
mod ids;
mod names;
mod path;
mod pdh;
mod pdh_head;
mod pdh_rows;
pub mod perflib;
mod recognise;
mod tables;

pub use identity::mark_identities;
pub use ids::CounterId;
pub use names::Names;
pub(crate) use names::english_name;
pub use recognise::{parse, parse_records, test};

use crate::time::{Time, Zone};

/// The samples of one log. Only columns whose [`CounterId`] is known keep their values.
#[derive(Clone, PartialEq, Debug)]
pub struct CounterLog {
    /// The machine most paths name, without backslashes, as spelt there.
    pub machine: Option<String>,
    /// How the log's wall times relate to UTC.
    pub zone: Zone,
    /// The zone's name as the log spells it: `W. Europe Daylight Time`.
    pub zone_name: Option<String>,
    /// One per sample, in file order: UTC, or wall time where the zone is unknown. Not always ascending (clock
    /// set back, end of daylight saving time): see `clock_back`.
    pub times: Vec<Time>,
    /// Indices into `times` of samples whose time is before that of the sample in front of them.
    pub clock_back: Vec<u32>,
    /// The columns whose counter is known, in file order.
    pub columns: Vec<CounterColumn>,
    /// All columns seen, the time column not counted.
    pub columns_total: u32,
    /// Paths of columns that were not kept, in file order, at most [`crate::limits::MAX_NAMED_COLUMNS`].
    pub other_columns: Vec<String>,
}

impl Default for CounterLog {
    fn default() -> Self {
        Self {
            machine: None,
            zone: Zone::Unknown,
            zone_name: None,
            times: Vec::new(),
            clock_back: Vec::new(),
            columns: Vec::new(),
            columns_total: 0,
            other_columns: Vec::new(),
        }
    }
}

impl CounterLog {
    /// The columns of one counter, in file order.
    pub fn of(&self, id: CounterId) -> impl Iterator<Item = &CounterColumn> {
        self.columns.iter().filter(move |column| column.id == id)
    }
}

/// One counter of one instance over time.
#[derive(Clone, PartialEq, Debug)]
pub struct CounterColumn {
    /// Its full name as the log spells it.
    pub path: CounterPath,
    /// Which counter it is, in any language.
    pub id: CounterId,
    /// One value per entry of [`CounterLog::times`], in the unit [`CounterId::unit`] names; NaN = missing.
    pub values: Vec<f64>,
    /// Whether all values are of the same thing.
    pub identity: Identity,
}

/// A counter's name: `\\machine\object(parent/instance#index)\counter`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct CounterPath {
    /// The machine without backslashes, if the path names one.
    pub machine: Option<String>,
    /// `Memory`, `Process`, ... in the language of the machine.
    pub object: String,
    /// The part of the instance before `/`: the process of a thread.
    pub parent: Option<String>,
    /// The instance without parent and `#n`; `None` for objects that have none.
    pub instance: Option<String>,
    /// The `#n` after the instance, 0 where there is none. It is an order of appearance, not an identity.
    pub index: u32,
    /// The counter.
    pub counter: String,
}

/// Whether the values of a column are all of the same instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Identity {
    /// Yes: the object has no instances, or the instance is not a process, or its process id never changes.
    Stable,
    /// No: at these indices into [`CounterLog::times`] another process took over the name.
    Spliced {
        /// First sample of each later process, ascending.
        rows: Vec<u32>,
    },
    /// A per-process series without `ID Process` or `Elapsed Time` beside it: it may change hands unseen.
    Unknown,
}
