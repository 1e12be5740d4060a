//! Carries ownership cases through the whole way from bytes to verdict, and what is said back to the score. Shared
//! by the core's tests and `cargo xtask lab`.

use poolscope_core::conclude;
use poolscope_core::ingest::ingest;
use poolscope_core::model::{CaseBuilder, Evidence, OwnerKind};
use poolscope_core::verdict::Verdict;
use poolscope_formats::detect::{Head, detect};
use poolscope_formats::{Coverage, ParseContext, ReadAt};
use poolscope_testkit::lab::owners::{Named, OwnerCase, Said};

/// The verdict on a case, as the product would reach it.
///
/// # Errors
/// A file that nothing reads, with its name: then the laboratory is wrong, not the judge.
pub fn verdict(case: &OwnerCase) -> Result<Verdict, String> {
    let mut builder = CaseBuilder::default();
    for (path, bytes) in &case.files {
        let input: &dyn ReadAt = &bytes.as_slice();
        let head = Head::read(input).map_err(|error| format!("{path}: {error}"))?;
        let format = detect(&head).ok_or_else(|| format!("{path}: no format knows it"))?;
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let context = ParseContext { name, ..ParseContext::default() };
        let parsed = (format.parse)(input, &context).map_err(|error| format!("{path}: {error}"))?;
        let evidence = Evidence {
            path: path.clone(),
            kind: Some(format.kind),
            host: None,
            bytes: bytes.len() as u64,
            sha256: String::new(),
            coverage: Coverage::default(),
            notes: Vec::new(),
            notes_dropped: 0,
        };
        ingest(&mut builder, evidence, Some(parsed.value));
    }
    Ok(conclude(builder.finish()).verdict)
}

/// What the verdict says of the owner, as the score reads it.
pub fn said(verdict: &Verdict) -> Said {
    let change = verdict.summary.iter().find(|line| line.contains("circumstance, not proof"));
    let driver = change.and_then(|line| {
        let stem = line.split(".inf").next()?.rsplit('\\').next()?;
        Some(format!("{stem}.sys"))
    });
    let suspects = verdict.suspects.iter().map(|suspect| {
        let owner = suspect.owners.first().filter(|owner| owner.kind != OwnerKind::Component);
        Named {
            tag: suspect.key.tag.0,
            owner: owner.map(|owner| owner.name.clone()),
            grade: owner.map_or("", |owner| owner.grade.name()),
            confidence: owner.map_or(0.0, |owner| owner.confidence),
        }
    });
    Said { suspects: suspects.collect(), change: driver }
}
