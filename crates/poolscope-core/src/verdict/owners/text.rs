//! Owners by text: pooltag.txt files, poolscope's own notes, and the default tag of a framework.

use crate::judge::SeriesKey;
use crate::model::{Driver, Grade, OwnerClaim, OwnerKind, Source};
use crate::rules::View;
use crate::tagnotes::{TagClass, note};

/// What texts say of a tag.
pub(super) fn claims(view: &View<'_>, key: SeriesKey) -> Vec<OwnerClaim> {
    let mut claims = Vec::new();
    for (evidence, file) in &view.case.pooltags {
        for entry in file.lookup(key.tag) {
            let Some(binary) = &entry.binary else { continue };
            claims.push(OwnerClaim {
                tag: key.tag,
                pool: Some(key.pool),
                name: binary.to_string(),
                kind: if binary.ends_with(".sys") { OwnerKind::Driver } else { OwnerKind::Component },
                grade: Grade::TextMap,
                reason: format!("the pooltag file says: {} - {}", entry.pattern, entry.description),
                source: Some(Source {
                    evidence: *evidence,
                    place: poolscope_formats::Place::Line(entry.line),
                }),
            });
        }
    }
    if let Some(note) = note(key.tag) {
        let driver = note.component.ends_with(".sys");
        let private = note.class == TagClass::Private;
        claims.push(OwnerClaim {
            tag: key.tag,
            pool: Some(key.pool),
            name: note.component.to_owned(),
            kind: if driver && private { OwnerKind::Driver } else { OwnerKind::Component },
            grade: Grade::TextMap,
            reason: format!("{} ({})", note.text.trim_end_matches('.'), note.source_words()),
            source: None,
        });
    }
    claims.extend(default_tag_drivers(view, key).into_iter().map(|driver| OwnerClaim {
        tag: key.tag,
        pool: None,
        name: driver.file.clone().unwrap_or_else(|| format!("{}.sys", driver.name)),
        kind: OwnerKind::Driver,
        grade: Grade::TextMap,
        reason: format!(
            "the tag is the first four letters of its service name ({}), which is the default tag of a WDF driver",
            driver.service.as_deref().unwrap_or(&driver.name)
        ),
        source: driver.sources.first().copied(),
    }));
    claims
}

/// Drivers of the host whose default WDF tag this is: the first four letters of the service name, those after a
/// leading `Wdf` if it has one.
pub(crate) fn default_tag_drivers<'a>(view: &View<'a>, key: SeriesKey) -> Vec<&'a Driver> {
    // A tag that is known for something else is no default tag.
    if note(key.tag).is_some_and(|note| note.class != TagClass::Private) {
        return Vec::new();
    }
    let is_default = |driver: &&Driver| {
        let service = driver.service.as_deref().unwrap_or(&driver.name);
        let letters = match service.get(..3) {
            Some(head) if head.eq_ignore_ascii_case("wdf") => service.get(3..7),
            _ => service.get(..4),
        };
        letters.is_some_and(|letters| letters.as_bytes().eq_ignore_ascii_case(&key.tag.0))
    };
    view.case.state.drivers.iter().filter(is_default).collect()
}
