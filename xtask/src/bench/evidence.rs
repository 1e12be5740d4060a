//! Generates big evidence files for the measurements. Sizes and layouts are real; the content is plain noise.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// A folder of generated evidence, removed when dropped.
pub struct Scratch {
    /// Where it is.
    pub folder: PathBuf,
}

impl Scratch {
    /// Makes an empty folder for one measurement.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("poolscope-bench-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing can be done about a folder that does not go away.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Numbers that look alike on every run.
struct Noise(u64);

impl Noise {
    /// The next number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Writes an HTTPERR log of about `bytes` bytes, one row in a thousand a refusal.
pub fn httperr(path: &Path, bytes: u64) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut noise = Noise(1);
    let mut written = 0;
    let mut second = 0_u64;
    let mut line = String::new();
    while written < bytes {
        line.clear();
        if second.is_multiple_of(200_000) {
            line.push_str("#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-01-01 00:00:00\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n");
        }
        // Ten rows a second, over some weeks.
        let at = second / 10;
        let (day, of_day) = (at / 86_400, at % 86_400);
        let date = format_args!("2026-{:02}-{:02}", 1 + day / 28, 1 + day % 28).to_string();
        let time = format!("{:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60);
        if noise.below(1_000) == 0 {
            line.push_str(&format!(
                "{date} {time} - - - - - - - - - {}_Connections_Refused -\r\n",
                1 + noise.below(60)
            ));
        } else {
            let (client, port, item) = (noise.below(250), 1_024 + noise.below(60_000), noise.below(90_000));
            let tail = match noise.below(4) {
                0 => "- 1 Timer_ConnectionIdle -",
                1 => "503 1 QueueFull ShopPool",
                2 => "- 1 Connection_Abandoned_By_ReqQueue ShopPool",
                _ => "400 - URL -",
            };
            line.push_str(&format!(
                "{date} {time} 10.1.7.{client} {port} 192.0.2.9 443 HTTP/1.1 GET /shop/item.aspx?id={item} {tail}\r\n"
            ));
        }
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
        second += 1;
    }
    Ok(out.flush()?)
}

/// Writes a perfmon CSV: Memory totals and `Process(*)` counters, a sample every 15 seconds.
pub fn pdh_csv(path: &Path, columns: usize, rows: u64) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    write!(out, "\"(PDH-CSV 4.0) (Greenwich Standard Time)(0)\"")?;
    let totals = ["Pool Nonpaged Bytes", "Pool Paged Bytes", "Available MBytes", "Committed Bytes"];
    let per_process = ["Handle Count", "Pool Nonpaged Bytes", "Private Bytes", "% Processor Time"];
    for column in 0..columns {
        match totals.get(column) {
            Some(counter) => write!(out, ",\"\\\\WEB04\\Memory\\{counter}\"")?,
            None => {
                let (process, counter) =
                    (column / per_process.len(), per_process[column % per_process.len()]);
                write!(out, ",\"\\\\WEB04\\Process(worker#{process})\\{counter}\"")?;
            }
        }
    }
    write!(out, "\r\n")?;
    let mut noise = Noise(2);
    for row in 0..rows {
        let at = row * 15;
        let (day, of_day) = (at / 86_400, at % 86_400);
        write!(
            out,
            "\"01/{:02}/2026 {:02}:{:02}:{:02}.{:03}\"",
            1 + day,
            of_day / 3_600,
            of_day / 60 % 60,
            of_day % 60,
            noise.below(1_000)
        )?;
        for column in 0..columns {
            if column % 4 == 3 {
                write!(out, ",\"{}.{:014}\"", noise.below(100), noise.below(1 << 31) * 4_000)?;
            } else {
                write!(out, ",\"{}\"", 1_000 * (column as u64 + 1) + noise.below(1_000_000))?;
            }
        }
        write!(out, "\r\n")?;
    }
    Ok(out.flush()?)
}

/// Writes `snapshots` poolmon snapshots of `tags` tags each, one file a snapshot, every five minutes; gives
/// their paths and their size together.
pub fn poolmon(folder: &Path, snapshots: u64, tags: u64) -> anyhow::Result<(Vec<PathBuf>, u64)> {
    let mut paths = Vec::new();
    let mut bytes = 0;
    let mut noise = Noise(3);
    for snapshot in 0..snapshots {
        let minute = snapshot * 5;
        let (day, of_day) = (minute / 1_440, minute % 1_440);
        let name =
            format!("2026-{:02}-{:02}_{:02}{:02}.log", 1 + day / 28, 1 + day % 28, of_day / 60, of_day % 60);
        let mut text = format!(
            " Memory:16468560K Avail:12072536K  PageFlts:{}   InRam Krnl:56708K P:950888K\r\n Commit:4100436K Limit:17517136K Peak:11685564K            Pool N:{}K P:983564K\r\n\r\n Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc\r\n\r\n",
            snapshot * 40_000,
            710_920 + snapshot
        );
        for tag in 0..tags {
            let letters: String = [tag / 676 % 26, tag / 26 % 26, tag % 26]
                .iter()
                .map(|&at| char::from(b'a' + at as u8))
                .collect();
            let pool = if tag % 2 == 0 { "Nonp" } else { "Paged" };
            let outstanding = 40 + tag % 90 + noise.below(20) + if tag == 77 { snapshot * 11 } else { 0 };
            let frees = snapshot * (100 + tag % 50) + 1_000;
            let each = 16 + 8 * (tag % 200);
            text.push_str(&format!(
                " P{letters} {pool:<5}{:>10}{frees:>10}{outstanding:>10}{:>10}{each:>11}\r\n",
                frees + outstanding,
                outstanding * each
            ));
        }
        bytes += text.len() as u64;
        let path = folder.join(name);
        fs::write(&path, text)?;
        paths.push(path);
    }
    Ok((paths, bytes))
}
