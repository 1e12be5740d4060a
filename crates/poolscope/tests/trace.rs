//! `poolscope trace` from file to output: the simulator's truth must come out of the program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests fail and tell as tests do"
)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use poolscope_testkit::etl::events::Header;
use poolscope_testkit::etl::{Layout, Packing, Scenario, Stacks, Truth, simulate, standard_drivers};
use serde_json::Value;

fn scenario() -> Scenario {
    Scenario {
        layout: Layout { buffer_bytes: 16_384, ..Layout::default() },
        header: Header::System,
        stacks: Stacks::ByKey,
        stacks_of_frees: false,
        user_halves: true,
        image_version: 3,
        images_at_end: true,
        merged: true,
        context_switches: false,
        events: 60_000,
        depth: 3,
        cached_keys: 64,
        orphan_every: 200,
        drivers: standard_drivers(),
        seed: 3,
    }
}

fn write(folder: &Path, scenario: &Scenario) -> (PathBuf, Truth) {
    let path = folder.join("trace.etl");
    let (_, truth) = simulate(scenario, File::create(&path).unwrap()).unwrap();
    (path, truth)
}

fn run(path: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_poolscope"))
        .arg("trace")
        .arg(path)
        .args(args)
        .env_remove("_NT_SYMBOL_PATH")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(path: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&run(path, &[args, &["--json"]].concat())).unwrap()
}

#[test]
fn the_leaking_driver_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let variants = [
        (Header::System, Stacks::Whole, None, true),
        (Header::PerfInfo, Stacks::ByKey, Some(Packing::Xpress), true),
        (Header::Compact, Stacks::Mixed, None, false),
    ];
    for (header, stacks, packing, wide) in variants {
        let layout = Layout { packing, wide, buffer_bytes: 16_384, ..Layout::default() };
        let scenario = Scenario { header, stacks, layout, ..scenario() };
        let (path, truth) = write(folder.path(), &scenario);
        let report = json(&path, &[]);
        let suspect = &report["suspects"][0];
        let leak = &truth.drivers[2];
        assert_eq!(suspect["module"], "leaky.sys", "{:#}", report["suspects"]);
        assert_eq!(suspect["tag"], "Leak");
        assert_eq!(suspect["offset"], 0x4a1c);
        assert_eq!(suspect["frame"], "leaky.sys+0x4a1c");
        assert_eq!(suspect["company"], "Acme Storage");
        assert_eq!(suspect["outstanding_count"], leak.outstanding);
        assert_eq!(suspect["outstanding_bytes"], leak.outstanding_bytes);
        for (plan, outcome) in scenario.drivers.iter().zip(&truth.drivers) {
            let tag = String::from_utf8_lossy(&plan.tag).replace(' ', "·");
            let rows = report["tags"].as_array().unwrap();
            let row = rows.iter().find(|row| row["tag"] == tag.as_str()).unwrap();
            assert_eq!(row["pool"], if plan.pool_type & 1 == 1 { "paged" } else { "nonpaged" });
            assert_eq!(row["allocs"], outcome.allocs);
            assert_eq!(row["frees"], outcome.frees);
            assert_eq!(row["outstanding_count"], outcome.outstanding);
            assert_eq!(row["outstanding_bytes"], outcome.outstanding_bytes);
            let rows = report["drivers"].as_array().unwrap();
            let row = rows.iter().find(|row| row["module"] == plan.name).unwrap();
            assert_eq!(row["outstanding_bytes"], outcome.outstanding_bytes);
        }
        assert_eq!(report["lost"]["buffers"], 0);
        assert_eq!(report["pairing"]["frees_without_alloc"], truth.orphans);
    }
}

#[test]
fn with_a_hundredth_of_the_buffers_lost_the_culprit_is_still_first() {
    let folder = tempfile::tempdir().unwrap();
    for (lose_every, tell_losses) in [(100, true), (100, false), (20, true)] {
        let layout = Layout { lose_every, tell_losses, buffer_bytes: 8_192, ..Layout::default() };
        let (path, _) = write(folder.path(), &Scenario { layout, ..scenario() });
        let report = json(&path, &[]);
        assert_eq!(report["suspects"][0]["module"], "leaky.sys", "{:#}", report["suspects"]);
        assert!(report["lost"]["buffers"].as_u64().unwrap() > 0);
        let text = run(&path, &[]);
        assert!(text.contains("buffers and 0 events were lost"), "{text}");
    }
}

#[test]
fn the_json_is_valid_against_the_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/trace-1.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (stacks, lose_every) in [(Stacks::Mixed, 0), (Stacks::None, 50)] {
        let layout = Layout { lose_every, tell_losses: true, buffer_bytes: 8_192, ..Layout::default() };
        let (path, _) = write(folder.path(), &Scenario { stacks, layout, ..scenario() });
        let mut report = json(&path, &[]);
        let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        report["tags"][0]["allocs"] = Value::from("many");
        assert!(!validator.is_valid(&report), "the schema would take anything");
    }
}

#[test]
fn damaged_traces_are_read_as_far_as_they_are_whole_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let (path, truth) = write(folder.path(), &scenario());
    let whole = std::fs::read(&path).unwrap();
    let half = whole.len() / 2;
    let mut zeroed = whole.clone();
    zeroed[half..half + 200_000].fill(0);
    let mut flipped = whole.clone();
    for at in (4_096..flipped.len()).step_by(40_961) {
        flipped[at] ^= 0x40;
    }
    let mut mixed = whole[..half].to_vec();
    mixed.extend_from_slice(b"not a trace at all ".repeat(5_000).as_slice());
    mixed.extend_from_slice(&whole[half..]);
    for (what, bytes) in
        [("cut", &whole[..half + 777]), ("zeroed", &zeroed), ("flipped", &flipped), ("mixed", &mixed)]
    {
        std::fs::write(&path, bytes).unwrap();
        let report = json(&path, &[]);
        let leak = report["tags"].as_array().unwrap().iter().find(|row| row["tag"] == "Leak").unwrap();
        let least = truth.drivers[2].allocs * if ["cut", "mixed"].contains(&what) { 4 } else { 9 } / 10;
        assert!(leak["allocs"].as_u64().unwrap() >= least, "{what}: {leak:#}");
        // The keys of stacks and the list of images stand at the end of such a trace, and buffers that other bytes
        // have moved off their places are not found; a flipped time stamp can lie years ahead and take the measure
        // of growth with it.
        if what == "zeroed" {
            assert_eq!(report["suspects"][0]["module"], "leaky.sys", "{what}: {:#}", report["suspects"]);
        }
        let told = report["remarks"].as_array().unwrap().len()
            + report["lost"]["buffers"].as_u64().unwrap() as usize
            + report["lost"]["gaps"].as_array().unwrap().len();
        assert!(
            told > 0,
            "{what}: nothing is said of the damage: {:#} {:#}",
            report["remarks"],
            report["lost"]
        );
    }
}

#[test]
fn exports_carry_the_leak() {
    let folder = tempfile::tempdir().unwrap();
    let (path, truth) = write(folder.path(), &Scenario { stacks: Stacks::Whole, ..scenario() });
    let leak = &truth.drivers[2];
    let folded = run(&path, &["--folded"]);
    let weight = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    let lines = folded.lines().filter(|line| line.contains("leaky.sys+0x4a1c;"));
    assert_eq!(lines.map(weight).sum::<u64>(), leak.outstanding_bytes);
    let scope: Value =
        serde_json::from_str(&run(&path, &["--speedscope", "--weigh", "outstanding-count"])).unwrap();
    let weights = scope["profiles"][0]["weights"].as_array().unwrap();
    let all: u64 = truth.drivers.iter().map(|driver| driver.outstanding).sum();
    assert_eq!(weights.iter().filter_map(Value::as_u64).sum::<u64>(), all);
    let firefox: Value = serde_json::from_str(&run(&path, &["--firefox"])).unwrap();
    let thread = &firefox["threads"][0];
    for table in ["samples", "stackTable", "frameTable", "funcTable"] {
        let length = thread[table]["length"].as_u64().unwrap() as usize;
        for (column, cells) in thread[table].as_object().unwrap() {
            if let Some(cells) = cells.as_array() {
                assert_eq!(cells.len(), length, "{table}.{column}");
            }
        }
    }
    let csv = run(&path, &["--csv"]);
    let row = format!("leaky.sys, Leak, {}, ", leak.allocs);
    assert!(csv.contains("NX Non-Paged Pool\n") && csv.contains(&row), "{csv}");
    let target = folder.path().join("out.folded");
    let out = run(&path, &[&format!("--folded={}", target.display())]);
    assert!(
        out.contains("Grows most: tag Leak in nonpaged pool, allocated by leaky.sys (Acme Storage)"),
        "{out}"
    );
    assert_eq!(std::fs::read_to_string(target).unwrap(), folded);
}

#[test]
fn a_stretch_of_time_counts_inside_and_outside() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = write(folder.path(), &Scenario { orphan_every: 0, ..scenario() });
    let all = json(&path, &[]);
    let end = all["trace"]["seconds"].as_f64().unwrap() + 1.0;
    let half = json(&path, &["--range", &format!("{}..{end}", end / 3.0)]);
    for (row, whole) in half["tags"].as_array().unwrap().iter().zip(all["tags"].as_array().unwrap()) {
        let count = |row: &Value, name: &str| row["range"][name][0].as_u64().unwrap();
        // Allocated inside or before: every allocation that was alive in the stretch falls in one of the four.
        assert_eq!(count(row, "aifo") + count(row, "aofo"), whole["outstanding_count"].as_u64().unwrap());
        assert!(count(row, "aifi") + count(row, "aofi") < whole["frees"].as_u64().unwrap());
        assert_eq!(count(whole, "aifi"), whole["frees"].as_u64().unwrap());
    }
}

#[test]
fn diagnose_and_inspect_take_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = write(folder.path(), &scenario());
    for command in ["diagnose", "inspect"] {
        let output = Command::new(env!("CARGO_BIN_EXE_poolscope")).arg(command).arg(&path).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        assert!(text.contains("ETW trace (.etl)") || text.contains("etl"), "{command}: {text}");
        assert!(command == "diagnose" || text.contains("leaky.sys"), "{command}: {text}");
    }
}

/// Needs clang and lld-link; says so where they are not there.
#[test]
fn functions_have_names_where_the_pdb_is_the_image_s() {
    let folder = tempfile::tempdir().unwrap();
    let Some((rva, id, age)) = driver_with_pdb(folder.path()) else {
        eprintln!("skipped: clang and lld-link are needed to make a PDB");
        return;
    };
    let mut scenario = Scenario { events: 20_000, ..scenario() };
    scenario.drivers[2].offset = rva + 4;
    scenario.drivers[2].pdb = Some((id, age));
    let (path, _) = write(folder.path(), &scenario);
    let symbols = folder.path().display().to_string();
    let report = json(&path, &["--symbols", &symbols]);
    let function = report["suspects"][0]["function"].as_str().unwrap_or("").to_owned();
    // Whether the arguments stand in the name depends on the version of the compiler that wrote the PDB.
    assert!(
        function.starts_with("LeakyAllocate") && function.ends_with("+0x4"),
        "{function}: {:#}",
        report["remarks"]
    );
    assert_eq!(report["suspects"][0]["frame"], format!("leaky.sys!{function}"));
    scenario.drivers[2].pdb = Some((id, age + 1));
    let (path, _) = write(folder.path(), &scenario);
    let report = json(&path, &["--symbols", &symbols]);
    assert_eq!(report["suspects"][0]["function"], Value::Null);
    let remarks = report["remarks"].to_string();
    assert!(remarks.contains("the image wants"), "{remarks}");
}

/// Compiles and links a driver; gives the offset of its function, and the id and age of its PDB.
fn driver_with_pdb(folder: &Path) -> Option<(u64, [u8; 16], u32)> {
    let source = "__attribute__((noinline)) int LeakyAllocate(volatile int *p) { int s = 0; for (int i = 0; i < 9; i++) s += p[i]; return s; }\n\
                  __attribute__((noinline)) int Other(volatile int *p) { return p[0] * 7; }\n\
                  int Entry(volatile int *p) { return LeakyAllocate(p) + Other(p); }\n";
    std::fs::write(folder.join("driver.c"), source).unwrap();
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).current_dir(folder).output().ok()?;
        output.status.success().then_some(())
    };
    run(
        "clang",
        &["--target=x86_64-pc-windows-msvc", "-g", "-gcodeview", "-O1", "-c", "driver.c", "-o", "driver.obj"],
    )?;
    let link = [
        "/dll",
        "/entry:Entry",
        "/nodefaultlib",
        "/debug",
        "/pdb:driver.pdb",
        "/map:driver.map",
        "/out:driver.sys",
        "driver.obj",
    ];
    run("lld-link", &link).or_else(|| run("lld-link-14", &link))?;
    let image = std::fs::read(folder.join("driver.sys")).ok()?;
    let rsds = image.windows(4).position(|window| window == b"RSDS")? + 4;
    let id: [u8; 16] = image.get(rsds..rsds + 16)?.try_into().ok()?;
    let age = u32::from_le_bytes(image.get(rsds + 16..rsds + 20)?.try_into().ok()?);
    let map = std::fs::read_to_string(folder.join("driver.map")).ok()?;
    let line = map.lines().find(|line| line.contains("LeakyAllocate"))?;
    let address = line.split_whitespace().find_map(|word| word.strip_prefix("0000000180"))?;
    Some((u64::from_str_radix(address, 16).ok()?, id, age))
}
