//! The score of what is said about owners: plain answers in, shares out.

use std::collections::BTreeMap;

use super::{OwnerCase, Story};
use crate::lab::reliability::{Reliability, by_grounds};
use crate::lab::score::Share;

/// What was said of one case.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Said {
    /// The first suspect's tag.
    pub tag: Option<[u8; 4]>,
    /// The first owner of the first suspect that is a driver or a process.
    pub owner: Option<String>,
    /// By what it is named.
    pub grade: &'static str,
    /// Stated probability that it is the culprit.
    pub confidence: f64,
    /// File of the driver in the one change that the answer points at.
    pub change: Option<String>,
}

/// Everything counted over the cases.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct OwnerScore {
    /// A tag that leaks came first, by story.
    pub tag_first: BTreeMap<Story, Share>,
    /// Some driver or process was named, by story.
    pub named: BTreeMap<Story, Share>,
    /// Of the named: the culprit, by story.
    pub right: BTreeMap<Story, Share>,
    /// Stated probability, by what the owner was named, whether right.
    pub stated: Vec<(f64, &'static str, bool)>,
    /// Cases in which a change was pointed at: the culprit's.
    pub change_right: Share,
    /// Cases with a change of the culprit shortly before the onset: it was pointed at.
    pub change_found: Share,
    /// Seeds of cases with a wrong owner, the story, and what named it.
    pub wrong: Vec<(u64, Story, &'static str)>,
}

impl OwnerScore {
    /// Counts one case.
    pub fn count(&mut self, case: &OwnerCase, said: &Said) {
        let first = said.tag.is_some_and(|tag| case.tags.contains(&tag));
        self.tag_first.entry(case.story).or_default().count(first);
        if !first {
            return;
        }
        self.named.entry(case.story).or_default().count(said.owner.is_some());
        if let Some(owner) = &said.owner {
            let right = owner.eq_ignore_ascii_case(&case.culprit);
            self.right.entry(case.story).or_default().count(right);
            self.stated.push((said.confidence, said.grade, right));
            if !right {
                self.wrong.push((case.seed, case.story, said.grade));
            }
        }
        let pointed = said.change.as_ref().map(|change| change.eq_ignore_ascii_case(&case.culprit));
        if let Some(right) = pointed {
            self.change_right.count(right);
        }
        if case.changed {
            self.change_found.count(pointed == Some(true));
        }
    }

    /// By what named the owner.
    pub fn by_grade(&self) -> BTreeMap<&'static str, Reliability> {
        by_grounds(self.stated.iter())
    }

    /// Adds the counts of other cases.
    pub fn join(&mut self, other: Self) {
        let shares = [
            (&mut self.tag_first, other.tag_first),
            (&mut self.named, other.named),
            (&mut self.right, other.right),
        ];
        for (mine, theirs) in shares {
            for (story, share) in theirs {
                mine.entry(story).or_default().add(share);
            }
        }
        self.change_right.add(other.change_right);
        self.change_found.add(other.change_found);
        self.stated.extend(other.stated);
        self.wrong.extend(other.wrong);
    }
}
