//! Chance without a state: the same question gets the same answer on every machine, in any order.
//!
//! Only integers and `+ - * /` on floats are used anywhere in the story, so that every platform rounds alike.

use super::clock::{HOUR, Seconds, parts};

/// A number drawn for a name and a moment.
fn draw(name: &[u8], moment: Seconds) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for &byte in name.iter().chain(&moment.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    // One round of a finaliser: neighbours in time must not look alike.
    hash = (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

/// A whole number from `low` to `high`, both included.
pub fn between(low: i64, high: i64, name: &str, moment: Seconds) -> i64 {
    let span = (high - low + 1).unsigned_abs();
    low + (draw(name.as_bytes(), moment) % span) as i64
}

/// A number from -1 to 1.
pub fn noise(name: &[u8], moment: Seconds) -> f64 {
    (draw(name, moment) % 20_001) as f64 / 10_000.0 - 1.0
}

/// How busy the office is: 0 at night, up to 1 at 13:00, on every day alike.
pub fn office_hours(moment: Seconds) -> f64 {
    let p = parts(moment);
    let hour = p.hour as f64 + p.minute as f64 / 60.0;
    let x = (hour - 6.0) / 14.0;
    if (0.0..=1.0).contains(&x) { 4.0 * x * (1.0 - x) } else { 0.0 }
}

/// How full a cache is after some hours: half full after `half_hours`, never quite full.
pub fn fill(hours: f64, half_hours: f64) -> f64 {
    hours / (hours + half_hours)
}

/// The time since `start` in hours.
pub fn hours_since(start: Seconds, moment: Seconds) -> f64 {
    (moment - start) as f64 / HOUR as f64
}
