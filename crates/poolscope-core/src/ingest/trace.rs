//! Pool traces: allocation stacks name owners with the strongest grade, and what stands since the trace began.

use poolscope_formats::Place;
use poolscope_formats::etl::pool_trace::PoolTrace;

use crate::model::{CaseBuilder, EvidenceId, Grade, OwnerClaim, OwnerKind, Source};
use crate::table::Table;
use crate::trace::{TraceOptions, TraceReport, build};
use crate::units::{bytes, count};

/// A driver is named for a tag when its stacks hold at least this share of the tag's outstanding bytes.
const WORTH_A_CLAIM_SHARE: f64 = 0.05;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, trace: &PoolTrace) {
    let report = report(trace);
    for (row, tag) in report.tags.iter().zip(&trace.tags) {
        if row.outstanding_bytes == 0 {
            continue;
        }
        let mut drivers: std::collections::BTreeMap<&str, (u64, u64)> = std::collections::BTreeMap::new();
        let sites = report.sites.iter().filter(|site| site.tag == row.tag && site.pool == row.pool);
        for site in sites.filter(|site| !site.module.starts_with('(')) {
            let standing = drivers.entry(&site.module).or_default();
            standing.0 += site.outstanding_count;
            standing.1 = standing.1.saturating_add(site.outstanding_bytes);
        }
        for (module, (number, size)) in drivers {
            if (size as f64) < row.outstanding_bytes as f64 * WORTH_A_CLAIM_SHARE {
                continue;
            }
            let suspect = report.suspects.iter().find(|suspect| {
                suspect.tag == row.tag && suspect.pool == row.pool && suspect.module == module
            });
            let grows = match suspect {
                Some(suspect) => {
                    format!(", and it grows by {} an hour", bytes(suspect.growth_bytes_per_hour))
                }
                None => String::new(),
            };
            case.owner_claims.push(OwnerClaim {
                tag: tag.tag,
                pool: Some(tag.pool),
                name: module.to_lowercase(),
                kind: OwnerKind::Driver,
                grade: Grade::AllocationStack,
                reason: format!(
                    "its allocation stacks hold {} of the {} of this tag that were allocated in a trace of {:.1} s \
                     and not freed ({} blocks){grows}",
                    bytes(size as f64),
                    bytes(row.outstanding_bytes as f64),
                    report.trace.seconds,
                    count(number as f64)
                ),
                source: Some(Source { evidence, place: Place::Whole }),
            });
        }
    }
}

fn report(trace: &PoolTrace) -> TraceReport {
    build(trace, &TraceOptions::default(), &|_, _| None)
}

pub(super) fn tables(trace: &PoolTrace) -> Vec<Table> {
    let report = report(trace);
    let tags = report.tags.iter().map(|row| {
        vec![
            row.tag.clone(),
            row.pool.to_owned(),
            row.allocs.to_string(),
            row.frees.to_string(),
            row.outstanding_count.to_string(),
            row.outstanding_bytes.to_string(),
            row.shape.replace('_', " "),
        ]
    });
    let drivers = report.drivers.iter().map(|row| {
        vec![row.module.clone(), row.outstanding_count.to_string(), row.outstanding_bytes.to_string()]
    });
    let census = report.census.iter().map(|row| {
        let name = row.name.map_or_else(|| row.provider.clone(), str::to_owned);
        vec![name, row.opcode.to_string(), row.count.to_string()]
    });
    let tag_columns = [
        ("Tag", false),
        ("Pool", false),
        ("Allocs", true),
        ("Frees", true),
        ("Outstanding", true),
        ("Bytes", true),
        ("Shape", false),
    ];
    let mut tables = Vec::new();
    if report.trace.pool_events > 0 {
        tables.push(Table::new("pool tags of the trace, most outstanding bytes first", &tag_columns, tags));
        let columns = [("Driver", false), ("Outstanding", true), ("Bytes", true)];
        tables.push(Table::new("drivers by allocation stacks", &columns, drivers));
    }
    let columns = [("Provider", false), ("Opcode", true), ("Events", true)];
    tables.push(Table::new("events by provider and opcode", &columns, census));
    tables
}
