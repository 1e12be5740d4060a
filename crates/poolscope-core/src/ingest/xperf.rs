//! `xperf -a pool` text: what stands since the trace began, by image and tag.

use poolscope_formats::xperf_text::XperfPoolReport;

use crate::model::{CaseBuilder, EvidenceId, Grade, OwnerClaim, OwnerKind, Source, StandingTable};
use crate::table::Table;
use crate::units::{bytes, count};

/// An image is named for a tag when it holds at least this share of the tag's outstanding bytes.
const WORTH_A_CLAIM_SHARE: f64 = 0.05;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, report: XperfPoolReport) {
    let mut totals = std::collections::BTreeMap::new();
    for row in &report.rows {
        *totals.entry((row.standing.tag, row.standing.pool)).or_insert(0u64) += row.standing.bytes;
    }
    for row in &report.rows {
        let standing = &row.standing;
        let total = totals.get(&(standing.tag, standing.pool)).copied().unwrap_or(0);
        let Some(image) = standing.owner.as_deref().filter(|image| !image.trim().is_empty()) else {
            continue;
        };
        if total == 0 || (standing.bytes as f64) < total as f64 * WORTH_A_CLAIM_SHARE {
            continue;
        }
        let name = image.trim().to_lowercase();
        case.owner_claims.push(OwnerClaim {
            tag: standing.tag,
            pool: Some(standing.pool),
            kind: if name.ends_with(".exe") { OwnerKind::Process } else { OwnerKind::Driver },
            name,
            // The layout is not verified and the column does not say how the image was chosen.
            grade: Grade::Circumstance,
            reason: format!(
                "xperf's pool table lists it with {} of the {} that stand since the trace began ({} allocations)",
                bytes(standing.bytes as f64),
                bytes(total as f64),
                count(standing.outstanding as f64)
            ),
            source: Some(Source { evidence, place: standing.place }),
        });
    }
    if let Some(first) = report.rows.first() {
        case.state.standing.push(StandingTable {
            what: "xperf's pool table",
            since_trace: true,
            source: Source { evidence, place: first.standing.place },
            rows: report.rows.into_iter().map(|row| row.standing).collect(),
        });
    }
}

pub(super) fn tables(report: &XperfPoolReport) -> Vec<Table> {
    let mut rows: Vec<_> = report.rows.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.standing.bytes), row.standing.tag));
    let cells = rows.iter().map(|row| {
        vec![
            row.section.clone(),
            row.standing.owner.clone().unwrap_or_else(|| "-".to_owned()),
            row.standing.tag.to_string(),
            row.standing.outstanding.to_string(),
            row.standing.bytes.to_string(),
        ]
    });
    let columns =
        [("Section", false), ("Image", false), ("Tag", false), ("Outstanding", true), ("Bytes", true)];
    vec![Table::new("outstanding since the trace began, most bytes first", &columns, cells)]
}
