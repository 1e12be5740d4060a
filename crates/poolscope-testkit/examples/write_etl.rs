//! Writes a simulated pool trace: `write_etl FILE EVENTS [xpress]`.

use std::fs::File;
use std::io::BufWriter;

use poolscope_testkit::etl::events::Header;
use poolscope_testkit::etl::{Layout, Packing, Pattern, Scenario, Stacks, simulate, standard_drivers};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("which file?")?;
    let events: u64 = args.next().ok_or("how many events?")?.parse()?;
    let packing = args.next().map(|_| Packing::Xpress);
    let mut drivers = standard_drivers();
    for driver in &mut drivers {
        driver.pattern = match driver.pattern {
            Pattern::Churn { .. } => Pattern::Churn { lifetime: 20_000 },
            Pattern::Cache { .. } => Pattern::Cache { blocks: 400_000 },
            Pattern::Leak { .. } => Pattern::Leak { keep_every: events / 1_000_000 * 2 + 2, lifetime: 2_000 },
        };
    }
    let scenario = Scenario {
        layout: Layout { processors: 8, buffer_bytes: 1 << 20, packing, ..Layout::default() },
        header: Header::System,
        stacks: Stacks::Mixed,
        stacks_of_frees: false,
        user_halves: false,
        image_version: 3,
        images_at_end: true,
        merged: true,
        context_switches: false,
        events,
        depth: 8,
        cached_keys: 4_096,
        orphan_every: 1_000,
        drivers,
        seed: 20_261_123,
    };
    simulate(&scenario, BufWriter::with_capacity(1 << 20, File::create(path)?))?;
    Ok(())
}
