//! Why the evidence could not be opened at all.

use std::path::PathBuf;

/// The job could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// A path the user named is not there, or may not be read.
    #[error("cannot open {}", path.display())]
    Open {
        /// The path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The paths hold no file at all.
    #[error("no files in {}", list(paths))]
    NothingThere {
        /// The paths as named.
        paths: Vec<PathBuf>,
    },
    /// The evidence names hosts, and none is the one asked for.
    #[error("no evidence of host {wanted}: it is of {}", hosts.join(", "))]
    NoSuchHost {
        /// The host asked for, in the short form.
        wanted: String,
        /// The hosts that the evidence names.
        hosts: Vec<String>,
    },
    /// Standard input could not be kept.
    #[error("cannot read standard input")]
    StandardInput {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
