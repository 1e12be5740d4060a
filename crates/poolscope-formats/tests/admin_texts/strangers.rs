//! Texts that are none of ours: every test must leave them alone, or to their own format.

use poolscope_formats::ParseContext;
use poolscope_formats::detect::{self, Head, Kind, detect};

const STRANGERS: &[(&str, &str)] = &[
    (
        "a readme",
        "# Title\n\nSome text\n-------------\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one: two\n- three: four\n",
    ),
    ("a settings file", "[section]\nname=value\nother=3\n\n[second]\nkey=C:\\x\\y.txt\n"),
    (
        "YAML",
        "name: thing\nversion: 1.2.3\nkind: service\ndate: 2026-05-04\n\nname: other\nversion: 2.0.0\nkind: job\ndate: 2026-05-05\n",
    ),
    (
        "a directory listing",
        " Volume in drive C has no label.\n\n Directory of C:\\Windows\n\n05/04/2026  08:30 AM    <DIR>          .\n05/04/2026  08:30 AM             1,024 abc.sys\n               1 File(s)          1,024 bytes\n",
    ),
    (
        "a PowerShell service table",
        "\nStatus   Name               DisplayName                           \n------   ----               -----------                           \nRunning  AgentSvc           Agent                                 \nStopped  Other              Other service                         \n",
    ),
    (
        "ipconfig",
        "\nWindows IP Configuration\n\n   Host Name . . . . . . . . . . . . : HOST1\n   Primary Dns Suffix  . . . . . . . : \n   Node Type . . . . . . . . . . . . : Hybrid\n   IP Routing Enabled. . . . . . . . : No\n\nEthernet adapter Ethernet0:\n\n   IPv4 Address. . . . . . . . . . . : 10.0.0.1(Preferred)\n",
    ),
    (
        "a CSV of people",
        "\"Name\",\"Town\",\"Kind\",\"Since\"\n\"Ann\",\"Bonn\",\"x1\",\"yesterday\"\n\"Bob\",\"Rome\",\"x2\",\"today\"\n",
    ),
    ("a source file", "fn main() {\n    println!(\"Tag: {}\", 1);\n}\n// ---- ---- ----\n"),
    ("a chat", "10:31 ann: restarted it\n10:35 bob: 48 handles?\nTotal: nothing\n"),
    (
        "svn-like ruler",
        "------------------------------------------------------------------------\nr1 | ann | 2026-05-04 08:30 | 1 line\n",
    ),
    ("XML of another tool", "<?xml version=\"1.0\"?>\n<Config><Process Name=\"x\"/></Config>\n"),
];

#[test]
fn other_texts_belong_to_nobody() {
    for (what, text) in STRANGERS {
        let found = detect(&Head::read(&text.as_bytes()).unwrap()).map(|format| format.kind);
        assert_eq!(found, None, "{what}");
    }
}

/// Prose about our formats: full of their words, and none of them.
const PROSE: &[(&str, &str)] = &[
    (
        "a mail",
        "From: Ann\nTo: Bob\nDate: 2026-05-04 08:30\nSubject: pool\n\nHi Bob,\n\nin poolmon the tag Even stands at 48 MB Nonp and grows. fltmc shows abcflt,\nverifier /query nothing; FxPoolDump lines: none. Handles: 65905.\nAt 09:30 we restart it.\n\nAnn\n",
    ),
    (
        "a table of what a tool reads",
        "| Tag | Type | Diff | Bytes |\n|---|---|---|---|\n| the tag | the pool | outstanding | in all |\n",
    ),
    (
        "a ticket",
        "Level: 3\nOpened: 05/04/2026 08:30\nServer: HOST1\nDriver: abc.sys\nState: open\nCount: 3\n",
    ),
];

/// As the program reads an input: a format that guessed gives way where it finds nothing.
fn read_as(text: &[u8]) -> Option<Kind> {
    let head = Head::read(&text).unwrap();
    detect::read(&head, &text, &ParseContext::default()).map(|(kind, _)| kind)
}

#[test]
fn prose_about_our_formats_is_none_of_them() {
    for (what, text) in PROSE.iter().chain(STRANGERS) {
        assert_eq!(read_as(text.as_bytes()), None, "{what}");
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let documents = std::fs::read_dir(root.join("docs")).unwrap().chain(std::fs::read_dir(&root).unwrap());
    let mut read = 0;
    for path in documents.map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "md") {
            assert_eq!(read_as(&std::fs::read(&path).unwrap()), None, "{}", path.display());
            read += 1;
        }
    }
    assert!(read > 5, "the documents of this repository are there");
}

#[test]
fn texts_of_other_formats_stay_theirs() {
    for (kind, text) in [
        (
            Kind::Poolmon,
            " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\n\n Abcd Nonp       9112 (   3)      9102 (  -1)    10    6400 (   640)    640\n Even Nonp       9112 (   3)      9102 (  -1)    10    6400 (   640)    640\n",
        ),
        (
            Kind::Poolmon,
            "Tag,Type,Allocs,Frees,Diff,Bytes,PerAlloc\nAbcd,Nonp,10,5,5,640,128\nEven,Nonp,10,5,5,640,128\n",
        ),
        (
            Kind::HttpErr,
            "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-05-01 08:31:02\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n2026-05-01 08:31:02 - - - - - - - - - 24_Connections_Refused -\r\n",
        ),
        (
            Kind::CounterLog,
            "\"(PDH-CSV 4.0) (W. Europe)(-60)\",\"\\\\HOST1\\Memory\\Pool Nonpaged Bytes\",\"\\\\HOST1\\Process(agent)\\Handle Count\"\r\n\"05/04/2026 08:30:00.000\",\"1000\",\"2\"\r\n",
        ),
    ] {
        let found = detect(&Head::read(&text.as_bytes()).unwrap()).map(|format| format.kind);
        assert_eq!(found, Some(kind), "{text}");
    }
}
