//! The processed profile format of the Firefox Profiler: one thread, one sample a stack, weighed by bytes or
//! counts.
//!
//! Written to version 36 of that format, which the profiler upgrades by itself; columns stand in arrays.

use std::collections::BTreeMap;

use anyhow::Result;
use poolscope_core::trace::TraceReport;
use serde_json::{Value, json};

use crate::cli::Weight;

/// Strings and the tables that refer to them by index.
#[derive(Default)]
struct Tables {
    strings: Vec<String>,
    string_numbers: BTreeMap<String, usize>,
    /// One frame and one function a name.
    names: Vec<usize>,
    frame_numbers: BTreeMap<usize, usize>,
    /// Frame and prefix of each stack.
    stacks: Vec<(usize, Option<usize>)>,
    stack_numbers: BTreeMap<(usize, Option<usize>), usize>,
}

impl Tables {
    fn string(&mut self, text: &str) -> usize {
        if let Some(number) = self.string_numbers.get(text) {
            return *number;
        }
        self.strings.push(text.to_owned());
        self.string_numbers.insert(text.to_owned(), self.strings.len() - 1);
        self.strings.len() - 1
    }

    fn frame(&mut self, name: &str) -> usize {
        let name = self.string(name);
        let next = self.names.len();
        let names = &mut self.names;
        *self.frame_numbers.entry(name).or_insert_with(|| {
            names.push(name);
            next
        })
    }

    fn stack(&mut self, frame: usize, prefix: Option<usize>) -> usize {
        let next = self.stacks.len();
        let stacks = &mut self.stacks;
        *self.stack_numbers.entry((frame, prefix)).or_insert_with(|| {
            stacks.push((frame, prefix));
            next
        })
    }
}

pub(super) fn render(report: &TraceReport, by: Weight) -> Result<String> {
    let mut tables = Tables::default();
    let (mut samples, mut weights) = (Vec::new(), Vec::new());
    for site in &report.sites {
        let weight = super::weight(site, by);
        if weight == 0 {
            continue;
        }
        let mut stack = None;
        for name in super::path(site) {
            let frame = tables.frame(&name);
            stack = Some(tables.stack(frame, stack));
        }
        samples.push(stack);
        weights.push(weight);
    }
    let file = json!({
        "meta": {
            "version": 24,
            "preprocessedProfileVersion": 36,
            "interval": 1,
            "startTime": 0,
            "processType": 0,
            "product": "poolscope",
            "stackwalk": 1,
            "debug": false,
            "symbolicated": true,
            "markerSchema": [],
            "categories": [{ "name": "Pool", "color": "blue", "subcategories": ["Other"] }],
        },
        "libs": [],
        "threads": [thread(&tables, &samples, &weights, by)],
        "pages": [],
    });
    Ok(serde_json::to_string(&file)? + "\n")
}

fn thread(tables: &Tables, samples: &[Option<usize>], weights: &[u64], by: Weight) -> Value {
    let (frames, stacks) = (tables.names.len(), tables.stacks.len());
    let nothing = |count: usize| vec![Value::Null; count];
    json!({
        "name": "kernel pool",
        "processType": "default",
        "processStartupTime": 0,
        "processShutdownTime": null,
        "registerTime": 0,
        "unregisterTime": null,
        "pausedRanges": [],
        "pid": 4,
        "tid": 4,
        "samples": {
            "length": samples.len(),
            "stack": samples,
            "time": (0..samples.len()).collect::<Vec<_>>(),
            "weight": weights,
            "weightType": if super::unit(by) == "bytes" { "bytes" } else { "samples" },
        },
        "markers": {
            "length": 0, "data": [], "name": [], "startTime": [], "endTime": [], "phase": [], "category": [],
        },
        "stackTable": {
            "length": stacks,
            "frame": tables.stacks.iter().map(|stack| stack.0).collect::<Vec<_>>(),
            "prefix": tables.stacks.iter().map(|stack| stack.1).collect::<Vec<_>>(),
            "category": vec![0; stacks],
            "subcategory": vec![0; stacks],
        },
        "frameTable": {
            "length": frames,
            "address": vec![-1; frames],
            "category": vec![0; frames],
            "subcategory": vec![0; frames],
            "func": (0..frames).collect::<Vec<_>>(),
            "innerWindowID": nothing(frames),
            "implementation": nothing(frames),
            "line": nothing(frames),
            "column": nothing(frames),
            "optimizations": nothing(frames),
        },
        "funcTable": {
            "length": frames,
            "name": tables.names,
            "isJS": vec![false; frames],
            "relevantForJS": vec![false; frames],
            "resource": vec![-1; frames],
            "fileName": nothing(frames),
            "lineNumber": nothing(frames),
            "columnNumber": nothing(frames),
        },
        "resourceTable": { "length": 0, "lib": [], "name": [], "host": [], "type": [] },
        "stringArray": tables.strings,
    })
}
