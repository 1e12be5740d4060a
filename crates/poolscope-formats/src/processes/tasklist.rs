//! `tasklist` as table, CSV and list, with and without `/svc` and `/v`, in any language: columns by order.

use super::ProcessListing;
use crate::columns::Ruler;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::ProcessFact;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::number;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;

/// Columns of a row: 3 (`/svc`), 5 (plain), 9 (`/v`).
fn is_width(columns: usize) -> bool {
    matches!(columns, 3 | 5 | 9)
}

#[derive(Default)]
struct Reader {
    parsed: Option<Parsed<ProcessListing>>,
    ruler: Option<Ruler>,
    /// The words this language writes where a process hosts no service, as the idle process shows them.
    no_service: String,
}

impl Reader {
    fn parsed(&mut self) -> &mut Parsed<ProcessListing> {
        self.parsed.get_or_insert_with(|| Parsed::new(ProcessListing::default()))
    }

    fn line(&mut self, number: u64, line: &str) {
        let place = Place::Line(number);
        if line.trim().is_empty() {
            return;
        }
        if let Some(ruler) = Ruler::of(line, 3).filter(|ruler| line.contains("===") && is_width(ruler.len()))
        {
            self.ruler = Some(ruler);
            self.parsed();
            return;
        }
        if let Some(cells) = csv_cells(line) {
            if is_width(cells.len()) && cells.get(1).is_some_and(|pid| number::grouped(pid).is_some()) {
                let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                self.row(place, &cells);
            }
            return;
        }
        let Some(ruler) = &self.ruler else { return };
        let cells = ruler.cut(line);
        match cells.as_slice() {
            ["", "", services] => self.more_services(services),
            [_, pid, ..] if number::grouped(pid).is_some() => self.row(place, &cells),
            _ => {
                let text = format!(
                    "expected a process with its id, found `{}`",
                    line.trim().chars().take(60).collect::<String>()
                );
                self.parsed().bad(place, text);
            }
        }
    }

    fn row(&mut self, place: Place, cells: &[&str]) {
        let mut process = ProcessFact::named(place, cells.first().copied().unwrap_or(""));
        process.pid = cells.get(1).and_then(|pid| number::grouped(pid));
        if let [_, _, services] = cells {
            if process.pid == Some(0) {
                self.no_service = (*services).to_owned();
            }
            process.services = self.services(services);
        } else {
            process.session = cells.get(3).and_then(|session| number::grouped(session));
        }
        super::push(self.parsed(), process);
    }

    fn services(&self, text: &str) -> Vec<String> {
        if text == self.no_service || text == "N/A" {
            return Vec::new();
        }
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// A line that goes on with the services of the process above it.
    fn more_services(&mut self, text: &str) {
        let more = self.services(text);
        if let Some(process) = self.parsed().value.processes.last_mut() {
            process.services.extend(more);
        }
    }
}

/// The cells of a line of CSV with every cell quoted; `None` for any other line.
pub(super) fn csv_cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.split("\",\"").map(|cell| cell.replace("\"\"", "\"")).collect())
}

/// Reads output of `tasklist`.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a table or CSV row of processes; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<ProcessListing>, FormatError> {
    let mut reader = Reader::default();
    for_each_line(input, |number, line| {
        reader.line(number, line);
        Ok(())
    })?;
    match reader.parsed {
        Some(parsed) => Ok(parsed),
        None => {
            let head = read_vec(input, 0, 40)?;
            Err(FormatError::not_this(
                "output of tasklist",
                Place::Whole,
                "a ruler of `=` over 3, 5 or 9 columns, or their CSV",
                &head,
            ))
        }
    }
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(
    input: &dyn ReadAt,
    context: &ParseContext,
) -> Result<Parsed<Records>, FormatError> {
    Ok(super::timed(parse(input)?, context).map(Records::Processes))
}

/// The row's test in [`crate::detect::FORMATS`]: the idle process (id 0) and the system process (id 4) follow
/// each other in every language.
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut ruler: Option<Ruler> = None;
    let mut ids = Vec::new();
    for line in head.lines() {
        if let Some(found) = Ruler::of(line, 3).filter(|found| line.contains("===") && is_width(found.len()))
        {
            ruler = Some(found);
        } else if let Some(cells) = csv_cells(line) {
            if is_width(cells.len()) {
                ids.push(cells.get(1).and_then(|id| id.parse::<u64>().ok()));
            }
        } else if let Some(ruler) = &ruler {
            ids.push(ruler.cut(line).get(1).and_then(|id| id.parse::<u64>().ok()));
        }
        if ids.len() > 64 {
            break;
        }
    }
    if ids.windows(2).any(|pair| pair == [Some(0), Some(4)]) {
        return Some(Likelihood::Certain);
    }
    let numbered = ids.iter().flatten().count();
    (ruler.is_some() && numbered >= 1 && numbered * 2 >= ids.len()).then_some(Likelihood::Likely)
}
