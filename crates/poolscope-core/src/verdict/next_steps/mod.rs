//! What to do next: commands ready to paste, fitted to the host's Windows and to what is missing, each with its
//! cost, its risk and how to undo it.

mod collect;
mod debugger;
mod host_tools;
mod prove;
mod trace;

use super::owners::holder;
use super::suspects::leaking_beside;
use super::{State, Suspect};
use crate::census::object_type;
use crate::model::{Grade, OwnerKind};
use crate::rules::View;
use crate::system_images::works_for_others;

pub(crate) use host_tools::Tools;

/// Tags that one trace is limited to: WPR takes at most four, and more drown the rare events.
const MOST_TRACED_TAGS: usize = 4;

/// Steps told: a tired reader does the first three.
const MOST_STEPS: usize = 8;

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NextStep {
    /// What to do, in the imperative, without a final dot.
    pub title: String,
    /// Why: what it will tell.
    pub why: String,
    /// The command, ready to paste; `None` where there is none.
    pub command: Option<String>,
    /// What it costs, in words.
    pub cost: String,
    /// What can go wrong.
    pub risk: String,
    /// How to take it back; empty where there is nothing to take back.
    pub undo: String,
}

impl NextStep {
    fn new(title: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            why: why.into(),
            command: None,
            cost: "none".to_owned(),
            risk: "none".to_owned(),
            undo: String::new(),
        }
    }

    fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    fn cost(mut self, cost: impl Into<String>) -> Self {
        self.cost = cost.into();
        self
    }

    fn risk(mut self, risk: impl Into<String>) -> Self {
        self.risk = risk.into();
        self
    }

    fn undo(mut self, undo: impl Into<String>) -> Self {
        self.undo = undo.into();
        self
    }
}

pub(super) fn next_steps(view: &View<'_>, state: State, suspects: &[Suspect]) -> Vec<NextStep> {
    let tools = Tools::of(view.case);
    let mut steps = match state {
        State::OtherProblem => other_problem(view, &tools),
        State::NoLeakSeen | State::NotEnoughEvidence => not_proven(view, &tools, suspects),
        State::Leak => leak(view, &tools, suspects),
    };
    steps.truncate(MOST_STEPS);
    steps
}

/// Memory that processes spent, then the queues that were full.
fn other_problem(view: &View<'_>, tools: &Tools) -> Vec<NextStep> {
    let spent = crate::commit::spent(view.case);
    let holder = crate::commit::holder(view.case, &spent);
    let memory = (!spent.is_empty())
        .then(|| collect::process_memory(holder.as_ref().map(|holder| holder.0.as_str()), tools));
    let queues = (!view.case.http_reasons.is_empty()).then(|| collect::app_pools(tools));
    memory.into_iter().chain(queues).collect()
}

/// More evidence, what is missing first.
fn not_proven(view: &View<'_>, tools: &Tools, suspects: &[Suspect]) -> Vec<NextStep> {
    let mut steps: Vec<NextStep> = collect::snapshots(view, tools).into_iter().collect();
    if view.case.counters.is_empty() {
        steps.push(collect::counters());
    }
    let first = suspects.first();
    if first.is_some_and(|suspect| !named(suspect)) {
        steps.extend(suspects.iter().take(3).find_map(collect::find_the_tag));
    }
    if first.is_some_and(|suspect| object_type(suspect.key.tag).is_some() && !named(suspect)) {
        steps.push(collect::handles(first.and_then(held_by)));
    }
    steps.extend(collect::missing_logs(view, tools));
    steps
}

/// A leak is seen: name its owner, prove it, survive until then.
fn leak(view: &View<'_>, tools: &Tools, suspects: &[Suspect]) -> Vec<NextStep> {
    let mut steps = Vec::new();
    let Some(first) = suspects.first().filter(|first| first.leaking) else {
        // Only the total grows: better listings come first, and whatever names the tags that were seen.
        let holder = suspects.iter().find_map(held_by);
        let mut steps: Vec<NextStep> = holder.map(prove::restart_of).into_iter().collect();
        steps.extend(collect::snapshots(view, tools));
        if holder.is_none() {
            steps.extend(suspects.iter().take(3).find_map(collect::find_the_tag));
        }
        if view.case.counters.is_empty() {
            steps.push(collect::counters());
        }
        steps.push(collect::plan_the_restart(view));
        return steps;
    };
    let object = object_type(first.key.tag).is_some();
    // Of tags that grow beside each other one may be held by whom the first does not name.
    let beside = || leaking_beside(suspects, first).filter(|_| !named(first)).find_map(held_by);
    let process = held_by(first).or_else(beside);
    if let Some(process) = process {
        steps.push(prove::restart_of(process));
    }
    if object && (process.is_some() || !named(first)) {
        steps.push(collect::handles(process));
    }
    let driver = first.owners.iter().find(|owner| {
        owner.kind == OwnerKind::Driver && owner.grade < Grade::TextMap && !works_for_others(&owner.name)
    });
    if let Some(change) = prove::take_back_the_change(view) {
        steps.push(change);
    }
    if process.is_none() && !object && view.case.state.drivers.iter().all(|driver| driver.altitude.is_none())
    {
        steps.extend(collect::filters(first));
    }
    if process.is_none() && !named(first) {
        steps.push(collect::drivers(tools));
    }
    steps.extend(trace::stacks(view, tools, suspects));
    steps.push(debugger::live(tools, first));
    if let Some(driver) = driver {
        steps.push(prove::verifier(tools, &driver.name));
    }
    if object && view.case.counters.is_empty() {
        steps.push(collect::counters());
    }
    // The last word, whatever else is cut off.
    steps.truncate(MOST_STEPS - 1);
    steps.push(collect::plan_the_restart(view));
    steps
}

/// A tag as commands take it; `None` for tags with characters that no prompt takes.
fn typed(suspect: &Suspect) -> Option<String> {
    let text = String::from_utf8_lossy(&suspect.key.tag.0).trim_end().to_owned();
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(text)
}

/// True if evidence stronger than a text list names an owner that does not work for others.
fn named(suspect: &Suspect) -> bool {
    suspect.owners.first().is_some_and(|owner| owner.grade < Grade::TextMap && !works_for_others(&owner.name))
}

/// The process that the evidence ties to the objects.
fn held_by(suspect: &Suspect) -> Option<&str> {
    holder(&suspect.owners).map(|owner| owner.name.as_str())
}

#[cfg(test)]
mod tests;
