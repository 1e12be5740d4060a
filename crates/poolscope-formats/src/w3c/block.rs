//! Scans a run of whole lines of one W3C log.

use super::clock::{Clock, next_day_if_past_midnight, read_day, read_time_of_day};
use super::columns::{Columns, MAX_COLUMNS, find_blanks};
use super::{Seen, W3cFormat};
use crate::limits::{MAX_KEPT_NOTES, MAX_W3C_LINE_BYTES, MAX_W3C_STARTS};
use crate::time::{Time, parse_iso};

/// A fall of the clock over this many microseconds is noted. http.sys gathers rows of several processors,
/// which may stand seconds out of order.
const NOTED_STEP_BACK: i64 = 60_000_000;

/// One row, cut at its blanks.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    bytes: &'a [u8],
    /// Places of blanks, of those after the first `skipped`.
    blanks: &'a [u32],
    skipped: usize,
    /// When, and on which line (1-based within the block).
    pub seen: Seen,
    /// Start of the minute.
    pub minute: Time,
}

impl<'a> Row<'a> {
    /// The bytes of a column between [`Columns::first`] and [`Columns::last`]; `None` if the row is shorter.
    pub fn field(&self, column: usize) -> Option<&'a [u8]> {
        let start = match column.checked_sub(1) {
            None => 0,
            Some(before) => *self.blanks.get(before.checked_sub(self.skipped)?)? as usize + 1,
        };
        let end = self.blanks.get(column.checked_sub(self.skipped)?);
        self.bytes.get(start..end.map_or(self.bytes.len(), |blank| *blank as usize))
    }

    /// The bytes of the column right behind one that [`Row::field`] knows; cut out of the line anew, for columns that
    /// few rows are asked for.
    pub fn behind(&self, column: usize) -> Option<&'a [u8]> {
        let end = *self.blanks.get(column.checked_sub(self.skipped)?)? as usize;
        self.bytes.get(end + 1..)?.split(|byte| *byte == b' ').next()
    }
}

/// How the rows from here on are laid out.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Layout<C> {
    /// No `#Fields` yet: each row must show its own layout.
    Unstated,
    /// As the last `#Fields` says.
    Stated(Columns<C>),
    /// The last `#Fields` lacks a column that is needed: rows must show their own layout.
    Useless,
}

/// What a block needs to know of the lines before it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct State<C> {
    pub layout: Layout<C>,
    /// The day of `#Date`, where rows have no date of their own.
    pub day: Option<Time>,
    /// The last time of day under it, in microseconds.
    pub time_of_day: i64,
}

impl<C> State<C> {
    pub fn at_start() -> Self {
        Self { layout: Layout::Unstated, day: None, time_of_day: 0 }
    }
}

/// A note on a line of the block.
#[derive(Debug)]
pub(super) struct Problem {
    pub line: u64,
    pub text: String,
}

/// What a block held. Lines are 1-based within it.
#[derive(Debug)]
pub(super) struct Scanned<F: W3cFormat> {
    pub tally: F::Tally,
    pub exit: State<F::Fields>,
    pub lines: u64,
    pub rows: u64,
    pub bad: u64,
    pub problems: Vec<Problem>,
    pub problems_dropped: u64,
    pub starts: Vec<Seen>,
    /// The first row's time and line, to see a clock that fell between blocks.
    pub head: Option<Seen>,
    pub tail: Option<Time>,
    pub earliest: Option<Time>,
    pub latest: Option<Time>,
}

/// Scans the lines of `bytes`, which come after lines that left `entry`.
pub(super) fn scan_block<F: W3cFormat>(bytes: &[u8], entry: &State<F::Fields>) -> Scanned<F> {
    let mut scan = Scan::<F> {
        clock: Clock::new(),
        blanks: [0; MAX_COLUMNS],
        state: entry.clone(),
        out: Scanned {
            tally: F::tally(),
            exit: State::at_start(),
            lines: 0,
            rows: 0,
            bad: 0,
            problems: Vec::new(),
            problems_dropped: 0,
            starts: Vec::new(),
            head: None,
            tail: None,
            earliest: None,
            latest: None,
        },
    };
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes).chain(std::iter::once(bytes.len())) {
        let Some(line) = bytes.get(start..end) else { break };
        start = end + 1;
        if end == bytes.len() && line.is_empty() {
            break;
        }
        scan.out.lines += 1;
        scan.line(line.strip_suffix(b"\r").unwrap_or(line));
    }
    scan.out.exit = scan.state;
    scan.out
}

/// Says where a clock fell.
pub(super) fn step_back(before: Time, now: Time) -> Option<String> {
    (before.0.saturating_sub(now.0) > NOTED_STEP_BACK)
        .then(|| format!("the clock jumps back from {before} to {now}"))
}

struct Scan<F: W3cFormat> {
    clock: Clock,
    blanks: [u32; MAX_COLUMNS],
    state: State<F::Fields>,
    out: Scanned<F>,
}

impl<F: W3cFormat> Scan<F> {
    fn line(&mut self, line: &[u8]) {
        match line.first() {
            Some(b'0'..=b'9') if line.len() <= MAX_W3C_LINE_BYTES => self.row(line),
            None => {}
            Some(b'#') => self.directive(line),
            Some(0) => {
                let zeros = line.iter().take_while(|byte| **byte == 0).count();
                self.bad(format!(
                    "{zeros} zero bytes: written space that never got its text (power loss or crash)"
                ));
                if let Some(rest) = line.get(zeros..)
                    && !rest.is_empty()
                {
                    self.line(rest);
                }
            }
            Some(_) if line.len() > MAX_W3C_LINE_BYTES => {
                self.bad(format!("a line over {MAX_W3C_LINE_BYTES} bytes"));
            }
            Some(_) if line.iter().all(|byte| matches!(byte, b' ' | b'\t' | 0x1a)) => {}
            Some(_) => self.bad(format!("expected a date or a directive, found `{}`", shown(line))),
        }
    }

    fn row(&mut self, line: &[u8]) {
        let outcome = match &self.state.layout {
            Layout::Stated(columns) => {
                let columns = *columns;
                self.add_as(&columns, line)
            }
            Layout::Unstated | Layout::Useless => Err(String::new()),
        };
        let Err(why) = outcome else { return };
        // No list, a useless one, or a row it does not fit: the row's own shape may show its layout.
        if let Some(columns) = F::guess(line)
            && self.add_as(&columns, line).is_ok()
        {
            return;
        }
        match self.state.layout {
            Layout::Stated(_) => self.bad(format!("{why} in `{}`", shown(line))),
            // Said once, at the list.
            Layout::Useless => self.out.bad += 1,
            Layout::Unstated => {
                self.bad(format!("no #Fields line yet, and no row of a known layout: `{}`", shown(line)));
            }
        }
    }

    /// Reads a row by these columns.
    fn add_as(&mut self, columns: &Columns<F::Fields>, line: &[u8]) -> Result<(), String> {
        let skipped = columns.first.saturating_sub(1);
        let found = find_blanks(line, skipped, columns.last + 1 - skipped, &mut self.blanks);
        let blanks = self.blanks.get(..found).unwrap_or(&[]);
        let mut row = Row {
            bytes: line,
            blanks,
            skipped,
            seen: (self.clock.time, self.out.lines),
            minute: self.clock.minute,
        };
        let in_front = columns.date == Some(0) && columns.time == 1;
        if !(in_front && self.clock.is_same_second(line)) {
            read_time(&mut self.clock, &mut self.state, columns, &row).ok_or("expected a date and time")?;
            row.seen.0 = self.clock.time;
            row.minute = self.clock.minute;
        }
        F::add(&columns.fields, &row, &mut self.out.tally)?;
        self.out.rows += 1;
        if self.out.tail != Some(self.clock.time) {
            self.moment();
        }
        Ok(())
    }

    /// Notes the moment of a row, where it differs from the row's before.
    fn moment(&mut self) {
        let now = self.clock.time;
        let seen = (now, self.out.lines);
        if let Some(text) = self.out.tail.and_then(|before| step_back(before, now)) {
            self.problem(text);
        }
        self.out.head.get_or_insert(seen);
        self.out.tail = Some(now);
        self.out.earliest = Some(self.out.earliest.map_or(now, |have| have.min(now)));
        self.out.latest = Some(self.out.latest.map_or(now, |have| have.max(now)));
    }

    fn directive(&mut self, line: &[u8]) {
        if let Some(list) = strip_directive(line, "#Fields:") {
            let names: Vec<&[u8]> = list
                .split(|b| matches!(b, b' ' | b'\t'))
                .filter(|name| !name.is_empty())
                .take(MAX_COLUMNS)
                .collect();
            let time = super::columns::position(&names, "time");
            let date = super::columns::position(&names, "date");
            let layout = match (F::fields(&names), time) {
                (Ok((fields, first, last)), Some(time)) => Ok(Columns::new(date, time, first, last, fields)),
                (Err(text), _) => Err(text),
                (_, None) => Err("the field `time` is missing".to_owned()),
            };
            self.state.layout = match layout {
                Ok(columns) => {
                    if date.is_some() {
                        self.state.day = None;
                        self.state.time_of_day = 0;
                    }
                    Layout::Stated(columns)
                }
                Err(text) => {
                    self.problem(format!("{text}; the rows under this #Fields line are read only where their own shape shows their columns"));
                    Layout::Useless
                }
            };
        } else if let Some(date) = strip_directive(line, "#Date:") {
            let text = String::from_utf8_lossy(date);
            match parse_iso(&text) {
                Some((time, _)) => {
                    if self.out.starts.len() < MAX_W3C_STARTS {
                        self.out.starts.push((time, self.out.lines));
                    }
                    self.state.day = text.trim().get(..10).and_then(|day| read_day(day.as_bytes()));
                    self.state.time_of_day = 0;
                }
                None => self.problem(format!("#Date says `{}`, which is no time", shown(date))),
            }
        }
    }

    fn bad(&mut self, text: String) {
        self.out.bad += 1;
        self.problem(text);
    }

    fn problem(&mut self, text: String) {
        if self.out.problems.len() < MAX_KEPT_NOTES {
            self.out.problems.push(Problem { line: self.out.lines, text });
        } else {
            self.out.problems_dropped += 1;
        }
    }
}

fn read_time<C>(clock: &mut Clock, state: &mut State<C>, columns: &Columns<C>, row: &Row<'_>) -> Option<()> {
    match columns.date {
        Some(0) if columns.time == 1 => clock.read_head(row.bytes),
        Some(date) => clock.read(row.field(date)?, row.field(columns.time)?),
        None => {
            let now = read_time_of_day(row.field(columns.time)?)?;
            let today = next_day_if_past_midnight(state.day?, state.time_of_day, now);
            clock.set(today, now);
            state.day = Some(today);
            state.time_of_day = now;
            Some(())
        }
    }
}

fn strip_directive<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(name.len())?;
    head.eq_ignore_ascii_case(name.as_bytes()).then_some(rest.trim_ascii())
}

/// The start of a line, escaped.
fn shown(line: &[u8]) -> String {
    line.get(..60).unwrap_or(line).escape_ascii().to_string()
}
