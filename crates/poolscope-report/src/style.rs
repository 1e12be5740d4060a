//! Colour for a terminal: a handful of meanings, or nothing.

/// Whether to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Plain text.
    Plain,
    /// ANSI colours.
    Colour,
}

/// What a piece of text means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// A heading.
    Head,
    /// Bad news.
    Bad,
    /// Good news.
    Good,
    /// A warning, or not enough evidence.
    Unsure,
    /// Less important.
    Faint,
}

impl Style {
    /// The text with its meaning shown.
    pub fn paint(self, meaning: Meaning, text: &str) -> String {
        if self == Self::Plain {
            return text.to_owned();
        }
        let code = match meaning {
            Meaning::Head => "1",
            Meaning::Bad => "1;31",
            Meaning::Good => "1;32",
            Meaning::Unsure => "1;33",
            Meaning::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
