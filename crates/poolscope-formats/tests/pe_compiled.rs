//! Drivers compiled from our own sources: every tag with its grade, and no other tag.

use std::collections::BTreeMap;

use poolscope_formats::pe::{DriverImage, Grade, read_image};
use poolscope_testkit::drivers::{self, Driver};

/// What is wrong with the tags found in one driver; empty when all is right.
fn faults(driver: &Driver, image: &DriverImage) -> Vec<String> {
    let mut out = Vec::new();
    let mut missing: BTreeMap<&str, &Vec<String>> =
        driver.truth.tags.iter().map(|(tag, grades)| (tag.as_str(), grades)).collect();
    for used in &image.tags {
        let tag = used.tag.to_string();
        match missing.remove(tag.as_str()) {
            Some(grades) if grades.iter().any(|grade| grade == used.grade.name()) => {}
            Some(grades) => out.push(format!("{tag} is {}, not {}", used.grade.name(), grades.join("|"))),
            None => out.push(format!("{tag} ({}) is none of its tags", used.grade.name())),
        }
        assert!(!driver.truth.decoys.contains(&tag), "{}: decoy {tag} found", driver.name);
        assert!(used.grade == Grade::WdfDefault || used.site_count > 0);
    }
    out.extend(missing.keys().map(|tag| format!("{tag} was not found")));
    for tag in &driver.truth.freed {
        if !image.freed_only.iter().any(|used| used.tag.to_string() == *tag) {
            out.push(format!("{tag} is not among the tags only freed"));
        }
    }
    out.into_iter().map(|fault| format!("{}: {fault}", driver.name)).collect()
}

#[test]
fn every_tag_of_compiled_drivers_with_its_grade_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (drivers, absent) =
        drivers::compile_all(&["-O0", "-O1", "-O2", "-O3", "-Os"], folder.path()).unwrap();
    for compiler in &absent {
        println!("skipped: drivers of {compiler}: not installed");
    }
    let mut faults = Vec::new();
    for driver in &drivers {
        let data = std::fs::read(&driver.path).unwrap();
        let parsed = read_image(&data, &driver.name).unwrap();
        faults.extend(self::faults(driver, &parsed.value));
    }
    assert!(
        faults.is_empty(),
        "{} faults in {} drivers:\n{}",
        faults.len(),
        drivers.len(),
        faults.join("\n")
    );
    println!("{} compiled drivers read", drivers.len());
}
