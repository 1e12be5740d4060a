//! Blocks of `name: value` lines with blank lines between, as list output of console programs is written.

use crate::error::FormatError;
use crate::input::ReadAt;
use crate::limits::MAX_ROW_BYTES;
use crate::text::for_each_line;

/// One line of a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Field {
    /// Its 1-based line.
    pub(super) line: u64,
    /// What stands before the colon.
    pub(super) name: String,
    /// What stands behind it, with the lines that go on with it.
    pub(super) value: String,
}

/// Fields of one block beyond which it is cut into two: a block of a listing has at most about 20.
const MAX_BLOCK_FIELDS: usize = 64;

/// The field of a line, if it has a colon (or the full-width colon of Chinese and Japanese hosts) or, where
/// `equals` allows, an equal sign.
pub(super) fn field(number: u64, line: &str, equals: bool) -> Option<Field> {
    let at = line.find(|c| matches!(c, ':' | '：') || (equals && c == '='))?;
    let (name, rest) = line.split_at_checked(at)?;
    let value = rest.trim_start_matches([':', '：', '=']);
    let name = name.trim();
    (!name.is_empty()).then(|| Field { line: number, name: name.to_owned(), value: value.trim().to_owned() })
}

/// Calls `take` with every block of the input. A line without a colon goes on with the value above it.
///
/// # Errors
/// [`FormatError::Read`].
pub(super) fn for_each_field_block(
    input: &dyn ReadAt,
    mut take: impl FnMut(&[Field]),
) -> Result<(), FormatError> {
    let mut block: Vec<Field> = Vec::new();
    for_each_line(input, |number, line| {
        if !block.is_empty() && (line.trim().is_empty() || block.len() >= MAX_BLOCK_FIELDS) {
            take(&block);
            block.clear();
        }
        if line.trim().is_empty() {
            return Ok(());
        }
        match (field(number, line, false), block.last_mut()) {
            (Some(field), _) => block.push(field),
            (None, Some(last)) if last.value.len() < MAX_ROW_BYTES => {
                if !last.value.is_empty() {
                    last.value.push(' ');
                }
                last.value.push_str(line.trim());
            }
            (None, _) => {}
        }
        Ok(())
    })?;
    if !block.is_empty() {
        take(&block);
    }
    Ok(())
}

/// The blocks of a head, for tests.
pub(super) fn head_blocks(text: &str) -> Vec<Vec<Field>> {
    let mut blocks = vec![Vec::new()];
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            blocks.push(Vec::new());
        } else if let Some(found) = field(at as u64 + 1, line, false)
            && let Some(block) = blocks.last_mut()
        {
            block.push(found);
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}
