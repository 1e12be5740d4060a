//! Sysinternals `handle.exe`: the summary by type (`-s`), also of one process (`-s -p`), and the long listing,
//! whose handles are counted by type. Summaries below each other are several moments, each with the time that stands
//! above it.

use std::collections::BTreeMap;

use super::{HandleTotal, ProcessListing, Taken};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{HandleCount, ProcessFact, ProcessKey};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::{MAX_LISTING_ROWS, MAX_REPEATED_CHARS};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;
use crate::{month_names, number};

const SUMMARY: &str = "Handle type summary:";

struct Reader {
    parsed: Parsed<ProcessListing>,
    /// The process the next lines are about.
    process: Option<ProcessKey>,
    in_summary: bool,
    /// Counts by process and type, with the line each was seen at first.
    counts: BTreeMap<(Option<ProcessKey>, String), (Place, u64)>,
    known: bool,
    /// A time that waits for its summary.
    pending: Option<Taken>,
    /// Listings above the one that takes rows.
    done: Vec<ProcessListing>,
}

impl Reader {
    fn line(&mut self, number: u64, line: &str) {
        let place = Place::Line(number);
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return;
        }
        if trimmed == SUMMARY {
            self.begin();
            (self.in_summary, self.known) = (true, true);
        } else if let Some((taken, command)) = heading(trimmed).filter(|_| !line.starts_with(' ')) {
            self.in_summary = false;
            self.pending = Some(taken);
            self.process = command_line(command).flatten();
        } else if let Some(process) = process_line(trimmed) {
            self.in_summary = false;
            self.known = true;
            self.process = Some(process.clone());
            let fact = ProcessFact { pid: process.pid, ..ProcessFact::named(place, process.name) };
            super::push(&mut self.parsed, fact);
        } else if let Some(process) = command_line(trimmed) {
            self.in_summary = false;
            self.process = process;
        } else if let Some(total) = trimmed.strip_prefix("Total handles:").and_then(number::grouped) {
            self.known = true;
            self.in_summary = false;
            self.total(place, total);
        } else if self.in_summary {
            match trimmed
                .rsplit_once(':')
                .and_then(|(name, count)| Some((name.trim(), number::grouped(count)?)))
            {
                Some((name, count)) => self.add(place, name, count),
                None => self
                    .parsed
                    .bad(place, format!("expected `type : count` of handle -s, found `{}`", cut(trimmed))),
            }
        } else if self.process.is_some()
            && !self.summed_up()
            && let Some(object_type) = listed_handle(line)
        {
            self.add(place, object_type, 1);
        }
    }

    /// The process was summed up in this listing: a long listing of it below counts the same handles again.
    fn summed_up(&self) -> bool {
        self.parsed.value.totals.iter().any(|total| total.process == self.process)
    }

    /// A summary begins: of another moment, if a time stands above it or the same process was summed up before.
    fn begin(&mut self) {
        let again = self.summed_up();
        let empty = self.counts.is_empty() && self.parsed.value.totals.is_empty();
        if !empty && (again || self.pending.is_some()) && self.done.len() < MAX_LISTING_ROWS {
            self.close();
            self.done.push(std::mem::take(&mut self.parsed.value));
        }
        if let Some(taken) = self.pending.take() {
            self.parsed.value.taken = Some(taken);
        }
    }

    fn add(&mut self, place: Place, object_type: &str, count: u64) {
        let key = (self.process.clone(), object_type.to_owned());
        if !self.counts.contains_key(&key) && self.counts.len() >= MAX_LISTING_ROWS {
            self.parsed
                .bad(place, format!("more than {MAX_LISTING_ROWS} types of handles, this one is left out"));
            return;
        }
        self.parsed.coverage.records += 1;
        let entry = self.counts.entry(key).or_insert((place, 0));
        entry.1 = entry.1.saturating_add(count);
    }

    fn total(&mut self, place: Place, handles: u64) {
        if self.parsed.value.totals.len() < MAX_LISTING_ROWS {
            self.parsed.coverage.records += 1;
            self.parsed.value.totals.push(HandleTotal { place, process: self.process.clone(), handles });
        }
    }

    /// Ends a listing: its types summed up by process and held against the totals that the text states.
    fn close(&mut self) {
        let mut sums: BTreeMap<Option<ProcessKey>, u64> = BTreeMap::new();
        for ((process, object_type), (place, handles)) in std::mem::take(&mut self.counts) {
            let sum = sums.entry(process.clone()).or_default();
            *sum = sum.saturating_add(handles);
            self.parsed.value.handles.push(HandleCount { place, process, object_type, handles });
        }
        self.parsed.value.handles.sort_by_key(|count| count.place);
        let mut contradictions = Vec::new();
        for total in &self.parsed.value.totals {
            let sum = sums.get(&total.process).copied().unwrap_or(0);
            if sum != total.handles {
                contradictions.push((
                    total.place,
                    format!("the text states {} handles in all, its types add up to {sum}", total.handles),
                ));
            }
        }
        for (place, text) in contradictions {
            self.parsed.note(place, text);
        }
        for process in &mut self.parsed.value.processes {
            let key = Some(ProcessKey { name: process.name.clone(), pid: process.pid });
            process.handles = sums.get(&key).copied();
        }
    }

    fn finish(mut self) -> Parsed<ProcessListing> {
        self.close();
        self.parsed.map(|last| super::joined(self.done, last))
    }
}

/// `agent.exe pid: 3856 NT AUTHORITY\SYSTEM`
fn process_line(line: &str) -> Option<ProcessKey> {
    let (name, rest) = line.split_once(" pid: ")?;
    let pid = rest.split_whitespace().next()?.parse().ok()?;
    (!name.trim().is_empty())
        .then(|| ProcessKey { name: name.trim().chars().take(MAX_REPEATED_CHARS).collect(), pid: Some(pid) })
}

/// The process of a copied command line: `C:\>handle64.exe -s -p 3856` names one, `handle -s` names none.
fn command_line(line: &str) -> Option<Option<ProcessKey>> {
    let command = line.rsplit('>').next()?.trim();
    let mut words = command.split_whitespace();
    let tool = words.next()?.rsplit(['\\', '/']).next()?.to_ascii_lowercase();
    if !matches!(tool.as_str(), "handle" | "handle.exe" | "handle64" | "handle64.exe" | "handle64a.exe") {
        return None;
    }
    let mut named = words.skip_while(|word| !matches!(*word, "-p" | "/p"));
    named.next();
    Some(named.next().map(|process| match process.parse() {
        Ok(pid) => ProcessKey { name: String::new(), pid: Some(pid) },
        Err(_) => ProcessKey { name: process.chars().take(MAX_REPEATED_CHARS).collect(), pid: None },
    }))
}

/// A line of a person's own that begins with a date and time, and what follows it: `### 07/10/2026 11:15  handle -s`.
fn heading(line: &str) -> Option<(Taken, &str)> {
    /// Longer lines are no headings.
    const MOST_BYTES: usize = 200;
    if line.len() > MOST_BYTES {
        return None;
    }
    let (spelled, zone, range) = month_names::find_any(line)?;
    let before = line.get(..range.start)?;
    let taken = Taken { spelled, zone, inside: true };
    // `[2026-08-25T00:00:00Z] handle64 -s`
    let command = line.get(range.end..)?.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '\\');
    (!before.contains(char::is_alphanumeric)).then_some((taken, command.trim_end()))
}

/// The type in `   4C: Event         \BaseNamedObjects\x`.
fn listed_handle(line: &str) -> Option<&str> {
    let (handle, rest) = line.split_once(": ")?;
    if !line.starts_with(' ') || handle.trim().len() > 8 || number::hex(handle).is_none() {
        return None;
    }
    let rest = rest.trim_start();
    // Types of two words (`ALPC Port`) are padded to their column with two blanks or more.
    let end = rest.find("  ").unwrap_or(rest.len());
    rest.get(..end).map(str::trim).filter(|name| !name.is_empty())
}

fn cut(line: &str) -> String {
    line.chars().take(60).collect()
}

/// Reads output of `handle.exe`.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a summary or a process line; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<ProcessListing>, FormatError> {
    let mut reader = Reader {
        parsed: Parsed::new(ProcessListing::default()),
        process: None,
        in_summary: false,
        counts: BTreeMap::new(),
        known: false,
        pending: None,
        done: Vec::new(),
    };
    for_each_line(input, |number, line| {
        reader.line(number, line);
        Ok(())
    })?;
    if !reader.known {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "output of handle.exe",
            Place::Whole,
            "`Handle type summary:` or `name pid: n`",
            &head,
        ));
    }
    Ok(reader.finish())
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(
    input: &dyn ReadAt,
    context: &ParseContext,
) -> Result<Parsed<Records>, FormatError> {
    Ok(super::timed(parse(input)?, context).map(Records::Processes))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut banner = false;
    for line in head.lines() {
        let trimmed = line.trim();
        if trimmed == SUMMARY {
            return Some(Likelihood::Certain);
        }
        banner |= (trimmed.starts_with("Nthandle v") || trimmed.starts_with("Handle v"))
            && trimmed.contains(" - Handle viewer");
        if banner && process_line(trimmed).is_some() {
            return Some(Likelihood::Certain);
        }
    }
    banner.then_some(Likelihood::Likely)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_with_times_above_them_are_moments() {
        let summary = |n: u32| {
            format!(
                "\nNthandle v5.0 - Handle viewer\n\nHandle type summary:\n  Event : 7\n  Token : {n}\nTotal handles: {}\n\n",
                n + 7
            )
        };
        let text = format!(
            "### 07/10/2026 07:06  handle.exe -s -nobanner (no it prints it anyway)\n{}\
             ### 07/10/2026 11:12  handle.exe -s\n{}[07/10/2026 11:15] handle -s -p 5316\n{}\
             C:\\>handle -a -p 5316 | more\n   4C: Event         \\BaseNamedObjects\\x\n",
            summary(100),
            summary(200),
            summary(150)
        );
        let parsed = parse(&text.into_bytes()).unwrap();
        assert_eq!(parsed.notes, [], "each total is that of its own types");
        let all: Vec<&ProcessListing> = [&parsed.value].into_iter().chain(&parsed.value.later).collect();
        let shape: Vec<_> = all
            .iter()
            .map(|one| {
                let time = one.taken.map(|taken| taken.spelled.in_order(false).to_string());
                (time, one.totals[0].process.as_ref().and_then(|key| key.pid), one.totals[0].handles)
            })
            .collect();
        let at = |time: &str| Some(format!("2026-10-07 {time}:00"));
        assert_eq!(
            shape,
            [(at("07:06"), None, 107), (at("11:12"), None, 207), (at("11:15"), Some(5316), 157)]
        );
    }

    #[test]
    fn the_same_summary_again_is_another_moment_without_a_time() {
        let text = "Handle type summary:\n  Event : 7\nTotal handles: 7\nHandle type summary:\n  Event : 9\nTotal handles: 9\n";
        let parsed = parse(&text.as_bytes()).unwrap();
        assert_eq!(parsed.value.handles[0].handles, 7);
        assert_eq!(parsed.value.later[0].handles[0].handles, 9);
    }
}
