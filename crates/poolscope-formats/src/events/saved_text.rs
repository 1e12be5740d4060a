//! Event logs as people save them: `Get-WinEvent | fl`, `Get-EventLog | fl`, their CSV, Event Viewer's "Save all
//! events" as CSV or tab-delimited text, its "Copy details as text", and `wevtutil qe /f:text`.
//!
//! Such texts hold wall times and formatted messages only. Event Viewer's heads are localised: they are known in some
//! languages, and by the order of the columns in all others. What a message says is [`super::message`]'s business.

mod dates;
mod list;

use self::dates::Dates;
use self::list::{OpenList, property};
use super::collect::Collector;
use super::detail::wanted;
use super::raw::{EventHead, RawEvent};
use super::records::EventLog;
use crate::csv_rows;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::text::for_each_line;
use crate::written_date::{self, DateOrder};

/// One event as text.
#[derive(Clone, PartialEq, Default, Debug)]
struct Written {
    line: u64,
    date: String,
    provider: String,
    id: String,
    record: String,
    computer: String,
    message: String,
}

/// A property of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Date,
    Provider,
    Id,
    Record,
    Computer,
    Message,
    /// `Get-EventLog` prints its entry type and others that say nothing here.
    Other,
}

/// The field that a name means: PowerShell's properties are the same everywhere, Event Viewer's are localised.
fn field(name: &str) -> Field {
    match name.trim().trim_start_matches('\u{feff}').to_lowercase().as_str() {
        "timecreated"
        | "timegenerated"
        | "date and time"
        | "datum und uhrzeit"
        | "date et heure"
        | "fecha y hora"
        | "data e ora"
        | "data e hora"
        | "datum en tijd"
        | "дата и время" => Field::Date,
        "providername" | "source" | "quelle" | "origen" | "origine" | "fonte" | "bron" | "источник" => {
            Field::Provider
        }
        "id"
        | "eventid"
        | "event id"
        | "ereignis-id"
        | "id de l'événement"
        | "id. del evento"
        | "id evento"
        | "id do evento"
        | "gebeurtenis-id"
        | "код события" => Field::Id,
        "recordid" | "index" => Field::Record,
        "machinename" | "computer" => Field::Computer,
        "message" => Field::Message,
        _ => Field::Other,
    }
}

/// The field that a name means at the beginning of a line: copied details have some names of their own.
fn line_field(name: &str) -> Field {
    match name.trim().to_lowercase().as_str() {
        "date" | "datum" | "fecha" | "data" | "дата" => Field::Date,
        "description" | "beschreibung" | "descripción" | "descrizione" | "descrição" | "beschrijving" => {
            Field::Message
        }
        _ => field(name),
    }
}

impl Written {
    fn set(&mut self, field: Field, text: &str) {
        let slot = match field {
            Field::Date => &mut self.date,
            Field::Provider => &mut self.provider,
            Field::Id => &mut self.id,
            Field::Record => &mut self.record,
            Field::Computer => &mut self.computer,
            Field::Message => &mut self.message,
            Field::Other => return,
        };
        text.trim().clone_into(slot);
    }

    fn number(&self) -> Option<u32> {
        // XP's Get-EventLog keeps the qualifiers in the upper half.
        self.id.trim().parse::<u32>().ok().map(|id| id & 0xffff)
    }

    fn is_event(&self) -> bool {
        self.number().is_some() && !self.provider.is_empty() && self.date.bytes().any(|b| b.is_ascii_digit())
    }
}

/// How the text is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layout {
    /// `Name : value`, one field a line.
    List,
    /// Columns behind a head, parted by this.
    Rows(u8),
}

/// The columns of a head line; `None` if it is none of an event table.
fn head_columns(cells: &[String]) -> Option<Vec<Field>> {
    let columns: Vec<Field> = cells.iter().map(|cell| field(cell)).collect();
    let has = |wanted: Field| columns.iter().filter(|column| **column == wanted).count() == 1;
    (has(Field::Date) && has(Field::Provider) && has(Field::Id)).then_some(columns)
}

/// The columns of Event Viewer in any language: level, date, source, id, category, and the text without a head.
const VIEWER: [Field; 6] =
    [Field::Other, Field::Date, Field::Provider, Field::Id, Field::Other, Field::Message];

/// A row of Event Viewer, by its shape.
fn is_viewer_row(cells: &[String]) -> bool {
    cells.len() == VIEWER.len()
        && cells.get(3).is_some_and(|id| id.parse::<u32>().is_ok())
        && cells.get(1).is_some_and(|date| {
            let orders = [None, Some(DateOrder::MonthFirst), Some(DateOrder::DayFirst)];
            orders
                .into_iter()
                .any(|order| written_date::wall(date, order).is_some_and(|(_, day_only)| !day_only))
        })
}

/// The layout of a text; `None` if it is no event log.
fn layout(text: &str) -> Option<Layout> {
    let mut names: Vec<Field> = Vec::new();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.clone().next()?;
    for delimiter in [b',', b'\t', b';'] {
        let head = csv_rows::cells(first, delimiter);
        if head_columns(&head).is_some() {
            return Some(Layout::Rows(delimiter));
        }
        let second = lines.clone().nth(1).unwrap_or("");
        // A message in quotes may go on in the next lines: its beginning is enough for the shape.
        let row = csv_rows::cells(second, delimiter);
        if head.len() + 1 == VIEWER.len() && is_viewer_row(&row) {
            return Some(Layout::Rows(delimiter));
        }
    }
    lines.by_ref().take(200).find_map(|line| {
        let (field, ..) = property(line)?;
        if field == Field::Other {
            return None;
        }
        if !names.contains(&field) {
            names.push(field);
        }
        let has = |wanted| names.contains(&wanted);
        (has(Field::Date) && has(Field::Provider) && has(Field::Id)).then_some(Layout::List)
    })
}

/// Calls `take` with every event of the text.
fn for_each_event(
    input: &dyn ReadAt,
    layout: Layout,
    mut take: impl FnMut(Written),
) -> Result<(), FormatError> {
    match layout {
        Layout::List => {
            let mut open = OpenList::default();
            for_each_line(input, |number, line| {
                if let Some(done) = open.line(number, line) {
                    take(done);
                }
                Ok(())
            })?;
            if let Some(done) = open.end() {
                take(done);
            }
        }
        Layout::Rows(delimiter) => {
            let mut columns: Option<Vec<Field>> = None;
            csv_rows::for_each_row(input, delimiter, |line, cells| {
                if let Some(head) = head_columns(cells) {
                    let viewer = head.get(..5) == VIEWER.get(..5);
                    columns = Some(if viewer { VIEWER.to_vec() } else { head });
                    return;
                }
                let columns = columns.get_or_insert_with(|| VIEWER.to_vec());
                // Commas in a message that lost its quotes belong to it.
                let mut event = Written { line, ..Written::default() };
                for (at, (column, cell)) in columns.iter().zip(cells).enumerate() {
                    let rest =
                        cells.get(at..).filter(|_| at + 1 == columns.len() && cells.len() > columns.len());
                    match rest {
                        Some(rest) => event.set(*column, &rest.join(",")),
                        None => event.set(*column, cell),
                    }
                }
                take(event);
            })?;
        }
    }
    Ok(())
}

/// Reads events saved as text.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a head or properties of events; [`FormatError::Read`].
pub(super) fn parse(input: &dyn ReadAt) -> Result<Parsed<EventLog>, FormatError> {
    let head = Head::read(input)?;
    let Some(layout) = layout(&head.text) else {
        let start = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "events saved as text",
            Place::Whole,
            "a head or properties with date, source and id",
            &start,
        ));
    };
    let mut dates = Dates::default();
    for_each_event(input, layout, |event| dates.see(&event))?;
    let (order, zone, guessed) = dates.settle();
    let mut parsed = Parsed::new(());
    if guessed {
        let order = if order == DateOrder::MonthFirst { "month, day, year" } else { "day, month, year" };
        parsed.note(Place::Whole, format!("the dates do not tell day from month; they are read as {order}"));
    }
    let mut collector = Collector::default();
    for_each_event(input, layout, |event| {
        let place = Place::Line(event.line);
        let wall = written_date::wall(&event.date, Some(order)).filter(|(_, day_only)| !day_only);
        let (Some((wall, _)), Some(id), true) = (wall, event.number(), event.is_event()) else {
            let found: String =
                format!("{} {} {}", event.date, event.provider, event.id).chars().take(60).collect();
            parsed.bad(place, format!("expected an event with date, source and id, found `{found}`"));
            return;
        };
        let head = EventHead {
            // Event Viewer leaves out what most providers begin with.
            source: Some(format!("Microsoft-Windows-{}", event.provider)),
            provider: event.provider,
            id,
            record: event.record.trim().parse().unwrap_or(0),
            time: zone.to_utc(wall),
            computer: event.computer,
        };
        collector.count(&head);
        if wanted(&head).is_some() {
            let message = (!event.message.is_empty()).then_some(event.message);
            collector.keep(&RawEvent::of_message(head, message), place);
        }
    })?;
    Ok(collector.finish(parsed, zone))
}

/// Says whether a text is events saved as text.
pub(super) fn test(head: &Head) -> Option<Likelihood> {
    layout(&head.text).map(|_| Likelihood::Likely)
}

#[cfg(test)]
mod tests;
