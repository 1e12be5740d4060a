//! Writes poolmon listings in the layouts of the field, from the layout descriptions.
//!
//! Numbers are printed as given: a writer never repairs a contradiction.

use std::fmt::Write as _;

/// One row as poolmon would print it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Row<'a> {
    /// The tag, blanks included.
    pub tag: &'a str,
    /// Nonpaged or paged pool.
    pub nonpaged: bool,
    /// Allocs.
    pub allocs: u64,
    /// Frees.
    pub frees: u64,
    /// Diff.
    pub diff: i64,
    /// Bytes.
    pub bytes: u64,
    /// The text of Mapped_Driver, brackets included.
    pub driver: &'a str,
}

impl<'a> Row<'a> {
    /// A row whose Diff is what Allocs and Frees give.
    pub fn new(tag: &'a str, nonpaged: bool, allocs: u64, frees: u64, bytes: u64) -> Self {
        let diff = allocs as i64 - frees as i64;
        Self { tag, nonpaged, allocs, frees, diff, bytes, driver: "Unknown Driver" }
    }

    fn kind(&self) -> &'static str {
        if self.nonpaged { "Nonp" } else { "Paged" }
    }

    fn per_alloc(&self) -> u64 {
        if self.diff <= 0 { 0 } else { self.bytes / self.diff as u64 }
    }
}

/// The numbers of the two head lines, in KB.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Head {
    /// Physical memory.
    pub total_kb: u64,
    /// Available memory.
    pub avail_kb: u64,
    /// Commit charge.
    pub commit_kb: u64,
    /// Commit limit.
    pub limit_kb: u64,
    /// Peak commit.
    pub peak_kb: u64,
    /// Nonpaged pool.
    pub nonpaged_kb: u64,
    /// Paged pool.
    pub paged_kb: u64,
}

impl Head {
    /// The two lines; `blank` stands after each colon.
    fn lines(&self, blank: &str) -> String {
        format!(
            " Memory:{blank}{}K Avail:{blank}{}K  PageFlts:{blank}468600648   InRam Krnl:{blank}56708K P:{blank}950888K\r\n \
             Commit:{blank}{}K Limit:{blank}{}K Peak:{blank}{}K            Pool N:{blank}{}K P:{blank}{}K\r\n",
            self.total_kb,
            self.avail_kb,
            self.commit_kb,
            self.limit_kb,
            self.peak_kb,
            self.nonpaged_kb,
            self.paged_kb
        )
    }
}

/// One run of `poolmon -n`.
pub fn snapshot(head: &Head, rows: &[Row<'_>]) -> String {
    let mut out = head.lines("");
    out.push_str("\r\n Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc\r\n\r\n");
    for row in rows {
        let _ = write!(
            out,
            " {:4} {:5}{:>11}{:>10}{:>10}{:>10}{:>11}\r\n",
            row.tag,
            row.kind(),
            row.allocs,
            row.frees,
            row.diff,
            row.bytes,
            row.per_alloc()
        );
    }
    out
}

/// One run of `poolmon -n -g` of a 64-bit build: wide columns and Mapped_Driver.
pub fn snapshot_wide(head: &Head, rows: &[Row<'_>]) -> String {
    let mut out = head.lines(" ");
    out.push_str(
        " Tag  Type     Allocs            Frees               Diff            Bytes                 Per Alloc       Mapped_Driver\r\n\r\n",
    );
    for row in rows {
        let _ = write!(
            out,
            " {:4} {:5}{:>20}{:>19}{:>18}{:>18}{:>18}        {}\r\n",
            row.tag,
            row.kind(),
            row.allocs,
            row.frees,
            row.diff,
            row.bytes,
            row.per_alloc(),
            row.driver
        );
    }
    out
}

/// A live screen of the 32-bit width with deltas; `third` stands on the third head line if not empty.
pub fn screen(head: &Head, third: &str, rows: &[Row<'_>]) -> String {
    let mut out = head.lines(" ");
    if !third.is_empty() {
        let _ = write!(out, " {third}\r\n");
    }
    out.push_str(
        " Tag  Type     Allocs            Frees            Diff   Bytes      Per Alloc  Mapped_Driver\r\n\r\n",
    );
    for row in rows {
        let _ = write!(
            out,
            " {:4} {:5}{:>10} ({:>4}){:>10} ({:>4}){:>8}{:>10} ({:>6}){:>8} {}\r\n",
            row.tag,
            row.kind(),
            row.allocs,
            3,
            row.frees,
            -1,
            row.diff,
            row.bytes,
            -640,
            row.per_alloc(),
            row.driver
        );
    }
    out
}

/// What a chat window makes of a listing: runs of blanks become one, leading blanks go.
pub fn collapsed(listing: &str) -> String {
    let lines = listing.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The CSV that Microsoft's TSS makes of a listing.
pub fn csv_tss(rows: &[Row<'_>]) -> String {
    let mut out = String::from("tag,type,allocs,frees,diff,bytes,perAlloc\r\n");
    for row in rows {
        let _ = write!(
            out,
            "{},{},{},{},{},{},{}\r\n",
            row.tag,
            row.kind(),
            row.allocs,
            row.frees,
            row.diff,
            row.bytes,
            row.per_alloc()
        );
    }
    out
}

/// The CSV of PowerShell scripts: all cells quoted, one time per row. `head` writes the head line.
pub fn csv_quoted(time: &str, rows: &[Row<'_>], head: bool) -> String {
    let mut out = String::new();
    if head {
        out.push_str(
            "\"DateTime\",\"Tag\",\"PagedType\",\"Allocs\",\"Frees\",\"Diff\",\"Bytes\",\"PerAlloc\"\r\n",
        );
    }
    for row in rows {
        let _ = write!(
            out,
            "\"{time}\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\"\r\n",
            row.tag,
            row.kind(),
            row.allocs,
            row.frees,
            row.diff,
            row.bytes,
            row.per_alloc()
        );
    }
    out
}

/// Tab rows without a head line: owner, tag, type, five figures, a rate.
pub fn tab_rows(rows: &[Row<'_>]) -> String {
    let mut out = String::new();
    for row in rows {
        let _ = writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{:.2}",
            row.driver,
            row.tag,
            row.kind(),
            row.allocs,
            row.frees,
            row.diff,
            row.bytes,
            row.per_alloc(),
            1.5
        );
    }
    out
}

/// A Markdown table of an issue tracker.
pub fn markdown(rows: &[Row<'_>]) -> String {
    let mut out = String::from("| Tag | Type | Bytes | Outstanding |\n|---|:--|--:|--:|\n");
    for row in rows {
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", row.tag, row.kind(), grouped(row.bytes), row.diff);
    }
    out
}

/// One field a line.
pub fn fields(rows: &[Row<'_>]) -> String {
    let mut out = String::new();
    for row in rows {
        let _ = writeln!(
            out,
            "Tag: {}\nType: {}\nAllocs: {}\nFrees: {}\nDiff: {}\nBytes: {}\nPer Alloc: {}\n",
            row.tag,
            row.kind(),
            grouped(row.allocs),
            grouped(row.frees),
            row.diff,
            grouped(row.bytes),
            row.per_alloc()
        );
    }
    out
}

/// Digits in groups of three.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// PowerShell's `>`: UTF-16 with a byte-order mark.
pub fn utf16(text: &str) -> Vec<u8> {
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}
