//! Performance binary logs (`.blg`) of perfmon and logman, read natively on any system.
//!
//! A modern binary log is an ETW trace whose events are all of one provider (PDH); inside are raw counters in
//! structures of the public SDK headers. This reads Windows Vista and later: whole objects, all instances of
//! a counter, and single counters; names in the host's own language from the log's own table. It gives the
//! same [`CounterLog`](crate::counters::CounterLog) as text logs do.
//!
//! Not read: circular logs, logs in a database, and the formats before Vista. Counters whose type needs more
//! than its own raw value (fractions, averages) are named but not kept; none of them is about pool.

mod catalogue;
mod cook;
mod naming;
mod perf_object;
mod pieces;
mod reader;
mod series;
mod zone;

use crate::cursor::Cursor;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::etl::{BUFFER_HEADER_BYTES, Container, EventId, Events, Guid, Met, for_each_event};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use reader::Reader;
use zone::HostZone;

/// The provider of the log's events.
const PDH: Guid = Guid::new(0x933f_3bb3, 0x943e, 0x490d, [0x9c, 0xed, 0x3c, 0xbb, 0x14, 0xc1, 0x44, 0x79]);

/// Says whether an input is a performance log: a trace whose session is named by a GUID and whose file, when
/// it was written, was called `.blg`.
pub fn test(head: &Head) -> Option<Likelihood> {
    let logfile = Container::open(&head.bytes).ok()?.value.logfile?;
    let is_guid = logfile.logger_name.len() == 36
        && logfile.logger_name.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let is_blg = logfile.file_name.to_ascii_lowercase().ends_with(".blg");
    (is_guid || is_blg).then_some(if is_blg { Likelihood::Certain } else { Likelihood::Likely })
}

/// Reads a performance log into [`Records::Counters`].
///
/// # Errors
/// [`FormatError::NotThisFormat`] if it is no trace, or one without an event of the performance logs;
/// [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt, context: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    let container = Container::open(input)?;
    let perflib = context.perflib.as_deref().cloned().unwrap_or_default();
    let mut reader = Reader::new(host_zone(input)?, perflib);
    for note in &container.notes {
        reader.parsed.note(note.place, note.text.clone());
    }
    reader.parsed.coverage.bad_records = container.coverage.bad_records;
    let container = container.value;
    if container.logfile.as_ref().is_some_and(|logfile| logfile.is_circular()) {
        let text = "a circular log (bincirc): this is not read; on Windows `relog FILE -f csv -o OUT.csv` turns it into text";
        reader.parsed.bad(Place::Whole, text);
        return Ok(reader.finish().map(Records::Counters));
    }
    let mut ours = 0u64;
    let mut foreign = 0u64;
    for_each_event(&container, input, |met| match met {
        Met::Event { event, buffer_offset, .. } => match event.id() {
            EventId::Classic { provider: PDH, opcode } => {
                ours += 1;
                let place = Place::Offset(buffer_offset + (BUFFER_HEADER_BYTES + event.offset) as u64);
                reader.event(opcode, event.ticks().unwrap_or(0), event.payload(), place);
            }
            EventId::Hook(_) => {}
            _ => foreign += 1,
        },
        Met::Bad { buffer, bad } => {
            let place = Place::Offset(buffer.offset + (BUFFER_HEADER_BYTES + bad.offset) as u64);
            reader.parsed.bad(place, format!("expected an event, found {:#010x}", bad.found));
        }
        Met::Damaged { buffer, damage } => {
            reader.parsed.bad(Place::Offset(buffer.offset), damage.to_string());
        }
    })?;
    if ours == 0 {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this("a performance log", Place::Whole, "an event of PDH", &head));
    }
    if foreign > 0 {
        reader.parsed.note(Place::Whole, format!("{foreign} events of other providers are passed over"));
    }
    Ok(reader.finish().map(Records::Counters))
}

/// The zone of the host, of the trace header that is the first event.
fn host_zone(input: &dyn ReadAt) -> Result<HostZone, FormatError> {
    let start = read_vec(input, BUFFER_HEADER_BYTES as u64, 4_096)?;
    let zone = Events::new(&start).flatten().next().and_then(|event| {
        let payload = event.payload();
        // Two pointers stand before the zone.
        let pointer_bytes = Cursor::new(payload.get(0x2c..)?, 0).u32("PointerSize").ok()?;
        let at = if pointer_bytes == 4 { 0x40 } else { 0x48 };
        HostZone::read(&mut Cursor::new(payload.get(at..)?, 0)).ok()
    });
    Ok(zone.unwrap_or_default())
}

#[cfg(test)]
mod tests;
