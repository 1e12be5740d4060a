//! Poolmon listings of every layout, written by the testkit and read back; the traps of the field; damage.
#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests stand outside #[test] functions

use poolscope_formats::dates::Reading;
use poolscope_formats::poolmon::{
    DiffChoice, MemoryHead, PoolRow, PoolScope, PoolmonLog, SnapshotTime, TimeFrom, parse,
};
use poolscope_formats::time::parse_iso;
use poolscope_formats::{Head, Kind, ParseContext, Parsed, Pool, Tag, Time, Zone, detect::detect};
use poolscope_testkit::poolmon::{self as write, Row};
use proptest::prelude::*;

mod times;

const HEAD: write::Head = write::Head {
    total_kb: 16_468_560,
    avail_kb: 12_072_536,
    commit_kb: 4_100_436,
    limit_kb: 17_517_136,
    peak_kb: 11_685_564,
    nonpaged_kb: 710_920,
    paged_kb: 983_564,
};

fn rows() -> Vec<Row<'static>> {
    vec![
        Row { driver: "[abc.sys  -  what it is for]", ..Row::new("Abcd", true, 6_394, 4_056, 163_418_368) },
        Row::new("Io  ", true, 402_723, 235_302, 61_610_928),
        Row::new("Dh 1", false, 24, 24, 0),
        Row { driver: "[ipsec][ipsec.sys    -  event queue]", ..Row::new("IpXX", true, 1, 0, 1_808) },
        Row { driver: "[Gdi Objects]", ..Row::new("GPal", false, 11, 8, 816) },
        Row {
            driver: "[< unknown >Event objects]",
            ..Row::new("Even", true, 4_294_967_295, 4_294_000_000, 92_860_320)
        },
    ]
}

fn read_with(bytes: &[u8], context: &ParseContext) -> Parsed<PoolmonLog> {
    parse(&bytes, context).unwrap()
}

fn read(text: &str) -> Parsed<PoolmonLog> {
    read_with(text.as_bytes(), &ParseContext::default())
}

fn named(name: &str) -> ParseContext {
    ParseContext { name: name.to_owned(), ..ParseContext::default() }
}

fn utc(iso: &str) -> Time {
    parse_iso(iso).unwrap().0
}

fn tag(row: &Row<'_>) -> Tag {
    Tag::from_text(row.tag.as_bytes()).unwrap()
}

/// Compares what was read with what was written; `full` = all five figures were in the layout.
fn assert_rows(read: &[PoolRow], written: &[Row<'_>], full: bool) {
    assert_eq!(read.len(), written.len());
    for (got, want) in read.iter().zip(written) {
        assert_eq!(got.tag, tag(want));
        assert_eq!(got.pool, Some(if want.nonpaged { Pool::Nonpaged } else { Pool::Paged }));
        assert_eq!(got.outstanding(), Some(want.diff), "{}", got.tag);
        assert_eq!(got.bytes(), Some(want.bytes), "{}", got.tag);
        if full {
            assert_eq!((got.allocs(), got.frees()), (Some(want.allocs), Some(want.frees)), "{}", got.tag);
            let per_alloc = if want.diff > 0 { want.bytes / want.diff as u64 } else { 0 };
            assert_eq!(got.per_alloc(), Some(per_alloc), "{}", got.tag);
        }
    }
}

fn kind_of(text: &[u8]) -> Option<Kind> {
    detect(&Head::read(&text).unwrap()).map(|format| format.kind)
}

#[test]
fn every_layout_gives_the_same_rows() {
    let rows = rows();
    let n = write::snapshot(&HEAD, &rows);
    let layouts: Vec<(&str, Vec<u8>, bool)> = vec![
        ("-n", n.clone().into_bytes(), true),
        ("-n without its margin", n.replace("\r\n ", "\r\n").into_bytes(), true),
        ("-n of x64 with drivers", write::snapshot_wide(&HEAD, &rows).into_bytes(), true),
        ("live screen", write::screen(&HEAD, "System pool information", &rows).into_bytes(), true),
        ("collapsed -n", write::collapsed(&n).into_bytes(), true),
        ("collapsed screen", write::collapsed(&write::screen(&HEAD, "", &rows)).into_bytes(), true),
        ("first line trimmed", n.trim_start().to_owned().into_bytes(), true),
        ("quoted in a mail", n.lines().map(|l| format!("> {l}\n")).collect::<String>().into_bytes(), true),
        ("UTF-16 of PowerShell", write::utf16(&n), true),
        ("TSS CSV", write::csv_tss(&rows).into_bytes(), true),
        ("PowerShell CSV", write::csv_quoted("2026-05-01T08:30:00", &rows, true).into_bytes(), true),
        (
            "PowerShell CSV without its head",
            write::csv_quoted("2026-05-01T08:30:00", &rows, false).into_bytes(),
            true,
        ),
        ("tab rows", write::tab_rows(&rows).into_bytes(), true),
        ("Markdown", write::markdown(&rows).into_bytes(), false),
        ("one field a line", write::fields(&rows).into_bytes(), true),
    ];
    for (layout, bytes, full) in layouts {
        let parsed = read_with(&bytes, &ParseContext::default());
        assert_eq!(parsed.coverage.bad_records, 0, "{layout}: {:?}", parsed.notes);
        assert_eq!(parsed.value.snapshots.len(), 1, "{layout}");
        let snapshot = &parsed.value.snapshots[0];
        assert_rows(&snapshot.rows, &rows, full);
        assert!(snapshot.contradictions.is_empty(), "{layout}");
        assert!(kind_of(&bytes) == Some(Kind::Poolmon), "{layout}");
    }
}

#[test]
fn head_lines_are_bytes_and_pools_are_not_swapped() {
    let snapshot = &read(&write::snapshot(&HEAD, &rows())).value.snapshots[0];
    assert_eq!(
        snapshot.head,
        Some(MemoryHead {
            total_bytes: Some(16_468_560 << 10),
            avail_bytes: Some(12_072_536 << 10),
            commit_bytes: Some(4_100_436 << 10),
            limit_bytes: Some(17_517_136 << 10),
            peak_bytes: Some(11_685_564 << 10),
            pool_nonpaged_bytes: Some(710_920 << 10),
            pool_paged_bytes: Some(983_564 << 10),
        })
    );
}

#[test]
fn mapped_driver_is_kept_and_unknown_driver_is_none() {
    for text in [write::screen(&HEAD, "", &rows()), write::snapshot_wide(&HEAD, &rows())] {
        let drivers: Vec<_> =
            read(&text).value.snapshots[0].rows.iter().map(|row| row.mapped_driver.clone()).collect();
        assert_eq!(drivers[0].as_deref(), Some("[abc.sys  -  what it is for]"));
        assert_eq!(drivers[1], None);
        assert_eq!(drivers[5].as_deref(), Some("[< unknown >Event objects]"));
    }
}

#[test]
fn the_published_row_contradicts_itself() {
    let text = "Even Nonp 51,231,806 allocs 50,633,533 frees 684,922 diff 32,878,688 bytes 48 per alloc\n";
    assert_eq!(kind_of(text.as_bytes()), Some(Kind::Poolmon));
    let parsed = read(text);
    let snapshot = &parsed.value.snapshots[0];
    let [contradiction] = snapshot.contradictions[..] else { panic!("{parsed:?}") };
    assert_eq!((contradiction.printed, contradiction.recomputed), (684_922, 598_273));
    assert_eq!(contradiction.bytes_support, Some(DiffChoice::Printed));
    assert_eq!((snapshot.rows[0].bytes(), snapshot.rows[0].per_alloc()), (Some(32_878_688), Some(48)));
    assert!(snapshot.cut);
    assert!(parsed.notes.iter().any(|note| note.text.contains("= 598273, but Diff says 684922")));
}

#[test]
fn wrapped_counters_are_no_contradiction() {
    let text = " Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc\n Abcd Nonp 5 4294967290 11 704 64\n Efgh Paged 10 13 -3 0 0\n";
    let parsed = read(text);
    assert!(parsed.value.snapshots[0].contradictions.is_empty());
    assert_eq!(parsed.value.snapshots[0].rows[1].outstanding(), Some(-3));
}

#[test]
fn appended_runs_and_time_lines() {
    let rows = rows();
    let one = write::snapshot(&HEAD, &rows);
    let plain = read(&one.repeat(3));
    assert_eq!(plain.value.snapshots.len(), 3);
    assert!(plain.value.snapshots.iter().all(|s| s.time.is_none()));
    let times = ["2026-05-01 08:30:00", "2026-05-01 09:00:00", "2026-05-01 09:30:00"];
    let before: String = times.iter().map(|time| format!("===== {time} =====\r\n{one}\r\n")).collect();
    let after: String = times.iter().map(|time| format!("{one}\r\n===== {time} =====\r\n")).collect();
    for text in [before, after] {
        let parsed = read(&text);
        let got: Vec<_> = parsed.value.snapshots.iter().map(|s| s.time.unwrap()).collect();
        let want: Vec<_> = times
            .iter()
            .map(|time| SnapshotTime {
                time: utc(time),
                zone: Zone::Unknown,
                from: TimeFrom::LineInside,
                spelled: Reading::Plain(utc(time)),
            })
            .collect();
        assert_eq!(got, want);
    }
}

#[test]
fn session_screens_are_told_apart() {
    let text = [
        write::screen(&HEAD, "System pool information", &rows()),
        write::screen(&HEAD, "All sessions pool information", &rows()),
        write::screen(&HEAD, "Session 3 pool information", &rows()),
    ]
    .concat();
    let scopes: Vec<_> = read(&text).value.snapshots.iter().map(|s| s.scope).collect();
    assert_eq!(scopes, [PoolScope::System, PoolScope::AllSessions, PoolScope::Session(3)]);
}

#[test]
fn a_table_over_time_needs_no_order() {
    let rows = rows();
    let mut lines = vec![];
    for time in ["2026-05-01T08:30:00", "2026-05-01T09:00:00"] {
        for row in &rows {
            lines.push(write::csv_quoted(time, std::slice::from_ref(row), false));
        }
    }
    lines.sort_by_key(|line| line.split(',').nth(1).map(str::to_owned));
    let head = write::csv_quoted("", &[], true);
    let parsed = read(&format!("{head}{}", lines.concat()));
    assert_eq!(parsed.value.snapshots.len(), 2);
    for snapshot in &parsed.value.snapshots {
        assert_eq!(snapshot.rows.len(), rows.len());
    }
    assert_eq!(parsed.value.snapshots[1].time.map(|t| t.time), Some(utc("2026-05-01 09:00")));
}

#[test]
fn damage_is_counted_and_the_rest_is_read() {
    let rows = rows();
    let whole = write::snapshot(&HEAD, &rows);
    let cut = &whole[..whole.len() - 30];
    let parsed = read(cut);
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (5, 1));
    assert!(parsed.value.snapshots[0].cut);
    let cut_in_the_last_number = &whole[..whole.len() - 3];
    assert_eq!(read(cut_in_the_last_number).coverage.bad_records, 1);
    let noisy = whole.replace(" Io   Nonp", " Io   Nonp    x");
    let parsed = read(&format!("Hi all,\nhere is the screen:\n{noisy}\nregards\n"));
    assert_eq!(parsed.coverage.records, 5);
    assert!(parsed.notes.iter().any(|note| note.text.contains("no part of a listing")));
}

#[test]
fn a_whole_listing_is_told_from_a_cut_one() {
    let many: Vec<String> = (0..300).map(|at| format!("T{at:03}")).collect();
    let rows: Vec<Row<'_>> = many.iter().map(|tag| Row::new(tag, true, 10, 2, 512)).collect();
    assert!(!read(&write::snapshot(&HEAD, &rows)).value.snapshots[0].cut);
    assert!(read(&write::snapshot(&HEAD, &rows[..53])).value.snapshots[0].cut);
}

#[test]
fn a_table_without_types_knows_no_pool() {
    for text in [
        "WCsc  874 alloc /  0 free /  874\nFOCX  874 alloc / 0 free / 874\n",
        "| tag | bytes | outstanding |\n|---|---|---|\n| WCsc | 1,234 | 874 |\n| FOCX | 99 | 874 |\n",
    ] {
        let parsed = read(text);
        let rows = &parsed.value.snapshots[0].rows;
        assert_eq!(
            rows.iter().map(|r| (r.pool, r.outstanding())).collect::<Vec<_>>(),
            [(None, Some(874)); 2]
        );
        assert!(parsed.notes.iter().any(|note| note.text == "2 rows do not name their pool"));
    }
}

#[test]
fn tags_outside_ascii_keep_their_bytes() {
    let rows = [
        Row::new("AbXd", true, 3, 1, 64),
        Row::new("XXXX", false, 3, 1, 64),
        Row::new("a\"b ", true, 3, 1, 64),
    ];
    for text in [write::snapshot(&HEAD, &rows), write::screen(&HEAD, "", &rows), write::csv_tss(&rows)] {
        let ansi: Vec<u8> = text.bytes().map(|b| if b == b'X' { 0xe9 } else { b }).collect();
        let wide = write::utf16(&text.replace('X', "é"));
        for bytes in [ansi, wide] {
            let parsed = read_with(&bytes, &ParseContext::default());
            let tags: Vec<Tag> = parsed.value.snapshots[0].rows.iter().map(|row| row.tag).collect();
            assert_eq!(
                tags,
                [Tag([b'A', b'b', 0xe9, b'd']), Tag([0xe9; 4]), Tag(*b"a\"b ")],
                "{:?}",
                parsed.notes
            );
        }
    }
}

#[test]
fn a_system_without_tagging_says_so() {
    let text = format!("{}Query pooltags Failed c0000002\n", write::snapshot(&HEAD, &[]));
    let parsed = read(&text);
    assert_eq!((parsed.coverage.bad_records, parsed.value.snapshots.len()), (1, 1));
    assert!(parsed.notes.iter().any(|note| note.text.contains("pool tagging is off")));
}

#[test]
fn other_texts_are_not_poolmon() {
    for text in [
        "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-05-01 08:31:02\r\n#Fields: date time c-ip\r\n2026-05-01 08:31:02 - - - - - - - - - 24_Connections_Refused -\r\n",
        "0: kd> !poolused 2\n Sorting by NonPaged Pool Consumed\n\n               NonPaged                  Paged\n Tag     Allocs         Used     Allocs         Used\n\n abcd   1234567    407407110         32         9360\tUNKNOWN pooltag 'abcd', please update pooltag.txt\nTOTAL      1235998    661581798         38       205968\n",
        "  Pool Used:\n            NonPaged            Paged\n Tag    Allocs     Used    Allocs     Used\n 1394        1      504         0        0UNKNOWN pooltag '1394', please update pooltag.txt\n",
        "Paged Pool\nImage, Tag, Alloc #, Alloc KB, Out Alloc#, Out Alloc KB\nabc.sys, Abcd, 12345, 678, 100, 50\n",
        "\"Module Name\",\"Display Name\",\"Driver Type\",\"Paged Pool(bytes)\",\"Code(bytes)\"\n\"abc\",\"ABC\",\"Kernel \",\"20,480\",\"4,096\"\n",
        "\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\SRV\\Memory\\Pool Nonpaged Bytes\"\n\"05/01/2026 08:30:00.000\",\"1\"\n",
        "Abcd - abc.sys - what it is for\nPaged - x - y\n",
        "Time                PageTableMB PagedPoolMB NonpagedPoolMB\n----                ----------- ----------- --------------\n2026-05-01 20:59:08           0        1225         1013,7\n",
        "rem pooltag.txt\nEven - <unknown> - Event objects\n",
        "826fa130 size:   c0 previous size:   40  (Allocated) Abcd\n",
        "    Pool Allocations:\n\n      Address             Length      Tag   Caller Address\n      0xffffcb843b87aff0  0x00000004  abcd  0xfffff803569c53e1  abc!abc_allocate+0x21\n",
        "",
        "hello world\n",
    ] {
        assert_ne!(kind_of(text.as_bytes()), Some(Kind::Poolmon), "{text}");
    }
    assert!(parse(&&b"hello world\n"[..], &ParseContext::default()).is_err());
    assert!(parse(&&vec![0u8; 1 << 20][..], &ParseContext::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = parse(&bytes, &named("x"));
        let _ = kind_of(&bytes);
    }

    #[test]
    fn no_mutation_makes_it_panic(at in 0usize..2_000, with in any::<u8>(), cut in 0usize..2_000, layout in 0usize..5) {
        let rows = rows();
        let text = match layout {
            0 => write::snapshot(&HEAD, &rows),
            1 => write::screen(&HEAD, "Session 1 pool information", &rows),
            2 => write::csv_quoted("2026-05-01T08:30:00", &rows, true),
            3 => write::fields(&rows),
            _ => write::markdown(&rows),
        };
        let mut bytes = text.into_bytes();
        if let Some(slot) = bytes.get_mut(at) {
            *slot = with;
        }
        bytes.truncate(cut.max(10));
        let _ = parse(&bytes, &named("x"));
        let _ = kind_of(&bytes);
    }

    #[test]
    fn written_rows_are_read_back(
        figures in proptest::collection::vec((0u64..u64::from(u32::MAX), 0u64..1_000_000, 0u64..1 << 40, any::<bool>()), 1..20)
    ) {
        let tags: Vec<String> = (0..figures.len()).map(|at| format!("T{at} x")[..4].to_owned()).collect();
        let rows: Vec<Row<'_>> = figures
            .iter()
            .zip(&tags)
            .map(|(&(allocs, outstanding, bytes, nonpaged), tag)| {
                Row::new(tag, nonpaged, allocs, allocs.saturating_sub(outstanding), bytes)
            })
            .collect();
        for text in [write::snapshot(&HEAD, &rows), write::screen(&HEAD, "", &rows), write::snapshot_wide(&HEAD, &rows)] {
            // Figures wider than their column would be glued; poolmon itself would glue them too.
            let fits = rows.iter().all(|row| row.bytes < 1_000_000_000);
            if fits {
                let parsed = read(&text);
                assert_rows(&parsed.value.snapshots[0].rows, &rows, true);
            } else {
                let _ = read(&text);
            }
        }
        assert_rows(&read(&write::csv_tss(&rows)).value.snapshots[0].rows, &rows, true);
    }

    #[test]
    fn splitting_an_appended_log_changes_nothing(counts in proptest::collection::vec(1usize..6, 2..6), cut in 1usize..5) {
        let rows = rows();
        let runs: Vec<String> = counts
            .iter()
            .enumerate()
            .map(|(at, &count)| format!("2026-05-01 {:02}:00:00\r\n{}", at, write::snapshot(&HEAD, &rows[..count])))
            .collect();
        let cut = cut.min(runs.len() - 1);
        let without_lines = |mut log: PoolmonLog| {
            for snapshot in &mut log.snapshots {
                snapshot.line = 0;
                for row in &mut snapshot.rows {
                    row.line = 0;
                }
            }
            log.snapshots
        };
        let whole = without_lines(read(&runs.concat()).value);
        let mut parts = without_lines(read(&runs[..cut].concat()).value);
        parts.extend(without_lines(read(&runs[cut..].concat()).value));
        prop_assert_eq!(whole, parts);
    }
}
