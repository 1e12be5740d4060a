//! `Get-NetAdapterBinding` as a table, a list or CSV: what is bound to the network adapters, filters among it.
//!
//! PowerShell's property names and `True`/`False` are the same in every language; display names are localised. The
//! component id is the key of the driver's inf, which is not always the name of its service.

use std::collections::BTreeMap;

use super::{Inventory, push_driver};
use crate::columns::Ruler;
use crate::csv_rows;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{DriverFact, DriverListing, DriverType};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;

/// Where the columns are.
struct Columns {
    shape: Shape,
    display: Option<usize>,
    component: usize,
    enabled: usize,
}

enum Shape {
    Table(Ruler),
    Csv,
}

impl Columns {
    fn of(shape: Shape, head: &[String]) -> Option<Self> {
        let at = |name: &str| head.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
        Some(Self {
            shape,
            display: at("DisplayName"),
            component: at("ComponentID")?,
            enabled: at("Enabled")?,
        })
    }

    fn under(ruler: Ruler, head: &str) -> Option<Self> {
        let cells: Vec<String> = ruler.align(head).into_iter().map(str::to_owned).collect();
        Self::of(Shape::Table(ruler), &cells)
    }
}

/// One component: its id, what people call it, and whether it is enabled.
fn row(columns: &Columns, line: &str) -> Option<(String, String, bool)> {
    let cells: Vec<String> = match &columns.shape {
        Shape::Table(ruler) => ruler.align(line).into_iter().map(str::to_owned).collect(),
        Shape::Csv => csv_rows::cells(line, b','),
    };
    let enabled = match cells.get(columns.enabled)?.trim().to_ascii_lowercase().as_str() {
        "true" => true,
        "false" => false,
        _ => return None,
    };
    let id =
        cells.get(columns.component).map(|id| id.trim()).filter(|id| !id.is_empty() && !id.contains(' '))?;
    let display = columns.display.and_then(|at| cells.get(at)).map_or("", |name| name.trim());
    Some((id.to_owned(), display.to_owned(), enabled))
}

/// Reads the bindings, each component once: enabled if it is on any adapter.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without columns `ComponentID` and `Enabled`; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let mut parsed = Parsed::new(Inventory::default());
    let mut columns: Option<Columns> = None;
    let mut previous = String::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut headed = false;
    for_each_line(input, |number, line| {
        let place = Place::Line(number);
        if let Some(ruler) = Ruler::of(line, 3).filter(|_| line.contains("--")) {
            columns = Columns::under(ruler, &previous);
            headed |= columns.is_some();
        } else if let Some(found) = csv_head(line) {
            (columns, headed) = (Some(found), true);
        } else if let Some(found) = columns.as_ref().filter(|_| !line.trim().is_empty()) {
            match row(found, line) {
                Some((id, display, enabled)) => {
                    if let Some(fact) = known.get(&id).and_then(|&at| parsed.value.drivers.get_mut(at)) {
                        fact.running = Some(fact.running == Some(true) || enabled);
                    } else {
                        known.insert(id.clone(), parsed.value.drivers.len());
                        let mut fact = DriverFact::named(place, DriverListing::NetBinding, id);
                        fact.display_name = (!display.is_empty()).then_some(display);
                        fact.driver_type = Some(DriverType::Kernel);
                        fact.running = Some(enabled);
                        push_driver(&mut parsed, fact);
                    }
                }
                // The prompt behind a table, or whatever else was pasted below it.
                None if line.contains('>') => columns = None,
                None => {
                    let found: String = line.trim().chars().take(60).collect();
                    parsed.bad(place, format!("expected a binding with its component, found `{found}`"));
                }
            }
        }
        previous.clear();
        previous.push_str(line);
        Ok(())
    })?;
    if !headed {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "output of Get-NetAdapterBinding",
            Place::Whole,
            "columns ComponentID and Enabled",
            &head,
        ));
    }
    Ok(parsed)
}

fn csv_head(line: &str) -> Option<Columns> {
    if !line.contains("ComponentID") || !line.contains(',') {
        return None;
    }
    Columns::of(Shape::Csv, &csv_rows::cells(line, b','))
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut previous = "";
    for line in head.lines().take(200) {
        let table = || Columns::under(Ruler::of(line, 3)?, previous);
        if previous.contains("ComponentID") && table().is_some() || csv_head(line).is_some() {
            return Some(Likelihood::Likely);
        }
        previous = line;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<String>, Option<bool>)> {
        let parsed = parse(&text.as_bytes()).unwrap();
        assert_eq!(parsed.coverage.bad_records, 0, "{:?}", parsed.notes);
        parsed.value.drivers.into_iter().map(|d| (d.name, d.display_name, d.running)).collect()
    }

    #[test]
    fn a_table_with_long_names_over_two_adapters() {
        let found = read(
            "PS C:\\> Get-NetAdapterBinding\r\n\r\n\
             Name                           DisplayName                                        ComponentID          Enabled     \r\n\
             ----                           -----------                                        -----------          -------     \r\n\
             Ethernet 2                     Datei- und Druckerfreigabe für Microsoft-Netzwerke ms_server            True        \r\n\
             Ethernet 2                     Abc Prüffilter                                     abc_lwf              False       \r\n\
             Ethernet                       Abc Prüffilter                                     abc_lwf              True        \r\n\r\n\
             PS C:\\> exit\r\n",
        );
        let want = |id: &str, name: &str| (id.to_owned(), Some(name.to_owned()), Some(true));
        assert_eq!(
            found,
            [
                want("ms_server", "Datei- und Druckerfreigabe für Microsoft-Netzwerke"),
                want("abc_lwf", "Abc Prüffilter"),
            ]
        );
    }

    #[test]
    fn a_csv_and_what_is_none() {
        let found = read(
            "\"Name\",\"DisplayName\",\"ComponentID\",\"Enabled\"\r\n\"Ethernet\",\"QoS, paced\",\"ms_pacer\",\"False\"\r\n",
        );
        assert_eq!(found, [("ms_pacer".to_owned(), Some("QoS, paced".to_owned()), Some(false))]);
        assert!(parse(&"Name  Status  Kind\n----  ------  ----\na     b       c\n".as_bytes()).is_err());
    }
}
