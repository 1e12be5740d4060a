//! Gathers events into the record of a log, within its limits.

use std::collections::BTreeMap;

use super::detail::{detail, wanted};
use super::raw::{EventHead, RawEvent};
use super::records::{Event, EventLog};
use super::tree::Tree;
use crate::limits::{MAX_EVENT_PROVIDERS, MAX_KEPT_EVENTS};
use crate::parsed::{Parsed, Place};
use crate::time::{Time, Zone};

/// Events read so far, of a chunk or of the whole.
#[derive(Debug, Default)]
pub(super) struct Collector {
    events: Vec<Event>,
    dropped: u64,
    records: u64,
    first: Option<Time>,
    last: Option<Time>,
    by_provider: BTreeMap<(String, u32), u64>,
    computers: BTreeMap<String, u64>,
}

impl Collector {
    /// Counts the event of one `Event` element, and keeps it if it is wanted.
    pub fn take(&mut self, xml: &[u8], place: Place) -> Result<(), String> {
        let xml = String::from_utf8_lossy(xml);
        let head = EventHead::of_event(&Tree::parse(&xml, Some("System"))?)?;
        if wanted(&head).is_none() {
            self.count(&head);
            return Ok(());
        }
        // The whole is read first: an event broken further on is bad, not half counted.
        let raw = RawEvent::of_event(Tree::parse(&xml, None)?, head);
        self.count(&raw.head);
        self.keep(&raw, place);
        Ok(())
    }

    /// Counts an event by its head.
    pub fn count(&mut self, head: &EventHead) {
        self.records += 1;
        self.first = Some(self.first.map_or(head.time, |first| first.min(head.time)));
        self.last = Some(self.last.map_or(head.time, |last| last.max(head.time)));
        add(&mut self.by_provider, (head.provider.clone(), head.id), 1);
        add(&mut self.computers, head.computer.clone(), 1);
    }

    /// Keeps a wanted event.
    pub fn keep(&mut self, raw: &RawEvent, place: Place) {
        let Some(wanted) = wanted(&raw.head) else { return };
        if self.events.len() >= MAX_KEPT_EVENTS {
            self.dropped += 1;
            return;
        }
        let head = &raw.head;
        self.events.push(Event {
            time: head.time,
            provider: head.provider.clone(),
            id: head.id,
            record: head.record,
            computer: head.computer.clone(),
            place,
            detail: detail(wanted, raw),
        });
    }

    /// Adds the events that stand later in the file.
    pub fn append(&mut self, later: Self) {
        self.records += later.records;
        self.first = self.first.into_iter().chain(later.first).min();
        self.last = self.last.into_iter().chain(later.last).max();
        self.dropped += later.dropped;
        let room = MAX_KEPT_EVENTS.saturating_sub(self.events.len());
        self.dropped += later.events.len().saturating_sub(room) as u64;
        self.events.extend(later.events.into_iter().take(room));
        for (key, count) in later.by_provider {
            add(&mut self.by_provider, key, count);
        }
        for (computer, count) in later.computers {
            add(&mut self.computers, computer, count);
        }
    }

    /// The record of the whole log, into `parsed`, whose notes and coverage are kept.
    pub fn finish(mut self, parsed: Parsed<()>, zone: Zone) -> Parsed<EventLog> {
        self.events.sort_by_key(|event| (event.time, event.record, event.place));
        let computer = self.computers.into_iter().max_by_key(|(_, count)| *count);
        let mut parsed = parsed.map(|()| EventLog {
            computer: computer.map(|(name, _)| name).filter(|name| !name.is_empty()),
            records: self.records,
            first: self.first,
            last: self.last,
            zone,
            events: self.events,
            events_dropped: self.dropped,
            by_provider: self.by_provider,
        });
        parsed.coverage.records = self.records;
        if self.dropped > 0 {
            let text =
                format!("over {MAX_KEPT_EVENTS} wanted events: {} later ones are only counted", self.dropped);
            parsed.note(Place::Whole, text);
        }
        parsed
    }
}

/// Adds to a count, or to nothing when the table is full.
fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, count: u64) {
    if let Some(known) = counts.get_mut(&key) {
        *known += count;
    } else if counts.len() < MAX_EVENT_PROVIDERS {
        counts.insert(key, count);
    }
}
