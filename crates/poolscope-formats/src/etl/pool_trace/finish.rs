//! From the state at the end of the pass to the record: frames instead of numbers, seconds instead of ticks, one
//! fixed order instead of hash order.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::etl::container::Container;
use crate::etl::decode::config::SystemFact;
use crate::etl::event::EventId;
use crate::etl::logfile::LogfileHeader;
use crate::etl::pool_trace::feed::Scanned;
use crate::etl::pool_trace::loss::Hole;
use crate::etl::pool_trace::pairing::{Group, Pass};
use crate::etl::pool_trace::plan::Plan;
use crate::etl::pool_trace::read::TickClock;
use crate::etl::pool_trace::scan::Tally;
use crate::etl::pool_trace::sites::{RangeCounts, SiteKey};
use crate::etl::pool_trace::stacks::StackRef;
use crate::etl::pool_trace::{
    Gap, LoadedImage, Loss, LossSign, Owner, PoolTrace, Site, StackJoining, TagHistory,
};
use crate::parsed::{Note, Parsed, Place};
use crate::tag::{Pool, Tag};

/// What there is at the end of the pass.
pub(super) struct Ended<'a> {
    pub container: &'a Container,
    pub plan: &'a Plan,
    pub clock: TickClock,
    pub moments: Vec<i64>,
    pub range: Option<(f64, f64)>,
    pub pass: Pass,
    pub scanned: Vec<Scanned>,
}

/// Notes for the reader of the report, and how many records were bad.
pub(super) struct Remarks {
    notes: Vec<Note>,
    records: u64,
    bad_records: u64,
}

/// Makes the record.
pub(super) fn pool_trace(mut ended: Ended<'_>) -> (PoolTrace, Remarks) {
    ended.pass.count_alive_in_range();
    let mut tally = Tally::default();
    let mut census: BTreeMap<EventId, u64> = BTreeMap::new();
    for scanned in &ended.scanned {
        tally.add(&scanned.scanner.tally);
        scanned.scanner.census().for_each(|(id, count)| *census.entry(id).or_default() += count);
    }
    let loss = loss(&ended);
    let joining = joining(&ended, &tally);
    let remarks = remarks(&mut ended, &tally, joining.refused);
    let mut pairing = ended.pass.pairing;
    let pool_pages = EventId::Hook(0x0e24)..=EventId::Hook(0x0e2f);
    pairing.undecoded = census.range(pool_pages).map(|(_, count)| *count).sum();
    let logfile = ended.container.logfile.clone();
    let (first, last) = ended.plan.span;
    let mut trace = PoolTrace {
        compression: ended.container.compression.map(|compression| compression.name()),
        span_seconds: (ended.clock.seconds(first), ended.clock.seconds(last)),
        start: logfile.as_ref().and_then(|logfile| logfile.time(logfile.zero_ticks())),
        masks: ended.pass.masks.filter(|masks| masks.any()),
        wide: logfile.as_ref().is_none_or(|logfile| logfile.pointer_bytes == 8),
        build_lab: None,
        product: None,
        memory_mib: None,
        computer: None,
        census,
        tally,
        loss,
        pairing,
        joining,
        stacks: Vec::new(),
        owners: Vec::new(),
        sites: Vec::new(),
        tags: Vec::new(),
        moments: ended.moments.iter().map(|ticks| ended.clock.seconds(*ticks)).collect(),
        range: ended.range,
        images: images(&ended),
        logfile,
    };
    for fact in std::mem::take(&mut ended.pass.facts) {
        match fact {
            SystemFact::Build { lab, product } => {
                (trace.build_lab, trace.product) = (Some(lab), Some(product))
            }
            SystemFact::Machine { memory_mib, computer } => {
                (trace.memory_mib, trace.computer) = (Some(memory_mib), Some(computer));
            }
            SystemFact::Volume { .. } => {}
        }
    }
    add_sites(&mut trace, &mut ended);
    trace.tags = tags(&trace, &ended.pass.groups);
    (trace, remarks)
}

/// Adds the pass's notes to those of the container.
pub(super) fn add_notes(parsed: &mut Parsed<()>, remarks: &Remarks) {
    for note in &remarks.notes {
        parsed.note(note.place, note.text.clone());
    }
    parsed.coverage.records = remarks.records;
    parsed.coverage.bad_records += remarks.bad_records;
}

fn remarks(ended: &mut Ended<'_>, tally: &Tally, refused: u64) -> Remarks {
    let mut notes: Vec<Note> =
        ended.scanned.iter_mut().flat_map(|scanned| std::mem::take(&mut scanned.notes)).collect();
    notes.sort_by_key(|note| note.place);
    let mut whole = |text: String| notes.push(Note { place: Place::Whole, text });
    if tally.inversions > 0 {
        whole(format!("{} events are earlier than the one before them on their processor", tally.inversions));
    }
    if tally.bad_payloads > 0 {
        whole(format!("{} pool or stack events have a payload too short to be one", tally.bad_payloads));
    }
    if refused > 0 {
        whole(format!("{refused} stacks were not kept: there are too many different ones"));
    }
    if ended.pass.images.refused > 0 {
        whole(format!("{} image events were not kept: there are too many", ended.pass.images.refused));
    }
    if ended.pass.columns_refused {
        whole("too many allocation sites for a history of each; only tags have one".to_owned());
    }
    Remarks { notes, records: tally.events, bad_records: tally.bad_places + tally.bad_payloads }
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.bad_places += other.bad_places;
        self.bad_payloads += other.bad_payloads;
        self.inversions += other.inversions;
        self.stack_records += other.stack_records;
        self.whole_stacks += other.whole_stacks;
        self.stacks_of_frees += other.stacks_of_frees;
        self.definitions += other.definitions;
    }
}

fn joining(ended: &Ended<'_>, tally: &Tally) -> StackJoining {
    let counted = ended.pass.joining;
    StackJoining {
        records: tally.stack_records,
        resolved: tally
            .stack_records
            .saturating_sub(tally.stacks_of_frees)
            .saturating_sub(counted.unresolved),
        of_frees: tally.stacks_of_frees,
        definitions: tally.definitions,
        refused: ended.scanned.iter().map(|scanned| scanned.scanner.stacks.refused).sum(),
        ..counted
    }
}

fn loss(ended: &Ended<'_>) -> Loss {
    let logfile = ended.container.logfile.as_ref();
    let missing = ended.plan.missing();
    let stated = logfile.map_or(0, |logfile| logfile.buffers_lost);
    let lost = missing.max(u64::from(stated));
    // A missing number lies between two buffers of every processor; the longest holes are the true ones.
    let (mut by_number, mut holes): (Vec<Hole>, Vec<Hole>) =
        ended.pass.holes.kept.iter().copied().partition(|hole| hole.sign == LossSign::Sequence);
    by_number.sort_by_key(|hole| (Reverse(hole.to.saturating_sub(hole.from)), hole.from, hole.stream));
    let untold = usize::try_from(missing).unwrap_or(usize::MAX).saturating_sub(holes.len());
    by_number.truncate(untold);
    holes.extend(by_number);
    holes.sort_by_key(|hole| (hole.from, hole.to, hole.stream));
    let (first, _) = ended.plan.span;
    let mut gaps: Vec<Gap> = holes
        .into_iter()
        .map(|hole| Gap {
            processor: ended.plan.streams.get(hole.stream).map_or(0, |stream| stream.processor),
            from: ended.clock.seconds(hole.from.max(first)),
            to: ended.clock.seconds(hole.to),
            sign: hole.sign,
        })
        .collect();
    if let Some(whole) = ended.plan.whole_from.filter(|whole| *whole > first) {
        let (from, to) = (ended.clock.seconds(first), ended.clock.seconds(whole));
        gaps.insert(0, Gap { processor: 0, from, to, sign: LossSign::Overwritten });
    }
    Loss {
        events_stated: logfile.map_or(0, |logfile| logfile.events_lost),
        buffers_stated: stated,
        buffers_missing: missing,
        circular: logfile.is_some_and(LogfileHeader::is_circular),
        share: lost as f64 / (lost + ended.container.buffers.len() as u64).max(1) as f64,
        gaps,
        gaps_dropped: ended.pass.holes.dropped,
    }
}

fn images(ended: &Ended<'_>) -> Vec<LoadedImage> {
    let table = &ended.pass.images;
    let mut images: Vec<LoadedImage> = table
        .stays
        .iter()
        .map(|stay| {
            let image = &stay.image;
            let identity = table.identity_of(image).cloned().unwrap_or_default();
            let stamp = image.time_date_stamp.unwrap_or(0);
            let version = table.versions.get(&(image.size as u32, stamp));
            let text = |pick: fn(&super::images::VersionInfo) -> &String| {
                version.map(pick).filter(|text| !text.is_empty()).cloned()
            };
            LoadedImage {
                process: image.process,
                base: image.base,
                size: image.size,
                from: stay.from.map(|ticks| ended.clock.seconds(ticks)),
                to: stay.to.map(|ticks| ended.clock.seconds(ticks)),
                path: image.path.clone(),
                time_date_stamp: image.time_date_stamp,
                checksum: image.checksum,
                original_name: identity.original_name,
                pdb: identity.pdb,
                company: text(|version| &version.company),
                version: text(|version| &version.version),
                description: text(|version| &version.description),
            }
        })
        .collect();
    images.sort_by(|a, b| {
        (a.process, a.base)
            .cmp(&(b.process, b.base))
            .then(a.from.unwrap_or(f64::NEG_INFINITY).total_cmp(&b.from.unwrap_or(f64::NEG_INFINITY)))
    });
    images
}

/// What makes a site once its stack is frames.
type FinalKey = (u32, u32, Vec<u64>, u32, u32);

fn add_sites(trace: &mut PoolTrace, ended: &mut Ended<'_>) {
    let (first, last) = ended.plan.span;
    let pass = &mut ended.pass;
    let slots = pass.sites.len();
    let (mut quarters, mut doubtful) = (vec![[0u64; 4]; slots], vec![0u64; slots]);
    let length = (last.saturating_sub(first)).max(1) as f64;
    let tables = std::iter::once(&pass.alive).chain(pass.sessions.values());
    for live in tables.flat_map(|table| table.iter()).map(|(_, live)| live) {
        let slot = pass.sites.slot(live.site);
        let quarter = (live.ticks.saturating_sub(first) as f64 / length * 4.0).clamp(0.0, 3.0) as usize;
        if let (Some(quarters), Some(doubtful)) = (quarters.get_mut(slot), doubtful.get_mut(slot)) {
            quarters[quarter] += 1;
            *doubtful += u64::from(pass.holes.doubtful(live.ticks));
        }
    }
    let owner_table = std::mem::replace(&mut pass.owners, super::owners::OwnerTable::new());
    let (owners, owner_map) = owner_table.finish();
    let frames = |stack: StackRef| {
        let (scanner, index) = stack.as_frames()?;
        ended.scanned.get(scanner).map(|scanned| scanned.scanner.stacks.get(index))
    };
    let mut sites: BTreeMap<FinalKey, (Site, u64, u64)> = BTreeMap::new();
    for slot in pass.sites.slots() {
        let (Some(key), Some(counts)) = (pass.sites.key(slot), pass.sites.counts.get(slot)) else { continue };
        if counts.allocs == 0 {
            continue;
        }
        let mut stack = frames(key.kernel).unwrap_or(&[]).to_vec();
        stack.extend_from_slice(frames(key.user).unwrap_or(&[]));
        let owner = owner_map.get(key.owner as usize).copied().unwrap_or(0);
        let range = pass.sites.ranges.get(slot).copied().unwrap_or_default();
        let site = Site {
            tag: Tag(key.tag.to_le_bytes()),
            pool_type: key.pool_type,
            stack: None,
            owner,
            first_seconds: ended.clock.seconds(counts.first_ticks),
            allocs: (counts.allocs, counts.alloc_bytes),
            frees: (counts.frees, counts.freed_bytes),
            vanished: (counts.vanished, counts.vanished_bytes),
            outstanding: counts.outstanding(),
            outstanding_doubtful: doubtful.get(slot).copied().unwrap_or(0),
            outstanding_by_quarter: quarters.get(slot).copied().unwrap_or_default(),
            mean_lifetime: None,
            range,
            history: pass.sites.columns.iter().map(|c| c.get(slot).copied().unwrap_or((0, 0))).collect(),
        };
        let SiteKey { tag, pool_type, epoch, .. } = key;
        match sites.entry((tag, pool_type, stack, owner, epoch)) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert((site, counts.lifetime, counts.timed));
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                let (known, lifetime, timed) = place.get_mut();
                known.join(&site);
                *lifetime = lifetime.saturating_add(counts.lifetime);
                *timed += counts.timed;
            }
        }
    }
    let mean = |(key, (mut site, lifetime, timed)): (FinalKey, (Site, u64, u64))| {
        site.mean_lifetime = (timed > 0).then(|| lifetime as f64 / ended.clock.per_second / timed as f64);
        (key, site)
    };
    let mut ordered: Vec<(FinalKey, Site)> = sites.into_iter().map(mean).collect();
    ordered.sort_by_key(|(_, site)| Reverse((site.outstanding.1, site.outstanding.0)));
    number(trace, ordered, &owners);
}

/// Numbers stacks and owners in the order the sites use them.
fn number(trace: &mut PoolTrace, sites: Vec<(FinalKey, Site)>, owners: &[Owner]) {
    let mut stack_numbers: BTreeMap<Vec<u64>, u32> = BTreeMap::new();
    let mut owner_numbers: BTreeMap<u32, u32> = BTreeMap::new();
    for ((_, _, stack, _, _), mut site) in sites {
        if !stack.is_empty() {
            let next = trace.stacks.len() as u32;
            let stacks = &mut trace.stacks;
            site.stack = Some(*stack_numbers.entry(stack).or_insert_with_key(|frames| {
                stacks.push(frames.clone());
                next
            }));
            trace.joining.allocs_with_stack += site.allocs.0;
        }
        let next = trace.owners.len() as u32;
        let known = &mut trace.owners;
        site.owner = *owner_numbers.entry(site.owner).or_insert_with_key(|old| {
            let nobody = Owner { process: None, name: None, command_line: None };
            known.push(owners.get(*old as usize).cloned().unwrap_or(nobody));
            next
        });
        if trace.range.is_none() {
            // The whole trace is the stretch: what was freed was freed inside.
            site.range = RangeCounts { aifi: site.frees, aifo: site.outstanding, ..RangeCounts::default() };
        }
        trace.sites.push(site);
    }
}

impl Site {
    /// Adds what another part of the same site counted.
    fn join(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.allocs, other.allocs),
            (&mut self.frees, other.frees),
            (&mut self.vanished, other.vanished),
            (&mut self.outstanding, other.outstanding),
        ] {
            mine.0 += theirs.0;
            mine.1 = mine.1.saturating_add(theirs.1);
        }
        self.first_seconds = self.first_seconds.min(other.first_seconds);
        self.outstanding_doubtful += other.outstanding_doubtful;
        for (mine, theirs) in self.outstanding_by_quarter.iter_mut().zip(other.outstanding_by_quarter) {
            *mine += theirs;
        }
        self.range.join(&other.range);
        for (mine, theirs) in self.history.iter_mut().zip(&other.history) {
            mine.0 = mine.0.saturating_add(theirs.0);
            mine.1 = mine.1.saturating_add(theirs.1);
        }
    }
}

fn tags(trace: &PoolTrace, groups: &[Group]) -> Vec<TagHistory> {
    let mut tags: BTreeMap<(Tag, Pool), TagHistory> = BTreeMap::new();
    let moments = trace.moments.len();
    let padded = |columns: &[(u64, u64)]| {
        // A tag first seen late has no columns for the moments before.
        let mut all = vec![(0, 0); moments.saturating_sub(columns.len())];
        all.extend_from_slice(columns);
        all
    };
    for group in groups {
        let pool = if group.paged { Pool::Paged } else { Pool::Nonpaged };
        let tag = Tag(group.tag.to_le_bytes());
        let lifetimes = group.lifetimes.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        tags.insert(
            (tag, pool),
            TagHistory {
                tag,
                pool,
                allocs: (0, 0),
                frees: (0, 0),
                frees_without_alloc: group.orphans,
                outstanding: (0, 0),
                history: padded(&group.columns),
                orphans: padded(&group.orphan_columns),
                lifetimes: group.lifetimes.iter().take(lifetimes).copied().collect(),
                range: group.range,
            },
        );
    }
    for site in &trace.sites {
        let pool = crate::etl::decode::pool::PoolType(site.pool_type).pool();
        let Some(tag) = tags.get_mut(&(site.tag, pool)) else { continue };
        for (mine, theirs) in [
            (&mut tag.allocs, site.allocs),
            (&mut tag.frees, site.frees),
            (&mut tag.outstanding, site.outstanding),
        ] {
            mine.0 += theirs.0;
            mine.1 = mine.1.saturating_add(theirs.1);
        }
        tag.range.join(&site.range);
    }
    let mut tags: Vec<TagHistory> = tags.into_values().collect();
    if trace.range.is_none() {
        for tag in &mut tags {
            tag.range.aofi = tag.frees_without_alloc;
        }
    }
    tags.sort_by_key(|tag| (Reverse((tag.outstanding.1, tag.outstanding.0)), tag.tag, tag.pool));
    tags
}
