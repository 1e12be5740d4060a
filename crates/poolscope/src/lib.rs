//! poolscope as a library: open evidence, diagnose it, build the report.
//!
//! ```no_run
//! let options = poolscope::Options::default();
//! let outcome = poolscope::diagnose(&["case.zip".into()], &options, &poolscope::Quiet)?;
//! let report = poolscope_report::build(&outcome);
//! println!("{}", report.verdict.summary.join("\n"));
//! # Ok::<(), poolscope::IntakeError>(())
//! ```

mod hosts;
mod intake;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use poolscope_core::model::{CaseBuilder, Evidence, EvidenceId, Source, Time, short_name};
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
/// [`IntakeError`] if nothing at all could be opened, or if the evidence names hosts and none is the one asked for;
/// a single bad input or path is told in the outcome's evidence list instead.
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
    let left_out = match &options.host {
        Some(wanted) => of_other_hosts(&inputs, wanted, options, progress)?,
        None => BTreeMap::new(),
    };
    let bytes = |input: &&Input| !left_out.contains_key(&input.label);
    progress.begin(inputs.iter().filter(bytes).map(Input::bytes).sum());
    let mut case = CaseBuilder::default();
    for batch in inputs.chunks(BATCH) {
        let read_one = |input: &Input| match left_out.get(&input.label) {
            Some(evidence) => (evidence.clone(), None),
            None => read_input(input, options, progress),
        };
        let read: Vec<_> = batch.par_iter().map(read_one).collect();
        for (evidence, records) in read {
            if let (Some(Records::PerflibNames(names)), None) = (&records, &options.perflib) {
                // Counters of any language can be read now: begin again with the names.
                progress.end();
                let named = Options { perflib: Some(Arc::new(names.clone())), ..options.clone() };
                return diagnose(paths, &named, progress);
            }
            ingest::ingest(&mut case, evidence, records);
        }
    }
    progress.end();
    let mut case = case.of_one_host();
    unread(&mut case, &inputs);
    Ok(conclude(case.finish()))
}

/// Says what could not be opened: it is missing from the verdict.
fn unread(case: &mut CaseBuilder, inputs: &[Input]) {
    let mut lost = inputs.iter().enumerate().filter(|(_, input)| input.is_lost());
    let Some((at, first)) = lost.next() else { return };
    let others = match lost.count() {
        0 => String::new(),
        more => format!(", nor could {more} more"),
    };
    let text = format!("{} could not be opened{others}: it is not part of this verdict.", first.label);
    // Evidence is numbered as the inputs are.
    let evidence = EvidenceId(u32::try_from(at).unwrap_or(u32::MAX));
    case.caveat(&text, Source { evidence, place: Place::Whole });
}

/// The inputs that are not of the host asked for, with their entries in the evidence list.
///
/// Everything is read once for the names alone, because a name may stand in the last file.
fn of_other_hosts(
    inputs: &[Input],
    wanted: &str,
    options: &Options,
    progress: &dyn Progress,
) -> Result<BTreeMap<String, Evidence>, IntakeError> {
    use rayon::prelude::*;

    let wanted = short_name(wanted);
    progress.begin(inputs.iter().map(Input::bytes).sum());
    let name = |input: &Input| {
        let (evidence, records) = read_input(input, options, progress);
        let named = hosts::Named {
            label: input.label.clone(),
            host: records.as_ref().and_then(ingest::host_name),
            neutral: matches!(
                records,
                Some(Records::Pooltag(_) | Records::PerflibNames(_) | Records::DriverIndex(_)) | None
            ),
        };
        (evidence, named)
    };
    let (evidence, named): (Vec<Evidence>, Vec<hosts::Named>) = inputs.par_iter().map(name).unzip();
    progress.end();
    let all = hosts::all(&named);
    if !all.is_empty() && !all.contains(wanted.as_str()) {
        let hosts = all.into_iter().map(str::to_owned).collect();
        return Err(IntakeError::NoSuchHost { wanted, hosts });
    }
    let left_out = hosts::left_out(&named, &wanted).into_iter();
    let told = evidence.into_iter().zip(left_out).filter_map(|(mut evidence, why)| {
        evidence.notes.push(Note { place: Place::Whole, text: why? });
        Some((evidence.path.clone(), evidence))
    });
    Ok(told.collect())
}
