//! Poolmon listings to snapshots and tag series.

use poolscope_formats::poolmon::{DiffChoice, PoolRow, PoolmonLog, Snapshot, TimeFrom};
use poolscope_formats::{Place, Pool, Tag, Time, Zone};

use crate::judge::SeriesKey;
use crate::model::{CaseBuilder, Contradiction, EvidenceId, HostFacts, SnapshotFacts, Source, TagPoint};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, log: PoolmonLog) {
    for snapshot in log.snapshots {
        let source = Source { evidence, place: Place::Line(snapshot.line) };
        caveats(case, &snapshot, source);
        if let Some(head) = &snapshot.head {
            if let Some(total) = head.total_bytes {
                HostFacts::state(&mut case.host.ram_bytes, total, source);
            }
            if let Some(limit) = head.limit_bytes {
                HostFacts::state(&mut case.host.commit_limit_bytes, limit, source);
            }
        }
        let choice_at = |line: u32| {
            snapshot.contradictions.iter().find(|c| c.line == u64::from(line)).map(|c| c.bytes_support)
        };
        let index = case.add_snapshot(SnapshotFacts {
            time: snapshot.time.map_or(Time(0), |stamp| stamp.time),
            timed: snapshot.time.is_some(),
            evidence,
            line: snapshot.line,
            rows: u32::try_from(snapshot.rows.len()).unwrap_or(u32::MAX),
            cut: snapshot.cut,
            pool_nonpaged_bytes: snapshot.head.and_then(|head| head.pool_nonpaged_bytes),
            pool_paged_bytes: snapshot.head.and_then(|head| head.pool_paged_bytes),
            commit_bytes: snapshot.head.and_then(|head| head.commit_bytes),
        });
        if let Some(stamp) = snapshot.time {
            case.snapshot_time(index, stamp, source);
            if stamp.zone == Zone::Unknown {
                case.wall_snapshot(index, source);
            }
        }
        let contradictory = !snapshot.contradictions.is_empty();
        for row in &snapshot.rows {
            let choice = if contradictory { choice_at(row.line) } else { None };
            if let Some((count, bytes)) = standing(row, choice) {
                let key = SeriesKey { pool: pool_of(row.pool), tag: row.tag };
                let allocs = row.allocs().unwrap_or(0) as u32;
                case.add_point(key, TagPoint { snapshot: index, line: row.line, allocs, count, bytes });
            }
        }
        for row in snapshot.contradictions {
            case.contradictions.push(Contradiction {
                key: SeriesKey { pool: pool_of(row.pool), tag: row.tag },
                allocs: row.allocs,
                frees: row.frees,
                printed: row.printed,
                recomputed: row.recomputed,
                source: Source { evidence, place: Place::Line(row.line) },
            });
        }
    }
}

fn caveats(case: &mut CaseBuilder, snapshot: &Snapshot, source: Source) {
    if snapshot.time.is_none() {
        case.caveat("Some snapshots carry no time at all; no rate can be computed from them.", source);
    }
    if snapshot.rows.iter().any(|row| row.pool.is_none()) {
        case.caveat("Some rows do not state their pool; they are taken as nonpaged.", source);
    }
    if snapshot.cut {
        case.caveat("Some listings are cut short: a tag that is missing there proves nothing.", source);
    }
}

/// Tables made by hand often leave the pool out; they are made when the nonpaged pool is short.
fn pool_of(stated: Option<Pool>) -> Pool {
    stated.unwrap_or(Pool::Nonpaged)
}

/// Outstanding count and bytes of a row; `None` where it has neither.
///
/// The kernel counts calls modulo 2^32, so the recomputed count is trusted, except in a contradictory row
/// whose bytes support the printed one.
fn standing(row: &PoolRow, support: Option<Option<DiffChoice>>) -> Option<(i64, u64)> {
    let count = match support {
        Some(Some(DiffChoice::Printed)) | Some(None) => row.outstanding().or(row.recomputed_outstanding()),
        _ => row.recomputed_outstanding().or(row.outstanding()),
    };
    let bytes = row.bytes().or_else(|| {
        let each = row.per_alloc()?;
        each.checked_mul(u64::try_from(count?).ok()?)
    });
    match (count, bytes) {
        (Some(count), Some(bytes)) => Some((count, bytes)),
        (None, Some(bytes)) => Some((0, bytes)),
        _ => None,
    }
}

pub(super) fn tables(log: &PoolmonLog) -> Vec<Table> {
    let times = log.snapshots.iter().map(|snapshot| {
        let time = snapshot.time.map_or("unknown".to_owned(), |stamp| stamp.time.to_string());
        let from = snapshot.time.map_or("", |stamp| match stamp.from {
            TimeFrom::Stated => "stated by the user",
            TimeFrom::LineInside => "a line inside",
            TimeFrom::FileName => "the file's name",
            TimeFrom::Modified => "the file's modification time",
        });
        vec![
            snapshot.line.to_string(),
            time,
            from.to_owned(),
            snapshot.rows.len().to_string(),
            if snapshot.cut { "yes" } else { "no" }.to_owned(),
        ]
    });
    let columns = [("Line", true), ("Time", false), ("Time from", false), ("Rows", true), ("Cut", false)];
    let mut tables = vec![Table::new("snapshots", &columns, times)];
    if let Some(last) = log.snapshots.last() {
        let mut rows: Vec<&PoolRow> = last.rows.iter().collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.bytes()), row.tag, row.pool));
        let number = |value: Option<u64>| value.map_or("-".to_owned(), |v| v.to_string());
        let cells = rows.into_iter().map(|row| {
            vec![
                row.tag.to_string(),
                row.pool.map_or("-", Pool::name).to_owned(),
                number(row.allocs()),
                number(row.frees()),
                row.outstanding().or(row.recomputed_outstanding()).map_or("-".to_owned(), |v| v.to_string()),
                number(row.bytes()),
                number(row.per_alloc()),
                row.line.to_string(),
            ]
        });
        let columns = [
            ("Tag", false),
            ("Pool", false),
            ("Allocs", true),
            ("Frees", true),
            ("Outstanding", true),
            ("Bytes", true),
            ("Per alloc", true),
            ("Line", true),
        ];
        tables.push(Table::new("tags of the last snapshot, most bytes first", &columns, cells));
    }
    tables
}

/// A tag and pool as one label: `Even (nonpaged)`.
pub(crate) fn label(tag: Tag, pool: Pool) -> String {
    format!("{tag} ({pool})")
}
