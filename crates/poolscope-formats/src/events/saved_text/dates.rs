//! What all events of a text together say of their dates: the order of day and month, and the zone.

use super::Written;
use crate::time::{Time, Zone, parse_iso};
use crate::written_date::{self, DateOrder};

/// What all events together say of their dates.
#[derive(Default, Debug)]
pub(super) struct Dates {
    order: Option<DateOrder>,
    contradicted: bool,
    /// Some event has a date that could be two days.
    ambiguous: bool,
    halves: bool,
    /// Dates that say they are UTC (`2026-09-10T14:23:12Z`, newer wevtutil), and all dates.
    utc: usize,
    seen: usize,
    /// Differences of wall time and the UTC that a start or a shutdown states, in minutes, by order of day and month.
    offsets: [Vec<i32>; 2],
}

/// Widest difference between a wall time and UTC, in minutes.
const MOST_OFFSET: i64 = 14 * 60;

impl Dates {
    /// Takes an event into account.
    pub(super) fn see(&mut self, event: &Written) {
        self.seen += 1;
        self.utc += usize::from(parse_iso(event.date.trim()).is_some_and(|(_, zone)| zone == Zone::Utc));
        match DateOrder::of([event.date.as_str()]) {
            Some(order) if self.order.is_some_and(|known| known != order) => self.contradicted = true,
            Some(order) => self.order = Some(order),
            None => self.ambiguous = true,
        }
        let lower = event.date.to_lowercase();
        self.halves |= lower.contains("am") || lower.contains("pm");
        if !matches!(event.number(), Some(12 | 13))
            || !event.provider.to_lowercase().contains("kernel-general")
        {
            return;
        }
        let Some(stated) = iso_in(&event.message) else { return };
        for (order, offsets) in
            [DateOrder::MonthFirst, DateOrder::DayFirst].into_iter().zip(&mut self.offsets)
        {
            let Some((wall, _)) = written_date::wall(&event.date, Some(order)) else { continue };
            let seconds = stated.0.saturating_sub(wall.0) / 1_000_000;
            // Zones differ by quarters of an hour; the event is written within seconds.
            let minutes = (seconds + 450).div_euclid(900) * 15;
            if minutes.abs() <= MOST_OFFSET && (seconds - minutes * 60).abs() <= 120 {
                offsets.extend(i32::try_from(minutes));
            }
        }
    }

    /// The order of day and month, the zone, and whether the order is a guess.
    pub(super) fn settle(self) -> (DateOrder, Zone, bool) {
        let [month, day] = &self.offsets;
        let by_offsets = match (month.is_empty(), day.is_empty()) {
            (false, true) => Some(DateOrder::MonthFirst),
            (true, false) => Some(DateOrder::DayFirst),
            _ => None,
        };
        let stated = self.order.filter(|_| !self.contradicted).or(by_offsets);
        // Twelve-hour clocks are of countries with the month first, by and large.
        let usual = if self.halves { DateOrder::MonthFirst } else { DateOrder::DayFirst };
        let order = stated.unwrap_or(usual);
        let offsets = if order == DateOrder::MonthFirst { month } else { day };
        let zone = match offsets.first() {
            Some(&minutes) if offsets.iter().all(|other| *other == minutes) => Zone::Bias(minutes),
            _ if self.seen > 0 && self.utc == self.seen => Zone::Utc,
            _ => Zone::Unknown,
        };
        (order, zone, stated.is_none() && self.ambiguous)
    }
}

/// The UTC that a message states: `... system time 2026-10-08T08:04:37.500000000Z.`
fn iso_in(message: &str) -> Option<Time> {
    let clean: String = message.chars().filter(|c| !matches!(c, '\u{200e}' | '\u{200f}')).collect();
    let word = clean.split_whitespace().find(|word| word.contains('T') && word.contains('Z'))?;
    let (time, zone) = parse_iso(word.get(..=word.rfind('Z')?)?)?;
    (zone == Zone::Utc).then_some(time)
}
