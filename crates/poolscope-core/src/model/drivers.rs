//! Drivers of the host: what several listings and images say of one driver, put together.

use poolscope_formats::facts::{DateOf, WrittenDate};

use super::evidence::Source;

/// One driver, by its name without extension.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Driver {
    /// Name of its service or file in lower case, without `.sys`: what listings are matched by.
    pub name: String,
    /// Service name as spelled, where a listing gives it.
    pub service: Option<String>,
    /// File name in lower case (`abcflt.sys`).
    pub file: Option<String>,
    /// Name shown to people.
    pub display_name: Option<String>,
    /// Path as spelled.
    pub path: Option<String>,
    /// Version as spelled.
    pub version: Option<String>,
    /// Date as written, and what it dates.
    pub date: Option<(WrittenDate, DateOf)>,
    /// Maker.
    pub company: Option<String>,
    /// Minifilter altitude as spelled: the higher, the further from the file system.
    pub altitude: Option<String>,
    /// The inf file it was installed from.
    pub inf: Option<String>,
    /// True if some listing shows it running.
    pub running: Option<bool>,
    /// Where it is stated, sorted.
    pub sources: Vec<Source>,
}

impl Driver {
    /// A driver of which only the name is known.
    pub fn named(name: &str, source: Source) -> Self {
        Self {
            name: stem(name),
            service: None,
            file: None,
            display_name: None,
            path: None,
            version: None,
            date: None,
            company: None,
            altitude: None,
            inf: None,
            running: None,
            sources: vec![source],
        }
    }

    /// True if its maker is stated and is Microsoft; drivers of unknown makers are not.
    pub fn is_microsoft(&self) -> bool {
        self.company.as_deref().is_some_and(|company| company.to_lowercase().contains("microsoft"))
    }

    /// `abcflt.sys 2.1.0.4 of 2026-03-01 by Example Corp`: as much as is known.
    pub fn described(&self) -> String {
        let mut text = self.file.clone().unwrap_or_else(|| self.name.clone());
        if let Some(version) = &self.version {
            text.push(' ');
            text.push_str(version);
        }
        if let Some((date, _)) = &self.date {
            text.push_str(" of ");
            match date.wall {
                Some(wall) => text.extend(wall.to_string().chars().take(10)),
                None => text.push_str(&date.text),
            }
        }
        if let Some(company) = &self.company {
            text.push_str(" by ");
            text.push_str(company);
        }
        text
    }

    /// Takes over what `other` knows and this does not.
    fn merge(&mut self, other: Self) {
        fn fill<T>(slot: &mut Option<T>, value: Option<T>) {
            if slot.is_none() {
                *slot = value;
            }
        }
        fill(&mut self.service, other.service);
        fill(&mut self.file, other.file);
        fill(&mut self.display_name, other.display_name);
        fill(&mut self.path, other.path);
        fill(&mut self.version, other.version);
        fill(&mut self.date, other.date);
        fill(&mut self.company, other.company);
        fill(&mut self.altitude, other.altitude);
        fill(&mut self.inf, other.inf);
        self.running = match (self.running, other.running) {
            (Some(a), Some(b)) => Some(a || b),
            (a, b) => a.or(b),
        };
        self.sources.extend(other.sources);
    }
}

/// `ABCFlt.sys` to `abcflt`: what two listings of one driver have in common.
pub(crate) fn stem(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    lower.strip_suffix(".sys").map_or_else(|| lower.clone(), str::to_owned)
}

/// One driver a name, sorted by name. Drivers must come in the order of their sources.
pub(super) fn merged(mut all: Vec<Driver>) -> Vec<Driver> {
    all.sort_by(|a, b| (&a.name, a.sources.first()).cmp(&(&b.name, b.sources.first())));
    let mut drivers: Vec<Driver> = Vec::new();
    for driver in all {
        match drivers.last_mut().filter(|known| known.name == driver.name) {
            Some(known) => known.merge(driver),
            None => drivers.push(driver),
        }
    }
    // fltmc and the event log know a driver by its service, others by its file: one driver all the same.
    let (with_file, without): (Vec<_>, Vec<_>) =
        drivers.into_iter().partition(|driver| driver.file.is_some());
    let mut drivers = with_file;
    for driver in without {
        let is_its_service = |known: &&mut Driver| {
            known.service.as_deref().is_some_and(|service| stem(service) == driver.name)
        };
        match drivers.iter_mut().find(is_its_service) {
            Some(known) => known.merge(driver),
            None => drivers.push(driver),
        }
    }
    drivers.sort_by(|a, b| a.name.cmp(&b.name));
    for driver in &mut drivers {
        driver.sources.sort_unstable();
        driver.sources.dedup();
    }
    drivers
}

#[cfg(test)]
mod tests {
    use poolscope_formats::Place;

    use super::*;
    use crate::model::EvidenceId;

    #[test]
    fn a_service_and_its_file_are_one_driver() {
        let source = |line| Source { evidence: EvidenceId(0), place: Place::Line(line) };
        let mut image = Driver::named("ABCFlt64.sys", source(1));
        image.file = Some("abcflt64.sys".to_owned());
        image.service = Some("AbcFlt".to_owned());
        let mut filter = Driver::named("AbcFlt", source(2));
        filter.altitude = Some("385250".to_owned());
        let other = Driver::named("other", source(3));
        let drivers = merged(vec![filter, other, image]);
        let names: Vec<_> = drivers.iter().map(|d| (d.name.as_str(), d.altitude.as_deref())).collect();
        assert_eq!(names, [("abcflt64", Some("385250")), ("other", None)]);
        assert_eq!(drivers[0].sources.len(), 2);
    }
}
