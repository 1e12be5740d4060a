//! poolscope as a library: open evidence, diagnose it, build the report.
//!
//! ```no_run
//! let options = poolscope::Options::default();
//! let outcome = poolscope::diagnose(&["case.zip".into()], &options, &poolscope::Quiet)?;
//! let report = poolscope_report::build(&outcome);
//! println!("{}", report.verdict.summary.join("\n"));
//! # Ok::<(), poolscope::IntakeError>(())
//! ```

mod intake;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use poolscope_core::model::{CaseBuilder, Evidence, Time, short_name};
use poolscope_core::{Outcome, conclude, ingest};
use poolscope_formats::{Note, Place, Records};

pub use intake::{Input, IntakeError, Progress, Quiet, find_inputs, open_input, read_input, read_whole};

/// What the user asked for besides the paths.
#[derive(Clone, Default, Debug)]
pub struct Options {
    /// Time of snapshots that carry none.
    pub stated_time: Option<Time>,
    /// pooltag.txt files given besides the evidence.
    pub pooltags: Vec<PathBuf>,
    /// Perflib names of the evidence's language: index to name.
    pub perflib: Option<Arc<BTreeMap<u32, String>>>,
    /// The host to read where the evidence names several.
    pub host: Option<String>,
}

/// Inputs read in one go before they enter the case: bounds what is held twice.
const BATCH: usize = 64;

/// Reads all evidence under `paths` and concludes.
///
/// # Errors
/// [`IntakeError`] if a path does not exist or nothing at all could be read; a single bad input is told in the
/// outcome's evidence list instead.
pub fn diagnose(
    paths: &[PathBuf],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Outcome, IntakeError> {
    use rayon::prelude::*;

    let mut inputs = find_inputs(paths)?;
    let given: Vec<Input> =
        if options.pooltags.is_empty() { Vec::new() } else { find_inputs(&options.pooltags)? };
    inputs.extend(given);
    inputs.sort();
    inputs.dedup();
    if inputs.is_empty() {
        return Err(IntakeError::NothingThere { paths: paths.to_vec() });
    }
    progress.begin(inputs.iter().map(Input::bytes).sum());
    let mut case = CaseBuilder::default();
    for batch in inputs.chunks(BATCH) {
        let read: Vec<_> = batch.par_iter().map(|input| read_input(input, options, progress)).collect();
        for (mut evidence, records) in read {
            if let (Some(Records::PerflibNames(names)), None) = (&records, &options.perflib) {
                // Counters of any language can be read now: begin again with the names.
                progress.end();
                let named = Options { perflib: Some(Arc::new(names.clone())), ..options.clone() };
                return diagnose(paths, &named, progress);
            }
            let records = records.filter(|records| of_wanted_host(&mut evidence, records, options));
            ingest::ingest(&mut case, evidence, records);
        }
    }
    progress.end();
    Ok(conclude(case.finish()))
}

/// Leaves out what belongs to another host than the one asked for, and says so.
fn of_wanted_host(evidence: &mut Evidence, records: &Records, options: &Options) -> bool {
    let (Some(wanted), Some(host)) = (&options.host, ingest::host_name(records)) else { return true };
    let same = short_name(wanted) == short_name(&host);
    if !same {
        let text = format!("is of host {host}, not {wanted}: left out");
        evidence.notes.push(Note { place: Place::Whole, text });
    }
    same
}
