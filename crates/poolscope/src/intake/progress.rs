//! How the intake tells how far it is. The terminal bar is the command line's.

/// Told as bytes are read; called from several threads.
pub trait Progress: Sync {
    /// Reading begins; so many bytes in all.
    fn begin(&self, bytes: u64);
    /// So many bytes more are done.
    fn advance(&self, bytes: u64);
    /// Reading is over.
    fn end(&self);
}

/// Tells nothing.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
