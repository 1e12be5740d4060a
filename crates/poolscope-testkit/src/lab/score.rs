//! The score of a judge over laboratory hosts: plain answers in, shares and errors out.

use super::truth::{LabHost, LabPool, LeakTruth, Shape};

/// What a judge said of a host as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// It leaks.
    Leak,
    /// No leak is seen.
    NoLeak,
    /// Not enough evidence.
    Unsure,
}

/// What a judge said of one tag.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Suspect {
    /// Index of the tag in the host.
    pub tag: usize,
    /// Called a leak.
    pub leaking: bool,
    /// Bytes an hour: low, estimate, high.
    pub rate: [f64; 3],
    /// Onset in microseconds.
    pub onset: Option<i64>,
    /// Name of the class.
    pub class: &'static str,
}

/// A judge's answer on one host.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// On the host as a whole.
    pub said: Said,
    /// Stated probability that this is right.
    pub confidence: f64,
    /// What the judge says the probability rests on; empty where it states none.
    pub grounds: &'static str,
    /// The judge saw the totals only.
    pub totals_only: bool,
    /// The tags, most suspect first: at least all that were called leaks and the first three.
    pub suspects: Vec<Suspect>,
    /// Pools with a leak that no tag shows.
    pub untagged: Vec<LabPool>,
    /// Exhaustion of a pool in microseconds: earliest, estimate, latest.
    pub ends: Vec<(LabPool, [i64; 3])>,
}

/// A share: how many of how many.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Share {
    /// Of these...
    pub of: usize,
    /// ...this many.
    pub yes: usize,
}

impl Share {
    /// Counts one case.
    pub fn count(&mut self, yes: bool) {
        self.of += 1;
        self.yes += usize::from(yes);
    }

    /// Adds the cases of another.
    pub fn add(&mut self, other: Self) {
        self.of += other.of;
        self.yes += other.yes;
    }

    /// The share in percent; not a number when nothing was counted.
    pub fn percent(self) -> f64 {
        100.0 * self.yes as f64 / self.of as f64
    }
}

/// Upper ends (bytes) and names of the gains by which the first three suspects are told apart.
pub const GAINS: [(f64, &str); 4] =
    [(3e5, "to 300 KB"), (1e6, "to 1 MB"), (1e7, "to 10 MB"), (f64::INFINITY, "more")];

/// Everything counted over the hosts of one plan.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Score {
    /// Hosts with a leak whose evidence suffices: called leaks, and the first suspect leaks.
    pub found: Share,
    /// The same: called leaks at all.
    pub detected: Share,
    /// Hosts with a leak that is visible at all (see `visible`): the first suspect leaks, whatever was claimed.
    pub top1: Share,
    /// One of the first three suspects leaks.
    pub top3: Share,
    /// The same by what the greatest visible leak gained, in the order of [`GAINS`].
    pub top3_by_gain: [Share; GAINS.len()],
    /// Clear healthy hosts that were accused.
    pub accused: Share,
    /// Clear healthy hosts of which "no leak seen" was said.
    pub cleared: Share,
    /// Hosts with a healthy look-alike that were accused.
    pub look_alikes: Share,
    /// All hosts: a leak was claimed.
    pub claimed: Share,
    /// Tags of each shape that were called leaks.
    pub shapes: Vec<(Shape, Share)>,
    /// Tags called leaks that leak.
    pub precision: Share,
    /// Lock-step groups whose private tag came first.
    pub private_first: Share,
    /// Leaks no tag shows: said.
    pub untagged_said: Share,
    /// Leaks no tag shows: a tag was blamed.
    pub untagged_blamed: Share,
    /// Relative errors of the rate.
    pub rate_errors: Vec<f64>,
    /// Widths of the rate's interval over the rate.
    pub rate_widths: Vec<f64>,
    /// The rate's interval holds the truth.
    pub rate_covered: Share,
    /// The onset lies within 5 % of the series' length.
    pub onset_close: Share,
    /// Leaks older than the series: none was invented.
    pub onset_not_invented: Share,
    /// The exhaustion interval holds the truth.
    pub ends_covered: Share,
    /// Stated confidence, what it rests on, and whether it was right.
    pub stated: Vec<(f64, &'static str, bool)>,
    /// Seeds of hosts that went wrong, with what went wrong.
    pub wrong: Vec<(u64, &'static str)>,
}

/// Whether a leak is visible at all: in the view's own span it gained at least three times its tag's noise, and
/// the tag stands that much higher at the last snapshot than at the first (a restart may have cleared it, or it
/// may have begun after the last).
fn visible(host: &LabHost, leak: &LeakTruth) -> bool {
    let Some(tag) = leak.tag.and_then(|at| host.tags.get(at)) else { return false };
    let (Some(first), Some(last)) = (tag.bytes.first(), tag.bytes.last()) else { return false };
    let least = 3.0 * leak.evidence.noise.deviation();
    leak.evidence.grown >= least && *last > *first && (*last - *first) as f64 >= least
}

/// Whether the standing came true: a claim where the first suspect leaks (where no tag is blamed, where no tag
/// shows the leak; of totals, where anything leaks); no leak where none shows itself enough; neither where the
/// first suspect leaks (of totals, where anything does).
fn right(host: &LabHost, answer: &Answer, first: bool, enough: &impl Fn(&LeakTruth) -> bool) -> bool {
    match answer.said {
        Said::NoLeak => !host.leaks.iter().any(enough),
        _ if answer.totals_only => !host.leaks.is_empty(),
        Said::Leak if !answer.suspects.iter().any(|suspect| suspect.leaking) => {
            !answer.untagged.is_empty() && host.leaks.iter().any(|leak| leak.tag.is_none())
        }
        Said::Leak | Said::Unsure => first,
    }
}

impl Score {
    /// Counts one host.
    pub fn count(&mut self, host: &LabHost, answer: &Answer) {
        let enough = |leak: &LeakTruth| {
            leak.evidence.suffices(match leak.tag {
                Some(tag) => &host.tags[tag].times,
                None => &host.totals[0].times,
            })
        };
        let tagged = host.leaks.iter().any(|leak| leak.tag.is_some());
        let leaks = |suspect: &Suspect| host.leaks.iter().any(|leak| leak.tag == Some(suspect.tag));
        let first = answer.suspects.first().is_some_and(leaks);
        self.claimed.count(answer.said == Said::Leak);
        self.stated.push((answer.confidence, answer.grounds, right(host, answer, first, &enough)));
        if tagged {
            if !answer.totals_only && host.leaks.iter().any(|leak| visible(host, leak)) {
                self.top1.count(first);
                let in_three = answer.suspects.iter().take(3).any(leaks);
                self.top3.count(in_three);
                let seen = host.leaks.iter().filter(|leak| visible(host, leak));
                let gain = seen.map(|leak| leak.evidence.grown).fold(0.0, f64::max);
                let place = GAINS.iter().position(|(most, _)| gain <= *most).unwrap_or(GAINS.len() - 1);
                self.top3_by_gain[place].count(in_three);
                if !first && answer.said == Said::Unsure {
                    self.wrong.push((host.seed, "not ranked first"));
                }
            }
            if host.leaks.iter().any(enough) {
                self.detected.count(answer.said == Said::Leak);
                if answer.totals_only {
                    return;
                }
                self.found.count(answer.said == Said::Leak && first);
                if answer.said != Said::Leak {
                    self.wrong.push((host.seed, "missed"));
                } else if !first {
                    self.wrong.push((host.seed, "wrong suspect"));
                }
            }
        } else if !host.leaks.is_empty() {
            if host.leaks.iter().any(enough) {
                self.untagged_said.count(!answer.untagged.is_empty());
                if answer.untagged.is_empty() {
                    self.wrong.push((host.seed, "untagged not said"));
                }
            }
            self.untagged_blamed.count(answer.suspects.iter().any(|suspect| suspect.leaking));
        } else if host.look_alike {
            self.look_alikes.count(answer.said == Said::Leak);
        } else {
            self.accused.count(answer.said == Said::Leak);
            self.cleared.count(answer.said == Said::NoLeak);
            match answer.said {
                Said::Leak => self.wrong.push((host.seed, "accused")),
                Said::Unsure => self.wrong.push((host.seed, "shrugged at")),
                Said::NoLeak => {}
            }
        }
        self.count_tags(host, answer, &enough);
        self.count_numbers(host, answer, &enough);
    }

    fn count_tags(&mut self, host: &LabHost, answer: &Answer, enough: &impl Fn(&LeakTruth) -> bool) {
        let mut called = vec![false; host.tags.len()];
        for suspect in answer.suspects.iter().filter(|suspect| suspect.leaking) {
            called[suspect.tag] = true;
            self.precision.count(host.tags[suspect.tag].shape.leaks());
        }
        if self.shapes.is_empty() {
            self.shapes = Shape::ALL.iter().map(|&shape| (shape, Share::default())).collect();
        }
        for (index, tag) in host.tags.iter().enumerate() {
            let weak = host.leaks.iter().any(|leak| leak.tag == Some(index) && !enough(leak));
            if let Some(entry) = self.shapes.iter_mut().find(|entry| entry.0 == tag.shape).filter(|_| !weak) {
                entry.1.count(called[index]);
            }
        }
        let group = host.leaks.iter().find(|leak| leak.group.is_some() && leak.private && enough(leak));
        if let Some(private) = group.filter(|_| answer.said == Said::Leak) {
            self.private_first.count(answer.suspects.first().map(|suspect| suspect.tag) == private.tag);
        }
    }

    fn count_numbers(&mut self, host: &LabHost, answer: &Answer, enough: &impl Fn(&LeakTruth) -> bool) {
        let times = &host.totals[0].times;
        let span = (times.last().unwrap_or(&0) - times.first().unwrap_or(&0)) as f64;
        for leak in host.leaks.iter().filter(|leak| enough(leak)) {
            let named = answer.suspects.iter().find(|suspect| Some(suspect.tag) == leak.tag);
            let Some(named) = named.filter(|suspect| suspect.leaking) else { continue };
            if leak.shape == Shape::AcceleratingLeak {
                continue;
            }
            let [low, estimate, high] = named.rate;
            self.rate_errors.push((estimate / leak.rate - 1.0).abs());
            self.rate_widths.push((high - low) / leak.rate);
            self.rate_covered.count(low <= leak.rate && leak.rate <= high);
            if leak.rate < low || leak.rate > high {
                self.wrong.push((host.seed, "rate outside its interval"));
            }
            if leak.shape != Shape::SteadyLeak {
                continue;
            }
            match (leak.onset, named.onset) {
                (Some(onset), said) => {
                    // Not said means "before the first sample".
                    let said = said.or(times.first().copied()).unwrap_or(0);
                    self.onset_close.count(((said - onset) as f64).abs() <= 0.05 * span);
                }
                (None, said) => self.onset_not_invented.count(said.is_none()),
            }
        }
        for total in &host.totals {
            let said = answer.ends.iter().find(|entry| entry.0 == total.pool);
            let all_seen = host.leaks.iter().filter(|leak| leak.pool == total.pool).all(enough);
            if let (Some(truth), Some((_, [early, _, late])), true) = (total.ends, said, all_seen) {
                self.ends_covered.count(*early <= truth && truth <= *late);
            }
        }
    }

    /// Adds the counts of other hosts.
    pub fn join(&mut self, other: Self) {
        let shares = [
            (&mut self.found, other.found),
            (&mut self.detected, other.detected),
            (&mut self.top1, other.top1),
            (&mut self.top3, other.top3),
            (&mut self.accused, other.accused),
            (&mut self.cleared, other.cleared),
            (&mut self.look_alikes, other.look_alikes),
            (&mut self.claimed, other.claimed),
            (&mut self.precision, other.precision),
            (&mut self.private_first, other.private_first),
            (&mut self.untagged_said, other.untagged_said),
            (&mut self.untagged_blamed, other.untagged_blamed),
            (&mut self.rate_covered, other.rate_covered),
            (&mut self.onset_close, other.onset_close),
            (&mut self.onset_not_invented, other.onset_not_invented),
            (&mut self.ends_covered, other.ends_covered),
        ];
        for (mine, theirs) in shares {
            mine.add(theirs);
        }
        for (mine, theirs) in self.top3_by_gain.iter_mut().zip(other.top3_by_gain) {
            mine.add(theirs);
        }
        if self.shapes.is_empty() {
            self.shapes = other.shapes;
        } else {
            for (mine, theirs) in self.shapes.iter_mut().zip(other.shapes) {
                mine.1.add(theirs.1);
            }
        }
        self.rate_errors.extend(other.rate_errors);
        self.rate_widths.extend(other.rate_widths);
        self.stated.extend(other.stated);
        self.wrong.extend(other.wrong);
    }
}

/// The quantile `share` of `values`; not a number when empty.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
