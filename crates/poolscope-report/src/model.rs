//! The report's data, as JSON has it: schema `poolscope/report/1`, described in `schemas/report-1.schema.json`.
//!
//! Times are RFC 3339 in UTC. Sizes are bytes. A value that the evidence does not give is `null`, never 0.

use serde::Serialize;

/// The schema of this report.
pub const SCHEMA: &str = "poolscope/report/1";

/// The whole report.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of poolscope that made it.
    pub poolscope_version: &'static str,
    /// The machine.
    pub host: Host,
    /// The answer.
    pub verdict: Verdict,
    /// What the rules found, by code.
    pub findings: Vec<Finding>,
    /// What happened, by time.
    pub timeline: Vec<TimelineEntry>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// What to do next, most useful first.
    pub next_steps: Vec<NextStep>,
    /// Series to draw: the suspects and the pool totals.
    pub charts: Vec<Chart>,
    /// The inputs.
    pub evidence: Vec<Evidence>,
}

/// The machine, as far as the evidence names it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Host {
    /// Host names seen.
    pub names: Vec<String>,
    /// `Windows Server 2003 (5.2.3790)`.
    pub windows: Option<String>,
    /// 32 or 64.
    pub bits: Option<u32>,
    /// Installed memory in bytes.
    pub ram_bytes: Option<u64>,
    /// Commit limit in bytes.
    pub commit_limit_bytes: Option<u64>,
}

/// The answer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Verdict {
    /// `leak`, `no_leak_seen`, `not_enough_evidence` or `other_problem`.
    pub state: &'static str,
    /// Probability that the state is right.
    pub confidence: Option<f64>,
    /// The answer in sentences.
    pub summary: Vec<String>,
    /// Tags, most suspect first.
    pub suspects: Vec<Suspect>,
    /// What speaks against it.
    pub against: Vec<String>,
}

impl Verdict {
    /// What the list of suspects is: accused, or only to be looked at.
    pub fn suspects_heading(&self) -> &'static str {
        if self.suspects.iter().any(|suspect| suspect.leaking) {
            "Suspects"
        } else {
            "Tags to watch (not accused)"
        }
    }
}

/// A tag under suspicion.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Suspect {
    /// The tag; a trailing blank is `·`, other bytes that do not print are `\xNN`.
    pub tag: String,
    /// `nonpaged` or `paged`.
    pub pool: &'static str,
    /// Shape of the series: `steady_leak`, `saturating_cache`, ...
    pub class: &'static str,
    /// True if the statistics call it a leak.
    pub leaking: bool,
    /// Growth of outstanding bytes (90 % interval).
    pub rate_bytes_per_hour: Option<Interval>,
    /// Growth of outstanding allocations.
    pub rate_count_per_hour: Option<Interval>,
    /// Of a leak that accelerates: bytes an hour in the last quarter of its time.
    pub recent_bytes_per_hour: Option<f64>,
    /// Outstanding bytes at the last snapshot.
    pub outstanding_bytes: u64,
    /// Outstanding allocations at the last snapshot.
    pub outstanding_count: i64,
    /// When it began; `null` if before the first snapshot or not known.
    pub onset: Option<String>,
    /// The interval of the onset.
    pub onset_interval: Option<[String; 2]>,
    /// When the pool runs out.
    pub exhaustion: Option<Exhaustion>,
    /// Share of the growth of its pool, 0 to 1.
    pub share_of_growth: Option<f64>,
    /// Who may own it, strongest evidence first.
    pub owners: Vec<Owner>,
    /// Probability that it leaks.
    pub confidence: Option<f64>,
    /// Snapshots behind it.
    pub snapshots: usize,
    /// Where it stands.
    pub sources: Vec<Source>,
}

/// A value with the ends of its 90 % interval.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Best estimate.
    pub estimate: f64,
    /// Upper end.
    pub high: f64,
}

/// When a pool runs out.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Exhaustion {
    /// Earliest.
    pub earliest: String,
    /// Best estimate.
    pub estimate: String,
    /// Latest.
    pub latest: String,
    /// The bound.
    pub bound: Bound,
}

/// How much a pool can hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Bound {
    /// Bytes.
    pub bytes: u64,
    /// What limits it.
    pub what: String,
}

/// An owner.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Owner {
    /// Name.
    pub name: String,
    /// `driver`, `process` or `component`.
    pub kind: &'static str,
    /// Strength of the strongest reason.
    pub grade: &'static str,
    /// The same in words.
    pub grade_words: &'static str,
    /// Share of the laboratory's cases in which an owner named so was the culprit, 0 to 1 (docs/method.md).
    pub confidence: f64,
    /// Why.
    pub reasons: Vec<String>,
    /// Where.
    pub sources: Vec<Source>,
}

/// A finding of a rule.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Finding {
    /// Code of the rule.
    pub code: &'static str,
    /// Name of the pattern.
    pub name: &'static str,
    /// What was found.
    pub title: String,
    /// What it is about: `host`, `nonpaged pool`, `Even (nonpaged)`, ...
    pub subject: String,
    /// `proven`, `measured` or `suggests`.
    pub strength: &'static str,
    /// The numbers behind it.
    pub numbers: Vec<Number>,
    /// Where they stand.
    pub sources: Vec<Source>,
}

/// A number with its unit.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Number {
    /// Name.
    pub name: &'static str,
    /// Value; `null` if not finite.
    pub value: f64,
    /// Unit.
    pub unit: &'static str,
}

/// A place in an input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Source {
    /// Index into [`Report::evidence`].
    pub evidence: u32,
    /// Path of the input.
    pub path: String,
    /// 1-based line, for texts.
    pub line: Option<u64>,
    /// Byte offset, for binaries.
    pub offset: Option<u64>,
}

/// One line of the time line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TimelineEntry {
    /// When, UTC.
    pub time: String,
    /// `boot`, `shutdown`, `onset`, `pool_empty`, `connections_refused`, `driver_change`, ...
    pub kind: &'static str,
    /// What happened.
    pub text: String,
    /// Where it stands.
    pub sources: Vec<Source>,
}

/// Something that could not be seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Gap {
    /// A whole sentence.
    pub text: String,
    /// Where it shows.
    pub sources: Vec<Source>,
}

/// What to do next.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NextStep {
    /// What to do.
    pub title: String,
    /// What it will tell.
    pub why: String,
    /// The command to paste.
    pub command: Option<String>,
    /// What it costs.
    pub cost: String,
    /// What can go wrong.
    pub risk: String,
    /// How to take it back; `null` where there is nothing to take back.
    pub undo: Option<String>,
}

impl NextStep {
    /// ` Undo: ...` as a sentence with a leading blank; empty where there is nothing to take back.
    pub(crate) fn undo_sentence(&self) -> String {
        self.undo.as_ref().map_or(String::new(), |undo| format!(" Undo: {undo}."))
    }
}

/// A series to draw.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// Unit of the values.
    pub unit: &'static str,
    /// Points: time (RFC 3339) and value, thinned to at most a few hundred.
    pub points: Vec<(String, f64)>,
    /// Moments to mark: time and what it is.
    pub marks: Vec<(String, String)>,
}

/// An input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Evidence {
    /// Path as given, with `/`.
    pub path: String,
    /// What it is; `unknown` if nothing knows it.
    pub kind: &'static str,
    /// The same for a person.
    pub kind_title: &'static str,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in hex; empty if it was not read to the end.
    pub sha256: String,
    /// Records read well.
    pub records: u64,
    /// Damaged records left out.
    pub bad_records: u64,
    /// Notes.
    pub notes: Vec<Note>,
    /// Notes beyond the kept ones.
    pub notes_dropped: u64,
}

/// A note on an input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Note {
    /// Where: `line 12`, `offset 0x40`, `whole file`.
    pub place: String,
    /// What.
    pub text: String,
}
