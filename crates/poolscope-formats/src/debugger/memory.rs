//! `!vm`: pages and KB by use, and the warnings the debugger itself prints.

use super::MemoryUsage;
use crate::facts::{HostFact, HostValue};
use crate::number;
use crate::parsed::{Parsed, Place};
use crate::tag::Pool;

/// Reads one output.
pub(super) struct Reader {
    out: MemoryUsage,
    /// `NonPagedPool` and `NonPagedPoolNx` add up: bytes so far and the first line.
    nonpaged: Option<(Place, u64)>,
    /// Lines in a row that are none of its own.
    strange: u32,
}

/// Lines that are not `name: pages (kb Kb)` in a row after which the output counts as ended. The blocks
/// of page files and processes are about this long.
const STRANGE_LINES: u32 = 40;

/// Facts and warnings kept of one output; a real one has about a dozen.
const MAX_MEMORY_LINES: usize = 1_000;

/// The reader, if this line begins the output. It must be given the line as well.
pub(super) fn heading(line: &str) -> Option<Reader> {
    let trimmed = line.trim();
    let starts = trimmed.trim_matches(['*', ' ']) == "Virtual Memory Usage"
        || (trimmed.starts_with("Physical Memory:") && kilobytes(trimmed).is_some());
    starts.then(|| Reader { out: MemoryUsage::default(), nonpaged: None, strange: 0 })
}

impl Reader {
    /// Takes one line; false if the output has ended.
    pub(super) fn take<T>(&mut self, number: u64, line: &str, notes: &mut Parsed<T>) -> bool {
        let trimmed = line.trim();
        let place = Place::Line(number);
        if self.out.host.len() + self.out.warnings.len() >= MAX_MEMORY_LINES {
            return false;
        }
        if trimmed.starts_with("***") {
            let text = trimmed.trim_matches(['*', ' ']);
            if !text.is_empty() && text != "Virtual Memory Usage" {
                self.out.warnings.push((place, text.to_owned()));
            }
            return true;
        }
        let Some((name, kib)) =
            trimmed.split_once(':').zip(kilobytes(trimmed)).map(|((name, _), kib)| (name, kib))
        else {
            self.strange += 1;
            return self.strange < STRANGE_LINES;
        };
        self.strange = 0;
        let bytes = kib.saturating_mul(1024);
        let value = match name.trim().to_ascii_lowercase().as_str() {
            "physical memory" => HostValue::PhysicalBytes(bytes),
            "available pages" => HostValue::AvailableBytes(bytes),
            "committed pages" => HostValue::CommittedBytes(bytes),
            "commit limit" => HostValue::CommitLimitBytes(bytes),
            "nonpagedpool usage" | "nonpagedpoolnx usage" => {
                let (first, known) = self.nonpaged.unwrap_or((place, 0));
                self.nonpaged = Some((first, known.saturating_add(bytes)));
                notes.coverage.records += 1;
                return true;
            }
            "nonpagedpool max" | "nonpagedpool maximum" => {
                HostValue::PoolLimitBytes { pool: Pool::Nonpaged, bytes }
            }
            "pagedpool usage" => HostValue::PoolBytes { pool: Pool::Paged, bytes },
            "pagedpool max" | "pagedpool maximum" => HostValue::PoolLimitBytes { pool: Pool::Paged, bytes },
            _ => return true,
        };
        notes.coverage.records += 1;
        self.out.host.push(HostFact { place, value });
        true
    }

    /// The output.
    pub(super) fn finish(mut self) -> MemoryUsage {
        if let Some((place, bytes)) = self.nonpaged {
            self.out
                .host
                .push(HostFact { place, value: HostValue::PoolBytes { pool: Pool::Nonpaged, bytes } });
            self.out.host.sort_by_key(|fact| fact.place);
        }
        self.out
    }
}

/// The number before `Kb)` of `name: pages (  n Kb)`.
fn kilobytes(line: &str) -> Option<u64> {
    let open = line.rfind('(')?;
    let inside = line.get(open + 1..)?.trim();
    let lower = inside.to_ascii_lowercase();
    let digits = lower.strip_suffix("kb)")?.trim();
    number::grouped(digits)
}
