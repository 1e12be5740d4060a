//! One property a line: Format-List, whose messages go on below, indented and broken where the console ends, and copied
//! details, whose description goes on at the margin.

use super::{Field, Written, line_field};
use crate::limits::MAX_ROW_BYTES;

/// `Name         : value` of Format-List or copied details at the beginning of its line: what it means, name, value.
pub(super) fn property(line: &str) -> Option<(Field, &str, &str)> {
    // wevtutil sets its names in by two blanks; what a console breaks is set in further.
    let inner = line.strip_prefix("  ").filter(|inner| !inner.starts_with(char::is_whitespace));
    if let Some(inner) = inner {
        return property(inner).filter(|(field, ..)| *field != Field::Other);
    }
    let (name, value) = line.split_once(" :").or_else(|| line.split_once(':'))?;
    let at_margin = !name.is_empty() && !line.starts_with(char::is_whitespace);
    if !at_margin || !(value.is_empty() || value.starts_with(' ')) {
        return None;
    }
    let name = name.trim_end();
    let field = line_field(name);
    // Names of copied details hold blanks and more; other texts of that kind are sentences.
    let plain = field != Field::Other || name.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then_some((field, name, value))
}

/// `Event[12]` or `Event[12]:`, with which wevtutil begins each.
fn event_head(line: &str) -> bool {
    line.strip_prefix("Event[").is_some_and(|rest| {
        rest.trim_end()
            .trim_end_matches(':')
            .strip_suffix(']')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// An event of a list that still takes lines.
#[derive(Default, Debug)]
pub(super) struct OpenList {
    event: Written,
    /// The field that continuation lines belong to.
    last: Option<Field>,
    /// The line before was full: the console broke it.
    wrapped: bool,
    seen: Vec<Field>,
    /// The message stands below `Description:`, at the margin.
    copied: bool,
}

impl OpenList {
    /// Takes a line; gives the event before, if the line begins another.
    pub(super) fn line(&mut self, number: u64, line: &str) -> Option<Written> {
        /// Consoles are at least this wide; PowerShell breaks lines there.
        const CONSOLE_WIDTH: usize = 79;
        if event_head(line) {
            return self.end();
        }
        let wrapped = line.ends_with(' ') || line.chars().count() >= CONSOLE_WIDTH;
        let was_wrapped = std::mem::replace(&mut self.wrapped, wrapped);
        // Below a description a line with a colon is text, unless it begins another event.
        let text = self.copied && self.last == Some(Field::Message);
        if let Some((field, name, value)) =
            property(line).filter(|(field, ..)| !text || *field != Field::Other)
        {
            let done = (field != Field::Other && self.seen.contains(&field)).then(|| self.end()).flatten();
            if self.seen.is_empty() {
                self.event.line = number;
            }
            if field != Field::Other {
                self.seen.push(field);
                self.event.set(field, value);
            }
            // PowerShell's property is called Message and its text is indented.
            let described = field == Field::Message && !name.eq_ignore_ascii_case("message");
            self.copied = described && value.trim().is_empty();
            self.last = Some(field);
            return done;
        }
        if self.last == Some(Field::Message) && self.event.message.len() < MAX_ROW_BYTES {
            let text = line.trim();
            let begins_at_margin = !line.starts_with(char::is_whitespace) && !text.is_empty();
            if begins_at_margin && !self.copied {
                // A prompt or a sentence of the reader's own.
                self.last = None;
            } else {
                self.event.message.push(if was_wrapped && !text.is_empty() { ' ' } else { '\n' });
                self.event.message.push_str(text);
            }
        }
        None
    }

    /// The event that is open.
    pub(super) fn end(&mut self) -> Option<Written> {
        let done = std::mem::take(self);
        (!done.seen.is_empty()).then_some(done.event)
    }
}
