//! A part of a systeminfo: its beginning, or lines that somebody picked.
//!
//! A whole one is read by the order of its fields in any language; here names must help.

use super::{Field, order, os_version};
use crate::written_date::DateOrder;

/// The order of dates in a country whose dates are day first. `en-us` says nothing: it is what servers of every
/// country are installed with.
pub(super) fn order_of_locale(locale: &str) -> Option<DateOrder> {
    let code = locale.split(';').next()?.trim().to_ascii_lowercase();
    let (language, country) = code.split_once('-').unwrap_or((code.as_str(), ""));
    let day_first = matches!(country, "gb" | "au" | "nz" | "ie" | "in")
        || matches!(
            language,
            "de" | "fr" | "es" | "it" | "pt" | "nl" | "pl" | "cs" | "da" | "nb" | "fi" | "tr" | "ru"
        );
    day_first.then_some(DateOrder::DayFirst)
}

/// Names of fields as English, German, French and Spanish hosts write them, lower case, with their places.
const NAMES: &[(usize, [&str; 4])] = &[
    (order::HOST, ["host name", "hostname", "nom de l'hôte", "nombre de host"]),
    (
        order::OS_NAME,
        ["os name", "betriebssystemname", "nom du système d'exploitation", "nombre del sistema operativo"],
    ),
    (
        order::OS_VERSION,
        ["os version", "betriebssystemversion", "version du système", "versión del sistema operativo"],
    ),
    (
        order::INSTALLED,
        [
            "original install date",
            "ursprüngliches installationsdatum",
            "date d'installation originale",
            "fecha de instalación original",
        ],
    ),
    (
        order::BOOT,
        [
            "system boot time",
            "systemstartzeit",
            "heure de démarrage du système",
            "tiempo de arranque del sistema",
        ],
    ),
    (order::BOOT, ["system up time", "systembetriebszeit", "", ""]),
    (
        order::MAKER,
        ["system manufacturer", "systemhersteller", "fabricant du système", "fabricante del sistema"],
    ),
    (order::MODEL, ["system model", "systemmodell", "modèle du système", "modelo el sistema"]),
    (order::SYSTEM_TYPE, ["system type", "systemtyp", "type du système", "tipo de sistema"]),
    (
        order::LOCALE,
        [
            "system locale",
            "systemgebietsschema",
            "option régionale du système",
            "configuración regional del sistema",
        ],
    ),
    (order::TIME_ZONE, ["time zone", "zeitzone", "fuseau horaire", "zona horaria"]),
    (
        order::MEMORY,
        [
            "total physical memory",
            "gesamter physischer speicher",
            "mémoire physique totale",
            "cantidad total de memoria física",
        ],
    ),
    (
        order::AVAILABLE,
        [
            "available physical memory",
            "verfügbarer physischer speicher",
            "mémoire physique disponible",
            "memoria física disponible",
        ],
    ),
];

/// Fields by which a part of a systeminfo is known: fewer are anybody's notes.
const LEAST_OF_A_PART: usize = 3;

/// `10.0.17763 N/A Build 17763` has its build twice in every language; a date has nothing twice.
pub(super) fn is_version(text: &str) -> bool {
    os_version(text).is_some_and(|(_, _, build)| text.matches(&build.to_string()).count() >= 2)
}

/// The place of a field whose name is known. Those of a CSV have none.
fn place(field: &Field) -> Option<usize> {
    let name = field.name.trim().trim_end_matches([':', '：']).trim();
    let name = name.to_lowercase().replace(['\u{a0}', '’'], " ");
    NAMES.iter().find(|(_, names)| !name.is_empty() && names.contains(&name.as_str())).map(|(at, _)| *at)
}

/// Whether all fields whose names are known stand where a whole systeminfo has them.
pub(super) fn in_their_places(fields: &[Field]) -> bool {
    fields.iter().enumerate().all(|(at, field)| place(field).is_none_or(|place| place == at))
}

/// The fields at their places by their names; those without a known name behind all places, with what stands below
/// them.
pub(super) fn by_names(fields: Vec<Field>) -> Vec<Field> {
    let mut whole: Vec<Field> = std::iter::repeat_with(Field::default).take(order::LEAST).collect();
    for field in fields {
        match place(&field).and_then(|at| whole.get_mut(at)) {
            Some(slot) => *slot = field,
            None => whole.push(field),
        }
    }
    whole
}

/// The fields of a cut or picked systeminfo at their places: the beginning of one in any language, or some of its
/// lines, in their order, in a language whose names are known.
pub(super) fn of_a_part(fields: Vec<Field>) -> Option<Vec<Field>> {
    let beginning = fields.len() > LEAST_OF_A_PART
        && fields.get(order::OS_VERSION).is_some_and(|field| is_version(&field.value));
    let places: Vec<usize> = fields.iter().filter_map(place).collect();
    // Names that are known must stand at their places.
    if beginning && in_their_places(&fields) {
        return Some(fields);
    }
    let in_order = places.windows(2).all(|pair| pair.first() < pair.last());
    // A page of notes has other lines as well.
    if places.len() < LEAST_OF_A_PART || !in_order || places.len() * 2 < fields.len() {
        return None;
    }
    Some(by_names(fields))
}
