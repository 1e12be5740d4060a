//! Binary event logs: each 64 KiB chunk by itself, through the `evtx` crate; damaged ones skipped and counted.
//!
//! The file header's chunk count is not used: it is wrong on logs copied while open ("dirty"). Chunks are
//! walked to the end of the file. Stale records in free space are not carved.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evtx::err::EvtxError;
use evtx::{EvtxChunkData, ParserSettings};
use rayon::prelude::*;

use super::collect::Collector;
use super::records::EventLog;
use crate::error::FormatError;
use crate::input::{ReadAt, read_vec};
use crate::limits::{EVTX_CHUNKS_AT_ONCE, MAX_KEPT_NOTES};
use crate::parsed::{Parsed, Place};
use crate::time::Zone;

const FILE_MAGIC: &[u8] = b"ElfFile\0";
const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";
const FILE_HEADER_BYTES: u64 = 4_096;
const CHUNK_BYTES: usize = 65_536;
const CHUNK_HEADER_BYTES: usize = 512;

/// True for the first bytes of a binary event log.
pub(super) fn is_evtx(head: &[u8]) -> bool {
    head.starts_with(FILE_MAGIC)
}

/// What a chunk held.
#[derive(Debug, Default)]
struct Chunk {
    events: Collector,
    bad: Vec<(Place, String)>,
    bad_count: u64,
    notes: Vec<(Place, String)>,
}

impl Chunk {
    fn bad(&mut self, place: Place, text: String) {
        self.bad_count += 1;
        if self.bad.len() < MAX_KEPT_NOTES {
            self.bad.push((place, text));
        }
    }
}

/// Reads a binary event log.
pub(super) fn parse(input: &dyn ReadAt) -> Result<Parsed<EventLog>, FormatError> {
    let header = read_vec(input, 0, FILE_HEADER_BYTES as usize)?;
    if !is_evtx(&header) {
        return Err(FormatError::not_this("an event log", Place::Offset(0), "`ElfFile`", &header));
    }
    let mut parsed = Parsed::new(());
    if header.get(0x78).is_some_and(|flags| flags & 1 != 0) {
        parsed.note(Place::Offset(0x78), "the log was copied while open: its last events may be missing");
    }
    let mut events = Collector::default();
    let settings = Arc::new(ParserSettings::new().indent(false));
    let mut buffers = vec![Vec::new(); EVTX_CHUNKS_AT_ONCE];
    let mut start = FILE_HEADER_BYTES;
    while start < input.len() {
        let chunks: Vec<Result<Chunk, FormatError>> = buffers
            .par_iter_mut()
            .enumerate()
            .map(|(nth, buffer)| {
                let offset = start + (nth * CHUNK_BYTES) as u64;
                buffer.resize(CHUNK_BYTES, 0);
                let got =
                    input.read_at(offset, buffer).map_err(|source| FormatError::Read { offset, source })?;
                buffer.truncate(got);
                Ok(guarded(offset, buffer, &settings))
            })
            .collect();
        for chunk in chunks {
            let chunk = chunk?;
            events.append(chunk.events);
            let unsaid = chunk.bad_count - chunk.bad.len() as u64;
            for (place, text) in chunk.bad {
                parsed.bad(place, text);
            }
            parsed.coverage.bad_records += unsaid;
            parsed.notes_dropped += unsaid;
            for (place, text) in chunk.notes {
                parsed.note(place, text);
            }
        }
        start += (EVTX_CHUNKS_AT_ONCE * CHUNK_BYTES) as u64;
    }
    Ok(events.finish(parsed, Zone::Utc))
}

/// Reads a chunk; a panic of the library on a damaged one costs that chunk only.
fn guarded(offset: u64, bytes: &[u8], settings: &Arc<ParserSettings>) -> Chunk {
    catch_unwind(AssertUnwindSafe(|| read_chunk(offset, bytes, settings))).unwrap_or_else(|_| {
        let mut chunk = Chunk::default();
        chunk.bad(Place::Offset(offset), "a chunk too damaged to read".to_owned());
        chunk
    })
}

fn read_chunk(offset: u64, bytes: &[u8], settings: &Arc<ParserSettings>) -> Chunk {
    let mut chunk = Chunk::default();
    let place = Place::Offset(offset);
    if bytes.iter().all(|byte| *byte == 0) {
        // Space the log has not used yet (or nothing, past the end).
        return chunk;
    }
    if bytes.len() < CHUNK_BYTES {
        chunk.bad(place, format!("the file ends {} bytes into a chunk of {CHUNK_BYTES}", bytes.len()));
    }
    if bytes.len() < CHUNK_HEADER_BYTES {
        return chunk;
    }
    if !bytes.starts_with(CHUNK_MAGIC) {
        let found = bytes.get(..8).unwrap_or(&[]).escape_ascii();
        chunk.bad(
            place,
            format!("a chunk without its mark: expected `ElfChnk`, found `{found}`; its events are lost"),
        );
        return chunk;
    }
    let mut data = match EvtxChunkData::new(bytes.to_vec(), false) {
        Ok(data) => data,
        Err(error) => {
            chunk.bad(place, format!("a chunk with a broken header: {}", whole(&error)));
            return chunk;
        }
    };
    if bytes.len() == CHUNK_BYTES && !data.validate_checksum() {
        let text = "a chunk whose checksum differs (copied while being written, or damaged)";
        chunk.notes.push((place, text.to_owned()));
    }
    match data.parse(Arc::clone(settings)) {
        Ok(mut records) => {
            for record in records.iter() {
                match record.and_then(|record| Ok((record.binxml_offset, record.into_xml_bytes()?.data))) {
                    Ok((at, xml)) => {
                        let place = Place::Offset(offset + at.saturating_sub(RECORD_HEADER_BYTES));
                        if let Err(text) = chunk.events.take(&xml, place) {
                            chunk.bad(place, text);
                        }
                    }
                    Err(error) => chunk.bad(
                        place_of(&error, offset),
                        format!("an event that cannot be read: {}", whole(&error)),
                    ),
                }
            }
        }
        Err(error) => chunk.bad(place, format!("a chunk that cannot be read: {}", whole(&error))),
    }
    chunk
}

/// Bytes between a record's start and its content.
const RECORD_HEADER_BYTES: u64 = 24;

fn place_of(error: &EvtxError, chunk: u64) -> Place {
    match error {
        EvtxError::FailedToReadRecordAt { offset, .. } => Place::Offset(chunk + offset),
        _ => Place::Offset(chunk),
    }
}

/// An error with its causes, in one line.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
