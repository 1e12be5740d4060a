//! Debugger text: `!poolused` becomes a snapshot of the tag table, callers become owner claims, process lists
//! and handle tables become listings.

use poolscope_formats::debugger::{CommandOutput, DebuggerLog, DebuggerOutput, PoolFind, PoolUsed};
use poolscope_formats::{Place, Time};

use super::{host, processes, verifier};
use crate::judge::SeriesKey;
use crate::model::{CaseBuilder, EvidenceId, ProcessMoment, SnapshotFacts, Source, TagPoint};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, log: DebuggerLog) {
    let taken = host::taken_at(&log.host);
    host::ingest(case, evidence, &log.host);
    for output in log.outputs {
        let source = Source { evidence, place: output.place };
        match output.output {
            DebuggerOutput::PoolUsed(used) => pool_used(case, source, taken, &used),
            DebuggerOutput::Memory(memory) => host::ingest(case, evidence, &memory.host),
            DebuggerOutput::Verifier(drivers) => {
                for driver in drivers {
                    verifier::driver(case, evidence, driver);
                }
            }
            DebuggerOutput::Processes(list) => case.state.processes.push(ProcessMoment {
                time: taken,
                source,
                complete: list.len() > 4,
                processes: list,
                handles: Vec::new(),
                total_handles: None,
            }),
            DebuggerOutput::Handles(table) => case.state.processes.push(ProcessMoment {
                time: taken,
                source,
                complete: false,
                processes: Vec::new(),
                handles: table.by_type,
                total_handles: None,
            }),
            _ => {}
        }
    }
    verifier::wdf(case, evidence, &log.wdf);
}

/// `!poolused` counts what is outstanding now, which is what a point of a series is.
fn pool_used(case: &mut CaseBuilder, source: Source, taken: Option<Time>, used: &PoolUsed) {
    if taken.is_none() {
        case.caveat("Some snapshots carry no time at all; no rate can be computed from them.", source);
    }
    if used.partial {
        case.caveat("Some listings are cut short: a tag that is missing there proves nothing.", source);
    }
    let total = |at: usize| used.totals.and_then(|totals| totals.get(at).map(|&(_, bytes)| bytes));
    let index = case.add_snapshot(SnapshotFacts {
        time: taken.unwrap_or(Time(0)),
        timed: taken.is_some(),
        evidence: source.evidence,
        line: line_of(source.place),
        rows: u32::try_from(used.rows.len()).unwrap_or(u32::MAX),
        cut: used.partial,
        // The sum over the tags is less than the pool; it stands in where nothing else is there.
        pool_nonpaged_bytes: total(0),
        pool_paged_bytes: total(1),
        commit_bytes: None,
    });
    for row in used.rows.iter().filter(|row| row.outstanding > 0 || row.bytes > 0) {
        let point = TagPoint {
            snapshot: index,
            line: u32::try_from(line_of(row.place)).unwrap_or(u32::MAX),
            allocs: row.allocs.unwrap_or(0) as u32,
            count: i64::try_from(row.outstanding).unwrap_or(i64::MAX),
            bytes: row.bytes,
        };
        case.add_point(SeriesKey { pool: row.pool, tag: row.tag }, point);
    }
}

/// The line of a place, 0 where it has none.
fn line_of(place: Place) -> u64 {
    match place {
        Place::Line(line) => line,
        _ => 0,
    }
}

pub(super) fn tables(log: &DebuggerLog) -> Vec<Table> {
    let mut tables = Vec::new();
    if !log.host.is_empty() {
        tables.push(Table::new("host", &host::COLUMNS, host::rows(&log.host)));
    }
    for output in &log.outputs {
        tables.push(table(output));
    }
    tables
}

fn table(output: &CommandOutput) -> Table {
    let command = |usual: &str| output.command.clone().unwrap_or_else(|| usual.to_owned());
    match &output.output {
        DebuggerOutput::PoolUsed(used) => {
            let mut rows: Vec<_> =
                used.rows.iter().filter(|row| row.outstanding > 0 || row.bytes > 0).collect();
            rows.sort_by_key(|row| (std::cmp::Reverse(row.bytes), row.tag, row.pool));
            let cells = rows.iter().map(|row| {
                vec![
                    row.tag.to_string(),
                    row.pool.name().to_owned(),
                    row.outstanding.to_string(),
                    row.bytes.to_string(),
                    row.owner.clone().unwrap_or_else(|| "-".to_owned()),
                    row.place.to_string(),
                ]
            });
            let columns = [
                ("Tag", false),
                ("Pool", false),
                ("Outstanding", true),
                ("Bytes", true),
                ("Owner", false),
                ("Place", false),
            ];
            Table::new(format!("{}: most bytes first", command("!poolused")), &columns, cells)
        }
        DebuggerOutput::PoolFind(find) => found(&command("!poolfind"), find),
        DebuggerOutput::Memory(memory) => {
            Table::new(command("!vm"), &host::COLUMNS, host::rows(&memory.host))
        }
        DebuggerOutput::Verifier(drivers) => verifier::driver_table(&command("!verifier"), drivers),
        DebuggerOutput::Processes(list) => processes::process_table(&command("!process 0 0"), list),
        DebuggerOutput::Handles(table) => processes::handle_table(&command("!handle"), &table.by_type),
        _ => Table::new(command("output that is not shown"), &[], Vec::new()),
    }
}

/// Blocks by size: the size class of a tag's blocks tells what they hold.
fn found(command: &str, find: &PoolFind) -> Table {
    let mut sizes = std::collections::BTreeMap::<(bool, u64), u64>::new();
    for block in &find.blocks {
        *sizes.entry((block.allocated, block.bytes)).or_default() += 1;
    }
    let mut rows: Vec<_> = sizes.into_iter().collect();
    rows.sort_by_key(|&((allocated, bytes), count)| (std::cmp::Reverse(count), !allocated, bytes));
    let cells = rows.into_iter().map(|((allocated, bytes), count)| {
        let state = if allocated { "allocated" } else { "free" };
        vec![bytes.to_string(), state.to_owned(), count.to_string()]
    });
    let unfinished = if find.finished { "" } else { ", the search was not finished" };
    let title = format!("{command}: blocks by size{unfinished}");
    Table::new(title, &[("Bytes", true), ("State", false), ("Blocks", true)], cells)
}

#[cfg(test)]
mod tests {
    use poolscope_formats::facts::{HostFact, HostValue, StandingPool};
    use poolscope_formats::{Pool, Tag, Zone};

    use super::*;

    fn log(time: Option<Time>) -> DebuggerLog {
        let row = StandingPool {
            place: Place::Line(9),
            tag: Tag(*b"Abcd"),
            pool: Pool::Nonpaged,
            outstanding: 7,
            bytes: 700,
            allocs: None,
            frees: None,
            owner: None,
        };
        let used = PoolUsed { rows: vec![row], totals: None, partial: false };
        let taken =
            |time| HostFact { place: Place::Line(1), value: HostValue::TakenAt { time, zone: Zone::Utc } };
        DebuggerLog {
            outputs: vec![CommandOutput {
                place: Place::Line(5),
                command: None,
                output: DebuggerOutput::PoolUsed(used),
            }],
            host: time.map(taken).into_iter().collect(),
            wdf: Vec::new(),
        }
    }

    #[test]
    fn poolused_is_a_snapshot_timed_only_if_the_session_says_when() {
        for (time, timed) in [(Some(Time(1_777_622_400_000_000)), true), (None, false)] {
            let mut case = CaseBuilder::default();
            ingest(&mut case, EvidenceId(0), log(time));
            let case = case.finish();
            assert_eq!(case.snapshots.iter().map(|s| s.timed).collect::<Vec<_>>(), [timed]);
            let series = &case.tags[&SeriesKey { pool: Pool::Nonpaged, tag: Tag(*b"Abcd") }];
            assert_eq!(
                (series.counts.as_slice(), series.bytes.as_slice()),
                ([7].as_slice(), [700].as_slice())
            );
            assert_eq!(case.caveats.is_empty(), timed);
        }
    }
}
