//! Makes the folder of driver images that the measurement looks through, no two of them alike, and knows the tags
//! of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use poolscope_testkit::drivers::{self, Driver};

use super::sources::{self, PREFIX};

/// Images in the folder.
pub const IMAGES: usize = 400;
/// Bytes each is made up to, as a driver's resources and signature would.
const IMAGE_BYTES: usize = 375_000;

/// The folder and what is in it.
pub struct Folder {
    /// Where the images are.
    pub path: PathBuf,
    /// Bytes of all images.
    pub bytes: u64,
    /// Bytes of them that a compiler wrote, nearly all of it code.
    pub compiled_bytes: u64,
    /// Images by the machine they are for.
    pub machines: BTreeMap<&'static str, usize>,
    /// The tags that each image (by file name) allocates with, as displayed.
    pub truth: BTreeMap<String, BTreeSet<String>>,
    /// A tag that one of the images has.
    pub a_tag: String,
}

impl Folder {
    /// Compiles the test drivers, the bulk drivers and some without an allocator, and fills the folder up to
    /// [`IMAGES`] with bulk drivers that have other tags in their code.
    pub fn make(scratch: &Path) -> anyhow::Result<Self> {
        let path = scratch.join("images");
        let build = scratch.join("build");
        std::fs::create_dir_all(&path)?;
        std::fs::create_dir_all(&build)?;
        let mut folder = Self {
            path,
            bytes: 0,
            compiled_bytes: 0,
            machines: BTreeMap::new(),
            truth: BTreeMap::new(),
            a_tag: String::new(),
        };
        let (test_drivers, absent) = drivers::compile_all(&["-O0", "-O2"], &build)?;
        ensure!(absent.is_empty(), "compilers are missing: {}", absent.join("; "));
        for driver in &test_drivers {
            let tags = driver.truth.tags.keys().cloned().collect();
            folder.add(driver, &driver.name, &std::fs::read(&driver.path)?, tags)?;
        }
        let mut bulk: Vec<(Driver, Vec<[u8; 2]>)> = Vec::new();
        for source in sources::all() {
            let file = build.join(format!("{}.c", source.name));
            std::fs::write(&file, &source.text)?;
            let (compiled, _) = drivers::compile_file(&file, &["-O2"], &build)?;
            for driver in compiled {
                if source.tags.is_empty() {
                    folder.add(&driver, &driver.name, &std::fs::read(&driver.path)?, BTreeSet::new())?;
                } else {
                    bulk.push((driver, source.tags.clone()));
                }
            }
        }
        for copy in 0.. {
            let left = IMAGES.saturating_sub(folder.truth.len());
            if left == 0 {
                break;
            }
            let (driver, tags) = bulk.get(copy % bulk.len()).context("nothing was compiled")?;
            let prefix = [b'A' + (copy / 26 % 26) as u8, b'a' + (copy % 26) as u8];
            let mut data = std::fs::read(&driver.path)?;
            let patched = patch(&mut data, driver.machine, tags, prefix);
            ensure!(patched >= tags.len(), "{}: {patched} of {} tags patched", driver.name, tags.len());
            let spelled =
                |suffix: &[u8; 2]| prefix.iter().chain(suffix).map(|&byte| char::from(byte)).collect();
            let truth: BTreeSet<String> = tags.iter().map(spelled).collect();
            folder.a_tag = truth.first().cloned().unwrap_or_default();
            folder.add(driver, &format!("{copy:03}-{}", driver.name), &data, truth)?;
        }
        Ok(folder)
    }

    fn add(
        &mut self,
        driver: &Driver,
        name: &str,
        data: &[u8],
        tags: BTreeSet<String>,
    ) -> anyhow::Result<()> {
        self.compiled_bytes += data.len() as u64;
        // What follows the sections is no part of the image, as a signature is not.
        let mut data = data.to_vec();
        data.resize(data.len().max(IMAGE_BYTES), b'.');
        std::fs::write(self.path.join(name), &data)?;
        self.bytes += data.len() as u64;
        *self.machines.entry(driver.machine).or_default() += 1;
        self.truth.insert(name.to_owned(), tags);
        Ok(())
    }
}

/// Gives every tag in the code another prefix; how many constants were changed.
fn patch(data: &mut [u8], machine: &str, tags: &[[u8; 2]], prefix: [u8; 2]) -> usize {
    let mut patched = 0;
    if machine == "arm64" {
        // movz wN, low half: nothing else in these sources has the prefix's number.
        let low = u32::from(u16::from_le_bytes(PREFIX)) << 5;
        let new = u32::from(u16::from_le_bytes(prefix)) << 5;
        for word in data.chunks_exact_mut(4) {
            let code = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            if code & 0xffff_ffe0 == 0x5280_0000 | low {
                word.copy_from_slice(&(0x5280_0000 | new | code & 31).to_le_bytes());
                patched += 1;
            }
        }
        return patched;
    }
    for at in 0..data.len().saturating_sub(3) {
        if data[at..at + 2] == PREFIX && tags.iter().any(|tag| data[at + 2..at + 4] == *tag) {
            data[at..at + 2].copy_from_slice(&prefix);
            patched += 1;
        }
    }
    patched
}
