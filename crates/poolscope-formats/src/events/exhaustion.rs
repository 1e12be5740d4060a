//! Event 2004 of the Resource-Exhaustion-Detector: what used memory when commit ran low.
//!
//! Blocks are found by name: their order differs between Windows 7 and 10, and any may be missing. Tags and
//! processes are numbered elements (`Tag_1`, `Process_1`), not lists; empty slots are left out.

use super::raw::{RawEvent, read_number};
use super::records::{ProcessUse, ResourceExhaustion};
use super::tree::Tree;
use crate::tag::Tag;
use crate::time::{Time, parse_iso};

/// Slots looked at in one block: Windows writes three tags and six processes.
const MAX_SLOTS: usize = 16;

/// Creation times before this are FILETIME zero, which empty process slots carry.
const YEAR_1602: Time = Time(-11_612_937_600_000_000);

/// Reads the event, or `None` if it has no data of its own.
pub(super) fn read(raw: &RawEvent) -> Option<ResourceExhaustion> {
    let (tree, own) = raw.user_tree()?;
    // The blocks stand right in the event's element, or in a wrapper of it.
    let root = tree.find("MemoryExhaustionInfo").unwrap_or(own);
    let system = tree.child(root, "SystemInfo");
    let number = |name: &str| tree.child_text(system?, name).and_then(read_number);
    Some(ResourceExhaustion {
        commit_limit_bytes: number("SystemCommitLimit"),
        commit_charge_bytes: number("SystemCommitCharge"),
        process_commit_bytes: number("ProcessCommitCharge"),
        nonpaged_pool_bytes: number("NonPagedPoolUsage"),
        paged_pool_bytes: number("PagedPoolUsage"),
        physical_bytes: number("PhysicalMemorySize"),
        physical_used_bytes: number("PhysicalMemoryUsage"),
        processes_running: number("Processes"),
        nonpaged_tags: tags(tree, tree.child(root, "NonPagedPoolInfo")),
        paged_tags: tags(tree, tree.child(root, "PagedPoolInfo")),
        processes: processes(tree, tree.child(root, "ProcessInfo")),
    })
}

fn tags(tree: &Tree, block: Option<usize>) -> Vec<(Tag, u64)> {
    let slots = block.into_iter().flat_map(|block| tree.children(block)).take(MAX_SLOTS);
    slots
        .filter_map(|slot| {
            let name = tree.child_text(slot, "Name")?;
            let bytes = read_number(tree.child_text(slot, "PoolUsed")?)?;
            Some((Tag::from_text(name.as_bytes())?, bytes))
        })
        .collect()
}

fn processes(tree: &Tree, block: Option<usize>) -> Vec<ProcessUse> {
    let slots = block.into_iter().flat_map(|block| tree.children(block)).take(MAX_SLOTS);
    slots
        .filter_map(|slot| {
            let number = |name: &str| tree.child_text(slot, name).and_then(read_number);
            let text = |name: &str| tree.child_text(slot, name).unwrap_or_default().to_owned();
            let (name, pid) = (text("Name"), number("ID")?);
            let is_empty = pid == 0 && name.is_empty();
            (!is_empty).then(|| ProcessUse {
                name,
                pid,
                created: tree
                    .child_text(slot, "CreationTime")
                    .and_then(parse_iso)
                    .map(|(time, _)| time)
                    .filter(|time| *time >= YEAR_1602),
                commit_bytes: number("CommitCharge"),
                handles: number("HandleCount"),
                version: text("Version"),
            })
        })
        .collect()
}
