//! The story's clock: seconds since 1970 UTC to the texts that logs write. It never asks a real clock.

/// Seconds since 1970-01-01 00:00:00 UTC.
pub type Seconds = i64;

/// Seconds in an hour.
pub const HOUR: Seconds = 3_600;

/// Year, month, day, hour, minute, second of a moment.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// Year.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: i64,
    /// Day of the month, 1 to 31.
    pub day: i64,
    /// Hour, 0 to 23.
    pub hour: i64,
    /// Minute.
    pub minute: i64,
    /// Second.
    pub second: i64,
}

/// The moment a date and time of day name.
pub const fn at(year: i64, month: i64, day: i64, hour: i64, minute: i64) -> Seconds {
    // Days from civil: years begin in March, so that the leap day is the last one.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let year_of_era = y.rem_euclid(400);
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    days * 86_400 + hour * HOUR + minute * 60
}

/// The date and time of day of a moment.
pub fn parts(moment: Seconds) -> Parts {
    let days = moment.div_euclid(86_400) + 719_468;
    let of_day = moment.rem_euclid(86_400);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    Parts {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted + 2) / 5 + 1,
        hour: of_day / HOUR,
        minute: of_day / 60 % 60,
        second: of_day % 60,
    }
}

/// `2009-03-09 06:00:00`.
pub fn iso(moment: Seconds) -> String {
    let p = parts(moment);
    format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", p.year, p.month, p.day, p.hour, p.minute, p.second)
}

/// `03/09/2009 06:00:00.125`, as perfmon writes it, with these milliseconds.
pub fn perfmon(moment: Seconds, millis: u64) -> String {
    let p = parts(moment);
    format!(
        "{:02}/{:02}/{:04} {:02}:{:02}:{:02}.{millis:03}",
        p.month, p.day, p.year, p.hour, p.minute, p.second
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_both_ways() {
        for (text, seconds) in [
            ("1970-01-01 00:00:00", 0),
            ("2000-02-29 12:30:00", 951_827_400),
            ("2009-03-09 06:00:00", 1_236_578_400),
            ("2024-12-31 23:59:00", 1_735_689_540),
        ] {
            assert_eq!(iso(seconds), text);
            let p = parts(seconds);
            assert_eq!(at(p.year, p.month, p.day, p.hour, p.minute), seconds, "{text}");
        }
    }
}
