//! Reads a whole W3C log in blocks on all cores and adds the blocks up in file order.

use encoding_rs::{UTF_16BE, UTF_16LE};
use rayon::prelude::*;

use super::block::{Scanned, State, scan_block, step_back};
use super::{Seen, W3cFormat};
use crate::error::FormatError;
use crate::input::{ReadAt, read_vec};
use crate::limits::{
    DETECT_HEAD_BYTES, MAX_W3C_LINE_BYTES, MAX_W3C_STARTS, W3C_BLOCK_BYTES, W3C_BLOCKS_AT_ONCE,
};
use crate::parsed::{Parsed, Place};
use crate::text;
use crate::time::Time;

/// The sums over a whole log.
#[derive(Debug)]
pub(crate) struct Log<T> {
    /// The format's own.
    pub tally: T,
    /// Earliest time of a row.
    pub first: Option<Time>,
    /// Latest time of a row.
    pub last: Option<Time>,
    /// `#Date` of each directive block with its line.
    pub starts: Vec<Seen>,
}

/// Reads a log.
///
/// # Errors
/// [`FormatError::Read`]; and [`FormatError::NotThisFormat`] if not one row or directive block was found.
pub(crate) fn scan<F: W3cFormat>(input: &dyn ReadAt) -> Result<Parsed<Log<F::Tally>>, FormatError> {
    let head = read_vec(input, 0, DETECT_HEAD_BYTES)?;
    let encoding = text::sniff(&head);
    let mut sum = Sum::<F>::new();
    if encoding.encoding == UTF_16LE || encoding.encoding == UTF_16BE {
        text::for_each_block(input, |block| {
            let scanned = scan_block::<F>(block.bytes, &sum.state);
            sum.add(scanned);
            Ok(())
        })?;
    } else {
        scan_in_parallel(input, encoding.bom_bytes as u64, &mut sum)?;
    }
    if sum.parsed.coverage.records == 0 && sum.parsed.value.starts.is_empty() {
        let start = head.get(encoding.bom_bytes..).unwrap_or(&[]);
        return Err(FormatError::not_this(F::NAME, Place::Line(1), "directives or rows", start));
    }
    Ok(sum.parsed)
}

fn scan_in_parallel<F: W3cFormat>(
    input: &dyn ReadAt,
    from: u64,
    sum: &mut Sum<F>,
) -> Result<(), FormatError> {
    let at_once = (rayon::current_num_threads() * 2).clamp(1, W3C_BLOCKS_AT_ONCE);
    let mut buffers: Vec<Vec<u8>> = vec![Vec::new(); at_once];
    let mut start = from;
    while start < input.len() {
        let entry = sum.state.clone();
        let scanned: Vec<_> = buffers
            .par_iter_mut()
            .enumerate()
            .map(|(nth, buffer)| {
                let begin = start + (nth * W3C_BLOCK_BYTES) as u64;
                let lines = read_lines(input, begin, begin == from, buffer)?;
                Ok((lines, scan_block::<F>(lines, &entry)))
            })
            .collect();
        for block in scanned {
            let (lines, scanned) = block?;
            let scanned = if sum.state == entry { scanned } else { scan_block::<F>(lines, &sum.state) };
            sum.add(scanned);
        }
        start += (at_once * W3C_BLOCK_BYTES) as u64;
    }
    Ok(())
}

/// Reads the lines that begin in the block at `begin`: the one cut by its start belongs to the block before,
/// the one cut by its end is read to its own end (or to [`MAX_W3C_LINE_BYTES`], which makes it a bad row).
fn read_lines<'b>(
    input: &dyn ReadAt,
    begin: u64,
    is_first: bool,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b [u8], FormatError> {
    let want = W3C_BLOCK_BYTES + MAX_W3C_LINE_BYTES + 1;
    buffer.resize(want, 0);
    let offset = if is_first { begin } else { begin - 1 };
    // The byte before the block shows whether a line begins right at its start.
    let own = W3C_BLOCK_BYTES + usize::from(!is_first);
    let mut got = read_full(input, offset, buffer, 0, own + LINE_TAIL_BYTES)?;
    let mut end = got;
    if let Some(tail) = buffer.get(own - 1..got) {
        end = match memchr::memchr(b'\n', tail) {
            Some(at) => own + at,
            None => {
                got += read_full(input, offset + got as u64, buffer, got, want - got)?;
                let tail = buffer.get(own - 1..got).unwrap_or(&[]);
                memchr::memchr(b'\n', tail).map_or(got, |at| own + at)
            }
        };
    }
    let bytes = buffer.get(..end).unwrap_or(&[]);
    if is_first {
        return Ok(bytes);
    }
    let within = bytes.get(..own.min(bytes.len())).unwrap_or(&[]);
    Ok(match memchr::memchr(b'\n', within) {
        Some(at) => bytes.get(at + 1..).unwrap_or(&[]),
        None => &[],
    })
}

/// Bytes read beyond a block to find its last line's end; longer lines cost a second read.
const LINE_TAIL_BYTES: usize = 4 * 1024;

fn read_full(
    input: &dyn ReadAt,
    offset: u64,
    buffer: &mut [u8],
    from: usize,
    count: usize,
) -> Result<usize, FormatError> {
    let Some(target) = buffer.get_mut(from..from + count) else { return Ok(0) };
    input.read_at(offset, target).map_err(|source| FormatError::Read { offset, source })
}

struct Sum<F: W3cFormat> {
    parsed: Parsed<Log<F::Tally>>,
    state: State<F::Fields>,
    lines: u64,
    tail: Option<Time>,
}

impl<F: W3cFormat> Sum<F> {
    fn new() -> Self {
        let log = Log { tally: F::tally(), first: None, last: None, starts: Vec::new() };
        Self { parsed: Parsed::new(log), state: State::at_start(), lines: 0, tail: None }
    }

    fn add(&mut self, block: Scanned<F>) {
        let before = self.lines;
        if let (Some(tail), Some((head, line))) = (self.tail, block.head)
            && let Some(text) = step_back(tail, head)
        {
            self.parsed.note(Place::Line(before + line), text);
        }
        for problem in block.problems {
            self.parsed.note(Place::Line(before + problem.line), problem.text);
        }
        self.parsed.notes_dropped += block.problems_dropped;
        self.parsed.coverage.records += block.rows;
        self.parsed.coverage.bad_records += block.bad;
        let log = &mut self.parsed.value;
        let room = MAX_W3C_STARTS.saturating_sub(log.starts.len());
        log.starts.extend(block.starts.iter().take(room).map(|(time, line)| (*time, before + line)));
        log.first = log.first.into_iter().chain(block.earliest).min();
        log.last = log.last.into_iter().chain(block.latest).max();
        F::merge(&mut log.tally, block.tally, before);
        self.state = block.exit;
        self.lines += block.lines;
        self.tail = block.tail.or(self.tail);
    }
}
