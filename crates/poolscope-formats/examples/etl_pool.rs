//! Reads the pool content of an ETL file and prints what it took: the reader alone, for measuring.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use poolscope_formats::ReadAt;
use poolscope_formats::etl::pool_trace::{PoolTraceOptions, read};

struct Input(File, u64);

impl ReadAt for Input {
    fn len(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.0.read_at(&mut buffer[done..], offset + done as u64)? {
                0 => break,
                count => done += count,
            }
        }
        Ok(done)
    }
}

#[allow(clippy::print_stdout, reason = "an example's output is its product")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("which file?")?;
    let threads = args.next().map_or(Ok(0), |text| text.parse())?;
    let file = File::open(&path)?;
    let length = file.metadata()?.len();
    let begun = Instant::now();
    let parsed = read(&Input(file, length), &PoolTraceOptions { threads, ..PoolTraceOptions::default() })?;
    let seconds = begun.elapsed().as_secs_f64();
    let trace = parsed.value;
    println!(
        "{seconds:.3} s, {:.0} MB/s, {:?}, {} sites",
        length as f64 / 1e6 / seconds,
        trace.pairing,
        trace.sites.len()
    );
    Ok(())
}
