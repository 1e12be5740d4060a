//! Whole numbers as people and localised programs write them: `1,234`, `1.234`, `1 234`, `0x1f`, `12K`.
//!
//! A separator is taken as grouping only where it stands before exactly three digits; decimals are not read
//! here.

/// Digits with grouping marks (`,` `.` `'` `˙`, blank, no-break blanks) every three digits, or none; `None` for anything
/// else, for a value over 64 bits, and for groups that are not three long.
pub fn grouped(text: &str) -> Option<u64> {
    let text = text.trim();
    let mut value = 0u64;
    let mut group = 0usize;
    let mut grouped = false;
    let mut mark = None;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
            group += 1;
        } else if is_group_mark(c) && group > 0 {
            let fits = if grouped { group == 3 && mark == Some(c) } else { group <= 3 };
            if !fits {
                return None;
            }
            (grouped, group, mark) = (true, 0, Some(c));
        } else {
            return None;
        }
    }
    (if grouped { group == 3 } else { group > 0 }).then_some(value)
}

fn is_group_mark(c: char) -> bool {
    matches!(c, ',' | '.' | '\'' | '’' | '˙' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// A hexadecimal number with or without `0x`, and with the debugger's `` ` `` in the middle.
pub fn hex(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let mut value = 0u64;
    let mut digits = 0;
    for c in text.chars().filter(|&c| c != '`') {
        value = value.checked_mul(16)?.checked_add(u64::from(c.to_digit(16)?))?;
        digits += 1;
    }
    (digits > 0).then_some(value)
}

/// The first run of digits with grouping marks in a text, and what follows it.
pub fn first_grouped(text: &str) -> Option<(u64, &str)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let tail = text.get(start..)?;
    let end = tail.find(|c: char| !c.is_ascii_digit() && !is_group_mark(c)).unwrap_or(tail.len());
    let run = tail.get(..end)?.trim_end_matches(is_group_mark);
    let value = grouped(run).or_else(|| {
        let plain = run.find(|c: char| !c.is_ascii_digit()).map_or(run, |at| run.get(..at).unwrap_or(run));
        grouped(plain)
    })?;
    Some((value, tail.get(end..).unwrap_or("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouping_of_many_lands() {
        for (text, value) in [
            ("0", Some(0)),
            ("1,234", Some(1_234)),
            ("15.120.685", Some(15_120_685)),
            ("1 234 567", Some(1_234_567)),
            ("1\u{a0}234", Some(1_234)),
            ("20˙480", Some(20_480)),
            ("1234567", Some(1_234_567)),
            ("12,34", None),
            ("1,234.567", None),
            ("1234,567", None),
            ("", None),
            ("-3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(grouped(text), value, "{text}");
        }
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(hex("0xfffff803`569c53e1"), Some(0xffff_f803_569c_53e1));
        assert_eq!(hex("c0"), Some(0xc0));
        assert_eq!(hex("0x"), None);
        assert_eq!(hex("0x1ffffffffffffffff"), None);
    }

    #[test]
    fn first_number_of_a_line() {
        assert_eq!(first_grouped("Total: 16,383 MB"), Some((16_383, "MB")));
        assert_eq!(first_grouped("x 7 (28 Kb)").map(|(v, _)| v), Some(7));
        assert_eq!(first_grouped("none"), None);
    }
}
