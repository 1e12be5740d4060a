//! Twin tags: tags whose outstanding counts move together share one code path, so a private one names the owner
//! of a shared one.

use poolscope_formats::Tag;

use crate::ingest::label;
use crate::judge::{SeriesKey, alike_in_every_step};
use crate::model::{Grade, OwnerClaim, OwnerKind, Source};
use crate::rules::{BootJudgement, View};
use crate::system_images::works_for_others;
use crate::tagnotes::{TagClass, note};

/// Counts in a whole ratio up to this belong to one code path (IoFE stood at two for each WCsc in a public case).
const MOST_EACH: f64 = 4.0;

/// How far from a whole number a ratio may be: freed ones lag behind.
const RATIO_TOLERANCE: f64 = 0.06;

/// Steps from one snapshot to the next that both tags must have, and how well they must agree: with so many, a
/// correlation of 0.8 does not happen by chance, even among hundreds of tags.
const MIN_STEPS: usize = 16;
const MIN_AGREEMENT: f64 = 0.8;

/// Fewer listings, but this many, must agree in every step ([`alike_in_every_step`]).
const MIN_EXACT: usize = 4;

/// A private tag that moves one to one (or in a small whole ratio) with a shared one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Twin {
    /// The private tag.
    pub(crate) pointer: SeriesKey,
    /// Allocations of the shared tag for each of the private one.
    pub(crate) ratio: f64,
    /// Correlation of their changes.
    pub(crate) agreement: f64,
    /// Who owns the private tag: name, kind, how that is known; `None` if no evidence and no list says.
    pub(crate) owner: Option<TwinOwner>,
}

/// The owner of a private tag.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TwinOwner {
    /// File name, or component.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: OwnerKind,
    /// How strong the evidence for the private tag is.
    pub(crate) grade: Grade,
    /// Where, if it is evidence of the case.
    pub(crate) source: Option<Source>,
}

/// The private twins of a tag, those with a known owner first.
pub(crate) fn twins(view: &View<'_>, boot: &BootJudgement, key: SeriesKey) -> Vec<Twin> {
    let mut twins = Vec::new();
    // A private tag needs nobody to name its owner.
    if note(key.tag).is_some_and(|note| note.class == TagClass::Private) {
        return twins;
    }
    for group in &boot.judgement.groups {
        let Some(shared) = group.members.iter().find(|member| member.key == key) else { continue };
        for pointer in group.members.iter().filter(|member| member.key != key) {
            twins.extend(twin(view, pointer.key, shared.ratio / pointer.ratio, group.agreement));
        }
    }
    // A driver that was loaded later has its tag in later snapshots only: compare what both have. Of a few listings
    // nobody is accused yet, and the first suspects are compared.
    let leaking = boot.judgement.tags.iter().filter(|tag| tag.leaking);
    let watched = view.suspects().into_iter().filter(|tag| !tag.leaking);
    for pointer in leaking.chain(watched).filter(|tag| tag.key != key) {
        let known = twins.iter().any(|twin: &Twin| twin.pointer == pointer.key);
        if let Some((ratio, agreement)) = in_step(view, boot, key, pointer.key).filter(|_| !known) {
            twins.extend(twin(view, pointer.key, ratio, agreement));
        }
    }
    twins.sort_by_key(|twin| {
        (twin.owner.is_none(), twin.owner.as_ref().map(|owner| owner.grade), twin.pointer)
    });
    twins
}

fn twin(view: &View<'_>, pointer: SeriesKey, ratio: f64, agreement: f64) -> Option<Twin> {
    (whole(ratio) || whole(1.0 / ratio)).then_some(())?;
    let class = note(pointer.tag).map(|note| note.class);
    // An object or a shared tag points at nobody; an unknown one may be private.
    if class.is_some_and(|class| class != TagClass::Private) {
        return None;
    }
    let owner = pointer_owner(view, pointer);
    // A list that calls a tag the system's own leaves nothing to point at.
    if owner.as_ref().is_some_and(|owner| works_for_others(&owner.name)) {
        return None;
    }
    Some(Twin { pointer, ratio, agreement, owner })
}

/// Growth of one count for each of the other, and the correlation of their steps, over the snapshots that have
/// both; `None` where these are few or do not move together.
fn in_step(view: &View<'_>, boot: &BootJudgement, key: SeriesKey, pointer: SeriesKey) -> Option<(f64, f64)> {
    let points = |key: SeriesKey| {
        let series = view.case.tags.get(&key)?;
        series.points.get(series.range(boot.from, boot.to))
    };
    let (shared, private) = (points(key)?, points(pointer)?);
    let mut both = Vec::new();
    let mut at = 0;
    for point in private {
        while shared.get(at).is_some_and(|other| other.snapshot < point.snapshot) {
            at += 1;
        }
        if let Some(other) = shared.get(at).filter(|other| other.snapshot == point.snapshot) {
            both.push((other.count as f64, point.count as f64));
        }
    }
    let (first, last) = (both.first()?, both.last()?);
    let grown = (last.0 - first.0, last.1 - first.1);
    if both.len() < MIN_EXACT || grown.0 <= 0.0 || grown.1 <= 0.0 {
        return None;
    }
    let steps: Vec<(f64, f64)> = both
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] => Some((after.0 - before.0, after.1 - before.1)),
            _ => None,
        })
        .collect();
    if both.len() <= MIN_STEPS {
        return alike_in_every_step(steps, grown).then_some((grown.0 / grown.1, 1.0));
    }
    let agreement = correlation(&steps)?;
    (agreement >= MIN_AGREEMENT).then_some((grown.0 / grown.1, agreement))
}

/// Pearson's correlation; `None` where one side does not vary.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let mean = |side: fn(&(f64, f64)) -> f64| pairs.iter().map(side).sum::<f64>() / n;
    let (a, b) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        both += (x - a) * (y - b);
        one += (x - a).powi(2);
        other += (y - b).powi(2);
    }
    (one > 0.0 && other > 0.0).then(|| both / (one * other).sqrt())
}

fn whole(ratio: f64) -> bool {
    let nearest = ratio.round();
    (1.0..=MOST_EACH).contains(&nearest) && (ratio - nearest).abs() <= RATIO_TOLERANCE * nearest
}

/// The best known owner of a private tag: a claim of the evidence, a pooltag file, poolscope's notes.
fn pointer_owner(view: &View<'_>, key: SeriesKey) -> Option<TwinOwner> {
    let claims = view.case.owner_claims.iter();
    let claim = claims
        .filter(|claim| claim.tag == key.tag && claim.grade < Grade::TextMap)
        .min_by_key(|claim| (claim.grade, &claim.name));
    if let Some(claim) = claim {
        return Some(TwinOwner {
            name: claim.name.clone(),
            kind: claim.kind,
            grade: claim.grade,
            source: claim.source,
        });
    }
    if let Some((name, source)) = text_owner(view, key.tag) {
        let kind = if name.ends_with(".sys") { OwnerKind::Driver } else { OwnerKind::Component };
        return Some(TwinOwner { name, kind, grade: Grade::TextMap, source: Some(source) });
    }
    let Some(note) = note(key.tag) else { return only_file(view, key.tag) };
    let name = note.component.to_owned();
    name.ends_with(".sys").then_some(TwinOwner {
        name,
        kind: OwnerKind::Driver,
        grade: Grade::TextMap,
        source: None,
    })
}

/// The one driver of this host in whose file findstr met a tag that no list knows.
fn only_file(view: &View<'_>, tag: Tag) -> Option<TwinOwner> {
    let here = |claim: &&OwnerClaim| view.case.state.driver(&claim.name).is_some();
    let mut met = view.case.owner_claims.iter().filter(|claim| claim.tag == tag).filter(here);
    let (claim, second) = (met.next()?, met.next());
    second.is_none().then(|| TwinOwner {
        name: claim.name.clone(),
        kind: claim.kind,
        grade: claim.grade,
        source: claim.source,
    })
}

/// What the user's pooltag files say, exact patterns only: wildcards name families.
fn text_owner(view: &View<'_>, tag: Tag) -> Option<(String, Source)> {
    view.case.pooltags.iter().find_map(|(evidence, file)| {
        let entry = file.lookup(tag).find(|entry| entry.binary.is_some())?;
        let place = poolscope_formats::Place::Line(entry.line);
        Some((entry.binary.as_deref()?.to_owned(), Source { evidence: *evidence, place }))
    })
}

impl Twin {
    /// `NPBL (nonpaged)` moves with it, in words a reader can check.
    pub(crate) fn reason(&self) -> String {
        let (each, of) =
            if self.ratio >= 1.0 { (self.ratio, "this tag") } else { (1.0 / self.ratio, "the twin") };
        let ratio = if each < 1.5 { "one to one".to_owned() } else { format!("{each:.0} of {of} to one") };
        let pointer = label(self.pointer.tag, self.pointer.pool);
        format!("its own tag {pointer} moves with it {ratio} (agreement {:.2})", self.agreement)
    }
}

#[cfg(test)]
mod tests {
    use crate::judge::Class;
    use crate::testcase::{TestCase, key};

    /// A workload that is never the same twice.
    fn worked(samples: i64) -> impl Iterator<Item = i64> {
        (0..samples).scan(0, |sum, sample| {
            *sum += 50 + (sample * 37) % 41;
            Some(*sum)
        })
    }

    #[test]
    fn a_twin_that_is_no_member_of_a_group_is_known_by_its_steps() {
        let mut case = TestCase::new(48);
        case.series(b"NtFC", worked(48).map(|grown| 3_000 + grown).collect(), 144, Class::SteadyLeak);
        case.series(b"Qxyz", worked(48).collect(), 512, Class::SteadyLeak);
        case.series(b"Mooo", (0..48).map(|sample| sample * 69).collect(), 512, Class::SteadyLeak);
        case.with(|view| {
            let twins = super::twins(view, &view.boots[0], key(b"NtFC"));
            let found: Vec<_> = twins.iter().map(|twin| (twin.pointer, twin.ratio.round())).collect();
            assert_eq!(found, [(key(b"Qxyz"), 1.0)], "a steady tag has the rate and not the steps");
        });
    }
}
