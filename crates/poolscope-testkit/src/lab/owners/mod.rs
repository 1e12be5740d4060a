//! Labelled cases of ownership: whose leak it is, and the evidence a case folder would hold about that, right,
//! misleading or missing. Files of real formats, so that the whole way from bytes to verdict is scored.

mod files;
mod score;

use super::rng::Rng;
use super::shape::Workday;
pub use score::{Named, OwnerScore, Said};

/// Whose leak it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Story {
    /// A driver leaks its private tag.
    PrivateTag,
    /// A driver leaks a shared tag, and a private one with it.
    SharedWithTwin,
    /// A process leaks handles to objects.
    Handles,
    /// A driver keeps references: objects leak, handles do not.
    References,
}

impl Story {
    /// Every story.
    pub const ALL: [Self; 4] = [Self::PrivateTag, Self::SharedWithTwin, Self::Handles, Self::References];

    /// The name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::PrivateTag => "a driver's private tag",
            Self::SharedWithTwin => "a shared tag and its private twin",
            Self::Handles => "handles of a process",
            Self::References => "references of a driver",
        }
    }
}

/// One labelled case.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnerCase {
    /// Its seed.
    pub seed: u64,
    /// Whose leak it is.
    pub story: Story,
    /// Names and contents of its files.
    pub files: Vec<(String, Vec<u8>)>,
    /// The tags that leak.
    pub tags: Vec<[u8; 4]>,
    /// File of the driver, or name of the process, that leaks.
    pub culprit: String,
    /// A change of the culprit's driver stands shortly before the onset.
    pub changed: bool,
}

/// Object tags and whether the nonpaged pool holds them.
const OBJECTS: [(&[u8; 4], bool); 5] =
    [(b"Even", true), (b"Thre", true), (b"File", true), (b"Sema", true), (b"Toke", false)];
/// Shared tags of the nonpaged pool.
const SHARED: [&[u8; 4]; 2] = [b"Mdl ", b"Irp "];
/// Drivers of a host; the first is the culprit where a driver is. Names no product has.
const DRIVERS: [&str; 10] = [
    "qelmon.sys",
    "vorflt.sys",
    "tazdisk.sys",
    "nirvnet.sys",
    "ubexfs.sys",
    "hakbus.sys",
    "jopscsi.sys",
    "wymvid.sys",
    "zedhid.sys",
    "kuxtcp.sys",
];
/// Processes of a host; the first is the culprit where a process is.
const PROCESSES: [&str; 8] =
    ["ordersvc", "svchost#3", "lsass", "w3wp", "sqlservr", "archiver", "explorer", "spoolsv"];

/// One tag of the listings: counts at each snapshot.
struct Row {
    tag: [u8; 4],
    nonpaged: bool,
    size: u64,
    counts: Vec<u64>,
}

/// The host as it really is.
struct Host {
    /// Seconds since 1970 of each snapshot.
    times: Vec<i64>,
    /// Hours of each snapshot since the first.
    hours: Vec<f64>,
    /// Onset in hours; negative where it leaked before the first snapshot.
    onset: f64,
    day: Workday,
    rows: Vec<Row>,
    /// Allocations leaked at each snapshot.
    leaked: Vec<f64>,
    /// Allocations leaked an hour.
    per_hour: f64,
}

/// The case of this seed.
pub fn make(seed: u64, story: Story) -> OwnerCase {
    let rng = &mut Rng::new(seed, 5);
    let host = Host::random(rng);
    let own = private_tag(rng);
    let size = 16 * (4 + rng.below(120) as u64);
    let (object, nonpaged) = OBJECTS[rng.below(OBJECTS.len())];
    let shared = *SHARED[rng.below(SHARED.len())];
    let tags = match story {
        Story::PrivateTag => vec![own],
        Story::SharedWithTwin => vec![own, shared],
        Story::Handles | Story::References => vec![*object],
    };
    let mut host = host;
    for &tag in &tags {
        let (nonpaged, size) = if tag == own { (true, size) } else { (nonpaged || tag == shared, 208) };
        let level = if tag == own { rng.below(40) as f64 } else { rng.log_between(500.0, 20_000.0) };
        host.add(tag, nonpaged, size, level, true, rng);
    }
    host.background(&tags, rng);
    let culprit = match story {
        Story::Handles => PROCESSES[0],
        _ => DRIVERS[0],
    };
    let (files, changed) = files::write(&host, story, own, rng);
    OwnerCase { seed, story, files, tags, culprit: culprit.to_owned(), changed }
}

/// Four letters that no note knows: they hold a digit.
fn private_tag(rng: &mut Rng) -> [u8; 4] {
    let mut letter = || b'a' + rng.below(26) as u8;
    let (a, b, c) = (letter().to_ascii_uppercase(), letter(), letter());
    [a, b'0' + rng.below(10) as u8, b, c]
}

impl Host {
    fn random(rng: &mut Rng) -> Self {
        let start = 1_714_953_600 + rng.below(86_400 * 28) as i64 / 1_800 * 1_800;
        let samples = 49 + rng.below(25);
        let hours: Vec<f64> = (0..samples).map(|at| at as f64 / 2.0).collect();
        let span = hours.last().copied().unwrap_or(0.0);
        let onset = if rng.chance(0.5) { -24.0 } else { rng.between(0.2, 0.5) * span };
        let per_hour = rng.log_between(400.0, 6_000.0);
        let mut sum = 0.0;
        let leaked = hours
            .iter()
            .map(|hour| {
                let step = (hour - onset.max(hour - 0.5)).max(0.0);
                sum += rng.poisson(per_hour * step);
                sum
            })
            .collect();
        let times = hours.iter().map(|hour| start + (hour * 3_600.0) as i64).collect();
        Self { times, hours, onset, day: Workday::random(rng), rows: Vec::new(), leaked, per_hour }
    }

    /// Activity, 0 to 1, at a snapshot.
    fn activity(&self, at: usize) -> f64 {
        // 1970 began on a Thursday.
        let week_hour = (self.times[at] as f64 / 3_600.0 + 72.0).rem_euclid(168.0);
        self.day.activity(week_hour)
    }

    fn add(&mut self, tag: [u8; 4], nonpaged: bool, size: u64, level: f64, leaks: bool, rng: &mut Rng) {
        let (noise, with_load) = (level * rng.log_between(0.002, 0.04), level * rng.between(0.0, 0.15));
        let counts = (0..self.hours.len())
            .map(|at| {
                let leak = if leaks { self.leaked[at] } else { 0.0 };
                (level + with_load * self.activity(at) + noise * rng.normal() + leak).max(0.0).round() as u64
            })
            .collect();
        self.rows.push(Row { tag, nonpaged, size, counts });
    }

    /// Everything that does not leak.
    fn background(&mut self, leaking: &[[u8; 4]], rng: &mut Rng) {
        let known = OBJECTS.iter().map(|object| *object.0).chain(SHARED.iter().map(|tag| **tag));
        for tag in known.filter(|tag| !leaking.contains(tag)) {
            let level = rng.log_between(500.0, 40_000.0);
            self.add(tag, tag != *b"Toke", 208, level, false, rng);
        }
        for _ in 0..30 {
            let tag = private_tag(rng);
            if self.rows.iter().all(|row| row.tag != tag) {
                let (size, level) = (16 * (2 + rng.below(60) as u64), rng.log_between(5.0, 30_000.0));
                self.add(tag, rng.chance(0.6), size, level, false, rng);
            }
        }
    }
}
