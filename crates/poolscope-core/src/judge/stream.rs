//! The same judge over a live stream: samples come one by one, memory a tag stays constant, and a judgement
//! may be asked for at any moment.

use std::collections::BTreeMap;

use poolscope_formats::{Pool, Time};

use super::answer::HostJudgement;
use super::blocks::{Blocks, Cell, MOST_BLOCKS, unwrapped};
use super::host::{Reduced, ReducedHost, judge_reduced};
use super::input::{PoolBound, SeriesKey};

/// Cells kept a series; when they are full, cells are made twice as wide.
const MOST_CELLS: i64 = 768;

/// One series reduced as it comes.
#[derive(Clone, Debug)]
struct Track {
    start: Time,
    last: Time,
    samples: usize,
    last_bytes: u64,
    last_count: i64,
    /// Width of a cell in microseconds; 0 while every sample has a cell of its own.
    width: i64,
    /// Number of each cell (its place on the grid of widths) and its sums, rising.
    cells: Vec<(i64, Cell)>,
}

impl Track {
    fn new(time: Time) -> Self {
        Self {
            start: time,
            last: time,
            samples: 0,
            last_bytes: 0,
            last_count: 0,
            width: 0,
            cells: Vec::new(),
        }
    }

    fn push(&mut self, time: Time, bytes: u64, count: i64) -> bool {
        if self.samples > 0 && time <= self.last {
            return false;
        }
        self.last = time;
        self.samples += 1;
        self.last_bytes = bytes;
        self.last_count = unwrapped(count);
        let age = time.0.saturating_sub(self.start.0);
        let cell = Cell {
            n: 1.0,
            hours: time.hours_since(self.start),
            bytes: bytes as f64,
            counts: unwrapped(count) as f64,
        };
        let full = if self.width == 0 {
            self.cells.len() as i64 >= MOST_CELLS
        } else {
            age / self.width >= MOST_CELLS
        };
        if full {
            self.widen(age);
        }
        let number = age.checked_div(self.width).unwrap_or(self.samples as i64);
        match self.cells.last_mut().filter(|last| last.0 == number) {
            Some((_, last)) => last.join(&cell),
            None => self.cells.push((number, cell)),
        }
        true
    }

    /// Makes cells so wide that `age` falls into the first half of the grid.
    fn widen(&mut self, age: i64) {
        let least = age / (MOST_CELLS / 2) + 1;
        self.width = self.width.saturating_mul(2).max(least);
        let mut wider: Vec<(i64, Cell)> = Vec::with_capacity(self.cells.len());
        for (_, cell) in &self.cells {
            let number = (cell.hours / cell.n * 3.6e9) as i64 / self.width;
            match wider.last_mut().filter(|last| last.0 == number) {
                Some((_, last)) => last.join(cell),
                None => wider.push((number, *cell)),
            }
        }
        self.cells = wider;
    }

    fn blocks(&self) -> Blocks {
        let mut out = Blocks {
            start: Some(self.start),
            end: Some(self.last),
            samples: self.samples,
            last_bytes: self.last_bytes,
            last_count: self.last_count,
            ..Blocks::default()
        };
        let cells: Vec<Cell> = self.cells.iter().map(|cell| cell.1).collect();
        if self.samples <= MOST_BLOCKS {
            out.fill(&cells, 1);
        } else {
            out.group(&cells);
        }
        out
    }
}

/// The online judge of one boot of one host. Memory does not grow with time: at most 768 cells a tag.
#[derive(Clone, Debug, Default)]
pub struct StreamJudge {
    series: BTreeMap<SeriesKey, Track>,
    totals: BTreeMap<Pool, Track>,
    bounds: Vec<PoolBound>,
    cut_listings: bool,
}

impl StreamJudge {
    /// A judge that knows where the pools end, and whether the listings are cut to the biggest tags.
    pub fn new(bounds: Vec<PoolBound>, cut_listings: bool) -> Self {
        Self { bounds, cut_listings, ..Self::default() }
    }

    /// Takes one sample of one tag; false (and nothing is taken) if it is not later than the tag's last.
    pub fn push(
        &mut self,
        key: SeriesKey,
        time: Time,
        outstanding_bytes: u64,
        outstanding_count: i64,
    ) -> bool {
        self.series.entry(key).or_insert_with(|| Track::new(time)).push(
            time,
            outstanding_bytes,
            outstanding_count,
        )
    }

    /// Takes one sample of a pool's total; false if it is not later than the last.
    pub fn push_total(&mut self, pool: Pool, time: Time, bytes: u64) -> bool {
        self.totals.entry(pool).or_insert_with(|| Track::new(time)).push(time, bytes, 0)
    }

    /// Judges what came so far.
    pub fn judge(&self) -> HostJudgement {
        judge_reduced(ReducedHost {
            series: self
                .series
                .iter()
                .map(|(key, track)| Reduced { key: *key, blocks: track.blocks() })
                .collect(),
            totals: self.totals.iter().map(|(pool, track)| (*pool, track.blocks())).collect(),
            bounds: &self.bounds,
            cut_listings: self.cut_listings,
        })
    }
}

#[cfg(test)]
mod tests {
    use poolscope_formats::Tag;

    use super::super::{HostInput, SeriesInput, Standing, judge};
    use super::*;

    #[test]
    fn the_stream_agrees_with_the_batch_and_stays_small() {
        let key = SeriesKey { pool: Pool::Nonpaged, tag: Tag(*b"Leak") };
        let still = SeriesKey { pool: Pool::Nonpaged, tag: Tag(*b"Stil") };
        let times: Vec<Time> = (0..5_000).map(|i| Time(i * 60_000_000)).collect();
        let noise = |i: u64| i.wrapping_mul(6_364_136_223_846_793_005) >> 52;
        let leak: Vec<u64> = (0..5_000u64).map(|i| 1_000_000 + 640 * i + noise(i)).collect();
        let counts: Vec<i64> = leak.iter().map(|bytes| (bytes / 64) as i64).collect();
        let quiet: Vec<u64> = (0..5_000u64).map(|i| 900_000 + noise(i + 7)).collect();
        let mut stream = StreamJudge::new(Vec::new(), false);
        for (at, time) in times.iter().enumerate() {
            assert!(stream.push(key, *time, leak[at], counts[at]));
            assert!(!stream.push(key, *time, 0, 0));
            stream.push(still, *time, quiet[at], 7);
        }
        assert!(stream.series.values().all(|track| track.cells.len() as i64 <= MOST_CELLS));
        let live = stream.judge();
        let input = |key, bytes| SeriesInput {
            key,
            times: &times,
            outstanding_bytes: bytes,
            outstanding_count: &counts,
        };
        let series = [input(key, &leak), input(still, &quiet)];
        let batch = judge(&HostInput { series: &series, ..HostInput::default() });
        for judged in [&live, &batch] {
            assert_eq!(judged.standing, Standing::Leak);
            assert_eq!(judged.tags[0].key, key);
            let rate = judged.tags[0].rate_bytes_per_hour;
            assert!((rate.estimate / 38_400.0 - 1.0).abs() < 0.01, "{rate:?}");
            assert_eq!(judged.tags[0].samples, 5_000);
        }
    }
}
