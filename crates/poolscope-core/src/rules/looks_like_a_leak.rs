//! PS010: tags that rose and are not leaks, or cannot be told from one yet.

use super::{BootJudgement, Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::judge::{Class, SeriesKey};
use crate::units::bytes;

/// Most tags listed.
const MOST_LINES: usize = 5;

/// Growth below this share of the pool's tagged bytes is not worth a line.
const WORTH_A_LINE_SHARE: f64 = 0.005;

pub(super) const RULE: Rule = Rule {
    code: "PS010",
    name: "rose-but-is-no-proven-leak",
    doc: "# PS010 rose-but-is-no-proven-leak

## What it does
Lists tags that gained bytes over the series and are not called leaks, with the shape that speaks against it: a cache
that fills towards a bound, a daily cycle, a step, a burst; or growth that is too short to judge.

## Why it matters
These are what a first-against-last comparison accuses. A cache looks like a leak for a day.

## Source
docs/method.md; reference field-lessons.md 3 (rule 6) and 4.",
    check,
};

/// Bytes at the last snapshot of a boot less those at the first: what a person finds in the listings.
fn gained(view: &View<'_>, key: SeriesKey, boot: &BootJudgement) -> f64 {
    let Some(series) = view.case.tags.get(&key) else { return 0.0 };
    let held = series.bytes.get(series.range(boot.from, boot.to)).unwrap_or(&[]);
    held.first().zip(held.last()).map_or(0.0, |(first, last)| *last as f64 - *first as f64)
}

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let held = |pool| -> f64 {
        boot.judgement.tags.iter().filter(|t| t.key.pool == pool).map(|t| t.outstanding_bytes as f64).sum()
    };
    let mut rose: Vec<_> = boot
        .judgement
        .tags
        .iter()
        .filter(|tag| !tag.leaking && tag.growth_bytes > held(tag.key.pool) * WORTH_A_LINE_SHARE)
        // What fell again by the end gained nothing to speak of.
        .filter(|tag| gained(view, tag.key, boot) > 0.0)
        .filter_map(|tag| {
            let shape = match tag.class {
                Class::SaturatingCache => "fills towards a bound, as a cache does",
                Class::StillRising => "still rises, and may be a cache that is filling",
                Class::Seasonal => "follows the day or the week",
                Class::StepThenFlat => "rose once and stands since",
                Class::Burst => "rose and fell back",
                Class::PinnedAfterGrowth => "grew, then stopped, and was not freed",
                _ => return None,
            };
            Some((tag, shape))
        })
        .collect();
    rose.sort_by(|a, b| b.0.growth_bytes.total_cmp(&a.0.growth_bytes).then(a.0.key.cmp(&b.0.key)));
    let lines = rose.into_iter().take(MOST_LINES);
    lines
        .map(|(tag, shape)| Finding {
            code: RULE.code,
            title: format!(
                "{} gained {} and is not called a leak: it {shape}",
                label(tag.key.tag, tag.key.pool),
                bytes(gained(view, tag.key, boot))
            ),
            subject: Subject::Tag(tag.key),
            numbers: vec![number("growth_bytes", tag.growth_bytes, "bytes")],
            sources: view.end_sources(tag.key, boot),
            strength: Strength::Measured,
        })
        .collect()
}
