//! Reads one input: names its format by content, parses it, and tells what went wrong as notes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use poolscope_core::model::Evidence;
use poolscope_formats::detect::{detect, read};
use poolscope_formats::{Coverage, Head, Note, ParseContext, Parsed, Place as NotePlace, ReadAt, Records};
use sha2::{Digest, Sha256};

use super::archive::{Unpacked, unpack};
use super::file::FileInput;
use super::find::{Input, Place};
use super::progress::Progress;
use crate::Options;

/// Inputs over this size are not hashed: hashing takes a quarter of what reading a large log does.
const MAX_HASHED_BYTES: u64 = 64 << 20;

/// Reads an input. Gives its entry in the evidence list and its records, if any.
pub fn read_input(input: &Input, options: &Options, progress: &dyn Progress) -> (Evidence, Option<Records>) {
    let mut evidence = Evidence {
        path: input.label.clone(),
        kind: None,
        host: None,
        bytes: input.bytes(),
        sha256: String::new(),
        coverage: Coverage::default(),
        notes: Vec::new(),
        notes_dropped: 0,
    };
    if let Some(trouble) = &input.trouble {
        note(&mut evidence, trouble.clone());
    }
    let records = match open(input) {
        Ok(Some(source)) => parse(input, source.as_ref(), options, &mut evidence),
        Ok(None) => None,
        Err(why) => {
            note(&mut evidence, why);
            None
        }
    };
    progress.advance(input.bytes());
    (evidence, records)
}

/// The bytes of an input whose first bytes are wanted; `None` for any other and for one over `most` bytes.
///
/// # Errors
/// What went wrong, as a clause.
pub fn read_whole(
    input: &Input,
    wanted: impl Fn(&[u8]) -> bool,
    most: u64,
) -> Result<Option<Vec<u8>>, String> {
    let Some(source) = open(input)? else { return Ok(None) };
    let mut head = [0; 16];
    let count = source.read_at(0, &mut head).map_err(|error| error.to_string())?;
    if !wanted(head.get(..count).unwrap_or(&[])) {
        return Ok(None);
    }
    if source.len() > most {
        return Err(format!("{} bytes are over the limit of {most}", source.len()));
    }
    let mut data = vec![0; usize::try_from(source.len()).map_err(|error| error.to_string())?];
    let count = source.read_at(0, &mut data).map_err(|error| error.to_string())?;
    data.truncate(count);
    Ok(Some(data))
}

fn note(evidence: &mut Evidence, text: String) {
    evidence.notes.push(Note { place: NotePlace::Whole, text });
}

/// The bytes of an input; `None` if there is nothing to open.
fn open(input: &Input) -> Result<Option<Box<dyn ReadAt>>, String> {
    Ok(Some(match &input.place {
        Place::Nowhere => return Ok(None),
        Place::File(path) => Box::new(FileInput::open(path).map_err(|e| format!("cannot be opened: {e}"))?),
        Place::Kept(file) => {
            let again = file.try_clone().map_err(|e| e.to_string())?;
            Box::new(FileInput::from_file(again).map_err(|e| e.to_string())?)
        }
        Place::Member { archive, index } => match unpack(archive, *index)? {
            Unpacked::Memory(bytes) => Box::new(bytes),
            Unpacked::File(file) => Box::new(FileInput::from_file(file).map_err(|e| e.to_string())?),
        },
    }))
}

fn parse(input: &Input, source: &dyn ReadAt, options: &Options, evidence: &mut Evidence) -> Option<Records> {
    evidence.bytes = source.len();
    if source.is_empty() {
        note(evidence, "the file is empty".to_owned());
        return None;
    }
    let head = match Head::read(source) {
        Ok(head) => head,
        Err(error) => {
            note(evidence, with_cause(&error));
            return None;
        }
    };
    // What nothing knows is not hashed either.
    if detect(&head).is_none() {
        note(evidence, unknown(&head));
        return None;
    }
    let context = ParseContext {
        name: input.label.rsplit('/').next().unwrap_or(&input.label).to_owned(),
        modified: input.modified,
        stated_time: options.stated_time,
        perflib: options.perflib.clone(),
    };
    // Hashing costs a fifth of what reading does, and readers do not keep every core busy.
    let (parsed, hash) =
        rayon::join(|| catch_unwind(AssertUnwindSafe(|| read(&head, source, &context))), || sha256(source));
    let parsed = match parsed {
        Ok(Some((kind, parsed))) => {
            evidence.kind = Some(kind);
            Ok(parsed)
        }
        Ok(None) => {
            note(evidence, unknown(&head));
            return None;
        }
        Err(panic) => Err(panic),
    };
    evidence.sha256 = hash.unwrap_or_default();
    match parsed {
        Ok(Ok(Parsed { value, notes, notes_dropped, coverage })) => {
            evidence.notes.extend(notes);
            evidence.notes_dropped += notes_dropped;
            evidence.coverage = coverage;
            Some(value)
        }
        Ok(Err(error)) => {
            note(evidence, with_cause(&error));
            None
        }
        Err(_) => {
            note(
                evidence,
                "reading it failed by a defect of poolscope; please report it with the file".to_owned(),
            );
            None
        }
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// A clear line for what nothing knows.
fn unknown(head: &Head) -> String {
    if head.bytes.iter().all(|&b| b == 0) {
        return "the file begins with zeros only; nothing in it is known".to_owned();
    }
    let printable = head.text.chars().take(400).filter(|c| !c.is_control() || c.is_whitespace()).count();
    let looked_at = head.text.chars().take(400).count();
    if printable * 100 < looked_at * 95 {
        "binary content that no format knows".to_owned()
    } else {
        "text that no format knows".to_owned()
    }
}

fn sha256(source: &dyn ReadAt) -> Option<String> {
    use std::fmt::Write;
    if source.len() > MAX_HASHED_BYTES {
        return None;
    }
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut offset = 0;
    loop {
        let count = source.read_at(offset, &mut buffer).ok()?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        offset += count as u64;
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    Some(hex)
}
