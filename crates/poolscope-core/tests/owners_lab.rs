//! Ownership cases of the laboratory, from bytes to verdict: the culprit is named first, nobody is named where the
//! evidence names nobody, and what is stated comes true. Seeds apart from those used for fitting; `cargo xtask lab`
//! scores more of them.

use poolscope_testkit::lab::owners::{OwnerScore, Story, make};
use poolscope_testkit::lab::score::Share;
use rayon::prelude::*;

#[path = "lab/owners_bridge.rs"]
mod owners_bridge;

const SEEDS: u64 = 0x7e57_0a00_0000;
const CASES: u64 = 48;

#[test]
fn owners_are_named_rightly_or_not_at_all() {
    let score = (0..CASES)
        .into_par_iter()
        .map(|at| {
            let case = make(SEEDS + at, Story::ALL[at as usize % Story::ALL.len()]);
            let mut score = OwnerScore::default();
            score.count(
                &case,
                &owners_bridge::said(&owners_bridge::verdict(&case).expect("all files are read")),
            );
            score
        })
        .reduce(OwnerScore::default, |mut a, b| {
            a.join(b);
            a
        });
    let of = |shares: &std::collections::BTreeMap<Story, Share>, story| {
        shares.get(&story).copied().unwrap_or_default()
    };
    for story in Story::ALL {
        let first = of(&score.tag_first, story);
        assert!(first.of == 12 && first.yes >= 11, "{} {first:?}", story.name());
    }
    let (mut named, mut right) = (Share::default(), Share::default());
    for story in [Story::PrivateTag, Story::SharedWithTwin, Story::Handles] {
        named.add(of(&score.named, story));
        right.add(of(&score.right, story));
    }
    assert!(named.yes * 10 >= named.of * 7, "{named:?}");
    assert!(right.yes * 4 >= right.of * 3, "{right:?} {:?}", score.wrong);
    assert!(of(&score.named, Story::References).yes <= 2, "{:?}", score.wrong);
    // All that was stated together: within three standard errors of what came true.
    let stated: f64 = score.stated.iter().map(|(confidence, _, _)| confidence).sum();
    let variance: f64 = score.stated.iter().map(|(confidence, _, _)| confidence * (1.0 - confidence)).sum();
    let right = score.stated.iter().filter(|(_, _, right)| *right).count() as f64;
    assert!((right - stated).abs() <= 3.0 * variance.sqrt() + 1.0, "stated {stated:.1}, right {right}");
    assert!(score.change_found.of == 0 || score.change_found.yes * 2 >= score.change_found.of);
}
