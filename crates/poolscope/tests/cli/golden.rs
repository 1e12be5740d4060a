//! What a person reads, whole: the report of the example and of the published snapshot, as committed text.
//!
//! The facts in them are asserted by number elsewhere; this holds the words and the layout. After a wanted change:
//! `UPDATE_GOLDENS=1 cargo test -p poolscope --test cli golden`, and read the diff.

use std::fs;
use std::path::Path;

use crate::published_snapshot::published_case;
use crate::stage::{poolscope, poolscope_in};

fn compare(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, found).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    for (at, (expected, found)) in expected.lines().zip(found.lines()).enumerate() {
        assert_eq!(found, expected, "{name} line {}; if wanted: UPDATE_GOLDENS=1", at + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{name}: lines; if wanted: UPDATE_GOLDENS=1");
}

#[test]
fn golden_of_the_example() {
    compare("even-503.txt", &poolscope(&["diagnose", "examples/even-503"]).out);
}

#[test]
fn golden_of_the_published_snapshot() {
    let case = published_case();
    let run = poolscope_in(case.path(), &["diagnose", "--time", "2009-03-09T08:31:30Z", "."]);
    compare("published-snapshot.txt", &run.out);
}
