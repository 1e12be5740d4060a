//! Writes performance counter logs as text: PDH-CSV and TSV as perfmon, relog and typeperf do, `Get-Counter`
//! text, and the tables of scripts.

/// One sample: its local time as `(year, month, day, hour, minute, second)` and one value a column.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// Local wall time.
    pub time: (u32, u32, u32, u32, u32, u32),
    /// One value a column; `None` = missing.
    pub values: Vec<Option<f64>>,
}

/// A PDH text log: `first_cell` without quotes, paths, CRLF, all cells quoted, missing values as `" "`.
pub fn pdh(first_cell: &str, delimiter: char, paths: &[&str], samples: &[Sample]) -> String {
    let mut out = format!("\"{first_cell}\"");
    for path in paths {
        out.push_str(&format!("{delimiter}\"{path}\""));
    }
    out.push_str("\r\n");
    for sample in samples {
        let (year, month, day, hour, minute, second) = sample.time;
        out.push_str(&format!("\"{month:02}/{day:02}/{year:04} {hour:02}:{minute:02}:{second:02}.123\""));
        for value in &sample.values {
            match value {
                Some(value) => out.push_str(&format!("{delimiter}\"{value}\"")),
                None => out.push_str(&format!("{delimiter}\" \"")),
            }
        }
        out.push_str("\r\n");
    }
    out
}

/// What typeperf writes to a redirected screen: a blank line first, six decimals, two sentences last.
pub fn typeperf(paths: &[&str], samples: &[Sample]) -> String {
    let mut out = String::from("\r\n\"(PDH-CSV 4.0)\"");
    for path in paths {
        out.push_str(&format!(",\"{path}\""));
    }
    out.push_str("\r\n");
    for sample in samples {
        let (year, month, day, hour, minute, second) = sample.time;
        out.push_str(&format!("\"{month:02}/{day:02}/{year:04} {hour:02}:{minute:02}:{second:02}.000\""));
        for value in &sample.values {
            match value {
                Some(value) => out.push_str(&format!(",\"{value:.6}\"")),
                None => out.push_str(",\" \""),
            }
        }
        out.push_str("\r\n");
    }
    out.push_str(
        "\rExiting, please wait...                         \r\nThe command completed successfully.\r\n\r\n",
    );
    out
}

/// `Get-Counter` text in a console of `width` columns; `time` writes the timestamp in some culture.
pub fn get_counter(
    paths: &[&str],
    samples: &[Sample],
    width: usize,
    time: impl Fn(&Sample) -> String,
    decimal: char,
) -> String {
    let mut out = String::from(
        "\r\nTimestamp                 CounterSamples\r\n---------                 --------------\r\n",
    );
    let room = width.saturating_sub(27).max(8);
    for sample in samples {
        for (at, (path, value)) in paths.iter().zip(&sample.values).enumerate() {
            let Some(value) = value else { continue };
            let mut margin = if at == 0 { format!("{:26}", time(sample)) } else { " ".repeat(26) };
            let text: Vec<char> = format!("{} :", path.to_lowercase()).chars().collect();
            for piece in text.chunks(room) {
                out.push_str(&format!("{margin}{}\r\n", piece.iter().collect::<String>()));
                margin = " ".repeat(26);
            }
            let number = value.to_string().replace('.', &decimal.to_string());
            out.push_str(&format!("{margin}{number}\r\n\r\n"));
        }
        out.push_str("\r\n");
    }
    out
}
