//! How large a pool can become on a given Windows: the bound that time to exhaustion is measured against.
//!
//! Sources: the memory-limits page of the Win32 documentation and the per-RAM rows of older support articles
//! (reference peers-and-domain.md 2.1). On 64-bit Windows 8.1 and later there is no practical quota: RAM and
//! commit are the bound.

use poolscope_formats::{Pool, Time};

use crate::model::{Bits, Case, CounterId, CounterKey, EventKind, SnapshotFacts, Source, WindowsVersion};
use poolscope_formats::httperr::ReasonClass;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The pool's size is taken within these hours of the moment at which it was empty.
const NEAR_HOURS: f64 = 1.0;

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
    /// True if this is a limit of the pool itself, false if only memory or commit bounds it.
    pub quota: bool,
}

/// The bound of a pool, or `None` if the evidence says too little about the machine.
///
/// Where Windows documents none smaller than the installed memory, the size at which the pool was seen to run out
/// counts before it.
pub fn bound(case: &Case, pool: Pool) -> Option<Bound> {
    let documented = documented(case, pool);
    let weak = documented.as_ref().is_none_or(|bound| !bound.quota);
    match seen_to_run_out(case, pool).filter(|_| weak) {
        Some(seen) if documented.as_ref().is_none_or(|bound| seen.bytes < bound.bytes) => Some(seen),
        _ => documented,
    }
}

/// The moments at which the evidence says that a pool was empty: refusals of http.sys and events of the file server.
fn empty_moments(case: &Case, pool: Pool) -> Vec<Time> {
    let refused = case
        .http_reasons
        .iter()
        .filter(|reason| pool == Pool::Nonpaged && reason.class == ReasonClass::MemoryRefusal)
        .flat_map(|reason| [reason.first.0, reason.last.0]);
    let empty =
        case.events.iter().filter(|event| event.kind == EventKind::PoolEmpty(pool)).map(|event| event.time);
    let mut moments: Vec<Time> = refused.chain(empty).collect();
    moments.sort_unstable();
    moments
}

/// Those of them from one moment to another, as a run of Windows has them.
pub(crate) fn empty_moments_between(case: &Case, pool: Pool, from: Time, to: Time) -> Vec<Time> {
    let mut moments = empty_moments(case, pool);
    moments.retain(|at| (from..=to).contains(at));
    moments
}

/// The size of the pool when the evidence says that it was empty.
fn seen_to_run_out(case: &Case, pool: Pool) -> Option<Bound> {
    let moments = empty_moments(case, pool);
    let series = case.counters.get(&CounterKey::total_of(pool))?;
    let near = |moment: &Time| {
        let range = series.range(moment.plus_hours(-NEAR_HOURS), moment.plus_hours(NEAR_HOURS));
        let most = series.values.get(range)?.iter().copied().fold(0.0, f64::max);
        (most > 0.0).then_some((most, *moment))
    };
    let (bytes, moment) = moments.iter().filter_map(near).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Bound {
        bytes: bytes as u64,
        what: format!("size at which it was seen to run out about {moment} UTC ({})", gib(bytes as u64)),
        sources: vec![series.source_at(moment)],
        assumed: false,
        quota: true,
    })
}

/// The bound that Windows documents or that its kernel computed, if memory and commit do not end before it.
fn documented(case: &Case, pool: Pool) -> Option<Bound> {
    let own = of_the_pool(case, pool);
    match (own, room_to_commit(case, pool)) {
        (Some(own), Some(room)) if room.bytes < own.bytes => Some(room),
        (None, room) if pool == Pool::Paged => room,
        (own, _) => own,
    }
}

/// What all processes and pools may commit together bounds either pool: what others have committed is not there for it.
fn room_to_commit(case: &Case, pool: Pool) -> Option<Bound> {
    let limit = case.host.commit_limit_bytes.as_ref()?;
    let mut sources = vec![limit.source];
    let (bytes, what) = match committed(case).zip(pool_in_use(case, pool, Time(i64::MAX))) {
        Some(((used, source), (held, _))) => {
            sources.push(source);
            let room = limit.value.saturating_sub(used);
            let what = format!("commit limit ({}, {} in use)", gib(limit.value), gib(used));
            (held.saturating_add(room), what)
        }
        None => (limit.value, format!("commit limit ({})", gib(limit.value))),
    };
    Some(Bound { bytes, what, sources, assumed: false, quota: false })
}

/// The bound of the pool itself.
fn of_the_pool(case: &Case, pool: Pool) -> Option<Bound> {
    let host = &case.host;
    let ram = host.ram_bytes.as_ref();
    let stated = match pool {
        Pool::Nonpaged => &host.nonpaged_limit_bytes,
        Pool::Paged => &host.paged_limit_bytes,
    };
    // Where there is no practical limit the kernel states terabytes, of which the machine has none.
    let reachable = |limit: u64| pool == Pool::Paged || ram.is_none_or(|ram| limit <= ram.value);
    if let Some(limit) = stated.as_ref().filter(|limit| reachable(limit.value)) {
        return Some(Bound {
            bytes: limit.value,
            what: format!("{pool} pool limit that this kernel computed itself ({})", gib(limit.value)),
            sources: vec![limit.source],
            assumed: false,
            quota: true,
        });
    }
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
            let bytes = (ram.value.saturating_mul(share) / 100).min(cap);
            let what = if share == 100 {
                format!("installed memory ({}): {name} has no smaller nonpaged limit", gib(bytes))
            } else {
                format!("nonpaged pool limit of 64-bit {name}: {share} % of {} RAM", gib(ram.value))
            };
            Some(Bound { bytes, what, sources, assumed, quota: share < 100 })
        }
        Pool::Paged => {
            // Without a commit limit nothing says how far the paged pool may go.
            host.commit_limit_bytes.as_ref()?;
            let bytes = if old { 128 * GIB } else { 384 * GIB };
            let what = format!("paged pool limit of 64-bit {name} ({})", gib(bytes));
            Some(Bound { bytes, what, sources, assumed, quota: true })
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
    Bound { bytes, what, sources, assumed, quota: true }
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / GIB as f64)
}

/// The latest commit charge, from counters or listing heads.
fn committed(case: &Case) -> Option<(u64, Source)> {
    let key = CounterKey { counter: CounterId::MemoryCommittedBytes, instance: String::new() };
    latest(case, &key, Time(i64::MAX), |snapshot| snapshot.commit_bytes)
}

/// Bytes that the whole pool held at the latest moment before `until`, from counters or listing heads.
pub fn pool_in_use(case: &Case, pool: Pool, until: Time) -> Option<(u64, Source)> {
    latest(case, &CounterKey::total_of(pool), until, |snapshot| match pool {
        Pool::Nonpaged => snapshot.pool_nonpaged_bytes,
        Pool::Paged => snapshot.pool_paged_bytes,
    })
}

/// The latest value before `until` of a counter, or of what listing heads state beside it.
fn latest(
    case: &Case,
    key: &CounterKey,
    until: Time,
    head: impl Fn(&SnapshotFacts) -> Option<u64>,
) -> Option<(u64, Source)> {
    let counted = case.counters.get(key).and_then(|series| {
        let at = series.times.partition_point(|&t| t < until).checked_sub(1)?;
        Some((series.times[at], series.values[at] as u64, series.source))
    });
    let listed = case.snapshots.iter().rev().find_map(|snapshot| {
        let bytes = head(snapshot)?;
        let place = poolscope_formats::Place::Line(snapshot.line);
        (snapshot.time < until).then_some((
            snapshot.time,
            bytes,
            Source { evidence: snapshot.evidence, place },
        ))
    });
    let latest = match (counted, listed) {
        (Some(counted), Some(listed)) if listed.0 > counted.0 => listed,
        (counted, listed) => counted.or(listed)?,
    };
    Some((latest.1, latest.2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HostFacts, TimelineEvent};
    use crate::testcase::{TestCase, at};

    /// A 64-bit host of 16 GiB with this commit limit, of which so much may be in use.
    fn committing(limit: u64, used: Option<f64>) -> TestCase {
        let mut case = TestCase::new(4);
        let source = case.source(1);
        let host = &mut case.builder.host;
        HostFacts::state(&mut host.ram_bytes, 16 * GIB, source);
        HostFacts::state(&mut host.bits, Bits::X64, source);
        HostFacts::state(&mut host.commit_limit_bytes, limit, source);
        if let Some(bytes) = used {
            case.counter(CounterId::MemoryCommittedBytes, "", |_| bytes);
        }
        case
    }

    #[test]
    fn what_others_have_committed_is_no_room_for_the_paged_pool() {
        let case = |committed: Option<f64>| {
            let mut case = committing(22 * GIB, committed);
            case.counter(CounterId::MemoryPoolPagedBytes, "", |hour| GIB as f64 * (1.0 + hour));
            case.builder.finish()
        };
        assert_eq!(bound(&case(None), Pool::Paged).unwrap().bytes, 22 * GIB);
        let crowded = case(Some(12.0 * GIB as f64));
        let held = pool_in_use(&crowded, Pool::Paged, Time(i64::MAX)).unwrap().0;
        assert_eq!(bound(&crowded, Pool::Paged).unwrap().bytes, held + 10 * GIB);
    }

    #[test]
    fn a_pool_that_was_seen_to_run_out_is_bounded_by_that_size() {
        let mut case = TestCase::new(48);
        case.counter(CounterId::MemoryPoolNonpagedBytes, "", |hour| 1e9 + 1e8 * hour.min(20.0));
        let source = case.source(9);
        case.builder.events.push(TimelineEvent {
            time: at(20.2),
            kind: EventKind::PoolEmpty(Pool::Nonpaged),
            text: "Srv 2019".to_owned(),
            source,
        });
        case.with(|view| {
            let bound = bound(view.case, Pool::Nonpaged).unwrap();
            assert_eq!((bound.bytes, bound.quota), (3_000_000_000, true));
            assert!(
                bound.what.contains("seen to run out about 2026-05-02 04:12:00 UTC (2.8 GiB)"),
                "{bound:?}"
            );
            assert!(super::bound(view.case, Pool::Paged).is_none());
        });
    }

    #[test]
    fn a_limit_beyond_the_memory_bounds_nothing_and_commit_bounds_the_nonpaged_pool_too() {
        let case = |committed: Option<f64>| {
            let mut case = committing(20 * GIB, committed);
            let source = case.source(1);
            HostFacts::state(&mut case.builder.host.nonpaged_limit_bytes, 16 << 40, source);
            case.counter(CounterId::MemoryPoolNonpagedBytes, "", |_| GIB as f64);
            bound(&case.builder.finish(), Pool::Nonpaged).unwrap().bytes
        };
        assert_eq!(case(None), 16 * GIB);
        assert_eq!(case(Some(18.0 * GIB as f64)), 3 * GIB);
    }
}
