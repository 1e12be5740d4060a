//! Inventories: drivers, changes, host facts, and files in which `findstr` met a tag.

use poolscope_formats::Zone;
use poolscope_formats::facts::{ChangeFact, ChangeKind, DriverFact, DriverListing};
use poolscope_formats::inventory::Inventory;

use super::host;
use crate::model::{
    CaseBuilder, Change, ChangeWhat, Driver, EventKind, EvidenceId, Grade, OwnerClaim, OwnerKind, Source,
    TimelineEvent,
};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, inventory: Inventory) {
    host::ingest(case, evidence, &inventory.host);
    case.state.drivers.extend(inventory.drivers.iter().map(|fact| driver(evidence, fact)));
    for change in &inventory.changes {
        add_change(case, evidence, change);
    }
    for file in &inventory.tag_files {
        let Some(tag) = file.tag else { continue };
        let name = file.path.rsplit(['\\', '/']).next().unwrap_or(&file.path).to_lowercase();
        case.owner_claims.push(OwnerClaim {
            tag,
            pool: None,
            name,
            kind: OwnerKind::Driver,
            grade: Grade::Circumstance,
            reason: "findstr met the four bytes of the tag in its file, which happens by chance too"
                .to_owned(),
            source: Some(Source { evidence, place: file.place }),
        });
    }
    if inventory.cut_short {
        let source = Source { evidence, place: poolscope_formats::Place::Whole };
        case.caveat("A list of drivers is cut short: a driver that is missing there may be loaded.", source);
    }
}

fn driver(evidence: EvidenceId, fact: &DriverFact) -> Driver {
    let source = Source { evidence, place: fact.place };
    let file = fact.file_name().filter(|name| name.to_lowercase().ends_with(".sys"));
    // A listing may name a service and a file that differ: the file is what others have in common.
    let mut driver = Driver::named(file.unwrap_or(&fact.name), source);
    let is_service = matches!(
        fact.listing,
        DriverListing::DriverQuery
            | DriverListing::ScQuery
            | DriverListing::MsInfo
            | DriverListing::FltmcFilters
            | DriverListing::FltmcInstances
            | DriverListing::Autoruns
    );
    driver.service = is_service.then(|| fact.name.clone());
    driver.file = file.map(str::to_lowercase);
    driver.display_name.clone_from(&fact.display_name);
    driver.path.clone_from(&fact.path);
    driver.version.clone_from(&fact.version);
    driver.date = fact.date.clone().map(|date| (date, fact.date_of));
    driver.company.clone_from(&fact.company);
    driver.altitude.clone_from(&fact.altitude);
    driver.inf.clone_from(&fact.inf);
    driver.running = match fact.listing {
        DriverListing::FltmcFilters | DriverListing::FltmcInstances => Some(true),
        _ => fact.running,
    };
    driver
}

/// A change without a sure time says nothing about an onset and is left to `inspect`.
fn add_change(case: &mut CaseBuilder, evidence: EvidenceId, change: &ChangeFact) {
    let source = Source { evidence, place: change.place };
    let Some(time) = change.time.filter(|_| change.succeeded != Some(false)) else { return };
    if change.zone == Zone::Unknown {
        case.wall_times(source);
    }
    let (what, verb) = match change.kind {
        ChangeKind::DriverInstalled => (ChangeWhat::Driver, "driver package or device installed"),
        ChangeKind::DriverRemoved => (ChangeWhat::Driver, "driver package or device removed"),
        ChangeKind::UpdateInstalled => {
            (ChangeWhat::of_update(&format!("{} {}", change.subject, change.detail)), "update installed")
        }
        ChangeKind::Other => return,
    };
    let detail = if change.detail.is_empty() { String::new() } else { format!(" ({})", change.detail) };
    let day = if change.day_only { ", only the day is known" } else { "" };
    // A driver file ties the change to other evidence; a device or an inf alone does not.
    let is_driver = |file: &&String| file.to_lowercase().ends_with(".sys");
    let file = change.files.iter().find(is_driver);
    let name = file.unwrap_or(&change.subject).clone();
    let by = file.map_or(String::new(), |_| format!(" by {}", change.subject));
    let text = format!("{verb}: {name}{by}{detail}{day}");
    let kind = match what {
        ChangeWhat::Driver => EventKind::DriverChange { name: name.clone() },
        _ => EventKind::UpdateInstalled { name: name.clone() },
    };
    case.events.push(TimelineEvent { time, kind, text: text.clone(), source });
    case.state.changes.push(Change { time, day_only: change.day_only, what, name, text, source });
}

pub(super) fn tables(inventory: &Inventory) -> Vec<Table> {
    let mut tables = Vec::new();
    let dash = |value: Option<&str>| value.unwrap_or("-").to_owned();
    if !inventory.drivers.is_empty() {
        let rows = inventory.drivers.iter().map(|driver| {
            vec![
                driver.name.clone(),
                dash(driver.file_name()),
                dash(driver.version.as_deref()),
                dash(driver.date.as_ref().map(|date| date.text.as_str())),
                dash(driver.company.as_deref()),
                dash(driver.altitude.as_deref()),
                driver.running.map_or("-", |running| if running { "yes" } else { "no" }).to_owned(),
            ]
        });
        let columns = [
            ("Name", false),
            ("File", false),
            ("Version", false),
            ("Date", false),
            ("Company", false),
            ("Altitude", false),
            ("Running", false),
        ];
        tables.push(Table::new("drivers", &columns, rows));
    }
    if !inventory.changes.is_empty() {
        let rows = inventory.changes.iter().map(|change| {
            vec![
                change.time.map_or("-".to_owned(), |time| time.to_string()),
                change.kind.name().to_owned(),
                change.subject.clone(),
                change.detail.clone(),
            ]
        });
        let columns = [("Time", false), ("Kind", false), ("What", false), ("Detail", false)];
        tables.push(Table::new("changes", &columns, rows));
    }
    if !inventory.tag_files.is_empty() {
        let rows = inventory
            .tag_files
            .iter()
            .map(|file| vec![file.tag.map_or("-".to_owned(), |tag| tag.to_string()), file.path.clone()]);
        tables.push(Table::new(
            "files that hold the bytes of a tag",
            &[("Tag", false), ("File", false)],
            rows,
        ));
    }
    if !inventory.host.is_empty() {
        tables.push(Table::new("host", &host::COLUMNS, host::rows(&inventory.host)));
    }
    tables
}

#[cfg(test)]
mod tests {
    use poolscope_formats::{Place, Time};

    use super::*;

    #[test]
    fn changes_with_a_time_enter_the_time_line_and_failed_ones_do_not() {
        let change = |line, subject: &str, time, succeeded| ChangeFact {
            place: Place::Line(line),
            kind: ChangeKind::UpdateInstalled,
            time,
            zone: Zone::Unknown,
            day_only: true,
            subject: subject.to_owned(),
            detail: String::new(),
            succeeded,
            files: Vec::new(),
        };
        let time = Some(Time(1_777_593_600_000_000));
        let inventory = Inventory {
            changes: vec![
                change(1, "KB5034127", time, None),
                change(2, "KB5000000", None, None),
                change(3, "KB5000001", time, Some(false)),
            ],
            ..Inventory::default()
        };
        let mut case = CaseBuilder::default();
        ingest(&mut case, EvidenceId(0), inventory);
        let case = case.finish();
        let names: Vec<&str> = case.state.changes.iter().map(|change| change.name.as_str()).collect();
        assert_eq!(names, ["KB5034127"]);
        assert!(case.state.changes[0].day_only && case.events.len() == 1);
    }
}
