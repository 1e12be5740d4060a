//! The score of what is said about owners: plain answers in, shares out.

use std::collections::BTreeMap;

use super::{OwnerCase, Story};
use crate::lab::reliability::Reliability;
use crate::lab::score::Share;

/// Whom a suspect was laid to.
#[derive(Clone, PartialEq, Debug)]
pub struct Named {
    /// The suspect.
    pub tag: [u8; 4],
    /// The first owner, where it is a driver or a process.
    pub owner: Option<String>,
    /// By what it is named.
    pub grade: &'static str,
    /// Stated probability that it is the culprit.
    pub confidence: f64,
}

/// What was said of one case.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Said {
    /// The suspects in their order.
    pub suspects: Vec<Named>,
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
        let named = said.suspects.first().filter(|first| case.tags.contains(&first.tag));
        self.tag_first.entry(case.story).or_default().count(named.is_some());
        let Some(first) = named else { return };
        let right = |owner: &String| owner.eq_ignore_ascii_case(&case.culprit);
        self.named.entry(case.story).or_default().count(first.owner.is_some());
        if let Some(owner) = &first.owner {
            self.right.entry(case.story).or_default().count(right(owner));
        }
        for suspect in said.suspects.iter().filter(|suspect| case.tags.contains(&suspect.tag)) {
            let Some(owner) = &suspect.owner else { continue };
            self.stated.push((suspect.confidence, suspect.grade, right(owner)));
            if !right(owner) {
                self.wrong.push((case.seed, case.story, suspect.grade));
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

    /// By what named the owner and what was stated (in thousandths): one row of the product's table each.
    pub fn by_grade(&self) -> BTreeMap<(&'static str, u32), Reliability> {
        let mut rows: BTreeMap<(&'static str, u32), Reliability> = BTreeMap::new();
        for &(confidence, grade, right) in &self.stated {
            rows.entry((grade, (confidence * 1e3).round() as u32)).or_default().add(confidence, right);
        }
        rows
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
