//! Driver images: what their code says of tags becomes owner claims; version, maker and signer stand in the
//! reason, because a vendor asks for them first.

use poolscope_formats::Tag;
use poolscope_formats::facts::{DateOf, WrittenDate};
use poolscope_formats::pe::index::DriverIndex;
use poolscope_formats::pe::{DriverImage, Grade as ImageGrade, LinkTime, TagUse};

use crate::model::{CaseBuilder, Driver, EvidenceId, Grade, OwnerClaim, OwnerKind, Source};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, image: &DriverImage) {
    let source = Source { evidence, place: poolscope_formats::Place::Whole };
    let mut driver = Driver::named(&image.name, source);
    driver.file = Some(image.name.to_lowercase());
    driver.version = image.version.shown();
    driver.company.clone_from(&image.version.company);
    driver.display_name.clone_from(&image.version.description);
    if let LinkTime::Stated(time) = image.link_time {
        let text = time.to_string().split(' ').next().unwrap_or("").to_owned();
        driver.date = Some((WrittenDate { text, wall: Some(time) }, DateOf::Link));
    }
    case.state.drivers.push(driver);
    for used in &image.tags {
        let Some(grade) = grade(used.grade) else { continue };
        case.owner_claims.push(OwnerClaim {
            tag: used.tag,
            pool: None,
            name: image.name.to_lowercase(),
            kind: OwnerKind::Driver,
            grade,
            reason: reason(image, used),
            source: Some(source),
        });
    }
}

/// An index says what its images said when it was made.
pub(super) fn ingest_index(case: &mut CaseBuilder, evidence: EvidenceId, index: &DriverIndex) {
    let source = Source { evidence, place: poolscope_formats::Place::Whole };
    for indexed in &index.drivers {
        let file = indexed.path.rsplit(['/', '\\']).next().unwrap_or(&indexed.path);
        let mut driver = Driver::named(file, source);
        driver.file = Some(file.to_lowercase());
        driver.version.clone_from(&indexed.version);
        driver.company.clone_from(&indexed.company);
        driver.display_name.clone_from(&indexed.description);
        case.state.drivers.push(driver);
        for used in &indexed.tags {
            let known = ImageGrade::from_name(&used.grade);
            let (Some(known), Some(tag)) = (known, Tag::parse_typed(&used.tag)) else { continue };
            let Some(grade) = grade(known) else { continue };
            let to = if used.interfaces.is_empty() {
                String::new()
            } else {
                format!(" to {}", used.interfaces.join(", "))
            };
            let mut reason = format!("the index says: {}{to} ({} places)", known.title(), used.site_count);
            for (what, value) in [
                ("version", &indexed.version),
                ("by", &indexed.company),
                ("signature names", &indexed.signer),
            ] {
                if let Some(value) = value {
                    reason = format!("{reason}, {what} {value}");
                }
            }
            case.owner_claims.push(OwnerClaim {
                tag,
                pool: None,
                name: file.to_lowercase(),
                kind: OwnerKind::Driver,
                grade,
                reason,
                source: Some(source),
            });
        }
    }
}

pub(super) fn index_tables(index: &DriverIndex) -> Vec<Table> {
    let rows = index.drivers.iter().flat_map(|driver| {
        driver.tags.iter().map(|used| {
            vec![
                used.tag.clone(),
                used.grade.clone(),
                driver.path.clone(),
                driver.version.clone().unwrap_or_else(|| "-".to_owned()),
                driver.company.clone().unwrap_or_else(|| "-".to_owned()),
            ]
        })
    });
    let columns =
        [("Tag", false), ("Grade", false), ("Driver", false), ("Version", false), ("Company", false)];
    vec![Table::new(format!("tags of {} drivers", index.drivers.len()), &columns, rows)]
}

/// The strength of what the code shows; `None` for what says nothing of ownership.
fn grade(grade: ImageGrade) -> Option<Grade> {
    Some(match grade {
        ImageGrade::Passed => Grade::PassedToAllocator,
        ImageGrade::Wrapper | ImageGrade::Parameter => Grade::PassedIndirectly,
        ImageGrade::Immediate => Grade::ImmediateInCode,
        ImageGrade::WdfDefault => Grade::TextMap,
        ImageGrade::Bytes => Grade::Circumstance,
    })
}

/// `its code passes the tag to ExAllocatePoolWithTag (3 places, first at +0x1f40); version 2.1 by Example Corp,
/// signed by Example Corp`.
fn reason(image: &DriverImage, used: &TagUse) -> String {
    let places = if used.site_count == 1 { "place" } else { "places" };
    let first = used.sites.first().map_or(String::new(), |site| format!(", first at +{site:#x}"));
    let to =
        if used.interfaces.is_empty() { String::new() } else { format!(": {}", used.interfaces.join(", ")) };
    let what = format!("{}{to} ({} {places}{first})", used.grade.title(), used.site_count);
    let mut about = Vec::new();
    if let Some(version) = image.version.shown() {
        about.push(format!("version {version}"));
    }
    if let Some(company) = &image.version.company {
        about.push(format!("by {company}"));
    }
    if let Some(signer) = image.signature.signer() {
        about.push(format!("signature names {signer}, not verified"));
    }
    if about.is_empty() { what } else { format!("{what}; {}", about.join(", ")) }
}

pub(super) fn tables(image: &DriverImage) -> Vec<Table> {
    let or_dash = |value: Option<&str>| value.unwrap_or("-").to_owned();
    let about = [
        ("name", image.name.clone()),
        ("version", or_dash(image.version.shown().as_deref())),
        ("company", or_dash(image.version.company.as_deref())),
        ("description", or_dash(image.version.description.as_deref())),
        ("signature names (not verified)", or_dash(image.signature.signer())),
        ("debug file", or_dash(image.pdb.as_ref().map(|pdb| pdb.path.as_str()))),
        ("calls whose tag was not followed", image.unresolved_sites.to_string()),
    ];
    let rows = about.into_iter().map(|(what, value)| vec![what.to_owned(), value]);
    let uses = image.tags.iter().map(|used| {
        vec![
            used.tag.to_string(),
            used.grade.title().to_owned(),
            used.site_count.to_string(),
            used.sites.first().map_or("-".to_owned(), |site| format!("{site:#x}")),
            used.interfaces.join(", "),
        ]
    });
    let columns =
        [("Tag", false), ("How", false), ("Places", true), ("First (RVA)", true), ("Interfaces", false)];
    vec![
        Table::new("image", &[("What", false), ("Value", false)], rows),
        Table::new("tags it allocates with", &columns, uses),
    ]
}

#[cfg(test)]
mod tests {
    use poolscope_formats::Place;
    use poolscope_formats::pe::{Machine, Signature, VersionInfo};

    use super::*;

    #[test]
    fn what_the_code_shows_becomes_claims_of_its_strength() {
        let used = |tag: &[u8; 4], grade| TagUse {
            tag: Tag(*tag),
            grade,
            sites: vec![0x1f40],
            site_count: 3,
            interfaces: vec!["ExAllocatePoolWithTag"],
        };
        let image = DriverImage {
            name: "ABC.sys".to_owned(),
            machine: Machine::X64,
            file_bytes: 4_096,
            stamp: 0,
            link_time: LinkTime::Reproducible,
            pdb: None,
            version: VersionInfo {
                company: Some("Example Corp".to_owned()),
                file_version: Some([2, 1, 0, 4]),
                ..VersionInfo::default()
            },
            signature: Signature::NotEmbedded,
            imports_allocator: true,
            libraries: Vec::new(),
            tags: vec![
                used(b"Abcd", ImageGrade::Passed),
                used(b"Efgh", ImageGrade::Parameter),
                used(b"Even", ImageGrade::Bytes),
            ],
            freed_only: Vec::new(),
            unresolved_sites: 0,
        };
        let mut case = CaseBuilder::default();
        let evidence = EvidenceId(0);
        ingest(&mut case, evidence, &image);
        let grades: Vec<Grade> = case.owner_claims.iter().map(|claim| claim.grade).collect();
        assert_eq!(grades, [Grade::PassedToAllocator, Grade::PassedIndirectly, Grade::Circumstance]);
        let first = &case.owner_claims[0];
        assert_eq!((first.name.as_str(), first.kind), ("abc.sys", OwnerKind::Driver));
        assert!(first.reason.contains("+0x1f40") && first.reason.contains("2.1.0.4"), "{}", first.reason);
        assert_eq!(first.source, Some(Source { evidence, place: Place::Whole }));
        assert_eq!(case.finish().state.drivers[0].described(), "abc.sys 2.1.0.4 by Example Corp");
    }
}
