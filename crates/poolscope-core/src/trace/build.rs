//! Sites to tables: attributes every site to a driver and a process, judges what grows, and names the suspects.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use poolscope_formats::Pool;
use poolscope_formats::etl::decode::pool::PoolType;
use poolscope_formats::etl::pool_trace::{LoadedImage, Owner, PoolTrace, RangeCounts, Site};

use super::facts::{census, facts, lost, pairing, remarks};
use super::growth::{Growth, History, judge_all, shape};
use super::modules::{ModuleMap, is_kernel_module, skipped_by_default};
use super::report::*;
use crate::system_images::works_for_others;

/// Names the function at an offset of an image; `None` where no symbols are known.
pub type FunctionAt<'a> = &'a dyn Fn(&LoadedImage, u64) -> Option<String>;

/// How a trace is attributed.
#[derive(Clone, Default, Debug)]
pub struct TraceOptions {
    /// File names of further modules to pass over when looking for the driver.
    pub skip: Vec<String>,
}

/// Module of allocations without a stack.
const NO_STACK: &str = "(no stack)";
/// Module of return addresses outside every known image.
const UNKNOWN: &str = "(unknown module)";

/// Attributes and judges a trace.
pub fn build(trace: &PoolTrace, options: &TraceOptions, function_at: FunctionAt<'_>) -> TraceReport {
    let map = ModuleMap::new(&trace.images, trace.wide);
    let attribution = Attribution { trace, map, options };
    let placed: Vec<Placed<'_>> = trace.sites.iter().map(|site| attribution.place(site)).collect();
    let (tags, tag_growth) = tag_rows(trace);
    TraceReport {
        schema: SCHEMA,
        trace: facts(trace),
        lost: lost(trace),
        pairing: pairing(trace),
        stacks: StackFacts {
            records: trace.joining.records,
            resolved: trace.joining.resolved,
            unresolved: trace.joining.unresolved,
            of_frees: trace.joining.of_frees,
            allocs_with_stack: trace.joining.allocs_with_stack,
        },
        suspects: suspects(&attribution, &placed, &tag_growth, function_at),
        tags,
        drivers: drivers(&placed),
        processes: processes(trace),
        sites: placed.iter().map(|placed| attribution.row(placed, function_at)).collect(),
        moments: trace.moments.clone(),
        census: census(trace),
        remarks: remarks(trace),
    }
}

/// A site and the driver it is counted for.
struct Placed<'a> {
    site: &'a Site,
    module: String,
    image: Option<&'a LoadedImage>,
    /// The frame in that driver.
    frame: Option<u64>,
    /// The next module above, where the driver works for others.
    above: Option<String>,
}

struct Attribution<'a> {
    trace: &'a PoolTrace,
    map: ModuleMap<'a>,
    options: &'a TraceOptions,
}

impl<'a> Attribution<'a> {
    fn skipped(&self, image: &LoadedImage) -> bool {
        let skipped = |name: &str| {
            skipped_by_default(name) || self.options.skip.iter().any(|skip| skip.eq_ignore_ascii_case(name))
        };
        skipped(image.name()) || image.original_name.as_deref().is_some_and(skipped)
    }

    fn frames(&self, site: &Site) -> &'a [u64] {
        let stack = site.stack.and_then(|stack| self.trace.stacks.get(stack as usize));
        stack.map_or(&[], Vec::as_slice)
    }

    fn process(&self, site: &Site) -> u32 {
        self.trace.owners.get(site.owner as usize).and_then(|owner| owner.process).unwrap_or(0)
    }

    /// The innermost kernel frame outside the skipped modules; if all are skipped, the innermost of all.
    fn place(&self, site: &'a Site) -> Placed<'a> {
        let frames = self.frames(site);
        let kernel = frames.iter().copied().take_while(|frame| is_kernel_module(*frame, self.trace.wide));
        let mut found: Vec<(u64, Option<&LoadedImage>)> =
            kernel.map(|frame| (frame, self.map.at(frame, 0, site.first_seconds))).collect();
        let driver = found.iter().position(|(_, image)| !image.is_some_and(|image| self.skipped(image)));
        let Some(&(frame, image)) = found.get(driver.unwrap_or(0)) else {
            let module = if frames.is_empty() { NO_STACK } else { UNKNOWN };
            return Placed { site, module: module.to_owned(), image: None, frame: None, above: None };
        };
        let module = image.map_or_else(|| UNKNOWN.to_owned(), |image| image.name().to_owned());
        let above = works_for_others(&module).then(|| {
            found.drain(..driver.unwrap_or(0));
            let other = found
                .iter()
                .filter_map(|(_, image)| *image)
                .find(|image| !self.skipped(image) && !works_for_others(image.name()));
            other.map(|image| image.name().to_owned())
        });
        Placed { site, module, image, frame: Some(frame), above: above.flatten() }
    }

    fn frame_text(&self, frame: u64, site: &Site, function_at: FunctionAt<'_>) -> String {
        match self.map.at(frame, self.process(site), site.first_seconds) {
            None => format!("{frame:#x}"),
            Some(image) => {
                let offset = frame - image.base;
                match function_at(image, offset) {
                    Some(function) => format!("{}!{function}", image.name()),
                    None => format!("{}+{offset:#x}", image.name()),
                }
            }
        }
    }

    fn row(&self, placed: &Placed<'_>, function_at: FunctionAt<'_>) -> SiteRow {
        let site = placed.site;
        SiteRow {
            tag: site.tag.to_string(),
            pool: PoolType(site.pool_type).pool().name(),
            pool_type: site.pool_type,
            module: placed.module.clone(),
            process: process_name(self.trace.owners.get(site.owner as usize)),
            allocs: site.allocs.0,
            alloc_bytes: site.allocs.1,
            frees: site.frees.0,
            vanished: site.vanished.0,
            outstanding_count: site.outstanding.0,
            outstanding_bytes: site.outstanding.1,
            outstanding_doubtful: site.outstanding_doubtful,
            outstanding_by_quarter: site.outstanding_by_quarter,
            mean_lifetime: site.mean_lifetime,
            range: range(&site.range),
            frames: self
                .frames(site)
                .iter()
                .map(|frame| self.frame_text(*frame, site, function_at))
                .collect(),
        }
    }
}

fn process_name(owner: Option<&Owner>) -> String {
    match owner {
        Some(Owner { process: Some(id), name: Some(name), .. }) => format!("{name} ({id})"),
        Some(Owner { process: Some(id), .. }) => format!("process {id}"),
        _ => "unknown process".to_owned(),
    }
}

fn range(counts: &RangeCounts) -> RangeRow {
    RangeRow { aifi: counts.aifi, aifo: counts.aifo, aofi: counts.aofi, aofo: counts.aofo }
}

/// The tags' rows, and the growth of each by tag and pool, in the order of the rows.
fn tag_rows(trace: &PoolTrace) -> (Vec<TagRow>, Vec<Growth>) {
    let histories: Vec<History> = trace
        .tags
        .iter()
        .map(|tag| History {
            count: tag
                .history
                .iter()
                .zip(&tag.orphans)
                .map(|(own, gone)| own.0 as i64 - gone.0 as i64)
                .collect(),
            bytes: tag
                .history
                .iter()
                .zip(&tag.orphans)
                .map(|(own, gone)| own.1 as i64 - gone.1 as i64)
                .collect(),
        })
        .collect();
    let growth = judge_all(&histories, trace.moments.len());
    let seconds = (trace.span_seconds.1 - trace.span_seconds.0).max(f64::MIN_POSITIVE);
    let rows = trace.tags.iter().zip(&growth).map(|(tag, growth)| TagRow {
        tag: tag.tag.to_string(),
        pool: tag.pool.name(),
        allocs: tag.allocs.0,
        alloc_bytes: tag.allocs.1,
        frees: tag.frees.0,
        freed_bytes: tag.frees.1,
        frees_without_alloc: tag.frees_without_alloc.0,
        outstanding_count: tag.outstanding.0,
        outstanding_bytes: tag.outstanding.1,
        net_count: tag.allocs.0 as i64 - tag.frees.0 as i64 - tag.frees_without_alloc.0 as i64,
        allocs_per_second: tag.allocs.0 as f64 / seconds,
        shape: shape(growth.class),
        growing: growth.growing,
        range: range(&tag.range),
        lifetimes: tag.lifetimes.clone(),
        history_bytes: tag.history.iter().map(|(_, bytes)| *bytes).collect(),
    });
    (rows.collect(), growth)
}

fn drivers(placed: &[Placed<'_>]) -> Vec<DriverRow> {
    let mut rows: BTreeMap<String, DriverRow> = BTreeMap::new();
    for Placed { site, module, image, .. } in placed {
        let row = rows.entry(module.to_lowercase()).or_insert_with(|| DriverRow {
            module: module.clone(),
            path: image.map(|image| image.path.clone()),
            company: image.and_then(|image| image.company.clone()),
            version: image.and_then(|image| image.version.clone()),
            works_for_others: works_for_others(module),
            allocs: 0,
            frees: 0,
            outstanding_count: 0,
            outstanding_bytes: 0,
        });
        row.allocs += site.allocs.0;
        row.frees += site.frees.0;
        row.outstanding_count += site.outstanding.0;
        row.outstanding_bytes = row.outstanding_bytes.saturating_add(site.outstanding.1);
    }
    let mut rows: Vec<DriverRow> = rows.into_values().collect();
    rows.sort_by_key(|row| Reverse((row.outstanding_bytes, row.outstanding_count)));
    rows
}

fn processes(trace: &PoolTrace) -> Vec<ProcessRow> {
    let mut rows: Vec<ProcessRow> = trace
        .owners
        .iter()
        .map(|owner| ProcessRow {
            name: owner.name.clone(),
            pid: owner.process,
            allocs: 0,
            outstanding_count: 0,
            outstanding_bytes: 0,
        })
        .collect();
    for site in &trace.sites {
        if let Some(row) = rows.get_mut(site.owner as usize) {
            row.allocs += site.allocs.0;
            row.outstanding_count += site.outstanding.0;
            row.outstanding_bytes = row.outstanding_bytes.saturating_add(site.outstanding.1);
        }
    }
    rows.sort_by_key(|row| Reverse((row.outstanding_bytes, row.outstanding_count)));
    rows
}

/// The sites of one tag, pool and driver.
struct Group<'p, 'a> {
    members: Vec<&'p Placed<'a>>,
}

/// Which tag, pool and driver grow, by bytes gained, most first.
fn suspects(
    attribution: &Attribution<'_>,
    placed: &[Placed<'_>],
    tag_growth: &[Growth],
    function_at: FunctionAt<'_>,
) -> Vec<Suspect> {
    let trace = attribution.trace;
    let mut groups: BTreeMap<(poolscope_formats::Tag, Pool, String), Group<'_, '_>> = BTreeMap::new();
    for place in placed {
        let pool = PoolType(place.site.pool_type).pool();
        let key = (place.site.tag, pool, place.module.to_lowercase());
        groups.entry(key).or_insert_with(|| Group { members: Vec::new() }).members.push(place);
    }
    let groups: Vec<_> = groups.into_iter().collect();
    let tag_of = |(tag, pool, _): &(poolscope_formats::Tag, Pool, String)| {
        trace.tags.iter().position(|row| row.tag == *tag && row.pool == *pool)
    };
    let histories: Vec<History> = groups
        .iter()
        .map(|(key, group)| match tag_of(key).and_then(|at| trace.tags.get(at)) {
            Some(tag) => net_history(trace, group, tag),
            None => History { count: Vec::new(), bytes: Vec::new() },
        })
        .collect();
    let growths = judge_all(&histories, trace.moments.len());
    let hours = (trace.span_seconds.1 - trace.span_seconds.0).max(1e-3) / 3_600.0;
    let mut suspects = Vec::new();
    for ((key, group), growth) in groups.iter().zip(growths) {
        let Some((tag, tag_growth)) =
            tag_of(key).and_then(|at| Some((trace.tags.get(at)?, tag_growth.get(at)?)))
        else {
            continue;
        };
        // A module may gain what another of the same tag gives back (a queue between two drivers): the tag as a
        // whole must grow too.
        if !growth.growing || tag_growth.bytes <= 0.0 {
            continue;
        }
        let outstanding = group.members.iter().fold((0u64, 0u64), |sum, place| {
            (sum.0 + place.site.outstanding.0, sum.1.saturating_add(place.site.outstanding.1))
        });
        if outstanding.0 == 0 {
            continue;
        }
        suspects.push(suspect(
            attribution,
            group,
            growth,
            outstanding,
            tag.outstanding.1,
            hours,
            function_at,
        ));
    }
    suspects.sort_by(|a, b| {
        b.growth_bytes.total_cmp(&a.growth_bytes).then_with(|| (&a.tag, &a.module).cmp(&(&b.tag, &b.module)))
    });
    suspects
}

/// What a group holds over time, less its share of the tag's frees of unknown blocks. The share is by the group's
/// part of the tag's allocations: such frees carry no stack.
fn net_history(
    trace: &PoolTrace,
    group: &Group<'_, '_>,
    tag: &poolscope_formats::etl::pool_trace::TagHistory,
) -> History {
    let allocs: u64 = group.members.iter().map(|place| place.site.allocs.0).sum();
    let share = allocs as f64 / tag.allocs.0.max(1) as f64;
    let alone = group.members.iter().any(|place| place.site.history.is_empty());
    let (mut count, mut bytes) = (Vec::new(), Vec::new());
    for at in 0..trace.moments.len() {
        let own = if alone {
            // No history by site was kept: the tag's stands in, by the same share.
            let (count, bytes) = tag.history.get(at).copied().unwrap_or((0, 0));
            ((count as f64 * share) as i64, (bytes as f64 * share) as i64)
        } else {
            group
                .members
                .iter()
                .filter_map(|place| place.site.history.get(at))
                .fold((0i64, 0i64), |sum, now| (sum.0 + i64::from(now.0), sum.1.saturating_add(now.1 as i64)))
        };
        let gone = tag.orphans.get(at).copied().unwrap_or((0, 0));
        count.push(own.0 - (gone.0 as f64 * share) as i64);
        bytes.push(own.1.saturating_sub((gone.1 as f64 * share) as i64));
    }
    History { count, bytes }
}

fn suspect(
    attribution: &Attribution<'_>,
    group: &Group<'_, '_>,
    growth: Growth,
    outstanding: (u64, u64),
    tag_bytes: u64,
    hours: f64,
    function_at: FunctionAt<'_>,
) -> Suspect {
    let mut frames: BTreeMap<u64, (u64, &Placed<'_>)> = BTreeMap::new();
    let mut processes: BTreeMap<u32, u64> = BTreeMap::new();
    for place in &group.members {
        if let Some(frame) = place.frame {
            frames.entry(frame).or_insert((0, place)).0 += place.site.outstanding.1;
        }
        *processes.entry(place.site.owner).or_default() += place.site.outstanding.1;
    }
    let frame = frames.iter().max_by_key(|(frame, (bytes, _))| (*bytes, Reverse(**frame)));
    let process = processes.iter().max_by_key(|(owner, bytes)| (**bytes, Reverse(**owner)));
    let first = group.members.first();
    let image = frame.and_then(|(_, (_, place))| place.image);
    let offset = frame.and_then(|(frame, _)| Some(frame - image?.base));
    let above = group
        .members
        .iter()
        .filter(|place| place.above.is_some())
        .max_by_key(|place| place.site.outstanding.1);
    Suspect {
        tag: first.map_or_else(String::new, |place| place.site.tag.to_string()),
        pool: first.map_or("nonpaged", |place| PoolType(place.site.pool_type).pool().name()),
        module: first.map_or_else(String::new, |place| place.module.clone()),
        company: image.and_then(|image| image.company.clone()),
        frame: frame.map(|(frame, (_, place))| attribution.frame_text(*frame, place.site, function_at)),
        offset,
        function: image.zip(offset).and_then(|(image, offset)| function_at(image, offset)),
        above: above.and_then(|place| place.above.clone()),
        outstanding_count: outstanding.0,
        outstanding_bytes: outstanding.1,
        growth_bytes: growth.bytes,
        growth_bytes_per_hour: growth.bytes / hours,
        shape: shape(growth.class),
        share_of_tag: outstanding.1 as f64 / tag_bytes.max(1) as f64,
        process: process_name(process.and_then(|(owner, _)| attribution.trace.owners.get(*owner as usize))),
    }
}
