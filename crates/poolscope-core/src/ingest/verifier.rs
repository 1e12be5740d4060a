//! Driver Verifier and WDF texts: flags, counters per driver, and callers, which are strong owner claims.

use std::collections::BTreeMap;

use poolscope_formats::Tag;
use poolscope_formats::verifier::{VerifiedDriver, VerifierReport, WdfPoolDump};

use crate::model::{
    CaseBuilder, Driver, EvidenceId, Grade, OwnerClaim, OwnerKind, Source, Stated, VerifiedState,
};
use crate::table::Table;
use crate::units::{bytes, count};

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, report: VerifierReport) {
    if let Some(flags) = report.flags {
        let source = Source { evidence, place: poolscope_formats::Place::Whole };
        case.state.verifier_flags.push(Stated { value: flags, source });
    }
    for one in report.drivers {
        driver(case, evidence, one);
    }
    wdf(case, evidence, &report.wdf);
}

/// One driver under verification; its standing allocations name their callers.
pub(super) fn driver(case: &mut CaseBuilder, evidence: EvidenceId, driver: VerifiedDriver) {
    let source = Source { evidence, place: driver.place };
    let mut by_caller = BTreeMap::<(Tag, String), (u64, u64, poolscope_formats::Place, String)>::new();
    for allocation in &driver.allocations {
        let module = match (allocation.module(), driver.name.as_str()) {
            (Some(module), _) => file_name(module),
            (None, "") => continue,
            (None, name) => file_name(name),
        };
        let symbol = allocation.symbol.clone().unwrap_or_else(|| format!("{:#x}", allocation.caller));
        let known = by_caller.entry((allocation.tag, module)).or_insert((0, 0, allocation.place, symbol));
        known.0 += 1;
        known.1 = known.1.saturating_add(allocation.bytes);
    }
    for ((tag, module), (blocks, held, place, symbol)) in by_caller {
        let more = if driver.allocations_dropped > 0 { " at least" } else { "" };
        case.owner_claims.push(OwnerClaim {
            tag,
            pool: None,
            name: module,
            kind: OwnerKind::Driver,
            grade: Grade::CallerAddress,
            reason: format!(
                "Verifier's list shows{more} {} standing allocations ({}) made from it, first at {symbol}",
                count(blocks as f64),
                bytes(held as f64)
            ),
            source: Some(Source { evidence, place }),
        });
    }
    if !driver.name.is_empty() {
        case.state.drivers.push(Driver::named(&driver.name, source));
    }
    case.state.verified.push(VerifiedState {
        driver: driver.name.to_lowercase(),
        current: driver.current,
        loads: driver.loads,
        source,
    });
}

/// Lines of a WDF log that tell of pool left behind at unload.
pub(super) fn wdf(case: &mut CaseBuilder, evidence: EvidenceId, lines: &[WdfPoolDump]) {
    case.state.wdf_leaks.extend(lines.iter().map(|line| Source { evidence, place: line.place }));
}

/// `abc` or `ABC.SYS` to `abc.sys`; the kernel's own modules keep the name people know.
fn file_name(module: &str) -> String {
    let lower = module.to_lowercase();
    if lower.contains('.') || matches!(lower.as_str(), "nt" | "hal") { lower } else { format!("{lower}.sys") }
}

pub(super) fn tables(report: &VerifierReport) -> Vec<Table> {
    let mut tables = Vec::new();
    if let Some(flags) = report.flags {
        let rows = [vec!["flags".to_owned(), format!("{flags:#010x}")]];
        tables.push(Table::new("settings", &[("What", false), ("Value", false)], rows));
    }
    if !report.global_counters.is_empty() {
        let rows = report.global_counters.iter().map(|c| vec![c.name.clone(), c.value.to_string()]);
        tables.push(Table::new("counters of the host", &[("Counter", false), ("Value", true)], rows));
    }
    if !report.drivers.is_empty() {
        tables.push(driver_table("drivers under verification", &report.drivers));
    }
    if !report.wdf.is_empty() {
        let rows = report.wdf.iter().map(|line| vec![line.place.to_string(), format!("{:?}", line.what)]);
        tables.push(Table::new("WDF pool at unload", &[("Place", false), ("What", false)], rows));
    }
    tables
}

/// Drivers with what stands.
pub(super) fn driver_table(title: &str, drivers: &[VerifiedDriver]) -> Table {
    let rows = drivers.iter().map(|driver| {
        let cell = |value: Option<u64>| value.map_or("-".to_owned(), |v| v.to_string());
        vec![
            driver.name.clone(),
            cell(driver.current.map(|now| now.nonpaged_count)),
            cell(driver.current.map(|now| now.nonpaged_bytes)),
            cell(driver.current.map(|now| now.paged_count)),
            cell(driver.current.map(|now| now.paged_bytes)),
            driver.allocations.len().to_string(),
        ]
    });
    let columns = [
        ("Driver", false),
        ("Nonpaged", true),
        ("Bytes", true),
        ("Paged", true),
        ("Bytes", true),
        ("Listed", true),
    ];
    Table::new(title, &columns, rows)
}
