//! Walks a debugger text: finds prompts and headings, and gives each output to its reader.

use super::{
    CommandOutput, DebuggerLog, DebuggerOutput, handle, memory, pool_find, pool_used, process, session,
    verified,
};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::ProcessKey;
use crate::input::{ParseContext, ReadAt};
use crate::limits::{MAX_DEBUGGER_OUTPUTS, MAX_LISTING_ROWS, MAX_REPEATED_CHARS};
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;

/// One open output.
enum Section {
    PoolUsed(pool_used::Reader),
    PoolFind(pool_find::Reader),
    Memory(memory::Reader),
    Verifier(verified::Reader),
    Processes(process::Reader),
    Handles(handle::Reader),
}

impl Section {
    fn take<T>(&mut self, number: u64, line: &str, notes: &mut Parsed<T>) -> bool {
        match self {
            Self::PoolUsed(reader) => reader.take(number, line, notes),
            Self::PoolFind(reader) => reader.take(number, line, notes),
            Self::Memory(reader) => reader.take(number, line, notes),
            Self::Verifier(reader) => reader.take(number, line, notes),
            Self::Processes(reader) => reader.take(number, line, notes),
            Self::Handles(reader) => reader.take(number, line, notes),
        }
    }

    fn finish(self, command: Option<&str>) -> DebuggerOutput {
        match self {
            Self::PoolUsed(reader) => DebuggerOutput::PoolUsed(reader.finish(command)),
            Self::PoolFind(reader) => DebuggerOutput::PoolFind(reader.finish()),
            Self::Memory(reader) => DebuggerOutput::Memory(reader.finish()),
            Self::Verifier(reader) => DebuggerOutput::Verifier(reader.finish()),
            Self::Processes(reader) => DebuggerOutput::Processes(reader.finish()),
            Self::Handles(reader) => DebuggerOutput::Handles(reader.finish()),
        }
    }
}

/// A section that begins at this line, and whether the line is its own data too.
fn heading(line: &str, last_process: Option<ProcessKey>) -> Option<(Section, bool)> {
    if let Some(reader) = pool_used::heading(line) {
        return Some((Section::PoolUsed(reader), false));
    }
    if let Some(reader) = pool_find::heading(line) {
        return Some((Section::PoolFind(reader), false));
    }
    if let Some(reader) = memory::heading(line) {
        return Some((Section::Memory(reader), true));
    }
    if let Some(reader) = verified::heading(line) {
        return Some((Section::Verifier(reader), true));
    }
    if let Some(reader) = handle::heading(line, last_process) {
        return Some((Section::Handles(reader), false));
    }
    process::heading(line).map(|reader| (Section::Processes(reader), true))
}

/// A heading that goes on with the open section: its own list continues below it.
fn continues(open: &Section, next: &Section) -> bool {
    matches!(
        (open, next),
        (Section::PoolFind(_), Section::PoolFind(_))
            | (Section::Memory(_), Section::Memory(_))
            | (Section::Verifier(_), Section::Verifier(_))
            | (Section::Processes(_), Section::Processes(_))
    )
}

/// The command behind a prompt (`0: kd> !vm`, `lkd> !vm`, `1: kd:x86> !vm`, `0:001> !handle`), empty for a bare one.
pub(super) fn prompt(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits(rest) > 0 {
        rest = rest.get(digits(rest)..)?.strip_prefix(':')?;
        if digits(rest) > 0 {
            // `0:001> !handle`: the user-mode debugger's process and thread.
            return rest.get(digits(rest)..)?.strip_prefix('>').map(str::trim);
        }
        rest = rest.trim_start();
    }
    rest = rest.strip_prefix('l').unwrap_or(rest).strip_prefix("kd")?;
    rest = rest.strip_prefix(":x86").unwrap_or(rest);
    rest.strip_prefix('>').map(str::trim)
}

struct Reader {
    parsed: Parsed<DebuggerLog>,
    open: Option<(Place, Section)>,
    command: Option<String>,
    last_process: Option<ProcessKey>,
}

impl Reader {
    fn close(&mut self) {
        let Some((place, section)) = self.open.take() else { return };
        if let Section::Processes(reader) = &section {
            self.last_process = reader.last();
        }
        let output = section.finish(self.command.as_deref());
        if self.parsed.value.outputs.len() >= MAX_DEBUGGER_OUTPUTS {
            self.parsed.bad(place, format!("more than {MAX_DEBUGGER_OUTPUTS} outputs, this one is left out"));
        } else {
            self.parsed.value.outputs.push(CommandOutput { place, command: self.command.clone(), output });
        }
    }

    fn line(&mut self, number: u64, line: &str) {
        if let Some(command) = prompt(line) {
            self.close();
            self.last_process = None;
            self.command = (!command.is_empty()).then(|| command.chars().take(MAX_REPEATED_CHARS).collect());
            return;
        }
        let seen = match &self.open {
            Some((_, Section::Processes(reader))) => reader.last(),
            _ => self.last_process.clone(),
        };
        if let Some((next, is_data)) = heading(line, seen) {
            let goes_on = self.open.as_ref().is_some_and(|(_, open)| continues(open, &next));
            if !goes_on {
                self.close();
                self.open = Some((Place::Line(number), next));
            }
            if !goes_on && !is_data {
                return;
            }
        }
        if let Some(dump) = crate::verifier::wdf::line(number, line) {
            self.parsed.coverage.records += 1;
            if self.parsed.value.wdf.len() < MAX_LISTING_ROWS {
                self.parsed.value.wdf.push(dump);
            }
            return;
        }
        let facts = session::facts(number, line);
        if !facts.is_empty() {
            self.close();
            self.parsed.coverage.records += facts.len() as u64;
            if self.parsed.value.host.len() < MAX_LISTING_ROWS {
                self.parsed.value.host.extend(facts);
            }
            return;
        }
        let ended = match &mut self.open {
            Some((_, section)) => !section.take(number, line, &mut self.parsed),
            None => false,
        };
        if ended {
            self.close();
        }
    }
}

/// Reads a debugger text.
///
/// # Errors
/// [`FormatError::NotThisFormat`] if no output of a known command and no prompt is in it; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<DebuggerLog>, FormatError> {
    let mut reader =
        Reader { parsed: Parsed::new(DebuggerLog::default()), open: None, command: None, last_process: None };
    let mut prompts = 0u64;
    for_each_line(input, |number, line| {
        prompts += u64::from(prompt(line).is_some());
        reader.line(number, line);
        Ok(())
    })?;
    reader.close();
    let parsed = reader.parsed;
    if parsed.value.outputs.is_empty() && parsed.value.host.is_empty() && prompts == 0 {
        let head = crate::input::read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a debugger log",
            Place::Whole,
            "the output of !poolused, !poolfind, !vm, !verifier, !process or !handle",
            &head,
        ));
    }
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Debugger))
}

/// The row's test in [`crate::detect::FORMATS`]: a prompt or the log's banner is certain, a heading alone likely.
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut found = None;
    for line in head.lines() {
        if line.starts_with("Opened log file '") || prompt(line).is_some_and(|command| !command.is_empty()) {
            return Some(Likelihood::Certain);
        }
        if found.is_none() && heading(line, None).is_some() {
            found = Some(Likelihood::Likely);
        }
    }
    found
}
