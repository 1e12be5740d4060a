//! Events exported as XML: `wevtutil qe /f:xml` and Event Viewer (`Event` elements, with or without a root),
//! and `Get-WinEvent | ConvertTo-Xml` (`Object` elements, which hold the message text only).
//!
//! Elements are cut out one by one, so a broken one costs itself only and memory stays bounded.

use memchr::memmem;

use super::collect::Collector;
use super::local_time::{DayOrder, read_local};
use super::raw::{EventHead, RawEvent};
use super::records::EventLog;
use super::tree::Tree;
use crate::error::FormatError;
use crate::input::{ReadAt, read_vec};
use crate::limits::{DETECT_HEAD_BYTES, MAX_EVENT_XML_BYTES};
use crate::parsed::{Parsed, Place};
use crate::text::{decode_head, for_each_block};
use crate::time::Zone;

/// The element that holds one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// `Event`, of the event schema.
    Event,
    /// `Object`, of `ConvertTo-Xml`.
    Object,
}

impl Form {
    fn tags(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Event => (b"<Event", b"</Event>"),
            Self::Object => (b"<Object", b"</Object>"),
        }
    }
}

/// The form of an export, by its first text; `true` if its own words are there.
pub(super) fn form(head: &str) -> Option<(Form, bool)> {
    let object = head.contains("<Property Name=\"ProviderName\"") && head.contains("<Property Name=\"Id\"");
    if head.contains("schemas.microsoft.com/win/2004/08/events/event") {
        Some((Form::Event, true))
    } else if head.contains("Eventing.Reader.EventLogRecord") && head.contains("<Object") {
        Some((Form::Object, true))
    } else if head.contains("<Event>") && head.contains("<Provider Name=") {
        Some((Form::Event, false))
    } else {
        object.then_some((Form::Object, false))
    }
}

/// Reads an export.
pub(super) fn parse(input: &dyn ReadAt) -> Result<Parsed<EventLog>, FormatError> {
    let head = read_vec(input, 0, DETECT_HEAD_BYTES)?;
    let Some((form, _)) = form(&decode_head(&head)) else {
        return Err(FormatError::not_this("events exported as XML", Place::Line(1), "`<Event`", &head));
    };
    let mut reader = Reader::new(form, DayOrder::MonthFirst);
    reader.read(input)?;
    if reader.saw_day_first {
        // A day over 12 stands first somewhere: the dates before it were read the wrong way round.
        reader = Reader::new(form, DayOrder::DayFirst);
        reader.read(input)?;
    }
    let zone = if form == Form::Event { Zone::Utc } else { Zone::Unknown };
    if form == Form::Object {
        let text =
            "ConvertTo-Xml keeps local times without a zone, and message texts without the events' fields";
        reader.parsed.note(Place::Whole, text);
    }
    Ok(reader.events.finish(reader.parsed, zone))
}

struct Reader {
    form: Form,
    order: DayOrder,
    saw_day_first: bool,
    events: Collector,
    parsed: Parsed<()>,
    /// Text not used up yet, and the line it begins on.
    pending: Vec<u8>,
    line: u64,
}

/// What stands next in the pending text.
enum Next {
    /// An element from here to there.
    Element(usize, usize),
    /// An element that begins here and is given up: too long, or another begins before its end.
    Broken(usize),
    /// Nothing more until further text comes; what is before this place is used up.
    Wait(usize),
}

impl Reader {
    fn new(form: Form, order: DayOrder) -> Self {
        let (events, parsed) = (Collector::default(), Parsed::new(()));
        Self { form, order, saw_day_first: false, events, parsed, pending: Vec::new(), line: 1 }
    }

    fn read(&mut self, input: &dyn ReadAt) -> Result<(), FormatError> {
        for_each_block(input, |block| {
            self.pending.extend_from_slice(block.bytes);
            self.take_elements();
            Ok(())
        })?;
        if let Some(start) = self.find_start(0) {
            let line = self.line_at(start);
            self.parsed.bad(Place::Line(line), "the text ends inside an event");
        }
        Ok(())
    }

    fn take_elements(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let mut used = 0;
        loop {
            match self.next(&pending, used) {
                Next::Element(start, end) => {
                    self.line += newlines(&pending, used, start);
                    let element = pending.get(start..end).unwrap_or(&[]);
                    let place = Place::Line(self.line);
                    let taken = match self.form {
                        Form::Event => self.events.take(element, place),
                        Form::Object => self.take_object(element, place),
                    };
                    if let Err(text) = taken {
                        self.parsed.bad(place, text);
                    }
                    self.line += newlines(&pending, start, end);
                    used = end;
                }
                Next::Broken(start) => {
                    self.line += newlines(&pending, used, start);
                    self.parsed.bad(Place::Line(self.line), "an event without its end");
                    // Past the `<`, so that the search goes on behind it.
                    used = start + 1;
                }
                Next::Wait(at) => {
                    self.line += newlines(&pending, used, at);
                    self.pending = pending.get(at..).unwrap_or(&[]).to_vec();
                    return;
                }
            }
        }
    }

    fn next(&self, pending: &[u8], from: usize) -> Next {
        let (open, close) = self.form.tags();
        let Some(start) = find_open(pending, from, open) else {
            // A tag may be cut by the block's end.
            return Next::Wait(pending.len().saturating_sub(open.len() + 1).max(from));
        };
        // An event ends before the next one begins; so the search never runs over the same text twice.
        let again = find_open(pending, start + 1, open);
        let rest = pending.get(start..again.unwrap_or(pending.len())).unwrap_or(&[]);
        match memmem::find(rest, close).map(|at| at + close.len()) {
            Some(length) if length <= MAX_EVENT_XML_BYTES => Next::Element(start, start + length),
            None if again.is_none() && rest.len() <= MAX_EVENT_XML_BYTES => Next::Wait(start),
            _ => Next::Broken(start),
        }
    }

    fn find_start(&self, from: usize) -> Option<usize> {
        find_open(&self.pending, from, self.form.tags().0)
    }

    fn line_at(&self, at: usize) -> u64 {
        self.line + newlines(&self.pending, 0, at)
    }

    /// One `Object` with its `Property` elements.
    fn take_object(&mut self, xml: &[u8], place: Place) -> Result<(), String> {
        let xml = String::from_utf8_lossy(xml);
        let tree = Tree::parse(&xml, None)?;
        let property = |name: &str| {
            let found = tree.children(0).find(|node| tree.attribute(*node, "Name") == Some(name));
            found.map(|node| tree.text(node)).filter(|text| !text.is_empty())
        };
        let created = property("TimeCreated").ok_or("the event has no TimeCreated")?;
        let local = read_local(created, self.order).ok_or("a TimeCreated that is no time")?;
        self.saw_day_first |= local.day_stood_first && self.order == DayOrder::MonthFirst;
        let id = property("Id").and_then(|id| id.parse::<u32>().ok()).ok_or("the event has no id")?;
        let head = EventHead {
            provider: property("ProviderName").unwrap_or_default().to_owned(),
            source: None,
            id,
            record: property("RecordId").and_then(|id| id.parse().ok()).unwrap_or(0),
            time: local.time,
            computer: property("MachineName").unwrap_or_default().to_owned(),
        };
        self.events.count(&head);
        let message = property("Message").map(str::to_owned);
        self.events.keep(&RawEvent::of_message(head, message), place);
        Ok(())
    }
}

/// The next opening tag of exactly this name.
fn find_open(text: &[u8], mut from: usize, open: &[u8]) -> Option<usize> {
    loop {
        let at = from + memmem::find(text.get(from..)?, open)?;
        match text.get(at + open.len()) {
            Some(b'>' | b' ' | b'\t' | b'\r' | b'\n') => return Some(at),
            _ => from = at + open.len(),
        }
    }
}

fn newlines(text: &[u8], from: usize, to: usize) -> u64 {
    memchr::memchr_iter(b'\n', text.get(from..to).unwrap_or(&[])).count() as u64
}
