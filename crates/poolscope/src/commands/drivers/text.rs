//! The answer as text: who owns the tag first, then each driver's tags.

use std::fmt::Write;

use poolscope_core::model::Tag;
use poolscope_formats::pe::Grade;
use poolscope_formats::pe::index::{IndexedDriver, IndexedTag};
use poolscope_report::escape::terminal;
use poolscope_report::style::Style;

use super::scan::Unreadable;

/// Renders the whole answer.
pub(super) fn render(
    drivers: &[IndexedDriver],
    unreadable: &[Unreadable],
    images: usize,
    tag: Option<Tag>,
    _style: Style,
) -> String {
    let mut out = String::new();
    match tag {
        Some(tag) => answer(&mut out, drivers, images, tag),
        None => listing(&mut out, drivers, images),
    }
    for file in unreadable {
        let _ = writeln!(out, "not read: {}: {}", terminal(&file.path), terminal(&file.why));
    }
    if drivers.iter().any(|driver| driver.signer.is_some()) {
        out.push_str("\nSigners are what the files claim: neither signature nor chain was verified.\n");
    }
    out
}

fn grade_of(used: &IndexedTag) -> Option<Grade> {
    Grade::from_name(&used.grade)
}

/// Strong enough to name an owner.
fn owns(grade: Grade) -> bool {
    matches!(grade, Grade::Passed | Grade::Wrapper | Grade::Parameter)
}

fn answer(out: &mut String, drivers: &[IndexedDriver], images: usize, tag: Tag) {
    let strong = |driver: &&IndexedDriver| driver.tags.iter().filter_map(grade_of).any(owns);
    let owners: Vec<&str> = drivers.iter().filter(strong).map(IndexedDriver::file_name).collect();
    let looked = format!("{images} image{} read", if images == 1 { "" } else { "s" });
    let _ = match owners.as_slice() {
        [] => writeln!(out, "{tag}: no driver read here passes it to an allocator ({looked})."),
        [one] => writeln!(out, "{tag}: {} allocates with it ({looked}).", terminal(one)),
        many => {
            let names: Vec<String> = many.iter().map(|name| terminal(name).to_string()).collect();
            writeln!(out, "{tag}: {} drivers allocate with it: {} ({looked}).", many.len(), names.join(", "))
        }
    };
    if !drivers.is_empty() {
        out.push('\n');
    }
    for driver in drivers {
        head(out, driver);
        for used in &driver.tags {
            row(out, used, "");
        }
        for used in &driver.freed_only {
            row(out, used, "only frees with it: says nothing about who allocates");
        }
        notes(out, driver);
    }
    if owners.is_empty() && !drivers.is_empty() {
        out.push_str(
            "\nBytes alone are nearly always an accident: many tags are English words or parts of names.\n",
        );
    }
}

fn listing(out: &mut String, drivers: &[IndexedDriver], images: usize) {
    let tags: usize = drivers.iter().map(|driver| driver.tags.len()).sum();
    let owning = drivers.iter().filter(|driver| !driver.tags.is_empty()).count();
    let _ = writeln!(out, "{images} images read: {owning} allocate with tags of their own, {tags} in all.\n");
    let mut silent = Vec::new();
    for driver in drivers {
        if driver.tags.is_empty() && driver.freed_only.is_empty() && driver.notes.is_empty() {
            silent.push(driver.file_name());
            continue;
        }
        head(out, driver);
        for used in &driver.tags {
            row(out, used, "");
        }
        for used in &driver.freed_only {
            row(out, used, "only freed");
        }
        if driver.unresolved_sites > 0 {
            let count = driver.unresolved_sites;
            let _ = writeln!(out, "  {count} allocating calls whose tag could not be followed");
        }
        notes(out, driver);
    }
    if !silent.is_empty() {
        let names: Vec<String> = silent.iter().map(|name| terminal(name).to_string()).collect();
        let _ = writeln!(out, "\nno tag of their own: {}", names.join(", "));
    }
}

fn head(out: &mut String, driver: &IndexedDriver) {
    let mut facts = vec![driver.machine.clone()];
    facts.extend(driver.version.clone());
    facts.extend(driver.company.clone());
    facts.extend(driver.signer.as_ref().map(|signer| format!("signer {signer}")));
    let dated = driver.signed_at.as_ref().map(|time| format!("signed {}", day(time)));
    let linked = driver.link_time.as_ref().map(|time| format!("linked {} by its own word", day(time)));
    facts.extend(dated.or(linked));
    if driver.network {
        facts.push("network driver".to_owned());
    }
    let _ = writeln!(out, "{}  ({})", terminal(&driver.path), terminal(&facts.join(", ")));
}

fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

fn row(out: &mut String, used: &IndexedTag, instead: &str) {
    let grade = grade_of(used);
    let what = if instead.is_empty() { grade.map_or("", Grade::title) } else { instead };
    let places = if grade == Some(Grade::Bytes) { "in the file" } else { "in code" };
    let count = used.site_count;
    let times = if count == 1 { "place" } else { "places" };
    let through =
        if used.interfaces.is_empty() { String::new() } else { format!("  {}", used.interfaces.join(", ")) };
    let _ = writeln!(out, "  {:<6} {what:<28} {count:>4} {times} {places}{through}", used.tag);
}

fn notes(out: &mut String, driver: &IndexedDriver) {
    for note in &driver.notes {
        let _ = writeln!(out, "  note: {}", terminal(note));
    }
}
