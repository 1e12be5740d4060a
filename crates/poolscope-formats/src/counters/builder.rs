//! Collects samples into a [`CounterLog`], whatever layout they came in.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::names::Names;
use super::{CounterColumn, CounterId, CounterLog, CounterPath, Identity, identity};
use crate::dates::{self, DayOrder, Reading};
use crate::limits::{MAX_COUNTER_COLUMNS, MAX_COUNTER_VALUES, MAX_NAMED_COLUMNS};
use crate::parsed::{Parsed, Place};
use crate::time::{Time, Zone};

/// Where a column of the input goes: its place among the kept columns and the factor to its id's unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Target {
    pub(super) column: usize,
    pub(super) factor: f64,
}

/// A log in the making.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) names: Names,
    pub(super) parsed: Parsed<CounterLog>,
    readings: Vec<Reading>,
    by_path: BTreeMap<CounterPath, Option<Target>>,
    machines: BTreeMap<String, u32>,
    /// Rows taken so far, kept or not.
    rows: u64,
    /// Every `stride`-th row is kept.
    stride: u64,
    columns_dropped: u64,
}

impl Builder {
    pub(super) fn new(names: Names) -> Self {
        Self {
            names,
            parsed: Parsed::new(CounterLog::default()),
            readings: Vec::new(),
            by_path: BTreeMap::new(),
            machines: BTreeMap::new(),
            rows: 0,
            stride: 1,
            columns_dropped: 0,
        }
    }

    /// The zone of the log: that of its first head.
    pub(super) fn zone(&mut self, zone: Zone, name: Option<String>) {
        let log = &mut self.parsed.value;
        if log.columns_total == 0 {
            log.zone = zone;
            log.zone_name = name;
        }
    }

    /// Where the values of a path go; `None` for counters that are only named.
    pub(super) fn column(&mut self, text: &str) -> Option<Target> {
        let Some(path) = CounterPath::parse(text) else {
            self.other(text);
            return None;
        };
        let known = self.names.id(&path);
        self.known_column(path, known)
    }

    /// The same for a path whose counter is already known.
    pub(super) fn known_column(
        &mut self,
        path: CounterPath,
        known: Option<(CounterId, f64)>,
    ) -> Option<Target> {
        if let Some(&target) = self.by_path.get(&path) {
            return target;
        }
        if self.by_path.len() >= MAX_COUNTER_COLUMNS {
            self.columns_dropped += 1;
            return None;
        }
        let machine = path.machine.clone().unwrap_or_default();
        *self.machines.entry(machine).or_default() += 1;
        let Some((id, factor)) = known else {
            self.other(&path.to_string());
            self.by_path.insert(path, None);
            return None;
        };
        let log = &mut self.parsed.value;
        log.columns_total = log.columns_total.saturating_add(1);
        let target = Target { column: log.columns.len(), factor };
        let values = vec![f64::NAN; self.readings.len()];
        log.columns.push(CounterColumn { path: path.clone(), id, values, identity: Identity::Unknown });
        self.by_path.insert(path, Some(target));
        Some(target)
    }

    fn other(&mut self, name: &str) {
        let log = &mut self.parsed.value;
        log.columns_total = log.columns_total.saturating_add(1);
        if log.other_columns.len() < MAX_NAMED_COLUMNS {
            log.other_columns.push(name.chars().take(300).collect());
        }
    }

    /// Takes one sample whose values come as column and value; false if the stride passes over it.
    pub(super) fn sample(
        &mut self,
        reading: Reading,
        values: impl IntoIterator<Item = (Target, f64)>,
    ) -> bool {
        self.parsed.coverage.records += 1;
        self.rows += 1;
        if !(self.rows - 1).is_multiple_of(self.stride) {
            return false;
        }
        self.readings.push(reading);
        let columns = &mut self.parsed.value.columns;
        for column in columns.iter_mut() {
            column.values.push(f64::NAN);
        }
        for (target, value) in values {
            let last = columns.get_mut(target.column).and_then(|column| column.values.last_mut());
            if let Some(last) = last {
                *last = value * target.factor;
            }
        }
        self.thin_out();
        true
    }

    /// Takes many samples at once: `values` has one row of `targets` after another.
    pub(super) fn samples(&mut self, readings: &[Reading], targets: &[Target], values: &[f64]) {
        self.parsed.coverage.records += readings.len() as u64;
        let kept: Vec<usize> =
            (0..readings.len()).filter(|&at| (self.rows + at as u64).is_multiple_of(self.stride)).collect();
        self.rows += readings.len() as u64;
        self.readings.extend(kept.iter().filter_map(|&at| readings.get(at)));
        let width = targets.len();
        let mut source = vec![None; self.parsed.value.columns.len()];
        for (at, target) in targets.iter().enumerate() {
            if let Some(slot) = source.get_mut(target.column) {
                *slot = Some((at, target.factor));
            }
        }
        // Rows to columns is half of the work that is not parsing: every column on its own.
        self.parsed.value.columns.par_iter_mut().zip(source).with_min_len(16).for_each(|(column, source)| {
            match source {
                Some((at, factor)) => column.values.extend(
                    kept.iter()
                        .map(|&row| values.get(row * width + at).map_or(f64::NAN, |value| value * factor)),
                ),
                None => column.values.extend(kept.iter().map(|_| f64::NAN)),
            }
        });
        self.thin_out();
    }

    /// Drops every second sample when there are too many values to keep.
    fn thin_out(&mut self) {
        while self.readings.len() * self.parsed.value.columns.len() > MAX_COUNTER_VALUES {
            self.stride *= 2;
            every_second(&mut self.readings);
            for column in &mut self.parsed.value.columns {
                every_second(&mut column.values);
            }
        }
    }

    /// The finished log. `month_first` is set by formats that always write it so.
    pub(super) fn finish(self, month_first: bool) -> Parsed<CounterLog> {
        let Self { mut parsed, readings, machines, stride, columns_dropped, .. } = self;
        let (times, order) = resolve(&readings, month_first);
        if order == DayOrder::Guessed {
            parsed.note(
                Place::Whole,
                "the dates do not tell day from month; they were read as month, day, year",
            );
        }
        let log = &mut parsed.value;
        log.times = times;
        log.machine = machines
            .into_iter()
            .filter(|(name, _)| !name.is_empty())
            .max_by_key(|(_, n)| *n)
            .map(|(name, _)| name);
        let back = log.times.windows(2).enumerate().filter(|(_, pair)| matches!(pair, [a, b] if b < a));
        log.clock_back = back.filter_map(|(at, _)| u32::try_from(at + 1).ok()).collect();
        let (spliced, unknown) = identity::mark_identities(log);
        let first_back = log.clock_back.first().and_then(|&at| {
            let at = at as usize;
            Some((*log.times.get(at.checked_sub(1)?)?, *log.times.get(at)?))
        });
        let backs = log.clock_back.len();
        if let Some((before, after)) = first_back {
            parsed.note(
                Place::Whole,
                format!(
                    "the clock goes back {backs} times, first from {before} to {after}: the end of daylight \
                     saving time or a clock that was set"
                ),
            );
        }
        let mut say = |count: u64, what: &str| {
            if count > 0 {
                parsed.note(Place::Whole, format!("{count} {what}"));
            }
        };
        say(columns_dropped, "columns over the limit were left out");
        say(spliced as u64, "per-process series change from one process to another under the same name");
        say(
            unknown as u64,
            "per-process series cannot be checked for that: no ID Process or Elapsed Time beside them",
        );
        if stride > 1 {
            parsed.note(Place::Whole, format!("too many values: only one sample in {stride} is kept"));
        }
        parsed
    }
}

fn every_second<T: Copy>(values: &mut Vec<T>) {
    let mut at = 0;
    values.retain(|_| {
        at += 1;
        at % 2 == 1
    });
}

fn resolve(readings: &[Reading], month_first: bool) -> (Vec<Time>, DayOrder) {
    let pick = |reading: &Reading| match *reading {
        Reading::Plain(time) | Reading::MonthFirst(time) | Reading::Either { month_first: time, .. } => {
            Some(time)
        }
        Reading::DayFirst(_) => None,
    };
    if month_first && let Some(times) = readings.iter().map(pick).collect() {
        return (times, DayOrder::Clear);
    }
    dates::resolve(readings)
}
