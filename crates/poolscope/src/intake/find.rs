//! Finds the inputs under the paths a user named: files, folders (recursively), archives and standard input.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use poolscope_formats::Time;

use super::archive;
use super::error::IntakeError;

/// Files found at most: a case folder has thousands, a mistyped `/` has millions.
const MAX_FILES: usize = 200_000;

/// Folders within folders at most.
const MAX_FOLDER_DEPTH: usize = 64;

/// One input, not opened yet. Ordered by its label.
#[derive(Clone, Debug)]
pub struct Input {
    /// How the report names it: the path as given, with `/`.
    pub label: String,
    pub(super) place: Place,
    bytes: u64,
    pub(super) modified: Option<Time>,
    /// A trouble met while looking, told in the evidence list.
    pub(super) trouble: Option<String>,
}

/// Where the bytes are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File(PathBuf),
    /// Member number of an archive.
    Member {
        archive: Arc<archive::Archive>,
        index: usize,
    },
    /// Standard input, kept in a temporary file.
    Kept(Arc<File>),
    /// Nothing can be read; `trouble` says why.
    Nowhere,
}

impl Input {
    /// Length in bytes, as the folder or archive states it.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// True if there is nothing to read: `trouble` says why.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.place, Place::Nowhere)
    }

    fn file(path: &Path, label: String) -> Self {
        match path.metadata() {
            Ok(meta) => Self {
                label,
                place: Place::File(path.to_owned()),
                bytes: meta.len(),
                modified: meta.modified().ok().and_then(time_of),
                trouble: None,
            },
            Err(error) => Self::trouble(label, format!("cannot be read: {error}")),
        }
    }

    pub(super) fn trouble(label: String, text: String) -> Self {
        Self { label, place: Place::Nowhere, bytes: 0, modified: None, trouble: Some(text) }
    }

    pub(super) fn member(
        label: String,
        archive: Arc<archive::Archive>,
        index: usize,
        bytes: u64,
        modified: Option<Time>,
    ) -> Self {
        Self { label, place: Place::Member { archive, index }, bytes, modified, trouble: None }
    }
}

impl PartialEq for Input {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
    }
}
impl Eq for Input {}
impl PartialOrd for Input {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Input {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.label.cmp(&other.label)
    }
}

fn time_of(system: std::time::SystemTime) -> Option<Time> {
    let since = system.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Time)
}

/// All inputs under the paths, sorted by label. `-` is standard input.
///
/// # Errors
/// [`IntakeError::Open`] for a path that is not there, if nothing else is there to be read; beside other inputs it is
/// an input with a note, as troubles below a folder are.
pub fn find_inputs(paths: &[PathBuf]) -> Result<Vec<Input>, IntakeError> {
    let mut inputs = Vec::new();
    let mut first_error = None;
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(standard_input()?);
            continue;
        }
        let label = label_of(path);
        let meta = match path.metadata() {
            Ok(meta) => meta,
            Err(source) => {
                inputs.push(Input::trouble(label, format!("cannot be opened: {source}")));
                first_error.get_or_insert(IntakeError::Open { path: path.clone(), source });
                continue;
            }
        };
        if meta.is_dir() {
            walk(path, &label, 0, &mut inputs);
        } else {
            add_file(path, label, &mut inputs);
        }
    }
    if let Some(error) = first_error.filter(|_| inputs.iter().all(Input::is_lost)) {
        return Err(error);
    }
    inputs.sort();
    inputs.dedup();
    Ok(inputs)
}

fn label_of(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn walk(folder: &Path, label: &str, depth: usize, inputs: &mut Vec<Input>) {
    if depth > MAX_FOLDER_DEPTH {
        inputs.push(Input::trouble(label.to_owned(), format!("folders nest deeper than {MAX_FOLDER_DEPTH}")));
        return;
    }
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            inputs.push(Input::trouble(label.to_owned(), format!("cannot be listed: {error}")));
            return;
        }
    };
    let mut names: Vec<(String, PathBuf, bool)> = Vec::new();
    for entry in entries.flatten() {
        // A link to a folder could lead around in a circle: links are followed to files only.
        let kind = entry.file_type();
        let is_folder = kind.as_ref().is_ok_and(std::fs::FileType::is_dir);
        names.push((entry.file_name().to_string_lossy().into_owned(), entry.path(), is_folder));
    }
    names.sort();
    for (name, path, is_folder) in names {
        let label = format!("{}/{name}", label.trim_end_matches('/'));
        if inputs.len() >= MAX_FILES {
            inputs.push(Input::trouble(label, format!("more than {MAX_FILES} files: the rest is not read")));
            return;
        }
        if is_folder {
            walk(&path, &label, depth + 1, inputs);
        } else if path.is_file() {
            add_file(&path, label, inputs);
        }
    }
}

/// A file, or the members of an archive.
fn add_file(path: &Path, label: String, inputs: &mut Vec<Input>) {
    let input = Input::file(path, label);
    if input.trouble.is_none() && archive::looks_like_one(path) {
        inputs.extend(archive::members(path, &input.label));
    } else {
        inputs.push(input);
    }
}

/// Standard input is kept in a temporary file, because formats read at any offset.
fn standard_input() -> Result<Input, IntakeError> {
    let fail = |source| IntakeError::StandardInput { source };
    let mut kept = tempfile::tempfile().map_err(fail)?;
    let mut input = std::io::stdin().lock();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let count = input.read(&mut buffer).map_err(fail)?;
        if count == 0 {
            break;
        }
        kept.write_all(&buffer[..count]).map_err(fail)?;
        bytes += count as u64;
    }
    Ok(Input {
        label: "-".to_owned(),
        place: Place::Kept(Arc::new(kept)),
        bytes,
        modified: None,
        trouble: None,
    })
}
