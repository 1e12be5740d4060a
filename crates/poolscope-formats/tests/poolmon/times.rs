//! Times of snapshots: inside, from names, headings and outside, in the order of trust.

use super::*;

#[test]
fn time_from_outside_in_order_of_trust() {
    let text = write::snapshot(&HEAD, &rows()).into_bytes();
    let known = |context: ParseContext| {
        let parsed = read_with(&text, &context);
        (parsed.value.snapshots[0].time.map(|t| (t.time, t.from)), parsed.notes)
    };
    let modified = Some(utc("2026-05-03 00:00Z"));
    let mut context = ParseContext { modified, ..named("2026-05-01_0830.log") };
    assert_eq!(known(context.clone()).0, Some((utc("2026-05-01 08:30"), TimeFrom::FileName)));
    context.stated_time = Some(utc("2026-05-02 00:00Z"));
    assert_eq!(known(context).0, Some((utc("2026-05-02 00:00"), TimeFrom::Stated)));
    let (time, notes) = known(ParseContext { modified, ..named("poolsnap.log") });
    assert_eq!(time, Some((utc("2026-05-03 00:00"), TimeFrom::Modified)));
    assert!(notes.iter().any(|note| note.text.contains("modification time")));
    let (time, notes) = known(named("poolsnap.log"));
    assert_eq!(time, None);
    assert!(notes.iter().any(|note| note.text.contains("nothing says when")));
}

/// The times of a file, as `MM-DD hh:mm`, `-` where there is none.
fn times_of(text: &str, context: &ParseContext) -> (Vec<String>, Vec<TimeFrom>, String) {
    let parsed = read_with(text.as_bytes(), context);
    let stamps: Vec<_> = parsed.value.snapshots.iter().map(|snapshot| snapshot.time).collect();
    let shown = |stamp: &Option<SnapshotTime>| {
        stamp.map_or("-".to_owned(), |stamp| stamp.time.to_string().get(5..16).unwrap().to_owned())
    };
    let notes = parsed.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("; ");
    (stamps.iter().map(shown).collect(), stamps.iter().flatten().map(|stamp| stamp.from).collect(), notes)
}

#[test]
fn headings_with_a_time_of_day_get_their_day_from_what_is_near() {
    let one = write::snapshot(&HEAD, &rows());
    let below = |headings: &[&str]| headings.iter().map(|h| format!("{h}\r\n{one}\r\n")).collect::<String>();
    let german = below(&["3.7.2026 22:40 Uhr:", "23:50 Uhr:", "0:10 Uhr"]);
    let modified = Some(utc("2026-09-01 00:00Z"));
    let (times, from, notes) = times_of(&german, &ParseContext { modified, ..ParseContext::default() });
    assert_eq!(times, ["07-03 22:40", "07-03 23:50", "07-04 00:10"]);
    assert!(from.iter().all(|from| *from == TimeFrom::LineInside));
    assert!(
        notes.contains("2 headings state a time of day only: the day is that of the other headings"),
        "{notes}"
    );
    // The dated heading in the middle: the ones before it go back.
    let (times, ..) =
        times_of(&below(&["11:55 pm", "2026-07-04 00:10", "1:05 am"]), &ParseContext::default());
    assert_eq!(times, ["07-03 23:55", "07-04 00:10", "07-04 01:05"]);
    let bare = below(&["13:50", "14:00"]);
    let (times, from, notes) = times_of(&bare, &ParseContext { modified, ..named("screens 2026-07-03.txt") });
    assert_eq!(
        (times.as_slice(), from[0]),
        (&["07-03 13:50".to_owned(), "07-03 14:00".to_owned()][..], TimeFrom::FileName)
    );
    assert!(notes.contains("in the file's name"), "{notes}");
    // Saved at 12:27 UTC by a host two hours ahead.
    let modified = Some(utc("2026-07-03 12:27Z"));
    let (times, from, notes) = times_of(&bare, &ParseContext { modified, ..named("screens.txt") });
    assert_eq!(times, ["07-03 13:50", "07-03 14:00"]);
    assert!(from.contains(&TimeFrom::Modified) && notes.contains("modification time"), "{from:?} {notes}");
    let (times, _, notes) = times_of(&bare, &named("screens.txt"));
    assert_eq!(times, ["-", "-"]);
    assert!(notes.contains("nothing states the day"), "{notes}");
}

#[test]
fn a_name_whose_day_could_be_the_month_keeps_both_unless_the_file_was_written_then() {
    let one = write::snapshot(&HEAD, &rows());
    let spelled = |modified: Option<&str>| {
        let context = ParseContext { modified: modified.map(utc), ..named("pm 09-06-2026 0900.txt") };
        read_with(one.as_bytes(), &context).value.snapshots[0].time.unwrap().spelled
    };
    let (june, september) = (utc("2026-06-09 09:00"), utc("2026-09-06 09:00"));
    let both = Reading::Either { month_first: september, day_first: june };
    assert_eq!(spelled(None), both);
    assert_eq!(spelled(Some("2027-01-01 00:00Z")), both);
    assert_eq!(spelled(Some("2026-06-09 08:00Z")), Reading::DayFirst(june));
    assert_eq!(spelled(Some("2026-09-06 13:00Z")), Reading::MonthFirst(september));
    // Written in July: nothing is sampled after its file was written.
    assert_eq!(spelled(Some("2026-07-20 08:00Z")), Reading::DayFirst(june));
}

#[test]
fn several_snapshots_share_no_outside_time() {
    let text = write::snapshot(&HEAD, &rows()).repeat(3).into_bytes();
    let modified = Some(utc("2026-05-03 00:00Z"));
    let times = |context: ParseContext| -> Vec<bool> {
        read_with(&text, &context).value.snapshots.iter().map(|s| s.time.is_some()).collect()
    };
    assert_eq!(times(ParseContext { modified, ..named("poolsnap.log") }), [false, false, true]);
    assert_eq!(times(ParseContext { modified, ..named("2026-05-01_0830.log") }), [true, false, false]);
}
