//! Inventories of drivers, changes and hosts.

use poolscope_formats::detect::{self, Head, Kind};
use poolscope_formats::facts::{ChangeKind, DateOf, DriverListing, DriverType, HostValue, WrittenDate};
use poolscope_formats::inventory::Inventory;
use poolscope_formats::{ParseContext, Parsed, Place, Records, Tag, Zone};
use proptest::prelude::*;

fn kind(name: &str) -> Kind {
    let stem = name.split(['.', '_']).next().unwrap();
    match stem {
        "driverquery" => Kind::DriverQuery,
        "sc" => Kind::ScQuery,
        "pnputil" => Kind::PnpUtil,
        "fltmc" => Kind::FltMc,
        "msinfo" => Kind::MsInfo,
        "systeminfo" => Kind::SystemInfo,
        "hotfix" | "qfe" => Kind::HotFixes,
        "setupapi" => Kind::SetupApiLog,
        "autoruns" => Kind::Autoruns,
        "findstr" => Kind::FindStr,
        other => panic!("{other}"),
    }
}

fn parse(name: &str) -> Parsed<Inventory> {
    let bytes = super::fixture("inventory", name);
    let format = detect::detect(&Head::read(&bytes).unwrap()).unwrap();
    let context = ParseContext { name: name.to_owned(), ..ParseContext::default() };
    (format.parse)(&bytes, &context).unwrap().map(|records| match records {
        Records::Inventory(inventory) => inventory,
        other => panic!("{other:?}"),
    })
}

fn wall(date: &Option<WrittenDate>) -> Option<String> {
    date.as_ref()?.wall.map(|time| time.to_string())
}

#[test]
fn every_fixture_is_recognised() {
    super::assert_kinds("inventory", kind);
}

#[test]
fn driverquery_in_its_shapes() {
    for name in ["driverquery.txt", "driverquery_list.txt"] {
        let parsed = parse(name);
        assert_eq!(parsed.coverage.bad_records, 0, "{name}: {:?}", parsed.notes);
        let drivers = &parsed.value.drivers;
        assert_eq!(
            (drivers[0].name.as_str(), drivers[0].driver_type),
            ("abcflt", Some(DriverType::FileSystem)),
            "{name}"
        );
        assert_eq!(wall(&drivers[0].date).as_deref(), Some("2026-05-14 08:30:00"), "{name}");
        assert_eq!((drivers[1].name.as_str(), drivers[1].date.is_none()), ("1394ohci", true), "{name}");
        assert_eq!(drivers[0].date_of, DateOf::Link);
    }
    assert_eq!(
        parse("driverquery_list.txt").value.drivers[0].display_name.as_deref(),
        Some("Abc: Storage Filter")
    );
    let third = parse("driverquery.txt").value.drivers.swap_remove(2);
    assert_eq!(
        wall(&third.date).as_deref(),
        Some("2024-03-04 23:00:00"),
        "the first row shows that the month stands first"
    );

    let parsed = parse("driverquery_v.csv");
    assert_eq!(parsed.coverage.bad_records, 0, "{:?}", parsed.notes);
    let [abc, ohci, nopath] = parsed.value.drivers.as_slice() else { panic!("{:?}", parsed.value) };
    assert_eq!((abc.file_name(), abc.running), (Some("abcflt.sys"), Some(true)));
    assert_eq!(wall(&abc.date).as_deref(), Some("2026-05-14 08:30:00"));
    assert_eq!((ohci.running, ohci.date.is_none()), (Some(false), true));
    assert_eq!((nopath.path.is_none(), wall(&nopath.date).as_deref()), (true, Some("2024-03-04 23:00:00")));

    let signed = parse("driverquery_si.txt").value.drivers;
    assert_eq!(
        signed.iter().map(|d| (d.listing, d.inf.as_deref(), d.signed)).collect::<Vec<_>>(),
        [
            (DriverListing::DriverQuerySigned, Some("oem12.inf"), Some(true)),
            (DriverListing::DriverQuerySigned, Some("oem13.inf"), Some(false)),
        ]
    );
    assert_eq!(signed[0].company.as_deref(), Some("Example Corp"));
}

#[test]
fn services_by_number() {
    let parsed = parse("sc_query.txt");
    let drivers: Vec<_> =
        parsed.value.drivers.iter().map(|d| (d.name.as_str(), d.driver_type, d.running)).collect();
    assert_eq!(
        drivers,
        [
            ("abcflt", Some(DriverType::FileSystem), Some(true)),
            ("1394ohci", Some(DriverType::Kernel), Some(false)),
        ]
    );
    assert!(parsed.value.cut_short);
    assert_eq!(parsed.coverage.bad_records, 0, "{:?}", parsed.notes);
    let config = parse("sc_qc.txt").value.drivers;
    assert_eq!(
        (config[0].name.as_str(), config[0].path.as_deref()),
        ("abcflt", Some(r"\??\C:\Program Files\Abc\abcflt.sys"))
    );
}

#[test]
fn driver_packages_in_two_languages() {
    let old = parse("pnputil_old.txt").value.drivers;
    assert_eq!(
        old.iter()
            .map(|d| (d.name.as_str(), d.company.as_deref(), d.version.as_deref(), wall(&d.date)))
            .collect::<Vec<_>>(),
        [
            ("oem0.inf", Some("Example Corp"), Some("10.0.17763.1"), Some("2019-06-21 00:00:00".to_owned())),
            ("oem12.inf", None, Some("1.2.3.4"), Some("2026-03-04 00:00:00".to_owned())),
        ]
    );
    let new = parse("pnputil_enum_ru.txt").value.drivers;
    assert_eq!(
        new.iter()
            .map(|d| (d.inf.as_deref(), d.company.as_deref(), d.version.as_deref(), d.signed))
            .collect::<Vec<_>>(),
        [
            (Some("abcnet.inf"), Some("Пример"), Some("12.18.9.7"), Some(true)),
            (Some("xyz.inf"), Some("Xyz"), Some("1.0.0.1"), Some(false)),
        ]
    );
    assert_eq!(new[0].date_of, DateOf::DriverVer);
}

#[test]
fn filters_with_their_altitudes() {
    let parsed = parse("fltmc_filters.txt");
    let filters: Vec<_> =
        parsed.value.drivers.iter().map(|d| (d.name.as_str(), d.altitude.as_deref())).collect();
    assert_eq!(
        filters,
        [
            ("bindflt", Some("409800")),
            ("abcflt", Some("385250.5")),
            ("an-older-filter", None),
            ("a-filter-with-a-name-wider-than-its-column", Some("328010")),
            ("wcifs", Some("189900")),
            ("luafv", Some("135000")),
        ]
    );
    assert_eq!(parsed.coverage.bad_records, 0, "{:?}", parsed.notes);
    let instances = parse("fltmc_instances.txt").value.drivers;
    assert_eq!(
        instances.iter().map(|d| (d.name.as_str(), d.altitude.as_deref())).collect::<Vec<_>>(),
        [("abcflt", Some("385250.5")), ("luafv", Some("135000")),]
    );
}

#[test]
fn msinfo_as_xml_and_text() {
    for name in ["msinfo.nfo", "msinfo.txt"] {
        let parsed = parse(name);
        let drivers: Vec<_> = parsed
            .value
            .drivers
            .iter()
            .map(|d| (d.name.as_str(), d.file_name(), d.running, d.driver_type))
            .collect();
        assert_eq!(
            drivers,
            [
                ("1394ohci", Some("1394ohci.sys"), Some(false), Some(DriverType::Kernel)),
                ("abcflt", Some("abcflt.sys"), Some(true), Some(DriverType::FileSystem)),
            ],
            "{name}"
        );
        let values: Vec<_> = parsed.value.host.iter().map(|fact| &fact.value).collect();
        for want in [
            HostValue::OsName("Microsoft Windows Server 2019 Standard".to_owned()),
            HostValue::OsVersion { major: 10, minor: 0, build: 17_763 },
            HostValue::Name("HOST1".to_owned()),
            HostValue::Bits(64),
            HostValue::PhysicalBytes(16 << 30),
            HostValue::AvailableBytes(482 << 20),
        ] {
            assert!(values.contains(&&want), "{name}: {want:?} not in {values:?}");
        }
    }
    let taken = parse("msinfo.nfo").value.host.into_iter().find_map(|fact| match fact.value {
        HostValue::TakenAt { time, zone: Zone::Utc } => Some(time.to_string()),
        _ => None,
    });
    assert_eq!(taken.as_deref(), Some("2026-05-14 06:31:02"));
}

#[test]
fn systeminfo_in_two_languages_and_as_csv() {
    for name in ["systeminfo.txt", "systeminfo_de.txt", "systeminfo.csv"] {
        let parsed = parse(name);
        let values: Vec<_> = parsed.value.host.iter().map(|fact| fact.value.clone()).collect();
        for want in [
            HostValue::Name("HOST1".to_owned()),
            HostValue::OsVersion { major: 10, minor: 0, build: 17_763 },
            HostValue::Bits(64),
            HostValue::PhysicalBytes(16_383 << 20),
            HostValue::AvailableBytes(482 << 20),
            HostValue::Model("Example, Inc. Example7,1".to_owned()),
        ] {
            assert!(values.contains(&want), "{name}: {want:?} not in {values:?}");
        }
        let boot = values.iter().find_map(|value| match value {
            HostValue::BootTime(date) => Some(date.wall.map(|time| time.to_string())),
            _ => None,
        });
        assert_eq!(boot.flatten().as_deref(), Some("2026-05-04 08:30:12"), "{name}");
        let updates: Vec<_> = parsed.value.changes.iter().map(|change| change.subject.as_str()).collect();
        assert_eq!(updates, ["KB5034127", "KB4589208"], "{name}");
    }
}

#[test]
fn updates_with_and_without_dates() {
    for name in ["hotfix.txt", "qfe.csv"] {
        let parsed = parse(name);
        let changes: Vec<_> = parsed
            .value
            .changes
            .iter()
            .map(|c| (c.subject.as_str(), c.time.map(|t| t.to_string()), c.day_only))
            .collect();
        assert_eq!(
            changes[..2],
            [
                ("KB4589208", Some("2024-01-15 00:00:00".to_owned()), true),
                ("KB5034127", Some("2026-05-04 00:00:00".to_owned()), true),
            ],
            "{name}"
        );
    }
    let parsed = parse("hotfix.txt");
    assert_eq!((parsed.value.changes[2].subject.as_str(), parsed.value.changes[2].time), ("KB5000001", None));
    assert!(
        parsed.notes.iter().any(|note| note.text.starts_with("1 updates have no date")),
        "{:?}",
        parsed.notes
    );
    let list = parse("qfe_list.txt").value.changes;
    assert_eq!(list[0].zone, Zone::Utc);
    assert_eq!(list[0].time.unwrap().to_string(), "2011-07-28 09:53:21");
    assert_eq!((list[1].subject.as_str(), list[1].time), ("KB2305420", None));
}

#[test]
fn setupapi_tells_what_changed_when() {
    let parsed = parse("setupapi.dev.log");
    let changes: Vec<_> = parsed
        .value
        .changes
        .iter()
        .map(|c| (c.kind, c.subject.as_str(), c.time.unwrap().to_string(), c.succeeded))
        .collect();
    assert_eq!(
        changes,
        [
            (
                ChangeKind::DriverInstalled,
                r"C:\install\abc\abcflt.inf",
                "2026-05-04 09:15:20".to_owned(),
                Some(true)
            ),
            (
                ChangeKind::DriverInstalled,
                r"PCI\VEN_15AD&DEV_07B0&SUBSYS_07B015AD&REV_01\4&1234",
                "2026-05-04 09:20:00".to_owned(),
                Some(true)
            ),
            (ChangeKind::DriverRemoved, "oem7.inf", "2026-05-14 22:05:00".to_owned(), Some(false)),
            (ChangeKind::DriverInstalled, r"C:\install\xyz\xyz.inf", "2026-05-14 22:10:00".to_owned(), None),
        ]
    );
    assert_eq!(parsed.value.changes[0].files, ["abcflt.inf", "abcflt.sys", "oem12.inf"]);
    assert_eq!(
        parsed.value.changes[0].detail,
        "Setup Import Driver Package; provider Example Corp; version 03/04/2026,1.2.3.4"
    );
    assert_eq!(parsed.value.changes[0].place, Place::Line(12));
    let boots: Vec<_> = parsed
        .value
        .host
        .iter()
        .filter_map(|fact| match &fact.value {
            HostValue::BootTime(date) => date.wall.map(|time| time.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(boots, ["2026-05-04 08:30:12", "2026-05-14 22:00:00"]);
    assert_eq!(parsed.coverage.bad_records, 0, "{:?}", parsed.notes);
}

#[test]
fn autoruns_keeps_drivers_only() {
    let parsed = parse("autoruns.csv");
    let [abc, old] = parsed.value.drivers.as_slice() else { panic!("{:?}", parsed.value) };
    assert_eq!(
        (abc.name.as_str(), abc.company.as_deref(), abc.signed, abc.version.as_deref()),
        ("abcflt", Some("Example Corp"), Some(true), Some("1.2.3.4"))
    );
    assert_eq!(wall(&abc.date).as_deref(), Some("2026-03-04 10:11:12"));
    assert_eq!(
        (old.running, old.signed, old.company.as_deref()),
        (Some(false), Some(false), Some("Old Vendor"))
    );
}

#[test]
fn files_that_hold_a_tag() {
    let files = parse("findstr_cmd.txt").value.tag_files;
    assert_eq!(
        files.iter().map(|f| (f.path.as_str(), f.tag)).collect::<Vec<_>>(),
        [
            ("abcflt.sys", Some(Tag(*b"Abcd"))),
            ("ndis.sys", Some(Tag(*b"Abcd"))),
            (r"C:\Program Files\Dh\dh.sys", Some(Tag(*b"Dh 1"))),
        ]
    );
    let files = parse("findstr_NpXX.txt").value.tag_files;
    assert_eq!(files[0].tag, Some(Tag(*b"NpXX")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn changed_inventories_never_panic(which in 0usize..21, at in 0usize..4_000, with in any::<u8>(), drop in 0usize..80) {
        let mut names: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/inventory"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let name = &names[which % names.len()];
        super::read_as_anything(&super::damaged(super::fixture("inventory", name), at, with, drop));
    }
}
