//! What poolscope itself knows about tags: `notes.tsv`, facts in our own words, each with its source.
//!
//! This is text evidence: it names kinds of objects and usual owners. It never convicts anybody.

use std::sync::LazyLock;

use poolscope_formats::Tag;

static NOTES_TEXT: &str = include_str!("notes.tsv");

static NOTES: LazyLock<Vec<TagNote>> =
    LazyLock::new(|| NOTES_TEXT.lines().filter_map(TagNote::read).collect());

/// What kind of allocation a tag stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TagClass {
    /// Objects of the object manager: the holder of handles or references is the culprit.
    Object,
    /// Made by the system on behalf of others: the owner is not the culprit.
    Shared,
    /// One driver's own tag.
    Private,
    /// Large and static by nature.
    Fixed,
    /// A cache: grows and is given back.
    Cache,
    /// The system's own.
    System,
}

impl TagClass {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "object" => Self::Object,
            "shared" => Self::Shared,
            "private" => Self::Private,
            "fixed" => Self::Fixed,
            "cache" => Self::Cache,
            "system" => Self::System,
            _ => return None,
        })
    }
}

/// One note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagNote {
    /// Four bytes with `?` for any byte; a final `*` stands for any rest.
    pub pattern: &'static str,
    /// What kind of allocation.
    pub class: TagClass,
    /// The component that makes the allocations.
    pub component: &'static str,
    /// What is known, in whole sentences.
    pub text: &'static str,
    /// The source: a section of the reference, or its public cases.
    pub source: &'static str,
}

impl TagNote {
    fn read(line: &'static str) -> Option<Self> {
        if line.starts_with('#') {
            return None;
        }
        let mut fields = line.splitn(5, '|');
        Some(Self {
            pattern: fields.next()?,
            class: TagClass::read(fields.next()?)?,
            component: fields.next()?,
            text: fields.next()?,
            source: fields.next()?,
        })
    }

    /// Where the note comes from, for a reader who has no reference at hand.
    pub fn source_words(&self) -> String {
        let cases = self.source.split(';').find_map(|part| part.trim().strip_prefix("F ")).unwrap_or("");
        let cases = cases.split(',').filter(|case| case.trim().parse::<u32>().is_ok()).count();
        let general = self.source.split(';').any(|part| part.trim().starts_with('P'));
        match (cases, general) {
            (0, _) => "public documentation and field knowledge".to_owned(),
            (1, true) => "public documentation; seen in one public case".to_owned(),
            (1, false) => "seen in one public case".to_owned(),
            (many, true) => format!("public documentation; seen in {many} public cases"),
            (many, false) => format!("seen in {many} public cases"),
        }
    }

    fn matches(&self, tag: Tag) -> bool {
        let pattern = self.pattern.as_bytes();
        for (at, &byte) in tag.0.iter().enumerate() {
            match pattern.get(at) {
                Some(b'*') if at + 1 == pattern.len() => return true,
                Some(b'?') => {}
                Some(&want) if want == byte => {}
                _ => return false,
            }
        }
        true
    }

    fn literal_characters(&self) -> usize {
        self.pattern.bytes().filter(|b| !matches!(b, b'?' | b'*')).count()
    }
}

/// The note on a tag: the one with the most literal characters wins.
pub fn note(tag: Tag) -> Option<&'static TagNote> {
    NOTES
        .iter()
        .filter(|note| note.matches(tag))
        .max_by_key(|note| (note.literal_characters(), std::cmp::Reverse(note.pattern)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_file_is_a_note() {
        let lines = NOTES_TEXT.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(NOTES.len(), lines);
        for note in NOTES.iter() {
            assert!((2..=4).contains(&note.pattern.len()), "{}", note.pattern);
            assert!(note.text.ends_with('.') && !note.source.is_empty(), "{}", note.pattern);
        }
    }

    #[test]
    fn exact_beats_wildcards() {
        for (tag, pattern) in
            [("Even", "Even"), ("CM25", "CM??"), ("FMfn", "FMfn"), ("FMxx", "FM??"), ("AfdE", "Afd*")]
        {
            assert_eq!(note(Tag::from_text(tag.as_bytes()).unwrap()).map(|n| n.pattern), Some(pattern));
        }
        assert_eq!(note(Tag(*b"Zzzz")), None);
    }
}
