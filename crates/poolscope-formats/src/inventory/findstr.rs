//! `findstr /m Tag *.sys`: files that hold the four bytes. Any file may hold them by chance.

use super::{Inventory, TagFile};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::limits::MAX_LISTING_ROWS;
use crate::parsed::{Parsed, Place};
use crate::records::Records;
use crate::tag::Tag;
use crate::text::for_each_line;

/// The tag of a copied command line (`C:\drivers>findstr /m /l Abcd *.sys`); the outer `None` if the line is
/// no such command, the inner if it searches no single tag.
fn command(line: &str) -> Option<Option<Tag>> {
    let at = line.to_ascii_lowercase().find("findstr")?;
    let rest = line.get(at + "findstr".len()..)?;
    let rest = rest.strip_prefix(".exe").unwrap_or(rest);
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    let mut words = quoted_words(rest).into_iter();
    let tag = words.find_map(|word| match word.strip_prefix('/').or_else(|| word.strip_prefix('-')) {
        Some(option) => {
            let value = option.strip_prefix("c:").or_else(|| option.strip_prefix("C:"))?;
            Some(value.to_owned())
        }
        None => Some(word),
    });
    Some(tag.and_then(|tag| Tag::from_text(tag.as_bytes())))
}

/// The words of a command line; quotes keep blanks and are dropped.
fn quoted_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut open) = (false, false);
    for c in text.chars() {
        match c {
            '"' => (quoted, open) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if open {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            c => {
                word.push(c);
                open = true;
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}

/// A line that is one path to a driver.
fn driver_path(line: &str) -> Option<&str> {
    let path = line.trim();
    let lower = path.to_ascii_lowercase();
    // A row of `dir` is a date, a time, a size and a name.
    let dated = path.split_once(char::is_whitespace).is_some_and(|(word, _)| {
        word.bytes().all(|b| b.is_ascii_digit() || b"/.-".contains(&b)) && word.len() >= 8
    });
    let named = lower.ends_with(".sys") || lower.ends_with(".dll") || lower.ends_with(".exe");
    (named
        && !dated
        && path.len() > 4
        && path.len() <= 32_767
        && !path.contains(['"', '*', '?', '<', '>', '|', '\t']))
    .then_some(path)
}

/// The tag in the name of a file like `findstr_Abcd.txt`.
fn tag_of_name(name: &str) -> Option<Tag> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let rest = stem.to_ascii_lowercase().find("findstr").and_then(|at| stem.get(at + "findstr".len()..))?;
    let tag = rest.trim_start_matches(['_', '-', ' ', '.']);
    Tag::from_text(tag.as_bytes())
}

/// Reads a list of files. `name` is the evidence's own name, which may hold the tag.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a copied command and without two driver paths; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt, name: &str) -> Result<Parsed<Inventory>, FormatError> {
    let mut parsed = Parsed::new(Inventory::default());
    let mut tag = tag_of_name(name);
    let mut commands = 0;
    for_each_line(input, |number, line| {
        if let Some(searched) = command(line) {
            commands += 1;
            tag = searched;
        } else if let Some(path) = driver_path(line)
            && parsed.value.tag_files.len() < MAX_LISTING_ROWS
        {
            parsed.coverage.records += 1;
            parsed.value.tag_files.push(TagFile { place: Place::Line(number), path: path.to_owned(), tag });
        }
        Ok(())
    })?;
    if commands == 0 && parsed.value.tag_files.len() < 2 {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "a findstr result",
            Place::Whole,
            "a findstr command or paths of drivers",
            &head,
        ));
    }
    if parsed.value.tag_files.iter().any(|file| file.tag.is_none()) {
        parsed.note(Place::Whole, "the text does not say which tag was searched for");
    }
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(
    input: &dyn ReadAt,
    context: &ParseContext,
) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input, &context.name)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`]: a copied command, or nothing but paths of drivers.
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let (mut paths, mut others) = (0, 0);
    for line in head.lines().filter(|line| !line.trim().is_empty()).take(200) {
        if command(line).is_some_and(|tag| tag.is_some()) {
            return Some(Likelihood::Likely);
        }
        if driver_path(line).is_some() {
            paths += 1;
        } else {
            others += 1;
        }
    }
    (paths >= 2 && others * 5 <= paths).then_some(Likelihood::Maybe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_commands() {
        for (line, tag) in [
            (r"C:\Windows\System32\drivers>findstr /m /l /s Abcd *.sys", Some(Some(Tag(*b"Abcd")))),
            (r#"findstr /m /l /c:"Dh 1" *.sys"#, Some(Some(Tag(*b"Dh 1")))),
            (r#"C:\>findstr.exe /m "Io  " *.sys"#, Some(Some(Tag(*b"Io  ")))),
            (r"findstr /m toolong *.sys", Some(None)),
            (r"myfindstring x", None),
        ] {
            assert_eq!(command(line), tag, "{line}");
        }
        assert_eq!(tag_of_name("findstr_Abcd.txt"), Some(Tag(*b"Abcd")));
        assert_eq!(tag_of_name("drivers.txt"), None);
    }
}
