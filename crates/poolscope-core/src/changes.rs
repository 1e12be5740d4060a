//! Changes of the host ranked as causes of a growth: nearest and weightiest first, each with what speaks against
//! it.
//!
//! A change supports a suspicion. It never convicts: most servers are changed every day.

use poolscope_formats::Time;

use crate::judge::{LEAST_SNAPSHOTS, TagJudgement};
use crate::model::{Change, ChangeWhat, OwnerKind, stem};
use crate::rules::{BootJudgement, View};
use crate::units::hours;
use crate::verdict::owners::{holder, owners};

/// A leak is seldom noticed later than this after its cause; older changes are not told.
const DAYS_BEFORE_THE_ONSET: f64 = 14.0;

/// Hours after which a change weighs half.
const HALF_WEIGHT_HOURS: f64 = 24.0;

/// A change that carries the name of a driver which other evidence ties to the tag.
const NAMED_BY_OTHER_EVIDENCE: f64 = 8.0;

/// Growth in an earlier run of Windows of at least this share of today's is the same growth.
const AS_FAST_SHARE: f64 = 0.5;

/// One change before a growth began.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct RankedChange {
    /// The change.
    pub(crate) change: Change,
    /// Hours from it to the onset; 0 where it lies within the onset's interval.
    pub(crate) hours_before: f64,
    /// Weight, only to be compared.
    pub(crate) weight: f64,
    /// What speaks against it, in clauses.
    pub(crate) against: Vec<String>,
    /// True if it carries the name of a driver or program that other evidence ties to the tag.
    pub(crate) named: bool,
    /// True if the evidence contradicts it: the tag grew before, or a process holds the objects.
    pub(crate) contradicted: bool,
}

/// When the growth of a tag began, and whether that was seen: else it is the begin of the series or of the boot.
pub(crate) struct Began {
    /// Best estimate.
    pub(crate) at: Time,
    /// Latest possible moment.
    pub(crate) latest: Time,
    /// False if it grew from the first sample on.
    pub(crate) seen: bool,
}

/// When a tag's growth began: by its onset, between two of a few listings, in the run of Windows before if it grew there
/// already, or before the first sample.
pub(crate) fn began(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Option<Began> {
    if let Some(onset) = tag.onset {
        return Some(Began { at: onset.at, latest: onset.latest, seen: true });
    }
    let few = (tag.samples < LEAST_SNAPSHOTS).then(|| foot_of_the_climb(view, tag, (boot.from, boot.to)));
    if let Some(began) = few.flatten().or_else(|| began_in_the_run_before(view, boot, tag)) {
        return Some(began);
    }
    let first = tag.first?;
    // It may have begun at the start of Windows, if that is known, and at the latest at the first sample.
    let at = if boot.from > Time(i64::MIN) { boot.from } else { first };
    Some(Began { at, latest: first, seen: false })
}

/// A leak starts again with Windows: the run before tells when it began at first.
fn began_in_the_run_before(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Option<Began> {
    let before = view.boots.iter().rfind(|one| one.to <= boot.from)?;
    foot_of_the_climb(view, tag, (before.from, before.to))
}

/// Of a few listings of one run of Windows the last one at which the tag stood at its foot and the one after: between
/// them it began to grow.
fn foot_of_the_climb(view: &View<'_>, tag: &TagJudgement, (start, end): (Time, Time)) -> Option<Began> {
    /// It leaked if it became this many times what it was.
    const TIMES: f64 = 4.0;
    /// Its foot is below this share of what it gained.
    const FOOT: f64 = 0.05;
    let series = view.case.tags.get(&tag.key)?;
    let range = series.range(start, end);
    let (times, bytes) = (series.times.get(range.clone())?, series.bytes.get(range)?);
    let (foot, top) = (*bytes.first()? as f64, *bytes.last()? as f64);
    let climbs =
        bytes.windows(2).all(|pair| matches!(pair, [a, b] if *b as f64 >= *a as f64 - FOOT * (top - foot)));
    if !climbs || top < TIMES * foot {
        return None;
    }
    let low = bytes.iter().rposition(|bytes| *bytes as f64 <= foot + FOOT * (top - foot))?;
    let (from, latest) = (*times.get(low)?, *times.get(low + 1)?);
    let (low, high) = (*bytes.get(low)? as f64, *bytes.get(low + 1)? as f64);
    let whole = latest.hours_since(from);
    // At the pace it has now; the truth lies between the two listings.
    let pace = tag.rate_bytes_per_hour.estimate;
    let grew = if pace > 0.0 { ((high - low) / pace).min(whole) } else { whole };
    Some(Began { at: latest.plus_hours(-grew), latest, seen: true })
}

/// The tag whose begin dates the leak: the first that leaks, or the first suspect where only a pool's total shows it.
pub(crate) fn dating_tag<'v>(view: &View<'v>, boot: &BootJudgement) -> Option<&'v TagJudgement> {
    let suspects = view.suspects();
    let total = boot.judgement.growth.iter().any(|growth| growth.untagged_leak);
    let dated = |tag: &&TagJudgement| began(view, boot, tag).is_some_and(|began| began.seen);
    let held = |tag: &&TagJudgement| holder(&owners(view, tag.key, Some((boot, tag)))).is_some();
    let mut climbs: Vec<&TagJudgement> = suspects.iter().copied().filter(|tag| total && dated(tag)).collect();
    // Whose objects somebody holds dates the leak better than a tag that works for others.
    climbs.sort_by_key(|tag| !held(tag));
    suspects.into_iter().find(|tag| tag.leaking).or_else(|| climbs.into_iter().next())
}

/// The changes before the growth of a tag, weightiest first.
pub(crate) fn before_the_onset(
    view: &View<'_>,
    boot: &BootJudgement,
    tag: &TagJudgement,
) -> Vec<RankedChange> {
    let Some(began) = began(view, boot, tag) else { return Vec::new() };
    let changes = &view.case.state.changes;
    let owners = owners(view, tag.key, Some((boot, tag)));
    let drivers = owners
        .iter()
        .filter(|owner| owner.kind == OwnerKind::Driver)
        .map(|owner| stem(&owner.name))
        .collect();
    let process = holder(&owners).map(|owner| owner.name.clone());
    let signatures = changes.iter().filter(|change| change.what == ChangeWhat::SignatureUpdate).count();
    let ranking = Ranking { view, boot, tag, began, drivers, process, signatures };
    let mut ranked: Vec<RankedChange> = changes.iter().filter_map(|change| ranking.rank(change)).collect();
    ranked.sort_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then_with(|| (b.change.time, &a.change.name).cmp(&(a.change.time, &b.change.name)))
    });
    // The setup log, the service manager and the filter manager each tell of one installation.
    let mut told: Vec<(String, Time)> = Vec::new();
    ranked.retain(|one| {
        let (name, time) = (bare_name(&one.change), one.change.time);
        let again = told
            .iter()
            .any(|(other, at)| *other == name && at.hours_since(time).abs() <= ONE_INSTALLATION_HOURS);
        told.push((name, time));
        !again
    });
    ranked
}

/// Changes of one name within this time are one installation.
const ONE_INSTALLATION_HOURS: f64 = 1.0;

/// A change further away than this from the onset is not pointed at in one sentence.
const NEAR_HOURS: f64 = 48.0;

/// True if a change carries the name of this driver: its file, or an inf of that name with or without a path.
fn names_driver(change: &Change, driver: &str) -> bool {
    bare_name(change) == stem(driver)
}

/// True if a change tells of the program of this process (`app.exe (4120)`).
fn names_process(change: &Change, process: &str) -> bool {
    /// Shorter names stand in any text.
    const LEAST_LETTERS: usize = 4;
    let program = process.split(" (").next().unwrap_or(process).to_lowercase();
    let program = program.strip_suffix(".exe").unwrap_or(&program);
    program.len() >= LEAST_LETTERS && change.text.to_lowercase().contains(program)
}

/// The name of what changed without path, section and extension.
fn bare_name(change: &Change) -> String {
    let base = change.name.rsplit(['\\', '/']).next().unwrap_or(&change.name);
    // `oem17.inf,DefaultInstall.NTamd64`: the section is no part of the name.
    let base = stem(base.split(',').next().unwrap_or(base));
    base.strip_suffix(".inf").unwrap_or(&base).to_owned()
}

/// The last change of a driver shortly before a tag was seen to begin to grow, and the hours between them.
pub(crate) fn of_driver<'a>(changes: &'a [Change], began: &Began, driver: &str) -> Option<(&'a Change, f64)> {
    let near =
        changes.iter().filter(|change| change.what == ChangeWhat::Driver && names_driver(change, driver));
    near.filter(|change| began.seen && change.time <= began.latest)
        .map(|change| (change, began.at.hours_since(change.time).max(0.0)))
        .rfind(|(_, hours)| *hours <= NEAR_HOURS)
}

/// The change to look at first: weighty, near an onset that was seen, and not contradicted.
pub(crate) fn nearest(view: &View<'_>) -> Option<RankedChange> {
    let boot = view.main_boot()?;
    let tag = dating_tag(view, boot)?;
    began(view, boot, tag).filter(|began| began.seen)?;
    let first = before_the_onset(view, boot, tag).into_iter().next()?;
    // A begin between two listings is days wide: what merely lies near it is no hint.
    let weighty = first.change.what != ChangeWhat::SignatureUpdate && (tag.onset.is_some() || first.named);
    (weighty && !first.contradicted && first.hours_before <= NEAR_HOURS).then_some(first)
}

/// What a change is weighed by.
struct Ranking<'a> {
    view: &'a View<'a>,
    boot: &'a BootJudgement,
    tag: &'a TagJudgement,
    began: Began,
    /// Drivers that other evidence ties to the tag, without extension.
    drivers: Vec<String>,
    /// The process whose handles match the objects.
    process: Option<String>,
    /// Signature updates in the evidence.
    signatures: usize,
}

impl Ranking<'_> {
    /// `None` for changes after the onset or long before it.
    fn rank(&self, change: &Change) -> Option<RankedChange> {
        let began = &self.began;
        let hours_before = began.at.hours_since(change.time).max(0.0);
        if change.time > began.latest || hours_before > DAYS_BEFORE_THE_ONSET * 24.0 {
            return None;
        }
        let mut against = Vec::new();
        let mut contradicted = false;
        // A driver loads when it is installed; an update often works only after a restart.
        let mut weight = match change.what {
            ChangeWhat::Driver => 4.0,
            ChangeWhat::Service => 3.0,
            ChangeWhat::Update => 2.0,
            ChangeWhat::SignatureUpdate => 0.5,
        } * 0.5f64.powf(hours_before / HALF_WEIGHT_HOURS);
        let of_process = self.process.as_deref().is_some_and(|process| names_process(change, process));
        let named = of_process || self.drivers.iter().any(|driver| names_driver(change, driver));
        if named {
            weight *= NAMED_BY_OTHER_EVIDENCE;
        }
        if let Some(earlier) = leaked_before(self.view, self.boot, self.tag, change.time) {
            weight *= 0.1;
            contradicted = true;
            against.push(format!("the tag grew in the run of Windows before {earlier} UTC already"));
        }
        if let Some(process) = self.process.as_ref().filter(|_| change.what == ChangeWhat::Driver) {
            weight *= 0.5;
            contradicted = true;
            against.push(format!("the objects are held by handles of {process}, not by a driver"));
        }
        if change.what == ChangeWhat::SignatureUpdate {
            let times = self.signatures;
            let times = if times > 1 { format!(" ({times} in this evidence)") } else { String::new() };
            against.push(format!("signature updates come daily{times}"));
        }
        if change.what == ChangeWhat::Update && !started_between(self.view, change.time, began.latest) {
            weight *= 0.5;
            against.push("no start of Windows lies between, and most updates work only after one".to_owned());
        }
        if hours_before > 48.0 {
            against.push(format!("{} lie between", hours(hours_before)));
        }
        if !began.seen {
            against.push("the growth began before the first sample, so its begin is not known".to_owned());
        }
        if change.day_only {
            against.push("only the day of the change is known".to_owned());
        }
        Some(RankedChange { change: change.clone(), hours_before, weight, against, named, contradicted })
    }
}

/// The end of an earlier run of Windows in which the tag grew already, before the change.
fn leaked_before(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement, change: Time) -> Option<Time> {
    // A short run proves no leak by itself; growth as fast as now is enough to clear what came later.
    let as_fast = |other: &TagJudgement| {
        let now = tag.rate_bytes_per_hour.estimate;
        other.rate_bytes_per_hour.low > 0.0 && other.rate_bytes_per_hour.estimate >= now * AS_FAST_SHARE
    };
    let earlier = view.boots.iter().filter(|one| one.to <= boot.from && one.to <= change);
    earlier
        .filter(|one| {
            one.judgement.tags.iter().any(|other| other.key == tag.key && (other.leaking || as_fast(other)))
        })
        .map(|one| one.to)
        .next_back()
}

fn started_between(view: &View<'_>, from: Time, to: Time) -> bool {
    view.case.boots.iter().any(|boot| boot.from > from && boot.from <= to)
}
