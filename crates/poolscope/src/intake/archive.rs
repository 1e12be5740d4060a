//! Zip archives: their members as inputs, unpacked within bounds, never to a path of the archive's choosing.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use poolscope_formats::Time;
use poolscope_formats::time::Civil;

use super::find::Input;

/// Members read of one archive.
const MAX_MEMBERS: usize = 50_000;

/// Bytes one member may unpack to. Real evidence compresses a hundredfold at most, and no text of a case is
/// larger than this.
const MAX_MEMBER_BYTES: u64 = 2 << 30;

/// How much larger than its packed size a member may claim to be: deflate itself reaches 1032.
const MAX_RATIO: u64 = 1100;

/// Above this ratio and size a member is taken for a bomb: logs pack 5 to 100 times.
const SUSPICIOUS_RATIO: u64 = 300;
const SUSPICIOUS_BYTES: u64 = 256 << 20;

/// Members up to this size are unpacked in memory, larger ones into a temporary file.
const IN_MEMORY_BYTES: u64 = 32 << 20;

/// An archive file. Each read opens it anew, so that members can be unpacked in parallel.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
}

/// The unpacked bytes of a member.
#[derive(Debug)]
pub(super) enum Unpacked {
    Memory(Vec<u8>),
    File(File),
}

/// True if the file begins with a zip local header, or is an empty zip. Office documents and the like are zips
/// too; their members are simply not recognised.
pub(super) fn looks_like_one(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && (magic == *b"PK\x03\x04" || magic == *b"PK\x05\x06")
}

/// The members as inputs; whatever is wrong with the archive is an input with a note.
pub(super) fn members(path: &Path, label: &str) -> Vec<Input> {
    let opened = File::open(path).map_err(|e| e.to_string());
    let mut zip = match opened.and_then(|file| zip::ZipArchive::new(file).map_err(|e| e.to_string())) {
        Ok(zip) => zip,
        Err(error) => {
            return vec![Input::trouble(label.to_owned(), format!("the zip cannot be read: {error}"))];
        }
    };
    let archive = Arc::new(Archive { path: path.to_owned() });
    let mut inputs = Vec::new();
    for index in 0..zip.len() {
        if index >= MAX_MEMBERS {
            let text = format!(
                "the zip has {} members, over the limit of {MAX_MEMBERS}: the rest is not read",
                zip.len()
            );
            inputs.push(Input::trouble(label.to_owned(), text));
            break;
        }
        let member = match zip.by_index_raw(index) {
            Ok(member) => member,
            Err(error) => {
                let text = format!("member {index} cannot be read: {error}");
                inputs.push(Input::trouble(format!("{label}/#{index}"), text));
                continue;
            }
        };
        if member.is_dir() {
            continue;
        }
        let name = member.name().map_or_else(|_| format!("#{index}"), |name| name.replace('\\', "/"));
        let member_label = format!("{label}/{name}");
        let leads_out =
            name.starts_with('/') || name.contains(':') || name.split('/').any(|part| part == "..");
        let (size, packed) = (member.size(), member.compressed_size());
        if member.encrypted() {
            inputs.push(Input::trouble(member_label, "is encrypted and cannot be read".to_owned()));
        } else if let Some(why) = refused(size, packed) {
            inputs.push(Input::trouble(member_label, why));
        } else {
            let modified = member.last_modified().and_then(time_of);
            let mut input = Input::member(member_label, Arc::clone(&archive), index, size, modified);
            if leads_out {
                // Nothing is ever unpacked to a path, so it is safe to read; the name is still worth a word.
                input.trouble = Some("the name leads out of the archive; it was read in place".to_owned());
            }
            inputs.push(input);
        }
    }
    inputs
}

fn refused(size: u64, packed: u64) -> Option<String> {
    let ratio = size / packed.max(1);
    if size > MAX_MEMBER_BYTES {
        return Some(format!("would unpack to {size} bytes, over the limit of {MAX_MEMBER_BYTES}: not read"));
    }
    let bomb = ratio > MAX_RATIO || (ratio > SUSPICIOUS_RATIO && size > SUSPICIOUS_BYTES);
    bomb.then(|| {
        format!("would unpack to {ratio} times its size ({size} bytes), as a zip bomb does: not read")
    })
}

/// Zip times are local wall time without a zone.
fn time_of(stamp: zip::DateTime) -> Option<Time> {
    Civil {
        year: i32::from(stamp.year()),
        month: u32::from(stamp.month()),
        day: u32::from(stamp.day()),
        hour: u32::from(stamp.hour()),
        minute: u32::from(stamp.minute()),
        second: u32::from(stamp.second()),
        micro: 0,
    }
    .to_time()
}

/// Unpacks one member; the stated size is checked again while unpacking, because it can lie.
pub(super) fn unpack(archive: &Archive, index: usize) -> Result<Unpacked, String> {
    let file = File::open(&archive.path).map_err(|e| e.to_string())?;
    let mut zip = zip::ZipArchive::new(file).map_err(|e| e.to_string())?;
    let member = zip.by_index(index).map_err(|e| e.to_string())?;
    let (size, packed) = (member.size(), member.compressed_size());
    let mut bounded = member.take(size.min(MAX_MEMBER_BYTES) + 1);
    let over = |got: u64| {
        (got > size)
            .then(|| format!("unpacks to more than the {size} bytes it states (packed {packed}): not read"))
    };
    if size <= IN_MEMORY_BYTES {
        let mut bytes = Vec::new();
        bounded.read_to_end(&mut bytes).map_err(|e| format!("cannot be unpacked: {e}"))?;
        over(bytes.len() as u64).map_or(Ok(Unpacked::Memory(bytes)), Err)
    } else {
        let mut kept = tempfile::tempfile().map_err(|e| e.to_string())?;
        let got = std::io::copy(&mut bounded, &mut kept).map_err(|e| format!("cannot be unpacked: {e}"))?;
        kept.flush().map_err(|e| e.to_string())?;
        over(got).map_or(Ok(Unpacked::File(kept)), Err)
    }
}
