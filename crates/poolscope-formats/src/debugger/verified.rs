//! `!verifier 1` and `3`: verified drivers with what they hold and who allocated it. Every number is hexadecimal.

use crate::facts::CallerAllocation;
use crate::limits::{MAX_FOUND_BLOCKS, MAX_LISTING_ROWS};
use crate::number;
use crate::parsed::{Parsed, Place};
use crate::tag::Tag;
use crate::verifier::{PoolUse, VerifiedDriver};

/// Reads one output.
#[derive(Default)]
pub(super) struct Reader {
    drivers: Vec<VerifiedDriver>,
    /// A driver was named and nothing of it was read yet.
    in_table: bool,
}

/// The reader, if this line begins the output. It must be given the line as well.
pub(super) fn heading(line: &str) -> Option<Reader> {
    let trimmed = line.trim_start();
    let starts = trimmed.starts_with("Pool Allocation Statistics:")
        || trimmed.starts_with("Driver Verification List")
        || trimmed.starts_with("Verify Flags Level")
        || trimmed.starts_with("Verify Level ")
        || trimmed.starts_with("Summary of All Verifier Statistics");
    starts.then(Reader::default)
}

impl Reader {
    /// Takes one line; false if the output has ended (only a prompt or another heading ends it).
    pub(super) fn take<T>(&mut self, number: u64, line: &str, notes: &mut Parsed<T>) -> bool {
        let place = Place::Line(number);
        let trimmed = line.trim();
        if let Some(name) = driver_name(trimmed) {
            if self.drivers.len() >= MAX_LISTING_ROWS {
                notes.bad(place, format!("more than {MAX_LISTING_ROWS} drivers, the rest is left out"));
                return false;
            }
            notes.coverage.records += 1;
            self.drivers.push(VerifiedDriver::named(place, name));
            self.in_table = false;
        } else if let Some(rest) = trimmed.strip_prefix("Current Pool Allocations") {
            self.counts(place, rest, false, false);
        } else if let Some(rest) = trimmed.strip_prefix("Current Pool Bytes") {
            self.counts(place, rest, false, true);
        } else if let Some(rest) = trimmed.strip_prefix("Peak Pool Allocations") {
            self.counts(place, rest, true, false);
        } else if let Some(rest) = trimmed.strip_prefix("Peak Pool Bytes") {
            self.counts(place, rest, true, true);
        } else if trimmed.starts_with("Address") || trimmed.starts_with("PoolAddress") {
            self.in_table = true;
        } else if self.in_table && !trimmed.is_empty() && !trimmed.starts_with('-') {
            match allocation(trimmed, place) {
                Some(allocation) => {
                    notes.coverage.records += 1;
                    let driver = self.driver(place);
                    if driver.allocations.len() < MAX_FOUND_BLOCKS {
                        driver.allocations.push(allocation);
                    } else {
                        driver.allocations_dropped += 1;
                    }
                }
                None if trimmed.starts_with("0x") => notes.bad(
                    place,
                    format!(
                        "expected address, length, tag and caller of !verifier, found `{}`",
                        super::cut(trimmed)
                    ),
                ),
                None => self.in_table = false,
            }
        }
        true
    }

    /// The drivers.
    pub(super) fn finish(self) -> Vec<VerifiedDriver> {
        self.drivers
    }

    /// The driver that is being read; a nameless one where statistics were pasted without their heading.
    fn driver(&mut self, place: Place) -> &mut VerifiedDriver {
        let at = match self.drivers.len() {
            0 => {
                self.drivers.push(VerifiedDriver::named(place, ""));
                0
            }
            count => count - 1,
        };
        &mut self.drivers[at]
    }

    fn counts(&mut self, place: Place, rest: &str, peak: bool, bytes: bool) {
        let mut numbers = rest.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let Some(nonpaged) = numbers.next().and_then(number::hex) else { return };
        let Some(paged) = numbers.next().and_then(number::hex) else { return };
        let driver = self.driver(place);
        let slot = if peak { &mut driver.peak } else { &mut driver.current };
        let usage = slot.get_or_insert_with(PoolUse::default);
        if bytes {
            (usage.nonpaged_bytes, usage.paged_bytes) = (nonpaged, paged);
        } else {
            (usage.nonpaged_count, usage.paged_count) = (nonpaged, paged);
        }
    }
}

/// `MODULE: 0xffffcb843a7fb720 abc.sys (Loaded)` or `8459acc0  Loaded  00000000  00000000  abc.sys`.
fn driver_name(line: &str) -> Option<&str> {
    let rest = match line.get(..7) {
        Some(head) if head.eq_ignore_ascii_case("module:") => line.get(7..)?,
        _ => {
            let mut words = line.split_whitespace();
            let entry = words.next()?;
            let state = words.next()?;
            if number::hex(entry).is_none() || !matches!(state, "Loaded" | "Unloaded") {
                return None;
            }
            line
        }
    };
    let name = rest.split_whitespace().find(|word| {
        let lower = word.to_ascii_lowercase();
        lower.ends_with(".sys") || lower.ends_with(".exe") || lower.ends_with(".dll")
    });
    name.or_else(|| {
        rest.split_whitespace().find(|word| number::hex(word).is_none() && !word.starts_with('('))
    })
}

/// `0xffffcb843b87aff0  0x00000004  abcd  0xfffff803569c53e1  abc!abc_allocate+0x21`; the old layout has no
/// `0x` before addresses and no symbol.
fn allocation(line: &str, place: Place) -> Option<CallerAllocation> {
    let (address, rest) = line.split_once(char::is_whitespace)?;
    let (length, rest) = rest.trim_start().split_once(char::is_whitespace)?;
    if address.len() < 8 {
        return None;
    }
    let mut from = 0;
    loop {
        let tail = rest.get(from..)?;
        let start = from + tail.find(|c: char| !c.is_whitespace())?;
        let word_end = rest.get(start..)?.find(char::is_whitespace).map_or(rest.len(), |len| start + len);
        let word = rest.get(start..word_end)?;
        if word.len() >= 8
            && let Some(caller) = number::hex(word)
        {
            let symbol = rest.get(word_end..)?.trim();
            return Some(CallerAllocation {
                place,
                tag: Tag::from_text(rest.get(..start)?.trim().as_bytes())?.without_protected_bit(),
                address: number::hex(address)?,
                bytes: number::hex(length)?,
                caller,
                symbol: (!symbol.is_empty()).then(|| symbol.to_owned()),
            });
        }
        from = word_end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_with_blanks_in_their_tags() {
        for (line, tag, caller, module) in [
            (
                "0xffffcb843b87aff0  0x00000004  abcd  0xfffff803569c53e1  abc!abc_allocate+0x21",
                *b"abcd",
                0xffff_f803_569c_53e1,
                Some("abc"),
            ),
            (
                "0xffffcb843b87aff0  0x00000004  Dh 1  0xfffff803569c53e1",
                *b"Dh 1",
                0xffff_f803_569c_53e1,
                None,
            ),
            (
                "9b3a5f90     0x00000068     Io        f9c3a4e1  xyz+0x1234",
                *b"Io  ",
                0xf9c3_a4e1,
                Some("xyz"),
            ),
        ] {
            let read = allocation(line, Place::Line(1)).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((read.tag.0, read.caller, read.module()), (tag, caller, module), "{line}");
        }
        assert!(allocation("0xffffcb843b87aff0  0x00000004  abcd", Place::Line(1)).is_none());
    }

    #[test]
    fn driver_names() {
        assert_eq!(driver_name("MODULE: 0xffffcb843a7fb720 abc.sys (Loaded)"), Some("abc.sys"));
        assert_eq!(
            driver_name("8459acc0  Loaded           00000000       00000000    xyz.sys"),
            Some("xyz.sys")
        );
        assert_eq!(driver_name("RaiseIrqls           0xdea5"), None);
    }
}
