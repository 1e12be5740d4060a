//! The file format of speedscope: shared frames, and one sampled profile whose weights are bytes or counts.

use std::collections::BTreeMap;

use anyhow::Result;
use poolscope_core::trace::TraceReport;
use serde_json::json;

use crate::cli::Weight;

pub(super) fn render(report: &TraceReport, by: Weight) -> Result<String> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut frames = Vec::new();
    let (mut samples, mut weights) = (Vec::new(), Vec::new());
    for site in &report.sites {
        let weight = super::weight(site, by);
        if weight == 0 {
            continue;
        }
        let mut stack = Vec::new();
        for name in super::path(site) {
            let next = frames.len();
            let number = *numbers.entry(name).or_insert_with_key(|name| {
                frames.push(json!({ "name": name }));
                next
            });
            stack.push(number);
        }
        samples.push(stack);
        weights.push(weight);
    }
    let total: u64 = weights.iter().sum();
    let file = json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": concat!("poolscope ", env!("CARGO_PKG_VERSION")),
        "name": "kernel pool",
        "activeProfileIndex": 0,
        "shared": { "frames": frames },
        "profiles": [{
            "type": "sampled",
            "name": "kernel pool",
            "unit": super::unit(by),
            "startValue": 0,
            "endValue": total,
            "samples": samples,
            "weights": weights,
        }],
    });
    Ok(serde_json::to_string(&file)? + "\n")
}
