//! Report files by their ending, colour, `inspect` and `explain`.

use std::fs;

use crate::stage::{folder, poolscope, poolscope_in};

#[test]
fn every_ending_gives_its_format() {
    let to = folder(&[]);
    let path = |name: &str| to.path().join(name).to_string_lossy().into_owned();
    let (html, json, md, txt) = (path("r.html"), path("r.json"), path("r.md"), path("r.txt"));
    let run = poolscope(&["diagnose", "examples/even-503", "-o", &html, "-o", &json, "-o", &md, "-o", &txt]);
    assert_eq!(run.code, 0, "{}", run.err);
    let read = |path: &str| fs::read_to_string(path).unwrap();
    let page = read(&html);
    assert!(page.starts_with("<!doctype html>") && page.contains("<svg") && !page.contains("<script"));
    assert!(!page.contains("http://") && !page.contains("https://"), "a report loads nothing");
    let report: serde_json::Value = serde_json::from_str(&read(&json)).unwrap();
    assert_eq!(report["schema"], "poolscope/report/1");
    assert!(read(&md).starts_with("# poolscope: leak"));
    assert_eq!(read(&txt), run.out, "without a terminal both are plain");
    assert_eq!(poolscope(&["diagnose", "examples/even-503", "-o", &path("r.pdf")]).code, 2);
}

#[test]
fn colour_only_when_asked_or_on_a_terminal() {
    let plain = poolscope(&["diagnose", "examples/even-503"]);
    assert!(!plain.out.contains('\x1b'));
    let coloured = poolscope(&["--color", "always", "diagnose", "examples/even-503"]);
    assert!(coloured.out.starts_with("\x1b[1;31mLEAK"));
}

#[test]
fn hostile_names_reach_no_renderer_raw() {
    if cfg!(windows) {
        eprintln!("skipped: Windows allows no file name with < in it");
        return;
    }
    let name = "<img src=x onerror=alert(1)>|`[x](y)";
    let log = format!("{name}: nothing known\n");
    let case = folder(&[("evil <b>.txt", log.as_bytes())]);
    let html = case.path().join("out.html");
    let run = poolscope_in(case.path(), &["diagnose", "evil <b>.txt", "-o", &html.to_string_lossy()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let page = fs::read_to_string(html).unwrap();
    assert!(page.contains("evil &lt;b&gt;.txt") && !page.contains("evil <b>"));
}

#[test]
fn explain_knows_rules_and_tags() {
    let rule = poolscope(&["explain", "ps006"]);
    assert!(rule.code == 0 && rule.out.starts_with("# PS006 row-contradicts-itself"), "{rule:?}");
    let tag = poolscope(&["explain", "Even", "--pooltag", "examples/even-503/pooltag.txt"]);
    assert!(tag.out.contains("Event objects") && tag.out.contains("pooltag.txt line"), "{}", tag.out);
    assert_eq!(poolscope(&["explain", "no tag at all"]).code, 2);
}

#[test]
fn inspect_tells_what_a_file_is_and_shows_it() {
    let run = poolscope(&["inspect", "examples/even-503/httperr1.log", "examples/even-503/pooltag.txt"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("HTTPERR log") && run.out.contains("Connections_Refused"), "{}", run.out);
}

#[test]
fn compare_says_whether_a_fix_worked() {
    let split = |from: &str, to: &str| {
        let all = fs::read_dir(crate::stage::root().join("examples/even-503/poolmon")).unwrap();
        let names = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let chosen: Vec<String> = names.filter(|name| name.as_str() >= from && name.as_str() < to).collect();
        let read = |name: &String| crate::stage::example_file(&format!("poolmon/{name}"));
        let files: Vec<(String, Vec<u8>)> = chosen.iter().map(|name| (name.clone(), read(name))).collect();
        let borrowed: Vec<(&str, &[u8])> =
            files.iter().map(|(name, all)| (name.as_str(), all.as_slice())).collect();
        folder(&borrowed)
    };
    let (first, second) = (split("2009-03-09_16", "2009-03-10_13"), split("2009-03-10_13", "2009-03-12"));
    let run =
        poolscope(&["compare", "--json", &first.path().to_string_lossy(), &second.path().to_string_lossy()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let report = run.json();
    assert_eq!(report["schema"], "poolscope/compare/1");
    assert_eq!(report["outcome"], "unchanged", "{report:#}");
    assert_eq!(
        (report["tags"][0]["tag"].as_str(), report["tags"][0]["change"].as_str()),
        (Some("Even"), Some("same"))
    );
    let empty = folder(&[("x.txt", b"nothing")]);
    let run = poolscope(&["compare", &empty.path().to_string_lossy(), &second.path().to_string_lossy()]);
    assert_eq!(run.code, 2);
}
