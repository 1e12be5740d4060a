//! Which image was loaded where and when, from loads, unloads and rundowns in any combination.
//!
//! Merged traces often name drivers only in the rundown at the end: such an image counts as loaded since before
//! the start. A rundown at the end never widens a load that was seen.

use crate::etl::decode::image::{Image, ImageId, ImageOp};
use crate::etl::guid::Guid;
use crate::etl::pool_trace::seeded::SeededMap;
use crate::limits::MAX_ETL_IMAGES;

/// An image's stay, in ticks.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Stay {
    pub image: Image,
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// A PDB's id, age and name.
pub(super) type PdbId = (Guid, u32, String);

/// What trace merging knows of an image, by process and base.
#[derive(Clone, Default, Debug)]
pub(super) struct Identity {
    pub original_name: Option<String>,
    pub pdb: Option<PdbId>,
}

/// What a version resource says.
#[derive(Clone, Debug)]
pub(super) struct VersionInfo {
    pub company: String,
    pub version: String,
    pub description: String,
}

/// The images of a trace.
#[derive(Debug, Default)]
pub(super) struct ImageTable {
    pub(super) stays: Vec<Stay>,
    /// The stay at a process and base that has not ended.
    open: SeededMap<(u32, u64), u32>,
    /// Identities by process, base and link time: a base may be reused.
    pub(super) identities: SeededMap<(u32, u64), Vec<(u32, Identity)>>,
    /// Version resources by size and link time.
    pub(super) versions: SeededMap<(u32, u32), VersionInfo>,
    /// Kernel ranges that were given up.
    given_up: Vec<(u64, u64)>,
    pub(super) refused: u64,
}

impl ImageTable {
    /// Takes an image event. True if kernel code now stands where other kernel code stood before: from here on
    /// the same return address means something else.
    pub(super) fn image(&mut self, ticks: i64, event: &Image) -> bool {
        let key = (event.process, event.base);
        match event.op {
            ImageOp::Load => {
                let moved_in = event.process == 0
                    && self.given_up.iter().any(|(base, end)| {
                        event.base < *end && *base < event.base.saturating_add(event.size)
                    });
                self.begin(key, event, Some(ticks));
                moved_in
            }
            ImageOp::AtStart => {
                if !self.open.contains_key(&key) {
                    self.begin(key, event, None);
                }
                false
            }
            ImageOp::Unload => {
                let at = match self.open.remove(&key) {
                    Some(at) => Some(at),
                    None => {
                        self.begin(key, event, None);
                        self.open.remove(&key)
                    }
                };
                if let Some(stay) = at.and_then(|at| self.stays.get_mut(at as usize)) {
                    stay.to = Some(ticks);
                    if event.process == 0 && self.given_up.len() < 4_096 {
                        self.given_up.push((event.base, event.base.saturating_add(stay.image.size)));
                    }
                }
                false
            }
            ImageOp::AtEnd => {
                match self.open.get(&key).and_then(|at| self.stays.get_mut(*at as usize)) {
                    // The rundown may know what the load did not say.
                    Some(stay) => {
                        stay.image.time_date_stamp = stay.image.time_date_stamp.or(event.time_date_stamp);
                        stay.image.checksum = stay.image.checksum.or(event.checksum);
                    }
                    None => {
                        // Loaded since before, unless something else was there and went.
                        let from = self
                            .stays
                            .iter()
                            .filter(|stay| {
                                stay.image.process == event.process && stay.image.base == event.base
                            })
                            .filter_map(|stay| stay.to)
                            .max();
                        self.begin(key, event, from);
                    }
                }
                false
            }
        }
    }

    fn begin(&mut self, key: (u32, u64), event: &Image, from: Option<i64>) {
        if self.stays.len() >= MAX_ETL_IMAGES {
            self.refused += 1;
            return;
        }
        if let Some(old) = self.open.get(&key).and_then(|at| self.stays.get_mut(*at as usize)) {
            // Its unload was missed.
            old.to = from.or(old.to);
        }
        self.open.insert(key, self.stays.len() as u32);
        self.stays.push(Stay { image: event.clone(), from, to: None });
    }

    /// Takes an identity.
    pub(super) fn identity(&mut self, id: &ImageId) {
        if self.identities.len() + self.versions.len() >= MAX_ETL_IMAGES {
            self.refused += 1;
            return;
        }
        match id {
            ImageId::Info { base, process, time_date_stamp, original_name } => {
                let of_base = self.identities.entry((*process, *base)).or_default();
                match of_base.iter_mut().find(|(stamp, _)| stamp == time_date_stamp) {
                    Some((_, known)) => known.original_name = Some(original_name.clone()),
                    None => {
                        let identity = Identity { original_name: Some(original_name.clone()), pdb: None };
                        of_base.push((*time_date_stamp, identity));
                    }
                }
            }
            // It follows the Info of the same image, which is then the last of its base.
            ImageId::Pdb { base, process, guid, age, name } => {
                let of_base = self.identities.entry((*process, *base)).or_default();
                if of_base.is_empty() {
                    of_base.push((0, Identity::default()));
                }
                if let Some((_, identity)) = of_base.last_mut() {
                    identity.pdb = Some((*guid, *age, name.clone()));
                }
            }
            ImageId::Version { size, time_date_stamp, description, version, company, .. } => {
                self.versions.entry((*size, *time_date_stamp)).or_insert_with(|| VersionInfo {
                    company: company.clone(),
                    version: version.clone(),
                    description: description.clone(),
                });
            }
        }
    }

    /// The identity of a stay: by its link time where that is known, else the only or last one of its base.
    pub(super) fn identity_of(&self, image: &Image) -> Option<&Identity> {
        let of_base = self.identities.get(&(image.process, image.base))?;
        let by_stamp =
            image.time_date_stamp.and_then(|stamp| of_base.iter().find(|(known, _)| *known == stamp));
        by_stamp.or(of_base.last()).map(|(_, identity)| identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(op: ImageOp, base: u64, path: &str) -> Image {
        let path = path.to_owned();
        Image { op, base, size: 0x1000, process: 0, checksum: None, time_date_stamp: None, path }
    }

    #[test]
    fn the_end_rundown_does_not_widen_a_load() {
        let mut table = ImageTable::default();
        assert!(!table.image(50, &image(ImageOp::Load, 0x1000, "a.sys")));
        table.image(99, &image(ImageOp::AtEnd, 0x1000, "a.sys"));
        table.image(99, &image(ImageOp::AtEnd, 0x8000, "b.sys"));
        let stays: Vec<_> =
            table.stays.iter().map(|stay| (stay.image.path.as_str(), stay.from, stay.to)).collect();
        assert_eq!(stays, [("a.sys", Some(50), None), ("b.sys", None, None)]);
    }

    #[test]
    fn code_that_moves_in_is_told() {
        let mut table = ImageTable::default();
        table.image(0, &image(ImageOp::AtStart, 0x1000, "a.sys"));
        table.image(10, &image(ImageOp::Unload, 0x1000, "a.sys"));
        assert!(table.image(20, &image(ImageOp::Load, 0x1800, "b.sys")));
        assert!(!table.image(30, &image(ImageOp::Load, 0x9000, "c.sys")));
        assert_eq!(table.stays[0].to, Some(10));
    }
}
