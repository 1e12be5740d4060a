//! What of a pool's growth the tags explain.

use poolscope_formats::Pool;

use super::answer::{ExplainedGrowth, Interval};
use super::tag::Look;

/// The growth of one pool, from what was seen of its total, its tags and the rest between them.
pub(crate) fn explained(
    pool: Pool,
    total: Option<&Look>,
    tagged: Interval,
    named: f64,
    rest: Option<&Look>,
    alone: bool,
) -> ExplainedGrowth {
    let whole = total.map_or(tagged, |look| look.bytes);
    let untagged = rest.map_or(
        if total.is_some() {
            Interval {
                low: whole.low - tagged.high,
                estimate: whole.estimate - tagged.estimate,
                high: whole.high - tagged.low,
            }
        } else {
            Interval::default()
        },
        |look| look.bytes,
    );
    let untagged_leak =
        if alone { total.is_some_and(|look| look.leaking) } else { rest.is_some_and(|look| look.leaking) };
    ExplainedGrowth {
        pool,
        total_bytes_per_hour: whole,
        tagged_bytes_per_hour: tagged,
        named_share: if whole.estimate > 0.0 { (named / whole.estimate).clamp(0.0, 1.0) } else { 0.0 },
        untagged_bytes_per_hour: untagged,
        untagged_leak,
        onset: None,
        from_total: total.is_some(),
        exhaustion: None,
        confidence: 0.0,
    }
}
