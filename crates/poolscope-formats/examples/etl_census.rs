//! Counts the events of ETL files by provider and opcode, in the lines of `scripts/etl_second_reader.py`.

use std::collections::BTreeMap;
use std::path::Path;

use poolscope_formats::etl::{Container, Met, for_each_event};

#[allow(clippy::print_stdout, reason = "an example's output is its product")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let trace = Container::open(&bytes)?;
        let mut counts: BTreeMap<(String, u8), u64> = BTreeMap::new();
        for_each_event(&trace.value, &bytes, |met| {
            if let Met::Event { event, .. } = met {
                let id = event.id();
                *counts.entry((id.provider().to_string(), id.opcode())).or_default() += 1;
            }
        })?;
        let name = Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        for ((provider, opcode), count) in counts {
            println!("{name}\t{provider}\t{opcode}\t{count}");
        }
    }
    Ok(())
}
