//! The texts an administrator brings: a hand-made fixture, cut and patched as the input says.
//!
//! Random bytes seldom look like a table; starting from one reaches the rows. It checks that nothing panics and
//! that counts stay within what the text could hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolscope_formats::detect::{FORMATS, Head};
use poolscope_formats::{ParseContext, limits};

macro_rules! fixtures {
    ($($path:literal),* $(,)?) => {
        &[$(include_bytes!(concat!("../../crates/poolscope-formats/tests/fixtures/", $path))),*]
    };
}

static FIXTURES: &[&[u8]] = fixtures![
    "debugger/logopen.txt",
    "debugger/poolfind_old.txt",
    "debugger/poolused_old.txt",
    "debugger/poolused_verbose.txt",
    "debugger/verifier_old.txt",
    "debugger/handles_user.txt",
    "verifier/query.txt",
    "verifier/settings.txt",
    "verifier/wdf.txt",
    "processes/handle_long.txt",
    "processes/handle_s_p.txt",
    "processes/tasklist_svc_de.txt",
    "processes/tasklist.csv",
    "processes/get_process.txt",
    "processes/get_process.csv",
    "inventory/driverquery.txt",
    "inventory/driverquery_v.csv",
    "inventory/driverquery_list.txt",
    "inventory/sc_query.txt",
    "inventory/pnputil_old.txt",
    "inventory/fltmc_filters.txt",
    "inventory/fltmc_instances.txt",
    "inventory/msinfo.nfo",
    "inventory/msinfo.txt",
    "inventory/systeminfo.txt",
    "inventory/systeminfo.csv",
    "inventory/hotfix.txt",
    "inventory/qfe_list.txt",
    "inventory/setupapi.dev.log",
    "inventory/autoruns.csv",
    "inventory/findstr_cmd.txt",
    "registry/memory_v5.reg",
    "registry/memory_v4.reg",
    "xperf_text/pool.txt",
];

/// Applies patches: two bytes say where, one how many bytes go, one how many of the next bytes come instead.
fn patched(fixture: &[u8], mut patches: &[u8]) -> Vec<u8> {
    let mut text = fixture.to_vec();
    while let [low, high, goes, comes, rest @ ..] = patches {
        let at = usize::from(u16::from_le_bytes([*low, *high])) % (text.len() + 1);
        let end = (at + usize::from(*goes)).min(text.len());
        let (new, rest) = rest.split_at(usize::from(*comes).min(rest.len()));
        text.splice(at..end, new.iter().copied());
        patches = rest;
    }
    text
}

fuzz_target!(|bytes: &[u8]| {
    let Some((which, patches)) = bytes.split_first() else { return };
    let text = patched(FIXTURES[usize::from(*which) % FIXTURES.len()], patches);
    let context = ParseContext { name: "findstr_Abcd.txt".to_owned(), ..ParseContext::default() };
    let head = Head::read(&text).expect("a vector can always be read");
    for format in FORMATS {
        if (format.test)(&head).is_some()
            && let Ok(parsed) = (format.parse)(&text, &context)
        {
            assert!(parsed.notes.len() <= limits::MAX_KEPT_NOTES);
            assert!(
                parsed.coverage.records <= 8 * text.len() as u64 + 8,
                "{:?}: {:?}",
                format.kind,
                parsed.coverage
            );
        }
    }
});
