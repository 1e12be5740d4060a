//! Rules: each reads the judged case and returns findings. One file a rule.
//!
//! A rule is data plus one pure function: a stable code, a kebab-case name of the pattern it finds, its
//! documentation (what `poolscope explain CODE` prints) and `check`. Rules never print, never rank suspects and
//! never see each other's findings; [`crate::verdict`] weighs them.

mod backlog;
mod big_but_static;
mod boot_cut;
mod change_before_onset;
mod contradictory_row;
mod default_tag;
mod event_object_size;
mod exhaustion_not_pool;
mod exhaustion_seen;
mod fast_startup;
mod handles_without_objects;
mod http_not_memory;
mod known_case;
mod lock_step;
mod looks_like_a_leak;
mod network_drivers;
mod noted_advice;
mod objects_with_handles;
mod objects_without_handles;
mod pinned;
mod private_twin;
mod registry_values;
mod released;
mod restarts;
mod service_at_onset;
mod single_snapshot;
mod standing_table;
mod steady_growth;
mod system_handles;
mod unexplained_growth;
mod verifier_settings;
mod verifier_standing;
mod workload;
mod works_for_others;
mod zombies;

use poolscope_formats::Time;

use crate::bounds::Bound;
use crate::judge::{Class, HostJudgement, LEAST_SNAPSHOTS, SeriesKey, TagJudgement};
use crate::model::{Case, Source};

/// Suspects that rules speak of at most: beyond these a reader learns nothing.
const MOST_SUSPECTS: usize = 10;

/// Tags worth a look where nothing is proven: by size from a single snapshot, by growth from a few.
const MOST_BIG_ONES: usize = 3;

/// What a rule reads.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The facts.
    pub case: &'a Case,
    /// The judgement of every boot that has measurements, in order of time.
    pub boots: &'a [BootJudgement],
    /// The bounds of the pools, nonpaged first, where known.
    pub bounds: &'a [(poolscope_formats::Pool, Bound)],
}

/// The judgement of one run of Windows.
#[derive(Clone, PartialEq, Debug)]
pub struct BootJudgement {
    /// Index into [`Case::boots`].
    pub boot: usize,
    /// The run's begin, or the far past.
    pub from: Time,
    /// The run's end, or the far future.
    pub to: Time,
    /// What the statistics say.
    pub judgement: HostJudgement,
}

impl<'a> View<'a> {
    /// The boot that the verdict speaks of: the latest with a leak, else of those whose tags were listed
    /// the one with the most samples (the later of equals).
    pub fn main_boot(&self) -> Option<&'a BootJudgement> {
        use crate::judge::Standing;
        let leaking = self.boots.iter().rev().find(|boot| boot.judgement.standing == Standing::Leak);
        // Without a leak, a run whose tags were listed says more than a longer one of totals only.
        let weight = |boot: &&BootJudgement| {
            let listed = boot.judgement.tags.iter().any(|tag| tag.samples >= 2);
            (listed, boot.judgement.snapshots, boot.boot)
        };
        leaking.or_else(|| self.boots.iter().max_by_key(weight))
    }

    /// The tags under suspicion in the main boot, most suspect first: those that leak; where the evidence is too
    /// thin for that, those that grew, or from a single snapshot those that hold most. Where the total leaks and
    /// the tags were listed often enough to show which, and none does, there are none.
    pub fn suspects(&self) -> Vec<&'a TagJudgement> {
        use crate::judge::Standing;
        let Some(boot) = self.main_boot() else { return Vec::new() };
        let tags = &boot.judgement.tags;
        let mut chosen: Vec<&TagJudgement> = tags.iter().filter(|tag| tag.leaking).collect();
        let listed = tags.iter().map(|tag| tag.samples).max().unwrap_or(0);
        let thin = match boot.judgement.standing {
            Standing::NotEnoughEvidence => true,
            Standing::Leak => listed < LEAST_SNAPSHOTS,
            Standing::NoLeakSeen => false,
        };
        if chosen.is_empty() && thin {
            if listed < 2 {
                chosen.extend(tags);
                chosen.sort_by_key(|tag| (std::cmp::Reverse(tag.outstanding_bytes), tag.key));
                chosen.truncate(MOST_BIG_ONES);
            } else {
                let may_leak = |tag: &&TagJudgement| {
                    matches!(tag.class, Class::TooShortToSay | Class::StillRising)
                        && tag.rate_bytes_per_hour.estimate > 0.0
                };
                let mut grown: Vec<&TagJudgement> = tags.iter().filter(may_leak).collect();
                // Where a pool's total leaks, the tags of that pool first.
                let leaks = |pool| {
                    boot.judgement.growth.iter().any(|growth| growth.pool == pool && growth.untagged_leak)
                };
                grown.sort_by_key(|tag| !leaks(tag.key.pool));
                chosen.extend(grown.into_iter().take(MOST_BIG_ONES));
            }
        }
        chosen.truncate(MOST_SUSPECTS);
        chosen
    }

    /// Where the last point of a tag within a boot stands.
    pub fn last_source(&self, key: SeriesKey, boot: &BootJudgement) -> Option<Source> {
        let series = self.case.tags.get(&key)?;
        let at = series.range(boot.from, boot.to).next_back()?;
        series.source(at, &self.case.snapshots)
    }

    /// Where the first and the last point of a tag within a boot stand.
    pub fn end_sources(&self, key: SeriesKey, boot: &BootJudgement) -> Vec<Source> {
        let Some(series) = self.case.tags.get(&key) else { return Vec::new() };
        let range = series.range(boot.from, boot.to);
        let ends = [range.clone().next(), range.clone().next_back()];
        let mut sources: Vec<Source> =
            ends.into_iter().flatten().filter_map(|at| series.source(at, &self.case.snapshots)).collect();
        sources.dedup();
        sources
    }
}

/// How much a finding proves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Strength {
    /// The evidence states it.
    Proven,
    /// The statistics say it at their stated confidence.
    Measured,
    /// It fits, and other explanations do too.
    Suggests,
}

impl Strength {
    /// The name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Measured => "measured",
            Self::Suggests => "suggests",
        }
    }
}

/// A number of a finding, with its unit in the name of the field's vocabulary.
#[derive(Clone, PartialEq, Debug)]
pub struct Number {
    /// What it is: `rate_bytes_per_hour`.
    pub name: &'static str,
    /// The value.
    pub value: f64,
    /// `bytes`, `count`, `bytes_per_hour`, `hours`, `share`, ...
    pub unit: &'static str,
}

/// Shorthand for a [`Number`].
pub fn number(name: &'static str, value: f64, unit: &'static str) -> Number {
    Number { name, value, unit }
}

/// What a finding is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// The machine as a whole.
    Host,
    /// One pool.
    Pool(poolscope_formats::Pool),
    /// One tag in one pool.
    Tag(SeriesKey),
    /// A process, as the evidence names it.
    Process(String),
    /// A driver or component.
    Driver(String),
}

/// One finding: data, rendered elsewhere.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The rule's code.
    pub code: &'static str,
    /// One sentence with the numbers a reader needs, without a final dot.
    pub title: String,
    /// What it is about.
    pub subject: Subject,
    /// The numbers behind it.
    pub numbers: Vec<Number>,
    /// Where they stand.
    pub sources: Vec<Source>,
    /// How much it proves.
    pub strength: Strength,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Stable code: `PS001`.
    pub code: &'static str,
    /// The pattern it finds, in kebab case, never the advice.
    pub name: &'static str,
    /// Documentation in Markdown: what it does, why it matters, thresholds with their source.
    pub doc: &'static str,
    /// Finds the pattern.
    pub check: fn(&View<'_>) -> Vec<Finding>,
}

/// Every rule, by code.
pub static RULES: &[Rule] = &[
    exhaustion_seen::RULE,
    http_not_memory::RULE,
    steady_growth::RULE,
    unexplained_growth::RULE,
    big_but_static::RULE,
    contradictory_row::RULE,
    boot_cut::RULE,
    single_snapshot::RULE,
    event_object_size::RULE,
    looks_like_a_leak::RULE,
    objects_with_handles::RULE,
    objects_without_handles::RULE,
    handles_without_objects::RULE,
    system_handles::RULE,
    zombies::RULE,
    lock_step::RULE,
    private_twin::RULE,
    works_for_others::RULE,
    pinned::RULE,
    released::RULE,
    workload::RULE,
    change_before_onset::RULE,
    fast_startup::RULE,
    backlog::RULE,
    exhaustion_not_pool::RULE,
    default_tag::RULE,
    network_drivers::RULE,
    standing_table::RULE,
    verifier_settings::RULE,
    registry_values::RULE,
    verifier_standing::RULE,
    restarts::RULE,
    known_case::RULE,
    noted_advice::RULE,
    service_at_onset::RULE,
];

/// The findings of every rule, in order of the codes.
pub fn check_all(view: &View<'_>) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| (rule.check)(view)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_needs_evidence() {
        for samples in [0, 1, 12] {
            let found = crate::testcase::TestCase::new(samples).with(check_all);
            let codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
            assert!(codes.iter().all(|code| *code == "PS008"), "{samples}: {codes:?}");
        }
    }

    #[test]
    fn codes_are_unique_and_sorted_and_docs_have_their_headings() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for rule in RULES {
            for heading in ["## What it does", "## Why it matters", "## Source"] {
                assert!(rule.doc.contains(heading), "{} lacks {heading}", rule.code);
            }
        }
    }
}
