//! What is known about one driver image.

use super::image::Machine;
use super::signer::Signature;
use super::wdf::default_tag;
use crate::tag::Tag;
use crate::time::Time;

/// How strongly an image is tied to a tag, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// Its code hands the tag to an allocator (or a lookaside list initialiser).
    Passed,
    /// Its code hands the tag to an own function that hands it to an allocator.
    Wrapper,
    /// Its code stores the tag in the parameter structure of an allocator or framework.
    Parameter,
    /// The tag is a constant in its code, which also calls allocators; the way between was not followed.
    Immediate,
    /// The four bytes occur in the file. Nearly always an accident.
    Bytes,
    /// The framework derives the tag from the service name, because the driver names none.
    WdfDefault,
}

impl Grade {
    /// The name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Wrapper => "wrapper",
            Self::Parameter => "parameter",
            Self::Immediate => "immediate",
            Self::Bytes => "bytes",
            Self::WdfDefault => "wdf_default",
        }
    }

    /// The grade of a JSON name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Passed, Self::Wrapper, Self::Parameter, Self::Immediate, Self::Bytes, Self::WdfDefault]
            .into_iter()
            .find(|grade| grade.name() == name)
    }

    /// What a person is told.
    pub fn title(self) -> &'static str {
        match self {
            Self::Passed => "passed to an allocator",
            Self::Wrapper => "passed through a wrapper",
            Self::Parameter => "in an allocator's parameters",
            Self::Immediate => "constant in code",
            Self::Bytes => "bytes only",
            Self::WdfDefault => "framework default",
        }
    }
}

/// One tag of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagUse {
    /// The tag.
    pub tag: Tag,
    /// The strongest way it is tied to the image.
    pub grade: Grade,
    /// RVAs of the calls (or constants, or file offsets for [`Grade::Bytes`]) that show it, ascending, at most
    /// [`crate::limits::MAX_PE_SITES`].
    pub sites: Vec<u32>,
    /// How many there are.
    pub site_count: u64,
    /// The interfaces it reaches, sorted.
    pub interfaces: Vec<&'static str>,
}

/// What the file header's link time says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkTime {
    /// A time, as the linker wrote it. Nothing proves it.
    Stated(Time),
    /// The image is marked reproducible: the field holds a hash, not a time.
    Reproducible,
    /// Zero, all ones or in no plausible year.
    NotATime,
}

/// The debug information an image names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PdbId {
    /// The file it names, as it stands.
    pub path: String,
    /// GUID and age as symbol servers spell them: 32 hexadecimal digits and the age.
    pub signature: String,
}

/// The version resource.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct VersionInfo {
    /// `CompanyName`.
    pub company: Option<String>,
    /// `ProductName`.
    pub product: Option<String>,
    /// `FileDescription`.
    pub description: Option<String>,
    /// `OriginalFilename`.
    pub original_name: Option<String>,
    /// `FileVersion`, the text.
    pub file_version_text: Option<String>,
    /// The four numbers of the fixed part.
    pub file_version: Option<[u16; 4]>,
}

impl VersionInfo {
    /// The version to show: the numbers where they are there, else the text.
    pub fn shown(&self) -> Option<String> {
        match self.file_version {
            Some([a, b, c, d]) if [a, b, c, d] != [0; 4] => Some(format!("{a}.{b}.{c}.{d}")),
            _ => self.file_version_text.clone(),
        }
    }
}

/// Everything read from one image.
#[derive(Clone, PartialEq, Debug)]
pub struct DriverImage {
    /// The file's name, as the evidence spells it.
    pub name: String,
    /// Processor.
    pub machine: Machine,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// `SizeOfImage` and checksum are not kept; the stamp is, because dumps list modules by it.
    pub stamp: u32,
    /// What the stamp says.
    pub link_time: LinkTime,
    /// Debug information.
    pub pdb: Option<PdbId>,
    /// Version resource.
    pub version: VersionInfo,
    /// Signature.
    pub signature: Signature,
    /// Imports any interface that takes a pool tag. Without one (and without a framework) the image owns none.
    pub imports_allocator: bool,
    /// Libraries it imports from, lower case, sorted.
    pub libraries: Vec<String>,
    /// Tags it allocates with, strongest grade first, then by tag.
    pub tags: Vec<TagUse>,
    /// Tags it only frees with.
    pub freed_only: Vec<TagUse>,
    /// Calls of an allocator whose tag could not be followed.
    pub unresolved_sites: u64,
}

/// Libraries whose importers sit in the network stack.
const NETWORK_LIBRARIES: &[&str] = &["fwpkclnt.sys", "ndis.sys", "netio.sys", "tdi.sys", "wfplwfs.sys"];

impl DriverImage {
    /// The same image under another file name: a copy. Only the framework's default tag depends on the name.
    pub fn renamed(mut self, name: &str) -> Self {
        let tag = default_tag(name);
        let defaults = self.tags.iter().filter(|used| used.grade == Grade::WdfDefault).count();
        let owned = self.tags.iter().any(|used| used.tag == tag && used.grade != Grade::WdfDefault);
        if defaults > 0 && owned {
            self.tags.retain(|used| used.grade != Grade::WdfDefault);
        }
        for used in self.tags.iter_mut().filter(|used| used.grade == Grade::WdfDefault) {
            used.tag = tag;
        }
        name.clone_into(&mut self.name);
        self
    }

    /// True when it imports from the network stack.
    pub fn is_network(&self) -> bool {
        self.libraries.iter().any(|library| NETWORK_LIBRARIES.contains(&library.as_str()))
    }

    /// True when its version resource names Microsoft: an inbox driver, as far as its own word goes.
    pub fn claims_inbox(&self) -> bool {
        self.version.company.as_ref().is_some_and(|company| company.starts_with("Microsoft"))
    }
}
