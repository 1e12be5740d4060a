//! Who may own a suspect: claims from the evidence, text maps and processes whose handles move with it.

mod confidence;
mod text;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::census::{self, Holder};
use crate::changes::{Began, began, of_driver};
use crate::judge::{SeriesKey, TagJudgement};
use crate::model::{Grade, OwnerClaim, OwnerKind, Source};
use crate::rules::{BootJudgement, View};
use crate::system_images::works_for_others;
use crate::tagnotes::{TagClass, note};
use crate::twins::twins;
use crate::units::hours;

pub(crate) use text::default_tag_drivers;

/// Owners listed at most for one tag.
const MOST_OWNERS: usize = 8;

/// One owner with the reasons for it, strongest first.
#[derive(Clone, PartialEq, Debug)]
pub struct Owner {
    /// File name of a driver, `name` of a process, or a component.
    pub name: String,
    /// What it is.
    pub kind: OwnerKind,
    /// The strongest grade among the reasons.
    pub grade: Grade,
    /// Probability that this owner is the culprit, as often as it came true on the laboratory's cases
    /// (docs/method.md, "Owners").
    pub confidence: f64,
    /// Clauses a reader can check.
    pub reasons: Vec<String>,
    /// Where they stand.
    pub sources: Vec<Source>,
}

/// The process whose handles match the objects of a tag, if one of its owners is such.
pub(crate) fn holder(owners: &[Owner]) -> Option<&Owner> {
    owners.iter().find(|owner| owner.kind == OwnerKind::Process && owner.grade <= Grade::HandlesInStep)
}

/// All owners of a tag, strongest evidence first.
pub(crate) fn owners(
    view: &View<'_>,
    key: SeriesKey,
    measured: Option<(&BootJudgement, &TagJudgement)>,
) -> Vec<Owner> {
    // The bytes of a tag that anybody may use stand in many files.
    let anybodys = note(key.tag).is_some_and(|note| note.class != TagClass::Private);
    let mut claims: Vec<OwnerClaim> = view
        .case
        .owner_claims
        .iter()
        .filter(|claim| claim.tag == key.tag && claim.pool.is_none_or(|pool| pool == key.pool))
        .filter(|claim| claim.grade < Grade::Circumstance || !anybodys)
        .cloned()
        .collect();
    if let Some((boot, tag)) = measured {
        claims.extend(holders(view, boot, tag));
        claims.extend(twin_claims(view, boot, tag));
    }
    claims.extend(text::claims(view, key));
    // An image of Windows that works for others ranks behind whoever the evidence ties to the tag. Among equals who
    // is named by several kinds of evidence comes first; processes stay in the order of how well they match.
    let behind = |claim: &OwnerClaim| works_for_others(&claim.name);
    let began = measured.and_then(|(boot, tag)| began(view, boot, tag));
    let kinds: BTreeMap<String, usize> = kinds_of_evidence(&claims);
    let place: BTreeMap<String, usize> =
        claims.iter().rev().enumerate().map(|(at, claim)| (claim.name.clone(), claims.len() - at)).collect();
    let place_of = |claim: &OwnerClaim| match claim.kind {
        OwnerKind::Process => place.get(&claim.name).copied().unwrap_or(0),
        OwnerKind::Driver | OwnerKind::Component => 0,
    };
    claims.sort_by(|a, b| {
        let key = |c: &OwnerClaim| {
            let others = Reverse(kinds.get(&c.name).copied().unwrap_or(0));
            (
                c.grade >= Grade::TextMap,
                behind(c),
                c.grade,
                standing(view, c, began.as_ref()),
                others,
                place_of(c),
            )
        };
        (key(a), &a.name, a.source, &a.reason).cmp(&(key(b), &b.name, b.source, &b.reason))
    });
    let mut owners: Vec<Owner> = Vec::new();
    for claim in claims {
        match owners.iter_mut().find(|owner| owner.name == claim.name && owner.kind == claim.kind) {
            Some(owner) => {
                if !owner.reasons.contains(&claim.reason) {
                    owner.reasons.push(claim.reason);
                }
                owner.sources.extend(claim.source);
            }
            None => owners.push(Owner {
                name: claim.name,
                kind: claim.kind,
                grade: claim.grade,
                confidence: 0.0,
                reasons: vec![claim.reason],
                sources: claim.source.into_iter().collect(),
            }),
        }
    }
    confidence::state(&mut owners, &kinds);
    owners.truncate(MOST_OWNERS);
    for owner in owners.iter_mut().filter(|owner| owner.kind == OwnerKind::Driver) {
        let changed =
            began.as_ref().and_then(|began| of_driver(&view.case.state.changes, began, &owner.name));
        if let Some((change, before)) = changed {
            let when = if before > 0.0 {
                format!("{} before the growth began", hours(before))
            } else {
                "when the growth began".to_owned()
            };
            owner.reasons.push(format!("it was changed {when} ({} UTC)", change.time));
            owner.sources.push(change.source);
        }
    }
    for owner in owners.iter_mut().filter(|owner| owner.kind == OwnerKind::Driver) {
        if let Some(driver) = view.case.state.driver(&owner.name) {
            let altitude =
                driver.altitude.as_deref().map_or(String::new(), |at| format!(", a filter at altitude {at}"));
            let running = match driver.running {
                Some(true) => ", running",
                Some(false) => ", but it was not running when the drivers were listed",
                None => "",
            };
            owner.reasons.push(format!("it is on this host: {}{altitude}{running}", driver.described()));
            owner.sources.extend(driver.sources.first());
            owner.sources.dedup();
        }
    }
    owners
}

/// How well a claim about a driver fits the host, among claims of one grade: changed before the growth, running,
/// unknown, not running.
fn standing(view: &View<'_>, claim: &OwnerClaim, began: Option<&Began>) -> u8 {
    if claim.kind != OwnerKind::Driver {
        return 2;
    }
    let running = view.case.state.driver(&claim.name).and_then(|driver| driver.running);
    let changed = began.and_then(|began| of_driver(&view.case.state.changes, began, &claim.name));
    match (running, changed) {
        (Some(false), _) => 3,
        (_, Some(_)) => 0,
        (Some(true), None) => 1,
        (None, None) => 2,
    }
}

/// How many kinds of evidence name each owner.
fn kinds_of_evidence(claims: &[OwnerClaim]) -> BTreeMap<String, usize> {
    let pairs: BTreeSet<(&str, Grade)> =
        claims.iter().map(|claim| (claim.name.as_str(), claim.grade)).collect();
    let mut kinds = BTreeMap::new();
    for (name, _) in pairs {
        *kinds.entry(name.to_owned()).or_default() += 1;
    }
    kinds
}

/// Processes whose handles are, or grow as, the objects of this tag.
fn holders(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Vec<OwnerClaim> {
    let claim = |holder: Holder| OwnerClaim {
        tag: tag.key.tag,
        pool: Some(tag.key.pool),
        name: holder.process,
        kind: OwnerKind::Process,
        grade: holder.grade,
        reason: holder.reason,
        source: Some(holder.source),
    };
    census::holders(view.case, boot, tag).into_iter().map(claim).collect()
}

/// Owners of private tags that move with this one.
fn twin_claims(view: &View<'_>, boot: &BootJudgement, tag: &TagJudgement) -> Vec<OwnerClaim> {
    let named = twins(view, boot, tag.key).into_iter().filter_map(|twin| {
        let reason = twin.reason();
        let source = view.last_source(twin.pointer, boot);
        let owner = twin.owner?;
        Some(OwnerClaim {
            tag: tag.key.tag,
            pool: Some(tag.key.pool),
            reason: format!("{reason}, and that tag is {}'s own ({})", owner.name, owner.grade.words()),
            name: owner.name,
            kind: owner.kind,
            // A name met by findstr is not made surer by the twin.
            grade: if owner.grade == Grade::Circumstance { Grade::Circumstance } else { Grade::TwinTag },
            source: source.or(owner.source),
        })
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Driver, EventKind};
    use crate::testcase::TestCase;

    /// Three drivers whose files hold the tag's bytes: one stopped, one running, one changed before the onset.
    #[test]
    fn among_circumstances_the_changed_driver_comes_first_and_the_stopped_one_last() {
        let mut case = TestCase::new(96);
        case.leaking(b"Xq7z", 500.0, 352);
        case.onset(20.0);
        for (name, running) in [("alpha.sys", false), ("beta.sys", true), ("gamma.sys", true)] {
            let mut driver = Driver::named(name, case.source(5));
            driver.running = Some(running);
            case.builder.state.drivers.push(driver);
            case.builder.owner_claims.push(OwnerClaim {
                tag: poolscope_formats::Tag(*b"Xq7z"),
                pool: None,
                name: name.to_owned(),
                kind: OwnerKind::Driver,
                grade: Grade::Circumstance,
                reason: "findstr met it".to_owned(),
                source: None,
            });
        }
        let inf = r"C:\ProgramData\Vendor\7.3\gamma.inf";
        case.event(19.5, EventKind::DriverChange { name: inf.to_owned() }, "driver package installed");
        case.with(|view| {
            let boot = &view.boots[0];
            let tag = &boot.judgement.tags[0];
            let owners = owners(view, tag.key, Some((boot, tag)));
            let names: Vec<&str> = owners.iter().map(|owner| owner.name.as_str()).collect();
            assert_eq!(names, ["gamma.sys", "beta.sys", "alpha.sys"]);
            assert!(owners[0].reasons.iter().any(|r| r.contains("30 minutes before the growth began")));
            assert!(owners[2].reasons.iter().any(|r| r.contains("was not running")));
        });
    }
}
