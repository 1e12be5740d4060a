//! The incident of `examples/even-503`: a synthetic server on which a service leaks event objects until http.sys
//! refuses connections. Same bytes on every machine and every run: no clock, no randomness, no platform maths.
//!
//! [`files`] writes everything; [`truth`] is what a diagnosis of it must find. It is modelled on what such
//! incidents look like, not on any real server's data.

pub(crate) mod chance;
pub mod clock;
mod counters;
mod events;
mod filler;
mod machine;
mod refusals;
mod snapshots;
mod story;
mod tags;
mod words;

pub use story::Truth;

use clock::{HOUR, Seconds};
use story::{
    COUNTERS_EVERY, END, EVENT_BYTES, NONPAGED_LIMIT_BYTES, ONSET, SECOND_BOOT, SHUTDOWN, SNAPSHOT_EVERY,
    START,
};

/// Every file of the incident: its path below the folder, with `/`, and its content; sorted by path.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("README.md".to_owned(), words::readme(&truth()).into_bytes()),
        ("events.xml".to_owned(), events::system_events().into_bytes()),
        ("httperr1.log".to_owned(), refusals::httperr().0.into_bytes()),
        ("perfmon_000001.csv".to_owned(), counters::pdh_csv(START, SHUTDOWN).into_bytes()),
        (
            "perfmon_000002.csv".to_owned(),
            counters::pdh_csv(after_second_boot(COUNTERS_EVERY), END).into_bytes(),
        ),
        ("pooltag.txt".to_owned(), words::POOLTAG.replace('\n', "\r\n").into_bytes()),
    ];
    for moment in snapshot_times() {
        let name = format!("poolmon/{}", snapshots::file_name(moment));
        files.push((name, snapshots::poolmon(moment).into_bytes()));
    }
    files.sort();
    files
}

/// What a diagnosis of [`files`] must find.
pub fn truth() -> Truth {
    let hours = chance::hours_since(ONSET, END);
    let bytes_per_hour = (story::leaked(END) * EVENT_BYTES) as f64 / hours;
    let left = NONPAGED_LIMIT_BYTES.saturating_sub(machine::nonpaged_bytes(END));
    let outstanding = tags::rows(END).iter().find(|row| row.tag == *b"Even").map_or(0, |row| row.bytes);
    Truth {
        tag: "Even",
        process: machine::story_process(),
        object_bytes: EVENT_BYTES,
        boot: SECOND_BOOT,
        onset: ONSET,
        bytes_per_hour,
        outstanding_bytes: outstanding,
        limit_bytes: NONPAGED_LIMIT_BYTES,
        refusals_from: story::refusals_from(),
        refused_connections: refusals::httperr().1,
        full_at: END + (left as f64 / bytes_per_hour * HOUR as f64) as Seconds,
    }
}

/// When a snapshot was taken: every half hour while the server ran.
fn snapshot_times() -> impl Iterator<Item = Seconds> {
    (START..=END).step_by(SNAPSHOT_EVERY as usize).filter(|&moment| story::is_up(moment))
}

/// The first whole sampling time a few minutes after the second boot.
fn after_second_boot(every: Seconds) -> Seconds {
    (SECOND_BOOT + 120).div_euclid(every) * every + every
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_never_fall_within_a_boot() {
        let mut before: Vec<tags::Row> = Vec::new();
        let mut boot = 0;
        for moment in snapshot_times() {
            let rows = tags::rows(moment);
            if story::boot_of(moment) == boot {
                for old in &before {
                    let new = rows.iter().find(|row| (row.tag, row.kind) == (old.tag, old.kind)).unwrap();
                    assert!(new.allocs >= old.allocs && new.frees >= old.frees, "{old:?} {new:?}");
                }
            }
            (before, boot) = (rows, story::boot_of(moment));
        }
    }

    #[test]
    fn tags_explain_most_of_each_pool_and_nothing_overflows() {
        for moment in snapshot_times() {
            for (kind, total) in [
                (tags::Kind::Nonp, machine::nonpaged_bytes(moment)),
                (tags::Kind::Paged, machine::paged_bytes(moment)),
            ] {
                let share = tags::tagged_bytes(kind, moment) as f64 / total as f64;
                assert!((0.86..0.95).contains(&share), "{kind:?} {share} at {}", clock::iso(moment));
            }
            assert!(machine::nonpaged_bytes(moment) < NONPAGED_LIMIT_BYTES);
        }
    }

    #[test]
    fn refusals_begin_where_the_floor_is_reached_in_both_boots() {
        let truth = truth();
        assert!(truth.refusals_from > ONSET + 40 * HOUR && truth.refusals_from < END - HOUR, "{truth:?}");
        assert!(!story::refuses(START) && story::refuses(SHUTDOWN - 60), "the first boot ends refusing");
        assert!(!story::refuses(SECOND_BOOT + HOUR), "the reboot helps for a while");
        assert!((truth.bytes_per_hour / (80_000.0 * 48.0) - 1.0).abs() < 0.03, "{truth:?}");
    }

    #[test]
    fn no_file_is_outside_and_all_fit_in_three_megabytes() {
        let files = files();
        let total: usize = files.iter().map(|(_, content)| content.len()).sum();
        assert!(total < 3_000_000, "{total}");
        assert!(files.iter().all(|(path, _)| !path.starts_with('/') && !path.contains("..")));
        assert!(files.len() > 110, "{}", files.len());
    }
}
