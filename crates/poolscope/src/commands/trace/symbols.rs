//! Function names from PDB files the user has: folders given with `--symbols`, and the local stores of
//! `_NT_SYMBOL_PATH`. Nothing is downloaded. A PDB is used only if its id and age are the image's.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use pdb_addr2line::pdb::PDB;
use pdb_addr2line::{ContextPdbData, TypeFormatterFlags};
use poolscope_formats::etl::pool_trace::{LoadedImage, PoolTrace};

/// Names of the functions at the offsets that the trace's stacks have.
pub(super) struct Symbols {
    /// By image path and offset.
    names: BTreeMap<(String, u64), String>,
    found: usize,
    wanted: usize,
    rejected: Vec<String>,
}

impl Symbols {
    /// Looks up every frame of the trace's stacks.
    pub(super) fn load(trace: &PoolTrace, given: &[PathBuf]) -> Self {
        let mut symbols = Self { names: BTreeMap::new(), found: 0, wanted: 0, rejected: Vec::new() };
        let mut folders = given.to_vec();
        if let Some(path) = std::env::var_os("_NT_SYMBOL_PATH") {
            folders.extend(local_stores(&path.to_string_lossy()));
        }
        if folders.is_empty() {
            return symbols;
        }
        let mut frames: Vec<u64> = trace.stacks.iter().flatten().copied().collect();
        frames.sort_unstable();
        frames.dedup();
        let mut done: Vec<(&str, u64)> = Vec::new();
        for image in &trace.images {
            let Some((guid, age, name)) = &image.pdb else { continue };
            let start = frames.partition_point(|frame| *frame < image.base);
            let end = frames.partition_point(|frame| *frame < image.base.saturating_add(image.size));
            let offsets: Vec<u64> =
                frames.get(start..end).unwrap_or(&[]).iter().map(|frame| frame - image.base).collect();
            if offsets.is_empty() || done.contains(&(image.path.as_str(), image.base)) {
                continue;
            }
            done.push((image.path.as_str(), image.base));
            symbols.wanted += 1;
            let file = name.rsplit(['\\', '/']).next().unwrap_or(name);
            let store = format!("{}{age:X}", guid.symbol_store_digits());
            for candidate in folders.iter().flat_map(|folder| candidates(folder, file, &store)) {
                match names(&candidate, &guid.to_string(), *age, &offsets) {
                    Ok(found) => {
                        symbols.found += 1;
                        let found =
                            found.into_iter().map(|(offset, name)| ((image.path.clone(), offset), name));
                        symbols.names.extend(found);
                        break;
                    }
                    Err(why) => symbols.rejected.push(format!("{}: {why}", candidate.display())),
                }
            }
        }
        symbols
    }

    /// The function at an offset of an image, with the distance from its start.
    pub(super) fn name(&self, image: &LoadedImage, offset: u64) -> Option<String> {
        self.names.get(&(image.path.clone(), offset)).cloned()
    }

    /// What a reader should know of the symbols.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.wanted > 0 {
            remarks.push(format!(
                "symbols were found for {} of {} images with a PDB id",
                self.found, self.wanted
            ));
        }
        remarks.extend(self.rejected.iter().take(MAX_REJECTED).cloned());
        remarks
    }
}

/// Rejected PDB files that are named.
const MAX_REJECTED: usize = 8;

/// Where a PDB may lie below a folder: as in a symbol store, or as it is.
fn candidates(folder: &Path, file: &str, store: &str) -> Vec<PathBuf> {
    // A name from a trace never leads out of the folder.
    if file.is_empty() || file == ".." || file.contains(['/', '\\', ':']) {
        return Vec::new();
    }
    let all = [folder.join(file).join(store).join(file), folder.join(file)];
    all.into_iter().filter(|path| path.is_file()).collect()
}

/// The folders of a symbol path: `srv*A*B`, `cache*A`, plain folders; addresses are passed over.
fn local_stores(path: &str) -> Vec<PathBuf> {
    path.split(';')
        .flat_map(|element| element.split('*'))
        .filter(|part| !part.is_empty() && !part.contains("://"))
        .filter(|part| !["srv", "cache", "symsrv", "symsrv.dll"].contains(&part.to_lowercase().as_str()))
        .map(PathBuf::from)
        .filter(|folder| folder.is_dir())
        .collect()
}

/// Names at offsets, from a PDB of this id and age.
fn names(path: &Path, guid: &str, age: u32, offsets: &[u64]) -> Result<Vec<(u64, String)>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let file = File::open(path).map_err(|e| text(&e))?;
    let mut pdb = PDB::open(file).map_err(|e| text(&e))?;
    let known = pdb.pdb_information().map_err(|e| text(&e))?;
    let known_guid = known.guid.to_string();
    let debug_age = pdb.debug_information().ok().and_then(|debug| debug.age());
    if known_guid != guid || (known.age != age && debug_age != Some(age)) {
        let known_age = debug_age.unwrap_or(known.age);
        return Err(format!("is {known_guid} age {known_age}, the image wants {guid} age {age}"));
    }
    let data = ContextPdbData::try_from_pdb(pdb).map_err(|e| text(&e))?;
    // Arguments make stacks unreadable, and overloads are rare in drivers.
    let flags = TypeFormatterFlags::default() | TypeFormatterFlags::NO_ARGUMENTS;
    let context = data.make_context_with_formatter_flags(flags).map_err(|e| text(&e))?;
    let mut found = Vec::new();
    for &offset in offsets {
        let Ok(rva) = u32::try_from(offset) else { continue };
        if let Ok(Some(function)) = context.find_function(rva)
            && let Some(name) = function.name
        {
            let into = rva.saturating_sub(function.start_rva);
            found.push((offset, if into == 0 { name } else { format!("{name}+{into:#x}") }));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_path_gives_its_local_folders() {
        let folder = std::env::temp_dir();
        let text = folder.display().to_string();
        let path = format!("srv*{text}*https://symbols.example;cache*{text};/no/such/folder");
        assert_eq!(local_stores(&path), [folder.clone(), folder.clone()]);
        assert!(candidates(&folder, "..", "X1").is_empty());
        assert!(candidates(&folder, "a/../../b", "X1").is_empty());
    }
}
