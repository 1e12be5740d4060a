//! Every pool tag of the server and how it lives: static blocks, churn, caches, office hours, and the leak.

use std::sync::LazyLock;

use super::chance::{fill, hours_since, noise, office_hours};
use super::clock::Seconds;
use super::filler::FILLER;
use super::story::{self, boot_of};

/// Which pool.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Nonpaged.
    Nonp,
    /// Paged.
    Paged,
}

/// How a tag lives.
#[derive(Clone, Copy, Debug)]
pub enum Life {
    /// Allocated once.
    Static,
    /// Allocated and freed all the time, around a mean: this share of it up or down.
    Churn(f64),
    /// Follows the working day: this many more at its height.
    Office(f64),
    /// A cache: up to this many more, half of them after these hours.
    Cache(f64, f64),
    /// Not there before the driver was installed, the same ever after.
    Step,
    /// The leaked event objects, over those that the system uses.
    Leak,
    /// Handle table pages: one for 512 handles.
    HandleTables,
}

/// One row of a poolmon listing.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The tag in memory order.
    pub tag: [u8; 4],
    /// Its pool.
    pub kind: Kind,
    /// Allocations since boot.
    pub allocs: u64,
    /// Frees since boot.
    pub frees: u64,
    /// Bytes that stand.
    pub bytes: u64,
}

/// Tag, pool, allocations at rest, bytes of each, life.
type Habit = (&'static [u8; 4], Kind, u64, u64, Life);

use Kind::{Nonp, Paged};
use Life::{Cache, Churn, HandleTables, Leak, Office, Static, Step};

/// The tags that the story is about, decoys included.
const HABITS: &[Habit] = &[
    (b"Even", Nonp, 3_420, story::EVENT_BYTES, Leak),
    // Big and static: the first thing that a listing sorted by bytes shows.
    (b"MmCm", Nonp, 9, 1_458_176, Static),
    (b"LSwn", Nonp, 96, 17_408, Static),
    (b"MmDT", Nonp, 2, 1_310_720, Static),
    // A cache that grows for hours and then stays.
    (b"MmCa", Nonp, 9_800, 112, Cache(41_000.0, 7.0)),
    (b"Ntfr", Nonp, 2_100, 64, Cache(16_000.0, 7.0)),
    // Follows the working day.
    (b"File", Nonp, 9_400, 152, Office(5_600.0)),
    (b"Thre", Nonp, 980, 632, Office(130.0)),
    (b"AfdC", Nonp, 310, 424, Office(1_900.0)),
    (b"AfdE", Nonp, 260, 272, Office(1_500.0)),
    (b"TCPC", Nonp, 340, 568, Office(1_700.0)),
    (b"UlHC", Nonp, 40, 368, Office(620.0)),
    (b"UlRB", Nonp, 24, 4_096, Office(140.0)),
    // The driver installed less than an hour before the onset.
    (b"CvFl", Nonp, 310, 20_480, Step),
    // Busy, and going nowhere.
    (b"Irp ", Nonp, 2_140, 448, Churn(0.10)),
    (b"Io  ", Nonp, 1_300, 136, Churn(0.15)),
    (b"Mdl ", Nonp, 820, 96, Churn(0.20)),
    (b"AfdB", Nonp, 260, 2_064, Churn(0.20)),
    (b"NDpp", Nonp, 64, 9_216, Churn(0.05)),
    (b"Sema", Nonp, 2_310, 56, Churn(0.02)),
    (b"Muta", Nonp, 690, 64, Churn(0.02)),
    (b"Vad ", Nonp, 19_600, 48, Churn(0.03)),
    (b"VadS", Nonp, 12_100, 32, Churn(0.03)),
    (b"Devi", Nonp, 612, 1_208, Static),
    (b"Driv", Nonp, 171, 304, Static),
    (b"Proc", Nonp, 46, 648, Churn(0.04)),
    (b"Wmip", Nonp, 480, 312, Static),
    (b"Ddk ", Nonp, 210, 3_424, Static),
    (b"Pool", Nonp, 4, 40_960, Static),
    (b"CM35", Paged, 4_980, 4_096, Static),
    (b"MmSt", Paged, 1_900, 1_592, Cache(9_800.0, 6.0)),
    (b"Ntff", Paged, 1_400, 864, Cache(12_500.0, 6.0)),
    (b"FMfn", Paged, 2_200, 176, Cache(15_000.0, 9.0)),
    (b"Obtb", Paged, 96, 4_096, HandleTables),
    (b"Toke", Paged, 640, 760, Office(510.0)),
    (b"Key ", Paged, 3_920, 88, Office(900.0)),
    (b"IoNm", Paged, 9_300, 104, Office(5_400.0)),
    (b"SeTd", Paged, 610, 208, Office(480.0)),
    (b"Sect", Paged, 3_180, 72, Churn(0.03)),
    (b"Strg", Paged, 180, 56, Churn(0.10)),
    (b"CMVI", Paged, 1_120, 72, Churn(0.10)),
    (b"Ttfd", Paged, 402, 7_224, Static),
    (b"Gh05", Paged, 612, 1_840, Churn(0.04)),
    (b"Usqu", Paged, 70, 160, Churn(0.05)),
];

/// Every tag, by tag and then pool, as poolmon sorts them.
static SORTED: LazyLock<Vec<Habit>> = LazyLock::new(|| {
    let filler = FILLER.iter().map(|&(tag, kind)| filler_habit(tag, kind));
    let mut habits: Vec<Habit> = HABITS.iter().copied().chain(filler).collect();
    habits.sort_by_key(|habit| (habit.0, habit.1));
    habits
});

/// Every row of a listing at a moment, by tag and then pool.
pub fn rows(moment: Seconds) -> Vec<Row> {
    SORTED.iter().filter_map(|&habit| row(habit, moment)).collect()
}

/// Bytes that all tags of one pool hold.
pub fn tagged_bytes(kind: Kind, moment: Seconds) -> u64 {
    let habits = SORTED.iter().filter(|habit| habit.1 == kind);
    habits.filter_map(|&habit| row(habit, moment)).map(|row| row.bytes).sum()
}

/// One tag at a moment; `None` if it never allocated.
fn row((tag, kind, rest, size, life): Habit, moment: Seconds) -> Option<Row> {
    let hours = hours_since(boot_of(moment), moment);
    let wobble = noise(tag, moment);
    let resting = rest as f64;
    // Outstanding, and frees an hour: always enough of them that no counter ever falls.
    let (outstanding, frees_per_hour) = match life {
        Static => (resting, 0.0),
        Churn(share) => (resting * (1.0 + share * wobble), resting * (14.0 * share + 2.0)),
        Office(more) => (resting + more * (office_hours(moment) + 0.03 * wobble).max(0.0), more * 6.0),
        Cache(more, half_hours) => (resting + more * (fill(hours, half_hours) + 0.002 * wobble), more * 0.4),
        Step if moment < story::DRIVER_INSTALL => return None,
        Step => (resting, 0.0),
        Leak => ((story::leaked(moment) + rest) as f64 + 40.0 * wobble, 210_000.0),
        HandleTables => (resting + (story::leaked(moment) / 512) as f64 + 2.0 * wobble, 60.0),
    };
    let outstanding = outstanding as u64;
    let frees_at_boot = (noise(tag, boot_of(moment)) + 1.2) * resting * 0.5;
    let frees = (frees_at_boot + frees_per_hour * hours) as u64;
    let frees = if matches!(life, Static | Step) { frees_at_boot as u64 / 8 } else { frees };
    Some(Row { tag: *tag, kind, allocs: frees + outstanding, frees, bytes: outstanding * size })
}

/// A tag of no interest: a size and a count drawn from its name.
fn filler_habit(tag: &'static [u8; 4], kind: Kind) -> Habit {
    let size = 16 + 8 * ((noise(tag, 1) + 1.0) * (noise(tag, 2) + 1.0) * 60.0) as u64;
    let count = 1 + ((noise(tag, 3) + 1.0) * (noise(tag, 4) + 1.0) * 180.0) as u64;
    let life = if noise(tag, 5) < 0.2 { Static } else { Churn(0.04) };
    (tag, kind, count, size, life)
}
