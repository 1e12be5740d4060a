//! PowerShell `Get-Process` as a table or CSV, and `wmic process` as CSV: columns by their property names,
//! which are the same in every language.

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

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Name,
    Pid,
    Handles,
    Threads,
    Session,
    /// Bytes times the factor.
    Nonpaged(u64),
    Paged(u64),
    Other,
}

fn column(head: &str) -> Column {
    match head.trim().to_ascii_lowercase().as_str() {
        "processname" | "name" | "imagename" => Column::Name,
        "id" | "processid" | "pid" => Column::Pid,
        "handles" | "handlecount" => Column::Handles,
        "threadcount" => Column::Threads,
        "si" | "sessionid" => Column::Session,
        "npm(k)" => Column::Nonpaged(1_024),
        "npm" | "nonpagedsystemmemorysize" | "nonpagedsystemmemorysize64" => Column::Nonpaged(1),
        "pagedsystemmemorysize" | "pagedsystemmemorysize64" => Column::Paged(1),
        _ => Column::Other,
    }
}

/// A head line is one of processes if it names the process, and its id or its handles.
fn is_head(columns: &[Column]) -> bool {
    columns.contains(&Column::Name) && (columns.contains(&Column::Pid) || columns.contains(&Column::Handles))
}

/// Which shape the rows have.
enum Shape {
    Table(Ruler),
    Csv,
}

#[derive(Default)]
struct Reader {
    parsed: Option<Parsed<ProcessListing>>,
    open: Option<(Shape, Vec<Column>)>,
    previous: String,
}

impl Reader {
    fn line(&mut self, number: u64, line: &str) {
        let place = Place::Line(number);
        if let Some(ruler) = Ruler::of(line, 2).filter(|_| line.contains("--")) {
            let columns: Vec<Column> = ruler.align(&self.previous).into_iter().map(column).collect();
            self.open = is_head(&columns).then_some((Shape::Table(ruler), columns));
        } else if let Some(columns) = csv_head(line) {
            self.open = Some((Shape::Csv, columns));
        } else if !line.trim().is_empty() {
            self.row(place, line);
        }
        if self.open.is_some() {
            self.parsed.get_or_insert_with(|| Parsed::new(ProcessListing::default()));
        }
        self.previous.clear();
        self.previous.push_str(line);
    }

    fn row(&mut self, place: Place, line: &str) {
        let (Some((shape, columns)), Some(parsed)) = (&self.open, &mut self.parsed) else { return };
        let cells = match shape {
            Shape::Table(ruler) => ruler.align(line).into_iter().map(str::to_owned).collect(),
            Shape::Csv => cells(line),
        };
        let mut process = ProcessFact::named(place, "");
        for (column, cell) in columns.iter().zip(&cells) {
            let value = number::grouped(cell);
            match column {
                Column::Name => cell.trim().clone_into(&mut process.name),
                Column::Pid => process.pid = value,
                Column::Handles => process.handles = value,
                Column::Threads => process.threads = value,
                Column::Session => process.session = value,
                Column::Nonpaged(factor) => {
                    process.nonpaged_quota_bytes = value.map(|v| v.saturating_mul(*factor))
                }
                Column::Paged(factor) => process.paged_quota_bytes = value.map(|v| v.saturating_mul(*factor)),
                Column::Other => {}
            }
        }
        let numbered = process.pid.is_some() || process.handles.is_some();
        if process.name.is_empty() || !numbered {
            // The head of the next table of a series stands between two tables.
            if !is_head(&cells.iter().map(|cell| column(cell)).collect::<Vec<_>>()) {
                parsed.bad(
                    place,
                    format!(
                        "expected a process of Get-Process, found `{}`",
                        line.trim().chars().take(60).collect::<String>()
                    ),
                );
            }
            return;
        }
        super::push(parsed, process);
    }
}

fn csv_head(line: &str) -> Option<Vec<Column>> {
    // Asked of every line of every text: most are ruled out before a reader is made.
    if !line.contains(',') {
        return None;
    }
    let columns: Vec<Column> = cells(line).iter().map(|cell| column(cell)).collect();
    is_head(&columns).then_some(columns)
}

/// The cells of one line of CSV; PowerShell quotes all of them, wmic none.
fn cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Reads a process table of PowerShell or WMI.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a head that names processes; [`FormatError::Read`].
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
                "a Get-Process table",
                Place::Whole,
                "a head with ProcessName and Id or Handles",
                &head,
            ))
        }
    }
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Processes))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut previous = "";
    for line in head.lines().take(200) {
        if let Some(ruler) = Ruler::of(line, 2) {
            let columns: Vec<Column> = ruler.align(previous).into_iter().map(column).collect();
            if is_head(&columns) {
                return Some(Likelihood::Likely);
            }
        } else if line.contains("rocess") && csv_head(line).is_some() {
            return Some(Likelihood::Likely);
        }
        previous = line;
    }
    None
}
