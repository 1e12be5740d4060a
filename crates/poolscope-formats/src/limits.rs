//! Every limit that input meets, with its reason. A format's own limits stand here too, never in its module.

/// Notes kept per input: more say nothing new to a reader, and a hostile file could make millions.
pub const MAX_KEPT_NOTES: usize = 200;

/// Bytes of an input that [`crate::detect`] looks at. Wide enough for the head line of a perfmon CSV with
/// thousands of columns to show its first cells, and for the banner noise before a pasted listing.
pub const DETECT_HEAD_BYTES: usize = 64 * 1024;

/// Bytes of text handled at once. Big enough that the per-block cost vanishes, small enough that one per core
/// fits any machine.
pub const TEXT_BLOCK_BYTES: usize = 4 * 1024 * 1024;

/// The longest line taken as a line. Perfmon head lines reach 250 KB at 1,105 columns; a line over this is
/// noise (a file of zeros has none at all).
pub const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;
