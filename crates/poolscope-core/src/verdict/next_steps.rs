//! What to do next: commands ready to paste, each with its cost.

use super::{State, Suspect};
use crate::model::Grade;
use crate::rules::View;
use crate::tagnotes::{TagClass, note};

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
    /// What can go wrong, and how to undo it.
    pub risk: String,
}

fn step(title: &str, why: &str, command: Option<String>, cost: &str, risk: &str) -> NextStep {
    NextStep { title: title.into(), why: why.into(), command, cost: cost.into(), risk: risk.into() }
}

pub(super) fn next_steps(view: &View<'_>, state: State, suspects: &[Suspect]) -> Vec<NextStep> {
    let mut steps = Vec::new();
    let first = suspects.first();
    match state {
        State::OtherProblem => steps.push(step(
            "Look at the application pools and request queues named above",
            "the failed requests were turned away there, not by missing memory",
            Some("%windir%\\system32\\inetsrv\\appcmd list apppool".to_owned()),
            "none",
            "none: it only lists",
        )),
        State::NoLeakSeen | State::NotEnoughEvidence => {
            steps.push(snapshots(view));
            steps.push(counters());
        }
        State::Leak => {}
    }
    let object = first.is_some_and(|s| note(s.key.tag).is_some_and(|note| note.class == TagClass::Object));
    let named = first.and_then(|s| s.owners.first()).is_some_and(|owner| owner.grade < Grade::TextMap);
    if state != State::OtherProblem && object && !named {
        steps.push(step(
            "Count the handles of every process, now and an hour later",
            "objects that grow together with one process's handles belong to that process; objects without \
             handles are held by a driver",
            Some("handle.exe -accepteula -s > handles.txt & tasklist /v > tasks.txt".to_owned()),
            "seconds; handle.exe is a free Sysinternals tool and loads its own driver",
            "low; its driver is unloaded at the next start",
        ));
    }
    if state == State::Leak && !object && !named {
        steps.push(step(
            "Collect the drivers of this server, so that poolscope can look for the tag in their code",
            "a driver that passes the tag to an allocator is the owner; a name in a text list is not proof",
            Some(
                "powershell Compress-Archive -Path $env:SystemRoot\\System32\\drivers\\*.sys -DestinationPath \
                 drivers.zip"
                    .to_owned(),
            ),
            "a zip of 50 to 200 MB",
            "none: it only reads",
        ));
    }
    if let (State::Leak, Some(first)) = (state, first) {
        let tag = String::from_utf8_lossy(&first.key.tag.0).trim_end().to_owned();
        if tag.bytes().all(|b| b.is_ascii_alphanumeric()) {
            steps.push(step(
                "Record allocation stacks of this tag only, for ten minutes",
                "the innermost driver on the stacks is the strongest evidence of ownership there is",
                Some(format!(
                    "xperf -on PROC_THREAD+LOADER+POOL -stackwalk PoolAlloc+PoolFree -PoolTag {tag} -f pool.etl & \
                     timeout 600 & xperf -d pool-merged.etl"
                )),
                "needs the Windows Performance Toolkit (Windows 7 / Server 2008 R2 or later) and up to a few GB \
                 of disk",
                "moderate CPU load while it runs; stop it early with: xperf -stop",
            ));
        }
        steps.push(step(
            "Plan the restart before the pool runs out, and take a last snapshot first",
            "a restart clears the pool and with it the evidence; it cures nothing",
            Some("poolmon -b -n last.txt".to_owned()),
            "none",
            "none",
        ));
    }
    steps
}

fn snapshots(view: &View<'_>) -> NextStep {
    let have = view.case.snapshots.len();
    let why = if have < 8 {
        format!("a leak is claimed from at least eight snapshots of one boot; the evidence has {have}")
    } else {
        "a longer series shows slower leaks".to_owned()
    };
    step(
        "Take a snapshot of the tag table every 30 minutes for at least a day, without a restart between",
        &why,
        Some(
            "for /l %i in (1,1,48) do @(poolmon -b -n pool_%i.txt & timeout /t 1800 /nobreak >nul)"
                .to_owned(),
        ),
        "a few seconds and 100 KB each; poolmon is part of the WDK and runs when copied alone",
        "none: it only reads",
    )
}

fn counters() -> NextStep {
    step(
        "Log the size of both pools and the handle counts of all processes beside it",
        "they show whether the tags explain the growth of the pool, and which process grows in step",
        Some(
            "typeperf \"\\Memory\\Pool Nonpaged Bytes\" \"\\Memory\\Pool Paged Bytes\" \"\\Process(*)\\Handle \
             Count\" \"\\System\\System Up Time\" -si 300 -f CSV -o pool.csv"
                .to_owned(),
        ),
        "about 1 MB a day",
        "none; stop it with Ctrl+C",
    )
}
