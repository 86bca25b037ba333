//! A report as text for people, and as JSON and NDJSON for programs.
//!
//! Whatever came from the host is printed escaped; JSON carries it without loss.

mod json;
mod text;

pub use json::{json, ndjson};
pub use text::{TextStyle, cross_view_text, diff_text, text};
