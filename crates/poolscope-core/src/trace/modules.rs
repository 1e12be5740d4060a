//! Addresses to modules, at a moment: images come and go, and their ranges are used again.

use poolscope_formats::etl::pool_trace::LoadedImage;

/// Modules passed over when looking for the driver that allocates: the kernel and what stands between it and a
/// driver, by file name.
const SKIPPED: [&str; 12] = [
    "ntoskrnl.exe",
    "ntkrnlmp.exe",
    "ntkrnlpa.exe",
    "ntkrpamp.exe",
    "ntkrla57.exe",
    "nt",
    "hal.dll",
    "halmacpi.dll",
    "halacpi.dll",
    "verifier.sys",
    "verifierext.sys",
    "vfbasics.dll",
];

/// True for the modules that are passed over by default.
pub fn skipped_by_default(name: &str) -> bool {
    SKIPPED.iter().any(|skipped| name.eq_ignore_ascii_case(skipped))
}

/// True for addresses in the kernel's half.
pub fn is_kernel_module(address: u64, wide: bool) -> bool {
    address >= if wide { 1 << 63 } else { 1 << 31 }
}

/// The images of a trace, for looking up addresses.
#[derive(Clone, Debug)]
pub struct ModuleMap<'a> {
    /// By process and base.
    images: &'a [LoadedImage],
    /// For each image, the highest end of it and those before it of its process: bounds the search backwards.
    reach: Vec<u64>,
    wide: bool,
}

impl<'a> ModuleMap<'a> {
    /// Over images sorted by process and base, as [`poolscope_formats::etl::pool_trace::PoolTrace`] has them.
    pub fn new(images: &'a [LoadedImage], wide: bool) -> Self {
        let mut reach = Vec::with_capacity(images.len());
        let mut highest = (0, 0u64);
        for image in images {
            let end = image.base.saturating_add(image.size);
            highest = if highest.0 == image.process {
                (image.process, highest.1.max(end))
            } else {
                (image.process, end)
            };
            reach.push(highest.1);
        }
        Self { images, reach, wide }
    }

    /// The image an address lies in at a moment (seconds from the start), in a process or the kernel.
    pub fn at(&self, address: u64, process: u32, seconds: f64) -> Option<&'a LoadedImage> {
        let process = if is_kernel_module(address, self.wide) { 0 } else { process };
        let past = self.images.partition_point(|image| (image.process, image.base) <= (process, address));
        let mut fallback = None;
        for at in (0..past).rev() {
            let (Some(image), Some(reach)) = (self.images.get(at), self.reach.get(at)) else { break };
            if image.process != process || *reach <= address {
                break;
            }
            if address < image.base.saturating_add(image.size) {
                let there =
                    image.from.is_none_or(|from| from <= seconds) && image.to.is_none_or(|to| seconds < to);
                if there {
                    return Some(image);
                }
                fallback = fallback.or(Some(image));
            }
        }
        // A load told late is better than no name.
        fallback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(base: u64, from: Option<f64>, to: Option<f64>, path: &str) -> LoadedImage {
        LoadedImage {
            process: 0,
            base,
            size: 0x1000,
            from,
            to,
            path: path.to_owned(),
            time_date_stamp: None,
            checksum: None,
            original_name: None,
            pdb: None,
            company: None,
            version: None,
            description: None,
        }
    }

    #[test]
    fn a_range_used_again_means_what_stood_there_then() {
        let high = 1u64 << 63;
        let images = [
            image(high, None, Some(5.0), "\\x\\old.sys"),
            image(high + 0x800, Some(6.0), None, "\\x\\new.sys"),
            image(high + 0x9000, None, None, "\\x\\far.sys"),
        ];
        let map = ModuleMap::new(&images, true);
        let name = |address, seconds| map.at(address, 7, seconds).map(LoadedImage::name);
        assert_eq!(name(high + 0x900, 1.0), Some("old.sys"));
        assert_eq!(name(high + 0x900, 7.0), Some("new.sys"));
        assert_eq!(name(high + 0x9fff, 7.0), Some("far.sys"));
        assert_eq!(name(high + 0xa000, 7.0), None);
        assert_eq!(name(0x1000, 7.0), None);
    }
}
