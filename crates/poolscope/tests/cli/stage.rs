//! Sets the scene: a scratch folder of evidence, the program started in it, what it said and how much memory it took.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Memory that no input may make the program exceed, in bytes.
pub const MEMORY_LIMIT_BYTES: u64 = 300_000_000;

/// What one run of the program gave.
#[derive(Debug)]
pub struct Run {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// The largest resident set, in bytes, where the system tells.
    pub peak_bytes: Option<u64>,
}

impl Run {
    /// The report; the run must have been given `--json`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// Fails if the run took more than [`MEMORY_LIMIT_BYTES`].
    pub fn assert_memory(&self) {
        match self.peak_bytes {
            Some(peak) => assert!(peak < MEMORY_LIMIT_BYTES, "peak memory {peak} bytes"),
            None => eprintln!("skipped: this system does not tell how much memory a process took"),
        }
    }
}

/// Runs the program at the repository's root.
pub fn poolscope(args: &[&str]) -> Run {
    poolscope_in(&root(), args)
}

/// Runs the program in a folder.
pub fn poolscope_in(folder: &Path, args: &[&str]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_poolscope"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let out = drain(child.stdout.take().unwrap());
    let err = drain(child.stderr.take().unwrap());
    let mut peak_bytes = None;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        peak_bytes = peak_bytes.max(resident_peak(child.id()));
        thread::sleep(Duration::from_millis(1));
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    Run {
        code: status.code().unwrap_or(-1),
        out: text(out.join().unwrap()),
        err: text(err.join().unwrap()),
        peak_bytes,
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// The largest resident set of a running process so far, in bytes; it only rises until the end.
fn resident_peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A scratch folder with these files in it.
pub fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// A file of the example incident.
pub fn example_file(name: &str) -> Vec<u8> {
    fs::read(root().join("examples/even-503").join(name)).unwrap()
}

/// The entry of an input in the evidence list, by the end of its path.
pub fn evidence<'a>(report: &'a Value, name: &str) -> &'a Value {
    let list = report["evidence"].as_array().unwrap();
    list.iter()
        .find(|entry| entry["path"].as_str().unwrap().ends_with(name))
        .unwrap_or_else(|| panic!("no evidence {name} in {list:#?}"))
}

/// All notes of an input as one text.
pub fn notes(entry: &Value) -> String {
    entry["notes"].to_string()
}
