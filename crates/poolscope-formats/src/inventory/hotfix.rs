//! Installed updates: PowerShell `Get-HotFix` and `wmic qfe`, as table, list and CSV.
//!
//! Both list only what component-based servicing installed: an update that is missing proves nothing.

use super::systeminfo::kb_number;
use super::{Inventory, push_change};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{ChangeFact, ChangeKind};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_LISTING_ROWS;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;
use crate::time::{Time, Zone};
use crate::written_date::{self, DateOrder};

/// An update as its line shows it, its date not read yet.
struct Update {
    line: u64,
    kb: String,
    date: Option<String>,
}

/// The date in a line: the longest run of words from some word to the end, or to a comma, that reads as one.
fn date_in(text: &str) -> Option<&str> {
    let mut from = 0;
    for word in text.split([' ', ',', '\t', '"']) {
        let end = from + word.len();
        if word.len() >= 6 && word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(['/', '.', '-'])
        {
            // A time of day and its half may follow: `5/14/2026 12:00:00 AM`.
            let rest = text.get(from..)?;
            let near = rest.char_indices().nth(40).map_or(rest, |(at, _)| rest.get(..at).unwrap_or(rest));
            let stop = near.find([',', '"', '\t']).unwrap_or(near.len());
            let with_time = near.get(..stop)?.trim();
            let any = |text: &str| {
                [DateOrder::MonthFirst, DateOrder::DayFirst]
                    .iter()
                    .any(|&order| written_date::wall(text, Some(order)).is_some())
            };
            if any(with_time) {
                return Some(with_time);
            }
            if any(word) {
                return Some(word);
            }
        }
        from = end + 1;
    }
    None
}

/// `01d9a1b2c3d4e5f6`: a FILETIME in hexadecimal, as old hosts write it.
fn filetime_in(text: &str) -> Option<&str> {
    text.split([' ', ',', '\t', '=', '"']).find(|word| {
        word.len() == 16 && word.bytes().all(|b| b.is_ascii_hexdigit()) && word.starts_with("01")
    })
}

fn is_head(line: &str) -> bool {
    line.contains("HotFixID") && (line.contains("InstalledOn") || line.contains("InstalledBy"))
}

/// Reads a list of updates.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a KB number under (or beside) `HotFixID`; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let mut parsed = Parsed::new(Inventory::default());
    let mut updates: Vec<Update> = Vec::new();
    let mut headed = false;
    for_each_line(input, |number, line| {
        // wmic ends its lines CR CR LF.
        let line = line.trim_end_matches('\r');
        headed |= is_head(line);
        let list_field = line.split_once([':', '=']).map(|(name, value)| (name.trim(), value.trim()));
        match list_field {
            Some(("HotFixID", id)) => {
                headed = true;
                if let Some(kb) = kb_number(id) {
                    updates.push(Update { line: number, kb: kb.to_owned(), date: None });
                }
            }
            Some(("InstalledOn", date)) if !date.is_empty() => {
                if let Some(update) = updates.last_mut() {
                    update.date = Some(date.to_owned());
                }
            }
            _ if headed && !is_head(line) => {
                // A caption may hold the number once more, in its address.
                if let Some(kb) = kb_number(line) {
                    let date = date_in(line).or_else(|| filetime_in(line)).map(str::to_owned);
                    if updates.len() < MAX_LISTING_ROWS {
                        updates.push(Update { line: number, kb: kb.to_owned(), date });
                    }
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    if !headed {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a list of updates",
            Place::Whole,
            "HotFixID and InstalledOn",
            &head,
        ));
    }
    let order = DateOrder::of(updates.iter().filter_map(|update| update.date.as_deref()));
    let mut undated = 0u64;
    for update in updates {
        let read = update.date.as_deref().and_then(|text| moment(text, order));
        undated += u64::from(read.is_none());
        push_change(
            &mut parsed,
            ChangeFact {
                place: Place::Line(update.line),
                kind: ChangeKind::UpdateInstalled,
                time: read.map(|(time, _, _)| time),
                zone: read.map_or(Zone::Unknown, |(_, zone, _)| zone),
                day_only: read.is_some_and(|(_, _, day_only)| day_only),
                subject: update.kb,
                detail: update.date.unwrap_or_default(),
                files: Vec::new(),
                succeeded: None,
            },
        );
    }
    if undated > 0 {
        parsed.note(Place::Whole, format!("{undated} updates have no date that can be read surely"));
    }
    Ok(parsed)
}

/// The moment of a written date. The lists keep days: a time of midnight is none.
fn moment(text: &str, order: Option<DateOrder>) -> Option<(Time, Zone, bool)> {
    if let Some(ticks) = filetime_in(text) {
        let time = Time::from_filetime(u64::from_str_radix(ticks, 16).ok()?)?;
        return Some((time, Zone::Utc, false));
    }
    let (time, day_only) = written_date::wall(text, order)?;
    Some((time, Zone::Unknown, day_only || time.0.rem_euclid(86_400_000_000) == 0))
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let headed = head.lines().take(60).any(is_head);
    let listed = head.lines().take(60).any(|line| {
        line.split_once([':', '='])
            .is_some_and(|(name, value)| name.trim() == "HotFixID" && kb_number(value).is_some())
    });
    (headed || listed).then_some(Likelihood::Certain)
}
