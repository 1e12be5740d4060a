//! The samples and columns of a log as they grow.
//!
//! A column begins with its first value and is filled up to the log's samples only at the end, so a log of
//! many short-lived processes costs what it holds.

use super::cook::{Cook, RawValue};
use crate::counters::{CounterColumn, CounterId, CounterPath, Identity};
use crate::limits::{MAX_COUNTER_COLUMNS, MAX_COUNTER_VALUES};
use crate::time::Time;

/// A counter that is kept.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Kept {
    pub id: CounterId,
    /// From its unit to [`CounterId::unit`].
    pub factor: f64,
    pub cook: Cook,
}

#[derive(Debug)]
struct Series {
    path: CounterPath,
    kept: Kept,
    /// Index of the sample of the first value.
    first: usize,
    values: Vec<f64>,
    before: Option<RawValue>,
}

/// All samples and columns.
#[derive(Debug)]
pub(super) struct SeriesSet {
    times: Vec<Time>,
    series: Vec<Series>,
    values: usize,
    /// Most values that may be held.
    limit: usize,
    /// Every how manieth sample is kept.
    pub stride: u64,
    /// Samples met, kept or not.
    met: u64,
    /// Columns that found no room.
    pub dropped: u64,
}

impl SeriesSet {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::with_limit(MAX_COUNTER_VALUES)
    }

    fn with_limit(limit: usize) -> Self {
        Self { times: Vec::new(), series: Vec::new(), values: 0, limit, stride: 1, met: 0, dropped: 0 }
    }

    /// Begins a sample; false if it is one of those left out.
    pub fn begin(&mut self, time: Time) -> bool {
        self.met += 1;
        if !(self.met - 1).is_multiple_of(self.stride) {
            return false;
        }
        if self.values >= self.limit || self.times.len() >= self.limit {
            self.thin();
            if !(self.met - 1).is_multiple_of(self.stride) {
                return false;
            }
        }
        self.times.push(time);
        true
    }

    /// A better time for the sample begun last.
    pub fn set_time(&mut self, time: Time) {
        if let Some(last) = self.times.last_mut() {
            *last = time;
        }
    }

    /// Leaves out every second sample, of those before and of those to come.
    fn thin(&mut self) {
        self.stride = self.stride.saturating_mul(2);
        every_second(&mut self.times, 0);
        self.values = 0;
        for series in &mut self.series {
            every_second(&mut series.values, series.first);
            series.first = series.first.div_ceil(2);
            self.values += series.values.len();
        }
    }

    /// A new column; `None` if there is no room.
    pub fn open(&mut self, path: CounterPath, kept: Kept) -> Option<u32> {
        if self.series.len() >= MAX_COUNTER_COLUMNS {
            self.dropped += 1;
            return None;
        }
        self.series.push(Series { path, kept, first: 0, values: Vec::new(), before: None });
        u32::try_from(self.series.len() - 1).ok()
    }

    /// Sets a column's value in the sample begun last; samples left out since its last value are missing.
    #[inline]
    pub fn set(&mut self, column: u32, raw: RawValue) {
        let (Some(series), Some(sample)) =
            (self.series.get_mut(column as usize), self.times.len().checked_sub(1))
        else {
            return;
        };
        if series.values.is_empty() {
            series.first = sample;
        }
        // Twice in one sample (two instances of one name and process id): the first counts.
        let Some(gap) = (sample - series.first).checked_sub(series.values.len()) else { return };
        let value = raw.cooked(series.kept.cook, series.before) * series.kept.factor;
        series.before = Some(raw);
        if gap > 0 {
            series.values.extend(std::iter::repeat_n(f64::NAN, gap));
        }
        series.values.push(value);
        self.values += gap + 1;
    }

    /// The times, and the columns with a value for each of them, in the order they began. Columns beyond the
    /// limit of values are left out, the shortest first.
    pub fn finish(mut self) -> (Vec<Time>, Vec<CounterColumn>, u64) {
        let samples = self.times.len();
        self.series.retain(|series| !series.values.is_empty());
        let room = self.limit / samples.max(1);
        if self.series.len() > room {
            let mut lengths: Vec<usize> = self.series.iter().map(|series| series.values.len()).collect();
            lengths.sort_unstable_by(|a, b| b.cmp(a));
            let least = lengths.get(room).copied().unwrap_or(0);
            let before = self.series.len();
            self.series.retain(|series| series.values.len() > least);
            self.dropped += (before - self.series.len()) as u64;
        }
        let columns = self
            .series
            .into_iter()
            .map(|series| {
                let mut values = vec![f64::NAN; samples];
                for (slot, value) in values.iter_mut().skip(series.first).zip(series.values) {
                    *slot = value;
                }
                CounterColumn { path: series.path, id: series.kept.id, values, identity: Identity::Unknown }
            })
            .collect();
        (self.times, columns, self.dropped)
    }
}

/// Keeps the items whose index, counted from `first`, is even.
fn every_second<T>(items: &mut Vec<T>, first: usize) {
    let mut at = first;
    items.retain(|_| {
        at += 1;
        (at - 1).is_multiple_of(2)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Kept = Kept { id: CounterId::ProcessHandleCount, factor: 2.0, cook: Cook::Gauge };

    fn raw(value: i64) -> RawValue {
        RawValue { value, clock: 0, per_second: 1.0 }
    }

    #[test]
    fn late_columns_and_gaps_are_missing() {
        let mut set = SeriesSet::new();
        assert!(set.begin(Time(0)));
        let a = set.open(CounterPath::default(), KEPT).unwrap();
        set.set(a, raw(1));
        set.set(a, raw(9));
        assert!(set.begin(Time(1)));
        let b = set.open(CounterPath::default(), KEPT).unwrap();
        set.set(b, raw(2));
        assert!(set.begin(Time(2)));
        set.set(a, raw(3));
        let (times, columns, dropped) = set.finish();
        assert_eq!((times.len(), dropped), (3, 0));
        let shown: Vec<String> = columns.iter().map(|column| format!("{:?}", column.values)).collect();
        assert_eq!(shown, ["[2.0, NaN, 6.0]", "[NaN, 4.0, NaN]"]);
    }

    #[test]
    fn over_the_limit_every_second_sample_goes() {
        let mut set = SeriesSet::with_limit(10);
        let mut column = None;
        for sample in 0..100i64 {
            if set.begin(Time(sample)) {
                let column = *column.get_or_insert_with(|| set.open(CounterPath::default(), KEPT).unwrap());
                set.set(column, raw(sample));
            }
        }
        let (times, columns, _) = set.finish();
        assert!(times.len() <= 10 && times.len() > 4, "{times:?}");
        for (time, value) in times.iter().zip(&columns[0].values) {
            assert_eq!(*value, time.0 as f64 * 2.0);
        }
    }

    #[test]
    fn many_short_columns_give_way_to_long_ones() {
        let mut set = SeriesSet::with_limit(20);
        let long = set.open(CounterPath::default(), KEPT).unwrap();
        for sample in 0..8 {
            set.begin(Time(sample));
            set.set(long, raw(1));
            let short = set.open(CounterPath::default(), KEPT).unwrap();
            set.set(short, raw(2));
        }
        let (_, columns, dropped) = set.finish();
        assert_eq!((columns.len(), dropped), (1, 8));
    }
}
