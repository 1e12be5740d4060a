//! Cuts the tables that console programs print under a ruler of dashes or equal signs.
//!
//! Positions are counted in characters, not bytes. What a column means is the caller's business.

use crate::limits::MAX_RULER_COLUMNS;

/// The columns a ruler marks, as half-open ranges of character positions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ruler {
    spans: Vec<(usize, usize)>,
}

impl Ruler {
    /// The ruler of a line that holds nothing but runs of `-` or `=` with blanks between, at least `least` runs.
    pub fn of(line: &str, least: usize) -> Option<Self> {
        let mark = line.trim_start().chars().next().filter(|c| matches!(c, '-' | '='))?;
        let mut spans = Vec::new();
        let mut start = None;
        for (at, c) in line.trim_end().chars().enumerate() {
            match (c == mark, start) {
                (true, None) => start = Some(at),
                (false, Some(from)) if c == ' ' => {
                    spans.push((from, at));
                    start = None;
                }
                (true, Some(_)) => {}
                (false, None) if c == ' ' => {}
                _ => return None,
            }
        }
        if let Some(from) = start {
            spans.push((from, line.trim_end().chars().count()));
        }
        let wide_enough = spans.iter().any(|(from, to)| to - from >= 2);
        (spans.len() >= least && spans.len() <= MAX_RULER_COLUMNS && wide_enough).then_some(Self { spans })
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Never true: a ruler has columns.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The cells of a row whose ruler is as wide as its columns (`tasklist`, `fltmc`); the last cell runs to
    /// the end of the line. Cells are trimmed; those beyond the line's end are empty.
    pub fn cut<'a>(&self, line: &'a str) -> Vec<&'a str> {
        let offsets: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
        let at = |position: usize| offsets.get(position).copied().unwrap_or(line.len());
        let last = self.spans.len() - 1;
        let cell = |(index, &(from, to)): (usize, &(usize, usize))| {
            let to = if index == last { line.len() } else { at(to) };
            line.get(at(from)..to).unwrap_or("").trim()
        };
        self.spans.iter().enumerate().map(cell).collect()
    }

    /// The cells of a row whose ruler is only as wide as the column's head (PowerShell): a word belongs to the
    /// column it begins or ends with, a word in between to the column before it.
    pub fn align<'a>(&self, line: &'a str) -> Vec<&'a str> {
        let mut cells: Vec<Option<(usize, usize)>> = vec![None; self.spans.len()];
        let mut column = 0;
        for (chars, bytes) in words(line) {
            let fits = |&(from, to): &(usize, usize)| chars.0 == from || chars.1 == to;
            let touches = |&(from, to): &(usize, usize)| chars.0 < to && from < chars.1;
            let rest = self.spans.get(column..).unwrap_or(&[]);
            let hit = rest.iter().position(fits).or_else(|| rest.iter().position(touches));
            column += hit.unwrap_or(0);
            match cells.get_mut(column) {
                Some(Some(cell)) => cell.1 = bytes.1,
                Some(empty) => *empty = Some(bytes),
                None => {}
            }
        }
        cells.into_iter().map(|cell| cell.and_then(|(from, to)| line.get(from..to)).unwrap_or("")).collect()
    }
}

/// The words of a line: their ranges in characters and in bytes.
fn words(line: &str) -> Vec<((usize, usize), (usize, usize))> {
    let mut found = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut count = 0;
    for (at, (byte, c)) in line.char_indices().enumerate() {
        count = at + 1;
        match (c.is_whitespace(), open) {
            (false, None) => open = Some((at, byte)),
            (true, Some((from, from_byte))) => {
                found.push(((from, at), (from_byte, byte)));
                open = None;
            }
            _ => {}
        }
    }
    if let Some((from, from_byte)) = open {
        found.push(((from, count), (from_byte, line.len())));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rulers() {
        assert_eq!(Ruler::of("====== === ==", 3).map(|r| r.spans), Some(vec![(0, 6), (7, 10), (11, 13)]));
        for not in ["", "- list item", "--x-- ---", "------", "a ---", "- - -"] {
            assert!(Ruler::of(not, 2).is_none(), "{not}");
        }
    }

    #[test]
    fn full_width_columns_may_be_empty() {
        let ruler = Ruler::of("-----  ----------  ----", 3).unwrap();
        assert_eq!(ruler.cut("abc                123 4"), ["abc", "", "123 4"]);
        assert_eq!(ruler.cut("ä"), ["ä", "", ""]);
        assert_eq!(ruler.cut(""), ["", "", ""]);
    }

    #[test]
    fn aligned_words() {
        let head = "Handles   CPU(s)     Id ProcessName";
        let ruler = Ruler::of("-------   ------     -- -----------", 4).unwrap();
        assert_eq!(head.len(), 35);
        for (line, cells) in [
            ("    123     0.12   1234 agent", ["123", "0.12", "1234", "agent"]),
            ("1234567            1234 my agent x", ["1234567", "", "1234", "my agent x"]),
            ("     12 1,234.56 123456 System", ["12", "1,234.56", "123456", "System"]),
        ] {
            assert_eq!(ruler.align(line), cells, "{line}");
        }
    }
}
