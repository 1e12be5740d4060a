//! Three more synthetic incidents beside `examples/even-503`, each another story: a filter driver above NTFS, a
//! driver's private tag with a shared twin, and an http problem that is not memory.
//!
//! All are 64-bit servers of 2019, on UTC. Same bytes on every machine and every run.

mod driver_twin;
mod filter_above_ntfs;
mod queue_not_pool;
mod server;

/// One incident: the folder below `examples/` and its files.
#[derive(Debug)]
pub struct Story {
    /// Folder name.
    pub name: &'static str,
    /// Every file: path below the folder with `/`, and content; sorted by path.
    pub files: fn() -> Vec<(String, Vec<u8>)>,
}

/// The incidents, by name.
pub const STORIES: &[Story] = &[
    Story { name: "driver-twin", files: driver_twin::files },
    Story { name: "filter-above-ntfs", files: filter_above_ntfs::files },
    Story { name: "queue-not-pool", files: queue_not_pool::files },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stories_are_small_sorted_and_inside_their_folders() {
        for story in STORIES {
            let files = (story.files)();
            let bytes: usize = files.iter().map(|(_, content)| content.len()).sum();
            assert!(bytes < 1_000_000, "{} has {bytes} bytes", story.name);
            assert!(files.is_sorted_by(|a, b| a.0 < b.0), "{}", story.name);
            assert!(files.iter().all(|(path, _)| !path.starts_with('/') && !path.contains("..")));
        }
    }
}
