//! A series reduced to at most [`MOST_BLOCKS`] blocks of time, so that everything after is of constant cost.
//!
//! Each block is the median of the means of its four cells: as cheap as a mean, and a burst shorter than half
//! a block does not move it. Short series keep every sample as a block of its own.

use poolscope_formats::Time;

/// Blocks of a long series.
pub(crate) const BLOCKS: usize = 96;
/// Up to this many samples every sample is a block.
pub(crate) const MOST_BLOCKS: usize = 128;
/// Cells of a block.
pub(crate) const CELLS: usize = 4;

/// Sums over one stretch of time.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Cell {
    /// Samples.
    pub n: f64,
    /// Sum of the hours since the first sample.
    pub hours: f64,
    /// Sum of the outstanding bytes.
    pub bytes: f64,
    /// Sum of the outstanding allocations.
    pub counts: f64,
}

impl Cell {
    /// Adds another cell.
    pub(crate) fn join(&mut self, other: &Self) {
        self.n += other.n;
        self.hours += other.hours;
        self.bytes += other.bytes;
        self.counts += other.counts;
    }
}

/// A reduced series. The three vectors run in parallel; hours rise.
#[derive(Clone, Default, Debug)]
pub(crate) struct Blocks {
    /// Hours since `start`.
    pub hours: Vec<f64>,
    /// Outstanding bytes.
    pub bytes: Vec<f64>,
    /// Outstanding allocations.
    pub counts: Vec<f64>,
    /// Plain means of the outstanding bytes, of a series that was reduced; see [`Blocks::means`].
    pub byte_means: Vec<f64>,
    /// The first sample.
    pub start: Option<Time>,
    /// The last sample.
    pub end: Option<Time>,
    /// Samples.
    pub samples: usize,
    /// Bytes at the last sample.
    pub last_bytes: u64,
    /// Allocations at the last sample.
    pub last_count: i64,
}

/// Sources with 32-bit counters give a wrapped difference as a negative one.
pub(crate) fn unwrapped(count: i64) -> i64 {
    if count < 0 { count & 0xffff_ffff } else { count }
}

impl Blocks {
    /// Reduces a series; see [`super::SeriesInput`] for what is allowed. An empty `counts` leaves counts 0.
    pub(crate) fn of(times: &[Time], bytes: &[u64], counts: &[i64]) -> Self {
        let n = times.len().min(bytes.len());
        let (times, bytes) = (times.get(..n).unwrap_or(&[]), bytes.get(..n).unwrap_or(&[]));
        if times.windows(2).all(|pair| pair[0] < pair[1]) {
            return Self::of_sorted(times, bytes, counts);
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&at| (times[at], at));
        let last_of_each: Vec<usize> = order
            .iter()
            .enumerate()
            .filter(|(place, at)| order.get(place + 1).is_none_or(|next| times[*next] != times[**at]))
            .map(|(_, at)| *at)
            .collect();
        let times: Vec<Time> = last_of_each.iter().map(|&at| times[at]).collect();
        let bytes: Vec<u64> = last_of_each.iter().map(|&at| bytes[at]).collect();
        let counts: Vec<i64> = last_of_each.iter().filter_map(|&at| counts.get(at).copied()).collect();
        Self::of_sorted(&times, &bytes, &counts)
    }

    fn of_sorted(times: &[Time], bytes: &[u64], counts: &[i64]) -> Self {
        let (Some(&start), Some(&end)) = (times.first(), times.last()) else { return Self::default() };
        let counts = if counts.len() < times.len() { &[] } else { counts };
        let mut out = Self {
            start: Some(start),
            end: Some(end),
            samples: times.len(),
            last_bytes: bytes.last().copied().unwrap_or(0),
            last_count: counts.last().copied().map_or(0, unwrapped),
            ..Self::default()
        };
        if times.len() <= MOST_BLOCKS {
            out.hours = times.iter().map(|time| time.hours_since(start)).collect();
            out.bytes = bytes.iter().map(|&b| b as f64).collect();
            out.counts = counts.iter().map(|&c| unwrapped(c) as f64).collect();
            out.counts.resize(times.len(), 0.0);
            return out;
        }
        let cells = BLOCKS * CELLS;
        let width = (end.0.saturating_sub(start.0)) as f64 / cells as f64;
        let mut sums = vec![Cell::default(); cells];
        let mut edge = start.0 as f64 + width;
        let mut at = 0;
        for (index, (&time, &byte)) in times.iter().zip(bytes).enumerate() {
            while time.0 as f64 >= edge && at + 1 < cells {
                at += 1;
                edge = start.0 as f64 + width * (at + 1) as f64;
            }
            if let Some(cell) = sums.get_mut(at) {
                cell.n += 1.0;
                cell.hours += time.hours_since(start);
                cell.bytes += byte as f64;
                cell.counts += counts.get(index).map_or(0.0, |&c| unwrapped(c) as f64);
            }
        }
        out.fill(&sums, CELLS);
        out
    }

    /// Sets the blocks from cells, so many to a block; empty cells and blocks are gaps.
    pub(crate) fn fill(&mut self, cells: &[Cell], per_block: usize) {
        self.set(cells.chunks(per_block.max(1)));
    }

    /// Sets [`BLOCKS`] blocks of even width from cells of any width, by the middle of each cell.
    pub(crate) fn group(&mut self, cells: &[Cell]) {
        let span = self.start.zip(self.end).map_or(0.0, |(start, end)| end.hours_since(start));
        let block = |cell: &Cell| ((cell.hours / cell.n / span * BLOCKS as f64) as usize).min(BLOCKS - 1);
        self.set(cells.chunk_by(|a, b| block(a) == block(b)));
    }

    fn set<'c>(&mut self, groups: impl Iterator<Item = &'c [Cell]>) {
        let (mut bytes, mut counts) = (Vec::new(), Vec::new());
        for group in groups {
            let mut whole = Cell::default();
            group.iter().for_each(|cell| whole.join(cell));
            if whole.n > 0.0 {
                self.hours.push(whole.hours / whole.n);
                self.byte_means.push(whole.bytes / whole.n);
                bytes.push(middle(group, |cell| cell.bytes));
                counts.push(middle(group, |cell| cell.counts));
            }
        }
        self.bytes = moved(&bytes, &self.hours);
        self.counts = moved(&counts, &self.hours);
    }

    /// The plain mean of the bytes of each block. Unlike the robust values they add up: the sum of the tags'
    /// means is the mean of the tags' sum, so that a total less its tags shows only what no tag shows.
    pub(crate) fn means(&self) -> &[f64] {
        if self.byte_means.is_empty() { &self.bytes } else { &self.byte_means }
    }

    /// Hours from the first block to the last.
    pub(crate) fn span(&self) -> f64 {
        self.hours.last().copied().unwrap_or(0.0) - self.hours.first().copied().unwrap_or(0.0)
    }

    /// The blocks from `from` on, as a series of its own.
    pub(crate) fn tail(&self, from: usize) -> Self {
        self.part(from, self.hours.len())
    }

    /// The blocks between two moments, as a series of its own.
    pub(crate) fn within(&self, from: Time, to: Time) -> Self {
        let Some(start) = self.start else { return Self::default() };
        // The middle of a block lies a little inside of what it was made of.
        let near = 1e-6 * (1.0 + self.span());
        let at = |time: Time| time.hours_since(start);
        let first = self.hours.partition_point(|hour| *hour < at(from) - near);
        self.part(first, self.hours.partition_point(|hour| *hour <= at(to) + near).max(first))
    }

    fn part(&self, from: usize, to: usize) -> Self {
        let cut = |values: &[f64]| values.get(from..to).unwrap_or(&[]).to_vec();
        let share = (to - from) as f64 / self.hours.len().max(1) as f64;
        Self {
            hours: cut(&self.hours),
            bytes: cut(&self.bytes),
            counts: cut(&self.counts),
            byte_means: cut(&self.byte_means),
            samples: (self.samples as f64 * share).round() as usize,
            ..self.clone()
        }
    }
}

/// The median of the cells' means, and the hour it belongs to: that of the cells in the middle.
fn middle(group: &[Cell], value: impl Fn(&Cell) -> f64) -> (f64, f64) {
    let mut means: Vec<(f64, f64)> = group
        .iter()
        .filter(|cell| cell.n > 0.0)
        .map(|cell| (value(cell) / cell.n, cell.hours / cell.n))
        .collect();
    means.sort_by(|a, b| a.0.total_cmp(&b.0));
    let last = means.len().saturating_sub(1);
    match (means.get(last / 2), means.get(last - last / 2)) {
        (Some(low), Some(high)) => ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0),
        _ => (0.0, 0.0),
    }
}

/// The values moved from their own hours to the blocks' along the line through their neighbours: a value
/// minutes off its hour would be noise on a series that rises fast.
fn moved(values: &[(f64, f64)], hours: &[f64]) -> Vec<f64> {
    let at = |index: usize| values.get(index).copied();
    values
        .iter()
        .enumerate()
        .zip(hours)
        .map(|((index, &(value, own)), hour)| {
            let before = index.checked_sub(1).and_then(at).unwrap_or((value, own));
            let after = at(index + 1).unwrap_or((value, own));
            if after.1 > before.1 {
                value + (hour - own) * (after.0 - before.0) / (after.1 - before.1)
            } else {
                value
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_series_become_blocks_and_a_short_burst_does_not_move_them() {
        let times: Vec<Time> = (0..2_880).map(|i| Time(i * 60_000_000)).collect();
        let bytes: Vec<u64> = (0..2_880).map(|i| if i % 30 == 7 { 1 << 40 } else { 1_000 + i }).collect();
        let blocks = Blocks::of(&times, &bytes, &vec![-1; 2_880]);
        assert_eq!(blocks.hours.len(), BLOCKS);
        assert!(blocks.bytes.windows(2).all(|pair| pair[0] < pair[1] && pair[1] < 5_000.0));
        assert_eq!(blocks.counts[5], 4_294_967_295.0);
    }

    #[test]
    fn disorder_and_equal_times_are_put_right() {
        let times = [Time(3), Time(1), Time(2), Time(2)];
        let blocks = Blocks::of(&times, &[30, 10, 20, 21], &[3, 1, 2, 2]);
        assert_eq!(blocks.bytes, [10.0, 21.0, 30.0]);
        assert_eq!(blocks.counts, [1.0, 2.0, 3.0]);
    }
}
