//! From raw counter values to the values people know, for the few types the kept counters have (winperf.h).

/// How a counter's raw value becomes its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cook {
    /// The raw value is the value.
    Gauge,
    /// Seconds from the raw moment to now.
    Elapsed,
    /// Growth a second since the sample before.
    Rate,
}

/// The way of a counter type; `None` for types none of the kept counters has.
pub(super) fn cook_of(counter_type: u32) -> Option<Cook> {
    Some(match counter_type {
        // PERF_COUNTER_RAWCOUNT, _LARGE_RAWCOUNT and both in hexadecimal.
        0x0001_0000 | 0x0001_0100 | 0x0000_0000 | 0x0000_0100 => Cook::Gauge,
        // PERF_ELAPSED_TIME.
        0x3024_0500 => Cook::Elapsed,
        // PERF_COUNTER_COUNTER and PERF_COUNTER_BULK_COUNT.
        0x1041_0400 | 0x1041_0500 => Cook::Rate,
        _ => return None,
    })
}

/// A raw value with the clock it belongs to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct RawValue {
    pub value: i64,
    /// The clock at the sample, in ticks.
    pub clock: i64,
    /// Ticks a second.
    pub per_second: f64,
}

impl RawValue {
    /// The value; NaN where there is none. `before` is the same counter in the sample before.
    pub fn cooked(self, cook: Cook, before: Option<Self>) -> f64 {
        match cook {
            Cook::Gauge => self.value as f64,
            // A raw moment of 0 means the counter was not kept.
            Cook::Elapsed if self.value != 0 => self.clock.wrapping_sub(self.value) as f64 / self.per_second,
            Cook::Elapsed => f64::NAN,
            Cook::Rate => before.map_or(f64::NAN, |before| {
                let ticks = self.clock.wrapping_sub(before.clock);
                let grown = self.value.wrapping_sub(before.value);
                // A fall is a new owner or a counter that wrapped: a gap, not a rate.
                if ticks > 0 && grown >= 0 { grown as f64 * self.per_second / ticks as f64 } else { f64::NAN }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_ways() {
        let raw = |value, clock| RawValue { value, clock, per_second: 10.0 };
        assert_eq!(raw(7, 0).cooked(Cook::Gauge, None), 7.0);
        assert_eq!(raw(100, 350).cooked(Cook::Elapsed, None), 25.0);
        assert!(raw(0, 350).cooked(Cook::Elapsed, None).is_nan());
        assert_eq!(raw(30, 120).cooked(Cook::Rate, Some(raw(10, 100))), 10.0);
        for before in [None, Some(raw(31, 100)), Some(raw(10, 120))] {
            assert!(raw(30, 120).cooked(Cook::Rate, before).is_nan(), "{before:?}");
        }
        assert_eq!(cook_of(0x2041_0500), None);
    }
}
