//! `fltmc filters` and `fltmc instances`: minifilters with their altitudes, cut by the ruler of dashes.

use std::collections::BTreeSet;

use super::{Inventory, push_driver};
use crate::columns::Ruler;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{DriverFact, DriverListing, DriverType};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;

/// Which of the two tables a ruler belongs to.
fn listing(ruler: &Ruler) -> Option<DriverListing> {
    match ruler.len() {
        4 => Some(DriverListing::FltmcFilters),
        5..=7 => Some(DriverListing::FltmcInstances),
        _ => None,
    }
}

/// An altitude: digits with an optional fraction (`385250.5`).
fn is_altitude(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (2..=20).contains(&whole.len()) && digits(whole) && digits(fraction)
}

/// The filter that a table of one filter's instances is about: `Instances for abcflt filter:`. In other languages the
/// name is the one word that a table above has.
fn one_filter<'a>(heading: &'a str, known: &[DriverFact]) -> Option<&'a str> {
    let words = heading.trim().strip_suffix(':')?;
    let english = words.strip_prefix("Instances for ").and_then(|rest| rest.strip_suffix(" filter"));
    english.filter(|name| !name.contains(' ')).or_else(|| {
        let quotes = |c: char| matches!(c, '"' | '\'' | '„' | '“' | '”' | '«' | '»');
        words
            .split_whitespace()
            .map(|word| word.trim_matches(quotes))
            .find(|word| known.iter().any(|fact| fact.name.eq_ignore_ascii_case(word)))
    })
}

/// `C:`, `\Device\Mup`, `\\?\Volume{...}`: the first cell of a table of one filter's instances.
fn is_volume(cell: &str) -> bool {
    cell.starts_with('\\') || (cell.len() == 2 && cell.ends_with(':'))
}

/// A copied prompt with its command.
fn is_prompt(line: &str) -> bool {
    line.split_once('>').is_some_and(|(path, _)| {
        let path = path.trim_start().trim_start_matches("PS ");
        path.get(1..3) == Some(":\\") && !path.contains("  ")
    })
}

/// A row of a table of one filter's instances; `None` if it is none.
fn instance(place: Place, line: &str, ruler: &Ruler, name: &str) -> Option<DriverFact> {
    let altitude = ruler.cut(line).get(1).copied().filter(|text| is_altitude(text))?;
    let mut fact = DriverFact::named(place, DriverListing::FltmcInstances, name);
    fact.altitude = Some(altitude.to_owned());
    fact.driver_type = Some(DriverType::FileSystem);
    fact.running = Some(true);
    Some(fact)
}

/// The filter of a row; an altitude may be missing (`<Legacy>` filters have none).
fn filter(place: Place, line: &str, ruler: &Ruler, listing: DriverListing) -> Option<DriverFact> {
    let cells = ruler.cut(line);
    let (name, altitude) = match (cells.first(), cells.get(2)) {
        (Some(name), Some(altitude))
            if !name.is_empty() && (altitude.is_empty() || is_altitude(altitude)) =>
        {
            (*name, *altitude)
        }
        // A long name or volume pushes the rest of its row to the right.
        _ => {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            (name, words.find(|word| word.len() >= 5 && is_altitude(word))?)
        }
    };
    let mut fact = DriverFact::named(place, listing, name);
    fact.altitude = (!altitude.is_empty()).then(|| altitude.to_owned());
    fact.driver_type = Some(DriverType::FileSystem);
    fact.running = Some(true);
    Some(fact)
}

/// Reads a table of `fltmc`. Instances are kept once a filter and altitude, at their first volume.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a ruler of 4 to 7 columns; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let mut parsed = Parsed::new(Inventory::default());
    let mut table: Option<(Ruler, DriverListing)> = None;
    let mut seen = BTreeSet::new();
    // The filter that the lines below are about; empty for tables that name it in each row.
    let mut about = String::new();
    for_each_line(input, |number, line| {
        let place = Place::Line(number);
        if let Some(ruler) = Ruler::of(line, 4).filter(|_| line.contains("---")) {
            table = listing(&ruler).map(|listing| (ruler, listing));
        } else if line.contains("0x80070005") {
            parsed.note(place, "fltmc was refused (0x80070005): it must run as administrator");
        } else if line.trim().is_empty() || is_prompt(line) {
            // A blank line or the next command ends a table.
            table = None;
            if is_prompt(line) {
                about.clear();
            }
        } else if let Some(name) = one_filter(line, &parsed.value.drivers) {
            name.clone_into(&mut about);
        } else if let Some((ruler, listing)) = &table {
            let first = ruler.cut(line).first().copied().unwrap_or("");
            if *listing == DriverListing::FltmcInstances && (!about.is_empty() || is_volume(first)) {
                if let Some(fact) = instance(place, line, ruler, &about).filter(|fact| !fact.name.is_empty())
                    && seen.insert((fact.listing, fact.name.clone(), fact.altitude.clone()))
                {
                    push_driver(&mut parsed, fact);
                }
                return Ok(());
            }
            match filter(place, line, ruler, *listing) {
                Some(fact) => {
                    let key = (fact.listing, fact.name.clone(), fact.altitude.clone());
                    if *listing == DriverListing::FltmcFilters || seen.insert(key) {
                        push_driver(&mut parsed, fact);
                    }
                }
                None if line.starts_with(|c: char| c.is_alphanumeric()) && line.contains("  ") => {
                    parsed.bad(
                        place,
                        format!(
                            "expected a filter with its altitude, found `{}`",
                            line.chars().take(60).collect::<String>()
                        ),
                    );
                }
                None => table = None,
            }
        }
        Ok(())
    })?;
    if parsed.value.drivers.is_empty() && parsed.notes.is_empty() {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "output of fltmc",
            Place::Whole,
            "filters under a ruler of dashes",
            &head,
        ));
    }
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`]: full-width rulers of dashes and rows with an altitude.
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut table: Option<(Ruler, DriverListing)> = None;
    let mut rows = 0;
    for line in head.lines().take(400) {
        if let Some(ruler) = Ruler::of(line, 4).filter(|_| line.starts_with("----------")) {
            table = listing(&ruler).map(|listing| (ruler, listing));
        } else if let Some((ruler, listing)) = &table {
            let fact = filter(Place::Whole, line, ruler, *listing);
            rows += usize::from(
                fact.is_some_and(|fact| fact.altitude.is_some_and(|altitude| altitude.len() >= 5)),
            );
        }
    }
    (rows > 0).then_some(Likelihood::Certain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_commands_in_one_text() {
        let text = "\r\nC:\\Windows\\system32>fltmc\r\n\r\n\
            Filter Name                     Num Instances    Altitude    Frame\r\n\
            ------------------------------  -------------  ------------  -----\r\n\
            abcflt                                  2       284110         0\r\n\
            luafv                                   1       135000         0\r\n\r\n\
            C:\\Windows\\system32>fltmc instances -f abcflt\r\n\r\n\
            Instances for abcflt filter:\r\n\r\n\
            Volume Name                           Altitude        Instance Name       Frame  VlStatus\r\n\
            ------------------------------------  ------------  --------------------  -----  --------\r\n\
            C:                                     284110        Abc Instance           0     \r\n\
            \\Device\\Mup                            284110        Abc Instance           0     \r\n\r\n\
            PS C:\\> fltmc instances\r\n\
            Filter                Volume Name                              Altitude        Instance Name       Frame   SprtFtrs  VlStatus\r\n\
            --------------------  -------------------------------------  ------------  ----------------------  -----   --------  --------\r\n\
            luafv                 C:                                     135000        luafv                     0     00000001\r\n\
            PS C:\\> \r\n";
        let parsed = parse(&text.as_bytes()).unwrap();
        let found: Vec<_> = parsed
            .value
            .drivers
            .iter()
            .map(|d| (d.name.as_str(), d.altitude.as_deref(), d.listing))
            .collect();
        assert_eq!(
            found,
            [
                ("abcflt", Some("284110"), DriverListing::FltmcFilters),
                ("luafv", Some("135000"), DriverListing::FltmcFilters),
                ("abcflt", Some("284110"), DriverListing::FltmcInstances),
                ("luafv", Some("135000"), DriverListing::FltmcInstances),
            ]
        );
        assert_eq!(parsed.coverage.bad_records, 0, "{:?}", parsed.notes);
    }

    #[test]
    fn instances_of_one_filter_alone_and_in_another_language() {
        let table = "Volumename    Höhe          Instanzname           Rahmen VlStatus\n\
            ------------  ------------  --------------------  -----  --------\n\
            C:            284110        Abc Instance            0\n";
        // Whose instances they are stands nowhere: a volume is no filter.
        assert!(parse(&table.as_bytes()).is_err());
        let english = format!("Instances for abcflt filter:\n\n{table}");
        let parsed = parse(&english.as_bytes()).unwrap();
        assert_eq!(parsed.value.drivers[0].name, "abcflt");
    }
}
