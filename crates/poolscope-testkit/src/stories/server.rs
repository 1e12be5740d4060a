//! The server that the stories happen on: background tags, pool totals that agree with them, and the writers of
//! its snapshots, counters and events.

use std::fmt::Write as _;

use crate::incident::chance::{fill, hours_since, noise, office_hours};
use crate::incident::clock::{HOUR, Seconds, iso, parts, perfmon};

/// One row of a listing.
#[derive(Clone, Debug)]
pub struct Row {
    /// The tag in memory order.
    pub tag: [u8; 4],
    /// True for the nonpaged pool.
    pub nonpaged: bool,
    /// Outstanding allocations.
    pub count: u64,
    /// Bytes of each.
    pub size: u64,
    /// Frees since boot.
    pub frees: u64,
}

/// How a background tag lives: allocations at rest, then how they change.
#[derive(Clone, Copy, Debug)]
enum Life {
    Static,
    Churn(f64),
    Office(f64),
    Cache(f64),
}

use Life::{Cache, Churn, Office, Static};

/// Tag, nonpaged, allocations at rest, bytes of each, life.
const BACKGROUND: &[(&[u8; 4], bool, u64, u64, Life)] = &[
    (b"EtwB", true, 1_428, 131_072, Static),
    (b"HalD", true, 64, 1_048_576, Static),
    (b"ConT", true, 12, 2_097_152, Static),
    (b"MmCa", true, 31_000, 336, Cache(22_000.0)),
    (b"Irp ", true, 4_900, 704, Churn(0.08)),
    (b"Io  ", true, 3_200, 272, Churn(0.1)),
    (b"Even", true, 41_000, 128, Office(2_400.0)),
    (b"Thre", true, 2_300, 2_112, Office(300.0)),
    (b"Proc", true, 118, 2_944, Churn(0.02)),
    (b"File", true, 24_000, 400, Office(3_100.0)),
    (b"AfdE", true, 820, 912, Office(700.0)),
    (b"TcpE", true, 910, 1_296, Office(800.0)),
    (b"UlRB", true, 90, 8_192, Office(120.0)),
    (b"NDnd", true, 2_048, 1_280, Churn(0.03)),
    (b"Mdl ", true, 2_700, 208, Churn(0.06)),
    (b"Sema", true, 12_800, 112, Churn(0.01)),
    (b"Muta", true, 6_100, 128, Churn(0.01)),
    (b"VadS", true, 88_000, 80, Churn(0.02)),
    (b"Devi", true, 910, 1_984, Static),
    (b"Driv", true, 240, 512, Static),
    (b"FMsl", true, 22_000, 192, Office(2_600.0)),
    (b"NtFC", true, 18_000, 144, Office(1_900.0)),
    (b"MmSt", false, 12_000, 2_816, Cache(9_000.0)),
    (b"CM25", false, 14_200, 4_096, Static),
    (b"CM31", false, 3_300, 4_096, Static),
    (b"Toke", false, 2_900, 1_456, Office(310.0)),
    (b"Key ", false, 15_000, 144, Office(900.0)),
    (b"IoNm", false, 24_000, 208, Office(3_100.0)),
    (b"FMfn", false, 6_100, 368, Cache(9_500.0)),
    (b"Ntff", false, 20_000, 1_344, Cache(11_000.0)),
    (b"Obtb", false, 1_900, 4_096, Churn(0.01)),
    (b"Gh05", false, 1_100, 2_432, Churn(0.05)),
    (b"SeTd", false, 2_700, 480, Office(290.0)),
    (b"Sect", false, 11_000, 144, Churn(0.02)),
    (b"smCB", false, 700, 4_096, Churn(0.04)),
];

/// Names that fill a listing up; counts and sizes are drawn from the name.
const FILLERS: u32 = 60;

/// A counter column: path without the machine, and its value.
pub type ExtraColumn = (&'static str, fn(Seconds) -> u64);

/// The server of one story.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Host name.
    pub host: &'static str,
    /// When it started.
    pub boot: Seconds,
    /// Installed memory in KiB.
    pub memory_kib: u64,
    /// The story's own rows at a moment.
    pub own: fn(Seconds) -> Vec<Row>,
}

impl Server {
    /// Every row of a listing: background and story; a story's tag that the background has too is added to it.
    pub fn rows(&self, moment: Seconds) -> Vec<Row> {
        let hours = hours_since(self.boot, moment);
        let mut rows: Vec<Row> = Vec::new();
        for &(tag, nonpaged, rest, size, life) in BACKGROUND {
            let (rest, wobble) = (rest as f64, noise(tag, moment));
            let (count, frees) = match life {
                Static => (rest, rest / 40.0),
                Churn(share) => (rest * (1.0 + share * wobble), rest * (3.0 + 9.0 * share) * hours),
                Office(more) => {
                    (rest + more * (office_hours(moment) + 0.03 * wobble), (rest + more) * 3.0 * hours)
                }
                Cache(more) => {
                    (rest + more * (fill(hours, 9.0) + 0.002 * wobble), (rest + more) * 0.5 * hours)
                }
            };
            rows.push(Row { tag: *tag, nonpaged, count: count as u64, size, frees: frees as u64 });
        }
        for number in 0..FILLERS {
            rows.push(filler(number, moment, hours));
        }
        for own in (self.own)(moment) {
            match rows.iter_mut().find(|row| row.tag == own.tag && row.nonpaged == own.nonpaged) {
                Some(row) => {
                    row.count += own.count;
                    row.frees += own.frees;
                }
                None => rows.push(own),
            }
        }
        rows.sort_by_key(|row| (row.tag, !row.nonpaged));
        rows
    }

    /// Bytes of a whole pool: the tags and an untagged remainder that does not grow.
    pub fn pool_bytes(&self, nonpaged: bool, moment: Seconds) -> u64 {
        let tagged: u64 = self
            .rows(moment)
            .iter()
            .filter(|row| row.nonpaged == nonpaged)
            .map(|row| row.count * row.size)
            .sum();
        (tagged + 64_000_000) / 4_096 * 4_096
    }

    /// A `poolmon -n` snapshot.
    pub fn poolmon(&self, moment: Seconds) -> String {
        let mut out = String::new();
        let (nonpaged, paged) =
            (self.pool_bytes(true, moment) / 1_024, self.pool_bytes(false, moment) / 1_024);
        let used = 3_100_000 + nonpaged + paged + (400_000.0 * office_hours(moment)) as u64;
        let _ = write!(
            out,
            " Memory:{}K Avail:{}K  PageFlts:{}   InRam Krnl:{}K P:{paged}K\r\n Commit:{}K Limit:{}K Peak:{}K            \
             Pool N:{nonpaged}K P:{paged}K\r\n\r\n Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc\r\n\r\n",
            self.memory_kib,
            self.memory_kib - used,
            (moment - self.boot) * 700,
            52_716,
            used + 900_000,
            self.memory_kib + 2_097_152,
            used + 1_400_000,
        );
        for row in self.rows(moment) {
            // The kernel's counters are 32-bit: a busy tag wraps within weeks.
            let (allocs, frees) = ((row.frees + row.count) as u32, row.frees as u32);
            let kind = if row.nonpaged { "Nonp" } else { "Paged" };
            let tag = String::from_utf8_lossy(&row.tag).into_owned();
            let bytes = row.count * row.size;
            let each = if row.count == 0 { 0 } else { row.size };
            let _ = write!(
                out,
                " {tag} {kind:<5}{allocs:>10}{frees:>10}{:>10}{bytes:>12}{each:>11}\r\n",
                row.count
            );
        }
        out
    }

    /// Snapshot files named by their time, below `poolmon/`.
    pub fn snapshots(&self, first: Seconds, last: Seconds, every: Seconds) -> Vec<(String, Vec<u8>)> {
        (first..=last)
            .step_by(every as usize)
            .map(|moment| {
                let p = parts(moment);
                let name = format!(
                    "poolmon/{:04}-{:02}-{:02}_{:02}{:02}.log",
                    p.year, p.month, p.day, p.hour, p.minute
                );
                (name, self.poolmon(moment).into_bytes())
            })
            .collect()
    }

    /// A PDH-CSV log of the pool totals and of extra columns: path without the machine, and value.
    pub fn counters(&self, first: Seconds, last: Seconds, extra: &[ExtraColumn]) -> String {
        let mut out = String::from("\"(PDH-CSV 4.0) (Coordinated Universal Time)(0)\"");
        let own = ["Memory\\Pool Nonpaged Bytes", "Memory\\Pool Paged Bytes", "System\\System Up Time"];
        for path in own.iter().chain(extra.iter().map(|(path, _)| path)) {
            let _ = write!(out, ",\"\\\\{}\\{path}\"", self.host);
        }
        out.push_str("\r\n");
        for moment in (first..=last).step_by(600) {
            let _ = write!(
                out,
                "\"{}\",\"{}\",\"{}\",\"{}\"",
                perfmon(moment, 137),
                self.pool_bytes(true, moment),
                self.pool_bytes(false, moment),
                moment - self.boot
            );
            for (_, value) in extra {
                let _ = write!(out, ",\"{}\"", value(moment));
            }
            out.push_str("\r\n");
        }
        out
    }

    /// An event of the System log as `wevtutil qe /f:xml` writes it: named data only.
    pub fn event(&self, moment: Seconds, provider: &str, id: u32, data: &[(&str, &str)]) -> String {
        let time = iso(moment).replace(' ', "T");
        let mut out = format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider \
             Name='{provider}'/><EventID>{id}</EventID><Level>4</Level><TimeCreated \
             SystemTime='{time}.000000000Z'/><EventRecordID>{}</EventRecordID><Channel>System</Channel>\
             <Computer>{}</Computer></System><EventData>",
            moment - self.boot + 20_000,
            self.host
        );
        for (name, value) in data {
            let _ = write!(out, "<Data Name='{name}'>{value}</Data>");
        }
        out.push_str("</EventData></Event>\r\n");
        out
    }

    /// The events of its start: Kernel-General 12 with the version of Windows Server 2019.
    pub fn boot_event(&self) -> String {
        let started = iso(self.boot).replace(' ', "T") + ".000000000Z";
        let data = [
            ("MajorVersion", "10"),
            ("MinorVersion", "0"),
            ("BuildVersion", "17763"),
            ("QfeVersion", "1"),
            ("ServiceVersion", "0"),
            ("BootMode", "0"),
            ("StartTime", started.as_str()),
        ];
        self.event(self.boot + 4, "Microsoft-Windows-Kernel-General", 12, &data)
    }
}

fn filler(number: u32, moment: Seconds, hours: f64) -> Row {
    let letters = b"abcdefghijklmnopqrstuvwxyz";
    let pick = |shift: u32| letters[(number * 7 + shift * 11) as usize % letters.len()];
    let tag = [b'X', pick(1), pick(2 + number / 26), b'0' + (number % 10) as u8];
    let rest = 20.0 + (noise(&tag, 1) + 1.0) * 900.0;
    let size = 32 + 16 * ((noise(&tag, 2) + 1.0) * 30.0) as u64;
    let count = rest * (1.0 + 0.03 * noise(&tag, moment));
    Row {
        tag,
        nonpaged: number.is_multiple_of(2),
        count: count as u64,
        size,
        frees: (rest * 2.0 * hours) as u64,
    }
}

/// The count of a leak that began at `onset` and adds `per_hour` on average; no two hours are equally busy.
pub fn leaked(name: &[u8], onset: Seconds, per_hour: f64, moment: Seconds) -> u64 {
    let mut sum = 0.0;
    let mut begin = onset;
    while begin < moment {
        let end = (begin + HOUR).min(moment);
        sum += per_hour * (1.0 + 0.15 * noise(name, begin)) * hours_since(begin, end);
        begin = end;
    }
    sum as u64
}
