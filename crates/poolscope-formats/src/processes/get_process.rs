//! PowerShell `Get-Process` as a table or CSV, and `wmic process` as CSV: columns by their property names,
//! which are the same in every language. Several tables in one text are several moments, each with the time that
//! stands above it; a column that a script adds for the time says so of every row.

use super::{ProcessListing, Taken};
use crate::columns::Ruler;
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::ProcessFact;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_LISTING_ROWS;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::text::for_each_line;
use crate::{month_names, number};

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Name,
    Pid,
    Handles,
    Threads,
    Session,
    /// Processor time: the one column that may be empty.
    Cpu,
    /// Bytes times the factor.
    Nonpaged(u64),
    Paged(u64),
    /// When the row was written.
    When,
    /// Another number: memory in several units.
    Number,
    Other,
}

fn column(head: &str) -> Column {
    match head.trim().to_ascii_lowercase().as_str() {
        "processname" | "name" | "imagename" => Column::Name,
        "id" | "processid" | "pid" => Column::Pid,
        "handles" | "handlecount" => Column::Handles,
        "threadcount" => Column::Threads,
        "si" | "sessionid" => Column::Session,
        "cpu" | "cpu(s)" => Column::Cpu,
        "npm(k)" => Column::Nonpaged(1_024),
        "npm" | "nonpagedsystemmemorysize" | "nonpagedsystemmemorysize64" => Column::Nonpaged(1),
        "pagedsystemmemorysize" | "pagedsystemmemorysize64" => Column::Paged(1),
        "time" | "date" | "datetime" | "timestamp" | "sampled" | "sampletime" | "when" | "taken"
        | "collected" | "snapshot" => Column::When,
        "pm(k)" | "ws(k)" | "vm(m)" | "pm(m)" | "ws(m)" | "npm(m)" | "vm(k)" => Column::Number,
        _ => Column::Other,
    }
}

/// A head line is one of processes if it names the process, and its id or its handles.
fn is_head(columns: &[Column]) -> bool {
    columns.contains(&Column::Name) && (columns.contains(&Column::Pid) || columns.contains(&Column::Handles))
}

/// Which shape the rows have.
enum Shape {
    Table(Ruler),
    Csv,
}

#[derive(Default)]
struct Reader {
    parsed: Option<Parsed<ProcessListing>>,
    /// Tables above the one that takes rows.
    done: Vec<ProcessListing>,
    open: Option<(Shape, Vec<Column>)>,
    previous: String,
    /// A time that waits for its table.
    pending: Option<Taken>,
    /// The last command line chose some of the processes.
    chosen: bool,
}

impl Reader {
    fn line(&mut self, number: u64, line: &str) {
        let place = Place::Line(number);
        if let Some(ruler) = Ruler::of(line, 2).filter(|_| line.contains("--")) {
            let columns: Vec<Column> = ruler.align(&self.previous).into_iter().map(column).collect();
            if is_head(&columns) {
                self.begin(Shape::Table(ruler), columns);
            } else {
                self.open = None;
            }
        } else if let Some(columns) = csv_head(line) {
            self.begin(Shape::Csv, columns);
        } else if let Some(command) = command(line) {
            self.chosen = chooses(command);
        } else if let Some(taken) = time_line(line).filter(|_| !self.is_timed_row(line)) {
            self.pending = Some(taken);
        } else if !line.trim().is_empty() {
            self.row(place, line);
        }
        self.previous.clear();
        self.previous.push_str(line);
    }

    /// True for a row of a table that holds its time in a column.
    fn is_timed_row(&self, line: &str) -> bool {
        let timed = |(shape, columns): &(Shape, Vec<Column>)| {
            matches!(shape, Shape::Csv) && columns.contains(&Column::When)
        };
        self.open.as_ref().is_some_and(timed) && line.contains(',')
    }

    /// A head: the next rows are of another moment.
    fn begin(&mut self, shape: Shape, columns: Vec<Column>) {
        self.open = Some((shape, columns));
        let parsed = self.parsed.get_or_insert_with(|| Parsed::new(ProcessListing::default()));
        if !parsed.value.processes.is_empty() && self.done.len() < MAX_LISTING_ROWS {
            self.done.push(std::mem::take(&mut parsed.value));
        }
        parsed.value.taken = self.pending.take();
        parsed.value.chosen = self.chosen;
    }

    fn row(&mut self, place: Place, line: &str) {
        let (Some((shape, columns)), Some(parsed)) = (&self.open, &mut self.parsed) else { return };
        let cells = match shape {
            Shape::Table(ruler) => table_cells(ruler, columns, line),
            Shape::Csv => cells(line),
        };
        let mut process = ProcessFact::named(place, "");
        let mut when = None;
        for (column, cell) in columns.iter().zip(&cells) {
            let value = number::grouped(cell);
            match column {
                Column::Name => cell.trim().clone_into(&mut process.name),
                Column::Pid => process.pid = value,
                Column::Handles => process.handles = value,
                Column::Threads => process.threads = value,
                Column::Session => process.session = value,
                Column::Nonpaged(factor) => {
                    process.nonpaged_quota_bytes = value.map(|v| v.saturating_mul(*factor))
                }
                Column::Paged(factor) => process.paged_quota_bytes = value.map(|v| v.saturating_mul(*factor)),
                Column::When => when = month_names::find_any(cell),
                Column::Cpu | Column::Number | Column::Other => {}
            }
        }
        let numbered = process.pid.is_some() || process.handles.is_some();
        if process.name.is_empty() || !numbered {
            // The head of the next table of a series stands between two tables.
            if !is_head(&line.split_whitespace().map(column).collect::<Vec<_>>()) {
                parsed.bad(
                    place,
                    format!(
                        "expected a process of Get-Process, found `{}`",
                        line.trim().chars().take(60).collect::<String>()
                    ),
                );
            }
            return;
        }
        let taken = when.map(|(spelled, zone, _)| Taken { spelled, zone, inside: true });
        if taken.is_some() && taken != parsed.value.taken {
            if !parsed.value.processes.is_empty() && self.done.len() < MAX_LISTING_ROWS {
                let chosen = parsed.value.chosen;
                self.done.push(std::mem::take(&mut parsed.value));
                parsed.value.chosen = chosen;
            }
            parsed.value.taken = taken;
        }
        super::push(parsed, process);
    }

    fn finish(self) -> Option<Parsed<ProcessListing>> {
        Some(self.parsed?.map(|last| super::joined(self.done, last)))
    }
}

/// The cells of a row. Numbers that push each other out of their columns are told by their order: all columns
/// before the name hold numbers, and only that of the processor time may be empty.
fn table_cells(ruler: &Ruler, columns: &[Column], line: &str) -> Vec<String> {
    let aligned = || ruler.align(line).into_iter().map(str::to_owned).collect();
    let before = columns.len().saturating_sub(1);
    if columns.last() != Some(&Column::Name) || columns.iter().take(before).any(|c| *c == Column::Other) {
        return aligned();
    }
    let is_number = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_digit() || ",.'\u{a0}\u{202f}".contains(c))
    };
    let mut numbers: Vec<&str> = Vec::new();
    let mut rest = line.trim();
    while numbers.len() < before
        && let Some((word, tail)) = rest.split_once(' ').filter(|(word, _)| is_number(word))
    {
        numbers.push(word);
        rest = tail.trim_start();
    }
    let cpu = columns.iter().position(|c| *c == Column::Cpu);
    if numbers.len() + 1 == before
        && let Some(cpu) = cpu
    {
        numbers.insert(cpu, "");
    }
    if numbers.len() != before || rest.is_empty() {
        return aligned();
    }
    numbers.into_iter().chain([rest]).map(str::to_owned).collect()
}

/// The command of a copied prompt: `PS C:\> Get-Process`, `C:\>powershell ...`.
fn command(line: &str) -> Option<&str> {
    let (prompt, command) = line.trim_start().split_once('>')?;
    let path = prompt.strip_prefix("PS ").unwrap_or(prompt);
    let is_prompt = path.get(1..3) == Some(":\\") && path.len() < 260;
    is_prompt.then(|| command.trim())
}

/// Whether a command keeps some of the processes only.
fn chooses(command: &str) -> bool {
    let lower = command.to_ascii_lowercase();
    let stages = lower.split(['|', ';']).map(str::trim);
    stages.into_iter().any(|stage| {
        let mut words = stage.split_whitespace();
        match words.next() {
            Some("select" | "select-object") => {
                // `-f`, `-first`, `-l`, `-last`, `-sk`, `-skip`, `-u`, `-unique`, `-index`
                words.any(|word| {
                    let option = word.strip_prefix('-').unwrap_or("");
                    !option.is_empty()
                        && ["first", "last", "skip", "unique", "index"].iter().any(|o| o.starts_with(option))
                })
            }
            Some(
                "where" | "where-object" | "?" | "head" | "tail" | "more" | "findstr" | "find"
                | "select-string",
            ) => true,
            // A process asked for by its name or number.
            Some("get-process" | "ps" | "gps") => words.next().is_some_and(|word| {
                !word.starts_with('-') || "-name".starts_with(word) || "-id".starts_with(word)
            }),
            _ => false,
        }
    })
}

/// A line that is little more than a date and time of day.
fn time_line(line: &str) -> Option<Taken> {
    /// Longer lines are prose, or rows.
    const MOST_BYTES: usize = 100;
    /// Letters beside the date that are no weekday and label.
    const MOST_OTHER_LETTERS: usize = 24;
    if line.len() > MOST_BYTES {
        return None;
    }
    let (spelled, zone, range) = month_names::find_any(line)?;
    let (before, after) = (line.get(..range.start)?, line.get(range.end..)?);
    let other = before.chars().chain(after.chars());
    (other.filter(|c| c.is_alphanumeric()).count() <= MOST_OTHER_LETTERS
        && !before.contains(|c: char| c.is_ascii_digit()))
    .then_some(Taken { spelled, zone, inside: true })
}

fn csv_head(line: &str) -> Option<Vec<Column>> {
    // Asked of every line of every text: most are ruled out before a reader is made.
    if !line.contains(',') {
        return None;
    }
    let columns: Vec<Column> = cells(line).iter().map(|cell| column(cell)).collect();
    is_head(&columns).then_some(columns)
}

/// The cells of one line of CSV; PowerShell quotes all of them, wmic none.
fn cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Reads a process table of PowerShell or WMI.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a head that names processes; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<ProcessListing>, FormatError> {
    let mut reader = Reader::default();
    for_each_line(input, |number, line| {
        reader.line(number, line);
        Ok(())
    })?;
    match reader.finish() {
        Some(parsed) => Ok(parsed),
        None => {
            let head = read_vec(input, 0, 40)?;
            Err(FormatError::not_this(
                "a Get-Process table",
                Place::Whole,
                "a head with ProcessName and Id or Handles",
                &head,
            ))
        }
    }
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(
    input: &dyn ReadAt,
    context: &ParseContext,
) -> Result<Parsed<Records>, FormatError> {
    Ok(super::timed(parse(input)?, context).map(Records::Processes))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let mut previous = "";
    for line in head.lines().take(200) {
        if let Some(ruler) = Ruler::of(line, 2) {
            let columns: Vec<Column> = ruler.align(previous).into_iter().map(column).collect();
            if is_head(&columns) {
                return Some(Likelihood::Likely);
            }
        } else if let Some(columns) = csv_head(line)
            && (line.contains("rocess")
                || columns.contains(&Column::Pid) && columns.contains(&Column::Handles))
        {
            return Some(Likelihood::Likely);
        }
        previous = line;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Handles  NPM(K)     PM(K)      WS(K)    CPU(s)    Id  SI ProcessName\n\
                        -------  ------     -----      -----    ------    --  -- -----------\n";

    fn read(text: &str) -> Parsed<ProcessListing> {
        parse(&text.as_bytes()).unwrap()
    }

    #[test]
    fn numbers_out_of_their_columns_are_told_by_their_order() {
        let listing = read(&format!(
            "{HEAD}  16914       0       196        140  51,833.20     4   0 System\n\
             \x20 11820    1904  98913312   97220408 812,440.91  3788   0 sqlservr\n\
             \x20     0      12      3100      90112              2260   0 Memory Compression\n"
        ))
        .value;
        let rows: Vec<_> =
            listing.processes.iter().map(|p| (p.name.as_str(), p.pid, p.handles, p.session)).collect();
        assert_eq!(
            rows,
            [
                ("System", Some(4), Some(16_914), Some(0)),
                ("sqlservr", Some(3_788), Some(11_820), Some(0)),
                ("Memory Compression", Some(2_260), Some(0), Some(0)),
            ]
        );
    }

    #[test]
    fn tables_below_each_other_are_moments_with_their_times() {
        let row = "   4110       0       132        120  22,110.00     4   0 System\n";
        let text = format!(
            "PS C:\\> Get-Date; ps | sort Handles -d | select -f 8\n\n09 June 2026 09:03:11\n\n{HEAD}{row}\n\n\
             Monday, October 5, 2026 8:14:09 AM\n\n{HEAD}{row}{row}\nPS C:\\> Get-Process\n{HEAD}{row}"
        );
        let parsed = read(&text);
        assert_eq!(parsed.coverage.bad_records, 0, "{:?}", parsed.notes);
        let all = [&parsed.value].into_iter().chain(&parsed.value.later);
        let shape: Vec<_> = all
            .map(|l| (l.processes.len(), l.taken.map(|t| t.spelled.in_order(true).to_string()), l.chosen))
            .collect();
        assert_eq!(
            shape,
            [
                (1, Some("2026-06-09 09:03:11".to_owned()), true),
                (2, Some("2026-10-05 08:14:09".to_owned()), true),
                (1, None, false),
            ]
        );
    }

    #[test]
    fn a_column_of_times_tells_moments_apart() {
        let listing = read(
            "\"Sampled\",\"Name\",\"Id\",\"Handles\",\"NPM(K)\"\n\
             \"07/10/2026 06:03:00\",\"System\",\"4\",\"5120\",\"276\"\n\
             \"07/10/2026 06:03:00\",\"agent\",\"5316\",\"80909\",\"4065\"\n\
             \"07/10/2026 07:03:00\",\"agent\",\"5316\",\"90298\",\"4534\"\n",
        )
        .value;
        assert_eq!((listing.processes.len(), listing.later.len()), (2, 1));
        assert_eq!(listing.later[0].processes[0].handles, Some(90_298));
        let time = listing.later[0].taken.unwrap().spelled.in_order(false).to_string();
        assert_eq!(time, "2026-10-07 07:03:00");
    }

    #[test]
    fn commands_that_choose() {
        for command in [
            "ps | sort Handles -desc | select -first 12 | ft -a",
            "Get-Process | Select-Object -F 8",
            "Get-Process | ? Handles -gt 1000",
            "get-process | head -20",
            "Get-Process w3wp",
            "gps -Name svchost",
            "Get-Process | more",
        ] {
            assert!(chooses(command), "{command}");
        }
        for command in
            ["Get-Process", "date; ps | sort Handles", "Get-Process | select Name, Id, Handles", "ps | ft -a"]
        {
            assert!(!chooses(command), "{command}");
        }
    }

    #[test]
    fn a_whole_listing_has_what_every_windows_runs() {
        let rows = |names: &[&str]| -> String {
            names.iter().enumerate().map(|(at, n)| format!(" 10 1 1 1 1.00 {} 0 {n}\n", at + 8)).collect()
        };
        let whole = ["System", "smss", "csrss", "services", "lsass", "svchost", "svchost", "svchost"];
        assert!(read(&format!("{HEAD}{}", rows(&whole))).value.is_whole());
        assert!(!read(&format!("{HEAD}{}", rows(&whole[1..]))).value.is_whole());
        assert!(!read(&format!("{HEAD}{}", rows(&["System", "svchost", "agent"]))).value.is_whole());
        assert!(!read(&format!("PS C:\\> ps | select -f 6\n{HEAD}{}", rows(&whole))).value.is_whole());
    }
}
