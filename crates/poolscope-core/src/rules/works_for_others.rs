//! PS018: the tag belongs to a part of Windows that allocates on behalf of others.

use super::{Finding, Rule, Strength, Subject, View};
use crate::ingest::label;
use crate::judge::SeriesKey;
use crate::model::{Driver, Source};
use crate::system_images::comes_with_windows;
use crate::tagnotes::{TagClass, note};

/// Filters told.
const MOST_FILTERS: usize = 6;

/// Families of tags told.
const MOST_FAMILIES: usize = 4;

pub(super) const RULE: Rule = Rule {
    code: "PS018",
    name: "owner-works-for-others",
    doc: "# PS018 owner-works-for-others

## What it does
Says of suspect tags that belong to ntfs, the filter manager, ndis, netio, afd, http.sys or the kernel's shared
allocators that their owner is seldom the culprit. For tags of files it lists the file system filters above, highest
altitude first, those that do not come with Windows before the rest.

## Why it matters
The owner of the tag is the one who calls the allocator. The culprit is the one who makes it call: a filter that keeps
files open, a callout driver that holds buffers, a program that never closes sockets. Accusing ntfs.sys ends the
search at the wrong place.

## Source
Reference peers-and-domain.md 0 (fact 7), 4 (5); field-lessons.md 3 (rule 2) and 4 (cases 05, 31, 57, 58).",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    // Tags of one family say the same: one finding for all tags of files, one for each other component.
    let mut families: Vec<(bool, Vec<SeriesKey>, Vec<&str>)> = Vec::new();
    for tag in view.suspects() {
        let Some(note) = note(tag.key.tag).filter(|note| note.class == TagClass::Shared) else { continue };
        let files = of_files(note.component);
        let same = families
            .iter_mut()
            .find(|(of_files, _, components)| files && *of_files || components.contains(&note.component));
        match same {
            Some((_, keys, components)) => {
                keys.push(tag.key);
                if !components.contains(&note.component) {
                    components.push(note.component);
                }
            }
            None => families.push((files, vec![tag.key], vec![note.component])),
        }
    }
    families.iter().take(MOST_FAMILIES).map(|(files, keys, by)| finding(view, *files, keys, by)).collect()
}

fn finding(view: &View<'_>, files: bool, keys: &[SeriesKey], components: &[&str]) -> Finding {
    let mut sources: Vec<Source> = Vec::new();
    if let Some(boot) = view.main_boot() {
        sources.extend(keys.iter().filter_map(|&key| view.last_source(key, boot)));
    }
    let names: Vec<String> = keys.iter().map(|key| label(key.tag, key.pool)).collect();
    let mut title = format!(
        "{} {} allocated by {} on behalf of others: look at who makes {} allocate",
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
        components.join(" and "),
        if components.len() == 1 { "it" } else { "them" }
    );
    if files {
        let filters = filters(&view.case.state.drivers);
        if filters.is_empty() {
            title.push_str("; the filters above the file system are not in the evidence (fltmc)");
        } else {
            let told: Vec<String> = filters
                .iter()
                .take(MOST_FILTERS)
                .map(|driver| {
                    let altitude = driver.altitude.as_deref().unwrap_or("?");
                    format!("{} (altitude {altitude})", driver.described())
                })
                .collect();
            sources.extend(filters.iter().take(MOST_FILTERS).filter_map(|driver| driver.sources.first()));
            title.push_str(&format!("; loaded filters: {}", told.join(", ")));
        }
    }
    Finding {
        code: RULE.code,
        title,
        subject: keys.first().map_or(Subject::Host, |&key| Subject::Tag(key)),
        numbers: Vec::new(),
        sources,
        strength: Strength::Suggests,
    }
}

/// Components that file system filters sit above.
fn of_files(component: &str) -> bool {
    matches!(component, "ntfs.sys" | "fltmgr.sys" | "nt (FsRtl)" | "nt (filter contexts)")
}

/// Minifilters, those of other makers first, then by altitude from the top.
fn filters(drivers: &[Driver]) -> Vec<&Driver> {
    let altitude =
        |driver: &Driver| driver.altitude.as_deref().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    let mut filters: Vec<&Driver> =
        drivers.iter().filter(|driver| driver.altitude.is_some() && driver.running != Some(false)).collect();
    filters.sort_by(|a, b| {
        comes_with_windows(a)
            .cmp(&comes_with_windows(b))
            .then(altitude(b).total_cmp(&altitude(a)))
            .then_with(|| a.name.cmp(&b.name))
    });
    filters
}

#[cfg(test)]
mod tests {
    use crate::model::Driver;
    use crate::testcase::TestCase;

    #[test]
    fn filters_above_ntfs() {
        let mut case = TestCase::new(24);
        case.leaking(b"NtFC", 500.0, 144);
        for (name, altitude, company) in
            [("wcifs", "189900", "Microsoft"), ("abcflt.sys", "385250.5", "Example Corp")]
        {
            let mut driver = Driver::named(name, case.source(3));
            driver.altitude = Some(altitude.to_owned());
            driver.company = Some(company.to_owned());
            case.builder.state.drivers.push(driver);
        }
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1);
        let title = &found[0].title;
        assert!(title.contains("ntfs.sys on behalf of others"), "{title}");
        assert!(title.find("abcflt").unwrap() < title.find("wcifs").unwrap(), "{title}");
    }

    #[test]
    fn a_private_tag_is_its_owners() {
        let mut case = TestCase::new(24);
        case.leaking(b"NPBL", 500.0, 144);
        assert!(case.check(&super::RULE).is_empty());
    }
}
