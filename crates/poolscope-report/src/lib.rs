//! The report: a versioned, serialisable picture of an outcome, and its renderers.
//!
//! The report computes nothing and knows no file format; renderers only lay out what it holds. All text that
//! came from evidence is untrusted: [`escape`] is the one door through which it reaches a terminal, HTML or
//! Markdown.

pub mod build;
pub mod escape;
pub mod html;
pub mod inspect;
pub mod json;
pub mod markdown;
mod model;
pub mod style;
pub mod text;

pub use build::build;
pub use model::*;
