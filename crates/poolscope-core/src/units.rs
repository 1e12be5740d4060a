//! Numbers as people read them: binary units, grouped digits, signed rates.

use poolscope_formats::Time;

/// `31.4 MiB`, `512 B`, `-2.0 KiB`.
pub fn bytes(value: f64) -> String {
    let size = value.abs();
    let (scale, unit) = match size {
        s if s >= 1024f64.powi(4) => (1024f64.powi(4), "TiB"),
        s if s >= 1024f64.powi(3) => (1024f64.powi(3), "GiB"),
        s if s >= 1024f64.powi(2) => (1024f64.powi(2), "MiB"),
        s if s >= 1024.0 => (1024.0, "KiB"),
        _ => return format!("{value:.0} B"),
    };
    format!("{:.1} {unit}", value / scale)
}

/// `4.3 MiB an hour`.
pub fn bytes_per_hour(value: f64) -> String {
    format!("{} an hour", bytes(value))
}

/// `51,231,806`: rounded to a whole number and grouped.
pub fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value <= -0.5 {
        grouped.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `3.2 days`, `5.0 hours`, `12 minutes`.
pub fn hours(value: f64) -> String {
    match value {
        v if v.abs() >= 48.0 => format!("{:.1} days", v / 24.0),
        v if v.abs() >= 2.0 => format!("{v:.1} hours"),
        v => format!("{:.0} minutes", v * 60.0),
    }
}

/// `at 08:31:02 UTC` of one moment, `between .. and .. UTC` of two.
pub fn span(first: Time, last: Time) -> String {
    if first == last { format!("at {first} UTC") } else { format!("between {first} and {last} UTC") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        assert_eq!(bytes(32_878_688.0), "31.4 MiB");
        assert_eq!(bytes(-2_048.0), "-2.0 KiB");
        assert_eq!(bytes(48.0), "48 B");
        assert_eq!(count(51_231_806.0), "51,231,806");
        assert_eq!(count(-1_000.4), "-1,000");
        assert_eq!(count(999.0), "999");
        assert_eq!(hours(0.5), "30 minutes");
        assert_eq!(hours(50.0), "2.1 days");
    }
}
