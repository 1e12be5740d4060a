//! Holes in the trace, as the pass comes by them, and which pairs they make doubtful.

use crate::etl::pool_trace::LossSign;
use crate::limits::MAX_ETL_GAPS;

/// A hole, in ticks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hole {
    pub stream: usize,
    pub from: i64,
    pub to: i64,
    pub sign: LossSign,
}

/// The holes passed so far.
#[derive(Debug)]
pub(super) struct Holes {
    pub(super) kept: Vec<Hole>,
    pub(super) dropped: u64,
    /// End of the last hole passed: what was allocated before may have been freed unseen.
    last_end: i64,
}

impl Holes {
    /// None yet. In a ring everything before `whole_from` is a hole of some processor.
    pub(super) fn new(whole_from: Option<i64>) -> Self {
        Self { kept: Vec::new(), dropped: 0, last_end: whole_from.unwrap_or(i64::MIN) }
    }

    /// A hole is passed.
    pub(super) fn pass(&mut self, hole: Hole) {
        self.last_end = self.last_end.max(hole.to);
        if self.kept.len() < MAX_ETL_GAPS {
            self.kept.push(hole);
        } else {
            self.dropped += 1;
        }
    }

    /// True if something allocated at `ticks` may have been freed in a hole by now.
    #[inline(always)]
    pub(super) fn doubtful(&self, ticks: i64) -> bool {
        ticks < self.last_end
    }
}
