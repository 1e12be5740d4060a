//! The common ground of W3C extended logs (HTTPERR and IIS): directives, columns, times, and a parallel scan.
//!
//! A format says which columns it needs and tallies rows; this room reads the file in blocks on all cores and
//! adds the blocks up in file order, so the result does not depend on how the blocks fell. It keeps no rows.
//!
//! Rows are read by the last `#Fields` line above them. A block is scanned with the columns known when its
//! turn came; if the block before it turns out to end with others, it is scanned again with the right ones.

mod block;
mod clock;
mod columns;
mod driver;
mod tally;

pub(crate) use block::Row;
pub(crate) use columns::{Columns, position};
pub(crate) use driver::{Log, scan};
pub(crate) use tally::{Count, MinuteBudget};

use crate::time::Time;

/// What a W3C format does with its rows.
pub(crate) trait W3cFormat {
    /// The format with its article, for errors and notes.
    const NAME: &'static str;
    /// The columns this format reads, by the field names of `#Fields`.
    type Fields: Copy + PartialEq + Send + Sync;
    /// The sums over a block, and over the whole.
    type Tally: Send;

    /// Finds the columns in a `#Fields` list, and the lowest and highest of them; an error says which one is missing.
    fn fields(names: &[&[u8]]) -> Result<(Self::Fields, usize, usize), String>;
    /// The columns of a row in a log without `#Fields`, if the row itself shows them.
    fn guess(row: &[u8]) -> Option<Columns<Self::Fields>>;
    /// Adds one row; an error says what is wrong with it, and nothing of the row is then counted.
    fn add(fields: &Self::Fields, row: &Row<'_>, tally: &mut Self::Tally) -> Result<(), String>;
    /// An empty tally.
    fn tally() -> Self::Tally;
    /// Adds a block's tally to the whole's; the block's lines begin after `lines_before`.
    fn merge(whole: &mut Self::Tally, block: Self::Tally, lines_before: u64);
}

/// A time and the line it stands on.
pub(crate) type Seen = (Time, u64);
