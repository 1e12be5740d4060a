//! Test support: the real sample files that stand beside a checkout, if they do.

use std::path::PathBuf;

/// The bytes of a sample, or `None` (said on stderr) where the samples are not there.
pub(crate) fn read(name: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let folder = std::env::var_os("POOLSCOPE_SAMPLES").map_or_else(beside, PathBuf::from);
    let bytes = std::fs::read(folder.join(name)).ok();
    if bytes.is_none() {
        eprintln!("skipped: no sample {name} in {}", folder.display());
    }
    bytes
}
