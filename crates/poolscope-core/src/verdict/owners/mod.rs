//! Who may own a suspect: claims from the evidence, text maps and processes whose handles move with it.

mod confidence;
mod text;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::census::{Holder, holders_at_a_moment, holders_in_step};
use crate::judge::{SeriesKey, TagJudgement};
use crate::model::{Grade, OwnerClaim, OwnerKind, Source};
use crate::rules::{BootJudgement, View};
use crate::system_images::works_for_others;
use crate::twins::twins;

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
    // An image of Windows that works for others ranks behind whoever the evidence ties to the tag. Among equals who
    // is named by several kinds of evidence comes first; processes stay in the order of how well they match.
    let behind = |claim: &OwnerClaim| works_for_others(&claim.name);
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
            (c.grade >= Grade::TextMap, behind(c), c.grade, others, place_of(c))
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
        if let Some(driver) = view.case.state.driver(&owner.name) {
            let altitude =
                driver.altitude.as_deref().map_or(String::new(), |at| format!(", a filter at altitude {at}"));
            let running = if driver.running == Some(true) { ", running" } else { "" };
            owner.reasons.push(format!("it is on this host: {}{altitude}{running}", driver.described()));
            owner.sources.extend(driver.sources.first());
            owner.sources.dedup();
        }
    }
    owners
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
    let in_step = holders_in_step(view.case, boot, tag);
    let held = holders_at_a_moment(view.case, tag.key.tag, tag.outstanding_count);
    in_step.into_iter().chain(held).map(claim).collect()
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
