//! What can be taken from an event's formatted text, where an export left the fields out.
//!
//! Only what holds in any language, or stands in English; anything else stays unread.

use super::detail::{Wanted, service_installed};
use super::records::{EventDetail, ProcessUse, ResourceExhaustion};

/// What a wanted event's text says, if it can be read.
pub(super) fn detail(wanted: Wanted, message: &str) -> Option<EventDetail> {
    match wanted {
        Wanted::Exhaustion => {
            let processes = consumers(message);
            let read = !processes.is_empty();
            read.then(|| {
                EventDetail::ResourceExhaustion(Box::new(ResourceExhaustion {
                    processes,
                    ..ResourceExhaustion::default()
                }))
            })
        }
        // Any language: "System uptime is 1234 seconds." has one number.
        Wanted::UpTime => {
            let digits: String = message
                .chars()
                .skip_while(|c| !c.is_ascii_digit())
                .take_while(char::is_ascii_digit)
                .collect();
            Some(EventDetail::UpTime { seconds: digits.parse().ok()? })
        }
        Wanted::ServiceInstalled => {
            // Any language: five `label: value` lines in this order; drivers have no account.
            let values: Vec<&str> = message.lines().filter_map(labelled).collect();
            let [name, path, kind, start, rest @ ..] = values.as_slice() else { return None };
            Some(service_installed([name, path, kind, start, rest.first().copied().unwrap_or_default()]))
        }
        Wanted::UpdateInstalled => {
            let (_, title) = message.rsplit_once(": ")?;
            Some(EventDetail::UpdateInstalled { title: title.trim().to_owned() })
        }
        Wanted::Bugcheck => {
            let start = message.find("0x")?;
            let end = start + message.get(start..)?.find(')')? + 1;
            Some(EventDetail::Bugcheck {
                text: message.get(start..end)?.to_owned(),
                dump: dump_path(message),
            })
        }
        // Any language: the product's mark, then version, build and kind.
        Wanted::OsVersion => {
            let start = message.find(|c: char| c.is_ascii_digit())?;
            let words: Vec<&str> = message.get(start..)?.split_whitespace().collect();
            Some(EventDetail::OsVersion { text: words.join(" ").trim_end_matches('.').to_owned() })
        }
        Wanted::FilterRegistered => {
            Some(EventDetail::FilterRegistered { name: quoted(message)?.to_owned(), altitude: None })
        }
        Wanted::FilterUnloaded => Some(EventDetail::FilterUnloaded { name: quoted(message)?.to_owned() }),
        Wanted::PackageInstalled => package(message),
        Wanted::ProductInstalled => product(message),
        Wanted::Restart => restart(message),
        Wanted::ServiceState => {
            let rest = message.strip_prefix("The ")?;
            let (name, rest) = rest.split_once(" service entered the ")?;
            let (state, _) = rest.split_once(" state")?;
            Some(EventDetail::ServiceState { name: name.to_owned(), state: state.to_owned() })
        }
        _ => None,
    }
}

/// `... install driver PATH\\x.inf for Device Instance ID ID with the following status: 0x0.` in any language: the word
/// that is an inf, the instance of the device, the last number.
fn package(message: &str) -> Option<EventDetail> {
    let words = || message.split_whitespace();
    let status = words().rev().find_map(|word| word.trim_end_matches('.').strip_prefix("0x"))?;
    let driver = words().find(|word| word.to_lowercase().ends_with(".inf"))?;
    let device = words().find(|word| word.contains('\\') && !word.to_lowercase().contains(".inf"));
    Some(EventDetail::DriverInstalled {
        driver: driver.rsplit('\\').next().unwrap_or(driver).to_owned(),
        version: None,
        vendor: None,
        service: None,
        device: device.unwrap_or_default().to_owned(),
        status: u32::from_str_radix(status, 16).ok(),
    })
}

/// `... the product. Product Name: X. Product Version: V. ... status: 0.` in any language: the values behind colons.
fn product(message: &str) -> Option<EventDetail> {
    let values: Vec<&str> = message
        .split(". ")
        .filter_map(|part| part.split_once(": "))
        .map(|(_, value)| value.trim().trim_end_matches('.'))
        .collect();
    let (name, version, status) = (values.first()?, values.get(1)?, values.last()?);
    (*status == "0")
        .then(|| EventDetail::ProductInstalled { name: (*name).to_owned(), version: (*version).to_owned() })
}

/// The first name in quotation marks, of whatever language.
fn quoted(message: &str) -> Option<&str> {
    let mark = |c: char| matches!(c, '\'' | '"' | '„' | '“' | '”' | '‘' | '’' | '«' | '»');
    let (_, rest) = message.split_once(mark)?;
    let (name, _) = rest.split_once(mark)?;
    let name = name.trim();
    (!name.is_empty() && name.len() < 260).then_some(name)
}

/// `The process X (HOST) has initiated the restart of computer HOST on behalf of user U for the following reason: R`,
/// then lines with code, kind and comment.
fn restart(message: &str) -> Option<EventDetail> {
    let rest = message.strip_prefix("The process ")?;
    let (by, rest) = rest.split_once(" has initiated the ")?;
    let (_, rest) = rest.split_once(" on behalf of user ")?;
    let (user, rest) = rest.split_once(" for the following reason:")?;
    let parts = rest.lines().map(str::trim).filter(|part| !part.is_empty() && !part.ends_with(':'));
    Some(EventDetail::Restart {
        by: by.to_owned(),
        user: user.to_owned(),
        why: parts.collect::<Vec<_>>().join("; "),
    })
}

/// The value of `Label:  value`; full-width colons too. The first colon of a Windows path comes later.
fn labelled(line: &str) -> Option<&str> {
    let at = line.find([':', '：'])?;
    let value = line.get(at..)?.trim_start_matches([':', '：']);
    // A sentence that ends in a colon, or the first line's full stop, is no field.
    let is_field = value.starts_with(char::is_whitespace) || value.is_empty();
    (is_field && at < 60).then(|| value.trim())
}

fn dump_path(message: &str) -> Option<String> {
    let drive = message.find(":\\")?.checked_sub(1)?;
    let path = message.get(drive..)?;
    let end = path.to_ascii_lowercase().find(".dmp")? + 4;
    path.get(..end).map(str::to_owned)
}

/// `store.exe (7580) consumed 11282399232 bytes`, any number of them.
fn consumers(message: &str) -> Vec<ProcessUse> {
    let parts: Vec<&str> = message.split(" consumed ").collect();
    let pairs = parts.iter().zip(parts.iter().skip(1));
    pairs
        .filter_map(|(before, after)| {
            let head = before.trim_end().strip_suffix(')')?;
            let (rest, pid) = head.rsplit_once('(')?;
            // The name follows ": ", ", " or ", and ".
            let name = rest.trim_end();
            let start = name.rfind([':', ',']).map_or(0, |at| at + 1);
            let name = name.get(start..)?.trim();
            let bytes: String = after.chars().take_while(char::is_ascii_digit).collect();
            Some(ProcessUse {
                name: name.strip_prefix("and ").unwrap_or(name).to_owned(),
                pid: pid.parse().ok()?,
                commit_bytes: Some(bytes.parse().ok()?),
                ..ProcessUse::default()
            })
        })
        .take(6)
        .collect()
}
