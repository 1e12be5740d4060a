//! Drivers with known tags, compiled from the sources in `drivers/` by whatever compilers are installed.
//!
//! gcc (mingw) builds x64 and x86, clang builds x64, x86 and ARM64 for the Microsoft ABI; each at `-O0` and
//! `-O2`. Sources in assembly (`.S`) hold shapes of code that none of them writes, and say with
//! `// only COMPILER-MACHINE` who assembles them. Import libraries are made here from `drivers/imports.def`. The truth stands in each source's head:
//! `// tag NAME grade|grade`, `// freed NAME`, `// decoy NAME`. Nothing is downloaded.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a source says about itself.
#[derive(Clone, Default, Debug)]
pub struct Truth {
    /// Tag as displayed, and the grades that are right for it.
    pub tags: BTreeMap<String, Vec<String>>,
    /// Tags that are only freed.
    pub freed: Vec<String>,
    /// Words that look like tags and are none.
    pub decoys: Vec<String>,
    /// The only compiler and machine it is for (`clang-x64`); none, all of them.
    pub only: Option<String>,
}

/// One compiled driver.
#[derive(Clone, Debug)]
pub struct Driver {
    /// Where it is.
    pub path: PathBuf,
    /// Its name: source, compiler, machine and optimisation.
    pub name: String,
    /// The name of its source without extension.
    pub source: String,
    /// `x64`, `x86` or `arm64`.
    pub machine: &'static str,
    /// What it should show.
    pub truth: Truth,
}

/// A compiler and what it builds for.
struct Toolchain {
    name: &'static str,
    machine: &'static str,
    compiler: &'static str,
    /// Of `dlltool`.
    library_tool: &'static str,
    library_machine: &'static str,
    /// Of clang; gcc has its target in its name.
    target: Option<&'static str>,
}

static TOOLCHAINS: &[Toolchain] = &[
    Toolchain {
        name: "gcc",
        machine: "x64",
        compiler: "x86_64-w64-mingw32-gcc",
        library_tool: "x86_64-w64-mingw32-dlltool",
        library_machine: "i386:x86-64",
        target: None,
    },
    Toolchain {
        name: "gcc",
        machine: "x86",
        compiler: "i686-w64-mingw32-gcc",
        library_tool: "i686-w64-mingw32-dlltool",
        library_machine: "i386",
        target: None,
    },
    Toolchain {
        name: "clang",
        machine: "x64",
        compiler: "clang",
        library_tool: "llvm-dlltool",
        library_machine: "i386:x86-64",
        target: Some("x86_64-pc-windows-msvc"),
    },
    Toolchain {
        name: "clang",
        machine: "x86",
        compiler: "clang",
        library_tool: "llvm-dlltool",
        library_machine: "i386",
        target: Some("i686-pc-windows-msvc"),
    },
    Toolchain {
        name: "clang",
        machine: "arm64",
        compiler: "clang",
        library_tool: "llvm-dlltool",
        library_machine: "arm64",
        target: Some("aarch64-pc-windows-msvc"),
    },
];

/// The folder of the sources.
pub fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("drivers")
}

/// What the head of a source states.
pub fn truth_of(text: &str) -> Truth {
    let mut truth = Truth::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["//", "tag", tag, grades] => {
                let grades = grades.split('|').map(str::to_owned).collect();
                truth.tags.insert((*tag).to_owned(), grades);
            }
            ["//", "freed", tag] => truth.freed.push((*tag).to_owned()),
            ["//", "only", toolchain] => truth.only = Some((*toolchain).to_owned()),
            ["//", "decoy", tag] => truth.decoys.push((*tag).to_owned()),
            _ => {}
        }
    }
    truth
}

/// Compiles every source with every installed compiler into `folder`. The second list names the compilers that
/// are not installed.
///
/// # Errors
/// When a file cannot be written, or a compiler that is installed fails: its message.
pub fn compile_all(levels: &[&str], folder: &Path) -> io::Result<(Vec<Driver>, Vec<String>)> {
    let mut sources: Vec<PathBuf> =
        fs::read_dir(source_folder())?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c" || extension == "S"));
    sources.sort();
    compile_with_all(&sources, levels, folder)
}

/// Compiles one source with every installed compiler, as [`compile_all`] does.
///
/// # Errors
/// As [`compile_all`].
pub fn compile_file(source: &Path, levels: &[&str], folder: &Path) -> io::Result<(Vec<Driver>, Vec<String>)> {
    compile_with_all(&[source.to_path_buf()], levels, folder)
}

fn compile_with_all(
    sources: &[PathBuf],
    levels: &[&str],
    folder: &Path,
) -> io::Result<(Vec<Driver>, Vec<String>)> {
    let mut missing = Vec::new();
    let mut jobs = Vec::new();
    for toolchain in TOOLCHAINS {
        let needed = [toolchain.compiler, toolchain.library_tool];
        let linker = toolchain.target.map(|_| "lld-link");
        let absent: Vec<&str> = needed.into_iter().chain(linker).filter(|tool| !installed(tool)).collect();
        if !absent.is_empty() {
            missing.push(format!("{} {} ({})", toolchain.name, toolchain.machine, absent.join(", ")));
            continue;
        }
        let libraries = import_libraries(toolchain, folder)?;
        for source in sources {
            let only = truth_of(&fs::read_to_string(source)?).only;
            if only.is_some_and(|only| only != format!("{}-{}", toolchain.name, toolchain.machine)) {
                continue;
            }
            // An assembler optimises nothing.
            let assembly = source.extension().is_some_and(|extension| extension == "S");
            let levels = if assembly { levels.get(..1).unwrap_or(levels) } else { levels };
            for &level in levels {
                jobs.push((toolchain, source.clone(), level, libraries.clone()));
            }
        }
    }
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let chunk = jobs.len().div_ceil(workers).max(1);
    let parts: Vec<io::Result<Vec<Driver>>> = std::thread::scope(|scope| {
        let handles: Vec<_> = jobs
            .chunks(chunk)
            .map(|jobs| {
                scope.spawn(move || {
                    jobs.iter()
                        .map(|(toolchain, source, level, libraries)| {
                            compile(toolchain, source, level, libraries, folder)
                        })
                        .collect()
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|_| Err(io::Error::other("a compile job panicked"))))
            .collect()
    });
    let mut drivers = Vec::new();
    for part in parts {
        drivers.extend(part?);
    }
    drivers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((drivers, missing))
}

fn installed(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok()
}

fn checked(output: io::Result<Output>, what: &str) -> io::Result<()> {
    let output = output?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{what}: {text}")))
}

/// Makes an import library a section of `imports.def`.
fn import_libraries(toolchain: &Toolchain, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let table = fs::read_to_string(source_folder().join("imports.def"))?;
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with(';')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            groups.push((name.to_owned(), Vec::new()));
        } else if let (Some((name, words)), Some(group)) = (line.split_once(' '), groups.last_mut()) {
            // stdcall names carry the bytes they pop; the import itself does not.
            let decorated = match words.parse::<u32>() {
                Ok(words) if toolchain.machine == "x86" => format!("{name}@{}", words * 4),
                _ => name.to_owned(),
            };
            group.1.push(decorated);
        }
    }
    let mut libraries = Vec::new();
    for (library, names) in groups {
        let stem = format!("{}-{}-{library}", toolchain.name, toolchain.machine);
        let (definition, archive) = (folder.join(format!("{stem}.def")), folder.join(format!("{stem}.lib")));
        fs::write(&definition, format!("LIBRARY {library}\nEXPORTS\n{}\n", names.join("\n")))?;
        let mut command = Command::new(toolchain.library_tool);
        command.arg("-d").arg(&definition).arg("-l").arg(&archive).args(["-m", toolchain.library_machine]);
        if toolchain.machine == "x86" {
            command.arg("-k");
        }
        checked(command.output(), &stem)?;
        libraries.push(archive);
    }
    Ok(libraries)
}

fn compile(
    toolchain: &Toolchain,
    source: &Path,
    level: &str,
    libraries: &[PathBuf],
    folder: &Path,
) -> io::Result<Driver> {
    let stem = source.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = format!("{stem}.{}-{}{level}.sys", toolchain.name, toolchain.machine);
    let path = folder.join(&name);
    let narrow = toolchain.machine == "x86";
    let mut command = Command::new(toolchain.compiler);
    command.args([level, "-ffreestanding", "-w", "-I"]).arg(source_folder()).arg(source);
    if let Some(target) = toolchain.target {
        let object = folder.join(format!("{name}.obj"));
        command.arg(format!("--target={target}")).args(["-mno-stack-arg-probe", "-c", "-o"]).arg(&object);
        checked(command.output(), &name)?;
        let entry = if narrow { "/entry:DriverEntry@8" } else { "/entry:DriverEntry" };
        let mut link = Command::new("lld-link");
        link.args(["/driver", "/subsystem:native", "/nodefaultlib", "/safeseh:no", entry]);
        link.arg(format!("/out:{}", path.display())).arg(&object).args(libraries);
        checked(link.output(), &name)?;
    } else {
        let entry = if narrow { "-Wl,-e,_DriverEntry@8" } else { "-Wl,-e,DriverEntry" };
        command.args(["-nostdlib", "-shared", "-Wl,--subsystem,native", entry, "-o"]).arg(&path);
        command.args(libraries);
        checked(command.output(), &name)?;
    }
    let truth = truth_of(&fs::read_to_string(source)?);
    Ok(Driver { path, name, source: stem, machine: toolchain.machine, truth })
}
