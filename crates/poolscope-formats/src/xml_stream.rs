//! A forward scanner over XML of any size: tags and text in pieces, with nothing held but one tag.
//!
//! For exports whose single text runs to hundreds of megabytes (RAMMap's page lists). It checks no
//! well-formedness and resolves no entities but the five of XML and character numbers.

use crate::error::FormatError;
use crate::input::ReadAt;
use crate::limits::MAX_XML_TAG_BYTES;
use crate::text::for_each_block;

/// One piece of the document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Piece<'a> {
    /// `<name attributes>`; `<name/>` gives an [`Piece::End`] as well.
    Start {
        /// The name without its namespace.
        name: &'a str,
        /// The attributes as written.
        attributes: &'a str,
    },
    /// `</name>`, without its namespace.
    End(&'a str),
    /// A run of text; one element's text may come in many.
    Text {
        /// As written.
        text: &'a [u8],
        /// True inside `<![CDATA[`, where entities are not resolved.
        cdata: bool,
    },
}

/// Who takes the pieces.
trait Take: FnMut(u64, Piece<'_>) -> Result<(), FormatError> {}

impl<F: FnMut(u64, Piece<'_>) -> Result<(), FormatError>> Take for F {}

/// Where the scanner stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Text,
    /// Inside `<...`, collecting it.
    Tag,
    /// Inside a tag over the limit: passed over to its end.
    LongTag,
    Comment,
    Cdata,
}

struct Scanner {
    state: State,
    /// The tag that is being collected, without its `<`, or the last bytes of a comment or CDATA section that
    /// may begin its end mark.
    held: Vec<u8>,
    line: u64,
    long_tags: u64,
}

/// Calls `take` with every piece and the line it begins at. Gives the number of tags over
/// [`MAX_XML_TAG_BYTES`], which are passed over.
///
/// # Errors
/// [`FormatError::Read`], or whatever `take` gives.
pub(crate) fn for_each_piece(
    input: &dyn ReadAt,
    mut take: impl FnMut(u64, Piece<'_>) -> Result<(), FormatError>,
) -> Result<u64, FormatError> {
    let mut scanner = Scanner { state: State::Text, held: Vec::new(), line: 1, long_tags: 0 };
    for_each_block(input, |block| {
        scanner.line = block.first_line;
        scanner.feed(block.bytes, &mut take)
    })?;
    Ok(scanner.long_tags)
}

impl Scanner {
    fn feed(&mut self, mut bytes: &[u8], take: &mut impl Take) -> Result<(), FormatError> {
        while !bytes.is_empty() {
            let used = match self.state {
                State::Text => self.text(bytes, take)?,
                State::Tag | State::LongTag => self.tag(bytes, take)?,
                State::Comment => self.until(bytes, b"-->", None)?,
                State::Cdata => self.until(bytes, b"]]>", Some(take))?,
            };
            let used = used.clamp(1, bytes.len());
            self.line += memchr::memchr_iter(b'\n', &bytes[..used]).count() as u64;
            bytes = &bytes[used..];
        }
        Ok(())
    }

    fn text(&mut self, bytes: &[u8], take: &mut impl Take) -> Result<usize, FormatError> {
        let end = memchr::memchr(b'<', bytes).unwrap_or(bytes.len());
        if end > 0 {
            take(self.line, Piece::Text { text: &bytes[..end], cdata: false })?;
        }
        if end < bytes.len() {
            self.state = State::Tag;
            self.held.clear();
        }
        Ok(end + 1)
    }

    fn tag(&mut self, bytes: &[u8], take: &mut impl Take) -> Result<usize, FormatError> {
        // A comment or CDATA section opens within its first bytes, which may come in two blocks.
        for (at, &byte) in bytes.iter().enumerate() {
            if byte == b'>' {
                if self.state == State::Tag {
                    let held = std::mem::take(&mut self.held);
                    finish_tag(self.line, &String::from_utf8_lossy(&held), take)?;
                } else {
                    self.long_tags += 1;
                }
                self.state = State::Text;
                return Ok(at + 1);
            }
            if self.state == State::LongTag {
                continue;
            }
            self.held.push(byte);
            match self.held.as_slice() {
                b"!--" => self.state = State::Comment,
                b"![CDATA[" => self.state = State::Cdata,
                held if held.len() > MAX_XML_TAG_BYTES => {
                    self.held.clear();
                    self.state = State::LongTag;
                    continue;
                }
                _ => continue,
            }
            self.held.clear();
            return Ok(at + 1);
        }
        Ok(bytes.len())
    }

    /// Passes to behind the end mark, giving the text before it on where it is wanted. A mark that is cut by
    /// the end of a block is found through the held bytes.
    fn until(
        &mut self,
        bytes: &[u8],
        mark: &[u8; 3],
        take: Option<&mut dyn Take>,
    ) -> Result<usize, FormatError> {
        let held = self.held.len();
        let joined: Vec<u8>;
        let window: &[u8] = if held == 0 {
            bytes
        } else {
            joined = [self.held.as_slice(), bytes].concat();
            &joined
        };
        let found = memchr::memmem::find(window, mark);
        // Without an end, the last two bytes may begin one.
        let text_end = found.unwrap_or(window.len().saturating_sub(mark.len() - 1));
        if let Some(take) = take
            && text_end > 0
        {
            take(self.line, Piece::Text { text: &window[..text_end], cdata: true })?;
        }
        match found {
            Some(at) => {
                let used = (at + mark.len()).saturating_sub(held);
                self.held.clear();
                self.state = State::Text;
                Ok(used)
            }
            None => {
                let rest = window[text_end..].to_vec();
                self.held = rest;
                Ok(bytes.len())
            }
        }
    }
}

fn finish_tag(line: u64, tag: &str, take: &mut impl Take) -> Result<(), FormatError> {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).trim().to_owned();
    if tag.starts_with(['?', '!']) {
        return Ok(());
    }
    if let Some(name) = tag.strip_prefix('/') {
        return take(line, Piece::End(&local(name)));
    }
    let (body, closed) = tag.strip_suffix('/').map_or((tag, false), |body| (body, true));
    let (name, attributes) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
    let name = local(name);
    take(line, Piece::Start { name: &name, attributes })?;
    if closed { take(line, Piece::End(&name)) } else { Ok(()) }
}

/// An attribute's value, its entities resolved.
pub(crate) fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        let (key, tail) = rest.split_once('=')?;
        let tail = tail.trim_start();
        let quote = tail.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = tail.get(1..)?.split_once(quote)?;
        if key.trim().rsplit(':').next() == Some(name) {
            return Some(resolve(value));
        }
        rest = after;
    }
}

/// Text with the five entities of XML and character numbers resolved; others stay as written.
pub(crate) fn resolve(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at..).unwrap_or("");
        let entity = rest.get(1..).and_then(|tail| tail.split_once(';')).map(|(entity, _)| entity);
        let resolved = entity.filter(|entity| entity.len() <= 10).and_then(|entity| match entity {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let number = entity.strip_prefix('#')?;
                let value = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(value)
            }
        });
        match (resolved, entity) {
            (Some(c), Some(entity)) => {
                out.push(c);
                rest = rest.get(entity.len() + 2..).unwrap_or("");
            }
            _ => {
                out.push('&');
                rest = rest.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[&[u8]]) -> Vec<String> {
        let mut scanner = Scanner { state: State::Text, held: Vec::new(), line: 1, long_tags: 0 };
        let mut pieces: Vec<String> = Vec::new();
        let mut text_open = false;
        for part in bytes {
            scanner
                .feed(part, &mut |_, piece| {
                    match piece {
                        Piece::Start { name, attributes } => pieces.push(format!("<{name}|{attributes}>")),
                        Piece::End(name) => pieces.push(format!("</{name}>")),
                        Piece::Text { text, .. } => {
                            let text = String::from_utf8_lossy(text);
                            match pieces.last_mut().filter(|_| text_open) {
                                Some(last) => last.push_str(&text),
                                None => pieces.push(text.into_owned()),
                            }
                        }
                    }
                    text_open = matches!(piece, Piece::Text { .. });
                    Ok(())
                })
                .unwrap();
        }
        pieces
    }

    const DOCUMENT: &[u8] =
        b"<?xml version=\"1.0\"?><a:r x='1'><!-- no <tags> -- here --><b/>t1<![CDATA[c<]>d]]]>e</a:r>";

    #[test]
    fn pieces_do_not_depend_on_where_blocks_end() {
        let want = ["<r|x='1'>", "<b|>", "</b>", "t1c<]>d]e", "</r>"];
        assert_eq!(shown(&[DOCUMENT]), want);
        for at in 1..DOCUMENT.len() {
            let (a, b) = DOCUMENT.split_at(at);
            assert_eq!(shown(&[a, b]), want, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = DOCUMENT.chunks(1).collect();
        assert_eq!(shown(&bytes), want);
    }

    #[test]
    fn attributes_and_entities() {
        assert_eq!(attribute(r#"Key="a &amp; b" Path='C:\x'"#, "Path").as_deref(), Some(r"C:\x"));
        assert_eq!(attribute(r#"Key="a &amp; b" Path='C:\x'"#, "Key").as_deref(), Some("a & b"));
        assert_eq!(attribute("Key=", "Key"), None);
        assert_eq!(resolve("&#65;&#x42;&lt;&no;& &toolongentity;"), "AB<&no;& &toolongentity;");
    }
}
