//! How fast `drivers` looks through a folder of images for all tags at once, against `grep -rc` for one tag and
//! against `objdump -d`.
//!
//! The folder holds 400 images of 150 MB together: four real compiler outputs (gcc x64 and x86, clang x64 and
//! ARM64) of the test drivers' wrappers among a thousand other functions, each copied a hundred times.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::evidence::Scratch;
use super::measure::{Taken, best_of_three, once};
use crate::process::{cargo, run, target_dir};

/// Images in the folder.
const IMAGES: usize = 400;
/// Bytes each is made up to, as a driver's data and resources would.
const IMAGE_BYTES: usize = 375_000;
/// Functions without any tag in each.
const OTHER_FUNCTIONS: u32 = 1_000;
/// `drivers` may take this many times the time of `grep -rc`.
const GREP_LIMIT: f64 = 15.0;
/// `objdump -d` must take at least this many times the time of `drivers`.
const OBJDUMP_LIMIT: f64 = 50.0;
/// Most memory it may take, in bytes.
const MEMORY_LIMIT_BYTES: u64 = 200_000_000;

/// Measures, prints the ratios, and fails over a limit.
pub fn drivers(_: &[String]) -> anyhow::Result<()> {
    let scratch = Scratch::new("drivers")?;
    let (bytes, code) = make_folder(&scratch.folder)?;
    run(cargo().args(["build", "--quiet", "--release", "--bin", "poolscope"]))?;
    let poolscope = target_dir().join("release/poolscope");
    let folder = scratch.folder.join("images");
    let grep = best_of_three(&|| with(Path::new("grep"), &["-rc", "Baa0"], &folder))?;
    let ours = best_of_three(&|| with(&poolscope, &["drivers", "--json"], &folder))?;
    // Once is enough for what takes a minute, and one tool that reads every machine: LLVM's where it is there.
    let objdump = disassemble(&folder)?;
    let (slower, faster) = (ours.seconds / grep.seconds, objdump.seconds / ours.seconds);
    println!(
        "drivers    {IMAGES} images, {:.0} MB of which {:.0} MB are code: poolscope {:.2} s (peak {:.0} MB), grep -rc {:.3} s, objdump -d {:.1} s",
        bytes as f64 / 1e6,
        code as f64 / 1e6,
        ours.seconds,
        ours.peak_bytes as f64 / 1e6,
        grep.seconds,
        objdump.seconds,
    );
    println!(
        "           {slower:.1} times grep (limit {GREP_LIMIT:.0}), {faster:.0} times faster than objdump (limit {OBJDUMP_LIMIT:.0})"
    );
    ensure!(slower <= GREP_LIMIT, "{slower:.1} times the time of grep -rc, over {GREP_LIMIT}");
    ensure!(faster >= OBJDUMP_LIMIT, "only {faster:.1} times faster than objdump -d");
    ensure!(ours.peak_bytes <= MEMORY_LIMIT_BYTES, "peak memory {} bytes", ours.peak_bytes);
    Ok(())
}

fn with(program: &Path, args: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args).arg(folder);
    command
}

/// One run of `objdump -d` over all images.
fn disassemble(folder: &Path) -> anyhow::Result<Taken> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    // binutils reads no ARM64 images; llvm-objdump reads all and is no slower.
    let arm64 = |path: &PathBuf| path.to_string_lossy().contains("arm64");
    let (arm64, intel): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(arm64);
    let mut total = Taken { seconds: 0.0, peak_bytes: 0 };
    for (tool, paths) in [("objdump", intel), ("llvm-objdump", arm64)] {
        let mut command = Command::new(tool);
        command.arg("-d").args(&paths);
        let taken = once(&mut command).with_context(|| format!("{tool} is needed"))?;
        total.seconds += taken.seconds;
    }
    Ok(total)
}

/// Makes the images; bytes of all, and bytes of code in all.
fn make_folder(folder: &Path) -> anyhow::Result<(u64, u64)> {
    let images = folder.join("images");
    let build = folder.join("build");
    std::fs::create_dir_all(&images)?;
    std::fs::create_dir_all(&build)?;
    std::fs::write(build.join("bulk.c"), bulk_source())?;
    let (drivers, absent) =
        poolscope_testkit::drivers::compile_file(&build.join("bulk.c"), &["-O2"], &build)?;
    ensure!(absent.is_empty(), "compilers are missing: {}", absent.join("; "));
    let kinds: Vec<_> = drivers.iter().filter(|driver| !driver.name.contains("clang-x86")).collect();
    let (mut bytes, mut code) = (0, 0);
    for at in 0..IMAGES {
        let driver = kinds.get(at % kinds.len()).context("nothing was compiled")?;
        let mut data = std::fs::read(&driver.path)?;
        code += data.len() as u64;
        // What follows the sections is no part of the image, as a signature is not.
        data.resize(data.len().max(IMAGE_BYTES), b'.');
        bytes += data.len() as u64;
        std::fs::write(images.join(format!("{at:03}-{}", driver.name)), data)?;
    }
    Ok((bytes, code))
}

/// A driver of many functions: arithmetic, switches and calls, and every thirtieth one allocates through a
/// wrapper with a tag of its own.
fn bulk_source() -> String {
    let mut out = String::from(
        "#include \"kernel.h\"\nGLOBALS\n\
         static NOINLINE PVOID one(SIZE_T n, ULONG tag) { PVOID p = ExAllocatePoolWithTag(0, n, tag); KEEP(p); return p; }\n\
         static NOINLINE PVOID two(ULONG tag, SIZE_T n) { return n > 9 ? one(n + 8, tag) : 0; }\n",
    );
    for at in 0..OTHER_FUNCTIONS {
        let (a, b, c) = (at * 7 + 3, at * 13 + 5, at % 11);
        let _ = writeln!(
            out,
            "NOINLINE SIZE_T f{at}(SIZE_T x, SIZE_T y) {{\n  SIZE_T i, s = {a};\n  for (i = 0; i < (x & 31); i++) s += (y ^ i) * {b};\n  \
             switch (x % 7) {{ case 0: s ^= y; break; case 1: s += 3 * x; break; case 2: s -= {c}; break; case 3: s <<= 2; break; default: s = ~s; }}\n  \
             if (s & 64) DbgPrint(\"%p {at}\\n\", (PVOID)s);"
        );
        if at % 30 == 0 {
            let tag = format!(
                "'B','{}','{}','{}'",
                char::from(b'a' + (at / 780 % 26) as u8),
                char::from(b'a' + (at / 30 % 26) as u8),
                at % 10
            );
            let _ = writeln!(out, "  KEEP(two(TAG({tag}), s));");
        }
        let callee = if at > 2 { format!("f{}(s, x)", at / 2) } else { "s".to_owned() };
        let _ = writeln!(out, "  return s + {callee};\n}}");
    }
    out.push_str("NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {\n  SIZE_T s = g_n;\n");
    for at in 0..OTHER_FUNCTIONS {
        let _ = writeln!(out, "  s += f{at}(s, {at});");
    }
    out.push_str("  return (NTSTATUS)s;\n}\n");
    out
}
