//! Public cases: `cases.tsv`, matched by a pattern of tags that grow, drivers and processes that are there.
//!
//! A match is a hint with its source. A tag alone never matches: every case needs two tags that grow together, or
//! a tag with a driver or process (or a Windows version) of the case present.

use std::sync::LazyLock;

use poolscope_formats::Tag;

use crate::census;
use crate::judge::SeriesKey;
use crate::model::{Case, Grade, Source, bare_image};
use crate::rules::View;

static TEXT: &str = include_str!("cases.tsv");

static CASES: LazyLock<Vec<KnownCase>> = LazyLock::new(|| TEXT.lines().filter_map(KnownCase::read).collect());

/// One public case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KnownCase {
    /// What it is called here.
    pub(crate) name: &'static str,
    tags: Vec<Tag>,
    /// Empty, or tags of which one must grow: the others grow for many reasons.
    marked: Vec<Tag>,
    tags_needed: usize,
    drivers: Vec<&'static str>,
    processes: Vec<&'static str>,
    from_build: u32,
    /// What it was, a clause.
    pub(crate) text: &'static str,
    /// Where it is told.
    pub(crate) source: &'static str,
}

impl KnownCase {
    fn read(line: &'static str) -> Option<Self> {
        if line.starts_with('#') {
            return None;
        }
        let mut fields = line.splitn(8, '|');
        let mut next = || fields.next();
        let list = |field: &'static str| -> Vec<&'static str> {
            if field == "-" { Vec::new() } else { field.split(',').collect() }
        };
        let name = next()?;
        let tags: Vec<&str> = next()?.split(',').collect();
        let tag = |text: &str| Tag::from_text(text.trim_start_matches('!').as_bytes());
        Some(Self {
            name,
            marked: tags.iter().filter(|text| text.starts_with('!')).filter_map(|text| tag(text)).collect(),
            tags: tags.iter().filter_map(|text| tag(text)).collect(),
            tags_needed: next()?.parse().ok()?,
            drivers: list(next()?),
            processes: list(next()?),
            from_build: next()?.parse().ok()?,
            text: next()?,
            source: next()?,
        })
    }

    /// The numbers of the source as a person reads them.
    pub(crate) fn source_words(&self) -> String {
        self.source.strip_prefix("F ").map_or_else(
            || self.source.to_owned(),
            |numbers| format!("public cases {numbers} of the field lessons"),
        )
    }
}

/// A case that fits.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Fit {
    /// The case.
    pub(crate) case: &'static KnownCase,
    /// The suspects that are its tags.
    pub(crate) tags: Vec<SeriesKey>,
    /// The driver or process that is there too, as a clause; `None` where the tags alone make the pattern.
    pub(crate) present: Option<String>,
    /// Where that is stated.
    pub(crate) source: Option<Source>,
}

/// The cases that fit what is seen, those with more of it first.
pub(crate) fn fits(view: &View<'_>) -> Vec<Fit> {
    let suspects: Vec<SeriesKey> =
        view.suspects().into_iter().filter(|tag| tag.leaking).map(|tag| tag.key).collect();
    let mut fits: Vec<Fit> = CASES.iter().filter_map(|case| fit(view.case, case, &suspects)).collect();
    fits.retain(|fit| !held_by_another(view, fit));
    fits.sort_by_key(|fit| (std::cmp::Reverse((fit.present.is_some(), fit.tags.len())), fit.case.name));
    fits
}

/// True if a case blames a process and the evidence shows the handles of another one grow with the objects.
fn held_by_another(view: &View<'_>, fit: &Fit) -> bool {
    let Some(boot) = view.main_boot().filter(|_| !fit.case.processes.is_empty()) else { return false };
    let tags = boot.judgement.tags.iter().filter(|tag| fit.tags.contains(&tag.key));
    let holders = tags.flat_map(|tag| census::holders(view.case, boot, tag));
    let mut sure = holders.filter(|one| one.over_time && one.grade == Grade::HandlesInStep).peekable();
    sure.peek().is_some()
        && !sure.any(|one| fit.case.processes.iter().any(|name| is_process(name, &one.process)))
}

/// True if a process as the evidence names it (`w3wp#2`, `w3wp (1234)`, `w3wp.exe`) is that of a pattern.
fn is_process(pattern: &str, name: &str) -> bool {
    let lower = name.to_lowercase();
    let base = lower.split('#').next().unwrap_or("");
    let base = base.split(" (").next().unwrap_or("");
    matches(pattern, bare_image(base))
}

fn fit(case: &Case, known: &'static KnownCase, suspects: &[SeriesKey]) -> Option<Fit> {
    let tags: Vec<SeriesKey> = suspects
        .iter()
        .copied()
        .filter(|key| known.tags.contains(&key.tag.without_protected_bit()))
        .collect();
    let marked = known.marked.is_empty()
        || tags.iter().any(|key| known.marked.contains(&key.tag.without_protected_bit()));
    if tags.len() < known.tags_needed || !marked {
        return None;
    }
    let build = case.host.version.as_ref().map_or(0, |version| version.value.build);
    if known.from_build > 0 && build < known.from_build {
        return None;
    }
    let driver = known.drivers.iter().find_map(|name| driver_present(case, name));
    let process = known.processes.iter().find_map(|name| process_present(case, name));
    if let Some((what, source)) = driver.or(process) {
        return Some(Fit { case: known, tags, present: Some(what), source: Some(source) });
    }
    // Without drivers or processes in the pattern the tags (two at least, or a build) carry it; with them, two
    // tags carry it only where no list could have shown the driver.
    let asks_nothing = known.drivers.is_empty() && known.processes.is_empty();
    let unseen = known.processes.is_empty() && case.state.drivers.is_empty() && tags.len() > 1;
    (asks_nothing || unseen).then_some(Fit { case: known, tags, present: None, source: None })
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => name.starts_with(head),
        None => name == pattern,
    }
}

fn driver_present(case: &Case, pattern: &str) -> Option<(String, Source)> {
    let driver = case.state.drivers.iter().find(|driver| matches(pattern, &driver.name))?;
    Some((format!("driver {} is there", driver.described()), *driver.sources.first()?))
}

fn process_present(case: &Case, pattern: &str) -> Option<(String, Source)> {
    let is = |name: &str| is_process(pattern, name);
    let counted =
        case.counters.iter().find(|(key, _)| key.counter.object() == "Process" && is(&key.instance));
    let listed = || {
        case.state.processes.iter().find_map(|listing| {
            let process = listing.processes.iter().find(|process| is(&process.name))?;
            let source = Source { evidence: listing.source.evidence, place: process.place };
            Some((process.name.clone(), source))
        })
    };
    let (name, source) =
        counted.map(|(key, series)| (key.instance.clone(), series.source)).or_else(listed)?;
    Some((format!("process {name} is there"), source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Driver;
    use crate::testcase::TestCase;

    #[test]
    fn every_line_is_a_case_that_asks_for_more_than_one_tag() {
        let lines = TEXT.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(CASES.len(), lines);
        for case in CASES.iter() {
            let more = !case.drivers.is_empty() || !case.processes.is_empty() || case.from_build > 0;
            assert!(case.tags_needed > 1 || more, "{} would match by a tag alone", case.name);
            assert!(case.tags.len() >= case.tags_needed, "{}", case.name);
            assert!(case.source.starts_with("F ") && !case.text.ends_with('.'), "{}", case.name);
        }
    }

    fn names(case: TestCase) -> Vec<&'static str> {
        case.with(|view| fits(view).into_iter().map(|fit| fit.case.name).collect())
    }

    #[test]
    fn a_pattern_matches_and_a_tag_alone_does_not() {
        let mut case = TestCase::new(24);
        case.leaking(b"NtFC", 100.0, 144);
        assert!(names(case).is_empty(), "a tag alone is no case");
        let mut case = TestCase::new(24);
        case.leaking(b"NtFC", 100.0, 144);
        case.leaking(b"File", 100.0, 384);
        let wcifs = Driver::named("wcifs", case.source(1));
        case.builder.state.drivers.push(wcifs);
        assert!(names(case).is_empty(), "wcifs is on every host: its own tag must grow");
        let mut case = TestCase::new(24);
        case.leaking(b"NtFC", 100.0, 144);
        case.leaking(b"WCsc", 100.0, 144);
        assert_eq!(names(case), ["container filter keeps files open"]);
        let mut case = TestCase::new(24);
        case.leaking(b"NtFC", 100.0, 144);
        case.leaking(b"WCsc", 100.0, 144);
        let other = Driver::named("abcflt.sys", case.source(1));
        case.builder.state.drivers.push(other);
        assert!(names(case).is_empty(), "the drivers are listed, and wcifs is not among them");
    }
}
