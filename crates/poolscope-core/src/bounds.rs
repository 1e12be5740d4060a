//! How large a pool can become on a given Windows: the bound that time to exhaustion is measured against.
//!
//! Sources: the memory-limits page of the Win32 documentation and the per-RAM rows of older support articles
//! (reference peers-and-domain.md 2.1). On 64-bit Windows 8.1 and later there is no practical quota: RAM and
//! commit are the bound.

use poolscope_formats::{Pool, Time};

use crate::model::{Bits, Case, CounterKey, Source, WindowsVersion};
use poolscope_formats::counters::CounterId;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The most a pool can hold, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Bound {
    /// Bytes.
    pub bytes: u64,
    /// What limits it, in words: `nonpaged pool limit of 32-bit Windows Server 2003 (256 MiB)`.
    pub what: String,
    /// The facts it was derived from.
    pub sources: Vec<Source>,
    /// True if the version or width had to be assumed.
    pub assumed: bool,
}

/// The bound of a pool, or `None` if the evidence says too little about the machine.
pub fn bound(case: &Case, pool: Pool) -> Option<Bound> {
    let host = &case.host;
    let stated = match pool {
        Pool::Nonpaged => &host.nonpaged_limit_bytes,
        Pool::Paged => &host.paged_limit_bytes,
    };
    if let Some(limit) = stated {
        return Some(Bound {
            bytes: limit.value,
            what: format!("{pool} pool limit that this kernel computed itself ({})", gib(limit.value)),
            sources: vec![limit.source],
            assumed: false,
        });
    }
    let ram = host.ram_bytes.as_ref();
    let version = host.version.as_ref();
    let mut sources: Vec<Source> = version.iter().map(|v| v.source).collect();
    sources.extend(host.bits.iter().map(|b| b.source));
    let bits = host.bits.as_ref().map(|b| b.value);
    if bits == Some(Bits::X86) {
        let version = version.map(|v| v.value);
        let three_gb = host.three_gb.as_ref().is_some_and(|s| s.value);
        return Some(bound_x86(version, pool, ram.map(|r| r.value), three_gb, sources));
    }
    let ram = ram?;
    sources.push(ram.source);
    let name = version.map_or("64-bit Windows", |v| v.value.name());
    let assumed = version.is_none() || bits.is_none();
    let old = version.is_some_and(|v| (v.value.major, v.value.minor) < (6, 2));
    let (share, cap) = match version.map(|v| (v.value.major, v.value.minor)) {
        Some((5, _)) => (40, 128 * GIB),
        Some((6, 0)) => (40, 128 * GIB),
        Some((6, 1)) => (75, 128 * GIB),
        Some((6, 2)) => (100, 128 * GIB),
        _ => (100, 16 << 40),
    };
    match pool {
        Pool::Nonpaged => {
            let bytes = (ram.value / 100 * share).min(cap);
            let what = if share == 100 {
                format!("installed memory ({}): {name} has no smaller nonpaged limit", gib(bytes))
            } else {
                format!("nonpaged pool limit of 64-bit {name}: {share} % of {} RAM", gib(ram.value))
            };
            Some(Bound { bytes, what, sources, assumed })
        }
        Pool::Paged => {
            let commit = host.commit_limit_bytes.as_ref()?;
            sources.push(commit.source);
            let cap = if old { 128 * GIB } else { 384 * GIB };
            let bytes = commit.value.min(cap);
            Some(Bound { bytes, what: format!("commit limit ({})", gib(bytes)), sources, assumed })
        }
    }
}

fn bound_x86(
    version: Option<WindowsVersion>,
    pool: Pool,
    ram: Option<u64>,
    three_gb: bool,
    sources: Vec<Source>,
) -> Bound {
    let assumed = version.is_none();
    let name = version.map_or("Windows (assumed XP or Server 2003)", WindowsVersion::name);
    let vista_or_later = version.is_some_and(|v| v.major >= 6);
    let bytes = match (pool, vista_or_later) {
        (Pool::Nonpaged, true) => ram.map_or(2 * GIB, |ram| (ram / 100 * 75).min(2 * GIB)),
        (Pool::Nonpaged, false) if three_gb => 128 * MIB,
        (Pool::Nonpaged, false) => 256 * MIB,
        (Pool::Paged, true) => 2 * GIB,
        (Pool::Paged, false) => 530 * MIB,
    };
    let switch = if three_gb && pool == Pool::Nonpaged && !vista_or_later { " with /3GB" } else { "" };
    let what = format!("{pool} pool limit of 32-bit {name}{switch} ({} MiB)", bytes / MIB);
    Bound { bytes, what, sources, assumed }
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / GIB as f64)
}

/// Bytes that the whole pool held at the latest moment before `until`, from counters or listing heads.
pub fn pool_in_use(case: &Case, pool: Pool, until: Time) -> Option<(u64, Source)> {
    let counter = match pool {
        Pool::Nonpaged => CounterId::MemoryPoolNonpagedBytes,
        Pool::Paged => CounterId::MemoryPoolPagedBytes,
    };
    let key = CounterKey { counter, instance: String::new() };
    let counted = case.counters.get(&key).and_then(|series| {
        let at = series.times.partition_point(|&t| t < until).checked_sub(1)?;
        Some((series.times[at], series.values[at] as u64, series.source))
    });
    let listed = case.snapshots.iter().rev().find_map(|snapshot| {
        let bytes = match pool {
            Pool::Nonpaged => snapshot.pool_nonpaged_bytes,
            Pool::Paged => snapshot.pool_paged_bytes,
        }?;
        let place = poolscope_formats::Place::Line(snapshot.line);
        (snapshot.time < until).then_some((
            snapshot.time,
            bytes,
            Source { evidence: snapshot.evidence, place },
        ))
    });
    let latest = match (counted, listed) {
        (Some(counted), Some(listed)) if listed.0 > counted.0 => listed,
        (Some(counted), _) => counted,
        (None, listed) => listed?,
    };
    Some((latest.1, latest.2))
}
