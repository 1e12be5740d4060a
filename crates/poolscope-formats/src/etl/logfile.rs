//! The trace's own description: the payload of the first event (hook 0x0000, TRACE_LOGFILE_HEADER), and the
//! conversion of its clock's ticks to time. It does not read the two names' meaning into anything.

use crate::etl::le::{i64_at, u32_at};
use crate::time::Time;

/// `LogFileMode`: the file is a ring; its oldest buffers were overwritten.
const MODE_CIRCULAR: u32 = 0x0000_0002;
/// `LogFileMode`: buffers stayed in memory until they were saved, the oldest overwritten.
const MODE_BUFFERING: u32 = 0x0000_0400;
/// `LogFileMode`: buffers are compressed.
const MODE_COMPRESSED: u32 = 0x0400_0000;

/// What the timestamps of events count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// The performance counter, with its frequency in ticks a second.
    PerformanceCounter {
        /// Ticks a second.
        frequency: i64,
    },
    /// 100 ns since 1601, already UTC.
    SystemTime,
    /// Processor cycles.
    Cycles {
        /// Millions a second.
        mega_hertz: u32,
    },
}

/// The trace's own description.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogfileHeader {
    /// Bytes of one buffer before compression.
    pub buffer_bytes: u32,
    /// Windows version of the traced system: major and minor.
    pub os_version: (u8, u8),
    /// Windows build number.
    pub build: u32,
    /// Processors of the traced system.
    pub processors: u32,
    /// `LogFileMode`.
    pub mode: u32,
    /// Buffers the session says it wrote, this header's buffer included. Never needed to read the file.
    pub buffers_written: u32,
    /// 4 or 8: bytes of a pointer on the traced system, as stated.
    pub pointer_bytes: u32,
    /// Events the session says it lost.
    pub events_lost: u32,
    /// Buffers the session says it lost.
    pub buffers_lost: u32,
    /// Clock of the events.
    pub clock: Clock,
    /// Start of the session, FILETIME.
    pub start_filetime: i64,
    /// End of the session, FILETIME; 0 if it was not closed.
    pub end_filetime: i64,
    /// Boot of the system, FILETIME.
    pub boot_filetime: i64,
    /// Ticks of the header's own event: the moment `start_filetime` names.
    pub start_ticks: i64,
    /// Name of the session.
    pub logger_name: String,
    /// Name of the file when it was written.
    pub file_name: String,
}

impl LogfileHeader {
    /// Decodes the payload of the first event. `wide` says whether its header type is a 64-bit one; the
    /// payload's own pointer size is believed first, since hand-made files differ.
    pub fn decode(payload: &[u8], ticks: i64, wide: bool) -> Option<Self> {
        let stated = u32_at(payload, 0x2c)?;
        let pointer_bytes = match stated {
            4 | 8 => stated,
            _ if wide => 8,
            _ => 4,
        };
        // The two name pointers shift what follows: by 8 bytes, or by 0 on 32 bits.
        let tail = if pointer_bytes == 8 { 0xf8 } else { 0xf0 };
        let frequency = i64_at(payload, tail + 8)?;
        let mega_hertz = u32_at(payload, 0x34)?;
        let clock = match u32_at(payload, tail + 0x18)? {
            2 => Clock::SystemTime,
            3 => Clock::Cycles { mega_hertz },
            _ => Clock::PerformanceCounter { frequency },
        };
        let names = payload.get(tail + 0x20..).unwrap_or(&[]);
        let (logger_name, used) = utf16z(names);
        let (file_name, _) = utf16z(names.get(used..).unwrap_or(&[]));
        Some(Self {
            buffer_bytes: u32_at(payload, 0)?,
            os_version: (*payload.get(4)?, *payload.get(5)?),
            build: u32_at(payload, 8)?,
            processors: u32_at(payload, 0xc)?,
            end_filetime: i64_at(payload, 0x10)?,
            mode: u32_at(payload, 0x20)?,
            buffers_written: u32_at(payload, 0x24)?,
            pointer_bytes,
            events_lost: u32_at(payload, 0x30)?,
            boot_filetime: i64_at(payload, tail)?,
            start_filetime: i64_at(payload, tail + 0x10)?,
            buffers_lost: u32_at(payload, tail + 0x1c)?,
            clock,
            start_ticks: ticks,
            logger_name,
            file_name,
        })
    }

    /// True if the oldest buffers may have been overwritten (a ring on disk or in memory).
    pub fn is_circular(&self) -> bool {
        self.mode & (MODE_CIRCULAR | MODE_BUFFERING) != 0
    }

    /// True if the session wrote compressed buffers.
    pub fn is_compressed(&self) -> bool {
        self.mode & MODE_COMPRESSED != 0
    }

    /// Ticks a second of the clock; at least 1.
    pub fn ticks_per_second(&self) -> f64 {
        match self.clock {
            Clock::PerformanceCounter { frequency } => frequency.max(1) as f64,
            Clock::SystemTime => 1e7,
            Clock::Cycles { mega_hertz } => f64::from(mega_hertz.max(1)) * 1e6,
        }
    }

    /// Ticks of the start of the session.
    pub fn zero_ticks(&self) -> i64 {
        if self.clock == Clock::SystemTime { self.start_filetime } else { self.start_ticks }
    }

    /// Seconds from the start of the session to an event's ticks; negative before it.
    pub fn seconds(&self, ticks: i64) -> f64 {
        ticks.wrapping_sub(self.zero_ticks()) as f64 / self.ticks_per_second()
    }

    /// The moment of an event's ticks, UTC; `None` if the header's clock makes no sense.
    pub fn time(&self, ticks: i64) -> Option<Time> {
        let filetime = match self.clock {
            Clock::SystemTime => ticks,
            _ => {
                let elapsed = i128::from(ticks.wrapping_sub(self.start_ticks)) * 10_000_000;
                let per_second = match self.clock {
                    Clock::Cycles { mega_hertz } => i128::from(mega_hertz) * 1_000_000,
                    Clock::PerformanceCounter { frequency } => i128::from(frequency),
                    Clock::SystemTime => return None,
                };
                let elapsed = elapsed.checked_div(per_second)?;
                self.start_filetime.checked_add(i64::try_from(elapsed).ok()?)?
            }
        };
        Time::from_filetime(u64::try_from(filetime).ok()?)
    }
}

/// A UTF-16LE text up to its zero, and the bytes it takes with the zero. Lone surrogates become U+FFFD.
pub fn utf16z(bytes: &[u8]) -> (String, usize) {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> =
        pairs.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0).collect();
    let used = (units.len() + 1) * 2;
    (String::from_utf16_lossy(&units), used.min(bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(clock: Clock) -> LogfileHeader {
        LogfileHeader {
            buffer_bytes: 65536,
            os_version: (10, 0),
            build: 19041,
            processors: 8,
            mode: 0,
            buffers_written: 1,
            pointer_bytes: 8,
            events_lost: 0,
            buffers_lost: 0,
            clock,
            start_filetime: 116_444_736_000_000_000,
            end_filetime: 0,
            boot_filetime: 0,
            start_ticks: 1_000,
            logger_name: String::new(),
            file_name: String::new(),
        }
    }

    #[test]
    fn the_three_clocks() {
        let counter = header(Clock::PerformanceCounter { frequency: 2_000_000 });
        assert_eq!(counter.time(2_001_000), Some(Time(1_000_000)));
        let cycles = header(Clock::Cycles { mega_hertz: 2 });
        assert_eq!(cycles.time(2_001_000), Some(Time(1_000_000)));
        let system = header(Clock::SystemTime);
        assert_eq!(system.time(116_444_736_010_000_000), Some(Time(1_000_000)));
        assert!((system.seconds(116_444_736_010_000_000) - 1.0).abs() < 1e-9);
        assert_eq!(header(Clock::PerformanceCounter { frequency: 0 }).time(5), None);
    }

    #[test]
    fn text_without_a_zero_ends_with_the_bytes() {
        assert_eq!(utf16z(&[b'a', 0, b'b', 0]), ("ab".to_owned(), 4));
        assert_eq!(utf16z(&[b'a', 0, 0, 0, b'b', 0]), ("a".to_owned(), 4));
        assert_eq!(utf16z(&[7]), (String::new(), 1));
    }
}
