//! Counter names in any language to [`CounterId`].
//!
//! Windows keys the names by perflib index. The English names and indices below were read off a Vista log that
//! carries its own name table; German and Russian names come from a public perflib dump and a public log. Any
//! other language needs the user's dump ([`crate::ParseContext::perflib`]).

use std::collections::BTreeMap;

use super::{CounterId, CounterPath};

/// Perflib index, English, German, Russian; an empty text where the name in that language is not known.
const NAMES: &[(u32, &str, &str, &str)] = &[
    (2, "System", "System", ""),
    (4, "Memory", "Arbeitsspeicher", "Память"),
    (6, "% Processor Time", "Prozessorzeit (%)", "% загруженности процессора"),
    (24, "Available Bytes", "Verfügbare Bytes", ""),
    (26, "Committed Bytes", "Zugesicherte Bytes", ""),
    (30, "Commit Limit", "Zusagegrenze", ""),
    (56, "Pool Paged Bytes", "Auslagerungsseiten (Bytes)", ""),
    (58, "Pool Nonpaged Bytes", "Nicht-Auslagerungsseiten (Bytes)", ""),
    (60, "Pool Paged Allocs", "Auslagerungsseiten reserviert", ""),
    (64, "Pool Nonpaged Allocs", "Nichtauslagerungsseiten reserviert", ""),
    (66, "Pool Paged Resident Bytes", "Auslagerungsseiten: Residente Bytes", ""),
    (180, "Working Set", "Arbeitsseiten", "Рабочий набор"),
    (186, "Private Bytes", "", ""),
    (230, "Process", "Prozess", "Процесс"),
    (238, "Processor", "Prozessor", ""),
    (248, "Processes", "", ""),
    (250, "Threads", "", ""),
    (252, "Events", "", ""),
    (254, "Semaphores", "", ""),
    (256, "Mutexes", "", ""),
    (258, "Sections", "", ""),
    (260, "Objects", "", ""),
    (330, "Server", "", ""),
    (370, "Pool Nonpaged Failures", "", ""),
    (376, "Pool Paged Failures", "", ""),
    (638, "TCPv4", "", ""),
    (642, "Connections Established", "", ""),
    (674, "System Up Time", "", ""),
    (678, "Free System Page Table Entries", "Freie Seitentabelleneinträge", ""),
    (680, "Thread Count", "", ""),
    (684, "Elapsed Time", "", ""),
    (784, "ID Process", "Prozesskennung", ""),
    (818, "Cache Bytes", "", ""),
    (952, "Handle Count", "Handleanzahl", ""),
    (1_380, "Available KBytes", "", ""),
    (1_382, "Available MBytes", "", ""),
    (1_418, "IO Other Operations/sec", "", ""),
];

/// Other spellings of English names: newer objects and counters of the same meaning.
const SYNONYMS: &[(&str, &str)] = &[("process v2", "process"), ("process id", "id process")];

/// The English name of a perflib index, of those that matter here.
pub(crate) fn english_name(index: u32) -> Option<&'static str> {
    NAMES.iter().find(|(known, ..)| *known == index).map(|(_, name, ..)| *name)
}

/// Names to ids for one log.
#[derive(Debug)]
pub struct Names {
    /// Lower-case name of any language to the lower-case English names it may mean.
    english: BTreeMap<String, Vec<String>>,
    /// Lower-case English object and counter to id and factor to its unit.
    ids: BTreeMap<(String, String), (CounterId, f64)>,
}

impl Names {
    /// The built-in languages and the user's own dump.
    pub fn new(perflib: Option<&BTreeMap<u32, String>>) -> Self {
        let mut english: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut add = |local: &str, name: &str| {
            if !local.is_empty() {
                english.entry(local.trim().to_lowercase()).or_default().push(name.to_lowercase());
            }
        };
        for &(index, name, german, russian) in NAMES {
            add(german, name);
            add(russian, name);
            if let Some(local) = perflib.and_then(|names| names.get(&index)) {
                add(local, name);
            }
        }
        for &(other, name) in SYNONYMS {
            add(other, name);
        }
        let mut ids = BTreeMap::new();
        for &id in CounterId::ALL {
            ids.insert((id.object().to_lowercase(), id.counter().to_lowercase()), (id, 1.0));
        }
        for (counter, factor) in [("available kbytes", 1024.0), ("available mbytes", 1_048_576.0)] {
            let key = ("memory".to_owned(), counter.to_owned());
            ids.insert(key, (CounterId::MemoryAvailableBytes, factor));
        }
        Self { english, ids }
    }

    /// The counter a path names and the factor from its unit to [`CounterId::unit`].
    pub fn id(&self, path: &CounterPath) -> Option<(CounterId, f64)> {
        let (object, counter) = (path.object.trim().to_lowercase(), path.counter.trim().to_lowercase());
        for object in self.meanings(&object) {
            for counter in self.meanings(&counter) {
                if let Some(&found) = self.ids.get(&(object.to_owned(), counter.to_owned())) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// The name itself, then the English names it may stand for.
    fn meanings<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let others = self.english.get(name).into_iter().flatten().map(String::as_str);
        std::iter::once(name).chain(others)
    }

    /// How many names of a path are known in any language: tells a good guess of the code page from a bad one.
    pub(super) fn known(&self, path: &CounterPath) -> usize {
        let known = |name: &str| usize::from(self.english.contains_key(&name.trim().to_lowercase()));
        known(&path.object) + known(&path.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(names: &Names, path: &str) -> Option<(CounterId, f64)> {
        names.id(&CounterPath::parse(path).unwrap())
    }

    #[test]
    fn three_languages_and_lower_case() {
        let names = Names::new(None);
        for path in [
            "\\\\H\\Memory\\Pool Nonpaged Bytes",
            "\\\\h\\memory\\pool nonpaged bytes",
            "\\\\H\\Arbeitsspeicher\\Nicht-Auslagerungsseiten (Bytes)",
            "\\\\H\\Память\\Pool Nonpaged Bytes",
        ] {
            assert_eq!(id(&names, path), Some((CounterId::MemoryPoolNonpagedBytes, 1.0)), "{path}");
        }
        assert_eq!(
            id(&names, "\\\\H\\Prozess(w3wp)\\Nicht-Auslagerungsseiten (Bytes)"),
            Some((CounterId::ProcessPoolNonpagedBytes, 1.0)),
            "the object decides"
        );
        assert_eq!(
            id(&names, "\\\\H\\Memory\\Available MBytes"),
            Some((CounterId::MemoryAvailableBytes, 1_048_576.0))
        );
        assert_eq!(
            id(&names, "\\\\H\\Process V2(w3wp:12)\\Handle Count"),
            Some((CounterId::ProcessHandleCount, 1.0))
        );
        assert_eq!(id(&names, "\\\\H\\Процесс(w3wp)\\Рабочий набор"), None);
    }

    #[test]
    fn a_dump_of_the_user_maps_any_language() {
        let french: BTreeMap<u32, String> =
            [(4, "Mémoire"), (58, "Octets de réserve non paginée")].map(|(i, n)| (i, n.to_owned())).into();
        let path = "\\\\H\\Mémoire\\Octets de réserve non paginée";
        assert_eq!(id(&Names::new(None), path), None);
        assert_eq!(id(&Names::new(Some(&french)), path), Some((CounterId::MemoryPoolNonpagedBytes, 1.0)));
    }
}
