//! A person's notes: what they say was advised or done.

use poolscope_formats::notes::Notes;

use crate::model::{CaseBuilder, EvidenceId, NotedAdvice, Source};
use crate::table::Table;

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, notes: Notes) {
    case.state.noted.extend(notes.mentions.into_iter().map(|mention| NotedAdvice {
        advice: mention.advice,
        line: mention.line,
        source: Source { evidence, place: mention.place },
    }));
}

pub(super) fn tables(notes: &Notes) -> Vec<Table> {
    let rows = notes
        .mentions
        .iter()
        .map(|mention| vec![mention.advice.to_owned(), mention.line.clone(), mention.place.to_string()]);
    vec![Table::new("advice", &[("Advice", false), ("Line", false), ("Place", false)], rows)]
}
