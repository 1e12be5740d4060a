//! Numbers as people, consoles and cultures write them: grouped digits, decimal commas, units.
//!
//! It reads one number that was already cut out of its line; it does not look for numbers in text.

/// A plain run of digits.
pub fn plain(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    let mut value = 0u64;
    for &byte in digits {
        let digit = byte.checked_sub(b'0').filter(|d| *d < 10)?;
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// A whole number, its digits perhaps grouped by threes: `51,231,806`, `15.120.685`, `20'480`, `1 234`
/// (blank, no-break blank), `20˙480`. All separators of one number must be the same.
pub fn count(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    if let Some(value) = plain(text) {
        return Some(value);
    }
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= 80)?;
    let mut separator = None;
    let mut value = 0u64;
    let mut in_group = 0;
    for (at, letter) in text.char_indices() {
        if let Some(digit) = letter.to_digit(10) {
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
            in_group += 1;
            if in_group > 3 {
                return None;
            }
            continue;
        }
        let whole_group = in_group == 3 || (separator.is_none() && in_group > 0 && at <= 3);
        let known = matches!(letter, ',' | '.' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '˙');
        if !whole_group || !known || separator.is_some_and(|first| first != letter) {
            return None;
        }
        separator = Some(letter);
        in_group = 0;
    }
    (in_group == 3 && separator.is_some()).then_some(value)
}

/// A whole number that may have a minus sign.
pub fn signed_count(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    match text.strip_prefix(b"-") {
        Some(digits) => Some(i64::try_from(count(digits)?).ok()?.wrapping_neg()),
        None => i64::try_from(count(text)?).ok(),
    }
}

/// A size with or without a unit, in bytes: `32878688`, `1,013 KB`, `2.5 GiB`, `640 B`. Units are binary, as
/// Windows means them. `None` if a unit is not known.
pub fn size_in_bytes(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    let unit_at = text.iter().position(u8::is_ascii_alphabetic).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    scaled(number, unit_bytes(unit)?)
}

/// Bytes in a unit, `None` if it is not one.
pub fn unit_bytes(unit: &[u8]) -> Option<u64> {
    Some(match unit.trim_ascii().to_ascii_lowercase().as_slice() {
        b"" | b"b" | b"byte" | b"bytes" => 1,
        b"k" | b"kb" | b"kib" | b"kbyte" | b"kbytes" => 1 << 10,
        b"m" | b"mb" | b"mib" | b"mbyte" | b"mbytes" => 1 << 20,
        b"g" | b"gb" | b"gib" => 1 << 30,
        b"t" | b"tb" | b"tib" => 1 << 40,
        _ => return None,
    })
}

/// A number of some unit in bytes. Whole numbers may be grouped; a fraction may use a comma. A point with
/// three digits after it is a fraction in units from MB up (`1.013 GB`), a group below (`1.013 KB`).
pub fn scaled(number: &[u8], unit: u64) -> Option<u64> {
    let number = number.trim_ascii();
    let one_point = number.iter().filter(|&&b| b == b'.').count() == 1 && !number.contains(&b',');
    let fraction = one_point && unit > 1 << 10;
    if let Some(value) = count(number).filter(|_| !fraction) {
        return value.checked_mul(unit);
    }
    let value = decimal(number)? * unit as f64;
    (0.0..1e19).contains(&value).then_some(value.round() as u64)
}

/// A number with a fraction, decimal point or decimal comma, digits perhaps grouped by the other one:
/// `1013,7`, `1,013.7`, `1.013,7`, `-1.5e3`. A single comma is a decimal comma. `None` for blanks and words.
pub fn decimal(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let first = text.bytes().find(|b| !b"+-".contains(b))?;
    if !(first.is_ascii_digit() || b".,".contains(&first)) {
        return None;
    }
    let value: f64 = match (text.rfind('.'), text.rfind(',')) {
        (_, None) => text.parse().ok()?,
        (None, Some(_)) if text.matches(',').count() == 1 => text.replace(',', ".").parse().ok()?,
        (None, Some(_)) => text.replace(',', "").parse().ok()?,
        (Some(point), Some(comma)) if comma > point => {
            text.replace('.', "").replace(',', ".").parse().ok()?
        }
        (Some(_), Some(_)) => text.replace(',', "").parse().ok()?,
    };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        for (text, value) in [
            ("0", Some(0)),
            ("51,231,806", Some(51_231_806)),
            ("15.120.685", Some(15_120_685)),
            ("20'480", Some(20_480)),
            ("1 234 567", Some(1_234_567)),
            ("1\u{a0}234", Some(1_234)),
            ("20˙480", Some(20_480)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("1,23", None),
            ("1,2345", None),
            ("1,234.567", None),
            (",123", None),
            ("1013,7", None),
            ("", None),
            ("-1", None),
            ("12a", None),
        ] {
            assert_eq!(count(text.as_bytes()), value, "{text}");
        }
        assert_eq!(signed_count(b"-1,234"), Some(-1_234));
    }

    #[test]
    fn sizes_and_fractions() {
        for (text, value) in [
            ("640 B", Some(640)),
            ("1,013 KB", Some(1_013 << 10)),
            ("1.013 KB", Some(1_013 << 10)),
            ("2.5 GiB", Some((5 << 30) / 2)),
            ("1.013 GB", Some(1_087_700_468)),
            ("2Kb", Some(2_048)),
            ("3 apples", None),
            ("", None),
        ] {
            assert_eq!(size_in_bytes(text.as_bytes()), value, "{text}");
        }
        for (text, value) in [
            ("1013,7", Some(1_013.7)),
            ("1,013.7", Some(1_013.7)),
            ("1.013,7", Some(1_013.7)),
            ("1,234,567", Some(1_234_567.0)),
            ("-1.5e3", Some(-1_500.0)),
            (" ", None),
            ("NaN", None),
            ("inf", None),
            ("1e999", None),
        ] {
            assert_eq!(decimal(text.as_bytes()), value, "{text}");
        }
    }
}
