//! Entries of the tables that the pass fills: stack definitions, groups, counts of a range.

use super::*;

pub(super) fn define(
    keys: &mut KeyTable,
    sites: &mut SiteTable,
    definition: &crate::etl::pool_trace::record::Definition,
) {
    if keys.len() >= MAX_ETL_STACK_KEYS {
        return;
    }
    if let Some(settled) = keys.define(definition) {
        sites.settle(settled.generation, settled.stack);
    }
}

/// The group of a tag in a pool, made if it is new.
pub(super) fn group(
    groups: &mut Vec<Group>,
    group_of: &mut SeededMap<(u32, u32), u32>,
    tag: u32,
    pool_type: u32,
) -> u32 {
    *group_of.entry((tag, pool_type & 1)).or_insert_with(|| {
        groups.push(Group {
            tag,
            paged: pool_type & 1 != 0,
            orphans: (0, 0),
            orphan_columns: Vec::new(),
            columns: Vec::new(),
            lifetimes: [0; 64],
            range: crate::etl::pool_trace::RangeCounts::default(),
        });
        (groups.len() - 1) as u32
    })
}

/// Counts one allocation for a stretch of time. `freed` is `None` for one that is still alive.
pub(super) fn count_in_range(
    counts: &mut crate::etl::pool_trace::RangeCounts,
    (start, end): (i64, i64),
    allocated: i64,
    freed: Option<i64>,
    bytes: u64,
) {
    if allocated > end || freed.is_some_and(|freed| freed < start) {
        return;
    }
    let freed_inside = freed.is_some_and(|freed| freed <= end);
    let which = match (allocated >= start, freed_inside) {
        (true, true) => &mut counts.aifi,
        (true, false) => &mut counts.aifo,
        (false, true) => &mut counts.aofi,
        (false, false) => &mut counts.aofo,
    };
    which.0 += 1;
    which.1 = which.1.saturating_add(bytes);
}
