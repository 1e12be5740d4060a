//! Event logs: written by the testkit in every form and read back. What the tests share.

mod details;
mod files;

use super::*;
use crate::time::{Time, parse_iso};
use poolscope_testkit::event_xml::Event as Written;
use poolscope_testkit::evtx as evtx_writer;

fn of(parsed: Result<Parsed<Records>, FormatError>) -> Parsed<EventLog> {
    parsed.unwrap().map(|records| match records {
        Records::Events(log) => log,
        other => panic!("{other:?}"),
    })
}

fn read_xml(text: &str) -> Parsed<EventLog> {
    of(parse_xml(&text.as_bytes(), &ParseContext::default()))
}

fn read_evtx(bytes: &[u8]) -> Parsed<EventLog> {
    of(parse_evtx(&bytes, &ParseContext::default()))
}

fn time(text: &str) -> Time {
    parse_iso(text).unwrap().0
}

/// The details of events that went through both forms, which must agree.
fn details(events: &[Written]) -> Vec<EventDetail> {
    let xml = read_xml(&events.iter().map(Written::xml).collect::<Vec<_>>().join("\r\n"));
    let evtx = read_evtx(&evtx_writer::write(events));
    for parsed in [&xml, &evtx] {
        assert_eq!(parsed.coverage.records, events.len() as u64);
        assert_eq!((parsed.coverage.bad_records, parsed.notes.as_slice()), (0, &[][..]));
    }
    let get = |log: EventLog| log.events.into_iter().map(|event| event.detail).collect::<Vec<_>>();
    let details = get(xml.value);
    assert_eq!(get(evtx.value), details);
    details
}

fn detail(event: Written) -> EventDetail {
    let mut details = details(&[event]);
    assert_eq!(details.len(), 1);
    details.remove(0)
}

const WHEN: &str = "2026-05-01T08:31:02.1234567Z";
const SCM: &str = "Service Control Manager";
