//! The report as JSON.

use crate::Report;

/// Pretty-printed JSON with a final line feed.
///
/// # Errors
/// Never for reports made by [`crate::build()`]; the signature is that of the serialiser.
pub fn render(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
