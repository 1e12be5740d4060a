//! Lines of a debugger session that say which host it is and when: `vertarget`, `.time`, the banner.

use crate::facts::{HostFact, HostValue};
use crate::parsed::Place;
use crate::time::{Civil, Time, Zone};

/// The facts one line states.
pub(super) fn facts(number: u64, line: &str) -> Vec<HostFact> {
    let trimmed = line.trim();
    let values = if let Some(rest) = trimmed.strip_prefix("Debug session time:") {
        session_time(rest).map(|(time, zone)| HostValue::TakenAt { time, zone }).into_iter().collect()
    } else if let Some(rest) = trimmed.strip_prefix("System Uptime:") {
        uptime(rest).map(HostValue::UptimeSeconds).into_iter().collect()
    } else if trimmed.starts_with("Windows ") && trimmed.contains(" Kernel Version ") {
        version(trimmed)
    } else {
        Vec::new()
    };
    values.into_iter().map(|value| HostFact { place: Place::Line(number), value }).collect()
}

/// `Mon May  1 08:31:02.123 2026 (UTC + 2:00)`
fn session_time(text: &str) -> Option<(Time, Zone)> {
    let (wall, zone) = match text.split_once('(') {
        Some((wall, zone)) => (wall, utc_offset(zone.trim_end().trim_end_matches(')'))),
        None => (text, Zone::Unknown),
    };
    let words: Vec<&str> = wall.split_whitespace().collect();
    let [_, month, day, clock, year] = words.as_slice() else { return None };
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|name| name == month)? as u32 + 1;
    let (hour, minute, second, micro) = clock_fields(clock)?;
    let civil =
        Civil { year: year.parse().ok()?, month, day: day.parse().ok()?, hour, minute, second, micro };
    Some((zone.to_utc(civil.to_time()?), zone))
}

/// `UTC + 2:00`, `UTC - 7:00`, `GMT+2`.
fn utc_offset(text: &str) -> Zone {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(rest) = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")) else {
        return Zone::Unknown;
    };
    let (sign, rest) = match rest.split_at_checked(1) {
        Some(("+", rest)) => (-1, rest),
        Some(("-", rest)) => (1, rest),
        _ => return if rest.is_empty() { Zone::Utc } else { Zone::Unknown },
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    match (hours.parse::<i32>(), minutes.parse::<i32>()) {
        (Ok(hours @ 0..=26), Ok(minutes @ 0..=59)) => Zone::Bias(sign * (hours * 60 + minutes)),
        _ => Zone::Unknown,
    }
}

/// `12 days 3:04:05.123`
fn uptime(text: &str) -> Option<u64> {
    let (days, clock) = match text.split_once("day") {
        Some((days, rest)) => (days.trim().parse::<u64>().ok()?, rest.trim_start_matches('s')),
        None => (0, text),
    };
    let (hour, minute, second, _) = clock_fields(clock.trim())?;
    days.checked_mul(86_400)?
        .checked_add(u64::from(hour) * 3_600 + u64::from(minute) * 60 + u64::from(second))
}

fn clock_fields(text: &str) -> Option<(u32, u32, u32, u32)> {
    let mut parts = text.split(':');
    let hour: u32 = parts.next()?.parse().ok()?;
    let minute: u32 = parts.next()?.parse().ok()?;
    let last = parts.next()?;
    let (second, fraction) = last.split_once('.').unwrap_or((last, ""));
    let second: u32 = second.parse().ok()?;
    let micro = if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        0
    } else {
        format!("{fraction:0<6}").get(..6)?.parse().ok()?
    };
    (hour < 24 && minute < 60 && second < 61).then_some((hour, minute, second, micro))
}

/// `Windows 10 Kernel Version 17763 MP (8 procs) Free x64`
fn version(line: &str) -> Vec<HostValue> {
    let mut values = Vec::new();
    let after = line.split(" Kernel Version ").nth(1).unwrap_or("");
    let build = after
        .split_whitespace()
        .next()
        .and_then(|word| word.split('.').next())
        .and_then(|word| word.parse().ok());
    if let Some(build) = build
        && let Some((major, minor)) = version_of_build(build)
    {
        values.push(HostValue::OsVersion { major, minor, build });
    }
    if let Some((count, _)) =
        after.split_once(" procs)").and_then(|(head, rest)| Some((head.rsplit('(').next()?, rest)))
        && let Ok(count) = count.trim().parse()
    {
        values.push(HostValue::Processors(count));
    }
    match line.split_whitespace().last() {
        Some("x64" | "ARM64" | "AMD64") => values.push(HostValue::Bits(64)),
        Some("x86" | "compatible") if !after.contains("x64") => values.push(HostValue::Bits(32)),
        _ => {}
    }
    values
}

/// The Windows version that a build number belongs to.
fn version_of_build(build: u32) -> Option<(u32, u32)> {
    Some(match build {
        2195 => (5, 0),
        2600 => (5, 1),
        3790 => (5, 2),
        6000..=6003 => (6, 0),
        7600..=7601 => (6, 1),
        9200 => (6, 2),
        9600 => (6, 3),
        10_240.. => (10, 0),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_and_how_long() {
        let (time, zone) = session_time(" Mon May  4 08:31:02.123 2026 (UTC + 2:00)").unwrap();
        assert_eq!((time.to_string(), zone), ("2026-05-04 06:31:02".to_owned(), Zone::Bias(-120)));
        assert_eq!(time.0 % 1_000_000, 123_000);
        assert_eq!(session_time("Mon May  4 08:31:02 2026").unwrap().1, Zone::Unknown);
        assert_eq!(uptime(" 12 days 3:04:05.123"), Some(12 * 86_400 + 3 * 3_600 + 4 * 60 + 5));
        assert_eq!(uptime("0 days 0:00:09"), Some(9));
        assert_eq!(uptime("not available"), None);
    }

    #[test]
    fn versions() {
        assert_eq!(
            version("Windows 10 Kernel Version 17763 MP (8 procs) Free x64"),
            [
                HostValue::OsVersion { major: 10, minor: 0, build: 17_763 },
                HostValue::Processors(8),
                HostValue::Bits(64)
            ]
        );
        assert_eq!(
            version(
                "Windows Server 2003 Kernel Version 3790 (Service Pack 2) MP (4 procs) Free x86 compatible"
            ),
            [
                HostValue::OsVersion { major: 5, minor: 2, build: 3_790 },
                HostValue::Processors(4),
                HostValue::Bits(32)
            ]
        );
    }
}
