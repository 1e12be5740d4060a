//! Weighs the findings into one answer.
//!
//! The state is never stronger than the evidence: `leak` only where the statistics of some boot say so,
//! `no_leak_seen` only where they would have shown one, `other_problem` only where requests failed for reasons
//! that have nothing to do with memory and nothing else points at the pool.

mod conflicts;
mod gaps;
mod next_steps;
pub(crate) mod owners;
mod pool_lines;
mod summary;
mod suspects;

use crate::judge::Standing;
use crate::model::{Case, Source};
use crate::rules::{Finding, View};

pub use next_steps::NextStep;
pub use owners::Owner;
pub use suspects::{Suspect, SuspectExhaustion};

/// The state of a verdict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// A leak is seen.
    Leak,
    /// The evidence would have shown a leak, and shows none.
    NoLeakSeen,
    /// Too little to tell.
    NotEnoughEvidence,
    /// Requests failed for reasons that have nothing to do with memory.
    OtherProblem,
}

impl State {
    /// The name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::NoLeakSeen => "no_leak_seen",
            Self::NotEnoughEvidence => "not_enough_evidence",
            Self::OtherProblem => "other_problem",
        }
    }
}

/// Something the evidence cannot show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// A whole sentence.
    pub text: String,
    /// Where it shows, if anywhere.
    pub sources: Vec<Source>,
}

/// The answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// The state.
    pub state: State,
    /// Probability that the state is right; `None` where the evidence allows no such statement.
    pub confidence: Option<f64>,
    /// The answer in a few sentences, the most important first.
    pub summary: Vec<String>,
    /// Tags, most suspect first. In the state `leak` the ones that leak; else the ones to watch.
    pub suspects: Vec<Suspect>,
    /// What speaks against the answer.
    pub against: Vec<String>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// What to do next, most useful first.
    pub next_steps: Vec<NextStep>,
}

/// Weighs.
pub fn weigh(view: &View<'_>, findings: &[Finding]) -> Verdict {
    let state = state(view, findings);
    let suspects = suspects::suspects(view, state);
    let confidence = match state {
        State::Leak | State::NoLeakSeen => view.main_boot().map(|boot| boot.judgement.confidence),
        State::NotEnoughEvidence | State::OtherProblem => None,
    };
    Verdict {
        state,
        confidence,
        summary: summary::summary(view, findings, state, &suspects),
        against: summary::against(view, &suspects),
        gaps: gaps::gaps(view),
        next_steps: next_steps::next_steps(view, state, &suspects),
        suspects,
    }
}

/// Whether most snapshots of the tag table have no time: what grows in them was not judged, and a total that looks
/// flat beside them clears nobody.
fn mostly_untimed(case: &Case) -> bool {
    let untimed = case.snapshots.iter().filter(|snapshot| !snapshot.timed).count();
    untimed > 1 && untimed * 2 > case.snapshots.len()
}

fn state(view: &View<'_>, findings: &[Finding]) -> State {
    if view.case.hosts().len() > 1 {
        return State::NotEnoughEvidence;
    }
    let found = |code: &str| findings.iter().any(|finding| finding.code == code);
    let standings: Vec<Standing> = view.boots.iter().map(|boot| boot.judgement.standing).collect();
    if standings.contains(&Standing::Leak) {
        return State::Leak;
    }
    let exhausted = found("PS001");
    if found("PS002") && !exhausted {
        return State::OtherProblem;
    }
    match view.main_boot().map(|boot| boot.judgement.standing) {
        Some(Standing::NoLeakSeen) if found("PS025") && !exhausted => State::OtherProblem,
        // Exhaustion without visible growth: the evidence missed whatever filled the pool.
        Some(Standing::NoLeakSeen) if !exhausted && !mostly_untimed(view.case) => State::NoLeakSeen,
        _ => State::NotEnoughEvidence,
    }
}
