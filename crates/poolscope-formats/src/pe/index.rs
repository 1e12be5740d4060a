//! The driver index: what `poolscope drivers --index FILE` writes and `diagnose` takes as evidence.
//!
//! One JSON object: `schema` (`poolscope/driver-index/1`) and `drivers`. The output of `poolscope drivers --json`
//! (`poolscope/drivers/1`) has the same rows and is read as well. A row is what was known of one image when the
//! index was made; nothing is looked up again.

use serde::{Deserialize, Serialize};

use super::record::{DriverImage, Grade, LinkTime, TagUse};
use super::signer::Signature;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::{MAX_DRIVER_INDEX_BYTES, MAX_PE_SITES};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::tag::Tag;
use crate::time::Time;

/// The schema of an index.
pub const INDEX_SCHEMA: &str = "poolscope/driver-index/1";
/// The schema of `poolscope drivers --json`.
pub const DRIVERS_SCHEMA: &str = "poolscope/drivers/1";

/// The drivers of one index.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DriverIndex {
    /// In the order of the file.
    pub drivers: Vec<IndexedDriver>,
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct IndexFile {
    schema: String,
    #[serde(default)]
    drivers: Vec<IndexedDriver>,
}

/// One driver image. Times are UTC as RFC 3339; what is not known is null.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IndexedDriver {
    /// Path, as it was given.
    pub path: String,
    /// `x64`, `x86`, `arm64`.
    pub machine: String,
    /// Company of the version resource.
    #[serde(default)]
    pub company: Option<String>,
    /// Product of the version resource.
    #[serde(default)]
    pub product: Option<String>,
    /// Description of the version resource.
    #[serde(default)]
    pub description: Option<String>,
    /// The name the file was built under.
    #[serde(default)]
    pub original_name: Option<String>,
    /// File version.
    #[serde(default)]
    pub version: Option<String>,
    /// Who claims to have signed it. Not verified.
    #[serde(default)]
    pub signer: Option<String>,
    /// Issuer of the signer's certificate. Not verified.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Countersigned time. Not verified.
    #[serde(default)]
    pub signed_at: Option<String>,
    /// Link time as the header states it.
    #[serde(default)]
    pub link_time: Option<String>,
    /// Why there is no link time, or what it is worth.
    #[serde(default)]
    pub link_time_note: Option<String>,
    /// GUID and age of its PDB.
    #[serde(default)]
    pub pdb: Option<String>,
    /// It imports from the network stack.
    #[serde(default)]
    pub network: bool,
    /// It imports an interface that takes a pool tag, or uses the framework.
    #[serde(default)]
    pub imports_allocator: bool,
    /// Tags it allocates with.
    #[serde(default)]
    pub tags: Vec<IndexedTag>,
    /// Tags it only frees with.
    #[serde(default)]
    pub freed_only: Vec<IndexedTag>,
    /// Allocating calls whose tag could not be followed.
    #[serde(default)]
    pub unresolved_sites: u64,
    /// What was damaged or limited.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One tag of a driver.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IndexedTag {
    /// The tag as displayed: a trailing blank is `·`, other bytes are `\xNN`.
    pub tag: String,
    /// `passed`, `wrapper`, `parameter`, `immediate`, `bytes` or `wdf_default`.
    pub grade: String,
    /// RVAs that show it (file offsets for `bytes`); left out of an index.
    #[serde(default)]
    pub sites: Vec<u32>,
    /// How many there are.
    #[serde(default)]
    pub site_count: u64,
    /// Interfaces it reaches.
    #[serde(default)]
    pub interfaces: Vec<String>,
}

/// UTC as RFC 3339.
fn rfc3339(time: Time) -> String {
    time.to_string().replacen(' ', "T", 1) + "Z"
}

impl IndexedTag {
    /// The tag and its grade; `None` when either is not written as this version writes it.
    pub fn parsed(&self) -> Option<(Tag, Grade)> {
        Some((Tag::parse_typed(&self.tag)?, Grade::from_name(&self.grade)?))
    }

    fn of(used: &TagUse) -> Self {
        Self {
            tag: used.tag.to_string(),
            grade: used.grade.name().to_owned(),
            sites: used.sites.clone(),
            site_count: used.site_count,
            interfaces: used.interfaces.iter().map(|&name| name.to_owned()).collect(),
        }
    }
}

impl IndexedDriver {
    /// The row of an image that was read from `path`, with the notes of its reading.
    pub fn of(path: &str, read: &Parsed<DriverImage>) -> Self {
        let image = &read.value;
        let (link_time, link_time_note) = match image.link_time {
            LinkTime::Stated(time) => {
                (Some(rfc3339(time)), Some("as the linker wrote it; nothing proves it"))
            }
            LinkTime::Reproducible => {
                (None, Some("a reproducible build: the field holds a hash, not a time"))
            }
            LinkTime::NotATime => (None, Some("the field holds no plausible time")),
        };
        let issuer = match &image.signature {
            Signature::Claims(signer) => Some(signer.issuer.clone()),
            _ => None,
        };
        Self {
            path: path.to_owned(),
            machine: image.machine.name(),
            company: image.version.company.clone(),
            product: image.version.product.clone(),
            description: image.version.description.clone(),
            original_name: image.version.original_name.clone(),
            version: image.version.shown(),
            signer: image.signature.signer().map(str::to_owned),
            issuer,
            signed_at: image.signature.signed_at().map(rfc3339),
            link_time,
            link_time_note: link_time_note.map(str::to_owned),
            pdb: image.pdb.as_ref().map(|pdb| pdb.signature.clone()),
            network: image.is_network(),
            imports_allocator: image.imports_allocator,
            tags: image.tags.iter().map(IndexedTag::of).collect(),
            freed_only: image.freed_only.iter().map(IndexedTag::of).collect(),
            unresolved_sites: image.unresolved_sites,
            notes: read.notes.iter().map(|note| format!("{}: {}", note.place, note.text)).collect(),
        }
    }

    /// Adds a tag that was asked for and found in a weaker way than code shows.
    pub fn add(&mut self, used: &TagUse) {
        self.tags.push(IndexedTag::of(used));
    }

    /// The file's name without its folder.
    pub fn file_name(&self) -> &str {
        self.path.rsplit(['/', '\\']).next().unwrap_or(&self.path)
    }
}

/// The index of some drivers as it is written: without sites, one driver a line.
///
/// # Errors
/// Only if JSON cannot hold it, which does not happen for these types.
pub fn write_index(drivers: &[IndexedDriver]) -> Result<String, serde_json::Error> {
    let mut rows = Vec::with_capacity(drivers.len());
    for driver in drivers {
        let mut driver = driver.clone();
        for used in driver.tags.iter_mut().chain(&mut driver.freed_only) {
            used.sites.clear();
        }
        rows.push(serde_json::to_string(&driver)?);
    }
    Ok(format!("{{\"schema\":\"{INDEX_SCHEMA}\",\"drivers\":[\n{}\n]}}\n", rows.join(",\n")))
}

/// An index names its schema within its first bytes.
pub fn looks_like_index(head: &Head) -> Option<Likelihood> {
    let start = head.text.get(..head.text.len().min(400)).unwrap_or(&head.text);
    let object = start.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    (object && (start.contains(INDEX_SCHEMA) || start.contains(DRIVERS_SCHEMA)))
        .then_some(Likelihood::Certain)
}

/// Reads an index.
///
/// # Errors
/// [`FormatError::OverLimit`] over [`MAX_DRIVER_INDEX_BYTES`]; [`FormatError::NotThisFormat`] for what is no such
/// JSON, with the line.
pub fn parse_index(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    if input.len() > MAX_DRIVER_INDEX_BYTES {
        return Err(FormatError::OverLimit {
            what: "size of the driver index",
            place: Place::Whole,
            found: input.len(),
            limit: MAX_DRIVER_INDEX_BYTES,
        });
    }
    let bytes = read_vec(input, 0, usize::try_from(input.len()).unwrap_or(usize::MAX))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let file: IndexFile = serde_json::from_slice(bytes).map_err(|error| FormatError::NotThisFormat {
        format: "a driver index",
        place: Place::Line(error.line() as u64),
        expected: "an object with schema and drivers",
        found: error.to_string(),
    })?;
    if file.schema != INDEX_SCHEMA && file.schema != DRIVERS_SCHEMA {
        return Err(FormatError::not_this(
            "a driver index",
            Place::Whole,
            INDEX_SCHEMA,
            file.schema.as_bytes(),
        ));
    }
    let mut parsed = Parsed::new(DriverIndex::default());
    for (at, mut driver) in file.drivers.into_iter().enumerate() {
        let known = |tags: &mut Vec<IndexedTag>| {
            let before = tags.len();
            tags.retain(|used| used.parsed().is_some());
            for used in tags.iter_mut() {
                used.sites.truncate(MAX_PE_SITES);
            }
            before - tags.len()
        };
        let bad = known(&mut driver.tags) + known(&mut driver.freed_only);
        if bad > 0 {
            let text = format!("driver {}: {bad} tags without a tag or grade that is known", at + 1);
            parsed.bad(Place::Whole, text);
        }
        parsed.coverage.records += 1;
        parsed.value.drivers.push(driver);
    }
    Ok(parsed.map(Records::DriverIndex))
}
