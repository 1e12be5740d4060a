//! Which host each input is of, where the evidence is of several and one was asked for.
//!
//! Many inputs name no host: pool listings, HTTPERR logs, handle counts. They are of the host of their folder.
//! It decides on names and paths only.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of one input before its facts are used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    /// Its label: a path with `/`.
    pub label: String,
    /// The host it names, in the short form.
    pub host: Option<String>,
    /// It says nothing of any host: a list of tags, names of counters, an index of drivers.
    pub neutral: bool,
}

/// The hosts that the inputs name.
pub(crate) fn all(inputs: &[Named]) -> BTreeSet<&str> {
    inputs.iter().filter_map(|input| input.host.as_deref()).collect()
}

/// For each input why it is left out when `wanted` (in the short form) was asked for; `None` if it is read.
pub(crate) fn left_out(inputs: &[Named], wanted: &str) -> Vec<Option<String>> {
    let (hosts, folders) = (all(inputs), by_folder(inputs));
    let list = || hosts.iter().copied().collect::<Vec<_>>().join(", ");
    let why = |input: &Named| -> Option<String> {
        if let Some(host) = &input.host {
            return (host != wanted).then(|| format!("is of host {host}, not {wanted}: left out"));
        }
        if input.neutral || hosts.len() < 2 {
            return None;
        }
        match by_path(&input.label, &hosts).or_else(|| of_folder(&input.label, &folders)) {
            Some(host) if host == wanted => None,
            Some(host) => {
                Some(format!("names no host and stands with the evidence of {host}, not {wanted}: left out"))
            }
            None => Some(format!("names no host, and nothing says of which it is ({}): left out", list())),
        }
    };
    inputs.iter().map(why).collect()
}

/// The one host whose name stands in the path, nearest part first.
fn by_path<'a>(label: &str, hosts: &BTreeSet<&'a str>) -> Option<&'a str> {
    for part in label.rsplit('/') {
        let part = part.to_lowercase();
        let mut named = hosts.iter().filter(|host| has_word(&part, &host.to_lowercase()));
        if let (Some(host), None) = (named.next(), named.next()) {
            return Some(host);
        }
    }
    None
}

/// Whether a word stands in a text with no letter or digit right before or after it.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        apart(before) && apart(after)
    })
}

/// The hosts that inputs name, by each folder above them.
fn by_folder(inputs: &[Named]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for input in inputs {
        let Some(host) = input.host.as_deref() else { continue };
        for folder in folders_above(&input.label) {
            folders.entry(folder).or_default().insert(host);
        }
    }
    folders
}

/// The host of the nearest folder in which inputs name a host, if they name one only.
fn of_folder<'a>(label: &str, folders: &BTreeMap<&str, BTreeSet<&'a str>>) -> Option<&'a str> {
    let hosts = folders_above(label).find_map(|folder| folders.get(folder))?;
    hosts.first().filter(|_| hosts.len() == 1).copied()
}

/// The folders of a path, nearest first.
fn folders_above(label: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(label.rsplit_once('/'), |(above, _)| above.rsplit_once('/')).map(|(above, _)| above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(list: &[(&str, &str)]) -> Vec<Named> {
        let named = |&(label, host): &(&str, &str)| Named {
            label: label.to_owned(),
            host: (!host.is_empty()).then(|| host.to_owned()),
            neutral: label.ends_with("pooltag.txt"),
        };
        list.iter().map(named).collect()
    }

    #[test]
    fn inputs_without_a_name_are_of_their_folders_host() {
        let list = inputs(&[
            ("a/perf.csv", "alpha"),
            ("a/pool/1.txt", ""),
            ("b/info.txt", "beta"),
            ("b/pool/1.txt", ""),
            ("mixed/alpha.xml", "alpha"),
            ("mixed/beta.xml", "beta"),
            ("mixed/pool/1.txt", ""),
            ("mixed/pool ALPHA 2.txt", ""),
            ("loose.txt", ""),
            ("pooltag.txt", ""),
        ]);
        let out = left_out(&list, "alpha");
        let read: Vec<&str> =
            list.iter().zip(&out).filter(|(_, why)| why.is_none()).map(|(i, _)| i.label.as_str()).collect();
        assert_eq!(
            read,
            ["a/perf.csv", "a/pool/1.txt", "mixed/alpha.xml", "mixed/pool ALPHA 2.txt", "pooltag.txt"]
        );
        assert_eq!(
            out[3].as_deref(),
            Some("names no host and stands with the evidence of beta, not alpha: left out")
        );
        assert_eq!(
            out[8].as_deref(),
            Some("names no host, and nothing says of which it is (alpha, beta): left out")
        );
    }

    #[test]
    fn evidence_of_one_host_is_all_its() {
        let list = inputs(&[("a/perf.csv", "alpha"), ("b/1.txt", ""), ("2.txt", "")]);
        assert_eq!(left_out(&list, "alpha"), [None, None, None]);
    }
}
