//! Reads every image under some paths, in parallel, each file once; copies of one file (a driver and its twin in
//! the DriverStore) are followed once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use poolscope::{Input, find_inputs, read_whole};
use poolscope_core::model::Tag;
use poolscope_formats::limits::MAX_PE_IMAGE_BYTES;
use poolscope_formats::pe::index::IndexedDriver;
use poolscope_formats::pe::{DriverImage, bytes_of, immediate_of, read_image};
use poolscope_formats::{FormatError, Parsed};
use rayon::prelude::*;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// One row an image, by path.
    pub(super) drivers: Vec<IndexedDriver>,
    /// Files that begin like an image and are none.
    pub(super) unreadable: Vec<Unreadable>,
}

/// A file that begins with MZ and could not be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Unreadable {
    /// Its path.
    pub(super) path: String,
    /// Why.
    pub(super) why: String,
}

enum Read {
    Image(Box<IndexedDriver>),
    Failed(Unreadable),
    NoImage,
}

/// Reads the images under `paths`. With `tag`, weaker traces of that tag are added where code shows none.
pub(super) fn scan(paths: &[PathBuf], tag: Option<Tag>) -> Result<Scanned> {
    let inputs = find_inputs(paths)?;
    let known = Known::default();
    let read: Vec<Read> = inputs.par_iter().map(|input| read(input, tag, &known)).collect();
    let mut scanned = Scanned::default();
    for one in read {
        match one {
            Read::Image(driver) => scanned.drivers.push(*driver),
            Read::Failed(file) => scanned.unreadable.push(file),
            Read::NoImage => {}
        }
    }
    Ok(scanned)
}

/// An image that was read, shared by its copies.
type Shared = Arc<Parsed<DriverImage>>;

/// Images already read, by the length and a 128-bit hash of their bytes: the DriverStore holds a copy of most.
#[derive(Debug, Default)]
struct Known(Mutex<HashMap<(usize, u128), Shared>>);

impl Known {
    /// Reads an image, or takes what was read of its copy.
    fn read(&self, data: &[u8], name: &str) -> Result<Shared, FormatError> {
        let hash = (data.len(), xxh3_128(data));
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if let Some(known) = known {
            return Ok(Arc::new(Parsed::clone(&known).map(|image| image.renamed(name))));
        }
        let read = Arc::new(read_image(data, name)?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, Arc::clone(&read));
        Ok(read)
    }
}

fn read(input: &Input, tag: Option<Tag>, known: &Known) -> Read {
    let failed = |why: String| Read::Failed(Unreadable { path: input.label.clone(), why });
    let begins_like_an_image = |head: &[u8]| head.starts_with(b"MZ");
    let data = match read_whole(input, begins_like_an_image, MAX_PE_IMAGE_BYTES) {
        Ok(Some(data)) => data,
        Ok(None) => return Read::NoImage,
        Err(why) => return failed(why),
    };
    let name = input.label.rsplit('/').next().unwrap_or(&input.label);
    let image = match known.read(&data, name) {
        Ok(image) => image,
        Err(error) => return failed(error.to_string()),
    };
    let mut driver = IndexedDriver::of(&input.label, &image);
    if let Some(tag) = tag
        && !image.value.tags.iter().any(|used| used.tag == tag)
        && let Some(weaker) = immediate_of(&data, tag).or_else(|| bytes_of(&data, tag))
    {
        driver.add(&weaker);
    }
    Read::Image(Box::new(driver))
}
