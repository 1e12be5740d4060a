//! Finds the real sample files that stand beside a checkout, for conformance tests. It copies none of them.

use std::path::PathBuf;

/// The bytes of a sample such as `httperr/plaso-httperr.log`; `None`, said in one line, where the samples are
/// not there. They are looked for in `$POOLSCOPE_SAMPLES`, else in `../shared/samples` beside the checkout.
#[allow(clippy::print_stderr)] // A test that skips must say so.
pub fn read(name: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let folder = std::env::var_os("POOLSCOPE_SAMPLES").map_or_else(beside, PathBuf::from);
    let bytes = std::fs::read(folder.join(name)).ok();
    if bytes.is_none() {
        eprintln!("skipped: no sample {name} in {}", folder.display());
    }
    bytes
}
