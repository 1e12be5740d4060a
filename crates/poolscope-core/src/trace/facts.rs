//! What the report says of a trace as a whole: its facts, losses, pairing, census and remarks.

use std::collections::BTreeMap;

use poolscope_formats::etl::guid;
use poolscope_formats::etl::pool_trace::{LossSign, PoolTrace};

use super::report::*;

pub(super) fn facts(trace: &PoolTrace) -> TraceFacts {
    let header = trace.logfile.as_ref();
    let events = trace.pairing.allocs + trace.pairing.frees;
    let mut tags: Vec<_> = trace.tags.iter().map(|tag| tag.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    TraceFacts {
        started: trace.start.map(|time| time.to_string()),
        seconds: trace.span_seconds.1 - trace.span_seconds.0,
        build: header.map(|header| header.build),
        product: trace.product.clone(),
        computer: trace.computer.clone(),
        processors: header.map(|header| header.processors),
        wide: trace.wide,
        events: trace.tally.events,
        pool_events: events,
        pool_tracing: if events > 0 { Some(true) } else { trace.masks.map(|masks| masks.pool()) },
        likely_tag_filter: events >= 1_000 && tags.len() <= MAX_FILTER_TAGS,
        compression: trace.compression,
        circular: trace.loss.circular,
        range: trace.range,
    }
}

/// Tags a session's filter can hold; a kernel under any load uses hundreds within a second.
const MAX_FILTER_TAGS: usize = 4;

pub(super) fn lost(trace: &PoolTrace) -> Lost {
    let gap = |gap: &poolscope_formats::etl::pool_trace::Gap| GapRow {
        processor: gap.processor,
        from: gap.from,
        to: gap.to,
        sign: match gap.sign {
            LossSign::EventsLost => "events_lost",
            LossSign::BuffersLost => "buffers_lost",
            LossSign::Sequence => "sequence_number_missing",
            LossSign::Overwritten => "overwritten",
            LossSign::Damaged => "damaged",
        },
    };
    Lost {
        events: u64::from(trace.loss.events_stated),
        buffers: trace.loss.buffers(),
        share: trace.loss.share,
        gaps: trace.loss.gaps.iter().map(gap).collect(),
    }
}

pub(super) fn pairing(trace: &PoolTrace) -> PairingFacts {
    let pairing = &trace.pairing;
    PairingFacts {
        allocs: pairing.allocs,
        frees: pairing.frees,
        paired: pairing.paired,
        paired_across_loss: pairing.paired_across_loss,
        frees_without_alloc: pairing.frees_without_alloc,
        allocs_over_live: pairing.allocs_over_live,
        tag_differs: pairing.tag_differs,
        size_differs: pairing.size_differs,
        peak_alive: pairing.peak_alive,
        undecoded: pairing.undecoded,
    }
}

pub(super) fn census(trace: &PoolTrace) -> Vec<CensusRow> {
    let mut rows: BTreeMap<(String, u8), CensusRow> = BTreeMap::new();
    for (id, count) in &trace.census {
        let (provider, opcode) = (id.provider(), id.opcode());
        let text = provider.to_string();
        let row = rows.entry((text.clone(), opcode)).or_insert_with(|| CensusRow {
            provider: text,
            name: guid::name(provider),
            opcode,
            count: 0,
        });
        row.count += count;
    }
    rows.into_values().collect()
}

pub(super) fn remarks(trace: &PoolTrace) -> Vec<String> {
    let facts = facts(trace);
    let mut remarks = Vec::new();
    if facts.pool_events == 0 {
        remarks.push(match facts.pool_tracing {
            Some(false) => "pool tracing was off: record with `xperf -on PROC_THREAD+LOADER+POOL -stackwalk \
                            PoolAlloc+PoolFree`, or `wpr -start Pool`"
                .to_owned(),
            Some(true) => "pool tracing was on, but the trace holds no pool event".to_owned(),
            None => "the trace holds no pool event and does not say whether pool tracing was on".to_owned(),
        });
    }
    if facts.likely_tag_filter {
        remarks.push(
            "only four tags or fewer: a tag filter was very likely on, other tags were not recorded"
                .to_owned(),
        );
    }
    let joining = &trace.joining;
    if facts.pool_events > 0 && joining.allocs_with_stack == 0 {
        remarks.push(
            "no stacks: only tags and processes can be told; record with -stackwalk PoolAlloc".to_owned(),
        );
    }
    if trace.loss.buffers() > 0 || trace.loss.events_stated > 0 {
        remarks.push(format!(
            "{} buffers and {} events were lost: {} pairs and some outstanding blocks are doubtful",
            trace.loss.buffers(),
            trace.loss.events_stated,
            trace.pairing.paired_across_loss
        ));
    }
    if trace.loss.circular {
        remarks.push("a ring: what was allocated before its oldest buffer is not in it".to_owned());
    }
    if joining.unresolved > 0 {
        remarks.push(format!("{} stacks are by keys that nothing in the trace defines", joining.unresolved));
    }
    remarks
}
