//! Performance counters to series, boots and host facts.

use std::sync::Arc;

use poolscope_formats::counters::{CounterColumn, CounterId, CounterLog, Identity};
use poolscope_formats::{Place, Time, Zone};

use crate::model::{
    BootMark, BootMarkKind, CaseBuilder, CounterKey, CounterSeries, EvidenceId, HostFacts, Source,
};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, log: CounterLog) {
    let whole = Source { evidence, place: Place::Whole };
    match log.zone {
        Zone::Unknown if !log.times.is_empty() => case.wall_times(whole),
        zone => case.states_zone(zone, whole),
    }
    if !log.clock_back.is_empty() {
        case.caveat("The clock of the counter log jumps back; its samples were put in order of time.", whole);
    }
    for column in &log.columns {
        if column.id == CounterId::SystemUpTime {
            boots(case, &log.times, column, whole);
        }
        if column.id == CounterId::MemoryCommitLimit
            && let Some(limit) = column.values.iter().rev().find(|value| value.is_finite())
        {
            HostFacts::state(&mut case.host.commit_limit_bytes, *limit as u64, whole);
        }
    }
    let all_times: Arc<[Time]> = log.times.into();
    for column in log.columns {
        let instance = instance_name(&column);
        let mut identity = column.identity;
        if let Identity::Spliced { rows } = &mut identity {
            // Row numbers of this log mean nothing once series are merged; keep only that it is spliced.
            rows.clear();
        }
        // A long log has tens of millions of values: they are copied only where some are missing.
        let whole_column = column.values.len() == all_times.len();
        let (times, values) = if whole_column && column.values.iter().all(|value| value.is_finite()) {
            (Arc::clone(&all_times), column.values)
        } else {
            let known = all_times.iter().zip(&column.values).filter(|(_, value)| value.is_finite());
            let (times, values): (Vec<Time>, Vec<f64>) = known.unzip();
            (times.into(), values)
        };
        if let Some(&first) = times.first() {
            let logs = vec![(first, whole)];
            let key = CounterKey { counter: column.id, instance };
            case.counters.push((key, CounterSeries { times, values, source: whole, logs, identity }));
        }
    }
}

/// `w3wp#2`, `_Total`, or nothing.
fn instance_name(column: &CounterColumn) -> String {
    match (&column.path.instance, column.path.index) {
        (None, _) => String::new(),
        (Some(name), 0) => name.clone(),
        (Some(name), index) => format!("{name}#{index}"),
    }
}

/// Uptime counted back gives the boot; a new mark is made where it falls.
fn boots(case: &mut CaseBuilder, times: &[Time], column: &CounterColumn, source: Source) {
    let mut last_uptime = f64::INFINITY;
    for (&time, &uptime) in times.iter().zip(&column.values) {
        if !uptime.is_finite() || uptime < 0.0 {
            continue;
        }
        if uptime < last_uptime {
            let booted = time.plus_hours(-uptime / 3_600.0);
            case.boot_marks.push(BootMark { time: booted, kind: BootMarkKind::Stated, source });
        }
        last_uptime = uptime;
    }
}

pub(super) fn tables(log: &CounterLog) -> Vec<Table> {
    let rows = log.columns.iter().map(|column| {
        let known: Vec<f64> = column.values.iter().copied().filter(|v| v.is_finite()).collect();
        let shown = |value: Option<&f64>| value.map_or("-".to_owned(), |v| format!("{v:.0}"));
        vec![
            column.path.object.clone(),
            instance_name(column),
            column.path.counter.clone(),
            known.len().to_string(),
            shown(known.first()),
            shown(known.last()),
        ]
    });
    let columns = [
        ("Object", false),
        ("Instance", false),
        ("Counter", false),
        ("Values", true),
        ("First", true),
        ("Last", true),
    ];
    let title = format!(
        "counters kept ({} of {} columns, {} samples)",
        log.columns.len(),
        log.columns_total,
        log.times.len()
    );
    vec![Table::new(title, &columns, rows)]
}
