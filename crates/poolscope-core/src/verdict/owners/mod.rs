//! Who may own a suspect: claims from the evidence, text maps and processes whose handles move with it.

mod text;

use crate::census::{self, Holder};
use crate::changes::{Began, began, of_driver};
use crate::judge::{SeriesKey, TagJudgement};
use crate::model::{Grade, OwnerClaim, OwnerKind, Source};
use crate::rules::{BootJudgement, View};
use crate::system_images::works_for_others;
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
    /// Clauses a reader can check.
    pub reasons: Vec<String>,
    /// Where they stand.
    pub sources: Vec<Source>,
}

/// All owners of a tag, strongest evidence first.
pub(crate) fn owners(
    view: &View<'_>,
    key: SeriesKey,
    measured: Option<(&BootJudgement, &TagJudgement)>,
) -> Vec<Owner> {
    let mut claims: Vec<OwnerClaim> = view
        .case
        .owner_claims
        .iter()
        .filter(|claim| claim.tag == key.tag && claim.pool.is_none_or(|pool| pool == key.pool))
        .cloned()
        .collect();
    if let Some((boot, tag)) = measured {
        claims.extend(holders(view, boot, tag));
        claims.extend(twin_claims(view, boot, tag));
    }
    claims.extend(text::claims(view, key));
    // An image of Windows that works for others ranks behind whoever the evidence ties to the tag.
    let behind = |claim: &OwnerClaim| works_for_others(&claim.name);
    let began = measured.and_then(|(boot, tag)| began(boot, tag));
    claims.sort_by(|a, b| {
        let key = |c: &OwnerClaim| {
            (c.grade >= Grade::TextMap, behind(c), c.grade, standing(view, c, began.as_ref()))
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
                reasons: vec![claim.reason],
                sources: claim.source.into_iter().collect(),
            }),
        }
    }
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
            grade: Grade::TwinTag,
            source: source.or(owner.source),
        })
    });
    named.collect()
}
