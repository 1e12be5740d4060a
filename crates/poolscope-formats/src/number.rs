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

/// A size with its unit, binary (`16.383 MB` of German, `15.9 GB`, `512 KB`, `12,5 Go`), in bytes.
///
/// A mark before exactly three digits groups them, any other is a decimal mark: `1.5` is one and a half, and
/// `1.500` one thousand five hundred, which is how Windows writes sizes.
pub fn size_with_unit(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (digits, unit) = text.split_at_checked(end)?;
    let factor = match unit.trim().to_uppercase().chars().next() {
        None | Some('B') => 1u64,
        Some('K' | 'К') => 1 << 10,
        Some('M' | 'М') => 1 << 20,
        Some('G' | 'Г') => 1 << 30,
        Some('T' | 'Т') => 1 << 40,
        Some(_) => return None,
    };
    if let Some(whole) = grouped(digits) {
        return whole.checked_mul(factor);
    }
    let (whole, fraction) = digits.rsplit_once(['.', ','])?;
    let whole = grouped(whole)?;
    if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = fraction.parse::<u64>().ok()?.checked_mul(factor)? / scale;
    whole.checked_mul(factor)?.checked_add(part)
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
    fn sizes() {
        for (text, bytes) in [
            ("16,383 MB", Some(16_383 << 20)),
            ("16.383 MB", Some(16_383 << 20)),
            ("1.5 GB", Some(3 << 29)),
            ("12,5 Go", Some(25 << 29)),
            ("512 KB", Some(512 << 10)),
            ("4 ГБ", Some(4 << 30)),
            ("77", Some(77)),
            ("3 apples", None),
            ("GB", None),
            ("99999999999 TB", None),
        ] {
            assert_eq!(size_with_unit(text), bytes, "{text}");
        }
    }

    #[test]
    fn first_number_of_a_line() {
        assert_eq!(first_grouped("Total: 16,383 MB"), Some((16_383, "MB")));
        assert_eq!(first_grouped("x 7 (28 Kb)").map(|(v, _)| v), Some(7));
        assert_eq!(first_grouped("none"), None);
    }
}
