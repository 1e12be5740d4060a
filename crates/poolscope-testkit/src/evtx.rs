//! Writes binary event logs (`.evtx`): file header, 64 KiB chunks with checksums, records in binary XML.
//!
//! From the format's public documentation (libevtx, "Windows XML Event Log"). Records use plain elements, no
//! templates: valid, though Windows itself writes templates.

use crate::event_xml::Event;

const CHUNK: usize = 65_536;

/// Writes the events, a new chunk whenever one is full.
pub fn write(events: &[Event]) -> Vec<u8> {
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    let mut at = 0;
    while at < events.len() {
        let (chunk, taken) = chunk(&events[at..], at as u64 + 1);
        chunks.push(chunk);
        at += taken;
    }
    let mut file = vec![0; 4_096];
    put(&mut file, 0, b"ElfFile\0");
    put(&mut file, 16, &(chunks.len().saturating_sub(1) as u64).to_le_bytes());
    put(&mut file, 24, &(events.len() as u64 + 1).to_le_bytes());
    put(&mut file, 32, &128u32.to_le_bytes());
    put(&mut file, 36, &[1, 0, 3, 0]);
    put(&mut file, 40, &4_096u16.to_le_bytes());
    put(&mut file, 42, &(chunks.len() as u16).to_le_bytes());
    let sum = crc32(&[&file[..120]]);
    put(&mut file, 124, &sum.to_le_bytes());
    file.extend(chunks.concat());
    file
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

/// One chunk with as many of the events as fit, at least one.
fn chunk(events: &[Event], first_number: u64) -> (Vec<u8>, usize) {
    let mut chunk = vec![0; 512];
    let mut last_start = 512;
    let mut taken = 0;
    for (nth, event) in events.iter().enumerate() {
        let record = record(event, first_number + nth as u64, chunk.len());
        if taken > 0 && chunk.len() + record.len() > CHUNK {
            break;
        }
        last_start = chunk.len();
        chunk.extend(record);
        taken += 1;
    }
    assert!(chunk.len() <= CHUNK, "an event over a chunk");
    let free = chunk.len();
    let last_number = first_number + taken as u64 - 1;
    put(&mut chunk, 0, b"ElfChnk\0");
    for (at, value) in [(8, first_number), (16, last_number), (24, first_number), (32, last_number)] {
        put(&mut chunk, at, &value.to_le_bytes());
    }
    put(&mut chunk, 40, &128u32.to_le_bytes());
    put(&mut chunk, 44, &(last_start as u32).to_le_bytes());
    put(&mut chunk, 48, &(free as u32).to_le_bytes());
    let sum = crc32(&[&chunk[512..free]]);
    put(&mut chunk, 52, &sum.to_le_bytes());
    let sum = crc32(&[&chunk[..120], &chunk[128..512]]);
    put(&mut chunk, 124, &sum.to_le_bytes());
    chunk.resize(CHUNK, 0);
    (chunk, taken)
}

/// One record that will stand at `at` in its chunk.
fn record(event: &Event, number: u64, at: usize) -> Vec<u8> {
    let mut out = vec![0x2a, 0x2a, 0, 0, 0, 0, 0, 0];
    out.extend(number.to_le_bytes());
    // The record's own time is not what readers show; any valid FILETIME will do.
    out.extend(132_000_000_000_000_000u64.to_le_bytes());
    out.extend([0x0f, 1, 1, 0]);
    element(&event.clone().record(number).element(), at, &mut out);
    out.push(0);
    out.resize(out.len().next_multiple_of(8) + 4, 0);
    let size = out.len() as u32;
    put(&mut out, 4, &size.to_le_bytes());
    let end = out.len() - 4;
    put(&mut out, end, &size.to_le_bytes());
    out
}

fn element(element_: &crate::event_xml::Element, at: usize, out: &mut Vec<u8>) {
    let has_attributes = !element_.attributes.is_empty();
    out.push(if has_attributes { 0x41 } else { 0x01 });
    let size_at = out.len();
    out.extend([0; 4]);
    name(&element_.name, at, out);
    if has_attributes {
        let list_at = out.len();
        out.extend([0; 4]);
        for (nth, (key, value)) in element_.attributes.iter().enumerate() {
            let more = nth + 1 < element_.attributes.len();
            out.push(if more { 0x46 } else { 0x06 });
            name(key, at, out);
            text(value, out);
        }
        let size = (out.len() - list_at - 4) as u32;
        put(out, list_at, &size.to_le_bytes());
    }
    if element_.text.is_empty() && element_.children.is_empty() {
        out.push(0x03);
    } else {
        out.push(0x02);
        if !element_.text.is_empty() {
            text(&element_.text, out);
        }
        for child in &element_.children {
            element(child, at, out);
        }
        out.push(0x04);
    }
    let size = (out.len() - size_at - 4) as u32;
    put(out, size_at, &size.to_le_bytes());
}

/// A name written where it is first used: its own offset in the chunk, then the name itself.
fn name(name: &str, at: usize, out: &mut Vec<u8>) {
    let offset = (at + out.len() + 4) as u32;
    out.extend(offset.to_le_bytes());
    let units: Vec<u16> = name.encode_utf16().collect();
    let hash = units.iter().fold(0u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(*unit)));
    out.extend([0; 4]);
    out.extend((hash as u16).to_le_bytes());
    out.extend((units.len() as u16).to_le_bytes());
    out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    out.extend([0; 2]);
}

fn text(text: &str, out: &mut Vec<u8>) {
    let units: Vec<u16> = text.encode_utf16().collect();
    out.extend([0x05, 0x01]);
    out.extend((units.len() as u16).to_le_bytes());
    out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}

/// CRC-32 (IEEE) over the parts.
fn crc32(parts: &[&[u8]]) -> u32 {
    let mut sum = !0u32;
    for byte in parts.iter().copied().flatten() {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}
