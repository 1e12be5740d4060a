//! Sums over rows, with their first and last place and their minutes.

use std::collections::BTreeMap;

use super::Seen;
use crate::limits::MAX_W3C_MINUTES;
use crate::time::Time;

/// One counter over rows.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    /// Rows.
    pub rows: u64,
    /// Events the rows stand for.
    pub weight: u64,
    /// The first row in file order.
    pub first: Seen,
    /// The last row in file order.
    pub last: Seen,
    /// Runs of one minute, in file order: cheap to append to, and a minute may come again.
    runs: Vec<(Time, u64)>,
}

impl Count {
    /// A counter whose first row stands at `seen`.
    pub fn new(seen: Seen) -> Self {
        Self { rows: 0, weight: 0, first: seen, last: seen, runs: Vec::new() }
    }

    /// Adds one row.
    pub fn add(&mut self, seen: Seen, minute: Time, weight: u64) {
        self.rows += 1;
        self.weight = self.weight.saturating_add(weight);
        self.last = seen;
        push_run(&mut self.runs, minute, weight);
    }

    /// Adds one row without its minute.
    pub fn add_untimed(&mut self, seen: Seen) {
        self.rows += 1;
        self.weight += 1;
        self.last = seen;
    }

    /// The same counter with its lines counted from the start of the file.
    pub fn after_lines(mut self, lines: u64) -> Self {
        self.first.1 += lines;
        self.last.1 += lines;
        self
    }

    /// Adds a counter that stands later in the file.
    pub fn append(&mut self, later: Self, budget: &mut MinuteBudget) {
        self.rows += later.rows;
        self.weight = self.weight.saturating_add(later.weight);
        self.last = later.last;
        for (minute, weight) in later.runs {
            budget.push(&mut self.runs, minute, weight);
        }
    }

    /// The minutes, sorted, each once.
    pub fn by_minute(&self) -> BTreeMap<Time, u64> {
        let mut sums = BTreeMap::new();
        for (minute, weight) in &self.runs {
            let sum: &mut u64 = sums.entry(*minute).or_default();
            *sum = sum.saturating_add(*weight);
        }
        sums
    }

    /// Runs this counter holds.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }
}

fn push_run(runs: &mut Vec<(Time, u64)>, minute: Time, weight: u64) {
    match runs.last_mut() {
        Some((known, sum)) if *known == minute => *sum = sum.saturating_add(weight),
        _ => runs.push((minute, weight)),
    }
}

/// Runs of minutes that all counters of a log may still take together; see [`MAX_W3C_MINUTES`].
#[derive(Clone, Debug)]
pub(crate) struct MinuteBudget {
    left: usize,
    /// Runs that found no room.
    pub dropped: u64,
}

impl Default for MinuteBudget {
    fn default() -> Self {
        Self { left: MAX_W3C_MINUTES, dropped: 0 }
    }
}

impl MinuteBudget {
    /// Takes the runs of a counter that is moved in whole.
    pub fn take(&mut self, runs: usize) {
        self.left = self.left.saturating_sub(runs);
    }

    fn push(&mut self, runs: &mut Vec<(Time, u64)>, minute: Time, weight: u64) {
        let before = runs.len();
        if self.left == 0 && runs.last().is_none_or(|(known, _)| *known != minute) {
            self.dropped += 1;
            return;
        }
        push_run(runs, minute, weight);
        self.left -= runs.len() - before;
    }
}
