//! `poolscope drivers`: text, JSON against its schema, one tag, the index and `diagnose` using it, files that are
//! damaged or none, exit codes. Which tags are found in which code is tested in poolscope-formats.

use std::fs;

use poolscope_testkit::pe::{CODE, ImageWriter, Machine};
use serde_json::Value;
use tempfile::TempDir;

use crate::stage::{evidence, example_file, folder, poolscope_in, root};

/// An x64 driver whose only call allocates (or frees) with a tag.
fn driver(import: &str, tag: &[u8; 4], company: &str) -> Vec<u8> {
    let mut image = ImageWriter::new(Machine::X64, Vec::new(), &[import]);
    // sub rsp, 28h; mov r8d, tag; mov edx, tag; xor ecx, ecx; call [rip + slot]; add rsp, 28h; ret
    let mut code = vec![0x48, 0x83, 0xec, 0x28, 0x41, 0xb8];
    code.extend_from_slice(tag);
    code.push(0xba);
    code.extend_from_slice(tag);
    code.extend_from_slice(&[0x31, 0xc9, 0xff, 0x15]);
    let next = CODE + code.len() as u32 + 4;
    code.extend_from_slice(&image.slot(0).wrapping_sub(next).to_le_bytes());
    code.extend_from_slice(&[0x48, 0x83, 0xc4, 0x28, 0xc3]);
    image.code = code;
    image.version = vec![("CompanyName".to_owned(), company.to_owned())];
    image.file_version = [4, 2, 0, 1];
    image.write()
}

/// Two owners, one that only frees, one that holds the bytes in a string only, and what is no image.
fn drivers() -> TempDir {
    let owner = driver("ExAllocatePoolWithTag", b"Even", "Contoso");
    let frees = driver("ExFreePoolWithTag", b"Even", "Fabrikam");
    let mut bytes = driver("DbgPrint", b"Nope", "Even more");
    bytes.extend_from_slice(b"Even");
    folder(&[
        ("b/owner.sys", owner.as_slice()),
        ("a/second.sys", &driver("ExAllocatePoolWithTag", b"Two ", "Contoso")),
        ("frees.sys", &frees),
        ("bytes.sys", &bytes),
        ("damaged.sys", &owner[..0x90]),
        ("readme.txt", b"not an image"),
    ])
}

fn tags(row: &Value) -> Vec<(&str, &str)> {
    let tags = row["tags"].as_array().unwrap();
    tags.iter().map(|used| (used["tag"].as_str().unwrap(), used["grade"].as_str().unwrap())).collect()
}

fn row<'a>(document: &'a Value, name: &str) -> &'a Value {
    let rows = document["drivers"].as_array().unwrap();
    rows.iter().find(|row| row["path"].as_str().unwrap().ends_with(name)).unwrap_or(&Value::Null)
}

#[test]
fn the_listing_names_owners_those_without_a_tag_and_what_could_not_be_read() {
    let run = poolscope_in(drivers().path(), &["drivers", "."]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out.starts_with("4 images read: 2 allocate with tags of their own, 2 in all.\n"),
        "{}",
        run.out
    );
    assert!(run.out.contains("owner.sys  (x64, 4.2.0.1, Contoso"), "{}", run.out);
    assert!(run.out.contains("Even   passed to an allocator"), "{}", run.out);
    assert!(run.out.contains("only freed"), "{}", run.out);
    assert!(run.out.contains("no tag of their own: bytes.sys"), "{}", run.out);
    assert!(run.out.contains("not read: ") && run.out.contains("damaged.sys"), "{}", run.out);
    assert!(!run.out.contains("readme.txt"), "{}", run.out);
}

#[test]
fn one_tag_is_answered_with_its_owner_first_and_weaker_traces_apart() {
    let stage = drivers();
    let run = poolscope_in(stage.path(), &["drivers", "--tag", "Even", "."]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.starts_with("Even: owner.sys allocates with it (4 images read).\n"), "{}", run.out);
    assert!(run.out.contains("says nothing about who allocates"), "{}", run.out);
    let document = poolscope_in(stage.path(), &["drivers", "--tag", "Even", "--json", "."]).json();
    assert_eq!(document["tag"], "Even");
    assert_eq!(document["images"], 4);
    assert_eq!(tags(row(&document, "owner.sys")), [("Even", "passed")]);
    assert_eq!(tags(row(&document, "bytes.sys")), [("Even", "bytes")]);
    assert_eq!(row(&document, "second.sys"), &Value::Null);
    let first = document["drivers"][0]["path"].as_str().unwrap();
    assert!(first.ends_with("owner.sys"), "the strongest comes first, not {first}");

    let nobody = poolscope_in(stage.path(), &["drivers", "--tag", "Zzzz", "."]);
    assert_eq!(nobody.code, 0);
    assert!(nobody.out.starts_with("Zzzz: no driver read here passes it to an allocator"), "{}", nobody.out);
    assert_eq!(poolscope_in(stage.path(), &["drivers", "--tag", "toolong", "."]).code, 2);
}

#[test]
fn the_json_and_the_index_are_valid_against_the_schema_and_the_same_on_every_run() {
    let schema = fs::read_to_string(root().join("schemas/drivers-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let stage = drivers();
    let first = poolscope_in(stage.path(), &["drivers", "--json", "--index", "index.json", "."]);
    let index = fs::read(stage.path().join("index.json")).unwrap();
    fs::remove_file(stage.path().join("index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    assert_eq!(index["schema"], "poolscope/driver-index/1");
    for document in
        [first.json(), index, poolscope_in(stage.path(), &["drivers", "--json", "--tag", "Two", "."]).json()]
    {
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    assert_eq!(first.out, poolscope_in(stage.path(), &["drivers", "--json", "."]).out);
    let mut broken = first.json();
    broken["drivers"][0]["tags"] = Value::from(7);
    assert!(!validator.is_valid(&broken), "the schema would take anything");
}

#[test]
fn diagnose_takes_the_index_as_evidence_for_who_owns_a_tag() {
    let stage = drivers();
    assert_eq!(poolscope_in(stage.path(), &["drivers", "--index", "index.json", "b"]).code, 0);
    let index = fs::read(stage.path().join("index.json")).unwrap();
    let names: Vec<String> = fs::read_dir(root().join("examples/even-503/poolmon"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listings: Vec<Vec<u8>> = names.iter().map(|name| example_file(&format!("poolmon/{name}"))).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(listings.iter().map(Vec::as_slice)).collect();
    files.push(("index.json", &index));
    let case = folder(&files);
    let report = poolscope_in(case.path(), &["diagnose", "--json", "."]).json();
    assert_eq!(
        evidence(&report, "index.json")["kind"],
        "driver_index",
        "{}",
        evidence(&report, "index.json")
    );
    let suspect = &report["verdict"]["suspects"][0];
    assert_eq!(suspect["owners"][0]["name"], "owner.sys", "{suspect:#}");
    let summary = report["verdict"]["summary"].to_string();
    assert!(summary.contains("owner.sys (its code passes the tag to an allocator)"), "{summary}");
}

#[test]
fn two_when_nothing_could_be_read() {
    let empty = folder(&[("notes.txt", b"an image begins with MZ, and this is none")]);
    let run = poolscope_in(empty.path(), &["drivers", "."]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("there is no driver image under ."), "{}", run.err);
    let damaged = folder(&[("a.sys", b"MZ\x90\0 and nothing that follows is a header")]);
    let run = poolscope_in(damaged.path(), &["drivers", "."]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.out.contains("not read: ") && run.out.contains("a.sys"), "{run:?}");
    let run = poolscope_in(damaged.path(), &["drivers", "no-such-folder"]);
    assert_eq!(run.code, 2, "{run:?}");
}
