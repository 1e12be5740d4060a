//! Says the answer in sentences, the most important first, and what speaks against it.

use poolscope_formats::{Pool, Time};

use super::State;
use super::conflicts::conflicts;
use super::owners::holder;
use super::pool_lines::{evidence_end, grown_totals, ran_out, reported_line, runs_out};
use super::suspects::{Suspect, leaking_beside};
use crate::changes::{began, dating_tag, nearest};
use crate::ingest::label;
use crate::judge::Standing;
use crate::model::Grade;
use crate::rules::{Finding, View};
use crate::system_images::works_for_others;
use crate::units::{bytes, bytes_per_hour, count, hours};

/// Suspects that make up this share of a pool's growth leave nothing worth a search.
const MOST_OF_THE_GROWTH: f64 = 0.8;

/// An owner less likely than this is named with a "perhaps".
const LEAST_TO_NAME: f64 = 0.6;

/// The answer in sentences, the most important first.
pub(super) fn summary(
    view: &View<'_>,
    findings: &[Finding],
    state: State,
    suspects: &[Suspect],
) -> Vec<String> {
    let mut lines = Vec::new();
    let hosts = view.case.hosts();
    if hosts.len() > 1 {
        lines.push(format!(
            "The evidence is of several hosts ({}), which are never mixed: choose one with --host NAME.",
            hosts.join(", ")
        ));
        return lines;
    }
    match state {
        State::Leak => match suspects.first() {
            Some(first) if first.leaking => {
                leak_lines(view, first, &mut lines);
                lines.extend(in_step_line(view, suspects, first));
                // The strongest witness may be that of a tag beside the first.
                let named = first.owners.first().is_some_and(|owner| !works_for_others(&owner.name));
                let mut beside =
                    leaking_beside(suspects, first).filter(|other| other.key != first.key && !named);
                lines.extend(beside.find_map(holder_line));
                lines.extend(change_line(view));
            }
            _ => total_lines(view, suspects, &mut lines),
        },
        State::NoLeakSeen => {
            let boot = view.main_boot();
            let (snapshots, span) =
                boot.map_or((0, 0.0), |boot| (boot.judgement.snapshots, boot.judgement.hours));
            lines.push(format!(
                "No leak is seen in {snapshots} samples over {}: nothing grows by more than noise, cycles and \
                 caches explain.",
                hours(span)
            ));
        }
        State::NotEnoughEvidence => not_enough_lines(view, suspects, &mut lines),
        State::OtherProblem => lines.push(
            if findings.iter().any(|finding| finding.code == "PS025") {
                "Memory ran out, but not in the pool: processes spent the commit. Nothing here points at a pool leak."
            } else {
                "The failed requests have reasons that are not memory: a request queue or an application pool. \
                 Nothing here points at a pool leak."
            }
            .to_owned(),
        ),
    }
    let worth_a_sentence = |finding: &&Finding| match finding.code {
        // What failed, and rows that must not be trusted.
        "PS001" | "PS002" | "PS006" => true,
        // Another illness beside a healthy pool, or in place of a proven leak.
        "PS012" | "PS013" | "PS014" | "PS015" | "PS025" => state != State::Leak,
        // Settings that do harm while they stay.
        "PS029" | "PS030" => true,
        // Advice that was given and will be followed.
        "PS034" => true,
        _ => false,
    };
    // In place of a leak, who spent the memory comes before what failed of it.
    let first = |finding: &&Finding| state == State::OtherProblem && finding.code == "PS025";
    let told = findings.iter().filter(first).chain(findings.iter().filter(|finding| !first(finding)));
    for finding in told.filter(worth_a_sentence) {
        let mut sentence = finding.title.clone();
        if let Some(first) = sentence.get(..1) {
            let upper = first.to_uppercase();
            if !sentence.starts_with("http.sys") {
                sentence.replace_range(..1, &upper);
            }
        }
        lines.push(sentence + ".");
    }
    lines
}

fn leak_lines(view: &View<'_>, first: &Suspect, lines: &mut Vec<String>) {
    let name = label(first.key.tag, first.key.pool);
    let rate = first.rate_bytes_per_hour.unwrap_or_default();
    lines.push(format!(
        "Leak: {name} grows by {} (90 % interval {} to {}).",
        bytes_per_hour(rate.estimate),
        bytes(rate.low),
        bytes(rate.high)
    ));
    let since = match first.onset {
        Some(onset) => format!("since about {} UTC", onset.at),
        None => match began_before(view, first) {
            Some(at) => format!(
                "since Windows started (in the run of Windows before since about {} UTC)",
                at.to_string().chars().take(10).collect::<String>()
            ),
            None => "since before the first snapshot".to_owned(),
        },
    };
    lines.push(format!(
        "It has grown {since} and holds {} in {} allocations.",
        bytes(first.outstanding_bytes as f64),
        count(first.outstanding_count as f64)
    ));
    if let Some(pace) = first.recent_bytes_per_hour {
        lines.push(format!(
            "It grows faster and faster: {} in the last quarter of that time. Its end is reckoned by that pace, and comes \
             earlier if it still quickens.",
            bytes_per_hour(pace)
        ));
    }
    if let Some(owner) = first.owners.first().filter(|owner| works_for_others(&owner.name)) {
        lines.push(format!(
            "It is allocated by {} ({}), which works for others: the culprit is whoever makes it allocate.",
            owner.name,
            owner.grade.words()
        ));
    } else if let Some(owner) = first.owners.first() {
        let perhaps = if owner.confidence < LEAST_TO_NAME { "perhaps " } else { "" };
        lines.push(format!("Owner: {perhaps}{} ({}).", owner.name, owner.grade.words()));
    } else {
        lines.push("Nothing in the evidence names its owner.".to_owned());
    }
    if let Some(empty) = ran_out(view, first.key.pool, first.exhaustion.as_ref().map(|end| end.estimate)) {
        lines.push(empty);
    } else if let Some(end) = &first.exhaustion {
        lines.push(runs_out(
            first.key.pool,
            evidence_end(view),
            [end.earliest, end.estimate, end.latest],
            &end.bound,
        ));
    }
}

/// What grows in step with the first suspect, and how much that is together.
fn in_step_line(view: &View<'_>, suspects: &[Suspect], first: &Suspect) -> Option<String> {
    let groups = &view.main_boot()?.judgement.groups;
    let group = groups.iter().find(|group| group.members.iter().any(|member| member.key == first.key))?;
    let beside: Vec<&Suspect> = suspects
        .iter()
        .filter(|other| other.leaking && other.key != first.key)
        .filter(|other| group.members.iter().any(|member| member.key == other.key))
        .collect();
    let rate = |suspect: &Suspect| suspect.rate_bytes_per_hour.map_or(0.0, |rate| rate.estimate);
    let together = rate(first) + beside.iter().map(|other| rate(other)).sum::<f64>();
    let names: Vec<String> = beside.iter().map(|other| label(other.key.tag, other.key.pool)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "In step with it grow {}: {} together, most likely one leak.",
            names.join(", "),
            bytes_per_hour(together)
        )
    })
}

/// Only the whole pool is known to leak.
fn total_lines(view: &View<'_>, suspects: &[Suspect], lines: &mut Vec<String>) {
    let Some(boot) = view.main_boot() else { return };
    let Some(growth) = boot.judgement.growth.iter().find(|growth| growth.untagged_leak) else {
        lines.push("A pool grows as a leak does, but no tag that was seen explains it.".to_owned());
        return;
    };
    let rate = bytes_per_hour(growth.total_bytes_per_hour.estimate);
    // Whose objects somebody holds tells more than a tag that works for others.
    let mut first: Vec<&Suspect> = suspects.iter().collect();
    first.sort_by_key(|suspect| holder(&suspect.owners).is_none());
    let listed = boot.judgement.tags.iter().map(|tag| tag.samples).max().unwrap_or(0);
    lines.push(match (suspects, listed) {
        ([_, ..], _) => format!(
            "The {} pool grows by {rate}, as a leak does. {listed} snapshots of the tags are too few to prove which \
             tag; look first at {}.",
            growth.pool,
            first.into_iter().take(2).map(growing).collect::<Vec<_>>().join(" and ")
        ),
        ([], 0) => format!(
            "The {} pool grows by {rate}, as a leak does. No snapshot of the tags was taken in that time, so no tag \
             can be named.",
            growth.pool
        ),
        ([], _) => format!(
            "The {} pool grows by {rate}, as a leak does, but no tag that was seen explains it.",
            growth.pool
        ),
    });
    if let Some(onset) = growth.onset {
        lines.push(format!("The pool has grown since about {} UTC.", onset.at));
    }
    if growth.onset.is_none()
        && let Some((tag, began)) =
            dating_tag(view, boot).and_then(|tag| Some((tag, began(view, boot, tag)?)))
    {
        let name = label(tag.key.tag, tag.key.pool);
        let day = began.at.to_string().chars().take(10).collect::<String>();
        lines.push(format!("{name} began to grow about {day} UTC, {} at the latest.", began.latest));
    }
    if let Some(line) = suspects.iter().find_map(holder_line) {
        lines.push(line);
    }
    lines.extend(change_line(view));
    lines.extend(reported_line(view, growth.pool));
    let bound = view.bounds.iter().find(|(pool, _)| *pool == growth.pool);
    if let Some((end, (_, bound))) = growth.exhaustion.zip(bound) {
        lines.push(runs_out(
            growth.pool,
            evidence_end(view),
            [end.earliest, end.estimate, end.latest],
            &bound.what,
        ));
    }
}

/// Whose handles match the objects of a tag. That they do is measured; that they hold them is not said.
fn holder_line(suspect: &Suspect) -> Option<String> {
    let holder = holder(&suspect.owners)?;
    let name = label(suspect.key.tag, suspect.key.pool);
    Some(format!("{name} fits the process {}: {}.", holder.name, holder.grade.words()))
}

/// `Lwf7 (nonpaged), growing by 8.3 MiB an hour`.
fn growing(suspect: &Suspect) -> String {
    let name = label(suspect.key.tag, suspect.key.pool);
    match suspect.rate_bytes_per_hour {
        Some(rate) => format!("{name}, growing by {}", bytes_per_hour(rate.estimate)),
        None => name,
    }
}

/// When the leak began in the run of Windows before the one that is judged.
fn began_before(view: &View<'_>, first: &Suspect) -> Option<Time> {
    let boot = view.main_boot()?;
    let tag = boot.judgement.tags.iter().find(|tag| tag.key == first.key)?;
    began(view, boot, tag).filter(|began| began.seen).map(|began| began.at)
}

/// What changed shortly before the onset, if nothing speaks against it.
fn change_line(view: &View<'_>) -> Option<String> {
    let first = nearest(view)?;
    let when = if first.hours_before > 0.0 {
        format!("{} before it began", hours(first.hours_before))
    } else {
        "When it began".to_owned()
    };
    let mut line = format!("{when}: {}. That is circumstance, not proof.", first.change.text);
    if let Some(capital) = line.get(..1).map(str::to_uppercase) {
        line.replace_range(..1, &capital);
    }
    Some(line)
}

fn not_enough_lines(view: &View<'_>, suspects: &[Suspect], lines: &mut Vec<String>) {
    let snapshots = view.case.snapshots.len();
    let first = suspects.first().map(|suspect| (suspect, label(suspect.key.tag, suspect.key.pool)));
    match (snapshots, first) {
        (0, _) if view.boots.is_empty() => {
            lines.push("Not enough evidence: nothing here measures the pool over time.".to_owned());
        }
        (1, Some((suspect, name))) => lines.push(format!(
            "Not enough evidence: one snapshot proves no growth. {name} holds most of what is listed ({}).",
            bytes(suspect.outstanding_bytes as f64)
        )),
        (_, Some((suspect, name))) => lines.push(match suspect.rate_bytes_per_hour {
            Some(_) => format!(
                "Not enough evidence for a verdict from {snapshots} snapshots. Look first at {}.",
                growing(suspect)
            ),
            None => format!(
                "Not enough evidence for a verdict: nothing says when the {snapshots} snapshots were taken. {name} \
                 holds most ({}).",
                bytes(suspect.outstanding_bytes as f64)
            ),
        }),
        _ => match grown_totals(view) {
            grown if grown.is_empty() => {
                lines.push("Not enough evidence for a verdict; nothing seen grows.".to_owned());
            }
            grown => lines.extend(grown),
        },
    }
    lines.extend(reported_line(view, Pool::Nonpaged));
}

/// What speaks against the answer.
pub(super) fn against(view: &View<'_>, suspects: &[Suspect]) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(first) = suspects.first().filter(|first| first.leaking) else { return lines };
    let in_step = in_step_line(view, suspects, first).is_some();
    if let Some(share) = first.share_of_growth.filter(|share| *share < 0.5 && !in_step) {
        let name = label(first.key.tag, first.key.pool);
        let together: f64 = leaking_beside(suspects, first).filter_map(|other| other.share_of_growth).sum();
        lines.push(if together >= MOST_OF_THE_GROWTH {
            format!(
                "{name} explains only {:.0} % of the growth of its pool, all suspects of it together {:.0} %: they may be \
                 one leak.",
                share * 100.0,
                together.min(1.0) * 100.0
            )
        } else {
            format!(
                "{name} explains only {:.0} % of the growth of its pool: something else grows too.",
                share * 100.0
            )
        });
    }
    let quiet = view.boots.iter().any(|boot| {
        boot.judgement.standing == Standing::NoLeakSeen && boot.judgement.snapshots >= first.snapshots / 2
    });
    if quiet {
        lines.push("In another boot of comparable length no leak is seen.".to_owned());
    }
    lines.extend(conflicts(first));
    let held = suspects.iter().filter(|other| other.leaking).find_map(holder_line);
    if held.is_none() && first.owners.first().is_none_or(|owner| owner.grade >= Grade::TextMap) {
        lines.push(
            "No driver image, trace or handle count confirms the owner; a tag alone names none.".to_owned(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Exhaustion, ExplainedGrowth, Interval};
    use crate::model::ExhaustionReport;
    use crate::testcase::{TestCase, at, key};

    #[test]
    fn far_moments_are_told_by_the_day() {
        let near = runs_out(Pool::Nonpaged, at(0.0), [at(10.0), at(11.0), at(12.0)], "x");
        assert!(near.contains("about 2026-05-01 19:00 UTC"), "{near}");
        let far = runs_out(Pool::Nonpaged, at(8_000.0), [at(9_000.0), at(10_000.0), at(11_000.0)], "x");
        assert!(far.contains("about 2027-06-22 UTC (between 2027-05-11 and"), "{far}");
    }

    #[test]
    fn what_event_2004_saw_is_told_where_one_tag_held_much() {
        let mut case = TestCase::new(2);
        let source = case.source(1);
        let report = |bytes| ExhaustionReport {
            time: at(1.0),
            nonpaged_bytes: Some(3 << 30),
            paged_bytes: None,
            commit: None,
            tags: vec![(key(b"Smal"), 1 << 20), (key(b"Bigg"), bytes)],
            processes: Vec::new(),
            committed: Vec::new(),
            source,
        };
        case.builder.exhaustion_reports.push(report(2 << 30));
        let said = case.with(|view| reported_line(view, Pool::Nonpaged));
        assert_eq!(
            said.as_deref(),
            Some(
                "Event 2004 of 2026-05-01 09:00:00 UTC saw Bigg hold 2.0 GiB of 3.0 GiB in the nonpaged pool."
            )
        );
        let mut case = TestCase::new(2);
        case.builder.exhaustion_reports.push(report(1 << 28));
        assert_eq!(case.with(|view| reported_line(view, Pool::Nonpaged)), None);
    }

    #[test]
    fn a_leak_of_the_total_says_what_the_listings_allow() {
        let per_hour = |estimate| Interval { low: estimate, estimate, high: estimate };
        let end = Exhaustion { earliest: at(5.0), estimate: at(6.0), latest: at(7.0) };
        let growth = ExplainedGrowth {
            pool: Pool::Nonpaged,
            total_bytes_per_hour: per_hour(1e8),
            tagged_bytes_per_hour: per_hour(0.0),
            untagged_bytes_per_hour: per_hour(1e8),
            untagged_leak: true,
            onset: None,
            exhaustion: Some(end),
            named_share: 0.0,
            from_total: true,
            confidence: 0.9,
        };
        TestCase::new(0).with(|view| {
            let mut boots = view.boots.to_vec();
            boots[0].judgement.growth = vec![growth.clone()];
            let view = View { boots: &boots, ..*view };
            let mut lines = Vec::new();
            total_lines(&view, &[], &mut lines);
            assert!(lines[0].contains("95.4 MiB an hour, as a leak does. No snapshot"), "{lines:?}");
        });
    }
}
