//! Turns followed flows into graded tags.

use std::collections::{BTreeMap, BTreeSet};

use super::allocators::{Effect, TagAt};
use super::code::{self, TagFlow};
use super::image::{Image, Machine};
use super::immediates;
use super::plausible::passed_tag;
use super::record::{Grade, TagUse};
use super::wdf;
use crate::limits::MAX_PE_SITES;
use crate::tag::Tag;

/// The tags of an image.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// Allocated with.
    pub allocated: Vec<TagUse>,
    /// Only freed with.
    pub freed_only: Vec<TagUse>,
    /// Allocating calls whose tag is not known.
    pub unresolved: u64,
    /// Imports something that takes a tag.
    pub imports_allocator: bool,
    /// What a reader should know.
    pub notes: Vec<String>,
}

#[derive(Default)]
struct Sites {
    sites: BTreeSet<u32>,
    interfaces: BTreeSet<&'static str>,
}

type Graded = BTreeMap<(Tag, Grade), Sites>;

/// Follows and grades the tags of an image. `file_name` gives the service name for a framework's default tag.
pub(super) fn find(image: &Image<'_>, file_name: &str) -> Tags {
    let mut tags = Tags::default();
    let table = wdf::function_table(image);
    tags.imports_allocator = imports_allocator(image) || table.is_some();
    let by_name = image.imports.iter().any(|import| import.name == "MmGetSystemRoutineAddress");
    if !tags.imports_allocator && !by_name {
        return tags;
    }
    let Some(found) = code::follow(image, table) else {
        tags.notes.push(format!("code of machine {} is not read: no tags", image.machine.name()));
        return tags;
    };
    if found.cut_short {
        tags.notes.push("the work limit for one image was met; tags may be missing".to_owned());
    }
    let mut allocated = Graded::new();
    let mut freed = Graded::new();
    let mut resolved = BTreeSet::new();
    let mut open = BTreeSet::new();
    let mut wdf_config_without_tag = None;
    for flow in &found.flows {
        let mut known = false;
        for number in flow.value.atoms().iter().filter_map(|atom| atom.as_number()) {
            let Some(tag) = passed_tag(number as u32) else { continue };
            known = true;
            let side = if flow.allocator.effect == Effect::Frees { &mut freed } else { &mut allocated };
            let entry = side.entry((tag, grade(flow))).or_default();
            entry.sites.insert(flow.site);
            entry.interfaces.insert(flow.allocator.name);
        }
        if known {
            resolved.insert(flow.site);
        } else if flow.allocator.tag == TagAt::WdfConfig {
            if flow.value.as_number() == Some(0) {
                wdf_config_without_tag = Some(flow.site);
            }
        } else if flow.allocator.effect == Effect::Allocates && !handed_on(flow) {
            open.insert(flow.site);
        }
    }
    tags.unresolved = open.difference(&resolved).count() as u64;
    if let Some(site) = wdf_config_without_tag {
        let tag = wdf::default_tag(file_name);
        let entry = allocated.entry((tag, Grade::WdfDefault)).or_default();
        entry.sites.insert(site);
        entry.interfaces.insert("WdfDriverCreate");
    }
    if tags.unresolved > 0 {
        let known: BTreeSet<Tag> = allocated.keys().chain(freed.keys()).map(|(tag, _)| *tag).collect();
        for (tag, site) in immediates::in_arguments(image, &|_| true) {
            if !known.contains(&tag) {
                allocated.entry((tag, Grade::Immediate)).or_default().sites.insert(site);
            }
        }
    }
    tags.allocated = strongest(allocated);
    let owned: BTreeSet<Tag> = tags.allocated.iter().map(|used| used.tag).collect();
    tags.freed_only = strongest(freed).into_iter().filter(|used| !owned.contains(&used.tag)).collect();
    if image.machine == Machine::X86 && tags.allocated.iter().any(|used| used.grade == Grade::Immediate) {
        tags.notes.push(
            "x86: where pushed arguments could not be told apart, tags are graded `immediate`".to_owned(),
        );
    }
    tags
}

/// True for an image that imports an interface that takes a tag.
pub(super) fn imports_allocator(image: &Image<'_>) -> bool {
    image.imports.iter().any(|import| super::allocators::find(&import.name).is_some())
}

/// True when the tag is a parameter of the function: its callers decide, and they are flows of their own.
fn handed_on(flow: &TagFlow) -> bool {
    flow.value.atoms().iter().any(|atom| atom.is_incoming())
}

fn grade(flow: &TagFlow) -> Grade {
    if !flow.proven {
        Grade::Immediate
    } else if !matches!(flow.allocator.tag, TagAt::Argument { .. }) {
        Grade::Parameter
    } else if flow.levels > 0 {
        Grade::Wrapper
    } else {
        Grade::Passed
    }
}

/// One row a tag: its strongest grade, with the sites of all grades.
fn strongest(graded: Graded) -> Vec<TagUse> {
    let mut rows: BTreeMap<Tag, (Grade, Sites)> = BTreeMap::new();
    for ((tag, grade), sites) in graded {
        let row = rows.entry(tag).or_insert_with(|| (grade, Sites::default()));
        row.0 = row.0.min(grade);
        row.1.sites.extend(sites.sites);
        row.1.interfaces.extend(sites.interfaces);
    }
    let mut out: Vec<TagUse> = rows
        .into_iter()
        .map(|(tag, (grade, sites))| TagUse {
            tag,
            grade,
            site_count: sites.sites.len() as u64,
            sites: sites.sites.into_iter().take(MAX_PE_SITES).collect(),
            interfaces: sites.interfaces.into_iter().collect(),
        })
        .collect();
    out.sort_by_key(|used| (used.grade, used.tag));
    out
}
