//! The cases of ownership: scored and shown, through the whole way from bytes to verdict.

use poolscope_testkit::lab::owners::{OwnerScore, Story, make};
use poolscope_testkit::lab::score::Share;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::detection::finite;

#[path = "../../../crates/poolscope-core/tests/lab/owners_bridge.rs"]
mod bridge;

/// Scores so many cases, all stories in turn.
///
/// # Errors
/// A case that cannot be read.
pub fn score(seeds: u64, cases: usize) -> anyhow::Result<OwnerScore> {
    (0..cases)
        .into_par_iter()
        .map(|at| {
            let case = make(seeds + at as u64, Story::ALL[at % Story::ALL.len()]);
            let mut score = OwnerScore::default();
            score.count(&case, &bridge::said(&bridge::verdict(&case).map_err(anyhow::Error::msg)?));
            Ok(score)
        })
        .try_reduce(OwnerScore::default, |mut a, b| {
            a.join(b);
            Ok(a)
        })
}

/// Prints it.
pub fn print(score: &OwnerScore, seeds: u64, wrong: bool) {
    println!("Owners");
    let shown = |share: Option<&Share>| {
        share.map_or("-".to_owned(), |share| format!("{:.1} % of {}", share.percent(), share.of))
    };
    for story in Story::ALL {
        println!(
            "  {:<36} leaking tag first {:<15} somebody named {:<15} and that is the culprit {}",
            story.name(),
            shown(score.tag_first.get(&story)),
            shown(score.named.get(&story)),
            shown(score.right.get(&story))
        );
    }
    for ((grade, _), row) in score.by_grade() {
        super::table::print_fitted(&format!("named by {grade:<27}"), row);
    }
    println!(
        "  a change pointed at was the culprit's {}; a change of the culprit's shortly before the onset was pointed at {}",
        shown(Some(&score.change_right)),
        shown(Some(&score.change_found))
    );
    for (seed, story, grade) in score.wrong.iter().filter(|_| wrong) {
        println!("    case {} {} by {grade}", seed - seeds, story.name());
    }
}

/// Prints one case's truth, files and answer.
pub fn show(seeds: u64, at: usize) -> anyhow::Result<()> {
    let case = make(seeds + at as u64, Story::ALL[at % Story::ALL.len()]);
    let names: Vec<String> = case.tags.iter().map(|tag| String::from_utf8_lossy(tag).into_owned()).collect();
    println!("{} {names:?} by {}, changed {}", case.story.name(), case.culprit, case.changed);
    for (name, bytes) in case.files.iter().filter(|file| !file.0.starts_with("poolmon/")) {
        let text = String::from_utf8_lossy(bytes);
        println!("--- {name}\n{}", text.chars().take(1_500).collect::<String>());
    }
    let verdict = bridge::verdict(&case).map_err(anyhow::Error::msg)?;
    println!("{:#?}", verdict.summary);
    for suspect in verdict.suspects.iter().take(3) {
        println!("{} {:?} {:#?}", suspect.key.tag, suspect.class, suspect.owners);
    }
    println!("{:#?}", verdict.against);
    Ok(())
}

/// The same as JSON.
pub fn json(score: &OwnerScore) -> Value {
    let count = |share: Option<&Share>| share.map(|share| json!({ "yes": share.yes, "of": share.of }));
    let stories: Vec<Value> = Story::ALL
        .iter()
        .map(|story| {
            json!({
                "story": story.name(),
                "leaking_tag_first": count(score.tag_first.get(story)),
                "somebody_named": count(score.named.get(story)),
                "culprit_named": count(score.right.get(story)),
            })
        })
        .collect();
    let grades: Vec<Value> = score
        .by_grade()
        .iter()
        .map(|((grade, _), row)| {
            json!({
                "grade": grade,
                "stated": finite(row.mean_stated()),
                "came_true": finite(row.came_true()),
                "of": row.of,
            })
        })
        .collect();
    json!({
        "stories": stories,
        "grades": grades,
        "change_pointed_at_is_the_culprits": count(Some(&score.change_right)),
        "change_of_the_culprit_pointed_at": count(Some(&score.change_found)),
    })
}
