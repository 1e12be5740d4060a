//! Writes pooltag.txt files with the oddities of real ones. The words are our own.

/// One entry as it would stand in the file.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Entry<'a> {
    /// Up to four characters, `?` and `*` as wildcards.
    pub tag: &'a str,
    /// The binary, `<unknown>` included.
    pub binary: &'a str,
    /// What it is for.
    pub text: &'a str,
}

/// A file of these entries: a head of comments, CRLF, the tag padded to four, Ctrl-Z at the end.
pub fn file(entries: &[Entry<'_>]) -> String {
    let mut out = String::from("rem\r\nrem  Pool tags\r\n// kept by hand\r\n\r\n");
    for entry in entries {
        out.push_str(&format!("{:4} - {:11} - {}\r\n", entry.tag, entry.binary, entry.text));
    }
    out.push('\u{1a}');
    out
}
