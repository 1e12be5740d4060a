//! Per-process series that change hands: `svchost#4` becomes `svchost#3` when an earlier one exits.

use std::collections::BTreeMap;

use super::{CounterId, CounterLog, Identity};

/// Sets [`super::CounterColumn::identity`] of every column from the `ID Process` and `Elapsed Time` columns
/// beside it. Returns how many series are spliced and how many cannot be checked.
pub fn mark_identities(log: &mut CounterLog) -> (usize, usize) {
    type Instance = (Option<String>, Option<String>, u32);
    let mut splices: BTreeMap<Instance, Option<Vec<u32>>> = BTreeMap::new();
    for column in log.columns.iter().filter(|column| column.id.is_per_process()) {
        let key = (column.path.machine.clone(), column.path.instance.clone(), column.path.index);
        let found = match column.id {
            CounterId::ProcessIdProcess => Some(changes(&column.values, |before, now| before != now)),
            // Two values a moment apart may fall by rounding; another process began far later.
            CounterId::ProcessElapsedTime => Some(changes(&column.values, |before, now| now < before - 1.0)),
            _ => None,
        };
        let known = splices.entry(key).or_default();
        if let Some(found) = found {
            let mut all = known.take().unwrap_or_default();
            all.extend(found);
            all.sort_unstable();
            all.dedup();
            *known = Some(all);
        }
    }
    let (mut spliced, mut unknown) = (0, 0);
    for column in &mut log.columns {
        column.identity = Identity::Stable;
        let instance = column.path.instance.as_deref().unwrap_or("");
        // `Process V2` carries the process id in its names; the fixed names never change hands.
        let fixed = ["_total", "idle", "system"].iter().any(|name| instance.eq_ignore_ascii_case(name));
        let own_id = column.path.object.eq_ignore_ascii_case("Process V2");
        if !column.id.is_per_process() || fixed || own_id {
            continue;
        }
        let key = (column.path.machine.clone(), column.path.instance.clone(), column.path.index);
        match splices.get(&key) {
            Some(Some(rows)) if rows.is_empty() => {}
            Some(Some(rows)) => {
                spliced += 1;
                column.identity = Identity::Spliced { rows: rows.clone() };
            }
            _ => {
                unknown += 1;
                column.identity = Identity::Unknown;
            }
        }
    }
    (spliced, unknown)
}

/// Indices where a value differs, by `differs`, from the last one that was there.
fn changes(values: &[f64], differs: fn(f64, f64) -> bool) -> Vec<u32> {
    let mut last: Option<f64> = None;
    let mut found = Vec::new();
    for (at, &value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
        if last.is_some_and(|last| differs(last, value)) {
            found.extend(u32::try_from(at));
        }
        last = Some(value);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::{CounterColumn, CounterPath};

    fn column(path: &str, id: CounterId, values: &[f64]) -> CounterColumn {
        CounterColumn {
            path: CounterPath::parse(path).unwrap(),
            id,
            values: values.to_vec(),
            identity: Identity::Unknown,
        }
    }

    #[test]
    fn a_change_of_id_or_a_fall_of_elapsed_time_is_a_splice() {
        let nan = f64::NAN;
        let mut log = CounterLog {
            columns: vec![
                column("\\Process(svchost#3)\\Handle Count", CounterId::ProcessHandleCount, &[9.0; 5]),
                column(
                    "\\Process(svchost#3)\\ID Process",
                    CounterId::ProcessIdProcess,
                    &[4.0, 4.0, nan, 8.0, 8.0],
                ),
                column("\\Process(a)\\Handle Count", CounterId::ProcessHandleCount, &[9.0; 5]),
                column(
                    "\\Process(a)\\Elapsed Time",
                    CounterId::ProcessElapsedTime,
                    &[10.0, 20.0, 3.0, 13.0, 23.0],
                ),
                column("\\Process(b)\\Handle Count", CounterId::ProcessHandleCount, &[9.0; 5]),
                column("\\Process(c)\\Handle Count", CounterId::ProcessHandleCount, &[9.0; 5]),
                column("\\Process(c)\\ID Process", CounterId::ProcessIdProcess, &[4.0; 5]),
                column("\\Process(_Total)\\Handle Count", CounterId::ProcessHandleCount, &[9.0; 5]),
                column("\\Process V2(b:77)\\Handle Count", CounterId::ProcessHandleCount, &[9.0; 5]),
                column("\\Memory\\Pool Nonpaged Bytes", CounterId::MemoryPoolNonpagedBytes, &[9.0; 5]),
            ],
            ..CounterLog::default()
        };
        assert_eq!(mark_identities(&mut log), (4, 1));
        let of: Vec<&Identity> = log.columns.iter().map(|column| &column.identity).collect();
        assert_eq!(of[0], &Identity::Spliced { rows: vec![3] });
        assert_eq!(of[2], &Identity::Spliced { rows: vec![2] });
        assert_eq!(of[4], &Identity::Unknown);
        for stable in [5, 6, 7, 8, 9] {
            assert_eq!(of[stable], &Identity::Stable);
        }
    }
}
