//! Perflib indices and logged names to the counters that are kept, whatever the host's language.

use std::collections::BTreeMap;

use super::cook::cook_of;
use super::series::Kept;
use crate::counters::{CounterPath, Names, english_name};

/// The names a log speaks in.
#[derive(Debug)]
pub(super) struct Naming {
    names: Names,
    table: BTreeMap<u32, String>,
    machine: Option<String>,
}

impl Naming {
    /// From the log's own names of its machine.
    pub fn new(table: BTreeMap<u32, String>, machine: Option<String>) -> Self {
        Self { names: Names::new(Some(&table)), table, machine }
    }

    /// The path of a counter by the indices of its object and itself, without instance.
    pub fn path(&self, object: u32, counter: u32) -> CounterPath {
        let name = |index: u32| {
            let known = self.table.get(&index).map(String::as_str).or_else(|| english_name(index));
            known.map_or_else(|| format!("[{index}]"), str::to_owned)
        };
        CounterPath {
            machine: self.machine.clone(),
            object: name(object),
            counter: name(counter),
            ..CounterPath::default()
        }
    }

    /// What to keep of a counter; `None` if it is not wanted, or of a type that no kept counter has.
    pub fn kept(&self, path: &CounterPath, counter_type: u32) -> Option<Kept> {
        let (id, factor) = self.names.id(path)?;
        Some(Kept { id, factor, cook: cook_of(counter_type)? })
    }
}
