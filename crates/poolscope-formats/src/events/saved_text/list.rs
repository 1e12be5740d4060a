//! Format-List: one property a line, messages that go on below, broken where the console ends.

use super::{Field, Written, field};
use crate::limits::MAX_ROW_BYTES;

/// `Name         : value` of Format-List, at the beginning of its line.
pub(super) fn property(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(" :").or_else(|| line.split_once(':'))?;
    let plain = !name.is_empty()
        && !line.starts_with(char::is_whitespace)
        && name.trim_end().chars().all(|c| c.is_ascii_alphanumeric());
    (plain && (value.is_empty() || value.starts_with(' '))).then_some((name.trim_end(), value))
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
}

impl OpenList {
    /// Takes a line; gives the event before, if the line begins another.
    pub(super) fn line(&mut self, number: u64, line: &str) -> Option<Written> {
        /// Consoles are at least this wide; PowerShell breaks lines there.
        const CONSOLE_WIDTH: usize = 79;
        let wrapped = line.ends_with(' ') || line.chars().count() >= CONSOLE_WIDTH;
        let was_wrapped = std::mem::replace(&mut self.wrapped, wrapped);
        if let Some((name, value)) = property(line) {
            let field = field(name);
            let done = (field != Field::Other && self.seen.contains(&field)).then(|| self.end()).flatten();
            if self.seen.is_empty() {
                self.event.line = number;
            }
            if field != Field::Other {
                self.seen.push(field);
                self.event.set(field, value);
            }
            self.last = Some(field);
            return done;
        }
        if self.last == Some(Field::Message) && self.event.message.len() < MAX_ROW_BYTES {
            let text = line.trim();
            let begins_at_margin = !line.starts_with(char::is_whitespace) && !text.is_empty();
            if begins_at_margin {
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
