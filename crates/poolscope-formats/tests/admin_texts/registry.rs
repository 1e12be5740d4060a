//! Registry exports.

use poolscope_formats::detect::Kind;
use poolscope_formats::registry::{self, RegistryData, RegistryExport};
use poolscope_formats::{Parsed, Place};
use proptest::prelude::*;

const MEMORY: &str = r"Control\Session Manager\Memory Management";

fn parse(name: &str) -> Parsed<RegistryExport> {
    registry::parse(&super::fixture("registry", name)).unwrap()
}

#[test]
fn every_fixture_is_recognised() {
    super::assert_kinds("registry", |_| Kind::Registry);
}

#[test]
fn values_by_key_and_type() {
    let parsed = parse("memory_v5.reg");
    let find = |below: &str, name: &str| {
        parsed
            .value
            .values
            .iter()
            .find(|value| value.is_under(below) && value.name == name)
            .map(|value| value.data.clone())
    };
    assert_eq!(find(MEMORY, "NonPagedPoolSize"), Some(RegistryData::Dword(0xffff_ffff)));
    assert_eq!(
        find(MEMORY, "PagingFiles"),
        Some(RegistryData::Texts(vec![r"C:\pagefile.sys 8192 8192".to_owned()]))
    );
    assert_eq!(find(MEMORY, "SystemPages"), Some(RegistryData::Qword(1 << 32)));
    assert_eq!(find(MEMORY, "EnablePrefetcher"), None, "that is a key below");
    assert_eq!(
        find(r"services\http\parameters", "EnableAggressiveMemoryUsage"),
        Some(RegistryData::Dword(1))
    );
    assert_eq!(
        find(r"Services\HTTP\Parameters", "ErrorLoggingDir"),
        Some(RegistryData::Text(r#"D:\Logs "http""#.to_owned()))
    );
    assert_eq!(
        find(r"Control\CrashControl", "DumpFile"),
        Some(RegistryData::Text(r"%SystemRoot%\MEMORY.DMP".to_owned()))
    );
    assert_eq!(find(r"Control\CrashControl", ""), Some(RegistryData::Text("default".to_owned())));
    assert_eq!(find(r"Control\CrashControl", "Old"), Some(RegistryData::Delete));
    assert!(parsed.value.values.iter().all(|value| value.name != "Ignored"));
    assert_eq!((parsed.coverage.records, parsed.coverage.bad_records), (12, 1), "{:?}", parsed.notes);
    assert_eq!(parsed.notes[0].place, Place::Line(9));
}

#[test]
fn version_4_speaks_the_code_page() {
    let parsed = parse("memory_v4.reg");
    assert!(parsed.value.values[0].is_under(MEMORY), "{:?}", parsed.value.values[0]);
    assert_eq!(parsed.value.values[1].data, RegistryData::Text(r"%TEMP%\größe".to_owned()));
    assert_eq!(parsed.coverage.bad_records, 1, "the last value is cut: {:?}", parsed.notes);
}

#[test]
fn other_texts_are_refused() {
    for text in
        ["", "[HKEY_LOCAL_MACHINE\\SYSTEM]\n\"a\"=dword:1\n", "Windows Registry Editor Version 6.00\n"]
    {
        assert!(registry::parse(&text.as_bytes()).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_exports_never_panic(at in 0usize..4_000, with in any::<u8>(), drop in 0usize..80) {
        for name in ["memory_v5.reg", "memory_v4.reg"] {
            let _ = registry::parse(&super::damaged(super::fixture("registry", name), at, with, drop));
        }
    }
}
