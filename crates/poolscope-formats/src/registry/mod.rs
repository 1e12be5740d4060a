//! Registry exports (.reg): every value of every key, with nothing interpreted.

mod read;

pub use read::parse;
pub(crate) use read::{parse_records, test};

use std::sync::Arc;

use crate::parsed::Place;

/// An export.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RegistryExport {
    /// The values in the order of the text.
    pub values: Vec<RegistryValue>,
}

/// One value of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistryValue {
    /// The line it begins at.
    pub place: Place,
    /// The key's path as spelled.
    pub key: Arc<str>,
    /// The value's name, empty for the default value.
    pub name: String,
    /// Its data.
    pub data: RegistryData,
}

/// A value's data by type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegistryData {
    /// A string (REG_SZ or REG_EXPAND_SZ).
    Text(String),
    /// A 32-bit number.
    Dword(u32),
    /// A 64-bit number.
    Qword(u64),
    /// Several strings.
    Texts(Vec<String>),
    /// Bytes of any other type.
    Bytes {
        /// Registry type number.
        kind: u32,
        /// The data.
        bytes: Vec<u8>,
    },
    /// `"name"=-`: importing the file would delete the value.
    Delete,
}

impl RegistryValue {
    /// True if the key is this one below any control set (`CurrentControlSet`, `ControlSet001`), case aside.
    pub fn is_under(&self, below_control_set: &str) -> bool {
        let key = self.key.to_ascii_lowercase();
        let Some(system) = key.find("\\system\\") else { return false };
        let tail = key.get(system + "\\system\\".len()..).unwrap_or("");
        tail.split_once('\\').is_some_and(|(set, rest)| {
            (set == "currentcontrolset" || set.starts_with("controlset"))
                && rest == below_control_set.to_ascii_lowercase()
        })
    }
}
