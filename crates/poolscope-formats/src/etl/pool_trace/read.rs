//! The door: opens the container, plans the pass, runs its two halves, and hands over the result.

use std::num::NonZero;

use crate::error::FormatError;
use crate::etl::container::Container;
use crate::etl::logfile::LogfileHeader;
use crate::etl::pool_trace::feed::{Feed, Scanned, Source};
use crate::etl::pool_trace::finish::{self, Ended};
use crate::etl::pool_trace::order::Order;
use crate::etl::pool_trace::pairing::{Pass, PassPlan};
use crate::etl::pool_trace::plan::Plan;
use crate::etl::pool_trace::stacks::MAX_SCANNERS;
use crate::etl::pool_trace::{PoolTrace, PoolTraceOptions};
use crate::input::ReadAt;
use crate::parsed::Parsed;

/// Reads the pool content of a trace.
///
/// # Errors
/// [`FormatError::NotThisFormat`] if the input is no trace; [`FormatError::Read`].
pub fn read(input: &dyn ReadAt, options: &PoolTraceOptions) -> Result<Parsed<PoolTrace>, FormatError> {
    let opened = Container::open(input)?;
    let container = &opened.value;
    let plan = Plan::new(container, input)?;
    let clock = TickClock::new(container.logfile.as_ref(), plan.span);
    let moments = moments(plan.span, options.moments);
    let range = options.range.map(|(from, to)| (clock.ticks(from), clock.ticks(to)));
    let pass = Pass::new(PassPlan {
        moments: moments.clone(),
        range,
        whole_from: plan.whole_from,
        ticks_per_second: clock.per_second,
    });
    let (pass, scanned) =
        run(Source { container, input, plan: &plan }, pass, workers(options.threads, &plan))?;
    let ended = Ended { container, plan: &plan, clock, moments, range: options.range, pass, scanned };
    let value = finish::pool_trace(ended);
    let mut parsed = opened.map(|_| ());
    finish::add_notes(&mut parsed, &value.1);
    Ok(parsed.map(|()| value.0))
}

/// Runs scanning and pairing to the end.
fn run(source: Source<'_>, mut pass: Pass, workers: usize) -> Result<(Pass, Vec<Scanned>), FormatError> {
    let streams = source.plan.streams.len();
    std::thread::scope(|scope| {
        let feed = Feed::start(scope, source, workers);
        let mut order = Order::new(feed, streams)?;
        pass.run(&mut order)?;
        Ok((pass, order.into_feed().finish()))
    })
}

/// Scanning threads: one core is left for the pairing, and more scanners than processors have nothing to do.
fn workers(threads: usize, plan: &Plan) -> usize {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    };
    (threads - 1).min(plan.streams.len()).min(MAX_SCANNERS)
}

/// `count` moments evenly over a span, the last at its end.
fn moments((first, last): (i64, i64), count: usize) -> Vec<i64> {
    let length = i128::from(last) - i128::from(first);
    let count = count.max(1) as i128;
    (1..=count).map(|at| (i128::from(first) + length * at / count) as i64).collect()
}

/// Seconds from the start of the session, and back to ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct TickClock {
    zero: i64,
    pub(super) per_second: f64,
}

impl TickClock {
    fn new(logfile: Option<&LogfileHeader>, span: (i64, i64)) -> Self {
        match logfile {
            Some(logfile) => Self { zero: logfile.zero_ticks(), per_second: logfile.ticks_per_second() },
            // Nothing tells the clock: the usual performance counter.
            None => Self { zero: span.0, per_second: 1e7 },
        }
    }

    /// Seconds of ticks.
    pub(super) fn seconds(self, ticks: i64) -> f64 {
        (i128::from(ticks) - i128::from(self.zero)) as f64 / self.per_second
    }

    fn ticks(self, seconds: f64) -> i64 {
        self.zero.saturating_add((seconds * self.per_second).round() as i64)
    }
}
